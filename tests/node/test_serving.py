"""Several processes serve one node: real ones, that are killed, stopped and started again. Nothing is lost, nothing is done twice, and each end is said."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import orjson
import pytest

from accord.desk import audit, publish, status
from accord.node.build import opened, utc_now
from accord.node.lease import LEASE_SECONDS, LOOK_SECONDS
from accord.node.serving import DEATHS_MAX
from accord.node.settings import Listen, read_settings, write_settings
from accord.store.lease import holder_of
from tests.databases import tamper
from tests.stories.alliance import OFFICER, founded, indicator, offer

ANSWER_SECONDS_MAX = 60  # For a process to begin or to end on a busy machine.
MOVE_SECONDS_MAX = LEASE_SECONDS + LOOK_SECONDS + 15  # What the manual names, and a slow machine.
OTHERS_TURN = 3


@dataclass
class Running:
    """`accord run` and the processes below it."""

    process: subprocess.Popen[str]
    folder: Path
    url: str

    def below(self) -> set[int]:
        """The processes that serve: those below it that have the door open, among which multiprocessing's own tracker is not."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(number) for number in found if b"resource_tracker" not in Path(f"/proc/{number}/cmdline").read_bytes()}

    def holder(self) -> int | None:
        """Which of them does the node's own work."""
        with opened(self.folder) as node, node.means.database.reading() as transaction:
            name = holder_of(transaction)
        return None if name is None else int(name.partition("-")[0])

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(ANSWER_SECONDS_MAX)


@contextmanager
def run(folder: Path, *words: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "accord", "run", str(folder), "--port", "0", "--json", *words]
    with (folder / "node.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (folder / "node.log").read_text()
        yield Running(process, folder, json.loads(line)["url"])
    finally:
        process.terminate()
        try:
            process.wait(ANSWER_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()


def until(true: Callable[[], object], seconds: float = ANSWER_SECONDS_MAX) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}livez", timeout=10, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """KZ and KG, founded and left; nobody serves them yet."""
    with founded(tmp_path, ("KZ", "KG")):
        pass
    for member in ("KZ", "KG"):
        settings = read_settings(tmp_path / member)
        write_settings(tmp_path / member, settings.model_copy(update={"sync": settings.sync.model_copy(update={"interval_seconds": 1})}))
    return {member: tmp_path / member for member in ("KZ", "KG")}


def knows(folder: Path, **peers: str) -> None:
    write_settings(folder, read_settings(folder).model_copy(update={"peers": peers}))


def give(folder: Path, number: int) -> None:
    with opened(folder) as node:
        raw = orjson.dumps([indicator(number)])
        publish.publish(node.means, [raw], officer=OFFICER, offer=offer("KG"), now=utc_now())


def received(folder: Path) -> int:
    with opened(folder) as node:
        return status.status(node.means).incoming[0].size


def test_the_work_goes_on_elsewhere_when_its_process_is_killed_and_is_done_once(folders: dict[str, Path]) -> None:
    with run(folders["KZ"]) as giver:
        knows(folders["KG"], KZ=giver.url.rstrip("/"))
        with run(folders["KG"], "--workers", "2") as taker:
            give(folders["KZ"], 1)
            until(lambda: received(folders["KG"]) == 2)
            until(lambda: len(taker.below()) == 2)
            killed = taker.holder()
            assert killed in taker.below()
            os.kill(killed, signal.SIGKILL)
            give(folders["KZ"], 2)
            began = time.monotonic()
            until(lambda: received(folders["KG"]) == 4, MOVE_SECONDS_MAX)
            assert time.monotonic() - began < MOVE_SECONDS_MAX
            until(lambda: len(taker.below()) == 2)
            assert killed != taker.holder()
            assert taker.holder() in taker.below()
            assert 0 == taker.stop()
            assert taker.holder() is None, "who ends gives the lease back"
        assert f"ended with status {-signal.SIGKILL}" in (folders["KG"] / "node.log").read_text()
    with opened(folders["KG"]) as node:
        assert [2] == [held.records for held in status.status(node.means).holdings]
        assert {log.name: log.size for log in audit.audit(node.means)}[node.means.channel_from("KZ")] == 4
        with node.means.database.reading() as transaction:
            bodies = tamper(transaction, "select body from content where collection = :log", log=node.means.journal)
    receipts = sorted(entry["size"] for (body,) in bodies if (entry := orjson.loads(body))["act"] == "receipted")
    assert [2, 4] == receipts, "each was received and receipted by one process"


def test_every_process_answers_at_the_one_address_and_all_end_with_their_parent(folders: dict[str, Path]) -> None:
    with run(folders["KZ"], "--workers", "3") as running:
        until(lambda: answers(running.url))
        until(lambda: running.holder() is not None)
        killed = (running.below() - {running.holder()}).pop()
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(running.below() - {killed}) == 3)
        assert [True] * 20 == [answers(running.url) for _ in range(20)]
        below = running.below()
        running.process.kill()
        running.process.wait()
        until(lambda: not any(map(is_alive, below)))
        assert not answers(running.url)
    with run(folders["KZ"]) as again:
        until(lambda: answers(again.url))
        until(lambda: again.holder() == again.process.pid, LEASE_SECONDS / 2)


def test_a_node_that_runs_is_not_run_a_second_time_and_ends_well_when_told_to(folders: dict[str, Path]) -> None:
    with run(folders["KZ"]) as running:
        command = [sys.executable, "-m", "accord", "run", str(folders["KZ"]), "--port", "0"]
        second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX)
        assert (OTHERS_TURN, "") == (second.returncode, second.stdout)
        assert "the node runs already" in second.stderr
        assert "--workers N" in second.stderr
        until(lambda: answers(running.url))
        until(lambda: running.holder() == running.process.pid)
        assert 0 == running.stop()
        assert running.holder() is None


def test_processes_that_cannot_serve_end_the_whole_and_say_why(folders: dict[str, Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = read_settings(folders["KZ"])
        write_settings(folders["KZ"], settings.model_copy(update={"listen": Listen(host="127.0.0.1", port=0, metrics_port=port)}))
        command = [sys.executable, "-m", "accord", "run", str(folders["KZ"]), "--workers", "2"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3 * ANSWER_SECONDS_MAX)
    assert OTHERS_TURN == ended.returncode
    assert f"port {port} on 127.0.0.1 cannot be used for metrics" in ended.stderr
    assert "the node's processes keep ending, the last with status 3" in ended.stderr
    assert DEATHS_MAX == ended.stderr.count("another one takes its place")
