"""Commands about what waits for a person: confirm a person entry, and look at what was declined."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli.officers import As, Dir
from accord.cli.output import JSON, answer
from accord.desk import confirm, declined
from accord.node.build import opened, utc_now
from accord.seal.canonical import digest_text


def attach(app: typer.Typer) -> None:
    app.command("confirm")(confirm_command)
    app.command("declined")(declined_command)


def confirm_command(
    folder: Dir,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A STIX identifier, or a digest sha256:….")],
    officer: As,
    as_json: bool = JSON,
) -> None:
    """Confirm a person entry that another officer, or a tool, entered. Only then can it be published (S-20)."""
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
