"""Sync between two nodes: one member's whole channel fetched, checked, proven and kept by another, with where the time goes.

The sender is a node as `accord run` serves it. The receiver is a process of its own that runs one round, and then an idle one; run as a module
it is that process: ``python -m benchmarks.sync FOLDER PEER``. The figures of a step are processor time, which a busy machine bends less than wall time.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import orjson

from accord.charter.officers import OfficerRole
from accord.desk import importing, office, receive
from accord.exchange import client as peer_client
from accord.exchange import sync
from accord.exchange.client import PeerClient, connection
from accord.node.build import opened, utc_now
from accord.node.stage import raise_stage
from accord.release.question import Offer
from accord.stix.marking import Grade, Tlp
from accord.store import acts, logs, records
from benchmarks import corpus, stand

OFFICER = "A. Bekova (invented)"
SOURCE = "invented"
FILE_OBJECTS = 20_000
# What is measured of the receiver: the module and the name that the story calls, and what it is to a reader. A step may stand inside another.
STEPS: tuple[tuple[Any, str, str], ...] = (
    (peer_client, "read_bounded", "fetch: waiting for the sender and reading bytes"),
    (peer_client, "decode_page", "parse a page"),
    (receive, "receive", "receive a page, of which"),
    (receive, "prove", "- check bytes, commitments, signatures"),
    (receive, "_same_root", "- recompute the root"),
    (receive, "admit", "- law, marking and the standard"),
    (records, "keep", "- keep records"),
    (logs, "append", "- append leaves"),
    (acts, "note_acts", "- journal"),
)


def run(scratch: Path, *, count: int) -> None:
    """Fill the sender once for a scratch folder, sync into an empty receiver, and print the figures."""
    home = scratch / f"sync-{count}"
    if not home.exists():
        _fill(home, count)
    sender, receiver = home / "KZ", home / "KG"
    fresh = home / "fresh"  # The receiver as it was founded, for the next run over the same scratch folder.
    if not fresh.exists():
        shutil.copytree(receiver, fresh)
    shutil.rmtree(receiver)
    shutil.copytree(fresh, receiver)
    load = os.getloadavg()[0]
    with served(sender) as pid:
        before = processor_seconds(pid)
        found = orjson.loads(
            subprocess.run([sys.executable, "-m", "benchmarks.sync", str(receiver), "KZ"], check=True, stdout=subprocess.PIPE).stdout
        )
        given = processor_seconds(pid) - before
        memory = most_memory(pid)
    size, wall, own = found["size"], found["wall"], found["processor"]
    print(f"\n{size:,} leaves in {wall:.1f} s: {size / wall:,.0f} a second; load {load:.1f} to {os.getloadavg()[0]:.1f}")
    print(f"idle round after it: {found['idle_ms']:.1f} ms, {found['idle_requests']} request")
    print(
        f"processor time: receiver {own:.1f} s ({own / size * 1e6:.1f} µs a leaf), sender {given:.1f} s ({given / size * 1e6:.1f} µs a leaf)"
    )
    print(f"most memory held: receiver {found['memory']:.0f} MiB, sender {memory:.0f} MiB")
    print("\n| step of the receiver | processor, µs a leaf | wall, µs a leaf |\n| --- | --- | --- |")
    for says, (processor, elapsed) in found["steps"].items():
        print(f"| {says} | {processor / size * 1e6:.1f} | {elapsed / size * 1e6:.1f} |")


def _fill(home: Path, count: int) -> None:
    """Found both nodes; the sender imports invented objects and releases them to the receiver."""
    raise_stage(home, ("KZ", "KG"), port=None)
    offer = Offer(("KG",), "SC/7", "a measurement", Tlp.AMBER, Grade.parse("B2"), (utc_now() + timedelta(days=300)).date())
    with opened(home / "KZ") as node:
        office.add_officer(node.means, name=OFFICER, role=OfficerRole.OFFICER, now=utc_now())
        files = (b"\n".join(corpus.contents(min(FILE_OBJECTS, count - first), first=first)) for first in range(0, count, FILE_OBJECTS))
        began = time.process_time()
        importing.import_files(node.means, files, source=SOURCE, now=utc_now())
        imported = time.process_time()
        importing.release_imported(node.means, source=SOURCE, officer=OFFICER, offer=offer, now=utc_now())
        released = time.process_time()
    print(
        f"{count:,} objects: imported in {(imported - began) / count * 1e6:.0f} µs of processor time each, "
        f"released in {(released - imported) / count * 1e6:.0f}",
        flush=True,
    )


@contextmanager
def served(folder: Path) -> Iterator[int]:
    with stand.process([sys.executable, "-m", "accord", "run", str(folder)], quiet=True) as pid:
        with opened(folder) as node:
            stand.wait_for(node.settings.listen.port)
        yield pid


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_memory(pid: int) -> float:
    found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _clocked(module: Any, name: str, kept: list[float]) -> None:
    inner: Callable[..., Any] = getattr(module, name)

    @wraps(inner)
    def measured(*arguments: Any, **named: Any) -> Any:
        processor, elapsed = time.thread_time(), time.monotonic()
        try:
            return inner(*arguments, **named)
        finally:
            kept[0] += time.thread_time() - processor
            kept[1] += time.monotonic() - elapsed

    setattr(module, name, measured)


def _receive(folder: Path, peer: str) -> None:
    steps = {says: [0.0, 0.0] for _, _, says in STEPS}
    for module, name, says in STEPS:
        _clocked(module, name, steps[says])
    requests: list[str] = []
    with opened(folder) as node, connection(node.settings.peers[peer]) as http:
        http.event_hooks = {"request": [lambda request: requests.append(str(request.url))]}
        client = PeerClient(node.means, peer, http, utc_now)
        began, processor = time.monotonic(), time.process_time()
        outcome = sync.synchronise(node.means, client, clock=utc_now)
        wall, processor = time.monotonic() - began, time.process_time() - processor
        requests.clear()
        began = time.monotonic()
        assert sync.synchronise(node.means, client, clock=utc_now).idle
        idle = time.monotonic() - began
    found = {
        "size": outcome.size,
        "wall": wall,
        "processor": processor,
        "idle_ms": idle * 1000,
        "idle_requests": len(requests),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "steps": steps,
    }
    sys.stdout.write(orjson.dumps(found).decode())


if __name__ == "__main__":
    _receive(Path(sys.argv[1]), sys.argv[2])
