"""The database, whichever engine it is: acts are whole or nothing, writers come one at a time, statements are named once, migrations apply once."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from accord.errors import Malformed, Unready
from accord.store import database
from accord.store.database import Database, open_database
from accord.store.statements import migrations
from tests.databases import new_database, new_path, on_sqlite, tamper


def test_a_transaction_that_fails_keeps_nothing(tmp_path: Path) -> None:
    base = new_database(tmp_path)

    def fail_half_way() -> None:
        with base.writing() as transaction:
            transaction.run("progress_set", name="work", position=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with base.reading() as transaction:
        assert transaction.one("progress_of", name="work") is None
    base.close()


@on_sqlite
def test_a_full_disk_keeps_nothing_of_the_act_and_is_the_operators_turn(tmp_path: Path) -> None:
    base = new_database(tmp_path)

    def fill_the_disk() -> None:
        with base.writing() as transaction:
            transaction.connection.execute("pragma max_page_count = 60")  # The disk ends here, for this connection.
            transaction.many(
                "content_add",
                ({"collection": "holdings", "digest": number.to_bytes(32, "big"), "body": b"x" * 50_000} for number in range(50)),
            )

    with pytest.raises(Unready, match="full") as error:
        fill_the_disk()
    assert "make room" in error.value.remedy
    with base.reading() as transaction:
        assert transaction.one("content_of", collection="holdings", digest=bytes(32)) is None
    base.close()


def test_a_text_with_the_character_nul_is_neither_kept_nor_looked_for(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    with base.writing() as transaction:
        for refused in (
            lambda: transaction.run("progress_set", name="a\0b", position=1),
            lambda: transaction.one("progress_of", name="\0"),
            lambda: transaction.many("leaf_add", [{**_leaf(1), "added_at": "\0"}]),
            lambda: transaction.each("leaf_commitments", collection="\0", first=0, beyond=1),
            lambda: transaction.among("leaf_of_digests", [b"\0" * 32], collection="\0"),
        ):
            with pytest.raises(Malformed, match="NUL"):
                refused()
        transaction.run("content_add", collection="holdings", digest=bytes(32), body=b"\0")  # Bytes are bytes.
        assert transaction.one("progress_of", name="a") is None, "the transaction is good for more"
    base.close()


def test_opening_twice_applies_each_migration_once(tmp_path: Path) -> None:
    path = new_path(tmp_path)
    for _ in range(2):
        base = open_database(path)
        with base.reading() as transaction:
            applied = [row[0] for row in tamper(transaction, "select name from migration order by number")]
        base.close()
        assert [migration.name for migration in migrations()] == applied


@on_sqlite
def test_a_file_that_is_no_database_is_the_operators_turn(tmp_path: Path) -> None:
    (tmp_path / "node.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(Unready, match="cannot be opened as a database"):
        open_database(tmp_path / "node.sqlite")


@on_sqlite
def test_a_folder_that_is_missing_is_the_operators_turn(tmp_path: Path) -> None:
    with pytest.raises(Unready, match="cannot be opened"):
        open_database(tmp_path / "nowhere" / "node.sqlite")


def test_a_long_list_of_values_is_asked_in_portions(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    digests = [number.to_bytes(32, "big") for number in range(database.VARIABLES_MAX * 2 + 1)]
    with base.writing() as transaction:
        transaction.many("content_add", ({"collection": "holdings", "digest": digest, "body": b"{}"} for digest in digests))
        found = transaction.among("record_known", digests, collection="holdings")
    assert digests == sorted(bytes(digest) for digest, _ in found)
    base.close()


def test_what_was_committed_survives_kill_at_the_next_instruction(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from accord.store.database import open_database\n"
        "base = open_database(pathlib.Path(sys.argv[1]))\n"
        "with base.writing() as transaction:\n"
        "    transaction.run('progress_set', name='work', position=7)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = new_path(tmp_path)
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert -9 == killed.returncode
    base = open_database(path)
    with base.reading() as transaction:
        assert (7,) == transaction.one("progress_of", name="work")
    base.close()


def test_writers_come_one_at_a_time_and_each_sees_what_the_one_before_kept(tmp_path: Path) -> None:
    base = new_database(tmp_path)

    def count_on() -> None:
        for _ in range(20):
            with base.writing() as transaction:
                row = transaction.one("progress_of", name="work")
                transaction.run("progress_set", name="work", position=1 + (row[0] if row else 0))

    threads = [Thread(target=count_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with base.reading() as transaction:
        assert (80,) == transaction.one("progress_of", name="work")
    base.close()


def test_a_reader_keeps_its_view_while_others_write(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    with base.reading() as before:
        assert before.one("progress_of", name="work") is None
        with base.writing() as transaction:
            transaction.run("progress_set", name="work", position=1)
        assert before.one("progress_of", name="work") is None
    with base.reading() as after:
        assert (1,) == after.one("progress_of", name="work")
    base.close()


def test_answers_are_read_side_by_side_and_may_be_left_unread(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    with base.writing() as transaction:
        transaction.many("leaf_add", [_leaf(number) for number in range(3_000)])
    with base.reading() as transaction:
        one = transaction.each("leaf_commitments", collection="log", first=0, beyond=3_000)
        other = transaction.each("leaf_commitments", collection="log", first=2_999, beyond=3_000)
        assert [number.to_bytes(32, "big") for number in range(5)] == [bytes(next(one)[0]) for _ in range(5)]
        assert [2_999] == [int.from_bytes(row[0], "big") for row in other]
    with base.writing() as transaction:
        transaction.run("progress_set", name="the connection is good for the next act", position=1)
        del one  # What was left unread is forgotten only now, and disturbs nobody.
        gc.collect()
        transaction.run("progress_set", name="and stays so", position=1)
    base.close()


def test_a_connection_in_use_when_the_database_is_closed_is_closed_when_it_is_given_back(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    with base.reading() as transaction:
        base.close()
        assert transaction.one("progress_of", name="work") is None
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        tamper(transaction, "select 1")


def test_texts_order_by_code_point_and_numbers_stay_whole(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    names = ["a", "B", "é", "Я", "电", "a b", "a-b", "A", "~", "😀"]
    with base.writing() as transaction:
        for number, name in enumerate(names):
            transaction.run("officer_add", name=name, tlp=4, role="officer", added_at=str(number))
        transaction.run("progress_set", name="work", position=2**62)
        assert sorted(names) == [row[0] for row in transaction.all("officers")]
        [(total,)] = tamper(transaction, "select sum(position) from progress")
    assert (2**62, int) == (total, type(total))
    base.close()


def _leaf(number: int) -> dict[str, str | int | bytes | None]:
    body = number.to_bytes(32, "big")
    return {"collection": "log", "position": number, "commitment": body, "salt": None, "digest": None, "statement": 0, "added_at": ""}


def test_more_connections_than_the_limit_is_the_operators_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECTION_SECONDS_MAX", 0.01)
    base: Database = new_database(tmp_path)
    let_go = Event()
    ready = [Event() for _ in range(database.CONNECTIONS_OPEN_MAX)]

    def hold(mine: Event) -> None:
        with base.reading():
            mine.set()
            let_go.wait()

    threads = [Thread(target=hold, args=(event,)) for event in ready]
    for thread in threads:
        thread.start()
    assert all(event.wait(30) for event in ready)
    with pytest.raises(Unready, match="connections to the database are in use"), base.reading():
        pass
    let_go.set()
    for thread in threads:
        thread.join()
    with base.reading() as transaction:
        assert transaction.one("progress_of", name="work") is None
    base.close()
