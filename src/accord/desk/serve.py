"""Serve: what a partner's node may fetch from its channel, and the receipts it hands back.

Duties of a page:
  1. the reader is the recipient of the channel, and of no other;
  2. a reader is served at most 10,000 objects beyond its last receipt, as far as the last boundary within them;
  3. a page ends where an append ended, so that its checkpoint proves it whole;
  4. the gate answers again for every statement on the page: a later rule can still forbid;
  5. bytes leave as they were kept, never written anew;
  6. of a statement that may no longer go the reader learns nothing, not that there is one: statement and ground stand in the sender's journal
     and status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.charter.force import law_between
from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.errors import IntegrityFailure, Refusal, Unready
from accord.ledger.checkpoint import Checkpoint, sign, verify_cosignature
from accord.ledger.entry import SALT_BYTES
from accord.ledger.tree import EMPTY
from accord.release.decision import Released, Withheld
from accord.release.onward import behind_of, law_behind
from accord.release.question import question_about
from accord.seal.canonical import Fields, read
from accord.seal.keys import Role
from accord.stix.control import KINDS
from accord.stix.statement import STATEMENT_OCTETS_MAX, Statement, timestamp
from accord.store import acts, logs, rejoin
from accord.store.acts import Receipt
from accord.store.database import Transaction
from accord.store.logs import Boundary, Leaf

UNRECEIPTED_OBJECTS_MAX = 10_000  # Objects beyond the last receipt: what a reader could later deny having is bounded.
PAGE_OBJECTS_MAX = 5_000  # Objects a page. Ten pages a second are then more than a disk writes.
PAGE_OCTETS_MAX = 2 * STATEMENT_OCTETS_MAX  # Bytes a page: any one statement with its records fits.
CLOCK_DIFFERENCE_MAX = timedelta(minutes=5)  # Between the clocks of two nodes. Beyond it an operator has to look.


@dataclass(frozen=True, slots=True)
class _MayNotGo:
    """A statement on the page is withheld now."""

    statement: str
    grounds: str


@dataclass(frozen=True, slots=True)
class Page:
    """A run of a channel's leaves. `released` carries the bytes in order; `leaves` tells for each position whether it has any."""

    first: int
    leaves: tuple[Leaf, ...]
    released: tuple[Released, ...]
    checkpoint: str  # A signed checkpoint at the page's end; empty where the page ends inside a statement, and on an empty page.
    more: bool

    @property
    def next(self) -> int:
        return self.first + len(self.leaves)


def checkpoint(means: Means, recipient: str) -> str:
    """The newest signed checkpoint of this member's channel to a recipient. Only what is on disk is signed."""
    name = means.channel_to(recipient)
    with means.database.reading() as transaction:
        _whole(transaction, recipient)
        return _signed(means, name, logs.last_boundary(transaction, name))


def span(means: Means, recipient: str) -> tuple[int, int]:
    """The recipient's last receipt, and how far its channel may be served without another. 2"""
    name = means.channel_to(recipient)
    with means.database.reading() as transaction:
        return _span(transaction, name)


def page(means: Means, *, reader: str, first: int, limit: int = PAGE_OBJECTS_MAX, now: datetime) -> Page:
    """The page of the channel to `reader` that begins at position `first`. Asked again while nothing was appended, it is the same page."""
    name = means.channel_to(reader)  # 1
    with means.database.reading() as transaction:
        _whole(transaction, reader)
        beyond, end = _page_end(transaction, name, first=first, limit=min(limit, PAGE_OBJECTS_MAX, _allowed(transaction, name, first)))
        leaves = logs.leaves_between(transaction, name, first=first, beyond=beyond)
        last = logs.last_boundary(transaction, name)
        noted = acts.held_back(transaction, name)
        released = _released(means, transaction, reader, leaves, now=now)  # 4, 5
    if isinstance(released, _MayNotGo):
        raise _hold_back(means, reader, released, now=now)  # 6
    more = last is not None and beyond < last.size
    if noted is not None and not more:
        with means.database.writing() as writing:
            acts.go_on(writing, name)
    return Page(first, tuple(leaves), tuple(released), "" if end is None else _signed(means, name, end), more=more)


def _hold_back(means: Means, reader: str, stopped: _MayNotGo, *, now: datetime) -> Unready:
    """Note, once, why the channel stands still, and give the one sentence for whoever asks. 6"""
    with means.database.writing() as transaction:
        if acts.hold_back(transaction, means.channel_to(reader), statement=stopped.statement, grounds=stopped.grounds, now=now):
            entry: Fields = {"act": "held-back", "member": reader, "statement": stopped.statement, "grounds": stopped.grounds}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return Unready(f"{means.member} cannot serve this channel at the moment", remedy=f"ask again later, or call {means.member}")


def _whole(transaction: Transaction, recipient: str) -> None:
    """After a restore nothing is signed for a member that has not given back what it holds."""
    if not rejoin.is_whole(transaction, recipient):
        raise Unready(
            f"this channel was lost and waits for {recipient} to give back what it holds of it",
            remedy="the sender's node asks for it by itself",
        )


def _allowed(transaction: Transaction, name: str, first: int) -> int:
    """How many objects may be served from a position on before another receipt: to a boundary, so that no page is cut inside a statement. 2"""
    receipted, served = _span(transaction, name)
    last = logs.last_boundary(transaction, name)
    more = last is not None and last.size > served
    if first > receipted + UNRECEIPTED_OBJECTS_MAX or (first >= served and more):
        raise Refusal(
            f"what follows position {served} ends more than {UNRECEIPTED_OBJECTS_MAX} objects beyond the last receipt ({receipted})",
            remedy="hand over a receipt first",
        )
    return served - first if first < served else PAGE_OBJECTS_MAX  # Behind the last object every page is empty.


