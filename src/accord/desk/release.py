"""Release: judged records enter the channels of their recipients, each statement followed by the records it covers.

This is the part that publishing one's own records and releasing imported ones share. Duties:
  1. nothing is released while one recipient is withheld: the officer decided about all of them together;
  2. a statement covers records of one originator, at most 1,000 and 8 MiB of them, so that a page can end behind it;
  3. one salt a record and statement; a record that stands in a channel already is released again by the statement alone;
  4. records, leaves, decisions and the journal entry of a statement are one transaction;
  5. what another member gave goes under the salt it came with and with what stands behind it, one statement for each such statement and consent.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

from accord.charter.document import Charter
from accord.charter.force import Law, law_between
from accord.desk.means import Means
from accord.desk.onward import passage_of
from accord.errors import LimitReached, Refusal
from accord.ledger.entry import SALT_BYTES, commitment
from accord.release.decision import Decision, Released, Withheld
from accord.release.onward import law_behind
from accord.release.question import Behind, Offer, Question, RecordClass
from accord.seal.canonical import Fields
from accord.seal.signature import sign_fields
from accord.stix.record import Record, of_fields
from accord.stix.statement import CONTEXT, PURPOSE_CHARACTERS_MAX, STATEMENT_OCTETS_MAX, STATEMENT_RECORDS_MAX, TYPE, Statement, Terms
from accord.store import acts, consents, erasure, logs, records, rejoin, terms
from accord.store import answers as given_answers
from accord.store.database import Transaction
from accord.store.logs import Log, NewLeaf
from accord.store.records import Arrival, Came, Passage

Progress: TypeAlias = Callable[[int], None]  # Called with the number of records released so far.


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says to one member about a whole publication; `records` is how many it says it about."""

    decision: Decision
    records: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to release together, by one officer's word, on one set of terms."""

    arrivals: Sequence[Arrival]
    officer: str
    terms: Terms
    word: str  # The officer's recorded word for records that break the standard; empty when none was needed.
    supersedes: str = ""  # The statement that these replace, at every recipient.


@dataclass(frozen=True, slots=True)
class _Placed:
    """A record with the salt and commitment under which a statement names it."""

    record: Record
    salt: bytes
    commitment: bytes


def judge(means: Means, arrivals: Sequence[Arrival], offer: Offer, *, now: datetime) -> tuple[Answer, ...]:
    """Ask the gate about every other member and every recipient named, once per class of equal records."""
    today = now.date()
    classes: dict[RecordClass, int] = {}
    for arrival in arrivals:
        described = _class_of(means, arrival)
        classes[described] = classes.get(described, 0) + 1
    for name in offer.audience:
        means.charter.member(name)  # An unknown recipient is refused by name, before anything is judged.
    if offer.purpose is not None and len(offer.purpose) > PURPOSE_CHARACTERS_MAX:
        raise LimitReached("PURPOSE_CHARACTERS_MAX", f"the purpose has {len(offer.purpose)} characters", remedy="say it in a sentence")
    answers = []
    for member in sorted({*means.partners(), *offer.audience}):
        law = law_between(means.charter, sender=means.member, recipient=member, on=today)
        decisions = [
            Answer(means.gate.decide(Question(described, offer, member, law, today, _behind(means, described, member, today))), count)
            for described, count in classes.items()
        ]
        # One class withheld is the answer for the member: what stands in the way comes first.
        answers.append(
            next((answer for answer in decisions if isinstance(answer.decision, Withheld)), Answer(decisions[0].decision, len(arrivals)))
        )
    return tuple(answers)


def refuse_unknown_article(charter: Charter, basis: str | None) -> None:
    """An article that is not in the charter is a slip of the pen and no question of law: it is refused by name, with those that there are."""
    if basis is None:  # That is the gate's to refuse (INF-01).
        return
    name, _, article = basis.partition("/")
    instrument = next((one for one in charter.instruments if one.id == name), None)
    if instrument is None:
        known = ", ".join(sorted(one.id for one in charter.instruments))
        raise Refusal(f"the charter has no instrument {name!r}", remedy=f"choose one of {known}")
    if article not in {one.id for one in instrument.articles}:
        raise Refusal(f"{name} has no article {article!r}", remedy="it has " + ", ".join(f"{name}/{one.id}" for one in instrument.articles))


def note_refusal(means: Means, officer: str, offer: Offer, answers: Sequence[Answer], *, now: datetime) -> None:
    """A refused release stands in the journal with the rules that refused it; with none where it was refused before they were asked."""
    decisions = [item.decision for item in answers if item.decision.recipient in offer.audience]
    rules = sorted({ground.rule for decision in decisions if isinstance(decision, Withheld) for ground in decision.grounds})
    entry: Fields = {"act": "refused", "officer": officer, "recipients": list(offer.audience), "rules": list(rules)}
    with means.database.writing() as transaction:
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def _behind(means: Means, described: RecordClass, member: str, today: date) -> Law | None:
    return law_behind(means.charter, described.behind, member, on=today)


