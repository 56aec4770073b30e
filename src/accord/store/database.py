"""One node's database, opened safely: connections, transactions, named statements and numbered migrations.

The SQL lives in `queries/`, each statement with a name and a sentence; this module runs them and knows nothing of their meaning.
What differs between the engines stands in `sqlite` and `postgres`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Event, Lock
from typing import Any, Protocol, TypeAlias

from accord.errors import Malformed, Unready
from accord.store.postgres import Postgres
from accord.store.sqlite import Sqlite
from accord.store.statements import migrations, newest_migration, statements

CONNECTIONS_KEPT_MAX = 8  # Connections. As many as doors and worker use at once on two cores; more are opened and closed again.
CONNECTIONS_OPEN_MAX = 64  # Connections. More than the threads of doors and worker; a PostgreSQL server takes 100 as it is shipped.
CONNECTION_SECONDS_MAX = 30  # Seconds to wait for one of them.
VARIABLES_MAX = 500  # Values in one `in (…)` list. SQLite's floor is 999.
DSN_SUFFIX = ".dsn"

Row: TypeAlias = tuple[Any, ...]  # A row as the driver gives it; the subject modules turn it into their own types at once.
Value: TypeAlias = str | int | bytes | None
Connection: TypeAlias = Any  # The engine's own; the drivers agree on `execute`, `cursor`, `rollback` and `close`.


class Engine(Protocol):
    """What differs between SQLite and PostgreSQL."""

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """What the driver raises when the operator has to act."""

    def connect(self) -> Connection: ...

    def prepare(self, connection: Connection, /) -> None:
        """Once at each opening: refuse what is no fitting database, and make what migrations need."""

    def text(self, statement: str, /) -> str:
        """The portable text of a statement, as the driver takes it."""

    def definition(self, statement: str, /) -> str:
        """The same for a statement of a migration."""

    def begin(self, connection: Connection, /, *, writing: bool) -> None:
        """Begin one consistent view; with `writing`, wait until no other writer is left."""

    def commit(self, connection: Connection, /) -> None: ...

    def each(self, connection: Connection, text: str, values: Mapping[str, Value], /) -> Iterator[Row]:
        """Rows as they are asked for."""

    def is_sound(self, connection: Connection, /) -> bool:
        """Whether another transaction may run on this connection."""

    def unready(self, error: Exception, /) -> Unready:
        """One of the faults, said to the operator."""

    def forget(self, connection: Connection, /) -> bool:
        """Leave no byte of what was deleted; False when it must be tried again."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction's view of the database. Values are bound by name, never pasted.

    A text that holds the character NUL is `Malformed`, whether it is to be kept or looked for: PostgreSQL has no such texts, and what one
    engine keeps the other must be able to.
    """

    engine: Engine
    connection: Connection

    def one(self, statement: str, /, **values: Value) -> Row | None:
        row: Row | None = self._execute(statements()[statement], values).fetchone()
        return row

    def all(self, statement: str, /, **values: Value) -> list[Row]:
        rows: list[Row] = self._execute(statements()[statement], values).fetchall()
        return rows

    def each(self, statement: str, /, **values: Value) -> Iterator[Row]:
        """Rows as they are asked for, so that a caller with a limit never holds more than it takes."""
        return self.engine.each(self.connection, self.engine.text(statements()[statement]), _bound(values))

    def run(self, statement: str, /, **values: Value) -> int:
        """Run a write and give the number of rows it touched, for the caller to check."""
        touched: int = self._execute(statements()[statement], values).rowcount
        return touched

    def many(self, statement: str, rows: Iterable[Mapping[str, Value]]) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.executemany(self.engine.text(statements()[statement]), map(_bound, rows))

    def among(self, statement: str, values: Sequence[Value], /, **others: Value) -> list[Row]:
        """Run a statement whose `in (:values)` stands for a list, in portions."""
        rows: list[Row] = []
        for start in range(0, len(values), VARIABLES_MAX):
            portion = values[start : start + VARIABLES_MAX]
            marks = ", ".join(f":v{number}" for number in range(len(portion)))
            text = statements()[statement].replace(":values", marks)
            bound = {f"v{number}": value for number, value in enumerate(portion)}
            rows.extend(self._execute(text, {**bound, **others}).fetchall())
        return rows

    def _execute(self, statement: str, values: Mapping[str, Value]) -> Any:
        return self.connection.execute(self.engine.text(statement), _bound(values))


def _bound(values: Mapping[str, Value]) -> Mapping[str, Value]:
    for name, value in values.items():
        if type(value) is str and "\0" in value:
            raise Malformed(f"the text for {name} holds the character NUL, which no database keeps")
    return values


@dataclass(frozen=True, slots=True)
class Database:
    """A node's database. `open_database` makes one; `close` ends it."""

    engine: Engine
    _idle: list[Connection] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _closed: Event = field(default_factory=Event, repr=False)
    _free: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(CONNECTIONS_OPEN_MAX), repr=False)

    @property
    def is_at_hand(self) -> bool:
        """Whether a short question is answered, and forgetting done, without waiting for another process, so that no thread need wait for it."""
        return isinstance(self.engine, Sqlite)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One consistent view, however long it is read."""
        with self._transaction(writing=False) as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One act: all of it is kept, durably, or none of it. Only one writer at a time is inside."""
        with self._transaction(writing=True) as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Transaction]:
        if not self._free.acquire(timeout=CONNECTION_SECONDS_MAX):
            raise Unready(f"{CONNECTIONS_OPEN_MAX} connections to the database are in use", remedy="see which requests do not end")
        try:
            connection = self._begun(writing=writing)
            try:
                yield Transaction(self.engine, connection)
                self.engine.commit(connection)
            except self.engine.faults as error:
                raise self.engine.unready(error) from error
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def _begun(self, *, writing: bool) -> Connection:
        """A connection with a transaction on it. One that the server ended while it was idle is replaced: nothing was done on it yet."""
        while True:
            connection, was_idle = self._take()
            try:
                self.engine.begin(connection, writing=writing)
            except self.engine.faults as error:
                self._give_back(connection)
                if not (was_idle and not self.engine.is_sound(connection)):
                    raise self.engine.unready(error) from error
            else:
                return connection

    def _take(self) -> tuple[Connection, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self.engine.connect(), False

    def _give_back(self, connection: Connection) -> None:
        """Undo what was not committed, and keep the connection for the next transaction while it is good for one."""
        with suppress(*self.engine.faults):  # A lost connection has rolled back by itself.
            connection.rollback()
        if self.engine.is_sound(connection):
            with self._lock:
                if len(self._idle) < CONNECTIONS_KEPT_MAX and not self._closed.is_set():
                    self._idle.append(connection)
                    return
        connection.close()

    def forget(self) -> bool:
        """Leave no byte of what was deleted in any file of the database; False when it must be tried again."""
        connection, _ = self._take()
        try:
            return self.engine.forget(connection)
        except self.engine.faults as error:
            raise self.engine.unready(error) from error
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close what nobody uses; what is in use is closed when it is given back."""
        with self._lock:
            self._closed.set()
            while self._idle:
                self._idle.pop().close()


def open_database(path: Path, *, through: int | None = None) -> Database:
    """Open a database and bring it to the newest migration, or `through` the one that a backup was made under.

    `path` is SQLite's own file, made if it is not there, or a file ending in `.dsn` that holds the DSN of a PostgreSQL database.
    """
    engine: Engine = Postgres.from_file(path) if path.suffix == DSN_SUFFIX else Sqlite(path)
    with closing(engine.connect()) as connection:
        engine.prepare(connection)
        try:
            _migrate(engine, connection, through=newest_migration() if through is None else through)
        except engine.faults as error:
            raise engine.unready(error) from error
    return Database(engine)


def _migrate(engine: Engine, connection: Connection, *, through: int) -> None:
    """Apply the numbered migrations that are not applied yet, each in its own transaction."""
    done = {row[0] for row in Transaction(engine, connection).all("migrations_done")}
    for migration in migrations():
        if migration.number in done or migration.number > through:
            continue
        engine.begin(connection, writing=True)
        try:
            transaction = Transaction(engine, connection)
            # Another process may have applied it between our look and our lock.
            if (migration.number,) not in transaction.all("migrations_done"):
                for definition in migration.definitions:
                    connection.execute(engine.definition(definition))
                transaction.run("migration_add", number=migration.number, name=migration.name)
            engine.commit(connection)
        finally:
            connection.rollback()
