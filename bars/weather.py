"""Bad weather between a tool and a node: a line that loses and repeats, a clock that stands still or goes back, and a server that goes down."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread

import httpx2
import uvicorn

from accord.node.build import Node, application, opened

TRIES_MAX = 2_000  # Requests for one answer. A server is back within a second; more is a fault of its own.
PAUSE_SECONDS = 0.005


@dataclass
class StandingClock:
    """Gives one instant again and again, until it is moved, forwards or back."""

    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, chance: random.Random) -> None:
        self.now += timedelta(milliseconds=chance.choice((-500, 0, 0, 1, 1_000)))


@dataclass
class Server:
    """One node behind a real socket, taken down and brought back on the same port; the database is closed and opened with it."""

    folder: Path
    clock: Callable[[], datetime]
    port: int = 0
    restarts: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)
    _server: uvicorn.Server | None = None
    _thread: Thread | None = None

    def start(self) -> Node:
        node = self._stack.enter_context(opened(self.folder))
        listening = self._stack.enter_context(socket.create_server(("127.0.0.1", self.port)))
        self.port = listening.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(application(node, self.clock), log_level="critical", lifespan="off", access_log=False))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        return node

    def stop(self, *, at_once: bool = False) -> None:
        """Stop when what was asked is answered, or cut every line at once; what is being written is then kept or not, and nobody is told."""
        assert self._server is not None
        assert self._thread is not None
        if at_once:
            for line in list(self._server.server_state.connections):
                line.loop.call_soon_threadsafe(line.transport.abort)
        self._server.should_exit = True
        self._thread.join()
        self._stack.close()

    def restart(self, *, at_once: bool) -> None:
        self.stop(at_once=at_once)
        self.start()
        self.restarts += 1


@dataclass
class Line:
    """Sends requests through the weather, again and again until an answer has come whole. Every answer that the server began is counted."""

    http: httpx2.Client
    chance: random.Random
    lost: int = 0
    repeated: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def ask(self, method: str, path: str, *, headers: dict[str, str], content: bytes | None = None) -> httpx2.Response:
        for _ in range(TRIES_MAX):
            try:
                answer = self._once(method, path, headers, content)
            except httpx2.HTTPError:
                time.sleep(PAUSE_SECONDS)
                continue
            if answer is not None:
                return answer
        raise AssertionError(f"{method} {path} got no answer in {TRIES_MAX} tries")

    def _once(self, method: str, path: str, headers: dict[str, str], content: bytes | None) -> httpx2.Response | None:
        """One request; None where the weather ate its answer, or cut it short under the server's hands."""
        weather = self.chance.random()
        if weather < 0.1:
            self._count(self.http.request(method, path, headers=headers, content=content), repeated=1)
        if 0.1 <= weather < 0.2:
            with self.http.stream(method, path, headers=headers, content=content) as cut:
                self._count(cut, lost=1)
            return None
        answer = self.http.request(method, path, headers=headers, content=content)
        self._count(answer, lost=weather > 0.9)
        return None if weather > 0.9 else answer

    def _count(self, answer: httpx2.Response, *, lost: int = 0, repeated: int = 0) -> None:
        with self._lock:
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            self.lost += lost
            self.repeated += repeated
