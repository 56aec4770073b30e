"""Append-only logs: channels in and out, and the journal. Positions come from the counter row, in commit order.

Duties of an append:
  1. the counter row is read inside the writing transaction, so that no other writer stands between;
  2. every leaf gets the next position and a time later than the last one;
  3. the counter row moves on only from the size that was read; another size ends the act.
Locking order is the caller's duty: the holdings, channels in the order of their names, the journal last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from accord.ledger.entry import leaf_hashes
from accord.ledger.tree import EMPTY, Frontier
from accord.seal.canonical import Digest
from accord.stix.statement import read_timestamp, timestamp
from accord.store.database import Row, Transaction

OCTETS_EVER = 2**62  # Bytes. More than any log has: a boundary that only its size bounds.
CONTENTS = "holdings"  # The collection that keeps the bytes of records and statements.


@dataclass(frozen=True, slots=True)
class Log:
    """Where a log stands: entries, compact range, bytes ever appended, and the last time it gave."""

    name: str
    size: int
    frontier: Frontier
    octets: int
    last_at: str


class NewLeaf(NamedTuple):
    """A leaf about to be appended; `statement` counts from the first leaf of this append. A tuple: thousands are made for each page."""

    commitment: bytes
    salt: bytes | None
    digest: Digest | None
    statement: int
    octets: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it stands in a log; `body` and `salt` are gone when it was erased."""

    position: int
    commitment: bytes
    salt: bytes | None
    statement: int
    added_at: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Boundary:
    """A size at which an append ended: here a page may end and a checkpoint is signed."""

    size: int
    root: bytes
    octets: int
    added_at: str


def open_log(transaction: Transaction, name: str) -> Log:
    """The log's counter row, made at size 0 if it is not there yet. 1"""
    transaction.run("collection_open", name=name, frontier=EMPTY.to_bytes())
    log = log_state(transaction, name)
    assert log is not None
    return log


def log_state(transaction: Transaction, name: str) -> Log | None:
    row = transaction.one("collection_state", name=name)
    if row is None:
        return None
    size, frontier, octets, last_at = row
    return Log(name, size, Frontier.from_bytes(bytes(frontier)), octets, last_at)


def append(transaction: Transaction, log: Log, leaves: Sequence[NewLeaf], *, now: datetime, added_at: Sequence[str] = ()) -> Log:
    """Append and give the log's new state. `added_at` carries the sender's times on a channel in; without it times are made here."""
    times = added_at or later_times(log.last_at, now=now, count=len(leaves))
    transaction.many(
        "leaf_add",
        [
            {
                "collection": log.name,
                "position": log.size + number,
                "commitment": leaf.commitment,
                "salt": leaf.salt,
                "digest": leaf.digest,
                "statement": log.size + leaf.statement,
                "added_at": time,
            }
            for number, (leaf, time) in enumerate(zip(leaves, times, strict=True))
        ],
    )
    after = Log(
        name=log.name,
        size=log.size + len(leaves),
        frontier=log.frontier.extend(leaf_hashes(leaf.commitment for leaf in leaves)),
        octets=log.octets + sum(leaf.octets for leaf in leaves),
        last_at=times[-1],
    )
    advance(transaction, log, after)
    transaction.run(
        "boundary_add",
        collection=log.name,
        size=after.size,
        root=after.frontier.root(),
        octets=after.octets,
        added_at=after.last_at,
    )
    return after


def advance(transaction: Transaction, before: Log, after: Log) -> None:
    """Move a counter row on from exactly the state that was read. 3"""
    moved = transaction.run(
        "collection_advance",
        name=after.name,
        size=after.size,
        frontier=after.frontier.to_bytes(),
        octets=after.octets,
        last_at=after.last_at,
        old_size=before.size,
    )
    assert moved == 1, f"{after.name} moved on under a writing transaction"


def later_times(last_at: str, *, now: datetime, count: int) -> list[str]:
    """`count` strictly growing timestamps, each later than `last_at`, also when the clock went back. 2"""
    start = now.astimezone(UTC)
    if last_at:
        start = max(start, read_timestamp(last_at) + timedelta(microseconds=1))
    times: list[str] = []
    while len(times) < count:  # Once for each second: writing a date costs more than counting on.
        beyond = min(start.microsecond + count - len(times), 1_000_000)
        second = timestamp(start)[: -len("000000Z")]
        times += [f"{second}{microsecond:06}Z" for microsecond in range(start.microsecond, beyond)]
        start += timedelta(microseconds=beyond - start.microsecond)
    return times


