"""Recall: what was given is taken back, at every holder, and who has not complied is a list.

Duties of a recall:
  1. the officer may recall;
  2. every channel in which the record stands gets a signed recall that names it by its commitment there;
  3. from that moment the channel serves a hole in its place: salt and digest are destroyed, the commitment stays;
  4. all of it and the journal entry are one transaction.
Duties of obeying one:
  5. bytes, salt, digest, search terms and row are destroyed in the transaction that receives the recall;
  6. the sender is told so by a signed confirmation on our channel to it;
  7. the write-ahead log is emptied, so that no file keeps a byte.
What reaches its review date is recalled by its giver and erased by its holder alike, whether or not they can reach each other.
The giver's own copy in its holdings is its own affair and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.control import append_control, new_identifier
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.errors import AccordError, NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Digest, Fields, parse_digest, read
from accord.stix.control import Control, Kind, RecallReason
from accord.stix.statement import STATEMENT_RECORDS_MAX, TYPE, Statement
from accord.store import acts, erasure, logs, records
from accord.store.database import Transaction
from accord.store.erasure import Due, RecallState


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was taken back: the recall's identifier, and from each member how many records."""

    recall: str
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Compliance:
    """One recall towards one member; complete when `state.erased` equals `state.records`."""

    member: str
    state: RecallState


def recall(means: Means, reference: str, *, officer: str, reason: RecallReason, members: Sequence[str] = (), now: datetime) -> Recalled:
    """Take a record back from everybody, or from `members` alone (narrowing).

    `reference` is a digest, a STIX id with all its versions, or a release statement with all that it released.
    """
    with means.database.writing() as transaction:  # 4
        authorised(means, transaction, officer, Act.RECALL)  # 1
        named = _named(means, transaction, reference, members or means.partners())
        recalled = _from_members(means, transaction, named, by={"officer": officer}, reason=reason, now=now)
        if not recalled.members:
            raise NotFound(f"{reference} stands in no channel of this member", remedy="only what was released can be recalled")
    return recalled


def take_back(
    means: Means,
    transaction: Transaction,
    digests: Sequence[Digest],
    *,
    by: Fields,
    reason: RecallReason,
    members: Sequence[str] = (),
    now: datetime,
) -> Recalled:
    """Take these records back wherever they stand, inside the caller's transaction; `by` says who, for the journal.

    That whoever it is may do so is the caller's to ask. Nobody is reached where they stand in no channel.
    """
    named = {member: erasure.live_commitments(transaction, means.channel_to(member), digests) for member in members or means.partners()}
    return _from_members(means, transaction, named, by=by, reason=reason, now=now)


def _named(means: Means, transaction: Transaction, reference: str, members: Sequence[str]) -> dict[str, list[bytes]]:
    """What a reference names in the channel of each of these members."""
    for member in members:
        means.charter.member(member)
    channels = {member: means.channel_to(member) for member in members}
    if reference.startswith(f"{TYPE}--"):
        # The statement itself too: where the law ended before it was fetched, nothing of it may leave any more.
        return {member: erasure.commitments_of_statement(transaction, name, reference) for member, name in channels.items()}
    digests = _digests(transaction, reference)
    return {member: erasure.live_commitments(transaction, name, digests) for member, name in channels.items()}


def _from_members(
    means: Means, transaction: Transaction, named: Mapping[str, Sequence[bytes]], *, by: Fields, reason: RecallReason, now: datetime
) -> Recalled:
    """Put one recall into every channel in which something is named, destroy it there, and note it in the journal. 2, 3"""
    identifier = new_identifier(means, Kind.RECALL)
    reached = [(member, len(commitments)) for member, commitments in named.items() if commitments]
    for member, _ in reached:
        _take_back(means, transaction, member, named[member], identifier=identifier, reason=reason, now=now)
    if reached:
        entry: Fields = {
            "act": "recalled",
            **by,
            "recall": identifier,
            "reason": reason.value,
            "members": [member for member, _ in reached],
        }
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return Recalled(identifier, tuple(reached))


def _digests(transaction: Transaction, reference: str) -> list[Digest]:
    if reference.startswith("sha256:"):
        try:
            return [parse_digest(reference)]
        except AccordError as error:
            raise Refusal(error.says, remedy="give a digest or a STIX identifier") from error
    held = [held.digest for held in records.versions_of(transaction, reference)]
    if not held:
        raise NotFound(f"no record {reference!r} in the holdings", remedy="search for it with `accord search`")
    return held


