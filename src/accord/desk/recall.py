"""Recall: what was given is taken back, at every holder, and who has not complied is a list.

Duties of a recall:
  1. the officer may recall;
  2. every channel in which the record stands gets a signed recall that names it by its commitment there;
  3. from that moment the channel serves a hole in its place: salt and digest are destroyed, the commitment stays;
  4. all of it and the journal entry are one transaction.
Duties of obeying one:
  5. bytes, salt, digest, search terms and row are destroyed in the transaction that receives the recall, and in the same transaction it goes on, by
     a recall of our own that holds the one obeyed, to everyone to whom we passed the record on;
  6. the sender is told so by a signed confirmation on our channel to it, and once more when those further down have confirmed;
  7. what the database still has of it in its files is overwritten, so that no file keeps a byte.
What reaches its review date is recalled by its giver and erased by its holder alike, whether or not they can reach each other.
The giver's own copy in its holdings is its own affair and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.control import append_control, new_identifier
from accord.desk.means import Means
from accord.desk.narrow import tell_the_rest
from accord.desk.office import authorised
from accord.errors import AccordError, NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import JSON, Digest, Fields, parse_digest, read
from accord.stix.consent import Consent
from accord.stix.control import BELOW, Control, Kind, RecallReason
from accord.stix.statement import STATEMENT_RECORDS_MAX, TYPE, Statement
from accord.stix.upstream import links
from accord.store import acts, answers, consents, erasure, logs, records, rejoin
from accord.store.database import Transaction
from accord.store.erasure import NONE, Due, RecallState


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was taken back: the recall's identifier, and from each member how many records."""

    recall: str
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Compliance:
    """One recall towards one member; complete when `state.is_complete`."""

    member: str
    state: RecallState


def recall(means: Means, reference: str, *, officer: str, reason: RecallReason, members: Sequence[str] = (), now: datetime) -> Recalled:
    """Take a record back from everybody, or from `members` alone (narrowing); those who keep it are told by a statement that replaces the first.

    `reference` is a digest, a STIX id with all its versions, a release statement with all that it released, or a consent.
    """
    with means.database.writing() as transaction:  # 4
        authorised(means, transaction, officer, Act.RECALL)  # 1
        named = _named(means, transaction, reference, members or means.partners())
        if members:
            taken = {sealed for found in _named(means, transaction, reference, means.partners()).values() for sealed in found}
            tell_the_rest(means, transaction, taken, removed=members, now=now)
            for holder, leaves in _consents_naming(means, transaction, taken, members).items():
                named[holder] = [*named.get(holder, ()), *leaves]
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
    if reference.startswith(f"{Kind.CONSENT}--"):
        return {member: consents.leaves_of_consent(transaction, name, reference) for member, name in channels.items()}
    digests = digests_of(transaction, reference)
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


def _consents_naming(means: Means, transaction: Transaction, taken: Collection[bytes], members: Sequence[str]) -> dict[str, list[bytes]]:
    """The leaves of our consents that let a holder pass these records on to one of these members: removed is removed at every relay (FED-02)."""
    found: dict[str, list[bytes]] = {}
    for holder in means.partners():
        channel = means.channel_to(holder)
        words = [Consent.parse(word) for sealed in sorted(taken) for word in consents.consents_about(transaction, channel, sealed)]
        for identifier in sorted({word.id for word in words if set(members) & set(word.users)}):
            found.setdefault(holder, []).extend(consents.leaves_of_consent(transaction, channel, identifier))
    return found


def digests_of(transaction: Transaction, reference: str) -> list[Digest]:
    """What of the holdings a digest or a STIX identifier names, with all its versions."""
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
    upstream: Fields | None = None,
    causes: Mapping[bytes, bytes] = NONE,
    now: datetime,
) -> None:
    for portion in _portions(commitments):
        if rejoin.is_whole(transaction, member):  # To one that is awaited it is said when it comes back: `say_again`.
            append_control(
                means, transaction, member, Kind.RECALL, portion, code=reason.value, identifier=identifier, upstream=upstream, now=now
            )
        name = means.channel_to(member)
        erasure.take_back(transaction, name, portion, recall=identifier, reason=reason.value, causes=causes, now=now)


def _portions(commitments: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(commitments), STATEMENT_RECORDS_MAX):
        yield commitments[start : start + STATEMENT_RECORDS_MAX]


def say_again(means: Means, transaction: Transaction, member: str, *, now: datetime) -> None:
    """Put every recall that a member has not confirmed into the channel to it again: some could not be said while the member was awaited."""
    for (identifier, reason), commitments in erasure.unconfirmed_recalls(transaction, means.channel_to(member)).items():
        for portion in _portions(commitments):
            append_control(means, transaction, member, Kind.RECALL, portion, code=reason, identifier=identifier, now=now)


