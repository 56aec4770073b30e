"""A snapshot: every row of every table, out and in again, and nothing that is not ours."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from accord.errors import Malformed, Unready
from accord.store.database import Database, open_database
from accord.store.snapshot import fill, lines_of, migration_of, whole
from accord.store.statements import newest_migration, tables


def filled(path: Path) -> Database:
    database = open_database(path)
    with database.writing() as transaction:
        transaction.run("collection_open", name="a", frontier=b"\x00\xff")
        transaction.run("content_add", collection="a", digest=b"d" * 32, body='{"name": "Лампа"}'.encode())
        transaction.run("progress_set", name="b", position=2**53)
    return database


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as transaction:
        return {table.name: sorted(whole(transaction, table.name)[1]) for table in tables()}


def test_what_was_written_is_read_row_by_row(tmp_path: Path) -> None:
    first, second = filled(tmp_path / "a"), open_database(tmp_path / "b")
    head, *rest = lines_of(first)
    assert newest_migration() == migration_of(head)
    with second.writing() as transaction:
        fill(transaction, rest, through=newest_migration())
    assert rows(first) == rows(second)
    assert {"collection": 1, "content": 1, "progress": 1}.items() <= {table: len(found) for table, found in rows(second).items()}.items()
    first.close()
    second.close()


def test_every_table_is_in_it(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a")
    with database.reading() as transaction:
        made = {row[0] for row in transaction.connection.execute("select name from sqlite_master where type = 'table'")}
    # The levels of clearance are constants that the migrations bring along.
    assert made - {"migration", "clearance"} == {table.name for table in tables()} - {"migration"}
    database.close()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b'{"table":"progress","columns":["name","position"]}', b'["a",1]'],
        [b'{"table":"progress","columns":["name","position"]}', b'["a",1]', b'{"rows":2}'],
        [b'{"table":"progress","columns":["name","position"]}', b'["a"]', b'{"rows":1}'],
        [b'{"table":"progress","columns":["name","position"]}', b'["a",1.5]', b'{"rows":1}'],
        [b'{"table":"progress","columns":["name","position"]}', b'["a",{"bytes":"?"}]', b'{"rows":1}'],
        [b'{"table":"progress; drop table leaf","columns":["name"]}', b'{"rows":0}'],
        [b'{"table":"progress","columns":["name) values (1); --"]}', b'{"rows":0}'],
        [b"[1]"],
        [b"no json"],
    ],
)
def test_a_snapshot_that_is_not_whole_or_not_ours_is_refused(tmp_path: Path, lines: list[bytes]) -> None:
    database = open_database(tmp_path / "a")
    before = rows(database)
    with pytest.raises(Malformed), database.writing() as transaction:
        fill(transaction, lines, through=newest_migration())
    assert before == rows(database)
    database.close()


def test_a_snapshot_of_a_newer_program_is_not_filled() -> None:
    with pytest.raises(Unready, match="this program knows"):
        migration_of(orjson.dumps({"migration": newest_migration() + 1, "tables": []}))
    with pytest.raises(Malformed):
        migration_of(b"{}")
