"""How each cost grows with what is stored: the same node, filled further and measured again at each size."""

from __future__ import annotations

import statistics
import sys
from itertools import count
from pathlib import Path

from benchmarks import corpus, stand, tool
from benchmarks.tool import Tool

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
REPEATS = 20
BUSY_SECONDS = 2.0
_fresh = count(2 * 10**9, 100_000)


def run(scratch: Path, *, largest: int) -> None:
    """Print one row a size, as soon as it was measured."""
    home = scratch / "growth"
    folder = home / "KZ" if home.exists() else stand.found_node(home)
    print(
        "| stored | fill, records/s | file, MB | poll, ms | polls/s, 8 connections | GET 1,000, objects/s | GET 1,000 at the far end | POST 1,000, objects/s | PSS, MiB |"
    )
    print("| --- |" + " --- |" * 8)
    for size in SIZES:
        if size > largest:
            break
        print(f"filling up to {size:,}", file=sys.stderr)
        filled = stand.fill(folder, size)
        with stand.served(folder) as target:
            asking = Tool(target)
            poll = tool.poll(asking, count=REPEATS)
            busy = tool.busy(target, f"{target.path}?limit=1000&added_after={tool.now_text()}", seconds=BUSY_SECONDS)
            near = tool.pages(asking, 1000, count=REPEATS)
            bodies = [corpus.envelope(list(corpus.contents(1000, first=next(_fresh)))) for _ in range(REPEATS // 4)]
            before = tool.now_text()
            posts = [tool.post(asking, body, count=1000) for body in bodies]
            far = statistics.median(1000 / asking.get(limit=1000, added_after=before).seconds for _ in range(REPEATS))
            cells = [size, filled, (folder / "node.sqlite").stat().st_size / 1e6]
            shown = [f"{value:,.0f}" for value in cells] + [f"{poll:.2f}"]
            shown += [f"{value:,.0f}" for value in (busy, near, far, statistics.median(posts), target.proportional_mebibytes())]
            print(f"| {' | '.join(shown)} |", flush=True)
