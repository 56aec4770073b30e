"""The holdings' questions go along their indexes, whatever SQLite thinks it knows of the tables, and erased versions count no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.stix.marking import Tlp
from accord.stix.record import of_fields
from accord.stix.statement import Originator
from accord.store import erasure, holdings, records
from accord.store.database import Database, Transaction
from accord.store.holdings import ALL, FIRST, Selection
from accord.store.records import Arrival, Came, edition_of
from accord.store.statements import statements
from tests.databases import new_database, on_sqlite, tamper
from tests.stories.alliance import indicator

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWN = Originator("KZ", is_member=True)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = new_database(tmp_path)
    yield found
    found.close()


def _arrival(number: int, modified: str, *, given_at: Tlp | None = None) -> Arrival:
    return Arrival(of_fields({**indicator(number), "modified": modified}), Came.OWN, "KZ", OWN, given_at=given_at)


@on_sqlite
@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("standing_newest", "sqlite_autoindex_record_1 (collection=? AND position>?)"),
        ("standing_range", "sqlite_autoindex_record_1 (collection=? AND position>?)"),
        ("standing_of_type", "record_type (collection=? AND stix_type=? AND position>?)"),
        ("standing_of_id", "record_edition (collection=? AND stix_id=?"),
        ("record_by_stix_id", "record_edition (collection=? AND stix_id=?"),
    ],
)
def test_a_page_goes_along_its_index(database: Database, statement: str, index: str, analysed: bool) -> None:
    plan = _plan(database, statement, analysed=analysed)
    assert any(index in line for line in plan)
    assert [line for line in plan if "SCAN" in line] == []
    # The versions of one object are few, and sorted; nothing else is.
    assert statement in {"standing_of_id", "record_by_stix_id"} or [line for line in plan if "TEMP B-TREE" in line] == []
    assert all(
        "record_" in line or "content" in line or "clearance" in line or "SUBQUERY" in line or "TEMP B-TREE" in line for line in plan
    )


@on_sqlite
def test_the_page_that_tools_ask_for_most_looks_nothing_up_by_digest_or_version(database: Database) -> None:
    indexes = [index for line in _plan(database, "standing_newest", analysed=True) if (index := line.partition("INDEX ")[2])]
    assert [
        "sqlite_autoindex_record_1 (collection=? AND position>?)",
        "record_edition (collection=? AND stix_id=? AND edition>?)",  # For a version of which another is newer, and for no other.
        "content_place (collection=? AND place=?)",
    ] == indexes


def _plan(database: Database, statement: str, *, analysed: bool) -> list[str]:
    with database.writing() as transaction:
        records.keep(transaction, [_arrival(number, "2026-11-20T09:00:00.000Z") for number in range(300)], now=NOW)
        if analysed:
            transaction.connection.execute("analyze")
        values = {"collection": "holdings", "clearance": 3, "first": 0, "edition": "", "beyond": "~", "version": "last"}
        asked = values | {"wanted": "x", "stix_id": "x", "count": 9}
        return [row[3] for row in transaction.connection.execute("explain query plan " + statements()[statement], asked)]


def test_an_erased_version_makes_room_for_the_one_before_it(database: Database) -> None:
    first, later = "2026-11-20T09:00:00.000Z", "2026-11-20T09:00:00.001Z"
    with database.writing() as transaction:
        records.keep(transaction, [_arrival(1, later), _arrival(1, first)], now=NOW)
        assert [later] == [item.version for item in holdings.standing(transaction, Selection(), clearance=Tlp.RED, first=0)]
        assert [first] == [
            item.version for item in holdings.standing(transaction, Selection(versions=(FIRST,)), clearance=Tlp.RED, first=0)
        ]
        erasure.discard(transaction, max(records.versions_of(transaction, indicator(1)["id"]), key=lambda held: held.version))
        assert [first] == [item.version for item in holdings.standing(transaction, Selection(), clearance=Tlp.RED, first=0)]
        assert [0] != [item.position for item in holdings.standing(transaction, Selection(versions=(ALL,)), clearance=Tlp.RED, first=0)]


@on_sqlite
@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize("statement", ["record_known", "record_by_digests", "record_raise", "record_erase", "content_of", "content_erase"])
def test_a_record_is_found_through_the_one_index_of_digests(database: Database, statement: str, analysed: bool) -> None:
    with database.writing() as transaction:
        records.keep(transaction, [_arrival(number, "2026-11-20T09:00:00.000Z") for number in range(300)], now=NOW)
        if analysed:
            transaction.connection.execute("analyze")
        text = statements()[statement].replace(":values", ":a, :b")
        asked = {"collection": "holdings", "digest": b"", "a": b"", "b": b"", "tlp": 1}
        plan = [row[3] for row in transaction.connection.execute(f"explain query plan {text}", asked)]
    assert any("sqlite_autoindex_content_1 (collection=? AND digest=?)" in line for line in plan), plan
    assert [line for line in plan if "SCAN" in line] == []
    assert [line for line in plan if "record" in line and "position=?)" not in line] == []


def test_what_an_older_accord_kept_is_erased_whole(database: Database) -> None:
    arrival = _arrival(1, "2026-11-20T09:00:00.000Z")
    with database.writing() as transaction:
        records.keep(transaction, [arrival], now=NOW)
        held = records.held_by_digests(transaction, [arrival.record.digest])[arrival.record.digest]
        tamper(transaction, "update record set newest = null")  # As a version before migration 0014 writes it.
        tamper(transaction, "update content set place = null")
        erasure.discard(transaction, held)
        assert [] == tamper(transaction, "select * from record")
        assert [] == tamper(transaction, "select * from content")


@pytest.mark.parametrize(
    ("fields", "edition"),
    [
        ({"spec_version": "2.1", "created": "2026-11-20T09:00:00.100Z"}, "2.1 2026-11-20T09:00:00.1"),
        ({"created": "2017-01-01T00:00:00Z"}, "2.0 2017-01-01T00:00:00."),
        ({}, "2.1 2026-11-23T09:00:00.000001"),
        ({"spec_version": "2.1", "created": "2026-11-20T09:00:00.000Z", "modified": "yesterday"}, "2.1 "),
        ({"spec_version": "9"}, "2.1 2026-11-23T09:00:00.000001"),
    ],
)
def test_an_edition_orders_as_versions_do(fields: dict[str, str], edition: str) -> None:
    record = of_fields({"type": "x-thing", "id": "x-thing--1", **fields})
    assert edition == edition_of(record, added_at="2026-11-23T09:00:00.000001Z")


Act = tuple[str, int, int]


@given(
    st.lists(
        st.tuples(st.sampled_from(("keep", "keep", "keep", "erase", "by an older Accord")), st.integers(1, 4), st.integers(0, 5)),
        max_size=25,
    )
)
@settings(max_examples=60, deadline=None)
def test_the_fast_page_is_the_slow_page_whatever_came_and_went(acts: list[Act]) -> None:
    with TemporaryDirectory() as folder, closing(new_database(Path(folder))) as database:
        for kind, number, version in acts:
            with database.writing() as transaction:
                if kind == "erase":
                    held = records.versions_of(transaction, indicator(number)["id"])
                    if held:
                        erasure.discard(transaction, held[version % len(held)])
                    continue
                level = Tlp.of_rank((number + version) % len(Tlp))
                records.keep(transaction, [_arrival(number, f"2026-11-20T09:00:00.00{version}Z", given_at=level)], now=NOW)
                if kind == "by an older Accord":
                    tamper(transaction, "update record set newest = null where position = (select max(position) from record)")
                    tamper(transaction, "update content set place = null where place = (select max(position) from record)")
                    assert _pages_agree(transaction)
                    records.keep(transaction, [_arrival(9, f"2026-11-20T09:00:00.00{version}Z")], now=NOW)
                assert _pages_agree(transaction)


def _pages_agree(transaction: Transaction) -> bool:
    asked: dict[str, Any] = {"collection": "holdings", "first": 0, "version": "last", "edition": "", "beyond": "~"}
    return all(
        transaction.all("standing_range", clearance=level.rank, **asked)
        == [tuple(item) for item in holdings.standing(transaction, Selection(), clearance=level, first=0)]
        for level in Tlp
    )
