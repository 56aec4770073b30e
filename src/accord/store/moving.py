"""Copying a whole database into another one, table by table, in an order that can be taken up again after a kill at any instant.

Duties:
  1. what already stands in the target is written over only when an unfinished move from the same node left it there, and says so;
  2. every table is copied in the order of its primary key, a portion a transaction, and goes on behind the last key that arrived;
  3. every table is compared, rows and digest; one that differs, because the node ran between two tries, is copied once more from its beginning.
That nothing is written at the source meanwhile is the caller's to see to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from accord.errors import Refusal, Unready
from accord.store.database import Database, Row, Transaction, Value
from accord.store.statements import Table, tables

ROWS_AT_ONCE_MAX = 5_000  # Rows a transaction. About 5 MB of records; a kill costs that much work.

# The names of tables and columns come from our own migrations, the only text that is ever filled in here.
_MARK = "create table if not exists moving (source text not null primary key)"
_MARKED = "insert into moving (source) values (:source) on conflict do nothing"
_MARKS = "select source from moving"
_UNMARK = "drop table if exists moving"
_COLUMNS = "select * from {table} limit 0"
_COUNT = "select count(*) from {table}"
_LAST = "select {key} from {table} order by {backwards} limit 1"
_FROM_START = "select {columns} from {table} order by {key} limit :rows_at_once"
_BEHIND = "select {columns} from {table} where ({key}) > ({bound}) order by {key} limit :rows_at_once"
_ADD = "insert into {table} ({columns}) values ({values})"
_EMPTY = "delete from {table}"


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that is the same on both sides."""

    name: str
    rows: int
    digest: bytes


def copy_all(source: Database, target: Database, *, node: str, progress: Callable[[str, int], None]) -> list[Copied]:
    """Copy what the target does not have yet and compare everything. `node` names whose database it is; 1, 2, 3."""
    _mark(target, node=node)  # 1
    copied = []
    for table in tables():
        _copy(source, target, table, progress)  # 2
        same = _compared(source, target, table)  # 3
        if same is None:
            _empty(target, table)
            _copy(source, target, table, progress)
            same = _compared(source, target, table)
        if same is None:
            raise Unready(
                f"{table.name} is not the same on both sides after two copies", remedy="see that nothing else uses either database"
            )
        copied.append(same)
    return copied


def unmark(database: Database) -> None:
    """The move is over: nothing may write over this database any more."""
    with database.writing() as transaction:
        _run(transaction, _UNMARK)


def _mark(target: Database, *, node: str) -> None:
    with target.writing() as transaction:
        filled = [table.name for table in tables() if _run(transaction, _COUNT.format(table=table.name)) != [(0,)]]
        transaction.connection.execute(transaction.engine.definition(_MARK))
        marks = _run(transaction, _MARKS)
        if filled and marks != [(node,)]:
            raise Refusal(
                "the database to move to is not empty, and no unfinished move of this node left it so", remedy="choose an empty one"
            )
        _run(transaction, _MARKED, source=node)


def _copy(source: Database, target: Database, table: Table, progress: Callable[[str, int], None]) -> None:
    with source.reading() as there:
        with target.reading() as here:
            [(done,)] = _run(here, _COUNT.format(table=table.name))
            last = _run(
                here, _LAST.format(table=table.name, key=", ".join(table.key), backwards=", ".join(f"{key} desc" for key in table.key))
            )
        columns = _columns(there, table)
        add = _ADD.format(table=table.name, columns=", ".join(columns), values=", ".join(f":{column}" for column in columns))
        for rows in _portions(there, table, behind=last[0] if last else None):
            with target.writing() as here:
                _many(here, add, [dict(zip(columns, row, strict=True)) for row in rows])
            done += len(rows)
            progress(table.name, done)


def _compared(source: Database, target: Database, table: Table) -> Copied | None:
    with source.reading() as there, target.reading() as here:
        expected, found = _summed(there, table), _summed(here, table)
    return found if expected == found else None


def _empty(target: Database, table: Table) -> None:
    with target.writing() as here:
        _run(here, _EMPTY.format(table=table.name))


def _summed(transaction: Transaction, table: Table) -> Copied:
    """How many rows, and a digest over all of them in the order of their keys, the same on every engine."""
    digest, count = hashlib.sha256(), 0
    for rows in _portions(transaction, table, behind=None):
        for row in rows:
            digest.update(b"\n".join(map(_written, row)) + b"\n\n")
        count += len(rows)
    return Copied(table.name, count, digest.digest())


def _written(value: Value) -> bytes:
    """A value with its type and length, so that no two rows are written alike."""
    match value:
        case None:
            return b"-"
        case int():
            return b"i%d" % value
        case str():
            text = value.encode()
            return b"s%d:%s" % (len(text), text)
        case _:
            return b"b%d:%s" % (len(value), bytes(value))


def _portions(transaction: Transaction, table: Table, *, behind: Row | None) -> Iterator[list[Row]]:
    columns = _columns(transaction, table)
    places = [columns.index(key) for key in table.key]
    names = {"table": table.name, "columns": ", ".join(columns), "key": ", ".join(table.key)}
    bound = ", ".join(f":last_{number}" for number in range(len(table.key)))
    while True:
        values: dict[str, Value] = {f"last_{number}": value for number, value in enumerate(behind or ())}
        text = _FROM_START.format(**names) if behind is None else _BEHIND.format(**names, bound=bound)
        rows = _run(transaction, text, **values, rows_at_once=ROWS_AT_ONCE_MAX)
        if not rows:
            return
        yield rows
        behind = tuple(rows[-1][place] for place in places)


def _columns(transaction: Transaction, table: Table) -> list[str]:
    """The columns as the database has them, in the order of their names: migrations may have added them in another one."""
    cursor = transaction.connection.execute(_COLUMNS.format(table=table.name))
    return sorted(column[0] for column in cursor.description)


def _many(transaction: Transaction, text: str, rows: list[dict[str, Value]]) -> None:
    with closing(transaction.connection.cursor()) as cursor:
        cursor.executemany(transaction.engine.text(text), rows)


def _run(transaction: Transaction, text: str, **values: Value) -> list[Row]:
    cursor = transaction.connection.execute(transaction.engine.text(text), values)
    return cursor.fetchall() if cursor.description else []
