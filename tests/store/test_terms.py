"""Search terms: folded, refanged, in pieces where a person would look for a piece, and two Chinese characters are a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from accord.stix.record import of_fields
from accord.stix.statement import Originator
from accord.store import records, terms
from accord.store.database import Database, open_database
from accord.store.records import Arrival, Came

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAMES = ("Phishing kit of an invented group", "ФИШИНГ против сети", "针对电网的网络攻击", "hxxps://relay[.]grey-lantern[.]example/a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Фишинг", {"фишинг"}),
        ("电网", {"电网"}),
        ("电", {"电"}),
        ("网络攻击", {"网络", "络攻", "攻击"}),
        ("relay[.]example", {"relay.example", "relay", "example"}),
        ("hxxp://a[.]example", {"http", "a.example", "a", "example"}),
        ("ＦＵＬＬ Width", {"full", "width"}),
        ("", set()),
        ("— … !", set()),
    ],
)
def test_terms_of_a_text(text: str, expected: set[str]) -> None:
    found = set(terms.terms_of(text))
    assert expected <= found
    assert all(term == term.casefold() for term in found)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "node.sqlite")
    with opened.writing() as transaction:
        arrivals = [
            Arrival(of_fields({"type": "note", "id": f"note--{number}", "name": name}), Came.OWN, "KZ", Originator("KZ", is_member=True))
            for number, name in enumerate(NAMES)
        ]
        records.keep(transaction, arrivals, now=NOW)
        while terms.index_more(transaction):
            pass
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("phishing", [0]),
        ("PHISHING invented", [0]),
        ("фишинг", [1]),
        ("电网", [2]),
        ("网络攻击", [2]),
        ("relay.grey-lantern.example", [3]),
        ("hxxps://relay[.]grey-lantern[.]example", [3]),
        ("phishing 电网", []),
        ("unknown", []),
        ("", []),
    ],
)
def test_a_query_finds_the_records_that_hold_all_of_it(base: Database, query: str, positions: list[int]) -> None:
    with base.reading() as transaction:
        assert positions == terms.positions_with(transaction, query, count=10)


def test_keys_of_an_object_are_not_its_words(base: Database) -> None:
    assert {"note", "a", "0"} >= terms.terms_of_record(orjson.dumps({"type": "note", "id": "a", "zero": "0"}))