def _class_of(means: Means, arrival: Arrival) -> RecordClass:
    giver = arrival.source if arrival.came is Came.CHANNEL else means.member
    return RecordClass.of(
        arrival.record,
        originator=arrival.originator,
        holder=means.member,
        giver=giver,
        faulty=bool(arrival.faults),
        unconfirmed=arrival.unconfirmed,
        behind=None if arrival.passage is None else Behind.of(arrival.passage.link),
    )


def release(
    means: Means, batch: Batch, answers: Sequence[Answer], *, now: datetime, progress: Progress = lambda done: None
) -> tuple[str, ...]:
    """Release a judged batch, statement by statement, and give the statements' identifiers."""
    refuse_withheld(batch.terms.recipients, answers)  # 1
    done, statements = 0, []
    for portion in _portions(batch.arrivals):  # 2
        with means.database.writing() as transaction:  # 4
            statements.append(_release_portion(means, transaction, batch, portion, answers, now=now))
        done += len(portion)
        progress(done)
    return tuple(statements)


def refuse_withheld(audience: Sequence[str], answers: Sequence[Answer]) -> None:
    """Refuse the whole when the audience is empty or one of it is withheld, with every ground."""
    if not audience:
        raise Refusal("the audience is empty, and an empty audience is nobody", remedy="name at least one recipient")
    for answer in answers:
        match answer.decision:
            case Withheld(recipient=recipient, grounds=grounds, remedy=remedy) if recipient in audience:
                reasons = "; ".join(str(ground) for ground in grounds)
                raise Refusal(f"nothing was published: withheld from {recipient} ({reasons})", remedy=remedy)


