"""A node moves to another database and back: everything arrives or nothing changes, also when it is killed on the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from accord.desk import audit, read, recall
from accord.errors import Refusal, Unready
from accord.node.build import application, opened
from accord.node.moving import move
from accord.node.settings import read_settings
from accord.stix.control import RecallReason
from accord.store import moving, records
from accord.store.database import open_database
from accord.store.statements import tables
from tests.databases import dsn_file, server, tamper
from tests.stories.alliance import OFFICER, Alliance, founded, indicator


@pytest.fixture
def alliance(tmp_path: Path) -> Alliance:
    """Two members with a past: records given, read, indexed, taken back. Their nodes are stopped."""
    with founded(tmp_path, ("KZ", "KG")) as found:
        found.publish("KZ", *(indicator(number, name="Фонарь 电网 host") for number in range(60)), to="KG")
        found.sync("KG", "KZ")
        while read.catch_up(found.means("KG")):
            pass
        recall.recall(found.means("KZ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=found.clock())
        found.sync("KG", "KZ")
        found.sync("KZ", "KG")
    return found


@contextmanager
def _running(alliance: Alliance) -> Iterator[Alliance]:
    with ExitStack() as stack:
        for member in alliance.members:
            node = stack.enter_context(opened(alliance.folder / member))
            alliance.nodes[member] = node
            alliance.doors[member] = TestClient(application(node, alliance.clock))
        yield alliance
        alliance.check_everything()


def roots(folder: Path) -> dict[str, tuple[int, bytes]]:
    with opened(folder) as node:
        return {log.name: (log.size, log.root) for log in audit.audit(node.means)}


def _dsn(folder: Path) -> str:
    return dsn_file(folder, server().create(), "moved").name


def _quiet(table: str, rows: int) -> None:
    pass


@pytest.mark.parametrize("member", ["KZ", "KG"])
def test_a_node_moves_to_postgresql_and_back_and_goes_on_as_if_nothing_had_been(alliance: Alliance, member: str) -> None:
    folder = alliance.folder / member
    before, left = roots(folder), read_settings(folder).database
    there = move(folder, _dsn(folder), progress=_quiet)
    assert (left, Path("moved.dsn")) == (there.left, there.now)
    assert before == {log.name: (log.size, log.root) for log in there.logs} == roots(folder)
    with _running(alliance):
        alliance.publish("KZ", indicator(100), to="KG")
        alliance.sync("KG", "KZ")
    between = roots(folder)
    back = move(folder, "back.sqlite", progress=_quiet)
    assert between == {log.name: (log.size, log.root) for log in back.logs} == roots(folder)
    with _running(alliance):
        alliance.publish("KZ", indicator(101), to="KG")
        alliance.sync("KG", "KZ")
        with alliance.means("KG").database.reading() as transaction:
            assert 1 == len(records.versions_of(transaction, indicator(101)["id"]))


def test_a_running_node_is_not_moved_and_a_node_being_moved_is_not_started(alliance: Alliance) -> None:
    folder = alliance.folder / "KZ"
    with opened(folder), pytest.raises(Unready, match="the node runs"):
        move(folder, "other.sqlite", progress=_quiet)

    def start(table: str, rows: int) -> None:
        with pytest.raises(Unready, match="is being moved"), opened(folder):
            pass

    assert Path("other.sqlite") == move(folder, "other.sqlite", progress=start).now


def test_a_database_that_holds_something_else_is_not_written_over(alliance: Alliance) -> None:
    folder = alliance.folder / "KZ"
    other = roots(alliance.folder / "KG")
    place = alliance.folder / "KG" / read_settings(alliance.folder / "KG").database
    with pytest.raises(Refusal, match="not empty"):
        move(folder, str(place), progress=_quiet)
    with pytest.raises(Refusal, match="already"):
        move(folder, str(read_settings(folder).database), progress=_quiet)
    assert other == roots(alliance.folder / "KG")


def test_what_changed_between_two_tries_is_copied_anew(alliance: Alliance) -> None:
    folder = alliance.folder / "KZ"
    name = _dsn(folder)

    def stop(table: str, rows: int) -> None:
        if table == "record":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(folder, name, progress=stop)
    with _running(alliance):
        alliance.publish("KZ", indicator(7, name="Changed"), to="KG")
        alliance.sync("KG", "KZ")
        alliance.sync("KZ", "KG")
    before = roots(folder)
    assert before == {log.name: (log.size, log.root) for log in move(folder, name, progress=_quiet).logs}


def test_two_databases_that_differ_in_one_byte_are_not_the_same(alliance: Alliance) -> None:
    folder = alliance.folder / "KZ"
    name = _dsn(folder)
    moved = move(folder, name, progress=_quiet)
    with closing(open_database(folder / moved.left)) as there, closing(open_database(folder / name)) as here:
        table = next(table for table in tables() if table.name == "content")
        same = moving._compared(there, here, table)
        assert same is not None and same in moved.tables
        with here.writing() as transaction:
            [(digest, body)] = tamper(transaction, "select digest, body from content where collection = 'holdings' order by digest limit 1")
            tamper(transaction, "update content set body = :body where digest = :digest", body=bytes(body)[:-1] + b" ", digest=digest)
        assert moving._compared(there, here, table) is None


@pytest.mark.parametrize("portions", [1, 12, 40])
def test_a_move_killed_on_the_way_goes_on_where_it_was(alliance: Alliance, portions: int) -> None:
    folder = alliance.folder / "KZ"
    before, left, name = roots(folder), read_settings(folder).database, _dsn(folder)
    program = (
        "import os, pathlib, sys\n"
        "from accord.node.moving import move\n"
        "from accord.store import moving\n"
        "moving.ROWS_AT_ONCE_MAX = 5\n"
        "seen = []\n"
        "def progress(table, rows):\n"
        "    seen.append(table)\n"
        "    print(table, flush=True)\n"
        f"    len(seen) == {portions} and os.kill(os.getpid(), 9)\n"
        "move(pathlib.Path(sys.argv[1]), sys.argv[2], progress=progress)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(folder), name], check=False, capture_output=True, text=True)
    assert -9 == killed.returncode
    assert left == read_settings(folder).database
    assert before == roots(folder)
    *_, last = seen = killed.stdout.split()
    arrived: set[str] = set()
    moved = move(folder, name, progress=lambda table, rows: arrived.add(table))
    assert before == {log.name: (log.size, log.root) for log in moved.logs} == roots(folder)
    assert set() == (set(seen) - {last}) & arrived, "what had arrived whole is not copied again"
