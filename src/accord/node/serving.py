"""Serving a node: one process, or several that take their connections from one listening socket, under a parent that watches over them.

Duties of the parent:
  1. a process that ends is followed by a new one; where they keep ending, all are stopped and it is said why;
  2. told to stop, it tells all of them, and leaves when the last has ended;
  3. should it be killed itself, they end by themselves.
Which of the processes does the node's own work is settled among them (`node.lease`). No connection, thread or file is carried into a new process but
the listening socket: each opens the node for itself.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread

import uvicorn

from accord.errors import AccordError, Unready
from accord.node import logbook, metrics, worker
from accord.node.build import Node, application, opened
from accord.node.logbook import LogForm

PROCESSES_MAX = 32  # Processes of one node. Each holds up to 64 connections to a PostgreSQL server.
DEATHS_MAX = (
    5  # Processes that may end within DEATHS_SECONDS. One that the system killed is no pattern; more are, and starting on would hide it.
)
DEATHS_SECONDS = 60
LEAVE_SECONDS_MAX = (
    30  # Seconds for the requests and the page in hand of all processes. Beyond it they are ended, and what was not kept comes again.
)
ENDED_UNREADY = 3  # The exit status of a process whose node cannot be opened or served.

_log = logging.getLogger(__name__)


def bound(host: str, port: int) -> socket.socket:
    """The port, taken: only then is it said that the node serves. Connections wait in it until a server takes them."""
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen()
    except OSError as error:
        door.close()
        raise Unready(
            f"port {port} on {host} cannot be used: {error.strerror or error}",
            remedy="stop what serves there, another node perhaps, or choose another port with --port or in settings.toml",
        ) from None
    return door


def serve(node: Node, door: socket.socket) -> None:
    """Serve in this process until it is told to stop: the worker, and whoever comes through the door."""
    config = uvicorn.Config(
        application(node), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=worker.STOP_SECONDS_MAX
    )
    server, stop = uvicorn.Server(config), Event()
    thread = Thread(target=worker.run, args=(node, stop), name="worker", daemon=True)
    _end_with_the_parent(server)
    thread.start()
    try:
        _end_softly(stop)
        server.run(sockets=[door])
    finally:
        stop.set()
        thread.join(timeout=worker.STOP_SECONDS_MAX)


def _end_softly(stop: Event) -> None:
    """Let a signal to end mean the end of `server.run` and not of the process: the server ends what it answers, then sends itself the signal anew."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _end_with_the_parent(server: uvicorn.Server) -> None:
    """3"""
    parent = parent_process()
    if parent is None:
        return

    def look() -> None:
        wait([parent.sentinel])
        server.should_exit = True

    Thread(target=look, name="parent", daemon=True).start()


def serve_together(folder: Path, door: socket.socket, *, processes: int, log: LogForm) -> None:
    """Serve with several processes until told to stop; `Unready` when they keep ending."""
    together = _Together(folder, door, log)
    with _told_to_stop() as told:
        try:
            for process in range(processes):
                together.start(process)
            while told not in (ended := wait([told, *together.sentinels()])):
                together.follow(ended)  # 1
        finally:
            together.stop()  # 2


class _Together:
    """The processes by their number."""

    def __init__(self, folder: Path, door: socket.socket, log: LogForm) -> None:
        self._made_of = (folder, door, log)
        self._running: dict[int, SpawnProcess] = {}
        self._deaths: deque[float] = deque(maxlen=DEATHS_MAX)

    def sentinels(self) -> list[int]:
        return [process.sentinel for process in self._running.values()]

    def start(self, number: int) -> None:
        process = get_context("spawn").Process(target=_one_of_them, args=(*self._made_of, number), name=f"accord-{number}")
        process.start()
        self._running[number] = process

    def follow(self, ended: Sequence[object]) -> None:
        """Start one in the place of each that has ended. 1"""
        for number, process in list(self._running.items()):
            if process.sentinel not in ended:
                continue
            process.join()
            now = time.monotonic()
            if len(self._deaths) == DEATHS_MAX and now - self._deaths[0] < DEATHS_SECONDS:
                says = f"the node's processes keep ending, the last with status {process.exitcode}"
                raise Unready(says, remedy="see what they said before; accord run without --workers says it once")
            self._deaths.append(now)
            _log.error("process %d of the node ended with status %s; another one takes its place", number, process.exitcode)
            self.start(number)

    def stop(self) -> None:
        """Tell all of them, wait for all of them. 2"""
        for process in self._running.values():
            process.terminate()
        end = time.monotonic() + LEAVE_SECONDS_MAX
        for number, process in self._running.items():
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                _log.error("process %d of the node did not end within %d s and is ended", number, LEAVE_SECONDS_MAX)
                process.kill()
                process.join()


@contextmanager
def _told_to_stop() -> Iterator[socket.socket]:
    """A socket that has something to read once somebody wants this process to stop, so that it can be waited for beside other things."""
    told, tell = socket.socketpair()
    with told, tell:
        before = {number: signal.signal(number, lambda *_: tell.send(b".")) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield told
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _one_of_them(folder: Path, door: socket.socket, log: LogForm, number: int) -> None:
    """What a further process does, from its first line to its last."""
    logbook.begin(log)
    try:
        with opened(folder) as node, metrics.serving(node.means, node.timings, node.settings.listen, process=number):
            serve(node, door)
    except AccordError as error:
        _log.error("process %d of the node cannot serve: %s; %s", number, error.says, error.remedy)
        sys.exit(ENDED_UNREADY)
