"""The command behind `make bench`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import compare, functions, growth, members, sync

_TEACHES = """
  make bench                                        Accord at 100,000 objects beside medallion, OpenTAXII and the machine's limits
  make bench ARGS="compare --stored 1000000"        the same at the size that the goals name (about ten minutes)
  make bench ARGS="compare --no-peers"              without installing the peers
  make bench ARGS="growth --largest 1000000"        how each cost grows from 10,000 objects on (10,000,000 take about an hour and 20 GB)
  make bench ARGS="sync --objects 1000000"          one member's whole channel into another's node, with where the time goes
  make bench ARGS=members                           what one member more costs, with 3, 10 and 100 of them
  make bench ARGS=functions                         validation and other single functions

Everything is made in a temporary folder and removed; --scratch DIR keeps it, and a second run goes on with it.
Peers are installed there by pip at run time. Figures swing on a busy machine: read the ratios, which come from one interleaved run.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…", description="Measure Accord.", epilog=_TEACHES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("compare", "growth", "sync", "members", "functions"), default="compare")
    parser.add_argument("--stored", type=int, default=100_000, help="objects in Accord's holdings for compare")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of compare; medians are printed")
    parser.add_argument("--no-peers", action="store_true", help="compare with the limits alone")
    parser.add_argument("--largest", type=int, default=growth.SIZES[-1], help="where growth ends")
    parser.add_argument("--objects", type=int, default=100_000, help="objects that sync carries")
    parser.add_argument("--scratch", type=Path, help="a folder to work in and keep")
    asked = parser.parse_args()
    with _scratch(asked.scratch) as folder:
        match asked.what:
            case "compare":
                compare.run(folder, stored=asked.stored, rounds=asked.rounds, with_peers=not asked.no_peers)
            case "growth":
                growth.run(folder, largest=asked.largest)
            case "sync":
                sync.run(folder, count=asked.objects)
            case "members":
                members.run(folder)
            case _:
                functions.run()


@contextmanager
def _scratch(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as made:
        yield Path(made)


if __name__ == "__main__":
    main()
