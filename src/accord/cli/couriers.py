"""Commands for nodes without a line: meet a member by its key file, pack what it would fetch, open what its courier brought."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accord.cli.officers import Dir
from accord.cli.output import JSON, answer
from accord.desk import introduce
from accord.errors import LimitReached, Refusal, counted
from accord.exchange.client import NOTE_OCTETS_MAX
from accord.node import courier
from accord.node.build import opened, utc_now
from accord.seal.canonical import digest_text


def attach(app: typer.Typer) -> None:
    group = typer.Typer(help="Sealed files between nodes that no line joins.", no_args_is_help=True)
    group.command("meet")(meet_command)
    group.command("pack")(pack_command)
    group.command("open")(open_command)
    app.add_typer(group, name="courier")


def meet_command(
    folder: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The other member's key file: keys/keys.json in its node's folder.")],
    as_json: bool = JSON,
) -> None:
    """Take another member's key file, so that files can be sealed to it. The file proves itself by the root key that the charter pins."""
    try:
        if file.stat().st_size > NOTE_OCTETS_MAX:
            raise LimitReached("NOTE_OCTETS_MAX", f"{file} is larger than {NOTE_OCTETS_MAX} bytes")
        raw = file.read_bytes()
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror}", remedy="check the path") from None
    with opened(folder) as node:
        member = introduce.whose(node.means, raw)
        introduce.meet(node.means, member, raw, now=utc_now())
    answer({"member": member}, f"the keys of {member} are known", as_json=as_json)


def pack_command(
    folder: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for the courier.")],
    to: Annotated[str, typer.Option("--to", metavar="ID", help="The member whose node opens it; nobody else can.")],
    as_json: bool = JSON,
) -> None:
    """Write what another member's node would fetch from here, and our receipts for it, into a file that only that node can open."""
    with opened(folder) as node:
        packed = courier.pack(node, to, file, now=utc_now())
    objects = packed.size - packed.first
    value = {
        "file": str(file),
        "to": to,
        "from": packed.first,
        "size": packed.size,
        "more": packed.more,
        "bytes": packed.octets,
        "digest": digest_text(packed.digest),
    }
    says = f"{file}: {counted(objects, 'object')} of the channel to {to}, {packed.octets:,} bytes"
    if packed.more:
        says += f"\nThe channel goes on behind them: pack again when the receipt of {to} has come back."
    answer(value, says, as_json=as_json)


def open_command(
    folder: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the courier brought.")],
    as_json: bool = JSON,
) -> None:
    """Prove and keep what a courier brought, as if the node had fetched it. Receipts and confirmations go back with the next file packed here."""
    with opened(folder) as node:
        brought = courier.open_file(node, file)
    value = {
        "from": brought.sender,
        "size": brought.size,
        "kept": brought.kept,
        "declined": brought.declined,
        "receipted": brought.receipted,
        "cosigned": brought.cosigned,
        "more": brought.more,
        "again": brought.again,
    }
    if brought.again:
        says = f"this file of {brought.sender} was opened before; nothing was done"
    else:
        says = (
            f"{brought.sender}: kept {counted(brought.kept, 'record')}, {counted(brought.size, 'object')} verified; "
            f"it has received {brought.receipted} of ours"
        )
        if brought.declined:
            says += f"; declined: {brought.declined}"
        says += f"\nLet a file go back: accord courier pack {folder} NEW-FILE --to {brought.sender}"
    answer(value, says, as_json=as_json)
