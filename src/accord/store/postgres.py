"""PostgreSQL as a node's database: one database of a server, reached by a DSN that stands in a file.

The portable text becomes PostgreSQL's by four replacements: `:name` is bound by the driver, `blob` is `bytea`, texts order by their code
points as SQLite's do, and a percent sign is doubled for the driver.

Writers come one at a time, as on SQLite: each locks the one row of the table `writer` before it looks at anything. So nothing it has read
can change under it, no two of them can wait for each other, and no act fails halfway because another came first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg.adapt import Loader
from psycopg.errors import DuplicateTable, UniqueViolation
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from accord.errors import Unready
from accord.store.scrub import scrub

CONNECT_SECONDS_MAX = 10  # Seconds to reach the server. It stands in the same house.
LOCK_SECONDS_MAX = 30  # Seconds to wait for another writer. A batch of 1,000 records takes well under one.
STATEMENT_SECONDS_MAX = 600  # Seconds of one statement. The longest, a migration of 10 million rows, takes minutes.
IDLE_WRITER_SECONDS_MAX = 300  # Seconds that a writer may do nothing between two statements. It holds up every other one.
CURSOR_ROWS = 1_000  # Rows fetched at once of an answer that is read as it is asked for: about 1 MB of records.
SCRUB_RESTS = 20  # Times as long as scrubbing took, before the next: at most a twentieth of the time goes into it.
SERVER_VERSION_MIN = 150_000  # 15, the oldest that the tests run on.

_SETTINGS = f"""
set lock_timeout = '{LOCK_SECONDS_MAX}s';
set statement_timeout = '{STATEMENT_SECONDS_MAX}s';
set idle_in_transaction_session_timeout = '{IDLE_WRITER_SECONDS_MAX}s';
set synchronous_commit = on;
set jit = off;
set client_min_messages = warning
"""
_TABLES = (
    "create table if not exists writer (number smallint not null primary key)",
    'create table if not exists migration (number bigint not null primary key, name text collate "C" not null)',
)
_TOKEN = re.compile(r"--[^\n]*|'[^']*'|:(?P<name>[a-z]\w*)|%")
_TABLE = re.compile(r"(?:create|alter)\s+table\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+)")
_COLUMN = re.compile(r"'[^']*'|\b(?P<name>\w+)\s+(?P<type>blob|text)\b")
_OPEN = "declare {cursor} no scroll cursor for {text}"
_FETCH = "fetch forward {rows} from {cursor}"
_QUIET = "alter table {table} alter column {column} set statistics 0"  # Both are names that stand in a migration.
_TYPES = {"blob": "bytea", "text": 'text collate "C"'}
_CURSORS = count()  # A cursor has a name of its own on its connection.

_Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


class _WholeNumber(Loader):
    """Sums of counts come as `numeric`; they are whole."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


