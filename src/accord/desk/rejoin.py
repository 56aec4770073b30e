"""Rejoin: a node that was restored from a backup takes back from the other members what it lost, before it serves or signs anything.

Duties:
  1. no other member's copy of our key file is newer than ours: replaced keys sign no more;
  2. every other member is heard before anything is signed; an officer may record that one is gone for good, and that stands in the journal;
  3. whatever comes back is proven as at its first receipt: checkpoints and statements by our own keys, the root by the leaves;
  4. our receipts and cosignatures go on from the newest that we gave: what was acknowledged is fetched again before anything else is done;
  5. what was recalled is taken back again, by us and by those who gave it, and what has expired goes before a door opens;
  6. our journal goes on in a new epoch, whose first entry names every checkpoint of the old one that anybody remembers;
  7. into the channel to a member that is gone nothing enters until it has given back what it holds.
Killed anywhere, the next call goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.keyfile import KeyFile
from accord.charter.officers import OfficerRole
from accord.desk import recall
from accord.desk.give_back import Word
from accord.desk.introduce import keys_ever
from accord.desk.journal import epoch_entry, epoch_of, know_epochs
from accord.desk.means import FIRST_EPOCH, Means
from accord.desk.prove import Gone, Parcel, Proven, prove
from accord.desk.receive import keep_word
from accord.desk.serve import CLOCK_DIFFERENCE_MAX
from accord.errors import AccordError, IntegrityFailure, Malformed, NotFound, PeerFault, Refusal, Unready
from accord.ledger.checkpoint import Checkpoint, open_signed, verify_cosignature
from accord.ledger.entry import SALT_BYTES, leaf_hashes
from accord.ledger.tiles import Tile, bundles_of, entries_of
from accord.ledger.tree import EMPTY
from accord.seal.canonical import Fields, read
from accord.seal.keys import PublicKey, Role
from accord.seal.note import Note
from accord.stix.control import BELOW, Control, Kind
from accord.stix.record import of_canonical
from accord.stix.schema import faults_of
from accord.stix.statement import Statement, timestamp
from accord.store import acts, answers, erasure, logs, peers, records, rejoin, witness
from accord.store.acts import Receipt
from accord.store.database import Transaction
from accord.store.records import Arrival, Came
from accord.store.rejoin import State as State

LEAVES_AT_ONCE = 5_000  # Leaves read at a time: memory stays flat whatever the log.

_ERASED = Kind.ERASED.value.encode()


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with one cosignature that holds, and its time."""

    checkpoint: Checkpoint
    note: str
    line: str
    at: datetime


def is_rejoining(means: Means) -> bool:
    """Say whether this node was restored and is not done with it: no door opens and nothing else is signed."""
    with means.database.reading() as transaction:
        return not rejoin.is_whole(transaction, means.member)


def waiting(means: Means) -> dict[str, State]:
    """Every other member that has not given back what it holds, and how far each is."""
    with means.database.reading() as transaction:
        return {row.member: row.state for row in rejoin.waiting(transaction) if row.member != means.member}


def is_whole(means: Means, member: str) -> bool:
    """Say whether our channel to a member holds everything that the member holds of it. 7"""
    with means.database.reading() as transaction:
        return rejoin.is_whole(transaction, member)


def not_yet(means: Means, folder: str) -> Unready:
    """What every command says on a node that has not rejoined."""
    silent = ", ".join(member for member, state in waiting(means).items() if state is State.AWAITED)
    return Unready(
        f"this node was restored from a backup and has not rejoined; awaited: {silent or 'nobody, it has only to be finished'}",
        remedy=f"run `accord rejoin {folder}`; a member that is gone for good is recorded there with --gone",
    )


def give_up(means: Means, member: str, *, officer: str) -> None:
    """An officer records that a member's node will not answer. It stands in the first entry of the journal's new epoch, with the officer's name. 2"""
    with means.database.writing() as transaction:
        known = peers.role_of(transaction, officer)
        if known is None or known[0] not in (OfficerRole.OFFICER, OfficerRole.OPERATOR):
            raise Refusal(
                f"{officer!r} is no officer or operator of {means.member} in this backup",
                remedy="name one that `accord officer add` registered",
            )
        if rejoin.state_of(transaction, member) is None or rejoin.is_whole(transaction, means.member):
            raise NotFound(f"nothing is awaited of {member}", remedy="see whom this node awaits with `accord rejoin`")
        rejoin.note_state(transaction, member, State.GONE, journal=[officer])


