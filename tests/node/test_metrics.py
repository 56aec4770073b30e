"""Metrics: counts and times by member, on a port of their own, and never a word of a record."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from accord.errors import Unready
from accord.node import metrics, worker
from accord.node.settings import Listen
from tests.stories.alliance import Alliance, founded, indicator

WORD = "quixotic-lantern"


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        found.publish("KZ", indicator(1, name=WORD), to="KG")
        worker.round_with(found.nodes["KG"], found.client("KG", "KZ"), clock=found.clock)
        yield found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _scraped(alliance: Alliance, member: str) -> str:
    node = alliance.nodes[member]
    listen = Listen(host="127.0.0.1", port=0, metrics_port=_free_port())
    with metrics.serving(node.means, node.timings, listen):
        return httpx2.get(f"http://127.0.0.1:{listen.metrics_port}/metrics", trust_env=False).text


def test_sizes_receipts_and_contacts_are_told_by_member(alliance: Alliance) -> None:
    sender, receiver = _scraped(alliance, "KZ"), _scraped(alliance, "KG")
    assert 'accord_channel_leaves{direction="out",partner="KG"} 2.0' in sender
    assert 'accord_channel_receipted_leaves{direction="out",partner="KG"} 2.0' in sender
    assert 'accord_holdings_records{came="channel",source="KZ"} 1.0' in receiver
    assert 'accord_peer_fault{peer="KZ"} 0.0' in receiver
    assert 'accord_peer_contact_timestamp_seconds{peer="KZ"}' in receiver
    assert 'accord_sync_seconds_count{peer="KZ"} 1.0' in receiver


def test_answers_of_the_gate_are_counted(alliance: Alliance) -> None:
    [line] = [line for line in _scraped(alliance, "KZ").splitlines() if line.startswith("accord_gate_seconds_count")]
    assert float(line.split()[1]) > 0


def test_no_word_of_a_record_is_told(alliance: Alliance) -> None:
    assert [f"{WORD} 1"] == [found.name for found in alliance.search("KG", WORD)]
    assert [False, False] == [WORD in _scraped(alliance, member) for member in ("KZ", "KG")]


def test_a_taken_port_is_the_operators_turn_and_names_the_setting(alliance: Alliance) -> None:
    node = alliance.nodes["KZ"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen(host="127.0.0.1", port=0, metrics_port=taken.getsockname()[1])
        with pytest.raises(Unready, match="cannot be used for metrics") as error, metrics.serving(node.means, node.timings, listen):
            pass
    assert "listen.metrics_port" in error.value.remedy


def test_without_a_port_nothing_is_registered(alliance: Alliance) -> None:
    node = alliance.nodes["KZ"]
    with metrics.serving(node.means, node.timings, Listen(host="127.0.0.1", port=0, metrics_port=0)):
        names = {family.name for family in node.timings.registry.collect()}
    assert {"accord_sync_seconds", "accord_gate_seconds"} == names
