"""Journal: this member's acts as others see them. They see a signed checkpoint and hashes; the texts stay here and can be erased.

Once in each hour of the clock the journal is filled and its checkpoint published; that one is shown until the next (decision 0022).

Duties:
  1. what is published ends at a multiple of `STEP`, and a step further than before, whether this member acted or not;
  2. nothing beyond it is shown: neither a checkpoint nor a tile;
  3. a filler is an entry like any other, and can be opened: who may read the texts sees that no act hides behind it.

Texts are erased after their term: bytes and salt go, the commitment stays, and the log audits as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.desk.means import FIRST_EPOCH, Means
from accord.errors import Malformed, NotFound
from accord.ledger.checkpoint import Checkpoint, sign
from accord.ledger.entry import SALT_BYTES
from accord.ledger.tree import EMPTY
from accord.seal.canonical import JSON, Fields, read
from accord.seal.keys import base64_text, parse_base64
from accord.seal.note import Note
from accord.stix.statement import read_timestamp
from accord.store import acts, logs, rejoin, witness
from accord.store.database import Transaction
from accord.store.witness import Cosignature

EPOCH_BEGUN = "epoch-begun"  # The act of the first entry, from the second epoch on.
STEP = 256  # Entries: one whole tile. Fewer acts than this in an hour look like none.
SHOWN_FOR = timedelta(hours=1)  # Of the clock, so that neither an act nor a start of the node moves the moment.


def know_epochs(means: Means) -> None:
    """Read the epochs of all journals out of the store; another process of this node may have followed one."""
    with means.database.reading() as transaction:
        means.epochs.update(rejoin.epochs(transaction))


def publish_due(means: Means, *, now: datetime) -> None:
    """Publish the first time that this is called in an hour of the clock; the rest of the hour the same checkpoint is shown."""
    with means.database.writing() as transaction:
        last = witness.seen_at(transaction, means.member)
        if not last or _hour(read_timestamp(last)) != _hour(now):
            _publish(means, transaction, now=now)


def publish_checkpoint(means: Means, *, now: datetime) -> str:
    """Fill the journal to the next multiple of `STEP`, sign where it ends, and show that from here on. Only what is on disk is signed."""
    with means.database.writing() as transaction:
        return _publish(means, transaction, now=now)


def published(means: Means) -> tuple[str, tuple[Cosignature, ...]]:
    """The checkpoint that was published last, with the cosignatures over it; before the first, the one of the empty journal. 2"""
    with means.database.reading() as transaction:
        note = witness.seen_of(transaction, means.member) or _signed(means, Checkpoint(means.journal, 0, EMPTY.root()))
        return note, tuple(held for held in witness.cosignatures(transaction) if held.note == note)


def published_size(means: Means) -> int:
    """How many entries of the journal others may know of. 2"""
    note, _ = published(means)
    return Checkpoint.parse(Note.parse(note).text).size


def epoch_of(origin: str) -> int:
    """The epoch in the origin of a log; `Malformed` where it bears none."""
    number = origin.rpartition("/")[2]
    if not number.isdecimal() or str(int(number)) != number:
        raise Malformed("the origin of a log ends in its epoch")
    return int(number)


def epoch_entry(*, epoch: int, after: Iterable[Checkpoint], gone: Mapping[str, str]) -> Fields:
    """The act that begins a journal's next epoch: the checkpoints of the old one that are remembered, and who was not heard, by whose word."""
    return {
        "act": EPOCH_BEGUN,
        "epoch": epoch,
        "after": [
            {"log": item.origin, "size": item.size, "root": base64_text(item.root)}
            for item in sorted(after, key=lambda item: (item.origin, item.size, item.root))
        ],
        "gone": [{"member": member, "officer": officer} for member, officer in sorted(gone.items())],
    }


def read_epoch(entry: bytes) -> tuple[int, set[Checkpoint], set[str]]:
    """Epoch, remembered checkpoints and members gone, out of the act that begins an epoch; `Malformed` where it is another."""
    match read(entry):
        case {"act": "epoch-begun", "epoch": int(epoch), "after": list(after), "gone": list(gone), "at": str()}:
            pass
        case _:
            raise Malformed("the first entry does not begin an epoch")
    return epoch, {_remembered(item) for item in after}, {_gone(item) for item in gone}


def _remembered(item: JSON) -> Checkpoint:
    match item:
        case {"log": str(log), "size": int(size), "root": str(root)}:
            return Checkpoint(log, size, parse_base64(root, what="a root"))
        case _:
            raise Malformed("a remembered checkpoint has log, size and root")


def _gone(item: JSON) -> str:
    match item:
        case {"member": str(member), "officer": str()}:
            return member
        case _:
            raise Malformed("a member that is gone has a name, and the officer who said so")


@dataclass(frozen=True, slots=True)
class Opening:
    """The first entry of a journal's epoch with its salt: the one entry that is shown, since the others have to know what it names."""

    salt: bytes
    entry: bytes


def opening(means: Means) -> Opening:
    """The first entry of this member's journal; `NotFound` in the first epoch, where it is an act like any other."""
    if means.epochs.get(means.member, FIRST_EPOCH) == FIRST_EPOCH:
        raise NotFound("the journal is in its first epoch")
    with means.database.reading() as transaction:
        first = logs.leaves_between(transaction, means.journal, first=0, beyond=1, contents_of=means.journal)[0]
    if first.salt is None or first.body is None:
        raise NotFound("the first entry of the journal was erased")
    return Opening(bytes(first.salt), bytes(first.body))


def erase_texts(means: Means, positions: Sequence[int], *, now: datetime) -> int:
    """Destroy body and salt of these entries, and note that it was done; gives how many still had theirs."""
    with means.database.writing() as transaction:
        erased = sum(acts.erase_act(transaction, means.journal, position) for position in positions)
        if erased:
            entry: Fields = {"act": "texts-erased", "entries": erased}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return erased


def _publish(means: Means, transaction: Transaction, *, now: datetime) -> str:
    shown = witness.seen_of(transaction, means.member)
    before = Checkpoint.parse(Note.parse(shown).text).size if shown else 0
    log = logs.open_log(transaction, means.journal)
    size = max(-(-log.size // STEP), before // STEP + 1) * STEP  # 1
    acts.fill(transaction, log, salts=[means.random(SALT_BYTES) for _ in range(size - log.size)], now=now)  # 3
    boundary = logs.boundary_at(transaction, means.journal, size)
    assert boundary is not None, "an append ended here"
    note = _signed(means, Checkpoint(means.journal, size, boundary.root))
    witness.keep_seen(transaction, means.member, size=size, note=note, now=now)
    return note


def _signed(means: Means, checkpoint: Checkpoint) -> str:
    return sign(checkpoint, key=means.signers.log)


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // SHOWN_FOR.total_seconds())