def check_key_file(means: Means, raw: bytes) -> None:
    """Hold our key file, as another member keeps it, against our own. 1"""
    root = means.charter.member(means.member).root
    assert root is not None, "a node has a root key"
    try:
        theirs, ours = KeyFile.read(raw, root), KeyFile.read(means.key_file, root)
    except AccordError:
        return  # Not signed by our root: it says nothing about our keys.
    if theirs.member == ours.member and theirs.number > ours.number:
        raise Unready(
            f"the others know key file {theirs.number} of {means.member}, the backup holds {ours.number}: its keys were replaced since",
            remedy="bring the newer key file and its keys, or issue new ones: accord key replace DIR --role ROLE --root-key FILE, until the number is higher",
        )


def hear(means: Means, member: str, word: Word) -> None:
    """Keep what a member remembers of our journal, after checking that we signed it. 2, 3"""
    with means.database.writing() as transaction:
        for note in word.journal:
            _own_journal(means, transaction, note)
        if rejoin.state_of(transaction, member) is State.AWAITED:
            rejoin.note_state(transaction, member, State.HEARD, journal=word.journal)


def begin_epoch(means: Means, *, now: datetime) -> None:
    """Once everybody was heard or is gone: begin the journal's next epoch. Its first entry names what is remembered of the old one. 6"""
    with means.database.writing() as transaction:
        rows = {row.member: row for row in rejoin.waiting(transaction)}
        if rows[means.member].state is State.BEGUN:
            return
        others = [row for row in rows.values() if row.member != means.member]
        assert all(row.state is not State.AWAITED for row in others), "everybody was heard or is gone"
        named = {_own_journal(means, transaction, note) for row in others if row.state is State.HEARD for note in row.journal}
        if published := witness.seen_of(transaction, means.member):
            named.add(_own_journal(means, transaction, published))
        epoch = 1 + max([means.epochs.get(means.member, FIRST_EPOCH), *(epoch_of(item.origin) for item in named)])
        gone = {row.member: row.journal[0] for row in others if row.state is State.GONE}
        entry = epoch_entry(epoch=epoch, after=named, gone=gone)
        acts.note_acts(transaction, means.journal_in(means.member, epoch), [entry], salts=[means.random(SALT_BYTES)], now=now)
        rejoin.begin_epoch(transaction, means.member, epoch)
        rejoin.drop_cosignatures(transaction)
        rejoin.note_state(transaction, means.member, State.BEGUN)
    know_epochs(means)


def size_of(means: Means, member: str) -> int:
    """How many leaves of our channel to a member we have."""
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.channel_to(member))
    return 0 if log is None else log.size


def missing(means: Means, member: str, word: Word, *, fetch: Callable[[Tile], bytes]) -> list[bytes]:
    """The commitments that the member holds of our channel to it beyond our own, proven to be what we signed. 3"""
    name = means.channel_to(member)
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, name)
        if not word.given:
            return []
        head = _opened(word.given, name, keys_ever(means, transaction, means.member, Role.LOG))
        size, frontier = (0, EMPTY) if log is None else (log.size, log.frontier)
        ours = logs.boundary_at(transaction, name, head.size)
    if head.size <= size:
        if head.size and (ours is None or ours.root != head.root):
            raise IntegrityFailure("given back", f"{member} holds our checkpoint of size {head.size} with another root than the backup has")
        return []
    found: list[bytes] = []
    for bundle in bundles_of(head.size):
        if bundle.first + bundle.width > size:
            found += _entries(bundle, fetch)[max(0, size - bundle.first) :]
    if frontier.extend(leaf_hashes(found)).root() != head.root:
        raise IntegrityFailure("given back", f"what {member} holds does not make the root that we signed for size {head.size}")
    return found


def _entries(bundle: Tile, fetch: Callable[[Tile], bytes]) -> Sequence[bytes]:
    try:
        return entries_of(fetch(bundle), width=bundle.width)
    except (NotFound, Malformed) as error:
        raise IntegrityFailure("given back", f"{bundle} of our channel is missing or no bundle: {error.says}") from error


def take_back(means: Means, member: str, *, first: int, parcels: Sequence[Parcel | Gone], expected: Sequence[bytes], now: datetime) -> int:
    """Keep a page of our own channel that came back; `expected` are its proven commitments, from our end on. Gives the channel's size. 3, 5"""
    name = means.channel_to(member)
    with means.database.writing() as transaction:
        log = logs.open_log(transaction, name)
        if first != log.size or not parcels:
            raise IntegrityFailure("given back", f"the page begins at position {first}, expected {log.size}")
        items = prove(means, transaction, log, means.member, parcels, recipient=member, now=now)
        if [item.leaf.commitment for item in items] != list(expected[: len(items)]):
            raise IntegrityFailure("given back", f"the page at position {first} is not what we signed")
        records.keep(transaction, [_arrival(means, item) for item in items if item.is_record], now=now)
        for position, item in enumerate(items, start=log.size):
            if not item.is_record and item.meaning is not None:
                keep_word(transaction, name, position, item)
        after = logs.append(transaction, log, [item.leaf for item in items], now=now)
        for item in items:
            if isinstance(item.meaning, Control):
                _repeat(means, transaction, member, item.meaning)
        entry: Fields = {"act": "given-back", "member": member, "from": log.size, "size": after.size}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return after.size