def leaves_between(transaction: Transaction, name: str, *, first: int, beyond: int, contents_of: str | None = None) -> list[Leaf]:
    """The leaves from `first` up to, not including, `beyond`, with their bytes, which the journal keeps apart from the holdings."""
    kept_in = contents_of or CONTENTS
    return [_leaf(row) for row in transaction.all("leaf_page", collection=name, kept_in=kept_in, first=first, beyond=beyond)]


def names_below(transaction: Transaction, origin: str) -> list[str]:
    """The logs of one charter, in the order of their names."""
    return [row[0] for row in transaction.all("collection_names", first=f"{origin}/", beyond=f"{origin}0")]


def boundaries(transaction: Transaction, name: str) -> list[Boundary]:
    """Every size at which an append ended, in order."""
    return [Boundary(row[0], bytes(row[1]), row[2], row[3]) for row in transaction.all("boundaries", collection=name)]


def _leaf(row: Row) -> Leaf:
    position, commitment, salt, statement, added_at, body = row
    return Leaf(position, commitment, salt, statement, added_at, body)


def body_at(transaction: Transaction, name: str, position: int) -> bytes | None:
    """The bytes at one position; None when there is no such leaf or it was erased."""
    row = transaction.one("leaf_bodies", collection=name, position=position)
    return None if row is None else bytes(row[0])


def statements_over(transaction: Transaction, name: str, digests: Sequence[Digest]) -> list[tuple[bytes, int]]:
    """Each of these records that has its content in a log, with the position of the statement that brought it there."""
    return [(bytes(row[0]), int(row[1])) for row in transaction.among("leaf_statements", list(digests), collection=name)]


def standing(transaction: Transaction, name: str, digests: Sequence[Digest]) -> dict[bytes, tuple[bytes, bytes]]:
    """Which of these records already stand in a log: digest to commitment and salt."""
    rows = transaction.among("leaf_of_digests", list(digests), collection=name)
    return {bytes(digest): (bytes(commitment), bytes(salt)) for digest, commitment, salt, _ in rows if salt is not None}


def known_commitments(transaction: Transaction, name: str, wanted: Sequence[bytes]) -> set[bytes]:
    """Those of these commitments that a log has."""
    return {bytes(row[0]) for row in transaction.among("leaf_of_commitments", list(wanted), collection=name)}


def last_boundary(transaction: Transaction, name: str) -> Boundary | None:
    return _boundary(transaction.one("boundary_last", collection=name))


def boundary_at(transaction: Transaction, name: str, size: int) -> Boundary | None:
    return _boundary(transaction.one("boundary_at", collection=name, size=size))


def boundary_behind(transaction: Transaction, name: str, *, first: int, objects_max: int, octets_max: int) -> Boundary | None:
    """Where a page from `first` ends: as far as its limits allow, at the next boundary at least; None when nothing follows."""
    start = boundary_at(transaction, name, first)
    octets = (start.octets if start is not None else 0) + octets_max
    reached = _boundary(transaction.one("boundary_within", collection=name, first=first, beyond=first + objects_max, octets=octets))
    return reached or _boundary(transaction.one("boundary_next", collection=name, first=first))


def furthest_boundary(transaction: Transaction, name: str, *, first: int, objects_max: int) -> Boundary | None:
    """The furthest boundary at most so many objects behind a position; None when none is."""
    return _boundary(transaction.one("boundary_within", collection=name, first=first, beyond=first + objects_max, octets=OCTETS_EVER))


def position_after(transaction: Transaction, name: str, added_at: str) -> int | None:
    """The first position added after a moment; None when nothing was."""
    row = transaction.one("position_after", collection=name, added_at=added_at)
    return None if row is None else row[0]


def _boundary(row: Row | None) -> Boundary | None:
    return None if row is None else Boundary(row[0], bytes(row[1]), row[2], row[3])
