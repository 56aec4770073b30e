"""Migrations: a database of any earlier version comes whole through each of them, also when it is killed between two statements."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from accord.store import database
from accord.store.database import open_database
from accord.store.sqlite import Sqlite
from accord.store.statements import Migration, migrations, statements
from tests.databases import on_sqlite

FIRST = 101  # Beyond what migrations fill small tables with.
ROWS = 3  # Rows of every table, made by their columns' types alone: a migration knows types and not meanings.

# What took something away from the statements of the version before, and why no node was harmed: all of it before the first release.
TAKEN_AWAY = {
    "0010_clearance.sql": ["drop view standing"],
    "0014_order.sql": ["drop index record_stix_id"],
    "0016_postings.sql": ["drop table term"],
    "0023_locality.sql": ["drop index record_digest", "drop index leaf_digest", "drop index leaf_commitment"],
}
_TAKES = re.compile(r"(?:drop\s+(?:table|view|index|column)|alter\s+table\s+\w+\s+(?:drop|rename|alter))\b[^;]*")
_ADDS = re.compile(r"alter\s+table\s+\w+\s+add\s+column\s+(?P<column>.*)")

steps = [*zip([None, *migrations()], migrations(), strict=False)]


@dataclass(frozen=True, slots=True)
class Dying(Sqlite):
    """SQLite in a process that is killed (kill -9) before the statement `at` of what it runs, or before the commit behind the last."""

    at: int = 0
    done: Iterator[int] = field(default_factory=count, compare=False)

    def definition(self, statement: str) -> str:
        self._die_in_time()
        return Sqlite.definition(self, statement)

    def commit(self, connection: sqlite3.Connection) -> None:
        self._die_in_time()
        Sqlite.commit(self, connection)

    def _die_in_time(self) -> None:
        if next(self.done) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def before(path: Path, earlier: Migration | None) -> None:
    """A database as the version before a migration left it, with rows in every table."""
    open_database(path, through=0 if earlier is None else earlier.number).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in tables(connection):
            columns = connection.execute(f"pragma table_info({table})").fetchall()
            for number in range(FIRST, FIRST + ROWS):
                values = [
                    number if "int" in kind else f"{number}".encode() if kind == "blob" else f"{number}" for _, _, kind, *_ in columns
                ]
                connection.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)


def tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("select name from sqlite_master where type = 'table' and name not in ('migration', 'sqlite_sequence')")
    return sorted(name for (name,) in rows)


def schema(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        assert [("ok",)] == connection.execute("pragma integrity_check").fetchall()
        return connection.execute("select type, name, tbl_name, sql from sqlite_master order by type, name").fetchall()


def rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables(connection)}


def killed(path: Path, *, at: int, through: int) -> bool:
    """Migrate in a process of its own that is killed before statement `at`; False when it came to its end before that."""
    child = os.fork()
    if child == 0:
        engine = Dying(path, at)
        connection = engine.connect()
        database._migrate(engine, connection, through=through)
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    return os.WIFSIGNALED(ended)


@on_sqlite
@pytest.mark.parametrize(("earlier", "migration"), steps, ids=[step.name for _, step in steps])
def test_a_migration_killed_before_any_of_its_statements_is_done_whole_by_the_next_start(
    tmp_path: Path, earlier: Migration | None, migration: Migration
) -> None:
    made, straight = tmp_path / "made.sqlite", tmp_path / "straight.sqlite"
    before(made, earlier)
    shutil.copy(made, straight)
    open_database(straight, through=migration.number).close()
    kills = 0
    for at in range(len(migration.definitions) + 1):
        path = tmp_path / f"{at}.sqlite"
        shutil.copy(made, path)
        kills += killed(path, at=at, through=migration.number)
        open_database(path, through=migration.number).close()
        assert (schema(straight), rows(straight)) == (schema(path), rows(path)), f"killed before statement {at}"
    assert len(migration.definitions) + 1 == kills


@on_sqlite
@pytest.mark.parametrize(("earlier", "migration"), steps[1:], ids=[step.name for _, step in steps[1:]])
def test_a_database_of_any_earlier_version_keeps_its_rows_to_the_newest(tmp_path: Path, earlier: Migration, migration: Migration) -> None:
    path = tmp_path / "node.sqlite"
    before(path, earlier)
    held = rows(path)
    open_database(path).close()
    after = rows(path)
    dropped = {"term"} if migration.number <= 16 else set()
    assert {table: number for table, number in held.items() if table not in dropped} == {
        table: after.get(table) for table in held if table not in dropped
    }


def test_no_migration_takes_away_what_the_version_before_reads() -> None:
    found = {step.name: [took for text in step.definitions if (took := _taken(text))] for step in migrations()}
    assert TAKEN_AWAY == {name: took for name, took in found.items() if took}


def test_a_column_that_a_migration_adds_needs_no_value_from_the_version_before() -> None:
    added = [match["column"] for step in migrations() for text in step.definitions if (match := _ADDS.match(" ".join(text.split())))]
    assert added, "no migration adds a column"
    assert [] == [column for column in added if "not null" in column and "default" not in column]


@on_sqlite
def test_every_statement_still_runs_on_a_database_of_the_next_version(tmp_path: Path) -> None:
    # A migration of a version to come adds what this rule lets it add: a table, and a column with a default or none.
    path = tmp_path / "node.sqlite"
    open_database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("insert into migration values (9999, '9999_of_the_next_version.sql')")
        for table in tables(connection):
            connection.execute(f"alter table {table} add column of_the_next_version text not null default ''")
        connection.commit()
        for name, text in statements().items():
            values = dict.fromkeys(re.findall(r"(?<!:):(\w+)", text.replace("(:values)", "(1)")), 1)
            try:
                connection.execute("explain " + text.replace("(:values)", "(1)"), values)
            except sqlite3.Error as error:
                pytest.fail(f"{name}: {error}")
    open_database(path).close()  # A version opens a database with a migration that it does not know, and leaves it alone.
    with closing(sqlite3.connect(path)) as connection:
        assert (9999,) in connection.execute("select number from migration").fetchall()


def _taken(text: str) -> str:
    found = _TAKES.match(" ".join(text.split()))
    return found.group() if found else ""
