"""The demo's stage: three nodes founded in one folder, each served by a process of its own, and stopped again.

The charter is the SCO template with the three members' root keys, signed by all three.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from accord.charter.document import SignedCharter, found, template
from accord.errors import Refusal, Unready
from accord.node.build import Node, opened, utc_now
from accord.node.custody import new_key
from accord.node.founding import Founded, found_node
from accord.node.settings import write_settings
from accord.seal.canonical import digest_text

HOST = "127.0.0.1"
START_SECONDS_MAX = 60  # Seconds for a node to answer after its process began. On two busy cores it takes three.
DEMO_STOP_SECONDS_MAX = 15  # Seconds for a node to end in its own time before it is ended.
DEMO_SYNC_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Staged:
    """A member's node on the stage."""

    member: str
    url: str
    folder: Path
    password: str


def raise_stage(folder: Path, members: tuple[str, ...], *, port: int | None) -> list[Staged]:
    """Found the alliance and its nodes in `folder`, which must be new or empty. Without `port`, free ones are taken."""
    if folder.exists() and any(folder.iterdir()):
        raise Refusal(f"{folder} is not empty", remedy="give a new folder with --dir, or remove it")
    ports = _free_ports(len(members)) if port is None else [port + number for number in range(len(members))]
    _all_free(ports)
    folder.mkdir(parents=True, exist_ok=True)  # Nothing is made before everything is asked.
    roots = {member: new_key(folder / f"{member}-root.key") for member in members}
    charter = found(template(), {member: key.public for member, key in roots.items()})
    signed = SignedCharter(charter, ())
    for member, key in roots.items():
        signed = signed.signed_by(member, key)
    path = folder / "charter.json"
    path.write_bytes(signed.to_bytes())
    urls = {member: f"http://{HOST}:{where}" for member, where in zip(members, ports, strict=True)}
    return [
        _staged(folder, member, path, urls, where, digest=digest_text(charter.digest)) for member, where in zip(members, ports, strict=True)
    ]


def _staged(folder: Path, member: str, charter: Path, urls: dict[str, str], port: int, *, digest: str) -> Staged:
    founded: Founded = found_node(
        folder / member,
        charter=str(charter),
        member=member,
        now=utc_now(),
        pinned=digest,
        root_key=folder / f"{member}-root.key",
        port=port,
        peers={other: url for other, url in urls.items() if other != member},
    )
    quick = founded.settings.model_copy(update={"sync": founded.settings.sync.model_copy(update={"interval_seconds": DEMO_SYNC_SECONDS})})
    write_settings(founded.folder, quick)
    return Staged(member, urls[member], founded.folder, founded.status_password)


@contextmanager
def served(stage: list[Staged]) -> Iterator[dict[str, Node]]:
    """Serve every node in a process of its own and give their folders opened; all are stopped at the end, come what may."""
    processes = []
    with ExitStack() as stack:
        try:
            for staged in stage:
                # The node writes its own log; what it says while it starts is read only when it fails to.
                log = stack.enter_context((staged.folder / "node.log").open("ab"))
                command = [sys.executable, "-m", "accord", "run", str(staged.folder)]
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
            for staged, process in zip(stage, processes, strict=True):
                _wait_for(staged, process)
            yield {staged.member: stack.enter_context(opened(staged.folder)) for staged in stage}
        finally:
            _stop(processes)


def _wait_for(staged: Staged, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS_MAX:
        if process.poll() is not None:
            said = (staged.folder / "node.log").read_text(encoding="utf-8", errors="replace").strip()
            raise Unready(
                f"the node of {staged.member} ended at its start: {said}", remedy="mend what it says; another port is chosen with --port"
            )
        try:
            if httpx2.get(f"{staged.url}/accord/v1/keys", timeout=2.0).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise Unready(f"the node of {staged.member} did not answer within {START_SECONDS_MAX} s", remedy=f"see {staged.folder / 'node.log'}")


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(DEMO_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _all_free(ports: list[int]) -> None:
    """Refuse before anything is founded when somebody else, another demo perhaps, serves where a node would."""
    for port in ports:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((HOST, port))
            except OSError:
                raise Unready(
                    f"port {port} on {HOST} is in use, by another demo perhaps",
                    remedy='stop it, or choose others: --port N (make demo ARGS="--port 8300")',
                ) from None


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
