"""Receive: a page of another member's channel is checked, proven and kept, or nothing of it is.

Duties:
  1. the checkpoint is the sender's, and its log only grew;
  2. the page begins where ours ends: nothing left out, nothing twice;
  3. every statement on the page is signed by the sender, names us, and covers exactly the records that follow it;
  4. the root is recomputed from what came, and is the checkpoint's;
  5. what may not be kept (law, marking, standard) is declined one by one: its commitment stays, its content goes, its ground is named;
  6. the rest is kept in one transaction with its leaves; then, and not before, a receipt is signed.
1 to 4 are integrity: a failure stops the channel and what was there stays. 5 is admissibility: one bad record never blocks the channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.desk.admit import Admission, admit
from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.errors import AccordError, IntegrityFailure
from accord.ledger.checkpoint import Checkpoint, cosign, open_signed
from accord.ledger.entry import SALT_BYTES, commitment, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.seal.canonical import Fields, canonical, digest_of
from accord.seal.keys import PublicKey, Role
from accord.seal.signature import verify_fields
from accord.stix.record import Record, of_fields
from accord.stix.statement import CONTEXT, TYPE, Statement, timestamp
from accord.store import acts, logs, peers, records
from accord.store.acts import Receipt
from accord.store.database import Transaction
from accord.store.logs import Log, NewLeaf
from accord.store.records import Arrival, Came


@dataclass(frozen=True, slots=True)
class Parcel:
    """One object of a page as it came over the wire, with its salt."""

    fields: Fields
    salt: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What a page brought; `size` is how many leaves of the channel we now hold."""

    size: int
    kept: int
    declined: int


@dataclass(frozen=True, slots=True)
class _Item:
    """An object of a page, proven: its bytes, its leaf and the statement that covers it."""

    content: bytes
    fields: Fields
    leaf: NewLeaf
    statement: Statement


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


def receive(means: Means, sender: str, *, first: int, parcels: Sequence[Parcel], note: str, now: datetime) -> Received:
    """Check one page and keep it. Raises `IntegrityFailure`, naming the duty that failed, and then keeps nothing."""
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, means.channel_from(sender))
        head = _open(means, transaction, sender, note, now=now)  # 1
        _only_grew(head, log)
        if first != log.size:  # 2
            raise IntegrityFailure(
                "order", f"the page begins at position {first}, expected {log.size}: something was left out or sent twice"
            )
        items = _prove(means, transaction, log, sender, parcels, now=now)  # 3
        _same_root(head, log, items)  # 4
        admissions = admit(means, sender, [(item.fields, item.statement) for item in items])  # 5
        received = _keep(means, transaction, log, sender, items, admissions, now=now)  # 6
    return received


def reached(means: Means, sender: str, note: str, *, now: datetime) -> None:
    """Note that the channel was verified to the end of this checkpoint; raises when it was not."""
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, means.channel_from(sender))
        head = _open(means, transaction, sender, note, now=now)
        if head.size != log.size:
            raise IntegrityFailure("growth", f"the checkpoint has size {head.size}, what came ends at {log.size}")
        _only_grew(head, log)
        peers.keep_head(transaction, sender, note)


def receipt_for(means: Means, sender: str, note: str, *, now: datetime) -> Receipt | None:
    """The receipt to hand over for a checkpoint that we hold whole; None when the sender has it already or there is nothing to receipt."""
    name = means.channel_from(sender)
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, name)
        head = _open(means, transaction, sender, note, now=now)
        last = acts.last_receipt(transaction, name)
        if last is not None and last.size >= head.size:
            return None if last.handed_over else last
        boundary = logs.boundary_at(transaction, name, head.size)
        if head.size == 0 or head.size > log.size or boundary is None or boundary.root != head.root:
            return None
        line = cosign(note, name=means.receipt_name(means.member), key=means.signers.receipt, at=now)
        receipt = Receipt(head.size, note, line, timestamp(now), handed_over=False)
        acts.keep_receipt(transaction, receipt, collection=name)
        entry: Fields = {"act": "receipted", "member": sender, "size": head.size}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
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
        raise IntegrityFailure("growth", f"the checkpoint has size {head.size}, but {size} leaves were there before: the log shrank")
    if head.size == size and head.root != root:
        raise IntegrityFailure("growth", f"the checkpoint of size {size} has another root than what came before: the log was rewritten")


