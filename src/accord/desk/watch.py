"""Watch: what this node knows of the other members' journals, and evidence where two signed checkpoints cannot both be true.

Each node remembers the newest checkpoint of every journal, from its owner or from another member that saw it. A checkpoint that comes must have grown
from the one that is held, or the held one from it; the log's own tiles have to show it. Where they do not, both signed notes are kept, and where the
tiles of the larger log show another root at the smaller size, the proof of that too: `desk.evidence` writes them down and a third checks them.

Duties: 1. a note counts only under a log key of the member whose journal it names; 2. one size has one root; 3. a smaller size that is offered as the
newest is a log that shrank; 4. of two sizes the larger is shown to have grown from the smaller; 5. evidence is kept once, and stands in the journal;
6. a new epoch begins with an entry that names what is remembered of the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from accord.desk.introduce import keys_of
from accord.desk.journal import Opening, epoch_of, know_epochs, read_epoch
from accord.desk.means import FIRST_EPOCH, Means
from accord.errors import AccordError, Malformed, NotFound, PeerFault, ProofInvalid
from accord.ledger.checkpoint import Checkpoint, open_signed
from accord.ledger.entry import SALT_BYTES, commitment, leaf_hash
from accord.ledger.tiles import Tile, TileHashes, prove_consistency, root_from
from accord.ledger.tree import verify_consistency
from accord.seal.canonical import Fields
from accord.seal.keys import Role, base64_text
from accord.seal.note import Note
from accord.stix.statement import timestamp
from accord.store import acts, peers, rejoin, witness
from accord.store.database import Transaction
from accord.store.witness import Evidence as Evidence  # Doors speak of it too.

PROOF_TRIES_MAX = 2  # Times that a log is asked to show its growth: one answer spoiled on the line convicts nobody.
SPLIT = "one size has two roots: the log was shown in two versions"
SHRUNK = "the newest checkpoint is smaller than one signed before: the log shrank"
REWRITTEN = "the larger cannot be shown to have grown from the smaller: the log was rewritten, or shown in two versions"


def seen(means: Means) -> Mapping[str, str]:
    """The newest checkpoint of every other member's journal that is known here, for members to compare."""
    with means.database.reading() as transaction:
        return {member: note for member, note in witness.seen_all(transaction).items() if member != means.member}


def evidence(means: Means) -> tuple[Evidence, ...]:
    """Everything that this node holds against a log."""
    with means.database.reading() as transaction:
        return tuple(witness.evidence_all(transaction))


def convicts(found: Evidence) -> bool:
    """Whether two checkpoints cannot both be true, whoever asks: one size with two roots, or a proof.

    Others only ask a question. An older checkpoint that somebody on the line sent again is signed too, and the member's tiles would answer for it.
    """
    return bool(found.proof) or _parsed(found.held).size == _parsed(found.offered).size


def compare(means: Means, member: str, note: str, *, fetch: Callable[[Tile], bytes], now: datetime, before: str = "") -> Evidence | None:
    """Hold a checkpoint of a member's journal against the one that is known; gives new evidence, or None where there is none.

    `fetch` asks that member's node for tiles of its journal and raises `NotFound` where it has none. Where the note came from its owner as its
    newest, `before` is the one that was known before it was asked for, so that a newer one that comes meanwhile convicts nobody.
    Raises `PeerFault` where the note is not signed by the member.
    """
    with means.database.reading() as transaction:
        offered = _opened(means, transaction, member, note, now=now)  # 1
        held_note = witness.seen_of(transaction, member)
    held = _parsed(held_note) if held_note else None
    if held == offered:
        return None
    says, proof = ("", "") if held is None else _contradiction(held, offered, fetch)
    if before and offered.size < _parsed(before).size and not proof:  # 3
        held_note, says, proof = before, SHRUNK, ""
    with means.database.writing() as transaction:
        if says:
            return keep_evidence(means, transaction, means.journal_of(member), held_note, note, says, proof=proof, now=now)
        witness.keep_seen(transaction, member, size=offered.size, note=note, now=now)
    return None


def is_of_later_epoch(means: Means, member: str, note: str) -> bool:
    """Say whether a note claims to be of a later epoch of a member's journal than the one known here. Nothing of it is believed yet."""
    try:
        origin = Checkpoint.parse(Note.parse(note).text).origin
        epoch = epoch_of(origin)
    except AccordError:
        return False  # It is no checkpoint: `compare` says so, in its duty.
    if origin != means.journal_in(member, epoch) or epoch <= means.epochs.get(member, FIRST_EPOCH):
        return False
    know_epochs(means)  # Another process of this node may have followed already.
    return epoch > means.epochs.get(member, FIRST_EPOCH)


def follow(means: Means, member: str, note: str, opening: Opening, *, fetch: Callable[[Tile], bytes], now: datetime) -> None:
    """Go over to the next epoch of a member's journal: its node was restored, and could not complete the log that it lost. 6

    The epoch's first entry is shown by the member and proven to be that. It names every checkpoint of the old log that the others remembered; what
    is held here is among them, or the member declared us gone for good: then it is followed too, and what we hold is kept in our journal.
    Raises `PeerFault` otherwise, and the old epoch stays the one that counts.
    """
    with means.database.writing() as transaction:
        offered, named, gone = _opened_epoch(means, transaction, member, note, opening, fetch=fetch, now=now)
        held_notes = {witness.seen_of(transaction, member), witness.cosigned_note(transaction, means.journal_of(member))} - {""}
        lost = [held for held in sorted(held_notes) if _parsed(held) not in named]
        if lost and means.member not in gone:
            raise PeerFault(
                "epoch",
                f"the new epoch of {member}'s journal does not name the checkpoint of size {_parsed(lost[0]).size} that is held here",
                remedy=f"ask {member} whether its node was restored, and why this member was not heard",
            )
        entry: Fields = {"act": "epoch-followed", "log": offered.origin, "named": len(named), "unnamed": list(lost)}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
        rejoin.begin_epoch(transaction, member, epoch_of(offered.origin))
        witness.keep_seen(transaction, member, size=offered.size, note=note, now=now)
    know_epochs(means)