def taken_size(means: Means, member: str, word: Word, *, now: datetime) -> int:
    """The size up to which we gave a receipt for the member's channel to us; `Unready` where our clock is behind what we signed. 4"""
    with means.database.reading() as transaction:
        taken, witnessed = _taken(means, transaction, member, word), _witnessed(means, transaction, member, word)
    for cosigned in filter(None, (taken, witnessed)):
        if cosigned.at > now + CLOCK_DIFFERENCE_MAX:
            raise Unready(
                f"this node's clock says {timestamp(now)}, it signed for {member} at {timestamp(cosigned.at)}", remedy="set the clock"
            )
    return 0 if taken is None else taken.checkpoint.size


def receipted_size(means: Means, member: str, word: Word) -> int:
    """The size up to which the member gave a receipt for our channel to it."""
    with means.database.reading() as transaction:
        receipt = _receipt(means, transaction, member, word)
    return 0 if receipt is None else receipt.checkpoint.size


def keep_receipts(means: Means, member: str, word: Word, *, now: datetime) -> None:
    """Keep the newest receipts of both channels and our newest cosignature over the member's journal, from which ours go on. 4"""
    outgoing = means.channel_to(member)
    with means.database.writing() as transaction:
        taken = _taken(means, transaction, member, word)
        if taken is not None:
            _keep_receipt(transaction, means.channel_from(member), taken)
        if (receipt := _receipt(means, transaction, member, word)) is not None:
            _keep_receipt(transaction, outgoing, receipt)
        seen = _witnessed(means, transaction, member, word)
        latest = None if seen is None else witness.cosigned_last(transaction, seen.checkpoint.origin)
        if seen is not None and (latest is None or latest.size < seen.checkpoint.size):
            witness.keep_cosigned(transaction, seen.checkpoint, seen.note, latest=latest, now=now)


def whole(means: Means, member: str, *, now: datetime) -> None:
    """Nothing is missing any more of what this member holds: its channel is open again, and what waited for that is said. 7"""
    with means.database.writing() as transaction:
        _heed_again(means, transaction, member, now=now)
        rejoin.done(transaction, member)
        recall.say_again(means, transaction, member, now=now)


def finish(means: Means, *, now: datetime) -> None:
    """Erase and recall what has expired meanwhile; then the doors may open. 5"""
    while recall.expire(means, now=now):
        pass
    with means.database.writing() as transaction:
        rejoin.done(transaction, means.member)
    recall.forget(means)


def _repeat(means: Means, transaction: Transaction, member: str, control: Control) -> None:
    """Do again what a control record of ours did when we first said it. 5"""
    match control.kind:
        case Kind.RECALL:
            name = means.channel_to(member)
            erasure.take_back(transaction, name, control.commitments, recall=control.id, reason=control.code, now=control.made_at)
        case Kind.ERASED:
            erasure.told_erased(transaction, means.channel_from(member), control.commitments, below=control.code == BELOW)
        case Kind.DECLINED:
            erasure.told_declines_of(transaction, means.channel_from(member), control.commitments)
        case Kind.ACCEPTED | Kind.HANDLED:
            name = means.channel_from(member)
            answers.keep_answer(transaction, name, control.commitments, kind=control.kind.value, code=control.code, now=control.made_at)
        case Kind.NOTICE:
            name, about = means.channel_to(member), len(control.commitments)
            answers.keep_notice(transaction, name, notice=control.id, code=control.code, records=about, now=control.made_at)
        case _:
            pass


def _heed_again(means: Means, transaction: Transaction, member: str, *, now: datetime) -> None:
    """Note once more what the member confirmed: its words may have come before the recalls that they answer were back here."""
    name = means.channel_from(member)
    log = logs.log_state(transaction, name)
    size = 0 if log is None else log.size
    for first in range(0, size, LEAVES_AT_ONCE):
        for leaf in logs.leaves_between(transaction, name, first=first, beyond=min(first + LEAVES_AT_ONCE, size)):
            if leaf.body is None or _ERASED not in leaf.body:
                continue
            fields = read(leaf.body)
            if isinstance(fields, dict) and fields.get("type") == Kind.ERASED:
                recall.heed(means, transaction, member, Control.parse(fields), fields, now=now)


