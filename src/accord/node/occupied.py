"""Who is in a node's folder: many may work in it side by side, and one who has to have it to himself waits outside while anybody is there.

One of those who are there may serve the node, with as many processes as it likes.

The lock is the operating system's and goes with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accord.errors import Unready

SERVED_FILE = "served.lock"


@contextmanager
def occupied(folder: Path, *, alone: bool) -> Iterator[None]:
    """Be in the folder, with others or alone; `Unready` when somebody is there whom this excludes."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        raise Unready(f"{folder} is not a node's folder", remedy="make one with `accord init`") from None
    try:
        _lock(descriptor, folder, alone=alone)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """Be the one who serves the node; `Unready` when it is served already. Commands may work in the folder meanwhile."""
    descriptor = os.open(folder / SERVED_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unready(f"{folder}: the node runs already", remedy="stop it first; for more processes, accord run --workers N") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, *, alone: bool) -> None:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        says = "the node runs, or another command works in its folder" if alone else "the node is being moved to another database"
        raise Unready(f"{folder}: {says}", remedy="stop it first" if alone else "wait until that is done") from None
