"""Audit: recompute every log of this node from its leaves and hold it against what the node says of itself.

Duties: 1. every stored body and salt make the stored commitment; 2. the commitments make the root of every boundary, and of the counter row;
3. positions have no gap; 4. each receipt, given or received, is a cosignature over a root that the leaves make;
5. a later epoch of the journal begins with an entry that names the older ones as they are kept.
The first thing that does not hold is raised, with its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from accord.desk.introduce import keys_of
from accord.desk.journal import epoch_of, read_epoch
from accord.desk.means import FIRST_EPOCH, Means
from accord.errors import IntegrityFailure, KeyUnknown, PeerFault, SignatureInvalid
from accord.ledger.checkpoint import Checkpoint, open_signed, verify_cosignature
from accord.ledger.entry import commitment, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.seal.keys import Role
from accord.seal.note import Note
from accord.stix.times import moment
from accord.store import acts, logs
from accord.store.acts import Receipt
from accord.store.database import Transaction
from accord.store.logs import Leaf

LEAVES_AT_ONCE = 5_000  # Leaves read at a time: memory stays flat whatever the log.


@dataclass(frozen=True, slots=True)
class Audited:
    """A log that holds."""

    name: str
    size: int
    root: bytes
    receipts: int = 0


def audit(means: Means, *, progress: Callable[[int], None] = lambda done: None) -> list[Audited]:
    """Audit every channel and the journal in one consistent view."""
    done = 0
    reports = []
    with means.database.reading() as transaction:
        for name in logs.names_below(transaction, means.charter.id):
            report = _audit(transaction, name, is_journal=_is_journal(means, name))
            if _is_journal(means, name):
                _epoch_holds(transaction, name)  # 5
            else:
                report = replace(report, receipts=_receipts(means, transaction, name))
            reports.append(report)
            done += report.size
            progress(done)
    return reports


def _audit(transaction: Transaction, name: str, *, is_journal: bool) -> Audited:
    log = logs.log_state(transaction, name)
    assert log is not None, "the name was read in the same view"
    ends = logs.boundaries(transaction, name)
    frontier = EMPTY
    for boundary in ends:
        while frontier.size < boundary.size:
            beyond = min(frontier.size + LEAVES_AT_ONCE, boundary.size)
            leaves = logs.leaves_between(transaction, name, first=frontier.size, beyond=beyond, contents_of=name if is_journal else None)
            _whole(name, leaves, first=frontier.size, beyond=beyond)  # 1, 3
            frontier = frontier.extend(leaf_hashes(leaf.commitment for leaf in leaves))
        if frontier.root() != boundary.root:  # 2
            raise IntegrityFailure("root", f"{name}: the leaves below {boundary.size} do not make the root kept there")
    if log.frontier != frontier:
        raise IntegrityFailure("growth", f"{name}: the counter row says {log.size}, the leaves end at {frontier.size}")
    return Audited(name, frontier.size, frontier.root())


def _is_journal(means: Means, name: str) -> bool:
    """Say whether a log is this member's journal, in whichever epoch."""
    return name in means.journals()


def _epoch_holds(transaction: Transaction, name: str) -> None:
    """A later epoch of the journal names the older ones as they are here, as far as they are here. 5"""
    first = logs.leaves_between(transaction, name, first=0, beyond=1, contents_of=name)
    if epoch_of(name) == FIRST_EPOCH or not first or first[0].body is None:
        return
    _, named, _ = read_epoch(bytes(first[0].body))
    for checkpoint in named:
        boundary = logs.boundary_at(transaction, checkpoint.origin, checkpoint.size)
        if boundary is not None and boundary.root != checkpoint.root:
            raise IntegrityFailure("epoch", f"{name} names another root of {checkpoint.origin} at size {checkpoint.size} than is kept here")


def _receipts(means: Means, transaction: Transaction, name: str) -> int:
    """Hold every receipt of a channel against its roots and its signers. 4"""
    receipts = acts.receipts_of(transaction, name)
    for receipt in receipts:
        boundary = logs.boundary_at(transaction, name, receipt.size)
        checkpoint = Checkpoint.parse(Note.parse(receipt.checkpoint).text)
        root = EMPTY.root() if boundary is None else boundary.root
        if checkpoint != Checkpoint(name, receipt.size, root):
            raise IntegrityFailure("receipt", f"{name}: the receipt for {receipt.size} is over another root than the leaves make")
        for check in (_signed_by, _cosigned_by):
            try:
                check(means, transaction, name, receipt)
            except SignatureInvalid as error:
                raise IntegrityFailure("receipt", f"{name}: the receipt for {receipt.size} does not hold: {error.says}") from error
            except (KeyUnknown, PeerFault):
                continue  # The key that signed was replaced since, so this node can no longer tell; the root above still holds.
    return len(receipts)


def _signed_by(means: Means, transaction: Transaction, name: str, receipt: Receipt) -> None:
    sender, _ = _ends(means, name)
    keys = keys_of(means, transaction, sender, Role.LOG, now=moment(receipt.signed_at))
    open_signed(receipt.checkpoint, origin=name, keys=keys)


def _cosigned_by(means: Means, transaction: Transaction, name: str, receipt: Receipt) -> None:
    _, recipient = _ends(means, name)
    keys = keys_of(means, transaction, recipient, Role.RECEIPT, now=moment(receipt.signed_at))
    verify_cosignature(receipt.checkpoint, receipt.cosignature, name=means.receipt_name(recipient), keys=keys)


def _ends(means: Means, name: str) -> tuple[str, str]:
    """Sender and recipient of a channel of this node."""
    for partner in means.partners():
        if name == means.channel_to(partner):
            return means.member, partner
        if name == means.channel_from(partner):
            return partner, means.member
    raise IntegrityFailure("audience", f"{name} is a log between members that this charter does not name")


def _whole(name: str, leaves: list[Leaf], *, first: int, beyond: int) -> None:
    if [leaf.position for leaf in leaves] != list(range(first, beyond)):
        raise IntegrityFailure("order", f"{name}: a position between {first} and {beyond} is missing")
    for leaf in leaves:
        if leaf.salt is not None and leaf.body is None:
            raise IntegrityFailure("bytes", f"{name}: position {leaf.position} has a salt and lost its bytes")
        if leaf.salt is not None and leaf.body is not None and commitment(salt=leaf.salt, content=leaf.body) != leaf.commitment:
            raise IntegrityFailure("commitment", f"{name}: position {leaf.position} does not have the bytes it was given")