def _portions(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """Cut into what one statement may cover: one originator and way of coming, and both limits kept. A record counts once."""
    portion: list[Arrival] = []
    octets = 0
    seen: set[bytes] = set()
    for arrival in sorted(arrivals, key=_kind):
        if arrival.record.digest in seen:
            continue
        seen.add(arrival.record.digest)
        size = len(arrival.record.content)
        together = portion and (portion[0].originator, _kind(portion[0])) == (arrival.originator, _kind(arrival))
        if portion and (not together or len(portion) == STATEMENT_RECORDS_MAX or octets + size > STATEMENT_OCTETS_MAX):
            yield portion
            portion, octets = [], 0
        portion.append(arrival)
        octets += size
    if portion:
        yield portion


def _kind(arrival: Arrival) -> tuple[str, str, str, str]:
    """What records under one statement have in common: whose they are, how they came, and what stands behind them. 5"""
    behind = ("", "") if arrival.passage is None else (arrival.passage.link.statement.id, arrival.passage.link.consent.id)
    return (arrival.originator.name, arrival.came.value, *behind)


def _release_portion(
    means: Means, transaction: Transaction, batch: Batch, portion: Sequence[Arrival], answers: Sequence[Answer], *, now: datetime
) -> str:
    records.keep(transaction, [arrival for arrival in portion if arrival.came is Came.OWN], now=now)
    terms.raise_level(transaction, [arrival.record.digest for arrival in portion], batch.terms.handling.tlp)
    _still_there(means, transaction, portion, batch.terms.recipients)
    for recipient in batch.terms.recipients:
        if not rejoin.is_whole(transaction, recipient):
            raise Refusal(
                f"{recipient} has not given back yet what it holds of the channel to it, which was lost here",
                remedy=f"wait for its node, or publish without {recipient}",
            )
    channels = [logs.open_log(transaction, name) for name in sorted(map(means.channel_to, batch.terms.recipients))]
    placed = _place(means, transaction, portion, channels)  # 3, 5
    statement = _statement(means, batch, portion, placed, now=now)
    statement_salt = means.random(SALT_BYTES)
    records.keep_contents(transaction, [statement])
    first = _Placed(statement, statement_salt, commitment(salt=statement_salt, content=statement.content))
    for channel in channels:
        _append(transaction, channel, first, placed, now=now)
        if batch.supersedes:
            _supersede(transaction, channel, Statement.parse(dict(statement.fields)))
        erasure.keep_expiry(transaction, channel.name, position=channel.size, statement=statement.id, review=batch.terms.review)
    for answer in answers:
        name = means.channel_to(answer.decision.recipient)
        acts.keep_decision(transaction, answer.decision, collection=name, act=statement.id, records=len(portion), now=now)
    entry: Fields = {
        "act": "published",
        "officer": batch.officer,
        "statement": statement.id,
        "recipients": list(batch.terms.recipients),
        "basis": batch.terms.basis,
        "records": len(portion),
        "word": batch.word,
    }
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return statement.id


def _supersede(transaction: Transaction, channel: Log, statement: Statement) -> None:
    """Note what a statement replaces in a channel. There it must stand: who never had the one could make nothing of the other."""
    if not erasure.commitments_of_statement(transaction, channel.name, statement.supersedes):
        raise Refusal(
            f"{statement.supersedes} does not stand in {channel.name}, or nothing of it is left",
            remedy="name a statement that every recipient was given, or publish without --supersedes",
        )
    consents.keep_superseding(transaction, channel.name, position=channel.size, statement=statement)


def _still_there(means: Means, transaction: Transaction, portion: Sequence[Arrival], audience: Sequence[str]) -> None:
    """What was judged a moment ago may have left the holdings since, or its consent been taken back: then nothing of the portion leaves."""
    held = records.held_by_digests(transaction, [arrival.record.digest for arrival in portion])
    gone = [arrival.record.id for arrival in portion if arrival.record.digest not in held]
    gone += [
        arrival.record.id
        for arrival in portion
        if arrival.passage is not None and passage_of(means, transaction, arrival.record.digest, audience) != arrival.passage
    ]
    if gone:
        raise Refusal(f"{gone[0]} left the holdings, or what lets it be passed on did, while it was being released", remedy="do it again")


def _place(means: Means, transaction: Transaction, portion: Sequence[Arrival], channels: Sequence[Log]) -> list[_Placed]:
    """Give each record its salt: the one it came with from another member, or stands under already in one of these channels, else a new one.

    A commitment that one of the channels recalled is not used again: a recipient that comes late would erase the second leaf with the first.
    Nor is one that a recipient declined: it has no content of it, and what is given again after mending has to come anew.
    """
    digests = [arrival.record.digest for arrival in portion]
    standing: dict[bytes, tuple[bytes, bytes]] = {}
    for channel in channels:
        for digest, place in logs.standing(transaction, channel.name, digests).items():
            standing.setdefault(digest, place)
    named = sorted({sealed for sealed, _ in standing.values()} | {one.passage.commitment for one in portion if one.passage is not None})
    gone: set[bytes] = set()
    for channel in channels:
        live = erasure.live_commitments(transaction, channel.name, digests)
        gone |= logs.known_commitments(transaction, channel.name, named).difference(live)
        gone |= given_answers.declined_there(transaction, channel.name, named)
    placed = []
    for arrival in portion:
        record, passage = arrival.record, arrival.passage
        if passage is not None:
            if passage.commitment in gone:
                raise Refusal(
                    f"{record.id} was taken back from one of these members, or declined by it, under the leaf that its originator gave",
                    remedy="ask the originator to release it again; it then comes as a new leaf",
                )
            placed.append(_Placed(record, passage.salt, passage.commitment))
            continue
        known = standing.get(record.digest)
        salt = means.random(SALT_BYTES) if known is None or known[0] in gone else known[1]
        placed.append(_Placed(record, salt, commitment(salt=salt, content=record.content)))
    return placed


def _append(transaction: Transaction, channel: Log, statement: _Placed, placed: Sequence[_Placed], *, now: datetime) -> None:
    live = set(erasure.live_commitments(transaction, channel.name, [item.record.digest for item in placed]))
    fresh = [item for item in placed if item.commitment not in live]
    leaves = [NewLeaf(item.commitment, item.salt, item.record.digest, 0, len(item.record.content)) for item in (statement, *fresh)]
    logs.append(transaction, channel, leaves, now=now)


def _statement(means: Means, batch: Batch, portion: Sequence[Arrival], placed: Sequence[_Placed], *, now: datetime) -> Record:
    passage = portion[0].passage
    statement = Statement(
        id=f"{TYPE}--{uuid.UUID(bytes=means.random(16), version=4)}",
        made_at=now,
        charter=means.charter.digest,
        releaser=means.member,
        originator=portion[0].originator,
        terms=batch.terms if passage is None else _as_given(batch.terms, passage),
        commitments=tuple(item.commitment for item in placed),
        as_received=portion[0].came is Came.IMPORT if passage is None else passage.link.statement.as_received,
        upstream=None if passage is None else passage.link.fields(),
        supersedes=batch.supersedes,
    )
    return signed_statement(means, statement)


def signed_statement(means: Means, statement: Statement) -> Record:
    """Sign a statement. What could not be read back would stop the channel for good, so it is refused here, before anything is kept."""
    Statement.parse(statement.fields())
    return of_fields(sign_fields(statement.fields(), context=CONTEXT, key=means.signers.statement))


def _as_given(terms: Terms, passage: Passage) -> Terms:
    """An officer's terms with the originator's classification: it is not the holder's to choose."""
    return replace(terms, handling=replace(terms.handling, classification=passage.link.statement.terms.handling.classification))


def recipients_of(answers: Sequence[Answer]) -> tuple[str, ...]:
    """The members that a publication reaches."""
    return tuple(answer.decision.recipient for answer in answers if isinstance(answer.decision, Released))
