"""What the machine itself gives: the same bytes from a plain ASGI function, the same rows by plain SQL. Nobody signs in there, and no gate is asked.

Run as a module it serves a file: ``python -m benchmarks.limits FILE PORT``.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from benchmarks.stand import HOST, Target, free_port, process, wait_for
from benchmarks.tool import MEDIA_TYPE

_ROWS_OF_BYTES = "select body from content where collection = 'holdings' and place >= ? order by place limit ?"


@contextmanager
def plain(body: bytes) -> Iterator[Target]:
    """A server that answers every request with these bytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        port = free_port()
        with process([sys.executable, "-m", "benchmarks.limits", file.name, str(port)]) as pid:
            wait_for(port)
            yield Target("plain ASGI", port, "/", "", pid)


def rows(database: Path, size: int, *, count: int, step: int) -> float:
    """Bodies a second by plain SQL in the order of arrival, the median of pages that lie `step` apart."""
    found = []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for number in range(count):
            began = time.perf_counter()
            page = connection.execute(_ROWS_OF_BYTES, (number * step, size)).fetchall()
            found.append(len(page) / (time.perf_counter() - began))
    return statistics.median(found)


def _serve(body: bytes, port: int) -> None:
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(application, host=HOST, port=port, log_level="warning", access_log=False, server_header=False, lifespan="off")


if __name__ == "__main__":
    _serve(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]))
