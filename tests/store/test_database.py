"""The database: transactions are whole or nothing, statements are named once, migrations apply once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from accord.errors import Unready
from accord.store import database
from accord.store.database import open_database


def test_a_transaction_that_fails_keeps_nothing(tmp_path: Path) -> None:
    base = open_database(tmp_path / "node.sqlite")

    def fail_half_way() -> None:
        with base.writing() as transaction:
            transaction.run("progress_set", name="work", position=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with base.reading() as transaction:
        assert transaction.one("progress_of", name="work") is None
    base.close()


def test_a_full_disk_keeps_nothing_of_the_act_and_is_the_operators_turn(tmp_path: Path) -> None:
    base = open_database(tmp_path / "node.sqlite")

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


def test_opening_twice_applies_each_migration_once(tmp_path: Path) -> None:
    for _ in range(2):
        base = open_database(tmp_path / "node.sqlite")
        base.close()
    with sqlite3.connect(tmp_path / "node.sqlite") as connection:
        applied = [row[0] for row in connection.execute("select name from migration order by number")]
    assert sorted(item.name for item in files("accord.store").joinpath("migrations").iterdir()) == applied


def test_a_file_that_is_no_database_is_the_operators_turn(tmp_path: Path) -> None:
    (tmp_path / "node.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(Unready, match="cannot be opened as a database"):
        open_database(tmp_path / "node.sqlite")


def test_a_folder_that_is_missing_is_the_operators_turn(tmp_path: Path) -> None:
    with pytest.raises(Unready, match="cannot be opened"):
        open_database(tmp_path / "nowhere" / "node.sqlite")


def test_a_long_list_of_values_is_asked_in_portions(tmp_path: Path) -> None:
    base = open_database(tmp_path / "node.sqlite")
    digests = [number.to_bytes(32, "big") for number in range(database.VARIABLES_MAX * 2 + 1)]
    with base.writing() as transaction:
        transaction.many("content_add", ({"collection": "holdings", "digest": digest, "body": b"{}"} for digest in digests))
        assert [] == transaction.among("record_known", digests, collection="holdings")
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
    path = tmp_path / "node.sqlite"
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert -9 == killed.returncode
    base = open_database(path)
    with base.reading() as transaction:
        assert (7,) == transaction.one("progress_of", name="work")
    base.close()
