"""What is asked of the gate: may records of this class go from this member to that one, on these terms?

Judgement is made per *class of equal attributes*: a thousand records that differ only in content are one question.
Everything the rules look at stands here as a value; the gate reads nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from accord.charter.force import Law
from accord.seal.canonical import Digest
from accord.stix.consent import purpose_digest
from accord.stix.marking import Grade, Handling, HandlingCode, SubjectCategory, Tlp, tlp_of
from accord.stix.record import Record, concerns_person
from accord.stix.statement import Originator, Statement, Terms
from accord.stix.upstream import Link, links


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind records that another member gave: the terms they came on, and the consent to pass them on. Neither may be exceeded."""

    consenter: str  # The member that gave them first.
    users: tuple[str, ...]
    purpose: Digest
    basis: str  # The article under which the consenter could give them to the recipient itself.
    tlp: Tlp
    codes: tuple[HandlingCode, ...]
    review: date
    category: SubjectCategory | None

    @classmethod
    def of(cls, link: Link) -> Behind:
        consent, terms = link.consent, link.statement.terms
        return cls(
            consenter=consent.by,
            users=consent.users,
            purpose=consent.purpose,
            basis=consent.basis,
            tlp=terms.handling.tlp,
            codes=terms.handling.codes,
            review=terms.review,
            category=terms.category,
        )


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
    behind: Behind | None = None  # Where another member gave them and a consent names them.

    @classmethod
    def of(
        cls,
        record: Record,
        *,
        originator: Originator,
        holder: str,
        giver: str,
        faulty: bool,
        unconfirmed: bool = False,
        behind: Behind | None = None,
    ) -> RecordClass:
        return cls(originator, holder, giver, tlp_of(record.fields), concerns_person(record.fields), faulty, unconfirmed, behind)


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
    law_behind: Law | None = None  # Between who consented and the recipient, the same day; None where nobody had to.


def question_about(statement: Statement, *, recipient: str, law: Law, law_behind: Law | None = None) -> Question:
    """Ask again about what a statement already released: the law may have changed since."""
    step = next(iter(links(statement)), None)
    records = RecordClass(
        originator=statement.originator,
        holder=statement.releaser,
        giver=statement.releaser if step is None else step.statement.releaser,
        own_tlp=None,  # Compared when the statement was made; the record's marking has not changed since, its bytes are the record.
        person=statement.terms.category is not None,
        faulty=statement.as_received,
        behind=None if step is None else Behind.of(step),
    )
    offer = Offer.of(statement.terms, word="given" if statement.as_received else "")
    return Question(records, offer, recipient, law, statement.made_at.date(), law_behind)


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
        "codes": [code.value for code in offer.codes],
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
    if records.behind is not None:
        context |= _attributes_behind(question, records.behind)
    return context


def _attributes_behind(question: Question, behind: Behind) -> dict[str, object]:
    """What the rules on passing on look at."""
    law, purpose = question.law_behind, question.offer.purpose
    context: dict[str, object] = {
        "users": list(behind.users),
        "same_purpose": purpose is not None and purpose_digest(purpose) == behind.purpose,
        "consent_basis": behind.basis,
        "consent_in_force": [] if law is None else [str(permit.basis) for permit in law.permits],
        "given_tlp": behind.tlp.rank,
        "given_codes": [code.value for code in behind.codes],
        "given_review_days": (behind.review - question.made_on).days,
    }
    if behind.category is not None:
        context["given_category"] = behind.category.value
    return context
