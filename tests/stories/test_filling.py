"""What the published sizes of a journal tell: that its node is there, hour by hour, and nothing of what it did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.desk import audit, journal
from accord.desk.journal import STEP
from accord.desk.means import Means
from accord.errors import NotFound
from accord.exchange.outside import audit_node
from accord.ledger.checkpoint import Checkpoint
from accord.ledger.entry import SALT_BYTES, leaf_hashes
from accord.ledger.tiles import Tile, bundles_of, entries_of
from accord.ledger.tree import root_of
from accord.seal.note import Note
from accord.store import acts, logs
from tests.stories.alliance import Alliance, founded
from tests.stories.test_witnessing import act

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("filling"), ("KZ", "KG")) as made:
        made.sync("KG", "KZ")
        yield made
        made.check_everything()


def entries(means: Means) -> int:
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.journal)
    return 0 if log is None else log.size


def note_acts(means: Means, count: int, now: datetime) -> None:
    with means.database.writing() as transaction:
        salts = [means.random(SALT_BYTES) for _ in range(count)]
        acts.note_acts(transaction, means.journal, [{"act": "invented", "number": number} for number in range(count)], salts=salts, now=now)


def checkpoint(note: str) -> Checkpoint:
    return Checkpoint.parse(Note.parse(note).text)


@settings(max_examples=20, deadline=None)
@given(done=st.lists(st.integers(0, 2 * STEP + 1), min_size=1, max_size=5))
def test_published_sizes_are_multiples_and_grow_by_the_least_number_of_steps_and_at_least_one(alliance: Alliance, done: list[int]) -> None:
    means = alliance.means("KZ")
    shown = checkpoint(journal.publish_checkpoint(means, now=alliance.clock()))
    for count in done:
        if count:
            note_acts(means, count, alliance.clock())
        grown = checkpoint(journal.publish_checkpoint(means, now=alliance.clock()))
        steps = max(1, -(-count // STEP))
        assert (shown.size + steps * STEP, 0) == (grown.size, grown.size % STEP)
        assert grown.size == entries(means)
        shown = grown


@settings(max_examples=10, deadline=None)
@given(done=st.lists(st.integers(0, STEP), min_size=1, max_size=4))
def test_a_busy_node_publishes_the_sizes_of_an_idle_one(alliance: Alliance, done: list[int]) -> None:
    busy, idle = alliance.means("KZ"), alliance.means("KG")
    sizes: list[list[int]] = []
    for means, counts in ((busy, done), (idle, [0] * len(done))):
        first = checkpoint(journal.publish_checkpoint(means, now=alliance.clock())).size
        grown = []
        for count in counts:
            if count:
                note_acts(means, count, alliance.clock())
            grown.append(checkpoint(journal.publish_checkpoint(means, now=alliance.clock())).size - first)
        sizes.append(grown)
    assert sizes[0] == sizes[1]


def test_it_is_published_once_in_each_hour_of_the_clock_also_when_the_clock_goes_back(tmp_path: Path) -> None:
    at = datetime(2026, 11, 25, 9, 59, 59, tzinfo=UTC)
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        means = alliance.means("KZ")
        sizes = []
        for now in (at, at, at + timedelta(seconds=1), at + HOUR, at + 5 * HOUR, at + HOUR, at + HOUR):
            journal.publish_due(means, now=now)
            sizes.append(journal.published_size(means) // STEP)
            act(alliance, means, f"At {now} and after {len(sizes)} (invented)")
        assert [1, 1, 2, 2, 3, 4, 4] == sizes


def test_before_the_first_round_the_empty_journal_is_shown(tmp_path: Path) -> None:
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        alliance.sync("KG", "KZ")
        assert entries(alliance.means("KZ"))
        assert Checkpoint(alliance.means("KZ").journal, 0, root_of([])) == checkpoint(alliance.client("KG", "KZ").journal_checkpoint())


def test_asking_for_tiles_does_not_find_where_the_journal_ends(alliance: Alliance) -> None:
    means, client = alliance.means("KZ"), alliance.client("KG", "KZ")
    size = checkpoint(journal.publish_checkpoint(means, now=alliance.clock())).size
    note_acts(means, STEP + 44, alliance.clock())
    assert size + STEP + 44 == entries(means)
    for tile in (Tile(level, index, width) for level in (0, None) for index in (size // STEP, size // STEP + 1) for width in (1, 44, STEP)):
        with pytest.raises(NotFound):
            client.journal_tile(tile)
    assert client.journal_tile(Tile(0, size // STEP - 1, 7)), "below the published size every width is served"
    journal.publish_checkpoint(means, now=alliance.clock())
    assert client.journal_tile(Tile(0, size // STEP, STEP))


def test_fillers_open_for_who_may_read_and_look_like_acts_to_everybody_else(alliance: Alliance) -> None:
    means, client = alliance.means("KZ"), alliance.client("KG", "KZ")
    journal.publish_checkpoint(means, now=alliance.clock())
    first = entries(means)
    note_acts(means, 3, alliance.clock())
    note = checkpoint(journal.publish_checkpoint(means, now=alliance.clock()))
    with means.database.reading() as transaction:
        leaves = logs.leaves_between(transaction, means.journal, first=first, beyond=note.size, contents_of=means.journal)
    assert [False] * 3 + [True] * (STEP - 3) == [leaf.body == acts.FILLER for leaf in leaves]
    shown = [entry for bundle in bundles_of(note.size) for entry in entries_of(client.journal_tile(bundle), width=bundle.width)]
    assert note.root == root_of(leaf_hashes(shown))
    assert (len(shown), {32}) == (len(set(shown)), {len(entry) for entry in shown})
    audit.audit(means)
    assert note.size == audit_node(alliance.means("KG"), client, clock=alliance.clock)[0].size


def test_erasing_the_text_of_one_filler_leaves_the_others_whole(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    journal.publish_checkpoint(means, now=alliance.clock())
    journal.publish_checkpoint(means, now=alliance.clock())
    assert 1 == journal.erase_texts(means, [entries(means) - 1], now=alliance.clock())
    audit.audit(means)
