"""Journal: this member's acts as others see them. They see a signed checkpoint and hashes; the texts stay here and can be erased.

On a fixed schedule the newest checkpoint is published, and that one is shown until the next, so that nobody learns from the journal's size when this
member acts. Texts are erased after their term: bytes and salt go, the commitment stays, and the log audits as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.desk.means import Means
from accord.ledger.checkpoint import Checkpoint, sign
from accord.ledger.entry import SALT_BYTES
from accord.ledger.tree import EMPTY
from accord.seal.canonical import Fields
from accord.store import acts, logs, witness
from accord.store.database import Transaction
from accord.store.witness import Cosignature


def publish_checkpoint(means: Means, *, now: datetime) -> str:
    """Sign where the journal ends now and show it from here on. Only what is on disk is signed."""
    with means.database.writing() as transaction:
        note, size = _newest(means, transaction)
        witness.keep_seen(transaction, means.member, size=size, note=note, now=now)
    return note


def published(means: Means) -> tuple[str, tuple[Cosignature, ...]]:
    """The checkpoint that was published last, with the cosignatures over it; before the first round, where the journal ends now."""
    with means.database.reading() as transaction:
        note = witness.seen_of(transaction, means.member) or _newest(means, transaction)[0]
        return note, tuple(held for held in witness.cosignatures(transaction) if held.note == note)


def erase_texts(means: Means, positions: Sequence[int], *, now: datetime) -> int:
    """Destroy body and salt of these entries, and note that it was done; gives how many still had theirs."""
    with means.database.writing() as transaction:
        erased = sum(acts.erase_act(transaction, means.journal, position) for position in positions)
        if erased:
            entry: Fields = {"act": "texts-erased", "entries": erased}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return erased


def _newest(means: Means, transaction: Transaction) -> tuple[str, int]:
    boundary = logs.last_boundary(transaction, means.journal)
    size, root = (0, EMPTY.root()) if boundary is None else (boundary.size, boundary.root)
    return sign(Checkpoint(means.journal, size, root), key=means.signers.log), size