def _prove(means: Means, transaction: Transaction, log: Log, sender: str, parcels: Sequence[Parcel], *, now: datetime) -> list[_Item]:
    """Bind each object to its commitment and to the statement before it. 3"""
    keys = keys_of(means, transaction, sender, Role.STATEMENT, now=now)
    items: list[_Item] = []
    current: tuple[int, Statement] | None = None
    open_commitments: set[bytes] = set()  # Named by the current statement and not come yet.
    seen: set[bytes] = set()
    for number, parcel in enumerate(parcels):
        try:
            content = canonical(parcel.fields)
        except AccordError as error:
            raise IntegrityFailure("bytes", f"position {log.size + number} is not canonical: {error.says}") from error
        sealed = commitment(salt=parcel.salt, content=content)
        if parcel.fields.get("type") == TYPE:
            _all_came(transaction, log, current, open_commitments - seen)
            statement = _statement(means, sender, parcel.fields, keys)
            current, open_commitments = (number, statement), set(statement.commitments)
        elif current is None or sealed not in open_commitments:
            raise IntegrityFailure("commitment", f"position {log.size + number} is not covered by the statement before it")
        else:
            open_commitments.discard(sealed)
        seen.add(sealed)
        digest = digest_of(content)
        items.append(_Item(content, parcel.fields, NewLeaf(sealed, parcel.salt, digest, current[0], len(content)), current[1]))
    _all_came(transaction, log, current, open_commitments - seen)
    return items


def _statement(means: Means, sender: str, fields: Fields, keys: Sequence[PublicKey]) -> Statement:
    """Read a statement and check its signature; that it is the sender's own and names us is part of its integrity."""
    try:
        verify_fields(fields, context=CONTEXT, keys=keys)
        statement = Statement.parse(fields)
    except AccordError as error:
        raise IntegrityFailure("statement", f"{fields.get('id')} does not hold: {error.says}") from error
    if statement.releaser != sender:
        raise IntegrityFailure("statement", f"{statement.id} is by {statement.releaser}, on the channel of {sender}")
    if means.member not in statement.terms.recipients:
        raise IntegrityFailure("audience", f"{statement.id} does not name {means.member}")
    return statement


def _all_came(transaction: Transaction, log: Log, current: tuple[int, Statement] | None, missing: set[bytes]) -> None:
    """Every record that a statement names follows it or stands in the channel already."""
    if current is None or not missing:
        return
    absent = missing - logs.known_commitments(transaction, log.name, sorted(missing))
    if absent:
        raise IntegrityFailure("commitment", f"{current[1].id} names {len(absent)} records that did not come")


def _same_root(head: Checkpoint, log: Log, items: Sequence[_Item]) -> None:
    """Recompute the root from what we had and what came. 4"""
    frontier = log.frontier.extend(leaf_hashes(item.leaf.commitment for item in items))
    if frontier.size != head.size:
        raise IntegrityFailure("order", f"the page ends at {frontier.size}, its checkpoint at {head.size}: something was left out or added")
    if frontier.root() != head.root:
        raise IntegrityFailure("root", f"the root recomputed for size {frontier.size} is not the checkpoint's")


def _keep(
    means: Means, transaction: Transaction, log: Log, sender: str, items: Sequence[_Item], admissions: Sequence[Admission], *, now: datetime
) -> Received:
    """Keep leaves, records, what was declined and why, and the journal entry. 6"""
    leaves: list[NewLeaf] = []
    arrivals: list[Arrival] = []
    statements: list[Record] = []
    declined = 0
    for number, (item, admission) in enumerate(zip(items, admissions, strict=True)):
        if admission.ground:
            declined += 1
            leaves.append(replace(item.leaf, salt=None, digest=None))
            acts.keep_declined(transaction, collection=log.name, position=log.size + number, ground=admission.ground, now=now)
            continue
        leaves.append(item.leaf)
        record = of_fields(item.fields)
        if item.fields.get("type") == TYPE:
            statements.append(record)
            continue
        statement = item.statement
        arrivals.append(Arrival(record, Came.CHANNEL, sender, statement.originator, article=statement.terms.basis, faults=admission.faults))
    kept = records.keep(transaction, arrivals, now=now)
    records.keep_contents(transaction, statements)
    after = logs.append(transaction, log, leaves, now=now)
    entry: Fields = {"act": "received", "member": sender, "from": log.size, "size": after.size, "declined": declined}
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return Received(after.size, kept, declined)