def _take_back(
    means: Means,
    transaction: Transaction,
    member: str,
    commitments: Sequence[bytes],
    *,
    identifier: str,
    reason: RecallReason,
    now: datetime,
) -> None:
    for portion in _portions(commitments):
        append_control(means, transaction, member, Kind.RECALL, portion, code=reason.value, identifier=identifier, now=now)
        erasure.take_back(transaction, means.channel_to(member), portion, recall=identifier, reason=reason.value, now=now)


def _portions(commitments: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(commitments), STATEMENT_RECORDS_MAX):
        yield commitments[start : start + STATEMENT_RECORDS_MAX]


def heed(means: Means, transaction: Transaction, sender: str, control: Control, *, now: datetime) -> None:
    """Do what a control record from `sender` asks, or keep what it says. It was proven before: its signature holds and it is the sender's."""
    match control.kind:
        case Kind.RECALL:  # 5
            name = means.channel_from(sender)
            erasure.erase(transaction, name, control.commitments, incoming=_incoming(means), recall=control.id, now=now)
        case Kind.ERASED:
            erasure.note_erased(transaction, means.channel_to(sender), control.commitments, now=now)
        case Kind.ACCEPTED | Kind.DECLINED | Kind.HANDLED:
            name = means.channel_to(sender)
            given = logs.known_commitments(transaction, name, control.commitments)  # Of what we never gave there is nothing to say.
            erasure.keep_answer(transaction, name, sorted(given), kind=control.kind.value, code=control.code, now=now)


def confirm(means: Means, sender: str, *, now: datetime) -> int:
    """Tell a sender what we erased and what we declined; gives how many records that was. Killed before, the next call tells it. 6"""
    told = 0
    name = means.channel_from(sender)
    with means.database.reading() as transaction:
        if not erasure.owes(transaction, name):  # Asked often, and mostly nothing is owed.
            return 0
    while True:
        with means.database.writing() as transaction:
            if (owed := erasure.unconfirmed(transaction, name)) is not None:
                answered, commitments = owed
                append_control(means, transaction, sender, Kind.ERASED, commitments, answers=answered, now=now)
                erasure.confirmed(transaction, name, commitments)
                told += len(commitments)
            elif (declined := erasure.untold_declines(transaction, name)) is not None:
                ground, places = declined
                append_control(means, transaction, sender, Kind.DECLINED, [place[1] for place in places], code=ground, now=now)
                erasure.told_declines(transaction, name, [place[0] for place in places])
                told += len(places)
            else:
                return told


def expire(means: Means, *, now: datetime) -> int:
    """Recall what we gave and erase what we were given under statements whose review date has passed; gives how many statements.

    What a later statement on the same channel covers still stays: it was released again, with a later date.
    """
    with means.database.writing() as transaction:
        overdue = erasure.due(transaction, now.date())
        outgoing = {means.channel_to(member): member for member in means.partners()}
        for one in overdue:
            renewed = _renewed(transaction, one.collection, now=now)
            commitments = [item for item in erasure.commitments_under(transaction, one.collection, one.position) if item not in renewed]
            if commitments and one.collection in outgoing:
                member = outgoing[one.collection]
                identifier = new_identifier(means, Kind.RECALL)
                _take_back(means, transaction, member, commitments, identifier=identifier, reason=RecallReason.EXPIRED, now=now)
            elif commitments:
                erasure.erase(transaction, one.collection, commitments, incoming=_incoming(means), recall=one.statement, now=now)
            erasure.expiry_done(transaction, one)
        if overdue:
            acts.note_acts(transaction, means.journal, [_expired(overdue)], salts=[means.random(SALT_BYTES)], now=now)
    return len(overdue)


def _renewed(transaction: Transaction, collection: str, *, now: datetime) -> set[bytes]:
    """Commitments that statements of this channel cover whose review date has not passed."""
    found: set[bytes] = set()
    for position in erasure.standing_statements(transaction, collection, now.date()):
        body = logs.body_at(transaction, collection, position)
        if body is None:  # The statement was taken back itself.
            continue
        fields = read(body)
        assert isinstance(fields, dict), "a statement is an object"
        found.update(Statement.parse(fields).commitments)
    return found


def _expired(overdue: Sequence[Due]) -> Fields:
    return {"act": "expired", "statements": [one.statement for one in overdue]}


def forget(means: Means) -> bool:
    """Empty the write-ahead log after erasing; False when it has to be tried again. 7"""
    return erasure.forget(means.database)


def compliance(means: Means) -> list[Compliance]:
    """Every recall towards every member: who confirmed, and who is silent."""
    with means.database.reading() as transaction:
        return [
            Compliance(member, state) for member in means.partners() for state in erasure.recalls(transaction, means.channel_to(member))
        ]


def _incoming(means: Means) -> list[str]:
    return [means.channel_from(member) for member in means.partners()]
