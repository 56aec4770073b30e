"""Witness: members cosign each other's journals, so that none can rewrite what it once showed (C2SP tlog-witness).

Duties of a witness:
  1. the checkpoint is signed with a log key of the member whose journal it names;
  2. it is shown to have grown from the one that was cosigned last, and from nothing else;
  3. it is kept before the cosignature leaves, in the act that judged it;
  4. a checkpoint that contradicts one that is held is kept beside it as evidence.
Duties of the member that asks: the cosignature holds under a witness key of the member asked, and is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.desk import journal, watch
from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.tiles import hashes
from accord.errors import AccordError, IntegrityFailure, PeerFault
from accord.ledger.checkpoint import Checkpoint, cosign, verify_cosignature
from accord.ledger.tiles import prove_consistency, root_from
from accord.ledger.witness import Forked, Request, Taken, Verdict, judge
from accord.seal.keys import PublicKey, Role
from accord.seal.note import Note
from accord.stix.statement import timestamp
from accord.store import logs, witness
from accord.store.database import Transaction
from accord.store.witness import Cosignature


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness says; `line` is its cosignature where the verdict is `Taken`, and empty otherwise."""

    verdict: Verdict
    line: str


def add_checkpoint(means: Means, body: str, *, now: datetime) -> Answer:
    """Judge a request of another member's log and cosign its checkpoint, or say why not."""
    request = Request.parse(body)
    member = _member_of(means, request.origin)
    with means.database.writing() as transaction:  # 3
        keys = None if member is None else _log_keys(means, transaction, member, now=now)
        latest = witness.cosigned_last(transaction, request.origin)
        verdict = judge(request, keys=keys, latest=latest)  # 1, 2
        match verdict:
            case Taken(checkpoint):
                assert member is not None, "an unknown log is not taken"
                if not watch.note_signed(means, transaction, member, request.note, checkpoint, now=now):  # 4
                    return Answer(Forked(checkpoint), "")
                witness.keep_cosigned(transaction, checkpoint, request.note, latest=latest, now=now)  # 3
                name = means.witness_name(means.member)
                return Answer(verdict, cosign(request.note, name=name, key=means.signers.witness, at=now))
            case Forked():
                held = witness.cosigned_note(transaction, request.origin)
                watch.keep_evidence(means, transaction, request.origin, held, request.note, watch.SPLIT, now=now)  # 4
            case _:
                pass
    return Answer(verdict, "")


def request_for(means: Means, witness_member: str, *, old_size: int | None = None) -> Request | None:
    """What to ask a member to cosign: the published checkpoint of our journal. None when it has cosigned that one already.

    `old_size` is the size that the witness says it cosigned last; without it, the one we know of.
    """
    note, _ = journal.published(means)
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    with means.database.reading() as transaction:
        last = witness.cosignature_of(transaction, witness_member)
    if last is not None and last.note == note and old_size is None:
        return None
    old = old_size if old_size is not None else (0 if last is None else last.size)
    if old > checkpoint.size:
        raise IntegrityFailure(
            "journal",
            f"{witness_member} cosigned our journal at size {old}, it ends at {checkpoint.size} here",
            remedy="this node lost acts, or runs beside a copy of itself: stop it and find out which",
        )
    proof = prove_consistency(hashes(means, means.journal, size=checkpoint.size), old_size=old, size=checkpoint.size) if old else ()
    return Request(old, proof, note)


def keep_cosignature(means: Means, witness_member: str, request: Request, line: str, *, now: datetime) -> Cosignature:
    """Check a member's cosignature over our journal and keep it; `PeerFault` when it does not hold."""
    checkpoint = Checkpoint.parse(Note.parse(request.note).text)
    with means.database.writing() as transaction:
        keys = keys_of(means, transaction, witness_member, Role.WITNESS, now=now)
        signed_at = _cosigned_at(means, witness_member, request.note, line, keys)
        kept = Cosignature(witness_member, checkpoint.size, request.note, line, timestamp(signed_at))
        witness.keep_cosignature(transaction, kept)
    return kept


def carried(means: Means, member: str, *, now: datetime) -> str:
    """The newest checkpoint of a member's journal that was cosigned here, cosigned anew for a courier to bring; empty where there is none."""
    with means.database.reading() as transaction:
        note = witness.cosigned_note(transaction, means.journal_of(member))
    return note + cosign(note, name=means.witness_name(means.member), key=means.signers.witness, at=now) if note else ""


def keep_carried(means: Means, witness_member: str, note: str, line: str, *, now: datetime) -> None:
    """Keep a cosignature that a courier brought, whenever the checkpoint under it was signed; one of an earlier epoch says nothing any more.

    `IntegrityFailure` when it is over a journal that is not the one that this node has.
    """
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    if checkpoint.origin != means.journal or checkpoint.size == 0:
        return
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.journal)
    size = 0 if log is None else log.size
    if checkpoint.size > size or root_from(hashes(means, means.journal, size=size), checkpoint.size) != checkpoint.root:
        raise IntegrityFailure(
            "journal",
            f"{witness_member} cosigned our journal at size {checkpoint.size}, and it is another here",
            remedy="this node lost acts, or runs beside a copy of itself: stop it and find out which",
        )
    keep_cosignature(means, witness_member, Request(0, (), note), line, now=now)


def cosigned_size(means: Means, witness_member: str) -> int:
    """The size of our journal that a member cosigned last."""
    with means.database.reading() as transaction:
        last = witness.cosignature_of(transaction, witness_member)
    return 0 if last is None else last.size


def _cosigned_at(means: Means, member: str, note: str, line: str, keys: Sequence[PublicKey]) -> datetime:
    try:
        return verify_cosignature(note, line, name=means.witness_name(member), keys=keys)
    except AccordError as error:
        raise IntegrityFailure("cosignature", f"what {member} answered is not its cosignature over our journal: {error.says}") from error


def _member_of(means: Means, origin: str) -> str | None:
    """The other member whose journal an origin names."""
    return next((member for member in means.partners() if means.journal_of(member) == origin), None)


def _log_keys(means: Means, transaction: Transaction, member: str, *, now: datetime) -> Sequence[PublicKey]:
    """The member's log keys; none while its key file is not known, so that nothing of it counts as signed."""
    try:
        return keys_of(means, transaction, member, Role.LOG, now=now)
    except PeerFault:
        return ()