def heed(means: Means, transaction: Transaction, sender: str, control: Control, signed: Fields, *, now: datetime) -> None:
    """Do what a control record from `sender` asks, or keep what it says. It was proven before: its signature holds and it is the sender's."""
    match control.kind:
        case Kind.RECALL:  # 5
            name = means.channel_from(sender)
            reason = RecallReason(control.code) if control.code in list(RecallReason) else RecallReason.WITHDRAWN
            pass_down(means, transaction, sender, control.commitments, reason=reason, upstream=signed, now=now)
            erasure.erase(transaction, name, control.commitments, incoming=_incoming(means), recall=control.id, now=now)
        case Kind.ERASED:
            below = control.code == BELOW
            erasure.note_erased(transaction, means.channel_to(sender), control.commitments, below=below, now=now)
        case Kind.ACCEPTED | Kind.DECLINED | Kind.HANDLED:
            name = means.channel_to(sender)
            given = logs.known_commitments(transaction, name, control.commitments)  # Of what we never gave there is nothing to say.
            answers.keep_answer(transaction, name, sorted(given), kind=control.kind.value, code=control.code, now=now)
            entry: Fields = {"act": "answered", "member": sender, "kind": control.kind.value.removeprefix("accord-"), "records": len(given)}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
        case Kind.NOTICE:
            name, about = means.channel_from(sender), len(control.commitments)
            answers.keep_notice(transaction, name, notice=control.id, code=control.code, records=about, now=now)
        case Kind.CONSENT:
            raise AssertionError("a consent has a shape of its own and asks for nothing")


def pass_down(
    means: Means,
    transaction: Transaction,
    giver: str,
    commitments: Sequence[bytes],
    *,
    reason: RecallReason,
    upstream: Fields | None,
    now: datetime,
) -> None:
    """Recall from everyone to whom we passed on what `giver` takes back: a record, under the commitment that it keeps all the way down, and under a
    consent what rests on that consent. What another member gave as well is passed on by that member's leave, and stays. `upstream` is the signed recall
    that is obeyed; None where the review date alone is the reason.
    """
    identifier = new_identifier(means, Kind.RECALL)
    under: dict[bytes, tuple[str, bytes]] = {}  # What a consent names, with the consent and its leaf.
    for sealed in commitments:
        if (consent := consents.named_by_consent(transaction, means.channel_from(giver), sealed)) is not None:
            under |= dict.fromkeys(consent[1], (consent[0], sealed))
    reached: list[JSON] = []
    for member in means.partners():
        causes = _passed_on(transaction, means.channel_to(member), giver, commitments, under)
        if causes:
            reached.append(member)
            _take_back(
                means, transaction, member, sorted(causes), identifier=identifier, reason=reason, upstream=upstream, causes=causes, now=now
            )
    if reached:
        entry: Fields = {"act": "passed-down", "recall": identifier, "reason": reason.value, "members": reached}
        if upstream is not None:
            entry["obeys"] = upstream.get("id")
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def _passed_on(
    transaction: Transaction, channel: str, giver: str, commitments: Sequence[bytes], under: Mapping[bytes, tuple[str, bytes]]
) -> dict[bytes, bytes]:
    """What still stands in a channel to which we passed it on by this giver's leave, each with the commitment for whose sake it goes."""
    found: dict[bytes, bytes] = {}
    gone = set(commitments)
    for item in sorted(logs.known_commitments(transaction, channel, [*commitments, *under])):
        standing = consents.standing_as(transaction, channel, item)
        link = None if standing is None else next(iter(links(Statement.parse(standing.statement))), None)
        if link is None:
            continue
        if item in gone and link.statement.releaser == giver:
            found[item] = item
        elif item in under and (link.consent.id, link.consent.by) == (under[item][0], giver):
            found[item] = under[item][1]
    return found


def confirm(means: Means, sender: str, *, now: datetime) -> int:
    """Tell a sender what we erased and what we declined; gives how many records that was. Killed before, the next call tells it. 6"""
    told = 0
    name = means.channel_from(sender)
    with means.database.reading() as transaction:
        # Asked often, and mostly nothing is owed. To a member that is awaited it is said when it has come back.
        if not erasure.owes(transaction, name) or not rejoin.is_whole(transaction, sender):
            return 0
    while True:
        with means.database.writing() as transaction:
            if (owed := erasure.unconfirmed(transaction, name)) is not None:
                code = BELOW if owed.below else ""
                append_control(means, transaction, sender, Kind.ERASED, owed.commitments, code=code, answers=owed.recall, now=now)
                erasure.confirmed(transaction, name, owed)
                told += len(owed.commitments)
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
        incoming = {means.channel_from(member): member for member in means.partners()}
        for one in overdue:
            renewed = _renewed(transaction, one.collection, now=now)
            commitments = [item for item in erasure.commitments_under(transaction, one.collection, one.position) if item not in renewed]
            if commitments and one.collection in outgoing:
                member = outgoing[one.collection]
                identifier = new_identifier(means, Kind.RECALL)
                _take_back(means, transaction, member, commitments, identifier=identifier, reason=RecallReason.EXPIRED, now=now)
            elif commitments:
                giver = incoming[one.collection]
                pass_down(means, transaction, giver, commitments, reason=RecallReason.EXPIRED, upstream=None, now=now)
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
    """Leave no byte of what was erased in any file of the database; False when it has to be tried again. 7"""
    return erasure.forget(means.database)


def forget_soon(means: Means) -> None:
    """The same where it holds up nobody; on a server the worker does it, at its next look."""
    erasure.forget_at_hand(means.database)


def compliance(means: Means) -> list[Compliance]:
    """Every recall towards every member: who confirmed, and who is silent."""
    with means.database.reading() as transaction:
        return [
            Compliance(member, state) for member in means.partners() for state in erasure.recalls(transaction, means.channel_to(member))
        ]


def _incoming(means: Means) -> list[str]:
    return [means.channel_from(member) for member in means.partners()]
