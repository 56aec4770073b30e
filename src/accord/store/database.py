"""One database file, opened safely: connections, transactions, named statements and numbered migrations.

SQLite in write-ahead mode with full durability: what a transaction acknowledged survives a power cut.
The SQL lives in `queries/`, each statement with a name and a sentence; this module runs them and knows nothing of their meaning.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from accord.errors import Unready

BUSY_SECONDS_MAX = 30  # Seconds to wait for another writer. A batch of 1,000 records takes well under one.
CONNECTIONS_KEPT_MAX = 8  # Connections. As many as doors and worker use at once on two cores; more are opened and closed again.
# Pages of 4 KiB in the write-ahead log before it is written into the file. A batch of 1,000 records touches 4,500 all over a file of a million;
# at SQLite's own 1,000 every batch was written twice at once, and took two and a half times as long.
LOG_PAGES = 8_000
READER_CACHE_KIBIBYTES = 16_384  # KiB. A page of 5,000 objects fits; an idle node stays small.
VARIABLES_MAX = 500  # Values in one `in (…)` list. SQLite's floor is 999.

Row: TypeAlias = tuple[Any, ...]  # A row as the driver gives it; the subject modules turn it into their own types at once.
Value: TypeAlias = str | int | bytes | None


@cache
def statements() -> Mapping[str, str]:
    """Every named statement of `queries/`. A name given twice is a mistake of ours."""
    found: dict[str, str] = {}
    for resource in sorted(files("accord.store").joinpath("queries").iterdir(), key=lambda item: item.name):
        for part in re.split(r"^-- name: ", resource.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, text = part.partition("\n")
            assert name.strip() not in found, f"two statements are named {name}"
            found[name.strip()] = text.strip()
    return found


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction's view of the database. Values are bound by name, never pasted."""

    connection: sqlite3.Connection

    def one(self, statement: str, /, **values: Value) -> Row | None:
        row: Row | None = self.connection.execute(statements()[statement], values).fetchone()
        return row

    def all(self, statement: str, /, **values: Value) -> list[Row]:
        return self.connection.execute(statements()[statement], values).fetchall()

    def each(self, statement: str, /, **values: Value) -> Iterator[Row]:
        """Rows as they are asked for, so that a caller with a limit never holds more than it takes."""
        return iter(self.connection.execute(statements()[statement], values))

    def run(self, statement: str, /, **values: Value) -> int:
        """Run a write and give the number of rows it touched, for the caller to check."""
        return self.connection.execute(statements()[statement], values).rowcount

    def many(self, statement: str, rows: Iterable[Mapping[str, Value]]) -> None:
        self.connection.executemany(statements()[statement], rows)

    def among(self, statement: str, values: Sequence[Value], /, **others: Value) -> list[Row]:
        """Run a statement whose `in (:values)` stands for a list, in portions."""
        rows: list[Row] = []
        for start in range(0, len(values), VARIABLES_MAX):
            portion = values[start : start + VARIABLES_MAX]
            marks = ", ".join(f":v{number}" for number in range(len(portion)))
            text = statements()[statement].replace(":values", marks)
            bound = {f"v{number}": value for number, value in enumerate(portion)}
            rows.extend(self.connection.execute(text, {**bound, **others}).fetchall())
        return rows


@dataclass(frozen=True, slots=True)
class Database:
    """A node's database. `open_database` makes one; `close` ends it."""

    path: Path
    _idle: list[sqlite3.Connection] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One consistent view, however long it is read."""
        with self._transaction("begin") as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One act: all of it is kept, durably, or none of it."""
        with self._transaction("begin immediate") as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Transaction]:
        connection = self._take()
        try:
            try:
                connection.execute(begin)
            except sqlite3.OperationalError as error:
                raise Unready(f"the database did not answer within {BUSY_SECONDS_MAX} s: {error}", remedy="see what holds it") from error
            try:
                yield Transaction(connection)
                connection.execute("commit")
            except sqlite3.OperationalError as error:
                # A full disk, mostly. Nothing of the act was kept; what was acknowledged before is.
                raise Unready(f"the database could not keep the act: {error}", remedy="make room on the disk, then do it again") from error
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")
        finally:
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if len(self._idle) < CONNECTIONS_KEPT_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def empty_log(self) -> bool:
        """Write everything into the database file and cut the write-ahead log to nothing; False when a reader still needs it."""
        connection = self._take()
        try:
            connection.execute("pragma busy_timeout = 0")  # It holds the writers' lock while it waits for readers: it does not wait.
            busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute("pragma busy_timeout = 30000")  # BUSY_SECONDS_MAX, in milliseconds.
            self._give_back(connection)
        return not busy

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()


def open_database(path: Path) -> Database:
    """Open, or make, the database at `path` and bring it to the newest migration."""
    try:
        with closing(_connect(path)) as connection:
            connection.execute("pragma journal_mode = wal")
            _migrate(connection)
    except sqlite3.DatabaseError as error:
        raise Unready(f"{path.name} cannot be opened as a database: {error}", remedy="check the path in settings.toml") from error
    return Database(path)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        # Transactions are written out by this module; a connection is used by one thread at a time, whichever that is.
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise Unready(f"{path} cannot be opened: {error}", remedy="check that the folder exists and may be written") from error
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma trusted_schema = off")
    connection.execute("pragma secure_delete = on")
    connection.execute(f"pragma cache_size = -{READER_CACHE_KIBIBYTES}")
    connection.execute(f"pragma wal_autocheckpoint = {LOG_PAGES}")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply the numbered migrations that are not applied yet, each in its own transaction."""
    connection.execute("create table if not exists migration (number bigint not null primary key, name text not null)")
    done = {row[0] for row in connection.execute("select number from migration")}
    for resource in sorted(files("accord.store").joinpath("migrations").iterdir(), key=lambda item: item.name):
        number = int(resource.name.partition("_")[0])
        if number in done:
            continue
        connection.execute("begin immediate")
        try:
            # Another process may have applied it between our look and our lock.
            if connection.execute("select 1 from migration where number = ?", (number,)).fetchone() is None:
                for statement in _split(resource.read_text(encoding="utf-8")):
                    connection.execute(statement)
                connection.execute("insert into migration (number, name) values (?, ?)", (number, resource.name))
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")


def _split(text: str) -> list[str]:
    """A migration's statements; a semicolon ends one, and comments hold none."""
    bare = re.sub(r"--[^\n]*", "", text)
    return [statement for part in bare.split(";") if (statement := part.strip())]
