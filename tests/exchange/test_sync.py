"""A round while the logs move: what the sender or another round of the same node does meanwhile is no fault of the peer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from accord.desk import recall
from accord.desk.serve import PAGE_OBJECTS_MAX, UNRECEIPTED_OBJECTS_MAX
from accord.desk.status import status
from accord.errors import IntegrityFailure
from accord.exchange.client import Refused
from accord.exchange.sync import TRIES_MAX, Synced
from accord.ledger.checkpoint import Checkpoint
from accord.seal.note import Note
from accord.stix.control import RecallReason
from accord.store import erasure, logs
from accord.store.logs import NewLeaf
from tests.stories.alliance import OFFICER, Alliance, founded, indicator

RECORDS = 6


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        found.sync("KG", "KZ")  # Introduced: the first answer below is a checkpoint and not a question who asks.
        found.publish("KZ", *(indicator(number) for number in range(RECORDS)), to="KG")
        yield found
        found.check_everything()


def _meanwhile(place: str, *acts: Callable[[], object]) -> Callable[[httpx2.Request, bytes], bytes]:
    """Do the next of these acts after each answer of this kind was made and before it arrives."""
    waiting = list(acts)

    def line(request: httpx2.Request, body: bytes) -> bytes:
        if request.method == "GET" and request.url.path.endswith(place) and waiting:
            waiting.pop(0)()
        return body

    return line


def _recalled(alliance: Alliance, number: int) -> Callable[[], object]:
    return lambda: recall.recall(
        alliance.means("KZ"), indicator(number)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock()
    )


def _held(alliance: Alliance) -> int:
    return sum(item.records for item in status(alliance.means("KG")).holdings)


def test_a_recall_between_checkpoint_and_page_is_learnt_in_the_same_round(alliance: Alliance) -> None:
    synced = alliance.sync("KG", "KZ", tamper=_meanwhile("/checkpoint", _recalled(alliance, 0)))
    assert Synced("KZ", RECORDS + 2, RECORDS - 1, 0, idle=False) == synced
    assert RECORDS - 1 == _held(alliance)
    assert RECORDS + 2 == status(alliance.means("KZ")).outgoing[0].receipted


def test_a_sender_that_takes_back_under_every_round_is_named_after_the_last_try_and_the_next_round_is_right(alliance: Alliance) -> None:
    acts = [_recalled(alliance, 0)]
    # Each is given while the round asks whether something moved, and taken back in the next try.
    for number in range(RECORDS, RECORDS + TRIES_MAX - 1):
        acts += [partial(alliance.publish, "KZ", indicator(number), to="KG"), _recalled(alliance, number)]
    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=_meanwhile("/checkpoint", *acts))
    assert "hole" == failure.value.duty
    assert 0 == alliance.sync("KG", "KZ").kept
    assert RECORDS - 1 == _held(alliance)


def test_a_round_beside_it_that_kept_the_same_page_first_is_no_fault(alliance: Alliance) -> None:
    other: list[Synced] = []
    synced = alliance.sync("KG", "KZ", tamper=_meanwhile("/objects/", lambda: other.append(alliance.sync("KG", "KZ"))))
    assert [Synced("KZ", RECORDS + 1, RECORDS, 0, idle=False)] == other
    assert Synced("KZ", RECORDS + 1, 0, 0, idle=True) == synced


def test_a_round_beside_it_that_went_past_the_checkpoint_is_no_fault(alliance: Alliance) -> None:
    def more() -> None:
        alliance.publish("KZ", indicator(RECORDS), to="KG")
        alliance.sync("KG", "KZ")

    synced = alliance.sync("KG", "KZ", tamper=_meanwhile("/checkpoint", more))
    assert Synced("KZ", RECORDS + 3, 0, 0, idle=True) == synced
    assert RECORDS + 1 == _held(alliance)


def _given(alliance: Alliance, *sizes: int) -> None:
    """Appends of so many objects each, all of them gone already: a position counts whether or not it has its content."""
    means = alliance.means("KZ")
    for size in sizes:
        with means.database.writing() as transaction:
            leaves = [NewLeaf(means.random(32), None, None, 0, 0) for _ in range(size)]
            logs.append(transaction, logs.open_log(transaction, means.channel_to("KG")), leaves, now=alliance.clock())


@pytest.mark.parametrize(
    ("last", "served"),
    [
        pytest.param(1_000, UNRECEIPTED_OBJECTS_MAX, id="a statement that ends at the limit is served"),
        pytest.param(1_001, UNRECEIPTED_OBJECTS_MAX - 1_000, id="one that ends one past it is not begun"),
    ],
)
def test_what_is_served_without_a_receipt_ends_at_a_boundary(tmp_path: Path, last: int, served: int) -> None:
    with founded(tmp_path) as alliance:
        alliance.sync("KG", "KZ")
        _given(alliance, *[1_000] * 9, last, 1)
        client = alliance.client("KG", "KZ")
        position, ends = 0, []
        while position < served:
            page = client.page(position, PAGE_OBJECTS_MAX)
            position += len(page.parcels)
            ends.append(Checkpoint.parse(Note.parse(page.checkpoint).text).size)
        assert [5_000, served] == ends, "every page ends where its checkpoint says"
        with pytest.raises(Refused, match=f"what follows position {served} ends more than 10000 objects beyond the last receipt"):
            client.page(position, PAGE_OBJECTS_MAX)


def test_what_is_wrong_with_a_page_fetched_ahead_is_raised_in_its_turn_and_the_page_before_it_is_kept(alliance: Alliance) -> None:
    first = PAGE_OBJECTS_MAX - 10
    _given(alliance, first - RECORDS - 1, 20)
    asked: list[str] = []

    def line(request: httpx2.Request, body: bytes) -> bytes:
        if request.url.path.endswith("/objects/"):
            asked.append(request.url.params["next"])
        return body.replace(b"erased", b"erasen") if asked[-1:] == [str(first)] and request.method == "GET" else body

    with pytest.raises(IntegrityFailure, match="neither a salt nor an erased commitment"):
        alliance.sync("KG", "KZ", tamper=line)
    assert ["0", str(first)] == asked
    assert first == status(alliance.means("KZ")).outgoing[0].receipted
    assert RECORDS == _held(alliance)
    with alliance.means("KG").database.writing() as transaction:  # What was kept is whole: only the holes of this test stay unexplained.
        assert first == logs.open_log(transaction, alliance.means("KG").channel_from("KZ")).size


def test_a_hole_that_nothing_newer_explains_is_raised_at_once(alliance: Alliance) -> None:
    asked: list[str] = []

    def line(request: httpx2.Request, body: bytes) -> bytes:
        asked.append(request.url.path)
        return body

    means = alliance.means("KZ")
    name = means.channel_to("KG")
    with means.database.writing() as transaction:  # A giver that hides a record and does not say so.
        [commitment, *_] = erasure.commitments_under(transaction, name, 0)
        transaction.run("leaf_erase", collection=name, commitment=commitment)
    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=line)
    assert "hole" == failure.value.duty
    assert 1 == sum("/objects/" in path for path in asked)
