"""Commands between members about what was given: consent, answer, notice."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli.officers import As, Basis, Dir, Purpose, decisions, names, sentences
from accord.cli.output import JSON, answer
from accord.desk import answer as answering
from accord.desk import consent as consenting
from accord.desk import notice as noticing
from accord.desk.answer import Word
from accord.desk.consent import Wanted
from accord.errors import counted
from accord.node.build import opened, utc_now
from accord.stix.control import NoticeCode

Record = Annotated[str, typer.Argument(metavar="RECORD", help="A STIX id with all its versions, or a digest sha256:….")]


def attach(app: typer.Typer) -> None:
    app.command("consent")(consent_command)
    app.command("answer")(answer_command)
    app.command("notice")(notice_command)
    app.command("notices")(notices_command)


def consent_command(
    folder: Dir,
    record: Record,
    officer: As,
    holder: Annotated[str, typer.Option("--to", metavar="ID", help="The member that holds it and may pass it on.")],
    users: Annotated[str, typer.Option("--for", metavar="ID[,ID]", help="To whom it may be passed on, and to nobody else.")],
    basis: Basis = None,
    purpose: Purpose = None,
    as_json: bool = JSON,
) -> None:
    """Let another member pass on what you gave first; `accord recall DIR CONSENT` takes it back, with all that was passed on under it.

    accord consent node indicator--… --as "A. Bekova" --to KG --for TJ
    """
    wanted = Wanted(holder, names(users), basis or "", purpose or "")
    with opened(folder) as node:
        done = consenting.consent(node.means, record, wanted, officer=officer, now=utc_now())
    value = {
        "consents": [
            {
                "consent": one.id,
                "holder": one.holder,
                "users": list(one.users),
                "statement": one.statement,
                "basis": one.basis,
                "records": len(one.commitments),
            }
            for one in done.consents
        ],
        **decisions(done.answers),
    }
    lines = [
        f"{one.id}: {one.holder} may pass {counted(len(one.commitments), 'record')} on to {', '.join(one.users)}" for one in done.consents
    ]
    answer(value, "\n".join([*lines, sentences(done.answers)]), as_json=as_json)


def answer_command(
    folder: Dir,
    record: Record,
    word: Annotated[Word, typer.Argument(metavar="WORD", help="accepted: it is kept and may be acted on; handled: it was dealt with.")],
    officer: As,
    as_json: bool = JSON,
) -> None:
    """Tell whoever gave you a record that it is accepted or handled. Nothing says so by itself: a receipt only says that it came."""
    with opened(folder) as node:
        done = answering.answer(node.means, record, word, officer=officer, now=utc_now())
    value = {"answer": word.value, "members": [{"member": name, "records": count} for name, count in done.members]}
    answer(value, "\n".join(f"{name} is told: {word.value}, {counted(count, 'record')}" for name, count in done.members), as_json=as_json)


def notice_command(
    folder: Dir,
    officer: As,
    to: Annotated[str, typer.Option("--to", metavar="ID[,ID]", help="The members concerned.")],
    code: Annotated[NoticeCode, typer.Option("--code", metavar="CODE", help="breach/passed-on, breach/disclosed, keys/lost, …")],
    about: Annotated[str, typer.Option("--about", metavar="RECORD", help="A record that one of you gave the other.")] = "",
    as_json: bool = JSON,
) -> None:
    """Tell other members of a breach, or of your charter or keys, by a code of a closed list."""
    with opened(folder) as node:
        identifier = noticing.notice(node.means, names(to), code, about=about, officer=officer, now=utc_now())
    answer({"notice": identifier, "code": code.value, "members": list(names(to))}, f"{identifier} ({code.value})", as_json=as_json)


def notices_command(folder: Dir, as_json: bool = JSON) -> None:
    """List the notices that you sent and received."""
    with opened(folder) as node:
        found = noticing.notices(node.means)
    value = {
        "notices": [
            {
                "notice": one.notice.notice,
                "member": one.member,
                "sent": one.sent,
                "code": one.notice.code,
                "records": one.notice.records,
                "said_at": one.notice.said_at,
            }
            for one in found
        ]
    }
    lines = [
        f"{one.notice.said_at[:19]} {'to' if one.sent else 'from'} {one.member}: {one.notice.code}, about {counted(one.notice.records, 'record')}"
        for one in found
    ]
    answer(value, "\n".join(lines) or "no notices", as_json=as_json)
