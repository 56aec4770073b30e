"""The worker under bad weather: a peer that hangs, a clock that jumps, an address that changed. The others go on, and what is wrong is said."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import orjson
import psycopg
import pytest
import uvicorn
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from accord.desk import contact, importing, read
from accord.desk.status import status
from accord.errors import PeerSilent
from accord.exchange import client
from accord.node import worker
from accord.node.build import Node, application, opened
from accord.node.founding import found_node
from accord.store import erasure
from tests.databases import dsn_file, server
from tests.stories.alliance import START, Alliance, founded, indicator

WAIT_SECONDS_MAX = 20


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found


@contextmanager
def _serving(alliance: Alliance, member: str) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(alliance.nodes[member], alliance.clock), log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT_SECONDS_MAX)


@contextmanager
def _hanging() -> Iterator[str]:
    """A peer that takes the call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _with_peers(node: Node, **peers: str) -> Node:
    settings = node.settings.model_copy(update={"peers": peers, "sync": node.settings.sync.model_copy(update={"interval_seconds": 1})})
    return replace(node, settings=settings)


def _until(true: object, alliance: Alliance, member: str, sender: str) -> None:
    began = time.monotonic()
    while next(channel.size for channel in status(alliance.means(member)).incoming if channel.partner == sender) != true:
        assert time.monotonic() - began < WAIT_SECONDS_MAX
        time.sleep(0.05)


def test_a_peer_that_hangs_holds_up_nobody_but_itself(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    stop = Event()
    with _serving(alliance, "KZ") as url, _hanging() as silent:
        node = _with_peers(alliance.nodes["KG"], KZ=url, TJ=silent)
        thread = Thread(target=worker.run, args=(node, stop), kwargs={"clock": alliance.clock}, daemon=True)
        thread.start()
        _until(2, alliance, "KG", "KZ")
        stop.set()


def test_a_peer_that_does_not_answer_in_time_is_named(alliance: Alliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS_MAX", 0.2)
    with _hanging() as silent, client.connection(silent) as http:
        asked = client.PeerClient(alliance.means("KG"), "TJ", http, alliance.clock)
        with pytest.raises(PeerSilent, match="TJ does not answer"):
            asked.checkpoint()


def test_a_changed_address_is_said_and_tried_again_later(alliance: Alliance) -> None:
    with _hanging() as gone:
        pass
    node = _with_peers(alliance.nodes["KG"], KZ=gone)
    with client.connection(gone) as http:
        worker.round_with(node, client.PeerClient(node.means, "KZ", http, alliance.clock), clock=alliance.clock)
    [peer] = [peer for peer in status(node.means).peers if peer.member == "KZ"]
    assert "KZ does not answer" in peer.fault
    assert not contact.is_due(node.means, "KZ", now=alliance.clock())
    assert contact.is_due(node.means, "KZ", now=alliance.clock() + timedelta(minutes=6))


def test_missing_rights_to_erase_on_a_server_do_not_stop_the_rest_of_the_house(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with _without_rights() as dsn:
        folder = found_node(tmp_path / "node", charter="sco", member="KZ", now=START, database=dsn_file(tmp_path, dsn)).folder
        with opened(folder) as node:
            with node.means.database.writing() as transaction:
                erasure.note_to_forget(transaction)
            importing.import_files(node.means, [orjson.dumps(indicator(1))], source="Invented feed", now=START)
            worker.keep_house(node, Event(), worker.Traffic(), clock=lambda: START)
            assert 0 == read.catch_up(node.means), "what came is indexed"
    assert ["the server forbids to remove them" in record.message for record in caplog.records] == [True]


@contextmanager
def _without_rights() -> Iterator[str]:
    """A database whose owner may neither make checkpoints nor see the server's log files."""
    one, role = server(), f"accord_bare_{os.getpid()}"
    dsn = one.create()
    name = str(conninfo_to_dict(dsn)["dbname"])
    with closing(psycopg.connect(one.dsn, autocommit=True)) as connection:
        connection.execute(f"create role {role} login".encode())
        connection.execute(f"alter database {name} owner to {role}".encode())
        try:
            yield make_conninfo(dsn, user=role)
        finally:
            one.drop(name)
            connection.execute(f"drop role {role}".encode())


def test_a_clock_that_jumped_back_does_not_silence_a_peer(alliance: Alliance) -> None:
    means = alliance.means("KG")
    fault = PeerSilent("contact", "KZ does not answer")
    now = alliance.clock()
    contact.went_wrong(means, "KZ", fault, now=now + timedelta(days=400), interval=timedelta(seconds=5), longest=timedelta(minutes=5))
    assert contact.is_due(means, "KZ", now=now)


def test_a_partners_clock_that_differs_is_noted_at_the_contact_and_told(alliance: Alliance) -> None:
    # The server says the time of this machine in its Date; the alliance lives at another.
    with _serving(alliance, "KZ") as url, client.connection(url) as http:
        node = alliance.nodes["KG"]
        worker.round_with(node, client.PeerClient(node.means, "KZ", http, alliance.clock), clock=alliance.clock)
    [peer] = [peer for peer in status(alliance.means("KG")).peers if peer.member == "KZ"]
    assert round((datetime.now(UTC) - alliance.clock()).total_seconds()) == pytest.approx(peer.clock_ahead, abs=60)
    assert peer.clock_differs


@pytest.mark.parametrize(
    ("date", "ahead"), [("Mon, 23 Nov 2026 09:00:47 GMT", 47), ("Mon, 23 Nov 2026 08:59:00 GMT", -60), ("", 0), ("yesterday", 0)]
)
def test_the_date_of_an_answer_says_how_far_its_clock_is_ahead(date: str, ahead: int) -> None:
    assert ahead == client.seconds_ahead(date, datetime(2026, 11, 23, 9, tzinfo=UTC))
