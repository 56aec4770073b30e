"""Admit: which of the records that a page brought may be kept. What is declined keeps its commitment and names its ground.

Asked of each statement once: is it judged under our charter; would the gate, asked here, say the same under the law of the day that the statement
names, and under that of the day on which it comes; and is it not past its review date? A later law can only forbid: so a statement that was lawful and
still is passes however late it comes, and nobody gains by dating one back. What is past its review date passes where a later statement of the same page,
released again with a later date, covers it too.
Where it passes another's records on, the same is asked of every statement behind it, towards the member that it gave them to (`release.onward`).
Asked of each record: does it say what the standard asks, and does its marking agree with the statement?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from accord.charter.force import law_between
from accord.desk.means import Means
from accord.desk.prove import Proven
from accord.errors import AccordError
from accord.release.decision import Released, Withheld
from accord.release.onward import behind_of, fault_behind, law_behind
from accord.release.question import question_about
from accord.seal.canonical import digest_text
from accord.stix.extensions import is_accord_type
from accord.stix.marking import tlp_of
from accord.stix.record import Record, concerns_person, of_canonical
from accord.stix.schema import faults_of
from accord.stix.statement import Statement
from accord.stix.upstream import links


class Admission(NamedTuple):
    """Kept as `record`, with what breaks the standard, when `ground` is empty; declined on that ground otherwise."""

    ground: str
    faults: tuple[str, ...] = ()
    record: Record | None = None


KEPT: Final = Admission("")
NONE: Final[Mapping[str, str]] = MappingProxyType({})
PAST: Final = "S-07/past: its review date"


def admit(means: Means, items: Sequence[Proven], *, today: date, unproven: Mapping[str, str] = NONE) -> list[Admission]:
    """Answer for each position of a page, in order. What is no record is always kept: it is what the records stand on.

    `unproven` names, by statement, what does not hold of the signatures behind it (`desk.onward`).
    """
    statements = {item.meaning.id: item.meaning for item in items if isinstance(item.meaning, Statement)}
    grounds = {name: unproven.get(name) or _ground_of(means, statement, today=today) for name, statement in statements.items()}
    renewed = {sealed for name, statement in statements.items() if not grounds[name] for sealed in statement.commitments}
    admissions = []
    for item in items:
        if not item.is_record or not isinstance(item.meaning, Statement):
            admissions.append(KEPT)
            continue
        ground = grounds[item.meaning.id]
        if ground.startswith(PAST) and item.leaf.commitment in renewed:
            ground = ""
        admissions.append(Admission(ground) if ground else _of_record(item, item.meaning))
    return admissions


def _ground_of(means: Means, statement: Statement, *, today: date) -> str:
    """Why nothing under this statement may be kept; empty when all may."""
    if statement.charter != means.charter.digest:
        return f"charter: judged under {digest_text(statement.charter)}, which is not the version in force here"
    made_on, review = statement.made_at.date(), statement.terms.review
    ground = fault_behind(statement) or _withheld(means, statement, means.member, on=made_on)
    if ground:
        return ground
    passed = statement
    for link in links(statement):
        if ground := _withheld(means, link.statement, passed.releaser, on=link.statement.made_at.date()):
            return f"upstream: {link.statement.id} did not lawfully reach {passed.releaser} ({ground})"
        passed = link.statement
    if review < today:
        return f"{PAST}, {review}, had passed when it came on {today}"
    ground = "" if made_on == today else _withheld(means, statement, means.member, on=today)
    return ground and f"{ground}; lawful on {made_on}, the day that the statement names, and no longer on {today}, when it came"


def _withheld(means: Means, statement: Statement, recipient: str, *, on: date) -> str:
    """Why the gate, asked here under the law of a day, withholds; empty when it does not."""
    law = law_between(means.charter, sender=statement.releaser, recipient=recipient, on=on)
    behind = law_behind(means.charter, behind_of(statement), recipient, on=on)
    match means.gate.decide(question_about(statement, recipient=recipient, law=law, law_behind=behind)):
        case Released():
            return ""
        case Withheld(grounds=grounds):
            return "; ".join(map(str, grounds))


def _of_record(item: Proven, statement: Statement) -> Admission:
    fields = item.fields
    if is_accord_type(str(fields.get("type"))):
        return Admission(f"control: {fields.get('type')} does not travel under a release statement")
    own = tlp_of(fields)
    if own is not None and own.rank > statement.terms.handling.tlp.rank:
        return Admission("INF-02: the statement's TLP level is lower than the record's own marking")
    if concerns_person(fields) and statement.terms.category is None:
        return Admission("S-13: a person is concerned and the category of data subject is missing")
    faults = tuple(str(fault) for fault in faults_of(fields))
    if faults and not statement.as_received:
        return Admission("standard: " + "; ".join(faults[:3]))
    try:
        return Admission("", faults, of_canonical(item.content, fields, digest=item.leaf.digest))
    except AccordError as error:  # It has no type or no id: nothing that could be kept.
        return Admission(f"standard: {error.says}")
