"""A snapshot of the whole database, as lines: what a backup holds of it, on any engine, and how it is filled again.

    {"migration": 5, "tables": ["answer", …]}
    {"table": "leaf", "columns": ["collection", "position", …]}
    ["sco.example/kz/kg/1", 0, {"bytes": "<base64>"}, …]
    …
    {"rows": 48211}

It is one consistent view, read row by row: memory stays flat, the node goes on, and what was erased before is not in it.
Deleted pages, write-ahead log and index are the engine's own affair and do not travel.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing

import orjson

from accord.errors import Malformed, Unready
from accord.store.database import Database, Row, Transaction, Value
from accord.store.statements import newest_migration, tables

ROWS_AT_ONCE = 1_000  # Rows between two words about progress.

# The names of tables and columns come from our own migrations, the only text that is ever filled in here.
_COLUMNS = "select * from {table} limit 0"
_ROWS = "select * from {table}"
_EMPTY = "delete from {table}"
_ADD = "insert into {table} ({columns}) values ({values})"


def lines_of(database: Database, *, progress: Callable[[int], None] = lambda done: None) -> Iterator[bytes]:
    """Every row of every table, a line each, out of one reading transaction."""
    done = 0
    with database.reading() as transaction:
        yield orjson.dumps({"migration": newest_migration(), "tables": [table.name for table in tables()]})
        for table in tables():
            columns, rows = whole(transaction, table.name)
            yield orjson.dumps({"table": table.name, "columns": columns})
            for row in rows:
                yield orjson.dumps([_written(value) for value in row])
                done += 1
                if done % ROWS_AT_ONCE == 0:
                    progress(done)
        yield orjson.dumps({"rows": done})


def migration_of(line: bytes) -> int:
    """Under which migration a snapshot was made, from its first line; `Unready` where this program is older than the snapshot."""
    match _value(line):
        case {"migration": int(number), "tables": list()}:
            pass
        case _:
            raise Malformed("the snapshot does not say under which migration it was made")
    if number > newest_migration():
        raise Unready(
            f"the backup was made under migration {number}, this program knows {newest_migration()}",
            remedy="restore it with a newer Accord",
        )
    return number


def whole(transaction: Transaction, table: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns of a table, and its rows as they are asked for."""
    rows = transaction.engine.each(transaction.connection, transaction.engine.text(_ROWS.format(table=table)), {})
    return _columns(transaction, table), rows


def fill(transaction: Transaction, lines: Iterable[bytes], *, through: int, progress: Callable[[int], None] = lambda done: None) -> None:
    """Add every row of a snapshot, from its second line on, to a database without rows that was brought `through` its migration.

    `Malformed` where it does not end as it says, or names what our migrations did not make.
    """
    done = 0
    rest = iter(lines)
    line = next(rest, b"")
    while line:
        match _value(line):
            case {"table": str(table), "columns": list(columns)}:
                rows = _Rows(rest, columns=len(columns), done=done, progress=progress)
                if table not in {one.name for one in tables(through=through)} or not set(columns) <= set(_columns(transaction, table)):
                    raise Malformed(f"the snapshot does not fit this program: there is no table {table} with these columns")
                _add(transaction, table, list(map(str, columns)), rows)
                done, line = rows.done, rows.behind
            case {"rows": int(promised)} if promised == done:
                progress(done)
                return
            case _:
                break
    raise Malformed(f"the snapshot ends after {done} rows without saying so")


class _Rows:
    """The rows of one table, up to the line that is none; that line is left in `behind`."""

    def __init__(self, lines: Iterator[bytes], *, columns: int, done: int, progress: Callable[[int], None]) -> None:
        self.lines, self.columns, self.done, self.progress = lines, columns, done, progress
        self.behind = b""

    def __iter__(self) -> Iterator[Sequence[Value]]:
        for line in self.lines:
            row = _value(line)
            if not isinstance(row, list):
                self.behind = line
                return
            if len(row) != self.columns:
                raise Malformed(f"a row of the snapshot has {len(row)} values, expected {self.columns}")
            self.done += 1
            if self.done % ROWS_AT_ONCE == 0:
                self.progress(self.done)
            yield [_read(value) for value in row]


def _columns(transaction: Transaction, table: str) -> tuple[str, ...]:
    cursor = transaction.connection.execute(transaction.engine.text(_COLUMNS.format(table=table)))
    return tuple(column[0] for column in cursor.description)


def _add(transaction: Transaction, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    marks = ", ".join(f":{column}" for column in columns)
    transaction.connection.execute(transaction.engine.text(_EMPTY.format(table=table)))  # Some tables get their rows from a migration.
    text = transaction.engine.text(_ADD.format(table=table, columns=", ".join(columns), values=marks))
    with closing(transaction.connection.cursor()) as cursor:
        cursor.executemany(text, (dict(zip(columns, row, strict=True)) for row in rows))


def _written(value: object) -> object:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _read(value: object) -> Value:
    match value:
        case None | str() | int():
            return value
        case {"bytes": str(text)}:
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error:
                pass
        case _:
            pass
    raise Malformed("a value of the snapshot is neither text, number nor bytes")


def _value(line: bytes) -> object:
    try:
        value: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Malformed("a line of the snapshot is not JSON") from None
    return value
