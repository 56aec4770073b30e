"""Courier's files on a disk: written beside their place and moved there when they are whole, and read where they lie."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from accord.errors import Refusal, Unready
from accord.exchange import courier
from accord.exchange.courier import Opened, Packed
from accord.node.build import Node, utc_now


def pack(node: Node, recipient: str, file: Path, *, now: datetime) -> Packed:
    """Write a new file for a member's node. Killed at any instant, it is not there or whole."""
    if file.exists():
        raise Refusal(f"{file} exists and is not written over", remedy="choose a new file")
    beside: Path | None = None
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=f"{file.name}.", suffix=".new", delete=False) as out:
            beside = Path(out.name)
            packed = courier.pack(node.means, recipient, out, now=now)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
        beside = None
    except OSError as error:
        raise Unready(f"{file} cannot be written: {error.strerror}", remedy="make room, or choose another place") from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
    return packed


def open_file(node: Node, file: Path) -> Opened:
    """Open the file that a courier brought."""
    try:
        with file.open("rb") as brought:
            return courier.open_file(node.means, brought, clock=utc_now)
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror}", remedy="check the path") from None
