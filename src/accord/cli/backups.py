"""Commands about loss: back a node up, and restore it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accord.cli.keys import PassphraseFile
from accord.cli.officers import Dir
from accord.cli.output import JSON, answer, counting
from accord.desk import rejoin
from accord.errors import Refusal
from accord.node.backup import BACKUP_KEY, back_up, backup_key, restore
from accord.node.build import opened, utc_now
from accord.node.custody import read_key
from accord.node.rejoin import rejoin_now


def attach(app: typer.Typer) -> None:
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)
    app.command("rejoin")(rejoin_command)


def backup_command(
    folder: Dir,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the backup goes. An older one there is replaced when the new one is whole.")
    ],
    as_json: bool = JSON,
) -> None:
    """Write a sealed backup of a node, which may be running. Only the backup key opens it; the first backup makes that key."""
    with opened(folder) as node:
        key, made = backup_key(node)
        with counting("rows", quiet=as_json) as progress:
            octets = back_up(node, file, key, now=utc_now(), progress=progress)
    value = {"file": str(file), "bytes": octets, "backup_key": str(key), "made_key": str(folder / BACKUP_KEY) if made else None}
    says = f"{file}: {octets:,} bytes, sealed to {key}"
    if made:
        says += f"\nThe key that opens it is {folder / BACKUP_KEY}. Move it offline now, with a copy in a second place: without it no backup is of use."
    answer(value, says, as_json=as_json)


def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make. An existing node is not touched.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The backup key, brought from where it is kept.")],
    charter_digest: Annotated[
        str | None, typer.Option("--charter-digest", metavar="D", help="The digest you know; another one is refused.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: bool = JSON,
) -> None:
    """Make a node's folder out of a backup. It serves and signs nothing until the other members gave back what they hold."""
    with counting("rows", quiet=as_json) as progress:
        passphrase = passphrase_file.absolute() if passphrase_file else None
        made = restore(file, folder, read_key(key), charter_digest=charter_digest, passphrase_file=passphrase, progress=progress)
    value = {"dir": str(folder), "member": made.member, "charter_digest": made.charter_digest, "made_at": made.made_at, "restoring": True}
    answer(
        value,
        f"{folder} is the node of {made.member} as of {made.made_at}, under charter {made.charter_digest}.\n"
        f"It has still to rejoin: accord rejoin {folder}, or accord run {folder}, which does it first.",
        as_json=as_json,
    )


def rejoin_command(
    folder: Dir,
    gone: Annotated[
        list[str] | None, typer.Option("--gone", metavar="ID", help="This member's node is gone for good; once for each.")
    ] = None,
    officer: Annotated[str | None, typer.Option("--as", metavar="NAME", help="The officer or operator who records that.")] = None,
    as_json: bool = JSON,
) -> None:
    """Let a restored node take back from the other members what it lost. Exit status 3 names who is still awaited."""
    with opened(folder, rejoining=True) as node:
        if gone and officer is None:
            raise Refusal("nobody is named who records that a member is gone", remedy="say who: --as NAME")
        for member in gone or ():
            rejoin.give_up(node.means, member, officer=officer or "")
        rejoin_now(node)
        value = {"member": node.means.member, "journal": node.means.journal, "waits_for": sorted(rejoin.waiting(node.means))}
    answer(value, f"{node.means.member} has rejoined; its journal is {node.means.journal}", as_json=as_json)