def _opened_epoch(
    means: Means, transaction: Transaction, member: str, note: str, opening: Opening, *, fetch: Callable[[Tile], bytes], now: datetime
) -> tuple[Checkpoint, set[Checkpoint], set[str]]:
    """The checkpoint of a new epoch, what its first entry names, and whom it declares gone; the entry is proven to be the log's first."""
    origin = Checkpoint.parse(Note.parse(note).text).origin
    try:
        offered = open_signed(note, origin=origin, keys=keys_of(means, transaction, member, Role.LOG, now=now))
        proof = prove_consistency(TileHashes(offered.size, fetch), old_size=1, size=offered.size)
        first = leaf_hash(commitment(salt=opening.salt, content=opening.entry))
        verify_consistency(old_size=1, old_root=first, size=offered.size, root=offered.root, proof=proof)
        epoch, named, gone = read_epoch(opening.entry)
        if origin != means.journal_in(member, epoch):
            raise Malformed(f"it is the entry of epoch {epoch}")
    except (AccordError, IndexError, ValueError) as error:
        raise PeerFault("epoch", f"the new epoch of {member}'s journal does not open: {error}") from error
    return offered, named, gone


def note_signed(means: Means, transaction: Transaction, member: str, note: str, checkpoint: Checkpoint, *, now: datetime) -> bool:
    """Remember a checkpoint that its owner asks to have cosigned; False where it forks from what was seen elsewhere, which is kept as evidence. 2"""
    held_note = witness.seen_of(transaction, member)
    if held_note:
        held = _parsed(held_note)
        if held.size == checkpoint.size and held.root != checkpoint.root:
            keep_evidence(means, transaction, checkpoint.origin, held_note, note, SPLIT, now=now)
            return False
    witness.keep_seen(transaction, member, size=checkpoint.size, note=note, now=now)
    return True


def note_channel(
    means: Means, sender: str, *, shown: str = "", ask: Callable[[], str], fetch: Callable[[Tile], bytes], now: datetime
) -> Evidence | None:
    """After a channel seemed to shrink or change: ask for its newest checkpoint once more, and keep it where it contradicts one that is held. 2, 3, 4

    What is held is read before the question, so that a round that ends meanwhile convicts nobody. `shown` is the checkpoint of a page that was kept in
    this round, if any: it was opened then.
    """
    name = means.channel_from(sender)
    with means.database.reading() as transaction:
        receipt = acts.last_receipt(transaction, name)
        held_notes = [shown, peers.peer_of(transaction, sender).head, "" if receipt is None else receipt.checkpoint]
        keys = keys_of(means, transaction, sender, Role.LOG, now=now)
    note = ask()
    try:
        offered = open_signed(note, origin=name, keys=keys)
    except AccordError:
        return None  # Not signed by the sender: a fault of the line, and no evidence against the sender.
    for held_note in filter(None, held_notes):
        held = _parsed(held_note)
        says, proof = _contradiction(held, offered, fetch)
        if offered.size < held.size and not proof:
            says = SHRUNK
        if says:
            with means.database.writing() as transaction:
                return keep_evidence(means, transaction, name, held_note, note, says, proof=proof, now=now)
    return None


def known(means: Means, member: str) -> str:
    """The newest checkpoint of a member's journal that is known; empty where there is none."""
    with means.database.reading() as transaction:
        return witness.seen_of(transaction, member)


def keep_evidence(
    means: Means, transaction: Transaction, origin: str, held: str, offered: str, says: str, *, proof: str = "", now: datetime
) -> Evidence | None:
    """Keep two signed notes of one log; None when they are kept already. 5"""
    found = Evidence(origin, held, offered, says, timestamp(now), proof)
    if not witness.keep_evidence(transaction, found):
        return None
    entry: Fields = {"act": "evidence-kept", "log": origin, "says": says}
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return found


def _contradiction(held: Checkpoint, offered: Checkpoint, fetch: Callable[[Tile], bytes]) -> tuple[str, str]:
    """Why two checkpoints of one log cannot both be true, and the proof of it where the log's tiles give one; empty where they can."""
    if held.size == offered.size:  # 2
        return (SPLIT if held.root != offered.root else "", "")
    small, large = sorted((held, offered), key=lambda checkpoint: checkpoint.size)
    if small.size == 0:
        return "", ""
    for _ in range(PROOF_TRIES_MAX):  # 4
        try:
            tiles = TileHashes(large.size, fetch)
            proof = prove_consistency(tiles, old_size=small.size, size=large.size)
            began = root_from(tiles, small.size)
            verify_consistency(old_size=small.size, old_root=began, size=large.size, root=large.root, proof=proof)
        except (ProofInvalid, Malformed, NotFound):
            continue
        return ("", "") if began == small.root else (REWRITTEN, "\n".join(map(base64_text, (began, *proof))))
    return REWRITTEN, ""


def _opened(means: Means, transaction: Transaction, member: str, note: str, *, now: datetime) -> Checkpoint:
    keys = keys_of(means, transaction, member, Role.LOG, now=now)
    try:
        return open_signed(note, origin=means.journal_of(member), keys=keys)
    except AccordError as error:
        raise PeerFault("journal", f"it is not a checkpoint of the journal of {member}: {error.says}") from error


def _parsed(note: str) -> Checkpoint:
    """The checkpoint of a note that was opened when it was kept."""
    return Checkpoint.parse(Note.parse(note).text)
