"""The index of the holdings: which terms occur at which positions, kept a block of positions at a time, the same on every database engine.

Engines' own full-text indexes miss two-character Chinese words; this one does not. One row holds all places of a term in a block of 16,384
positions (`store.postings`); new records come into the last block, and a question goes through the blocks from the newest on.
Duties of indexing, which runs behind ingest:
  1. records are read and cut into terms outside of any write, so that no writer waits for it;
  2. what was cut is kept in one transaction, which holds only while the index stands where it was read from;
  3. what was erased in between is not kept, and what is erased later takes its terms with it (`forget`);
  4. an index that other rules of cutting made is made anew: its terms would not be found again when they have to be erased.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import orjson

from accord.seal.canonical import Digest, Fields
from accord.stix.marking import Tlp, tlp_of
from accord.store.database import Database, Transaction
from accord.store.postings import BLOCK_RECORDS, appended, packed, unpacked
from accord.store.records import HOLDINGS, Held, held_by_digests, judge_left_over
from accord.store.words import terms_of_record

RECORDS_PER_INDEXING_MAX = 1_024  # Records a transaction: a sixteenth of a block, kept in a fraction of a second.

_CUTTING = 3  # Raised with every change to what is a term of a record.
_PROGRESS = f"terms {_CUTTING}, Unicode {unicodedata.unidata_version}"


class Cut(NamedTuple):
    """One record's place and terms."""

    position: int
    terms: set[bytes]


@dataclass(frozen=True, slots=True)
class Portion:
    """Records read and cut, and where the index stood when they were read; None where none stands that these rules made."""

    first: int | None
    cut: tuple[Cut, ...]


def trait(kind: str, value: str) -> str:
    """The term for what a record has beside its words. No word holds an equals sign."""
    return f"={kind}:{value}"


def up_to(clearance: Tlp) -> tuple[str, ...]:
    """The terms of which a record has one when it is marked no higher than a clearance."""
    return tuple(_level(rank) for rank in range(clearance.rank + 1))


def _level(rank: int) -> str:
    # It sorts beside the traits of `trait` and not among them, so that no facet counts it.
    return f">level:{rank}"


def index_more(database: Database) -> int:
    """Index the next records and give how many that were; 0 when the index is complete."""
    with database.reading() as transaction:
        portion = next_portion(transaction)
    if portion.cut:
        with database.writing() as transaction:
            keep_portion(transaction, portion)
    return len(portion.cut)


def next_portion(transaction: Transaction) -> Portion:
    """The next records that wait, cut into terms."""  # 1
    first = indexed_to(transaction)
    rows = transaction.each("index_range", collection=HOLDINGS, first=first or 0, count=RECORDS_PER_INDEXING_MAX)
    cut = (
        Cut(position, _terms(kind, came, source, article, tlp, bytes(body))) for position, kind, came, source, article, tlp, body in rows
    )
    return Portion(first, tuple(cut))


def keep_portion(transaction: Transaction, portion: Portion) -> None:
    """Keep what was cut, where nobody else has moved the index on meanwhile."""
    if portion.first is None and indexed_to(transaction) is None:  # 4
        transaction.run("index_clear")
        transaction.run("index_forget")
        transaction.run("index_begin", name=_PROGRESS)
    first, last = portion.cut[0].position, portion.cut[-1].position
    if transaction.run("index_advance", name=_PROGRESS, position=last + 1, from_position=portion.first or 0) == 1:  # 2
        rows = transaction.all("index_held", collection=HOLDINGS, first=first, last=last)
        held = {int(row[0]) for row in rows}
        _keep(transaction, [one for one in portion.cut if one.position in held])  # 3


def indexed_to(transaction: Transaction) -> int | None:
    """The position up to which records are indexed; None where no index stands that these rules made."""
    row = transaction.one("progress_of", name=_PROGRESS)
    return None if row is None else int(row[0])


def forget(transaction: Transaction, held: Held, content: bytes) -> None:
    """Take a record's terms out of the index, before its bytes go."""
    block, place = divmod(held.position, BLOCK_RECORDS)
    terms = _terms(held.stix_type, held.came.value, held.source, held.article, held.level.rank, content)
    for term, kept in transaction.among("posting_of_terms", sorted(terms), collection=HOLDINGS, block=block):
        left = packed(unpacked(bytes(kept)) & ~(1 << place))
        if left:
            transaction.run("posting_put", collection=HOLDINGS, block=block, term=bytes(term), places=left)
        else:
            transaction.run("posting_remove", collection=HOLDINGS, block=block, term=bytes(term))


def raise_level(transaction: Transaction, digests: Sequence[Digest], level: Tlp) -> None:
    """Let these records count as marked at least so high, in the holdings and in the index of them. Nothing lowers a level."""
    judge_left_over(transaction)
    for held in held_by_digests(transaction, digests).values():
        if held.level.rank < level.rank:
            transaction.run("record_raise", collection=HOLDINGS, digest=held.digest, tlp=level.rank)
            if held.position < (indexed_to(transaction) or 0):
                _move(transaction, held.position, _level(held.level.rank).encode(), _level(level.rank).encode())


def _move(transaction: Transaction, position: int, old: bytes, new: bytes) -> None:
    """Take a position from one term to another."""
    block, place = divmod(position, BLOCK_RECORDS)
    rows = transaction.among("posting_of_terms", [old, new], collection=HOLDINGS, block=block)
    kept = {bytes(term): unpacked(bytes(places)) for term, places in rows}
    for term, mask in ((old, kept.get(old, 0) & ~(1 << place)), (new, kept.get(new, 0) | 1 << place)):
        if mask:
            transaction.run("posting_put", collection=HOLDINGS, block=block, term=term, places=packed(mask))
        else:
            transaction.run("posting_remove", collection=HOLDINGS, block=block, term=term)


def _terms(stix_type: str, came: str, source: str, article: str, level: int, content: bytes) -> set[bytes]:
    fields = cast(Fields, orjson.loads(content))
    tlp = tlp_of(fields)
    traits = (
        trait("type", stix_type),
        trait("came", came),
        trait("from", source),
        trait("article", article or "none"),
        trait("tlp", "none" if tlp is None else tlp.value),
    )
    return {term.encode() for term in (*traits, _level(level), *terms_of_record(fields))}


def _keep(transaction: Transaction, cut: list[Cut]) -> None:
    blocks: dict[int, dict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
    for position, terms in cut:
        block, place = divmod(position, BLOCK_RECORDS)
        places = blocks[block]
        for term in terms:
            places[term].append(place)
    for block, new in blocks.items():
        kept = {
            bytes(term): bytes(places)
            for term, places in transaction.among("posting_of_terms", list(new), collection=HOLDINGS, block=block)
        }
        transaction.many(
            "posting_put",
            (
                {
                    "collection": HOLDINGS,
                    "block": block,
                    "term": term,
                    "places": appended(kept.get(term, b""), places),
                }
                for term, places in sorted(new.items())
            ),
        )
