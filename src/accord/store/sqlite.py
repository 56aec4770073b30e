"""SQLite as a node's database: one file, in write-ahead mode with full durability.

What a transaction acknowledged survives a power cut, and what is deleted is overwritten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accord.errors import Unready

BUSY_SECONDS_MAX = 30  # Seconds to wait for another writer. A batch of 1,000 records takes well under one.
# Pages of 4 KiB in the write-ahead log before it is written into the file. A batch of 1,000 records touches 4,500 all over a file of a million;
# at SQLite's own 1,000 every batch was written twice at once, and took two and a half times as long.
LOG_PAGES = 8_000
READER_CACHE_KIBIBYTES = 16_384  # KiB. A page of 5,000 objects fits; an idle node stays small.


@dataclass(frozen=True, slots=True)
class Sqlite:
    """The engine over one file. The portable text is its own text."""

    path: Path

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        return (sqlite3.OperationalError,)

    def connect(self) -> sqlite3.Connection:
        try:
            # Transactions are written out by `database`; a connection is used by one thread at a time, whichever that is.
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise Unready(f"{self.path} cannot be opened: {error}", remedy="check that the folder exists and may be written") from error
        try:
            connection.execute("pragma synchronous = full")
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma trusted_schema = off")
            connection.execute("pragma secure_delete = on")
            connection.execute(f"pragma cache_size = -{READER_CACHE_KIBIBYTES}")
            connection.execute(f"pragma wal_autocheckpoint = {LOG_PAGES}")
        except sqlite3.DatabaseError as error:
            connection.close()
            raise self._no_database(error) from error
        return connection

    def prepare(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("create table if not exists migration (number bigint not null primary key, name text not null)")
        except sqlite3.DatabaseError as error:
            raise self._no_database(error) from error

    def _no_database(self, error: Exception) -> Unready:
        return Unready(f"{self.path.name} cannot be opened as a database: {error}", remedy="check the path in settings.toml")

    def text(self, statement: str) -> str:
        return statement

    def definition(self, statement: str) -> str:
        return statement

    def begin(self, connection: sqlite3.Connection, *, writing: bool) -> None:
        connection.execute("begin immediate" if writing else "begin")

    def commit(self, connection: sqlite3.Connection) -> None:
        connection.commit()

    def each(self, connection: sqlite3.Connection, text: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        return iter(connection.execute(text, values))

    def is_sound(self, connection: sqlite3.Connection) -> bool:
        return not connection.in_transaction

    def unready(self, error: Exception) -> Unready:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_BUSY:
            return Unready(f"the database did not answer within {BUSY_SECONDS_MAX} s: {error}", remedy="see what holds it")
        # A full disk, mostly. Nothing of the act was kept; what was acknowledged before is.
        return Unready(f"the database could not keep the act: {error}", remedy="make room on the disk, then do it again")

    def forget(self, connection: sqlite3.Connection) -> bool:
        """Write everything into the database file and cut the write-ahead log to nothing; False when a reader still needs it."""
        connection.execute("pragma busy_timeout = 0")  # It holds the writers' lock while it waits for readers: it does not wait.
        try:
            busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute("pragma busy_timeout = 30000")  # BUSY_SECONDS_MAX, in milliseconds.
        return not busy
