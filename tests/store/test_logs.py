"""Logs: positions without gaps from the counter row, times that only grow, boundaries where pages may end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.ledger.entry import commitment, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.seal.canonical import digest_of
from accord.stix.statement import timestamp
from accord.store import consents, erasure, logs
from accord.store.database import Database
from accord.store.logs import Log, NewLeaf, later_times
from accord.store.statements import statements
from tests.databases import new_database, on_sqlite

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAME = "sco.example/KZ/KG/1"
BLOCK = 65_536  # Positions: what the index of leaves by content and commitment keeps together (migration 0023).


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path)
    yield opened
    opened.close()


def _leaves(first: int, count: int, *, octets: int = 10) -> list[NewLeaf]:
    salts = [number.to_bytes(32, "big") for number in range(first, first + count)]
    contents = [b"%d" % number for number in range(first, first + count)]
    return [
        NewLeaf(commitment(salt=salt, content=content), salt, digest_of(content), 0, octets)
        for salt, content in zip(salts, contents, strict=True)
    ]


def test_writers_that_open_logs_in_opposite_orders_do_not_wait_for_each_other_in_a_circle(base: Database) -> None:
    """A recall passed down opens channels out while one in is open; `design`, append: the one writer keeps what an order of names would."""
    is_inside = Event()

    def write(*names: str) -> None:
        with base.writing() as transaction:
            for name in names:
                logs.append(transaction, logs.open_log(transaction, name), _leaves(0, 1), now=NOW)
                is_inside.set()
                sleep(0.2)  # Time for the other to have its first log open, if anything let it in.

    threads = [Thread(target=write, args=names) for names in (("one", "other"), ("other", "one"))]
    for thread in threads:
        thread.start()
        assert is_inside.wait(30)
    for thread in threads:
        thread.join(30)
    with base.reading() as transaction:
        found = [logs.log_state(transaction, name) for name in ("one", "other")]
    assert [2, 2] == [log.size for log in found if log is not None]


def test_appends_give_positions_without_gaps_and_the_root_of_all_leaves(base: Database) -> None:
    with base.writing() as transaction:
        log = logs.append(transaction, logs.open_log(transaction, NAME), _leaves(0, 3), now=NOW)
        logs.append(transaction, log, _leaves(3, 2), now=NOW)
    with base.reading() as transaction:
        kept = logs.leaves_between(transaction, NAME, first=0, beyond=5)
        state = logs.log_state(transaction, NAME)
        last = logs.last_boundary(transaction, NAME)
    assert state is not None
    assert last is not None
    expected = EMPTY.extend(leaf_hashes(leaf.commitment for leaf in _leaves(0, 5)))
    assert [0, 1, 2, 3, 4] == [leaf.position for leaf in kept]
    assert [0, 0, 0, 3, 3] == [leaf.statement for leaf in kept]
    assert (5, expected.root(), expected) == (last.size, last.root, state.frontier)
    times = [leaf.added_at for leaf in kept]
    assert sorted(set(times)) == times


@pytest.mark.parametrize("size", [0, BLOCK - 1, BLOCK, 3 * BLOCK - 1])
def test_a_leaf_is_found_and_erased_by_its_commitment_in_whichever_block_it_stands(base: Database, size: int) -> None:
    [one, other] = _leaves(size, 2)
    assert one.digest is not None
    assert other.digest is not None
    with base.writing() as transaction:
        empty = logs.open_log(transaction, NAME)
        before = Log(NAME, size, EMPTY.extend([bytes(32)] * size), 0, "")
        logs.advance(transaction, empty, before)
        logs.append(transaction, before, [one, other], now=NOW)
        assert {one.commitment, other.commitment} == logs.known_commitments(
            transaction, NAME, [one.commitment, other.commitment, bytes(32)]
        )
        assert {one.digest: (one.commitment, one.salt)} == logs.standing(transaction, NAME, [one.digest])
        assert [(other.digest, size)] == logs.statements_over(transaction, NAME, [other.digest])
        assert [one.commitment] == erasure.live_commitments(transaction, NAME, [one.digest])
        erasure.take_back(transaction, NAME, [one.commitment], recall="recall--1", reason="withdrawn", now=NOW)
        assert {} == logs.standing(transaction, NAME, [one.digest])
        assert {other.digest: (other.commitment, other.salt)} == logs.standing(transaction, NAME, [one.digest, other.digest])
        assert consents.standing_as(transaction, NAME, one.commitment) is None


@on_sqlite
@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("leaf_of_digests", "leaf_digest (collection=? AND <expr>=? AND digest=?)"),
        ("leaf_statements", "leaf_digest (collection=? AND <expr>=? AND digest=?)"),
        ("content_forget", "leaf_digest (collection=? AND <expr>=? AND digest=?)"),
        ("leaf_of_commitments", "leaf_commitment (collection=? AND <expr>=? AND commitment=?)"),
        ("leaf_of_commitment", "leaf_commitment (collection=? AND <expr>=? AND commitment=?)"),
        ("leaf_erase", "leaf_commitment (collection=? AND <expr>=? AND commitment=?)"),
        ("leaf_standing", "leaf_commitment (collection=? AND <expr>=? AND commitment=?)"),
        ("consent_names", "leaf_commitment (collection=? AND <expr>=? AND commitment=?)"),
    ],
)
def test_leaves_are_found_along_the_index_of_their_block(base: Database, statement: str, index: str, analysed: bool) -> None:
    with base.writing() as transaction:
        logs.append(transaction, logs.open_log(transaction, NAME), _leaves(0, 300), now=NOW)
        if analysed:
            transaction.connection.execute("analyze")
        text = statements()[statement].replace(":values", ":a, :b")
        asked = dict.fromkeys(("collection", "digest", "commitment", "sealed", "a", "b"), NAME)
        plan = [row[3] for row in transaction.connection.execute(f"explain query plan {text}", asked)]
    assert any(index in line for line in plan), plan


def test_two_writers_cannot_both_append_at_one_position(base: Database) -> None:
    with base.writing() as transaction:
        before = logs.open_log(transaction, NAME)
        logs.append(transaction, before, _leaves(0, 1), now=NOW)
    with pytest.raises(Exception, match=r"UNIQUE|unique|moved on"), base.writing() as transaction:
        logs.append(transaction, before, _leaves(1, 1), now=NOW)
    with base.reading() as transaction:
        state = logs.log_state(transaction, NAME)
    assert state is not None
    assert 1 == state.size


@given(st.lists(st.integers(min_value=-3_600, max_value=3_600), min_size=1, max_size=20), st.integers(min_value=1, max_value=5))
def test_times_grow_strictly_even_when_the_clock_goes_back(jumps: list[int], count: int) -> None:
    last, given_times = "", []
    for jump in jumps:
        given_times += logs.later_times(last, now=NOW + timedelta(seconds=jump), count=count)
        last = given_times[-1]
    assert sorted(set(given_times)) == given_times


@pytest.mark.parametrize(
    ("first", "objects_max", "octets_max", "end"),
    [
        (0, 100, 10_000, 9),  # everything fits
        (0, 8, 10_000, 6),  # cut at the last boundary within the objects
        (0, 100, 60, 6),  # cut at the last boundary within the bytes
        (0, 1, 1, 3),  # at the next boundary at least, or nothing would ever move
        (4, 100, 10_000, 9),  # from between two boundaries
        (9, 100, 10_000, None),  # nothing follows
    ],
)
def test_a_page_ends_where_an_append_ended(base: Database, first: int, objects_max: int, octets_max: int, end: int | None) -> None:
    with base.writing() as transaction:
        log = logs.open_log(transaction, NAME)
        for start in (0, 3, 6):
            log = logs.append(transaction, log, _leaves(start, 3), now=NOW)
        found = logs.boundary_behind(transaction, NAME, first=first, objects_max=objects_max, octets_max=octets_max)
    assert end == (None if found is None else found.size)


@given(st.integers(0, 200_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)), st.integers(0, 5))
def test_times_grow_by_a_microsecond_over_the_end_of_a_second(now: datetime, back: int) -> None:
    now = now.replace(microsecond=999_998)
    last = timestamp(now + timedelta(microseconds=back))
    expected = [timestamp(now + timedelta(microseconds=back + 1 + number)) for number in range(7)]
    assert expected == later_times(last, now=now, count=7)
    assert [] == later_times("", now=now, count=0)
