"""The lease on a node's own work: one holder at a time, followed when it ends, is killed or is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import sleep
from typing import NoReturn

import pytest

from accord.errors import Unready
from accord.node import lease as module
from accord.node.lease import LEASE_SECONDS, Lease, clear_lease
from accord.store.database import Database, open_database
from accord.store.lease import holder_of
from tests.databases import new_path


@dataclass
class Hand:
    """A clock that stands until it is moved."""

    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return new_path(tmp_path)


@pytest.fixture
def base(path: Path) -> Iterator[Database]:
    opened = open_database(path)
    yield opened
    opened.close()


def _holder(base: Database) -> str | None:
    with base.reading() as transaction:
        return holder_of(transaction)


def test_one_has_it_and_holds_it_by_renewing(base: Database, hand: Hand) -> None:
    one, other = Lease(base, hand), Lease(base, hand)
    assert (True, False) == (one.is_held(), other.is_held())
    for _ in range(3):
        hand.move(LEASE_SECONDS - 1)
        assert (True, False) == (one.is_held(), other.is_held())
    assert one.holder == _holder(base)


def test_one_that_was_killed_is_followed_when_its_time_has_run_out_and_not_before(base: Database, hand: Hand) -> None:
    killed, other = Lease(base, hand), Lease(base, hand)
    assert killed.is_held()
    hand.move(LEASE_SECONDS - 0.1)
    assert not other.is_held()
    hand.move(0.1)
    assert other.is_held()
    assert not killed.is_held(), "it only slept, and finds that it was followed"
    assert other.holder == _holder(base)


def test_one_that_ends_is_followed_at_once(base: Database, hand: Hand) -> None:
    one, other = Lease(base, hand), Lease(base, hand)
    assert one.is_held()
    other.give_back()
    assert one.holder == _holder(base), "what one does not have, one cannot give back"
    one.give_back()
    assert other.is_held()


def test_a_clock_that_was_set_back_locks_nobody_out(base: Database, hand: Hand) -> None:
    one, other = Lease(base, hand), Lease(base, hand)
    hand.move(86_400)
    assert one.is_held()
    hand.move(-86_400)
    assert other.is_held()


def test_a_new_run_does_not_wait_for_one_that_was_killed(base: Database, hand: Hand) -> None:
    killed, fresh = Lease(base, hand), Lease(base, hand)
    assert killed.is_held()
    clear_lease(base)
    assert fresh.is_held()


def _reach(lease: Lease, held: list[str]) -> None:
    if lease.is_held():
        held.append(lease.holder)


def test_of_many_who_reach_for_it_at_once_one_gets_it(path: Path, base: Database, hand: Hand) -> None:
    bases = [open_database(path) for _ in range(4)]
    leases = [Lease(one, hand) for one in bases]
    for _ in range(5):
        held: list[str] = []
        threads = [Thread(target=_reach, args=(lease, held)) for lease in leases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [_holder(base)] == held
        hand.move(LEASE_SECONDS)
    for one in bases:
        one.close()


class _Gone:
    """A database that no longer answers."""

    def writing(self) -> NoReturn:
        raise Unready("the database did not answer")


def test_who_cannot_reach_the_database_keeps_it_only_as_long_as_it_was_given(
    base: Database, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_SECONDS", 0.5)
    cut_off = Lease(base, hand)
    assert cut_off.is_held()
    cut_off._database = _Gone()  # type: ignore[assignment]  # The worst that a database can do.
    assert cut_off.is_held()
    sleep(0.5)
    assert not cut_off.is_held()
