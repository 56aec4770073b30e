"""Which records a search finds: a page of positions, how many there are in all, and of which kinds.

Duties:
  1. nothing is found, and nothing counted, but what the reader may see: the traits that let a reader see come first, and every other mask is
     brought together with them;
  2. counts are exact and of the whole answer, whatever page is asked for;
  3. the newest come first, and a page goes on below the position where the one before it ended: a position is a record's for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import cast

import orjson

from accord.errors import LimitReached
from accord.seal.canonical import Fields
from accord.stix.statement import timestamp
from accord.store.database import Transaction
from accord.store.holdings import position_after
from accord.store.postings import BLOCK_RECORDS, mask_of, places_of, unpacked
from accord.store.records import HOLDINGS, versions_of
from accord.store.search import TRAITS, Search
from accord.store.terms import indexed_to, trait
from accord.store.words import text_of_record

BEGINNING_TERMS_MAX = 1_000  # Terms that begin alike, a block. One letter begins more, and finds nearly everything.
PHRASE_CANDIDATES_MAX = 1_000  # Records that hold all words of a phrase and are read to see whether they stand together.
TRAITS_MAX = 2_000  # Different traits in a block, those of sources above all.


@dataclass(frozen=True, slots=True)
class Finding:
    """One page of an answer. `following` is the position below which the next page begins; None where nothing is left."""

    positions: tuple[int, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]  # For each kind of trait its values, the most frequent first.
    following: int | None


@dataclass(frozen=True, slots=True)
class Everything:
    """All that a search finds, by block: two kilobytes for 16,384 positions, however many of them are found."""

    masks: tuple[tuple[int, int], ...]  # Blocks and what is found in each, the newest first.

    @property
    def total(self) -> int:
        return sum(found.bit_count() for _, found in self.masks)

    def positions(self, *, below: int | None = None) -> Iterator[int]:
        """The newest first."""  # 3
        for block, found in self.masks:
            start = block * BLOCK_RECORDS
            if below is None or below >= start + BLOCK_RECORDS:
                left = found
            elif below <= start:
                continue
            else:
                left = found & ((1 << (below - start)) - 1)
            yield from (start + place for place in places_of(left))


def find(transaction: Transaction, search: Search, *, sees: Sequence[str], count: int, below: int | None = None) -> Finding:
    """The newest `count` records that a search finds below a position, and the counts of all.

    `sees` are traits (`store.terms.trait`) of which a record has to have one to be seen at all.
    """
    found = everything(transaction, search, sees=sees)
    positions = list(islice(found.positions(below=below), count + 1))
    shown = tuple(positions[:count])
    return Finding(
        positions=shown,
        total=found.total,  # 2
        facets=_facets(transaction, found.masks),
        following=shown[-1] if len(positions) > count and shown else None,
    )


def everything(transaction: Transaction, search: Search, *, sees: Sequence[str], first: int = 0) -> Everything:
    """All that a search finds at or beyond a position."""
    masks = list(_Question(transaction, search, sees, first=first).masks())
    return Everything(tuple(_confirmed(transaction, search, masks) if search.phrases else masks))


class _Question:
    """A search made ready for one view of the index."""

    def __init__(self, transaction: Transaction, search: Search, sees: Sequence[str], *, first: int = 0) -> None:
        self._transaction = transaction
        self._sees = [term.encode() for term in sees]
        self._terms = [term.encode() for term in search.terms]
        self._beginnings = [beginning.encode() for beginning in search.beginnings]
        self._choices = [[trait(kind, value).encode() for value in values] for kind in TRAITS if (values := search.values_of(kind))]
        self._ids: set[int] | None = None
        if search.ids:
            self._ids = {held.position for identifier in search.ids for held in versions_of(transaction, identifier)}
        self._first, self._beyond = _arrived(transaction, search)
        self._first = max(first, self._first)

    def masks(self) -> Iterator[tuple[int, int]]:
        """Blocks and what is found in each, the newest first; blocks without any are left out."""
        for block in range((self._beyond - 1) // BLOCK_RECORDS, self._first // BLOCK_RECORDS - 1, -1):
            if found := self._mask(block):
                yield block, found

    def _mask(self, block: int) -> int:
        alike = [term for choice in self._choices for term in choice]
        rows = self._transaction.among("posting_of_terms", [*self._sees, *self._terms, *alike], collection=HOLDINGS, block=block)
        kept = {bytes(term): bytes(places) for term, places in rows}
        if not all(term in kept for term in self._terms):
            return 0
        found = _any(kept, self._sees) & self._window(block)  # 1
        for term in sorted(self._terms, key=lambda term: len(kept[term])):
            found &= unpacked(kept[term])
        for choice in self._choices:
            found &= _any(kept, choice)
        for beginning in self._beginnings:
            if found:
                found &= self._begun(block, beginning)
        return found

    def _window(self, block: int) -> int:
        """The places of a block that dates and identifiers leave."""
        start = block * BLOCK_RECORDS
        low, high = max(0, self._first - start), min(BLOCK_RECORDS, self._beyond - start)
        window = (1 << high) - (1 << low) if high > low else 0
        if self._ids is not None:
            window &= mask_of(position - start for position in self._ids if start <= position < start + BLOCK_RECORDS)
        return window

    def _begun(self, block: int, beginning: bytes) -> int:
        # 0xff stands in no UTF-8 and so beyond every term that begins alike.
        rows = self._transaction.all(
            "posting_range", collection=HOLDINGS, block=block, first=beginning, beyond=beginning + b"\xff", count=BEGINNING_TERMS_MAX + 1
        )
        if len(rows) > BEGINNING_TERMS_MAX:
            raise LimitReached(
                "BEGINNING_TERMS_MAX",
                f"more than {BEGINNING_TERMS_MAX} words begin with {beginning.decode()!r}",
                remedy="write more of the word before *",
            )
        found = 0
        for _, places in rows:
            found |= unpacked(bytes(places))
        return found


def _any(kept: Mapping[bytes, bytes], terms: Sequence[bytes]) -> int:
    found = 0
    for term in terms:
        if term in kept:
            found |= unpacked(kept[term])
    return found


def _arrived(transaction: Transaction, search: Search) -> tuple[int, int]:
    """The first position that the search's days leave, and the one beyond the last."""
    first, beyond = 0, indexed_to(transaction) or 0
    if search.since is not None:
        eve = datetime.combine(search.since, time(), tzinfo=UTC) - timedelta(microseconds=1)
        after = position_after(transaction, timestamp(eve))
        first = beyond if after is None else after
    if search.until is not None:
        end = datetime.combine(search.until, time.max, tzinfo=UTC)
        after = position_after(transaction, timestamp(end))
        beyond = beyond if after is None else min(beyond, after)
    return first, beyond


