"""Bar: an idle sync is one round trip of at most 1 KB each way of HTTP, the same at 1,000 and at 100,000 records."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread

import httpx2
import orjson

from accord.desk import importing
from accord.exchange.client import PeerClient
from accord.exchange.sync import synchronise
from accord.node.build import opened, utc_now
from accord.release.question import Offer
from accord.stix.marking import Grade, Tlp
from bars.road import OFFICER, Road
from tests.stories.alliance import indicator

SIZES = (1_000, 100_000)
OCTETS_MAX = 1_024  # Bytes each way: design section 8.


@dataclass
class Counted:
    """Bytes that passed a line, each way, and how many requests began."""

    up: int = 0
    down: int = 0
    requests: int = 0


def test_an_idle_sync_is_one_small_round_trip_whatever_the_size(tmp_path: Path) -> None:
    road = Road.build(tmp_path)
    offer = Offer(("KG",), "SC/7", "a bar", Tlp.AMBER, Grade.parse("B2"), (utc_now() + timedelta(days=300)).date())
    seen: dict[int, Counted] = {}
    known = 0
    for size in SIZES:
        lines = b"\n".join(orjson.dumps(indicator(number)) for number in range(known, size))
        with opened(road.stage["KZ"].folder) as node:
            importing.import_files(node.means, [lines], source="invented", now=utc_now())
            importing.release_imported(node.means, source="invented", officer=OFFICER, offer=offer, now=utc_now())
        known = size
        road.start("KZ")
        try:
            with (
                opened(road.stage["KG"].folder) as node,
                _line(road.stage["KZ"].url) as (url, counted),
                httpx2.Client(base_url=url) as http,
            ):
                client = PeerClient(node.means, "KZ", http, utc_now)
                synchronise(node.means, client, clock=utc_now)
                counted.up = counted.down = counted.requests = 0
                outcome = synchronise(node.means, client, clock=utc_now)
                assert outcome.idle
                assert outcome.size >= size
                seen[size] = Counted(counted.up, counted.down, counted.requests)
        finally:
            road.stop()
    for size, counted in seen.items():
        print(f"\nidle sync at {size:,} records: {counted.requests} request, {counted.up} bytes up, {counted.down} bytes down", end="")
        assert 1 == counted.requests
        assert max(counted.up, counted.down) <= OCTETS_MAX
    small, large = (seen[size] for size in SIZES)
    # The size and the token's numbers may take a digit or two more; nothing else grows.
    assert abs(large.up - small.up) <= 16
    assert abs(large.down - small.down) <= 16


@contextmanager
def _line(url: str) -> Iterator[tuple[str, Counted]]:
    """A line of our own between two nodes that counts what passes: TCP in, TCP out, nothing changed."""
    host, _, port = url.removeprefix("http://").partition(":")
    counted = Counted()
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            Thread(target=pump, args=(near, far, "up"), daemon=True).start()
            Thread(target=pump, args=(far, near, "down"), daemon=True).start()

    def pump(source: socket.socket, target: socket.socket, way: str) -> None:
        try:
            while part := source.recv(65_536):
                setattr(counted, way, getattr(counted, way) + len(part))
                if way == "up":
                    counted.requests += part.count(b" HTTP/1.1\r\n")
                target.sendall(part)
        except OSError:
            pass
        finally:
            target.close()

    Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", counted
    finally:
        listener.close()