def _span(transaction: Transaction, name: str) -> tuple[int, int]:
    receipt = acts.last_receipt(transaction, name)
    receipted = 0 if receipt is None else receipt.size
    end = logs.furthest_boundary(transaction, name, first=receipted, objects_max=UNRECEIPTED_OBJECTS_MAX)
    return receipted, receipted if end is None else end.size


def _page_end(transaction: Transaction, name: str, *, first: int, limit: int) -> tuple[int, Boundary | None]:
    """Where a page ends: at a boundary, so that a checkpoint proves it whole; inside one only for who asks for less than a statement. 3"""
    end = logs.boundary_behind(transaction, name, first=first, objects_max=limit, octets_max=PAGE_OCTETS_MAX)
    if end is None:
        return first, None
    return (end.size, end) if end.size - first <= limit else (first + limit, None)


def position_after(means: Means, *, reader: str, added_at: datetime) -> int | None:
    """The first position added after a moment, for clients that know TAXII's `added_after` alone; None when nothing was."""
    with means.database.reading() as transaction:
        return logs.position_after(transaction, means.channel_to(reader), timestamp(added_at))


def accept_receipt(means: Means, *, reader: str, note: str, line: str, now: datetime, packed_at: datetime | None = None) -> Receipt:
    """Keep the reader's cosignature over one of our checkpoints: *delivered*. Gives the receipt that reaches furthest: one for a smaller size says nothing new.

    What a courier brought is as old as its file: then the time of the receipt is held against `packed_at`, which the reader signed and the caller
    has judged.
    """
    clock, whose = (now, "this node's clock") if packed_at is None else (packed_at, "the file that brought it")
    name = means.channel_to(reader)
    with means.database.writing() as transaction:
        size = size_of(note)
        boundary = logs.boundary_at(transaction, name, size) if size else None
        # The body alone: our log key may have been replaced since we signed it. What is kept bears our signature of today, whatever came.
        ours = _signed(means, name, boundary)
        if note.partition("\n\n")[0] + "\n" != _checkpoint(name, boundary).body():
            raise IntegrityFailure("receipt", f"the checkpoint of size {size} is not one of this log", remedy="fetch the checkpoint anew")
        keys = keys_of(means, transaction, reader, Role.RECEIPT, now=now)
        signed_at = verify_cosignature(ours, line, name=means.receipt_name(reader), keys=keys)
        if abs(signed_at - clock) > CLOCK_DIFFERENCE_MAX:
            raise Refusal(f"the receipt says {signed_at:%Y-%m-%dT%H:%M:%SZ}, {whose} {clock:%Y-%m-%dT%H:%M:%SZ}", remedy="set both clocks")
        last = acts.last_receipt(transaction, name)
        if last is not None and (last.size >= size or last.signed_at > timestamp(signed_at)):
            if last.size < size:
                raise Refusal(
                    f"the receipt says {timestamp(signed_at)}, an earlier one {last.signed_at}: times never go back", remedy="set the clock"
                )
            return last
        receipt = Receipt(size, ours, line, timestamp(signed_at), handed_over=True)
        acts.keep_receipt(transaction, receipt, collection=name)
        entry: Fields = {"act": "delivered", "member": reader, "size": size, "signed_at": receipt.signed_at}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return receipt


def _released(means: Means, transaction: Transaction, reader: str, leaves: Sequence[Leaf], *, now: datetime) -> list[Released] | _MayNotGo:
    """Ask the gate anew about each statement on the page and take the bytes it covers through it."""
    law = law_between(means.charter, sender=means.member, recipient=reader, on=now.date())
    runs: dict[int, list[bytes]] = {}
    for leaf in leaves:
        if leaf.body is not None:
            runs.setdefault(leaf.statement, []).append(bytes(leaf.body))
    released = []
    for position, contents in runs.items():
        fields = _word_at(transaction, means.channel_to(reader), position)
        if fields.get("type") in KINDS:
            released.append(means.gate.pass_control(recipient=reader, content=contents[0]))
            continue
        statement = Statement.parse(fields)
        behind = law_behind(means.charter, behind_of(statement), reader, on=now.date())
        question = question_about(statement, recipient=reader, law=law, law_behind=behind)
        match means.gate.decide(question, tuple(contents)):
            case Released() as answer:
                released.append(answer)
            case Withheld(grounds=grounds):
                return _MayNotGo(statement.id, "; ".join(map(str, grounds)))
    return released


def _word_at(transaction: Transaction, name: str, position: int) -> Fields:
    """The statement or control record at a position: what the bytes that follow it stand on."""
    body = logs.body_at(transaction, name, position)
    fields = None if body is None else read(body)
    assert isinstance(fields, dict), "a statement is kept as long as its channel"
    return fields


def _signed(means: Means, name: str, boundary: Boundary | None) -> str:
    return sign(_checkpoint(name, boundary), key=means.signers.log)


def _checkpoint(name: str, boundary: Boundary | None) -> Checkpoint:
    size, root = (0, EMPTY.root()) if boundary is None else (boundary.size, boundary.root)
    return Checkpoint(name, size, root)


def size_of(note: str) -> int:
    """The size that a signed note speaks of; `Malformed` where it is no checkpoint."""
    return Checkpoint.parse(note.partition("\n\n")[0] + "\n").size
