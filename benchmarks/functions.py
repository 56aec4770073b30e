"""Single functions on the hot ways, each beside what it cannot be faster than: parsing, hashing, joining bytes. CPU time, in this process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from accord.ledger.entry import commitment, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.seal.canonical import canonical, read, read_canonical
from accord.stix.pattern import is_plain, parse
from accord.stix.record import of_canonical, read_envelope
from accord.stix.schema import faults_of
from benchmarks import corpus

OBJECTS = 10_000
REPEATS = 5
Item = TypeVar("Item")


def run() -> None:
    """Print objects a second for each function, the best of its repeats."""
    objects = list(corpus.objects(OBJECTS))
    contents = [canonical(item) for item in objects]
    patterns = [str(item["pattern"]) for item in objects if "pattern" in item]
    envelopes = [corpus.envelope(contents[start : start + 1000]) for start in range(0, OBJECTS, 1000)]
    salts = [hashlib.sha256(content).digest() for content in contents]
    commitments = [commitment(salt=salt, content=content) for salt, content in zip(salts, contents, strict=True)]
    rows: list[tuple[str, float, str, float]] = [
        ("`seal.canonical.read`", _rate(contents, read), "orjson.loads", _rate(contents, orjson.loads)),
        ("`seal.canonical.read_canonical`", _rate(contents, read_canonical), "orjson.loads", _rate(contents, orjson.loads)),
        ("`seal.canonical.canonical`", _rate(objects, canonical), "orjson.dumps", _rate(objects, orjson.dumps)),
        (
            "`stix.record.read_envelope`, by 1,000",
            1000 * _rate(envelopes, lambda raw: list(read_envelope(raw))),
            "orjson.loads",
            1000 * _rate(envelopes, orjson.loads),
        ),
        ("`stix.schema.faults_of`", _rate(objects, faults_of), "orjson.loads", _rate(contents, orjson.loads)),
        ("`stix.pattern.is_plain`", _rate(patterns, is_plain), "`stix.pattern.parse`", _rate(patterns, parse)),
        (
            "`stix.record.of_canonical`",
            _rate(list(zip(contents, objects, strict=True)), lambda pair: of_canonical(pair[0], pair[1])),
            "SHA-256",
            _rate(contents, lambda content: hashlib.sha256(content).digest()),
        ),
        (
            "`ledger.entry.commitment`",
            _rate(list(zip(salts, contents, strict=True)), lambda pair: commitment(salt=pair[0], content=pair[1])),
            "SHA-256",
            _rate(contents, lambda content: hashlib.sha256(content).digest()),
        ),
        (
            "`ledger.tree.Frontier.extend`, by 10,000",
            OBJECTS * _rate([commitments], lambda entries: EMPTY.extend(leaf_hashes(entries))),
            "two SHA-256 of 65 bytes",
            _rate(commitments, lambda entry: hashlib.sha256(hashlib.sha256(entry + entry).digest() + entry).digest()),
        ),
    ]
    print("| function | a second | limit | a second | near |")
    print("| --- | --- | --- | --- | --- |")
    for name, own, limit, value in rows:
        print(f"| {name} | {own:,.0f} | {limit} | {value:,.0f} | {own / value:.0%} |")


def _rate(items: Sequence[Item], function: Callable[[Item], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time()
        for item in items:
            function(item)
        best = min(best, time.process_time() - began)
    return len(items) / max(best, 1e-9)
