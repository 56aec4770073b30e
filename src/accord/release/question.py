"""What is asked of the gate: may records of this class go from this member to that one, on these terms?

Judgement is made per *class of equal attributes*: a thousand records that differ only in content are one question.
Everything the rules look at stands here as a value; the gate reads nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from accord.charter.force import Law
from accord.stix.marking import Grade, Handling, HandlingCode, SubjectCategory, Tlp, tlp_of
from accord.stix.record import Record, concerns_person
from accord.stix.statement import Originator, Statement, Terms


@dataclass(frozen=True, slots=True)
class RecordClass:
    """The attributes of a record that a rule may look at. Records with equal attributes share one decision."""

    originator: Originator
    holder: str  # The member whose node asks.
    giver: str  # The member that gave the record to the holder; the holder itself for its own and imported ones.
    own_tlp: Tlp | None  # What the record's own marking says; the statement may not say less.
    person: bool
    faulty: bool  # It breaks the standard; kept as received.
    unconfirmed: bool = False  # A person entry of the holder's own that no second officer has confirmed.

    @classmethod
    def of(cls, record: Record, *, originator: Originator, holder: str, giver: str, faulty: bool, unconfirmed: bool = False) -> RecordClass:
        return cls(originator, holder, giver, tlp_of(record.fields), concerns_person(record.fields), faulty, unconfirmed)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an officer proposes. Any part may be missing: INF-01 refuses it at the gate, with the name of what is missing."""

    audience: tuple[str, ...]
    basis: str | None = None
    purpose: str | None = None
    tlp: Tlp | None = None
    grade: Grade | None = None
    review: date | None = None
    category: SubjectCategory | None = None
    codes: tuple[HandlingCode, ...] = ()
    word: str = ""  # The officer's recorded word for records that break the standard.

    @classmethod
    def of(cls, terms: Terms, *, word: str = "") -> Offer:
        handling = terms.handling
        return cls(
            audience=terms.recipients,
            basis=terms.basis,
            purpose=terms.purpose,
            tlp=handling.tlp,
            grade=terms.grade,
            review=terms.review,
            category=terms.category,
            codes=handling.codes,
            word=word,
        )

    def terms(self) -> Terms:
        """The offer as the terms of a statement. The gate has said yes before, so nothing is missing."""
        assert self.audience and self.basis and self.purpose and self.tlp and self.grade and self.review, (
            "the gate refuses an incomplete offer"
        )
        handling = Handling(tlp=self.tlp, codes=self.codes, classification=None)
        # A statement names its recipients in order, each once.
        return Terms(tuple(sorted(set(self.audience))), self.basis, self.purpose, handling, self.grade, self.review, self.category)


@dataclass(frozen=True, slots=True)
class Question:
    """One class of records, one offer, one recipient, under the law between the two on a day."""

    records: RecordClass
    offer: Offer
    recipient: str
    law: Law
    made_on: date  # The day the offer was made: its review date is measured from here, the law from `law.on`.


def question_about(statement: Statement, *, recipient: str, law: Law) -> Question:
    """Ask again about what a statement already released: the law may have changed since."""
    records = RecordClass(
        originator=statement.originator,
        holder=statement.releaser,
        giver=statement.releaser,
        own_tlp=None,  # Compared when the statement was made; the record's marking has not changed since, its bytes are the record.
        person=statement.terms.category is not None,
        faulty=statement.as_received,
    )
    offer = Offer.of(statement.terms, word="given" if statement.as_received else "")
    return Question(records, offer, recipient, law, statement.made_at.date())


def attributes(question: Question) -> Mapping[str, object]:
    """The question as the policy's context: texts, numbers and sets, absent where nothing was said."""
    records, offer, law = question.records, question.offer, question.law
    context: dict[str, object] = {
        "recipient": question.recipient,
        "audience": list(offer.audience),
        "holder": records.holder,
        "giver": records.giver,
        "originator_is_member": records.originator.is_member,
        "originator": records.originator.name,
        "in_force": [str(permit.basis) for permit in law.permits],
        # Who names a category says that a person is concerned, as `question_about` reads it: preview and delivery ask one question.
        "person": records.person or offer.category is not None,
        "faulty": records.faulty,
        "unconfirmed": records.unconfirmed,
        "word": bool(offer.word),
    }
    if offer.basis is not None:
        context["basis"] = offer.basis
    if offer.purpose is not None and offer.purpose.strip():
        context["purpose"] = offer.purpose
    if offer.tlp is not None:
        context["tlp"] = offer.tlp.rank
    if records.own_tlp is not None:
        context["own_tlp"] = records.own_tlp.rank
    if offer.grade is not None:
        context["grade"] = str(offer.grade)
    if offer.review is not None:
        context["review_days"] = (offer.review - question.made_on).days
    if offer.category is not None:
        context["category"] = offer.category.value
    return context
