"""A TAXII tool that measures: one connection that asks and waits, or eight that keep a server busy. It parses nothing while the clock runs."""

from __future__ import annotations

import asyncio
import http.client
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
import uvloop

from benchmarks.stand import HOST, Target

MEDIA_TYPE = "application/taxii+json;version=2.1"
ANSWER_SECONDS_MAX = 120  # Seconds. A peer that takes longer is said to take longer.
MEASURE_SECONDS_MAX = 10  # Seconds of one measurement in one round; the question under way is waited for.
CONNECTIONS = 8


class NotMeasured(Exception):
    """The server did not do what was to be measured; the text says what it did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took from the request to the last byte."""

    status: int
    body: bytes
    seconds: float


class Tool:
    """One connection to one target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._connection = http.client.HTTPConnection(HOST, target.port, timeout=ANSWER_SECONDS_MAX)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = {"Accept": MEDIA_TYPE, "Authorization": self.target.authorization}
        if body is not None:
            headers["Content-Type"] = MEDIA_TYPE
        try:
            return self._exchange(method, path, body, headers)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):  # It was idle, and the server closed it.
            self._connection.close()
            return self._exchange(method, path, body, headers)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return Answer(answer.status, content, time.perf_counter() - began)

    def get(self, **asked: object) -> Answer:
        """A page; anything but 200 is `NotMeasured`."""
        answer = self.ask("GET", f"{self.target.path}?{urlencode({name: str(value) for name, value in asked.items()})}")
        if answer.status != 200:
            raise NotMeasured(f"GET answered {answer.status}")
        return answer

    def close(self) -> None:
        self._connection.close()


def pages(tool: Tool, size: int, *, count: int) -> float:
    """Objects a second over `count` pages in a row, the median of them; fewer where they take longer than is waited."""
    found: list[float] = []
    following: dict[str, str] = {}
    ends = time.perf_counter() + MEASURE_SECONDS_MAX
    for _ in range(count):
        if found and time.perf_counter() > ends:
            break
        answer = tool.get(limit=size, **following)
        page = orjson.loads(answer.body)
        found.append(len(page.get("objects", ())) / answer.seconds)
        if not page.get("more"):
            break
        following = {"next": page["next"]}
    if not any(found):
        raise NotMeasured("no page had an object")
    return statistics.median(found)


def whole(tool: Tool, size: int, *, seconds_max: float) -> float:
    """Objects a second of a full read, each page parsed, as far as it comes in that time."""
    total, following = 0, dict[str, str]()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds_max:
        page = orjson.loads(tool.get(limit=size, **following).body)
        total += len(page.get("objects", ()))
        if not page.get("more"):
            break
        following = {"next": page["next"]}
    if not total:
        raise NotMeasured("no page had an object")
    return total / (time.perf_counter() - began)


def poll(tool: Tool, *, count: int) -> float:
    """Milliseconds of a poll with nothing new, the median; of fewer where they take longer than is waited."""
    found: list[float] = []
    ends = time.perf_counter() + MEASURE_SECONDS_MAX
    while len(found) < count and not (found and time.perf_counter() > ends):
        found.append(_empty(tool.get(added_after=now_text(), limit=1000)).seconds * 1000)
    return statistics.median(found)


def _empty(answer: Answer) -> Answer:
    if orjson.loads(answer.body).get("objects"):
        raise NotMeasured("a poll for what came after now gave objects")
    return answer


def post(tool: Tool, body: bytes, *, count: int) -> float:
    """Objects a second of one request, until its status is complete and says that all were taken."""
    answer = tool.ask("POST", tool.target.written or tool.target.path, body)
    if answer.status != 202:
        raise NotMeasured(f"POST answered {answer.status}")
    status = orjson.loads(answer.body)
    seconds = answer.seconds
    while status.get("status") == "pending":
        again = tool.ask("GET", f"{tool.target.path.partition('collections/')[0]}status/{status['id']}/")
        status, seconds = orjson.loads(again.body), seconds + again.seconds
    if status.get("failure_count"):
        raise NotMeasured(f"{status['failure_count']} of {count} objects were refused")
    return count / seconds


def busy(target: Target, path: str, *, seconds: float, connections: int = CONNECTIONS) -> float:
    """Answers a second while so many connections ask without a pause."""
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: {MEDIA_TYPE}\r\nAuthorization: {target.authorization}\r\n\r\n".encode()
    counted = 0

    def one_more() -> None:
        nonlocal counted
        counted += 1

    async def run() -> float:
        loop = asyncio.get_running_loop()
        transports = [(await loop.create_connection(lambda: _Asking(request, one_more), HOST, target.port))[0] for _ in range(connections)]
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        for transport in transports:
            transport.abort()
        return counted / took

    return uvloop.run(run())


class _Asking(asyncio.Protocol):
    """Sends one request again and again, each when the answer before it is whole. All answers have the length of the first."""

    def __init__(self, request: bytes, answered: Callable[[], None]) -> None:
        self._request, self._answered = request, answered
        self._came = self._length = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._length:
            head, _, _ = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise NotMeasured(head[:60].decode())
            said = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._length = len(head) + 4 + int(said.partition(b":")[2])
        self._came += len(data)
        if self._came >= self._length:
            self._came -= self._length
            self._answered()
            self._transport.write(self._request)


def now_text() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
