"""Consent: an officer lets a holder pass on what this member gave first, to named users and for one purpose. It is taken back by a recall of the consent.

Requirement INF-04; Shanghai Convention, article 13(3). Duties:
  1. the officer may release: a consent is a release by another hand;
  2. it is this member's to give: the records stand in one of its channels under a statement of its own, with nothing behind it;
  3. the holder has them, from this member or by an earlier consent of it;
  4. the gate is asked about each user as if this member gave them itself, on the statement's terms; one withheld, and nothing is consented to;
  5. one consent for each statement, signed, on the channel to the holder, which keeps it beside its records; it stands in the journal.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.charter.force import law_between
from accord.charter.officers import Act
from accord.desk.control import append_word
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.recall import digests_of
from accord.desk.release import Answer, refuse_withheld
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.release.question import question_about
from accord.seal.canonical import Fields
from accord.stix.consent import Consent, Use, purpose_digest
from accord.stix.control import Kind
from accord.stix.statement import Statement
from accord.store import acts, consents
from accord.store.database import Transaction
from accord.store.erasure import live_commitments


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer consents to. Basis and purpose are those of the statement by which the records were given, where nothing else is said."""

    holder: str
    users: tuple[str, ...]
    basis: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Consented:
    """The consents given, and the gate's answer about every user."""

    consents: tuple[Consent, ...]
    answers: tuple[Answer, ...]


def consent(means: Means, reference: str, wanted: Wanted, *, officer: str, now: datetime) -> Consented:
    """Consent to the passing on of a record, by its STIX identifier or digest; refused with its ground, nothing is kept."""
    _may_be_wanted(means, wanted)
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)  # 1
        given = _given(means, transaction, reference, wanted.holder)
        statements = [_on_terms(statement, wanted) for statement, _ in given]
        answers = tuple(_asked(means, statement, user, now=now) for statement in statements for user in wanted.users)
        refuse_withheld(wanted.users, answers)  # 4
        made = tuple(
            _append(means, transaction, wanted, statement, commitments, officer=officer, now=now)
            for statement, (_, commitments) in zip(statements, given, strict=True)
        )
    return Consented(made, answers)


def _may_be_wanted(means: Means, wanted: Wanted) -> None:
    for name in (wanted.holder, *wanted.users):
        means.charter.member(name)
    if not wanted.users:
        raise Refusal("the consent names no user, and nobody is nobody", remedy="say to whom the holder may pass it on: --for ID[,ID]")
    if means.member in (wanted.holder, *wanted.users) or wanted.holder in wanted.users:
        raise Refusal(
            "a consent lets another member pass records on to a third", remedy="name the holder with --to and the others with --for"
        )


def _given(means: Means, transaction: Transaction, reference: str, holder: str) -> list[tuple[Statement, list[bytes]]]:
    """The statements of ours, nothing behind them, under which the holder has these records, and their commitments under each. 2, 3"""
    found: dict[str, tuple[Statement, list[bytes]]] = {}
    digests = digests_of(transaction, reference)
    for member in means.partners():
        channel = means.channel_to(member)
        for commitment in live_commitments(transaction, channel, digests):
            standing = consents.standing_as(transaction, channel, commitment)
            if standing is None or not (member == holder or _reaches(means, transaction, commitment, holder)):
                continue
            statement = Statement.parse(standing.statement)
            if statement.upstream is not None or (statement.originator.is_member and statement.originator.name != means.member):
                raise Refusal(
                    f"INF-04: {reference} was given first by another member, and its consent alone counts",
                    remedy="ask its originator for its consent",
                )
            named = found.setdefault(statement.id, (statement, []))[1]
            if commitment not in named:
                named.append(commitment)
    if not found:
        raise NotFound(f"{holder} holds {reference} from nobody by this member's word", remedy="publish it to the holder first")
    return list(found.values())


def _reaches(means: Means, transaction: Transaction, commitment: bytes, holder: str) -> bool:
    """Whether one of our consents that still stands lets somebody pass this on to the holder."""
    words = (word for member in means.partners() for word in consents.consents_about(transaction, means.channel_to(member), commitment))
    return any(holder in Consent.parse(word).users for word in words)


def _on_terms(statement: Statement, wanted: Wanted) -> Statement:
    terms = statement.terms
    return replace(
        statement,
        terms=replace(terms, recipients=wanted.users, basis=wanted.basis or terms.basis, purpose=wanted.purpose or terms.purpose),
    )


def _asked(means: Means, statement: Statement, user: str, *, now: datetime) -> Answer:
    law = law_between(means.charter, sender=means.member, recipient=user, on=now.date())
    question = question_about(replace(statement, made_at=now), recipient=user, law=law)
    return Answer(means.gate.decide(question), len(statement.commitments))


def _append(
    means: Means,
    transaction: Transaction,
    wanted: Wanted,
    statement: Statement,
    commitments: Sequence[bytes],
    *,
    officer: str,
    now: datetime,
) -> Consent:
    """5"""
    made = Consent(
        id=f"{Kind.CONSENT}--{uuid.UUID(bytes=means.random(16), version=4)}",
        made_at=now,
        by=means.member,
        holder=wanted.holder,
        users=wanted.users,
        use=Use.PASSING_ON,
        statement=statement.id,
        basis=statement.terms.basis,
        purpose=purpose_digest(statement.terms.purpose),
        commitments=tuple(commitments),
    )
    position = append_word(means, transaction, wanted.holder, made.fields(), now=now)
    consents.keep_consent(transaction, means.channel_to(wanted.holder), position=position, consent=made)
    entry: Fields = {
        "act": "consented",
        "officer": officer,
        "consent": made.id,
        "holder": made.holder,
        "users": list(made.users),
        "basis": made.basis,
        "records": len(commitments),
    }
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return made
