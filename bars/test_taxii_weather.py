"""Bar: in any weather a tool gets everything once: nothing lost, nothing twice, no error of the server, and a cursor read twice is the same bytes.

ACCORD_RUNS says how many runs (100 by default, 1,000 for the whole bar), ACCORD_SEED which weather, and ACCORD_DATABASE, where it is set, which
database stands in the node's settings: the whole path of a file that ends in .dsn. In each run three writers hand in objects and two readers follow them, one by `next`, one by
`added_after` alone, over a line that loses and repeats answers, under a clock that stands still or goes back, while the server goes down and comes up.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

import httpx2
import orjson

from accord.desk.clients import add_client
from accord.exchange.holdings import ALIAS, API_ROOT
from accord.exchange.wire import MEDIA_TYPE
from accord.node.build import opened
from bars.weather import PAUSE_SECONDS, Line, Server, StandingClock
from tests.stories.alliance import founded, indicator

RUNS = int(os.environ.get("ACCORD_RUNS", "100"))
SEED = int(os.environ.get("ACCORD_SEED", "20261125"))
DATABASE = os.environ.get("ACCORD_DATABASE", "")
WRITERS = 3
OBJECTS = f"{API_ROOT}collections/{ALIAS}/objects/"


@dataclass
class Run:
    """One run: who asks, from when on, and what was acknowledged."""

    line: Line
    headers: dict[str, str]
    begins: str
    chance: random.Random
    acknowledged: list[str] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)

    def get(self, query: str) -> tuple[list[str], str, bytes, str]:
        """The identifiers of a page, where it goes on, its bytes, and when its last object was added."""
        answer = self.line.ask("GET", f"{OBJECTS}?match[version]=all&{query}", headers=self.headers)
        assert 200 == answer.status_code, answer.text
        body = answer.json()
        found = [item["id"] for item in body.get("objects", [])]
        return found, body.get("next", ""), answer.content, answer.headers.get("x-taxii-date-added-last", "")

    def hand_in(self, first: int, seed: int) -> None:
        """Hand objects in, in batches of a few, each again until it was acknowledged."""
        chance = random.Random(seed)
        numbers = list(range(first, first + chance.randint(3, 12)))
        while numbers:
            size = chance.randint(1, 5)
            batch, numbers = [indicator(number) for number in numbers[:size]], numbers[size:]
            body = orjson.dumps({"objects": batch})
            answer = self.line.ask("POST", OBJECTS, headers={**self.headers, "Content-Type": MEDIA_TYPE}, content=body)
            assert (202, len(batch)) == (answer.status_code, answer.json()["success_count"]), answer.text
            self.acknowledged += [str(item["id"]) for item in batch]

    def follow(self, done: Event, seed: int, *, by_next: bool) -> list[str]:
        """Read what comes until the writers are done and there is nothing more, keeping each page that is full."""
        chance = random.Random(seed)
        found: list[str] = []
        after, following = self.begins, ""
        while True:
            last_look = done.is_set()
            query = f"limit={chance.randint(1, 9)}" + (f"&next={following}" if following else f"&added_after={after}")
            things, goes_on, content, added = self.get(query)
            found += things
            after = added or after
            following = goes_on if by_next else ""
            if goes_on:
                self.pages[query] = content
            elif last_look:
                return found
            else:
                time.sleep(PAUSE_SECONDS)


def test_in_any_weather_everything_comes_once_and_every_page_again(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    clock = StandingClock()
    folder, headers = _node(tmp_path, clock)
    server = Server(folder, clock)
    server.start()
    began, objects, again = time.monotonic(), 0, 0
    begins = "2000-01-01T00:00:00Z"
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30) as http:
            line = Line(http, chance)
            for number in range(RUNS):
                run = Run(line, headers, begins, random.Random(chance.random()))
                begins = _one_run(run, server, clock, first=number * 1_000)
                objects += len(run.acknowledged)
                again += len(run.pages)
    finally:
        server.stop()
    print(
        f"\n{RUNS} runs in {time.monotonic() - began:.0f} s, seed {SEED}: {objects:,} objects handed in by {WRITERS} writers, each read once by both readers; "
        f"{line.lost:,} answers lost, {line.repeated:,} requests repeated, {server.restarts} restarts; {again:,} full pages asked for again, the same bytes; "
        f"answers by status {dict(sorted(line.statuses.items()))}"
    )
    assert [] == [status for status in line.statuses if status >= 500]


def _one_run(run: Run, server: Server, clock: StandingClock, *, first: int) -> str:
    """Play one run and hold what came of it; gives the moment from which the next one reads."""
    clock.move(run.chance)
    done = Event()
    seeds = [run.chance.randrange(2**32) for _ in range(WRITERS + 2)]
    with ThreadPoolExecutor(max_workers=WRITERS + 2) as pool:
        readers = [pool.submit(run.follow, done, seeds[kind], by_next=bool(kind)) for kind in (0, 1)]
        writers = [pool.submit(run.hand_in, first + 100 * writer, seeds[2 + writer]) for writer in range(WRITERS)]
        try:
            if run.chance.random() < 0.2:
                time.sleep(run.chance.random() * 0.1)
                server.restart(at_once=run.chance.random() < 0.5)
            clock.move(run.chance)
            for writer in writers:
                writer.result()
        finally:
            done.set()
        found = [reader.result() for reader in readers]
    whole, _, _, last = run.get(f"added_after={run.begins}")
    said = f"run {first // 1_000} of seed {SEED}"
    assert sorted(run.acknowledged) == sorted(whole), said
    assert [whole, whole] == found, said
    for query, content in run.pages.items():
        assert content == run.get(query)[2], said
    return last


def _node(folder: Path, clock: Callable[[], datetime]) -> tuple[Path, dict[str, str]]:
    """A founded node with a tool that may do both, closed again."""
    with founded(folder, ("KZ", "KG")):
        pass
    settings = folder / "KZ" / "settings.toml"
    if DATABASE:
        settings.write_text(
            re.sub(r"(?m)^database = .*$", f'database = "{DATABASE}"', settings.read_text(encoding="utf-8")), encoding="utf-8"
        )
    with opened(folder / "KZ") as node:
        made = add_client(node.means, name="weather", may_read=True, may_write=True, now=clock())
    return folder / "KZ", {"Authorization": f"Bearer {made.bearer}", "Accept": MEDIA_TYPE}