def _arrival(means: Means, item: Proven) -> Arrival:
    """A record of ours that came back: our own, imported from outside, or another member's that we passed on."""
    assert isinstance(item.meaning, Statement), "a record is covered by a statement"
    record, originator = of_canonical(item.content, item.fields), item.meaning.originator
    if originator.is_member:
        if originator.name == means.member:
            return Arrival(record, Came.OWN, means.member, originator)
        terms = item.meaning.terms
        return Arrival(record, Came.CHANNEL, originator.name, originator, article=terms.basis, given_at=terms.handling.tlp)
    return Arrival(record, Came.IMPORT, originator.name, originator, faults=tuple(str(fault) for fault in faults_of(item.fields)))


def _keep_receipt(transaction: Transaction, name: str, found: Cosigned) -> None:
    """Keep a receipt over a size that we have; its root is the one that the leaves make."""
    boundary = logs.boundary_at(transaction, name, found.checkpoint.size)
    if boundary is None or boundary.root != found.checkpoint.root:
        raise IntegrityFailure(
            "given back", f"the receipt for size {found.checkpoint.size} of {name} is over another root than the leaves make"
        )
    receipt = Receipt(found.checkpoint.size, found.note, found.line, timestamp(found.at), handed_over=True)
    acts.keep_receipt(transaction, receipt, collection=name)


def _receipt(means: Means, transaction: Transaction, member: str, word: Word) -> Cosigned | None:
    """The member's newest receipt for our channel to it; `PeerFault` where it does not hold."""
    if not word.receipt:
        return None
    signers = keys_ever(means, transaction, means.member, Role.LOG)
    cosigners = keys_ever(means, transaction, member, Role.RECEIPT)
    return _cosigned(word.receipt, means.channel_to(member), signers, name=means.receipt_name(member), cosigners=cosigners)


def _taken(means: Means, transaction: Transaction, member: str, word: Word) -> Cosigned | None:
    """Our own newest receipt for the member's channel to us; `PeerFault` where we did not sign it."""
    if not word.taken:
        return None
    signers = keys_ever(means, transaction, member, Role.LOG)
    cosigners = keys_ever(means, transaction, means.member, Role.RECEIPT)
    return _cosigned(word.taken, means.channel_from(member), signers, name=means.receipt_name(means.member), cosigners=cosigners)


def _witnessed(means: Means, transaction: Transaction, member: str, word: Word) -> Cosigned | None:
    """Our own newest cosignature over the member's journal; `PeerFault` where we did not sign it."""
    if not word.witnessed:
        return None
    signers = keys_ever(means, transaction, member, Role.LOG)
    cosigners = keys_ever(means, transaction, means.member, Role.WITNESS)
    try:
        origin = Checkpoint.parse(Note.parse(word.witnessed).text).origin
        if origin != means.journal_in(member, epoch_of(origin)):
            raise Malformed("it is of another log")
    except AccordError as error:
        raise PeerFault(
            "given back", f"what {member} holds of our cosignatures is over no checkpoint of its journal: {error.says}"
        ) from error
    return _cosigned(word.witnessed, origin, signers, name=means.witness_name(means.member), cosigners=cosigners)


def _cosigned(text: str, origin: str, signers: Sequence[PublicKey], *, name: str, cosigners: Sequence[PublicKey]) -> Cosigned:
    head, newline, last = text.rstrip("\n").rpartition("\n")
    note, line = head + newline, last + "\n"
    checkpoint = _opened(note, origin, signers)
    try:
        at = verify_cosignature(note, line, name=name, keys=cosigners)
    except AccordError as error:
        raise IntegrityFailure("given back", f"the cosignature of {name} over {origin} does not hold: {error.says}") from error
    return Cosigned(checkpoint, note, line, at)


def _own_journal(means: Means, transaction: Transaction, note: str) -> Checkpoint:
    """The checkpoint of our own journal, of any epoch, that we signed."""
    try:
        origin = Checkpoint.parse(Note.parse(note).text).origin
        if origin != means.journal_in(means.member, epoch_of(origin)):
            raise Malformed("it is of another log")
    except AccordError as error:
        raise PeerFault("given back", f"what a member remembers of our journal is no checkpoint of it: {error.says}") from error
    return _opened(note, origin, keys_ever(means, transaction, means.member, Role.LOG))


def _opened(note: str, origin: str, keys: Sequence[PublicKey]) -> Checkpoint:
    try:
        return open_signed(note, origin=origin, keys=keys)
    except AccordError as error:
        raise IntegrityFailure("given back", f"a checkpoint of {origin} does not hold: {error.says}") from error
