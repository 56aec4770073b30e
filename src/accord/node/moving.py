"""Move a node to another database: from SQLite to PostgreSQL, back, or to another server.

Duties:
  1. nobody else is in the node's folder, from before the first row until after the switch;
  2. everything is copied and compared (`store.moving`);
  3. every log is recomputed from the leaves that arrived, and every receipt held against it;
  4. the setting is switched, at one instant and only then;
  5. the old database stays as it was, and is named.
Killed before 4, the node is where it was, and the same command goes on; killed after it, the node has moved.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from accord.desk.audit import Audited, audit
from accord.errors import Refusal
from accord.node.build import opened
from accord.node.custody import write_secret
from accord.node.settings import write_settings
from accord.store.database import DSN_SUFFIX, open_database
from accord.store.moving import Copied, copy_all, unmark

DSN_FILES = Path("keys")


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the node was, where it is, and what was compared on the way."""

    left: Path
    now: Path
    tables: tuple[Copied, ...]
    logs: tuple[Audited, ...]


def move(folder: Path, to: str, *, progress: Callable[[str, int], None]) -> Moved:
    """Move the node's database to a file of SQLite's, a file ending in `.dsn`, or a DSN, which is then kept in such a file."""
    with opened(folder, alone=True) as node:  # 1
        place = _place(folder, to)
        if (folder / place).resolve() == (folder / node.settings.database).resolve():
            raise Refusal(f"the node's database is {place} already", remedy="choose another")
        with closing(open_database(folder / place)) as target:
            name = f"{node.means.charter.id}/{node.means.member}"
            copied = copy_all(node.means.database, target, node=name, progress=progress)  # 2
            logs = audit(replace(node.means, database=target))  # 3
            write_settings(folder, node.settings.model_copy(update={"database": place}))  # 4
            unmark(target)
    return Moved(node.settings.database, place, tuple(copied), tuple(logs))  # 5


def _place(folder: Path, to: str) -> Path:
    """What the setting will say. A DSN may hold a password: it goes into a file that the node alone may read."""
    if "://" not in to and "=" not in to:
        return Path(to)
    number = 1
    while (folder / (place := DSN_FILES / f"database-{number}{DSN_SUFFIX}")).exists():
        if (folder / place).read_text(encoding="utf-8").strip() == to.strip():
            return place  # An earlier try wrote it.
        number += 1
    write_secret(folder / place, to.strip() + "\n")
    return place
