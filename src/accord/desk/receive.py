"""Receive: a page of another member's channel is checked, proven and kept, or nothing of it is.

Duties:
  1. the checkpoint is the sender's, and its log only grew;
  2. the page begins where ours ends: nothing left out, nothing twice;
  3. every object is bound to its commitment and covered by a statement or control record of the sender (`desk.prove`);
  4. the root is recomputed from what came, and is the checkpoint's;
  5. what may not be kept (law, marking, standard) is declined one by one: its commitment stays, its content goes, its ground is named;
  6. the rest is kept in one transaction with its leaves, and control records are heeded in it (`desk.recall`);
  7. what came without content is explained by a recall under the same checkpoint; then, and not before, a receipt is signed for it.
1 to 4 and 7 are integrity: a failure stops the channel and what was there stays. 5 is admissibility: one bad record never blocks the channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.desk import recall
from accord.desk.admit import Admission, admit
from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.onward import unproven
from accord.desk.prove import Gone, Parcel, Proven, prove
from accord.errors import AccordError, IntegrityFailure, counted
from accord.ledger.checkpoint import Checkpoint, cosign, open_signed
from accord.ledger.entry import SALT_BYTES, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.seal.canonical import Fields
from accord.seal.keys import Role
from accord.stix.consent import Consent
from accord.stix.control import Control
from accord.stix.record import of_canonical
from accord.stix.statement import Statement, read_timestamp, timestamp
from accord.store import acts, consents, erasure, logs, peers, records, rejoin, terms
from accord.store.acts import Receipt as Receipt
from accord.store.database import Transaction
from accord.store.logs import Log, NewLeaf
from accord.store.records import Arrival, Came

RECEIPT_FRESH_FOR = timedelta(minutes=1)  # A receipt handed over later than this is signed anew; senders take none older than five minutes.


@dataclass(frozen=True, slots=True)
class Received:
    """What a page brought; `size` is how many leaves of the channel we now hold."""

    size: int
    kept: int
    declined: int


def is_news(means: Means, sender: str, note: str) -> bool:
    """Say whether a checkpoint differs from the last one that was verified to its end: one comparison, whatever the size."""
    with means.database.reading() as transaction:
        return peers.peer_of(transaction, sender).head != note


def check_head(means: Means, sender: str, note: str, *, now: datetime) -> Checkpoint:
    """Open the sender's newest checkpoint and hold it against what we have. 1"""
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.channel_from(sender))
        head = _open(means, transaction, sender, note, now=now)
    _only_grew(head, log)
    return head


def receive(means: Means, sender: str, *, first: int, parcels: Sequence[Parcel | Gone], note: str, now: datetime) -> Received:
    """Check one page and keep it. Raises `IntegrityFailure`, naming the duty that failed, and then keeps nothing."""
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, means.channel_from(sender))
        head = _open(means, transaction, sender, note, now=now)  # 1
        _only_grew(head, log)
        if first != log.size:  # 2
            raise IntegrityFailure(
                "order", f"the page begins at position {first}, expected {log.size}: something was left out or sent twice"
            )
        items = prove(means, transaction, log, sender, parcels, now=now)  # 3
        _same_root(head, log, items)  # 4
        admissions = admit(means, items, today=now.date(), unproven=unproven(means, transaction, items))  # 5
        received = _keep(means, transaction, log, sender, items, admissions, now=now)  # 6
        rejoin.keep_held(transaction, log.name, size=head.size, note=note)
    return received


def reached(means: Means, sender: str, note: str, *, now: datetime) -> None:
    """Note that the channel was verified to the end of this checkpoint; raises when it was not."""
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, means.channel_from(sender))
        head = _open(means, transaction, sender, note, now=now)
        if head.size != log.size:
            raise IntegrityFailure("growth", f"the checkpoint has size {head.size}, what came ends at {log.size}")
        _only_grew(head, log)
        hole = erasure.unexplained_hole(transaction, log.name)  # 7
        if hole is not None:
            raise IntegrityFailure("hole", f"position {hole} came without content and no recall explains it")
        peers.keep_head(transaction, sender, note)


def receipt_for(means: Means, sender: str, note: str, *, now: datetime) -> Receipt | None:
    """The receipt to hand over for a checkpoint that we hold whole; None when the sender has it already or there is nothing to receipt."""
    name = means.channel_from(sender)
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, name)
        head = _open(means, transaction, sender, note, now=now)
        last = acts.last_receipt(transaction, name)
        if last is not None and last.size >= head.size:
            return None if last.handed_over else _fresh(means, transaction, name, last, now=now)
        boundary = logs.boundary_at(transaction, name, head.size)
        if head.size == 0 or head.size > log.size or boundary is None or boundary.root != head.root:
            return None
        line = cosign(note, name=means.receipt_name(means.member), key=means.signers.receipt, at=now)
        receipt = Receipt(head.size, note, line, timestamp(now), handed_over=False)
        acts.keep_receipt(transaction, receipt, collection=name)
        entry: Fields = {"act": "receipted", "member": sender, "size": head.size}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return receipt


def pending_receipt(means: Means, sender: str, *, now: datetime) -> Receipt | None:
    """The receipt that the sender does not hold yet, signed anew where it has grown old; None when nothing is owed."""
    name = means.channel_from(sender)
    with means.database.writing() as transaction:
        last = acts.last_receipt(transaction, name)
        return None if last is None or last.handed_over else _fresh(means, transaction, name, last, now=now)