def _confirmed(transaction: Transaction, search: Search, masks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of the masks holds every phrase as it was written."""
    if sum(found.bit_count() for _, found in masks) > PHRASE_CANDIDATES_MAX:
        raise LimitReached(
            "PHRASE_CANDIDATES_MAX",
            f"more than {PHRASE_CANDIDATES_MAX} records hold all words of the phrase, together or apart",
            remedy="add a word or a filter, or leave out the quotation traits",
        )
    confirmed = []
    for block, found in masks:
        start = block * BLOCK_RECORDS
        places = [place for place in places_of(found) if _holds(transaction, start + place, search.phrases)]
        if places:
            confirmed.append((block, mask_of(places)))
    return confirmed


def _holds(transaction: Transaction, position: int, phrases: Sequence[str]) -> bool:
    row = transaction.one("index_body", collection=HOLDINGS, position=position)
    if row is None:
        return False
    text = text_of_record(cast(Fields, orjson.loads(bytes(row[0]))))
    return all(phrase in text for phrase in phrases)


def _facets(transaction: Transaction, masks: Sequence[tuple[int, int]]) -> dict[str, dict[str, int]]:
    counts: Counter[bytes] = Counter()
    for block, found in masks:
        # "=" and ">" stand side by side: between them lie the traits and nothing else.
        rows = transaction.all("posting_range", collection=HOLDINGS, block=block, first=b"=", beyond=b">", count=TRAITS_MAX + 1)
        if len(rows) > TRAITS_MAX:
            raise LimitReached(
                "TRAITS_MAX", f"more than {TRAITS_MAX} sources, articles and types stand side by side", remedy="name fewer sources"
            )
        for term, places in rows:
            counts[bytes(term)] += (unpacked(bytes(places)) & found).bit_count()
    facets: dict[str, dict[str, int]] = {kind: {} for kind in TRAITS}
    for term, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        kind, _, value = term.decode()[1:].partition(":")
        if number:
            facets[kind][value] = number
    return facets
