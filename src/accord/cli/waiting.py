"""Commands about what waits for a person: confirm a person entry, and look at what was declined."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli.officers import As, Dir
from accord.cli.output import JSON, answer
from accord.desk import confirm, declined
from accord.errors import Refusal
from accord.node.build import opened, utc_now
from accord.seal.canonical import digest_text


def attach(app: typer.Typer) -> None:
    app.command("confirm")(confirm_command)
    app.command("declined")(declined_command)


def confirm_command(
    folder: Dir,
    officer: As,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A STIX identifier, or a digest sha256:….")] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="Every person imported from this source, instead of one record.")
    ] = "",
    word: Annotated[str, typer.Option("--word", metavar="TEXT", help="With --source: your recorded reason.")] = "",
    as_json: bool = JSON,
) -> None:
    """Confirm a person entry that another officer, a tool or a source entered. Only then can it be published or released (S-20)."""
    if bool(record) == bool(source):
        raise Refusal("confirm takes one RECORD, or --source NAME with --word TEXT", remedy="give one of the two")
    if source:
        with opened(folder) as node:
            count = confirm.confirm_source(node.means, source, officer=officer, word=word, now=utc_now())
        says = f"{count} persons imported from {source} are confirmed by {officer}; another officer can release them now"
        answer({"source": source, "confirmed": count, "confirmed_by": officer}, says, as_json=as_json)
        return
    with opened(folder) as node:
        done = confirm.confirm(node.means, record, officer=officer, now=utc_now())
    value = {
        "id": done.held.stix_id,
        "digest": digest_text(done.held.digest),
        "entered_by": done.entered_by,
        "entered_as": done.entered_as.value,
        "confirmed_by": done.confirmed_by,
    }
    says = f"{done.held.stix_id}: entered by {done.entered_as.value} {done.entered_by}, confirmed by {done.confirmed_by}"
    answer(value, f"{says}. It can be published now.", as_json=as_json)


def declined_command(folder: Dir, as_json: bool = JSON) -> None:
    """List what other members gave and this node did not keep, with the ground: the giver's officer can mend it and give it again."""
    with opened(folder) as node:
        found = declined.declined(node.means)
    value = {
        "declined": [{"from": item.sender, "position": item.position, "ground": item.ground, "at": item.declined_at} for item in found]
    }
    lines = [f"{item.declined_at[:19]} from {item.sender}, position {item.position}: {item.ground}" for item in found]
    answer(value, "\n".join(lines) or "nothing was declined", as_json=as_json)
