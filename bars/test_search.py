"""Bar: 50 searches in English, Russian and Chinese over 1,000,000 records, 95 of 100 answered within 50 ms, with exact counts and facets.

Held is the time of the processor, which others' work on a shared machine does not change; the time on the clock is printed beside it.
`ACCORD_SEARCH_RECORDS` chooses another number of records. The answers' digest is printed, so that two engines can be held side by side.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

from accord.stix.record import of_fields
from accord.stix.statement import Originator
from accord.store import finding, records, terms
from accord.store.database import Database
from accord.store.finding import Finding
from accord.store.records import Arrival, Came
from accord.store.search import Search
from bars.languages import Words, domain, objects
from tests.databases import new_database
from tests.stories.alliance import START

RECORDS = int(os.environ.get("ACCORD_SEARCH_RECORDS", "1000000"))
SEED = int(os.environ.get("ACCORD_SEED", "20261125"))
PORTION = 1_000
ROUNDS = 3
SECONDS_MAX = 0.050
SEES = tuple(terms.trait("came", came.value) for came in Came)
GIVERS = ("KZ", "KG", "TJ", "UZ")


def test_fifty_searches_in_three_languages(tmp_path: Path) -> None:
    base = new_database(tmp_path)
    words = {language: Words(language, Random(f"{SEED} {language}")) for language in ("en", "ru", "zh")}
    kept = _timed(lambda: _fill(base, words))
    base.forget()
    before = _octets(tmp_path)
    indexed, longest = _index(base)
    base.forget()
    size = _octets(tmp_path) - before
    print(f"\n{RECORDS:,} records kept in {kept:.0f} s, seed {SEED}")
    print(
        f"indexed in {indexed:.0f} s: {RECORDS / indexed:,.0f} records/s, longest write {longest * 1000:.0f} ms; "
        f"index {size / 2**20:,.0f} MiB, {size / RECORDS:.0f} bytes a record"
    )
    queries = _queries(words)
    assert 50 == sum(len(asked) for asked in queries.values())
    answers, seconds, clock = hashlib.sha256(), dict[str, list[float]](), dict[str, list[float]]()
    for language, asked in queries.items():
        seconds[language], clock[language] = [], []
        for query in asked:
            for _ in range(ROUNDS):
                began, worked = time.perf_counter(), time.process_time()
                found = _ask(base, query)
                seconds[language].append(time.process_time() - worked)
                clock[language].append(time.perf_counter() - began)
            answers.update(f"{query} {found}\n".encode())
            assert found.total, f"{query!r} finds something"
    seconds["all"] = [one for ones in seconds.values() for one in ones]
    clock["all"] = [one for ones in clock.values() for one in ones]
    for language, ones in seconds.items():
        print(f"{language}: {len(ones)} searches, {_spread(ones)} of the processor, {_spread(clock[language])} on the clock")
    print(f"answers {answers.hexdigest()[:16]}")
    base.close()
    assert _p95(seconds["all"]) < SECONDS_MAX


def _fill(base: Database, words: dict[str, Words]) -> None:
    found = objects(words, Random(SEED), first=0, count=RECORDS)
    number = 0
    while portion := list(islice(found, PORTION)):
        giver = GIVERS[number % len(GIVERS)]
        own = Arrival(of_fields(portion[0]), Came.OWN, giver, Originator(giver, is_member=True))
        given = own if giver == "KZ" else replace(own, came=Came.CHANNEL, article="SC/7")
        with base.writing() as transaction:
            records.keep(transaction, [replace(given, record=of_fields(fields)) for fields in portion], now=START)
        number += 1


def _index(base: Database) -> tuple[float, float]:
    """Seconds for all of it, and for the longest write that another writer may have to wait for."""
    began, longest = time.perf_counter(), 0.0
    while True:
        with base.reading() as transaction:
            portion = terms.next_portion(transaction)
        if not portion.cut:
            return time.perf_counter() - began, longest
        with base.writing() as transaction:
            longest = max(longest, _timed(lambda: terms.keep_portion(transaction, portion)))  # noqa: B023 - called at once.


def _ask(base: Database, query: str) -> Finding:
    with base.reading() as transaction:
        found = finding.find(transaction, Search.parse(query), sees=SEES, count=50)
        for position in found.positions:
            held = records.held_at(transaction, position)
            assert held is not None
            assert records.content_of(transaction, held.digest) is not None
    return found


def _queries(words: dict[str, Words]) -> dict[str, list[str]]:
    """One word, frequent to rare, two together, with filters, beginnings, and what is the same in every language."""
    asked: dict[str, list[str]] = {}
    for language, known in words.items():
        word = known.all
        asked[language] = [word[rank] for rank in (0, 3, 30, 300, 1_000, 5_000)]
        asked[language] += [f"{word[0]} {word[1]}", f"{word[2]} {word[40]}", f"{word[5]} {word[6]} {word[7]}"]
        asked[language] += [f"{word[1]} type:indicator", f"{word[1]} from:KG from:TJ tlp:red", f"{word[9]} since:2026-11-01 came:channel"]
        asked[language] += [f"{word[0]} type:note from:KZ", f"{word[4]} {word[4]}"]
    asked["en"] += [f"{words['en'].all[2_000]}*", domain(5), "blue-lantern.example", hashlib.sha256(b"10").hexdigest()]
    asked["ru"] += [f"{words['ru'].all[2_000]}*", "type:malware"]
    asked["zh"] += [f"{words['zh'].all[50]}{words['zh'].all[0]}"[:2], "tlp:green from:UZ"]
    return asked


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _octets(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _spread(seconds: list[float]) -> str:
    return f"p50 {median(seconds) * 1000:.1f} ms, p95 {_p95(seconds) * 1000:.1f} ms, max {max(seconds) * 1000:.1f} ms"


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]
