"""The index: found is what holds all of a question, newest first, counted exactly and for whom it is; erased is gone from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accord.errors import LimitReached
from accord.stix.record import of_fields
from accord.stix.statement import Originator
from accord.store import erasure, finding, postings, records, terms
from accord.store.database import Database, open_database
from accord.store.finding import Finding
from accord.store.records import Arrival, Came
from accord.store.search import Search
from tests.databases import new_database, new_path

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAMES = ("Phishing kit of an invented group", "ФИШИНГ против сети", "针对电网的网络攻击", "hxxps://relay[.]grey-lantern[.]example/a")
ALL = tuple(terms.trait("came", came.value) for came in Came)
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"


def _note(number: int, name: str, **changes: Any) -> Arrival:
    fields = {"type": "note", "id": f"note--{number:08}-0000-4000-8000-000000000000", "name": name, **changes}
    return Arrival(of_fields(fields), Came.OWN, "KZ", Originator("KZ", is_member=True))


def _from(arrival: Arrival, member: str, article: str) -> Arrival:
    return replace(arrival, came=Came.CHANNEL, source=member, article=article)


def _keep(base: Database, *arrivals: Arrival, now: datetime = NOW) -> None:
    with base.writing() as transaction:
        records.keep(transaction, arrivals, now=now)


def _index(base: Database) -> None:
    while terms.index_more(base):
        pass


def _find(base: Database, query: str, *, sees: tuple[str, ...] = ALL, count: int = 10, below: int | None = None) -> Finding:
    with base.reading() as transaction:
        return finding.find(transaction, Search.parse(query), sees=sees, count=count, below=below)


def _discard(base: Database, arrival: Arrival) -> None:
    with base.writing() as transaction:
        erasure.discard(transaction, records.held_by_digests(transaction, [arrival.record.digest])[arrival.record.digest])


def _postings(base: Database) -> list[tuple[bytes, int]]:
    with base.reading() as transaction:
        rows = transaction.all("posting_range", collection="holdings", block=0, first=b"", beyond=b"\xff", count=100_000)
        return [(bytes(term), postings.unpacked(bytes(places))) for term, places in rows]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def base(empty: Database) -> Database:
    _keep(empty, *(_note(number, name) for number, name in enumerate(NAMES)))
    _index(empty)
    return empty


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("phishing", (0,)),
        ("PHISHING invented", (0,)),
        ("фишинг", (1,)),
        ("фиш*", (1,)),
        ("电网", (2,)),
        ("网*", (2,)),
        ("网络攻击", (2,)),
        ("relay.grey-lantern.example", (3,)),
        ("relay.grey*", (3,)),
        ("hxxps://relay[.]grey-lantern[.]example", (3,)),
        ('"kit of an invented"', (0,)),
        ('"invented kit"', ()),
        ("phishing 电网", ()),
        ("unknown", ()),
        ("type:note", (3, 2, 1, 0)),
        ("type:indicator", ()),
        ("type:indicator type:note", (3, 2, 1, 0)),
        ("from:KZ came:own tlp:none article:none phishing", (0,)),
        ("note--00000002-0000-4000-8000-000000000000", (2,)),
        ("id:note--00000002-0000-4000-8000-000000000000 phishing", ()),
        ("since:2026-11-23 until:2026-11-23", (3, 2, 1, 0)),
        ("since:2026-11-24", ()),
        ("until:2026-11-22", ()),
        ("", (3, 2, 1, 0)),
    ],
)
def test_a_search_finds_the_records_that_hold_all_of_it(base: Database, query: str, positions: tuple[int, ...]) -> None:
    found = _find(base, query)
    assert (positions, len(positions), None) == (found.positions, found.total, found.following)


def test_pages_follow_one_another_whatever_arrives_between_them_and_count_the_whole_answer(base: Database) -> None:
    first = _find(base, "type:note", count=2)
    _keep(base, _note(4, "a later one"))
    _index(base)
    second = _find(base, "type:note", count=2, below=first.following)
    assert ((3, 2), 4, 2) == (first.positions, first.total, first.following)
    assert ((1, 0), 5, None) == (second.positions, second.total, second.following)


def test_facets_count_the_whole_answer_by_its_marks(empty: Database) -> None:
    _keep(
        empty,
        _note(0, "lantern"),
        _note(1, "lantern", object_marking_refs=[RED]),
        _from(_note(2, "lantern"), "KG", "SC/7"),
        _note(3, "other"),
    )
    _index(empty)
    assert {
        "type": {"note": 3},
        "from": {"KZ": 2, "KG": 1},
        "came": {"own": 2, "channel": 1},
        "article": {"none": 2, "SC/7": 1},
        "tlp": {"none": 2, "red": 1},
    } == _find(empty, "lantern").facets


@pytest.mark.parametrize(
    "query", ["lantern", "lant*", '"grey lantern"', "", "from:KG", "type:note", f"id:note--{1:08}-0000-4000-8000-000000000000"]
)
def test_an_answer_is_the_same_whether_or_not_a_record_exists_that_its_reader_may_not_see(tmp_path: Path, query: str) -> None:
    own = (terms.trait("came", "own"),)
    answers = []
    for name, hidden in (("with", [_from(_note(1, "grey lantern"), "KG", "SC/7")]), ("without", [])):
        base = open_database(new_path(tmp_path, name))
        _keep(base, _note(0, "grey lantern"), *hidden)
        _index(base)
        assert len(hidden) + 1 == _find(base, "lantern").total, "it exists, and who may see it finds it"
        answers.append(repr(_find(base, query, sees=own)))
        base.close()
    assert answers[0] == answers[1]


def test_who_sees_nothing_finds_nothing(base: Database) -> None:
    assert Finding((), 0, {kind: {} for kind in ("type", "from", "came", "article", "tlp")}, None) == _find(base, "", sees=())


def test_an_erased_record_leaves_the_index_as_if_it_had_never_been(tmp_path: Path) -> None:
    seen = []
    for name in ("with", "without"):
        base = open_database(new_path(tmp_path, name))
        secret = _from(_note(1, "lantern zugzwangish hxxp://a[.]example"), "KG", "SC/7")
        _keep(base, _note(0, "lantern"), *([secret] if name == "with" else []))
        _index(base)
        if name == "with":
            assert 1 == _find(base, "zugzwangish").total
            _discard(base, secret)
        seen.append(_postings(base))
        base.close()
    assert seen[0] == seen[1]
    assert seen[0]


def test_what_is_erased_before_it_is_indexed_is_never_found(base: Database) -> None:
    late = _note(9, "zugzwangish")
    _keep(base, late, _note(10, "next"))
    _discard(base, late)
    _index(base)
    assert (0, 1) == (_find(base, "zugzwangish").total, _find(base, "next").total)


def test_what_is_erased_while_it_is_cut_is_not_kept(base: Database) -> None:
    late = _note(9, "zugzwangish")
    _keep(base, late, _note(10, "next"))
    with base.reading() as transaction:
        portion = terms.next_portion(transaction)
    assert [True, False] == [b"zugzwangish" in one.terms for one in portion.cut]
    _discard(base, late)
    with base.writing() as transaction:
        terms.keep_portion(transaction, portion)
    assert (0, 1) == (_find(base, "zugzwangish").total, _find(base, "next").total)
    assert b"zugzwangish" not in [term for term, _ in _postings(base)]


@pytest.mark.parametrize("begun", [True, False])
def test_two_who_index_at_once_keep_each_record_once(empty: Database, begun: bool) -> None:
    if begun:
        _keep(empty, _note(0, "first"))
        _index(empty)
    _keep(empty, _note(1, "lantern"), _note(2, "lantern"))
    with empty.reading() as transaction:
        portion = terms.next_portion(transaction)
    _index(empty)
    before = _postings(empty)
    _keep(empty, _note(3, "lantern"))
    with empty.writing() as transaction:
        terms.keep_portion(transaction, portion)
    assert before == _postings(empty), "the slower one keeps nothing"
    _index(empty)
    assert 3 == _find(empty, "lantern").total


def test_an_index_that_other_rules_made_is_made_anew(base: Database) -> None:
    before = _postings(base)
    with base.writing() as transaction:
        transaction.run("index_forget")
        transaction.run("progress_set", name="terms 1, Unicode 1.0", position=4)
        transaction.run("posting_put", collection="holdings", block=0, term=b"stale", places=b"\0\0")
    _index(base)
    assert before == _postings(base)


def test_a_search_is_the_same_in_every_block(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    count = postings.BLOCK_RECORDS + 200
    for start in range(0, count, 4_000):
        _keep(
            empty,
            *(
                _note(number, f"lantern {number % 7} {'rare' if number % 5_000 == 0 else ''}")
                for number in range(start, min(count, start + 4_000))
            ),
        )
    _index(empty)
    assert count == _find(empty, "lantern").total
    assert tuple(range(count - 1, count - 11, -1)) == _find(empty, "lantern").positions
    assert tuple(number for number in range(count - 1, -1, -1) if number % 5_000 == 0) == _find(empty, "rare").positions
    assert sum(1 for number in range(count) if number % 7 == 3) == _find(empty, "lantern 3").total
    border = postings.BLOCK_RECORDS
    assert (border, border - 1) == _find(empty, "lantern", count=2, below=border + 1).positions


def test_a_beginning_that_begins_too_much_is_refused_by_name(empty: Database) -> None:
    _keep(empty, *(_note(number, f"w{number}") for number in range(finding.BEGINNING_TERMS_MAX + 1)))
    _index(empty)
    assert 111 == _find(empty, "w11*").total + 100
    with pytest.raises(LimitReached, match="words begin with 'w'"):
        _find(empty, "w*")


def test_a_phrase_whose_words_stand_everywhere_is_refused_by_name(empty: Database) -> None:
    _keep(empty, *(_note(number, f"grey lantern {number}") for number in range(finding.PHRASE_CANDIDATES_MAX + 1)))
    _index(empty)
    assert (7,) == _find(empty, '"grey lantern 7"').positions
    with pytest.raises(LimitReached, match="together or apart"):
        _find(empty, '"grey lantern"')
