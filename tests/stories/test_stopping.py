"""A node that is told to stop ends what it has in hand, leaves with status 0, and nothing is lost: real processes, real signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import httpx2
import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import audit, clients, office, publish
from accord.desk.status import status
from accord.node.build import opened, utc_now
from accord.node.stage import Staged, raise_stage
from accord.node.worker import STOP_SECONDS_MAX
from accord.stix.marking import Tlp
from tests.databases import on_sqlite
from tests.stories.alliance import OFFICER, indicator, offer

pytestmark = on_sqlite  # The stage founds its nodes on SQLite; how a process ends is the same on either.

RECORDS = 1_000
WAIT_SECONDS_MAX = 120
LEAVE_SECONDS_MAX = 2 * STOP_SECONDS_MAX + 10  # Open answers, then the worker, then a busy machine.


@pytest.fixture
def stage(tmp_path: Path) -> dict[str, Staged]:
    return {staged.member: staged for staged in raise_stage(tmp_path / "stage", ("KZ", "KG"), port=None)}


@contextmanager
def running(staged: Staged) -> Iterator[subprocess.Popen[bytes]]:
    """The member's node as a process of its own, once it answers; it is ended if the test has not ended it."""
    with (staged.folder / "node.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "accord", "run", str(staged.folder)], stdout=log, stderr=log)
    try:
        _until(lambda: _alive(staged), f"{staged.member} does not answer")
        yield process
    finally:
        process.kill()
        process.wait()


def _alive(staged: Staged) -> bool:
    try:
        return httpx2.get(f"{staged.url}/livez", timeout=2.0).status_code == 200
    except httpx2.HTTPError:
        return False


def _until(true: Callable[[], bool], says: str) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < WAIT_SECONDS_MAX, says
        time.sleep(0.05)


def _held(staged: Staged) -> int:
    with opened(staged.folder) as node:
        return sum(count.records for count in status(node.means).holdings)


def _told_to_stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(LEAVE_SECONDS_MAX)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_told_to_stop_leaves_with_status_0(stage: dict[str, Staged], number: signal.Signals) -> None:
    with running(stage["KZ"]) as process:
        assert 0 == _told_to_stop(process, number)


def test_a_node_stopped_in_the_middle_of_a_page_goes_on_where_it_was(stage: dict[str, Staged]) -> None:
    giver, receiver = stage["KZ"], stage["KG"]
    with opened(giver.folder) as node:
        office.add_officer(node.means, name=OFFICER, role=OfficerRole.OFFICER, now=utc_now())
        raw = orjson.dumps([indicator(number) for number in range(RECORDS)])
        publish.publish(node.means, [raw], officer=OFFICER, offer=offer("KG"), now=utc_now())
    with running(giver) as giving:
        with running(receiver) as process:  # It asks for the page at once.
            assert 0 == _told_to_stop(process)
        with opened(receiver.folder) as node:
            audit.audit(node.means)  # What is there is whole, however far it came.
        with running(receiver) as process:
            _until(lambda: _held(receiver) >= RECORDS, "the rest did not come")
            assert 0 == _told_to_stop(process)
        assert 0 == _told_to_stop(giving)
    assert RECORDS == _held(receiver)


def test_what_a_tool_hands_in_while_the_node_stops_is_kept_whole_or_not_at_all(stage: dict[str, Staged]) -> None:
    staged = stage["KZ"]
    with opened(staged.folder) as node:
        tool = clients.add_client(node.means, name="feed", may_read=True, may_write=True, clearance=Tlp.RED, now=utc_now())
    answers: list[int] = []
    body = json.dumps({"objects": [indicator(number) for number in range(RECORDS)]}).encode()

    def hand_in() -> None:
        headers = {"Authorization": f"Bearer {tool.bearer}", "Content-Type": "application/taxii+json;version=2.1"}
        try:
            answers.append(
                httpx2.post(f"{staged.url}/taxii2/accord/collections/holdings/objects/", content=body, headers=headers).status_code
            )
        except httpx2.HTTPError:
            answers.append(0)

    with ExitStack() as stack:
        process = stack.enter_context(running(staged))
        thread = Thread(target=hand_in)
        thread.start()
        time.sleep(0.1)  # The objects are on their way or being checked.
        assert 0 == _told_to_stop(process)
        thread.join()
    held = _held(staged)
    assert held in (0, RECORDS)
    assert answers == [202] if held else answers in ([0], [503])