@dataclass(frozen=True, slots=True)
class Postgres:
    """The engine over one database of a server. The DSN may hold a password and is never shown."""

    dsn: str = field(repr=False)
    _rest_until: list[float] = field(default_factory=lambda: [0.0], repr=False)  # By the process's own clock.

    @classmethod
    def from_file(cls, path: Path) -> Postgres:
        try:
            dsn = path.read_text(encoding="utf-8").strip()
        except OSError:
            raise Unready(
                f"{path} cannot be read", remedy="it must hold the DSN of a PostgreSQL database, as in docs/operating.md"
            ) from None
        return cls(dsn)

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        return (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)

    def connect(self) -> _Connection:
        try:
            connection: _Connection = psycopg.connect(
                self.dsn, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX, application_name="accord"
            )
        except psycopg.ProgrammingError:
            raise Unready("the database's DSN cannot be read", remedy="write it as in docs/operating.md") from None
        except psycopg.OperationalError as error:
            says = str(error).splitlines()[0]
            raise Unready(f"the database's server does not answer: {says}", remedy="see that it runs and that the DSN is right") from None
        connection.adapters.register_dumper(int, Int8Dumper)  # One type for every number, so that a statement is prepared once.
        connection.adapters.register_loader("numeric", _WholeNumber)
        connection.execute(_SETTINGS)
        return connection

    def prepare(self, connection: _Connection) -> None:
        """Refuse a server that would answer otherwise than SQLite, and make what has to be there before the first lock."""
        info = connection.info
        if info.server_version < SERVER_VERSION_MIN:
            raise Unready(
                f"the database's server is version {info.server_version // 10_000}, expected {SERVER_VERSION_MIN // 10_000} or newer",
                remedy="upgrade PostgreSQL",
            )
        if (encoding := info.parameter_status("server_encoding")) != "UTF8":
            raise Unready(f"the database keeps texts as {encoding}, expected UTF8", remedy="make it with `createdb -T template0 -E UTF8`")
        for table in _TABLES:
            with suppress(DuplicateTable, UniqueViolation):  # Another process made it between the look and the making.
                connection.execute(table)
        connection.execute("insert into writer (number) values (1) on conflict do nothing")

    def text(self, statement: str) -> str:
        return _text(statement)

    def definition(self, statement: str) -> str:
        """A statement of a migration. Of columns that may hold content the server keeps no samples: nothing could erase these."""
        if not (table := _TABLE.match(statement)):
            return statement
        columns = [found["name"] for found in _COLUMN.finditer(statement) if found["name"]]
        typed = _COLUMN.sub(lambda found: f"{found['name']} {_TYPES[found['type']]}" if found["name"] else found[0], statement)
        return "; ".join([typed, *(_QUIET.format(table=table["name"], column=name) for name in columns)])

    def begin(self, connection: _Connection, *, writing: bool) -> None:
        if not writing:
            connection.execute("begin isolation level repeatable read, read only")
            return
        connection.execute("begin isolation level read committed; select number from writer for update")

    def commit(self, connection: _Connection) -> None:
        # After a failed statement the server answers a commit with a rollback, and calls it no error.
        assert connection.info.transaction_status == TransactionStatus.INTRANS, "a transaction goes on after a statement that failed"
        connection.commit()

    def each(self, connection: _Connection, text: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        # The server's cursor is never closed here: it ends with its transaction. A reader who stops early and is forgotten later would
        # otherwise close it in somebody else's.
        cursor = f"each_{next(_CURSORS)}"
        connection.execute(_OPEN.format(cursor=cursor, text=text), values)
        while rows := connection.execute(_FETCH.format(cursor=cursor, rows=CURSOR_ROWS)).fetchall():
            yield from rows

    def is_sound(self, connection: _Connection) -> bool:
        return not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE

    def unready(self, error: Exception) -> Unready:
        code = getattr(error, "sqlstate", None) or ""
        says = str(error).splitlines()[0] if str(error) else type(error).__name__
        match code[:2]:
            case "55":
                return Unready(f"the database did not answer within {LOCK_SECONDS_MAX} s: {says}", remedy="see what holds it")
            case "53":
                return Unready(f"the database could not keep the act: {says}", remedy="give its server room, then do it again")
            case "25":
                return Unready(f"the database takes no writes: {says}", remedy="let the DSN name the primary server, not a standby")
            case "40" | "57" if code not in {"57P01", "57P02", "57P03"}:
                return Unready(f"the database broke the act off: {says}", remedy="do it again; if it stays, see what the server does")
            case _:
                return Unready(
                    f"the connection to the database was lost: {says}",
                    remedy="see that its server runs; look whether the last act was kept, then do it again",
                )

    def forget(self, connection: _Connection) -> bool:
        """Scrub, and rest after it, so that a stream of small recalls does not keep the server writing its tables anew."""
        began = time.monotonic()
        if began < self._rest_until[0]:
            return False
        try:
            return scrub(connection)
        finally:
            ended = time.monotonic()
            self._rest_until[0] = ended + SCRUB_RESTS * (ended - began)


@cache
def _text(statement: str) -> str:
    """The portable text as the driver takes it."""

    def replaced(found: re.Match[str]) -> str:
        if found["name"]:
            return f"%({found['name']})s"
        return "" if found[0].startswith("--") else found[0].replace("%", "%%")

    return _TOKEN.sub(replaced, statement)
