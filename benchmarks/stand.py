"""A node to measure: founded in a folder, filled, and served by a process of its own with sign-in and gate as any node has them.

Only its worker is left out, so that no index and no round with a peer runs into a measurement. Run as a module it is that process:
``python -m benchmarks.stand FOLDER PORT``.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count as from_now_on
from pathlib import Path

import uvicorn

from accord.desk.clients import add_client
from accord.exchange.holdings import API_ROOT, holdings_id
from accord.node.build import application, opened, utc_now
from accord.node.stage import raise_stage
from accord.stix.record import of_fields
from accord.stix.statement import Originator
from accord.store import records
from accord.store.records import Arrival, Came
from benchmarks import corpus

HOST = "127.0.0.1"
START_SECONDS_MAX = 120  # Seconds for a server to answer. The slowest, a peer with 100,000 objects, takes about twenty.
_FILL_AT_ONCE = 10_000
_names = from_now_on(1)


@dataclass(frozen=True, slots=True)
class Target:
    """A TAXII 2.1 collection at an address, and the process that serves it."""

    name: str
    port: int
    path: str  # Of its objects.
    authorization: str
    pid: int
    written: str = ""  # Where objects are handed in, if not where they are read.

    def proportional_mebibytes(self) -> float:
        """Memory of the process and of those that it started; what they share is counted once (PSS)."""
        total = 0
        for process in _family(self.pid):
            try:
                found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            except OSError:
                continue
            total += int(found[1]) if found else 0
        return total / 1024


def found_node(folder: Path) -> Path:
    """Found a member's node in a new folder and give the node's own."""
    return raise_stage(folder, ("KZ", "KG"), port=None)[0].folder


def stored(folder: Path) -> int:
    """How many records the node's holdings have."""
    with opened(folder) as node, node.means.database.reading() as transaction:
        return sum(count for _, _, count in records.counts(transaction))


def fill(folder: Path, count: int) -> float:
    """Keep invented records of the member's own until there are `count`; gives records a second, or 0 where none was missing."""
    first = stored(folder)
    began = time.monotonic()
    with opened(folder) as node:
        own = Originator(node.means.member, is_member=True)
        for batch in corpus.batches(count - first, _FILL_AT_ONCE, first=first):
            arrivals = [Arrival(of_fields(item), Came.OWN, node.means.member, own) for item in batch]
            with node.means.database.writing() as transaction:
                records.keep(transaction, arrivals, now=utc_now())
    return max(0, count - first) / (time.monotonic() - began)


@contextmanager
def served(folder: Path) -> Iterator[Target]:
    """Serve the node while the block runs, to a tool that may read and write."""
    with opened(folder) as node:
        made = add_client(node.means, name=f"bench-{os.getpid()}-{next(_names)}", may_read=True, may_write=True, now=utc_now())
        path = f"{API_ROOT}collections/{holdings_id(node.means)}/objects/"
    port = free_port()
    with process([sys.executable, "-m", "benchmarks.stand", str(folder), str(port)]) as pid:
        target = Target("Accord", port, path, basic(made.name, made.password), pid)
        wait_for(port)
        yield target


@contextmanager
def process(command: list[str], *, environment: dict[str, str] | None = None, quiet: bool = False) -> Iterator[int]:
    """A process of our own, ended with the block."""
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if quiet else None, env=environment
    )
    try:
        yield running.pid
    finally:
        running.terminate()
        running.wait(30)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for(port: int, path: str = "/taxii2/") -> None:
    """Wait until a server answers, whatever it says."""
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS_MAX:
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=5).read()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port} after {START_SECONDS_MAX} s")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [pid, *(further for child in found for further in _family(child))]


def _serve(folder: Path, port: int) -> None:
    with opened(folder) as node:
        # As `accord run` has it (`cli/nodes.py`).
        uvicorn.run(application(node), host=HOST, port=port, log_level="warning", access_log=False, server_header=False)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
