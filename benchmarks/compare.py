"""Accord beside its peers and beside what the machine gives, in one interleaved run: whatever else the machine does then slows all of them."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from benchmarks import corpus, limits, peers, stand, tool
from benchmarks.stand import Target
from benchmarks.tool import NotMeasured, Tool

POLLS = 30
PAGES = 10
BUSY_SECONDS = 2.0
WHOLE_SECONDS_MAX = 10.0  # Seconds of a full read. A peer that is slower is read as far as it comes.
_fresh = count(10**9)  # Numbers of objects that nobody has stored.

Measure = Callable[[Tool], float]


def run(scratch: Path, *, stored: int, rounds: int, with_peers: bool) -> None:
    """Measure, and print one row for each thing measured."""
    home = scratch / f"accord-{stored}"
    folder = home / "KZ" if home.exists() else stand.found_node(home)
    print(f"filling a node with {stored:,} objects", file=sys.stderr)
    stand.fill(folder, stored)
    with ExitStack() as stack:
        ours = stack.enter_context(stand.served(folder))
        first = Tool(ours)
        page, empty = first.get(limit=1000).body, first.get(limit=1000, added_after=tool.now_text()).body
        plain_page, plain_empty = stack.enter_context(limits.plain(page)), stack.enter_context(limits.plain(empty))
        targets = [ours]
        if with_peers:
            targets += [stack.enter_context(peers.medallion(scratch)), stack.enter_context(peers.opentaxii(scratch))]
        table = Table(targets)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for name, measure in _measures():
                table.round(name, measure)
            for size in (1000,):
                table.limit(f"GET page {size:,}, objects/s", "plain ASGI", tool.pages(Tool(plain_page), size, count=PAGES))
                rows = limits.rows(folder / "node.sqlite", size, count=PAGES, step=max(size, stored // PAGES // 2))
                table.limit(f"GET page {size:,}, objects/s", "plain SQL", rows)
            table.limit("poll, nothing new, ms", "plain ASGI", tool.poll(Tool(plain_empty), count=POLLS))
            table.limit("polls/s under 8 connections", "plain ASGI", tool.busy(plain_empty, "/", seconds=BUSY_SECONDS))
            table.limit(
                "GET page 1,000 under 8 connections, objects/s", "plain ASGI", 1000 * tool.busy(plain_page, "/", seconds=BUSY_SECONDS)
            )
        print(f"\n{stored:,} objects stored; medians of {rounds} rounds; every request signs in, every page passes the gate\n")
        table.print()


def _measures() -> Iterator[tuple[str, Measure]]:
    yield "GET page 100, objects/s", lambda asking: tool.pages(asking, 100, count=PAGES)
    yield "GET page 1,000, objects/s", lambda asking: tool.pages(asking, 1000, count=PAGES)
    yield "full read in pages of 1,000, parsed, objects/s", lambda asking: tool.whole(asking, 1000, seconds_max=WHOLE_SECONDS_MAX)
    yield "poll, nothing new, ms", lambda asking: tool.poll(asking, count=POLLS)
    yield "polls/s under 8 connections", lambda asking: _busy(asking, f"?limit=1000&added_after={tool.now_text()}")
    yield "GET page 1,000 under 8 connections, objects/s", lambda asking: 1000 * _busy(asking, "?limit=1000")
    yield "POST batch 100, objects/s", lambda asking: _post(asking, 100)
    yield "POST batch 1,000, objects/s", lambda asking: _post(asking, 1000)
    yield "memory (PSS), MiB", lambda asking: asking.target.proportional_mebibytes()


def _busy(asking: Tool, query: str) -> float:
    alone = asking.get(limit=1).seconds
    if alone > BUSY_SECONDS / 2:
        raise NotMeasured(f"one request alone takes {alone:.0f} s")
    return tool.busy(asking.target, asking.target.path + query, seconds=BUSY_SECONDS)


def _post(asking: Tool, size: int) -> float:
    first = next(_fresh) * 10_000
    body = corpus.envelope(list(corpus.contents(size, first=first)))
    return tool.post(asking, body, count=size)


class Table:
    """What was measured: a row for each measure, a column for each target, and the limits behind them."""

    def __init__(self, targets: list[Target]) -> None:
        self._targets = targets
        self._found: dict[str, dict[str, list[float]]] = {}
        self._limits: dict[str, dict[str, list[float]]] = {}
        self._failed: dict[tuple[str, str], str] = {}

    def round(self, name: str, measure: Measure) -> None:
        """Measure every target once. What failed is told, and not asked again."""
        for target in self._targets:
            if (name, target.name) in self._failed:
                continue
            asking = Tool(target)
            try:
                value = measure(asking)
                self._found.setdefault(name, {}).setdefault(target.name, []).append(value)
            except (NotMeasured, OSError) as fault:
                self._failed[name, target.name] = str(fault) or type(fault).__name__
            finally:
                asking.close()

    def limit(self, name: str, of: str, value: float) -> None:
        self._limits.setdefault(name, {}).setdefault(of, []).append(value)

    def print(self) -> None:
        names = [target.name for target in self._targets]
        print(f"| what | {' | '.join(names)} | Accord is | limit, and how near Accord is |")
        print("| --- |" + " --- |" * (len(names) + 2))
        for name, found in self._found.items():
            middle = {target: statistics.median(values) for target, values in found.items()}
            cells = [_shown(middle[target]) if target in middle else self._failed[name, target] for target in names]
            print(f"| {name} | {' | '.join(cells)} | {self._ratios(name, middle)} | {self._nearness(name, middle)} |")

    def _ratios(self, name: str, middle: dict[str, float]) -> str:
        own = middle.get(self._targets[0].name)
        others = [(target.name, middle[target.name]) for target in self._targets[1:] if target.name in middle]
        return ", ".join(f"{_times(name, own, value):.3g} times {other}" for other, value in others) if own else ""

    def _nearness(self, name: str, middle: dict[str, float]) -> str:
        own = middle.get(self._targets[0].name)
        limits = {of: statistics.median(values) for of, values in self._limits.get(name, {}).items()}
        return ", ".join(f"{of} {_shown(value)}: {_times(name, own, value):.0%}" for of, value in limits.items()) if own else ""


def _times(name: str, own: float, other: float) -> float:
    more, less = (other, own) if name.endswith((" ms", "MiB")) else (own, other)
    return more / less if less else float("inf")  # A server that answered nothing in its time is infinitely slower.


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
