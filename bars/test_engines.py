"""The store's main costs on both engines, side by side in one run: keeping, appending, a page, a small act, the index."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from accord.ledger.entry import commitment
from accord.stix.marking import Tlp
from accord.stix.record import Record, of_fields
from accord.stix.statement import Originator
from accord.store import holdings, logs, records, terms
from accord.store.database import Database, open_database
from accord.store.holdings import Selection
from accord.store.logs import NewLeaf
from accord.store.records import Arrival, Came
from tests.databases import dsn_file, programs, started
from tests.stories.alliance import START, indicator

RECORDS = int(os.environ.get("ACCORD_RECORDS", "20000"))
BATCH = 1_000
PAGE = 1_000
ACTS = 200
OWN = Originator("KZ", is_member=True)


def test_what_each_engine_costs(tmp_path: Path) -> None:
    found = programs()
    assert found is not None, "a PostgreSQL server has to be installed"
    with started(found, fsync="on", full_page_writes="on") as server:
        bases = {"SQLite": open_database(tmp_path / "node.sqlite"), "PostgreSQL": open_database(dsn_file(tmp_path, server.dsn))}
        made = [of_fields(indicator(number)) for number in range(RECORDS)]
        print()
        for what, act in (("keep", _keep), ("append", _append), ("index", _index), ("page", _page), ("small act", _small)):
            seconds = {name: _timed(lambda base=base, act=act: act(base, made)) for name, base in bases.items()}
            ratio = seconds["PostgreSQL"] / seconds["SQLite"]
            print(
                f"{what}: "
                + ", ".join(f"{name} {one:.3f} s" for name, one in seconds.items())
                + f"; PostgreSQL takes {ratio:.1f} times as long"
            )
        for base in bases.values():
            base.close()


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _keep(base: Database, made: list[Record]) -> None:
    """All records, a batch a transaction."""
    for first in range(0, len(made), BATCH):
        with base.writing() as transaction:
            records.keep(transaction, [Arrival(record, Came.OWN, "KZ", OWN) for record in made[first : first + BATCH]], now=START)


def _append(base: Database, made: list[Record]) -> None:
    """All of them to a channel, a batch a transaction."""
    for first in range(0, len(made), BATCH):
        leaves = [
            NewLeaf(commitment(salt=bytes(32), content=one.content), bytes(32), one.digest, 0, 1) for one in made[first : first + BATCH]
        ]
        with base.writing() as transaction:
            logs.append(transaction, logs.open_log(transaction, "bar/KZ/KG/1"), leaves, now=START)


def _index(base: Database, made: list[Record]) -> None:
    while terms.index_more(base):
        pass


def _page(base: Database, made: list[Record]) -> float:
    """A page of the holdings and one of a channel, from each tenth of the way."""
    seconds = []
    for first in range(0, len(made) - PAGE, len(made) // 10):
        began = time.perf_counter()
        with base.reading() as transaction:
            rows = holdings.standing(transaction, Selection(), clearance=Tlp.RED, first=first)
            assert PAGE == sum(1 for _, _ in zip(range(PAGE), rows, strict=False))
            assert PAGE == len(logs.leaves_between(transaction, "bar/KZ/KG/1", first=first, beyond=first + PAGE))
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def _small(base: Database, made: list[Record]) -> None:
    """Acts of one row each, durable one by one."""
    for number in range(ACTS):
        with base.writing() as transaction:
            transaction.run("progress_set", name="bar", position=number)
