"""Commands of officers: publish, preview, import, release; and registering an officer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from accord.charter.officers import OfficerRole
from accord.cli.output import JSON, answer, counting
from accord.desk import importing, office, publish, recall
from accord.desk.importing import Form
from accord.desk.release import Answer
from accord.errors import LimitReached, Refusal, counted
from accord.node.build import opened, utc_now
from accord.release.decision import Ground, Released, Withheld
from accord.release.question import Offer
from accord.stix.control import RecallReason
from accord.stix.marking import Grade, HandlingCode, SubjectCategory, Tlp
from accord.stix.record import FILE_BYTES_MAX

Kind = TypeVar("Kind", SubjectCategory, HandlingCode)

Dir = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="STIX 2.1: a bundle, one object, a list, or one object a line.")]
As = Annotated[str, typer.Option("--as", metavar="OFFICER", help="The officer who acts.")]
To = Annotated[str, typer.Option("--to", metavar="ID[,ID]", help="Recipients. They see one another; empty is nobody.")]
Basis = Annotated[str | None, typer.Option("--basis", metavar="INSTRUMENT/ARTICLE", help="The article that permits it, for example SC/7.")]
Purpose = Annotated[str | None, typer.Option("--purpose", metavar="TEXT", help="What the information is given for.")]
TlpLevel = Annotated[str | None, typer.Option("--tlp", metavar="LEVEL", help="clear, green, amber, amber+strict or red.")]
GradeText = Annotated[str | None, typer.Option("--grade", metavar="A1…X4", help="Source A, B, C or X and information 1 to 4.")]
Review = Annotated[str | None, typer.Option("--review", metavar="DATE", help="When it will be reviewed, for example 2027-06-30.")]
Handling = Annotated[str, typer.Option("--handling", metavar="H0…H3[,…]", help="Handling codes.")]
Category = Annotated[str | None, typer.Option("--category", metavar="KIND", help="Category of data subject, where a person is concerned.")]


def attach(app: typer.Typer) -> None:
    app.command("publish")(publish_command)
    app.command("import")(import_command)
    app.command("release")(release_command)
    app.command("recall")(recall_command)
    app.command("recalls")(recalls_command)
    officer = typer.Typer(help="The member's officers.", no_args_is_help=True)
    officer.command("add")(add_command)
    app.add_typer(officer, name="officer")


def publish_command(
    folder: Dir,
    files: Files,
    officer: As,
    to: To,
    basis: Basis = None,
    purpose: Purpose = None,
    tlp: TlpLevel = None,
    grade: GradeText = None,
    review: Review = None,
    handling: Handling = "",
    category: Category = None,
    supersedes: Annotated[
        str,
        typer.Option("--supersedes", metavar="STATEMENT", help="The statement accord-release--… that this replaces at every recipient."),
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Say who would receive it and why others would not; change nothing.")] = False,
    as_json: bool = JSON,
) -> None:
    """Publish STIX objects to named members, under an article of a treaty in force between you and each of them.

    accord publish node report.json --as "A. Bekova" --to KG --basis SC/7 --purpose "prevention of an attack" --tlp amber --grade B2 --review 2027-06-30
    """
    offer = offer_of(to, basis, purpose, tlp, grade, review, handling, category)
    contents = [_read(path) for path in files]
    with opened(folder) as node:
        if preview:
            answers = publish.preview(node.means, contents, officer=officer, offer=offer, now=utc_now())
            answer({"preview": True, **decisions(answers)}, sentences(answers), as_json=as_json)
            if any(isinstance(item.decision, Withheld) and item.decision.recipient in offer.audience for item in answers):
                raise typer.Exit(1)
            return
        with counting("records released", quiet=as_json) as progress:
            done = publish.publish(
                node.means, contents, officer=officer, offer=offer, supersedes=supersedes, now=utc_now(), progress=progress
            )
    value = {"records": done.records, "statements": list(done.statements), **decisions(done.answers)}
    answer(
        value,
        f"published {counted(done.records, 'record')} in {counted(len(done.statements), 'statement')}\n{sentences(done.answers)}",
        as_json=as_json,
    )


def import_command(
    folder: Dir,
    files: Files,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Whose information it is.")],
    form: Annotated[
        Form, typer.Option("--format", help="STIX, or a form that is turned into it, with a report of what was left behind.")
    ] = Form.STIX,
    as_json: bool = JSON,
) -> None:
    """Keep what a source published as it is, annotated where it breaks the standard. Nothing of it leaves before an officer releases it."""
    lost: Counter[tuple[str, str]] = Counter()
    with opened(folder) as node, counting("objects read", quiet=as_json) as progress:
        now = utc_now()
        done = importing.import_files(
            node.means,
            (_read(path) for path in files),
            source=source,
            now=now,
            progress=progress,
            reading=importing.readers(now, lost)[form],
        )
    value = {
        "read": done.read,
        "kept": done.kept,
        "known": done.known,
        "annotated": done.annotated,
        "refused": done.refused,
        "refusals": list(done.refusals),
        "lost": [{"type": kind, "property": name, "count": count} for (kind, name), count in lost.most_common()],
    }
    sentence = (
        f"read {counted(done.read, 'object')} from {source}: kept {done.kept}, known already {done.known}, refused {done.refused}; "
        f"{done.annotated} of the kept ones break a rule of STIX 2.1 and are annotated"
    )
    left = [f"  left behind: {name} of {kind}, {counted(count, 'time')}" for (kind, name), count in lost.most_common()]
    answer(value, "\n".join([sentence, *(f"  refused {text}" for text in done.refusals), *left]), as_json=as_json)
    if done.refused:
        raise typer.Exit(1)


def release_command(
    folder: Dir,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="The source whose imported records are released.")],
    officer: As,
    to: To,
    basis: Basis = None,
    purpose: Purpose = None,
    tlp: TlpLevel = None,
    grade: GradeText = None,
    review: Review = None,
    handling: Handling = "",
    category: Category = None,
    word: Annotated[
        str, typer.Option("--word", metavar="TEXT", help="Your recorded reason to release records that break the standard.")
    ] = "",
    as_json: bool = JSON,
) -> None:
    """Release what was imported from a source and the recipients do not have yet. Stopped half way, call it again: it goes on from there."""
    offer = offer_of(to, basis, purpose, tlp, grade, review, handling, category, word=word)
    with opened(folder) as node, counting("records released", quiet=as_json) as progress:
        count, statements, answers = importing.release_imported(
            node.means, source=source, officer=officer, offer=offer, now=utc_now(), progress=progress
        )
    value = {"records": count, "statements": list(statements), **decisions(answers)}
    answer(value, f"released {counted(count, 'record')} in {counted(len(statements), 'statement')}\n{sentences(answers)}", as_json=as_json)


def recall_command(
    folder: Dir,
    record: Annotated[
        str,
        typer.Argument(
            metavar="RECORD",
            help="A STIX id with all its versions, a digest sha256:…, a statement accord-release--… with all it released, or a consent accord-consent--….",
        ),
    ],
    officer: As,
    reason: Annotated[RecallReason, typer.Option("--reason", metavar="CODE", help="withdrawn, corrected, narrowed, case-closed, …")],
    members: Annotated[str, typer.Option("--from", metavar="ID[,ID]", help="Take it back from these members only.")] = "",
    as_json: bool = JSON,
) -> None:
    """Take back what was released. Every holder erases it and signs that it did; `accord recalls` lists who has not."""
    with opened(folder) as node:
        done = recall.recall(node.means, record, officer=officer, reason=reason, members=names(members), now=utc_now())
        recall.forget_soon(node.means)
    value = {"recall": done.recall, "reason": reason.value, "members": [{"member": name, "records": count} for name, count in done.members]}
    lines = [f"  {name}: {counted(count, 'record')}, erased when it next fetches, which it then signs for" for name, count in done.members]
    answer(value, "\n".join([f"{done.recall} ({reason.value})", *lines]), as_json=as_json)


def recalls_command(folder: Dir, as_json: bool = JSON) -> None:
    """List every recall and who has confirmed it; who has not is silent, and of those further down the line only the count is told."""
    with opened(folder) as node:
        found = recall.compliance(node.means)
    value = {
        "recalls": [
            {
                "recall": one.state.recall,
                "member": one.member,
                "reason": one.state.reason,
                "recalled_at": one.state.recalled_at,
                "records": one.state.records,
                "erased": one.state.erased,
                "erased_at": one.state.erased_at,
                "below": one.state.below,
            }
            for one in found
        ]
    }
    lines = [
        f"{one.state.recalled_at[:19]} {one.member}: {counted(one.state.records, 'record')} ({one.state.reason}), "
        + (
            f"all erased, signed {one.state.erased_at[:19]}"
            if one.state.erased == one.state.records
            else f"{one.state.erased} erased, silent on the rest"
        )
        + (f"; further down the line still owed on {one.state.below}" if one.state.below else "")
        for one in found
    ]
    answer(value, "\n".join(lines) or "nothing was recalled", as_json=as_json)


def add_command(
    folder: Dir,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The officer's name or post.")],
    role: Annotated[OfficerRole, typer.Option("--role", help="What the officer is, and so may do.")],
    tlp: Annotated[
        str, typer.Option("--tlp", metavar="LEVEL", help="The highest level that the officer may read.")
    ] = office.CLEARANCE.value,
    as_json: bool = JSON,
) -> None:
    """Register an officer of this member."""
    clearance = Tlp.parse(tlp)
    with opened(folder) as node:
        office.add_officer(node.means, name=name, role=role, clearance=clearance, now=utc_now())
    value = {"officer": name, "role": role.value, "tlp": clearance.value}
    answer(value, f"{name} is registered as {role.value}, and reads up to TLP {clearance.value}", as_json=as_json)


def offer_of(
    to: str,
    basis: str | None,
    purpose: str | None,
    tlp: str | None,
    grade: str | None,
    review: str | None,
    handling: str,
    category: str | None,
    *,
    word: str = "",
) -> Offer:
    """Read the options into an offer. What is missing stays missing: the gate refuses it by name."""
    return Offer(
        audience=names(to),
        basis=basis,
        purpose=purpose,
        tlp=None if tlp is None else Tlp.parse(tlp),
        grade=None if grade is None else Grade.parse(grade),
        review=None if review is None else date_of(review),
        category=None if category is None else _one_of(SubjectCategory, category, "category of data subject"),
        codes=tuple(sorted(_one_of(HandlingCode, code.strip(), "handling code") for code in handling.split(",") if code.strip())),
        word=word,
    )


def _one_of(kinds: type[Kind], text: str, what: str) -> Kind:
    try:
        return kinds(text)
    except ValueError:
        raise Refusal(f"{text!r} is not a {what}", remedy="choose one of " + ", ".join(kind.value for kind in kinds)) from None


def date_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is not a date", remedy="write it as year-month-day, for example 2027-06-30") from None


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise LimitReached("FILE_BYTES_MAX", f"{path} is larger than {FILE_BYTES_MAX} bytes", remedy="cut it into several files")
        return path.read_bytes()
    except OSError:
        raise Refusal(f"{path} cannot be read", remedy="check the path") from None


def names(text: str) -> tuple[str, ...]:
    """Members in a list such as ``KG,TJ``: sorted, each once."""
    return tuple(sorted({name.strip() for name in text.split(",") if name.strip()}))


def decisions(answers: Sequence[Answer]) -> dict[str, object]:
    released, withheld = [], []
    for item in answers:
        match item.decision:
            case Released(recipient=recipient, article=article):
                released.append({"recipient": recipient, "article": article})
            case Withheld(recipient=recipient, grounds=grounds, remedy=remedy):
                withheld.append(
                    {"recipient": recipient, "grounds": [str(ground) for ground in grounds], "remedy": remedy, "records": item.records}
                )
    return {"released": released, "withheld": withheld}


def sentences(answers: Sequence[Answer]) -> str:
    """A line for each member that is named, and one for all the others."""
    lines, others = [], []
    for item in answers:
        match item.decision:
            case Withheld(recipient=recipient, grounds=(Ground(rule="FED-02"),)):
                others.append(recipient)
            case Released(recipient=recipient, article=article, says=says):
                lines.append(f"  {recipient}: released under {article} ({says})")
            case Withheld(recipient=recipient, grounds=grounds, remedy=remedy):
                lines.append(f"  {recipient}: withheld, {'; '.join(map(str, grounds))}. To change this: {remedy}")
    if others:
        lines.append(f"  not named, and so given nothing: {', '.join(others)}")
    return "\n".join(lines)