def _fresh(means: Means, transaction: Transaction, name: str, last: Receipt, *, now: datetime) -> Receipt:
    """A receipt that waited too long would be refused for its time: the same checkpoint is cosigned again."""
    if now - read_timestamp(last.signed_at) < RECEIPT_FRESH_FOR:
        return last
    line = cosign(last.checkpoint, name=means.receipt_name(means.member), key=means.signers.receipt, at=now)
    receipt = replace(last, cosignature=line, signed_at=timestamp(now))
    acts.keep_receipt(transaction, receipt, collection=name)
    return receipt


def handed_over(means: Means, sender: str, size: int) -> None:
    """Note that the sender holds our receipts up to this size."""
    with means.database.writing() as transaction:
        acts.note_handed_over(transaction, collection=means.channel_from(sender), size=size)


def position(means: Means, sender: str) -> int:
    """How many leaves of the sender's channel we hold: where the next page begins."""
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.channel_from(sender))
    return 0 if log is None else log.size


def _open(means: Means, transaction: Transaction, sender: str, note: str, *, now: datetime) -> Checkpoint:
    keys = keys_of(means, transaction, sender, Role.LOG, now=now)
    try:
        return open_signed(note, origin=means.channel_from(sender), keys=keys)
    except AccordError as error:
        raise IntegrityFailure("checkpoint", f"it is not a checkpoint of {sender}'s channel to us: {error.says}") from error


def _only_grew(head: Checkpoint, log: Log | None) -> None:
    size, root = (0, EMPTY.root()) if log is None else (log.size, log.frontier.root())
    if head.size < size:
        raise IntegrityFailure(
            "growth", f"the checkpoint has size {head.size}, but {counted(size, 'leaf', 'leaves')} came before: the log shrank"
        )
    if head.size == size and head.root != root:
        raise IntegrityFailure("growth", f"the checkpoint of size {size} has another root than what came before: the log was rewritten")


def _same_root(head: Checkpoint, log: Log, items: Sequence[Proven]) -> None:
    """Recompute the root from what we had and what came. 4"""
    frontier = log.frontier.extend(leaf_hashes(item.leaf.commitment for item in items))
    if frontier.size != head.size:
        raise IntegrityFailure("order", f"the page ends at {frontier.size}, its checkpoint at {head.size}: something was left out or added")
    if frontier.root() != head.root:
        raise IntegrityFailure("root", f"the root recomputed for size {frontier.size} is not the checkpoint's")


def _keep(
    means: Means,
    transaction: Transaction,
    log: Log,
    sender: str,
    items: Sequence[Proven],
    admissions: Sequence[Admission],
    *,
    now: datetime,
) -> Received:
    """Keep leaves, records, what was declined and why, and the journal entry; then heed what the sender asks. 6"""
    leaves: list[NewLeaf] = []
    arrivals: list[Arrival] = []
    declined = 0
    for position, (item, admission) in enumerate(zip(items, admissions, strict=True), start=log.size):
        leaves.append(item.leaf if not admission.ground else item.leaf._replace(salt=None, digest=None))
        if admission.ground:
            declined += 1
            acts.keep_declined(transaction, collection=log.name, position=position, ground=admission.ground, now=now)
        elif item.meaning is None:
            erasure.keep_hole(transaction, log.name, position=position, commitment=item.leaf.commitment)
        elif item.is_record:
            arrivals.append(_arrival(item, sender, admission))
        else:
            keep_word(transaction, log.name, position, item)
    kept = records.keep(transaction, arrivals, now=now)
    if kept < len(arrivals):  # Something came again, and perhaps at a higher level.
        for level in {arrival.level for arrival in arrivals}:
            terms.raise_level(transaction, [arrival.record.digest for arrival in arrivals if arrival.level is level], level)
    after = logs.append(transaction, log, leaves, now=now)
    for item in items:
        if isinstance(item.meaning, Control):
            recall.heed(means, transaction, sender, item.meaning, item.fields, now=now)
    entry: Fields = {"act": "received", "member": sender, "from": log.size, "size": after.size, "declined": declined}
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return Received(after.size, kept, declined)


def _arrival(item: Proven, sender: str, admission: Admission) -> Arrival:
    assert isinstance(item.meaning, Statement) and admission.record is not None, "a record is covered by a statement, and was admitted"
    return Arrival(
        admission.record,
        Came.CHANNEL,
        sender,
        item.meaning.originator,
        article=item.meaning.terms.basis,
        faults=admission.faults,
        given_at=item.meaning.terms.handling.tlp,
    )


def keep_word(transaction: Transaction, name: str, position: int, item: Proven) -> None:
    """A statement or control record itself: kept as bytes; a statement's review date is noted, and what it replaces, and what a consent names."""
    records.keep_contents(transaction, [of_canonical(item.content, item.fields, digest=item.leaf.digest)])
    if isinstance(item.meaning, Consent):
        consents.keep_consent(transaction, name, position=position, consent=item.meaning)
    if isinstance(item.meaning, Statement):
        if item.meaning.supersedes:
            consents.keep_superseding(transaction, name, position=position, statement=item.meaning)
        erasure.keep_expiry(transaction, name, position=position, statement=item.meaning.id, review=item.meaning.terms.review)
