"""Passing on: does what stands behind a statement hang together, step by step back to whoever gave the records first?

Requirement INF-04: consent names item, user and purpose. Duties, of every step:
  1. its statement gave the records to the member that passes them on: it names that member, and them;
  2. the consent beside it is the first giver's, to that member, for these records and that first statement;
  3. nothing of whose it is, how it came and how it is classified has changed.
Who may be reached, for what and how is a question to the gate at every step; that the signatures hold is shown by `desk.onward`.
"""

from __future__ import annotations

from datetime import date

from accord.charter.document import Charter
from accord.charter.force import Law, law_between
from accord.errors import NotFound
from accord.release.question import Behind
from accord.stix.statement import Statement
from accord.stix.upstream import Link, links


def fault_behind(statement: Statement) -> str:
    """What does not hang together behind a statement; empty where all does, or where nothing stands behind it."""
    behind = links(statement)
    passed = statement
    for link in behind:
        if fault := _fault_of(passed, link, behind[-1].statement):
            return f"upstream: {fault}"
        passed = link.statement
    return ""


def _fault_of(passed: Statement, link: Link, first: Statement) -> str:
    given, consent = link.statement, link.consent
    named = set(passed.commitments)
    # 1
    if passed.releaser not in given.terms.recipients:
        return f"{given.id} does not name {passed.releaser}, which passes on"
    if not named <= set(given.commitments):
        return f"{given.id} does not give all that {passed.id} passes on"
    # 2
    if (consent.by, consent.holder, consent.statement) != (first.releaser, passed.releaser, first.id):
        return f"{consent.id} is not the consent of {first.releaser} to {passed.releaser} about {first.id}"
    if not named <= set(consent.commitments):
        return f"{consent.id} does not name all that {passed.id} passes on"
    # 3
    theirs = (given.originator, given.as_received, given.terms.handling.classification)
    if theirs != (passed.originator, passed.as_received, passed.terms.handling.classification):
        return f"{passed.id} says another originator or classification than {given.id}"
    return ""


def law_behind(charter: Charter, behind: Behind | None, recipient: str, *, on: date) -> Law | None:
    """What who consented could itself give the recipient on a day; None where nobody had to consent. The charter may not know who consented."""
    if behind is None:
        return None
    try:
        return law_between(charter, sender=behind.consenter, recipient=recipient, on=on)
    except NotFound:
        return Law(behind.consenter, recipient, on, (), ())


def behind_of(statement: Statement) -> Behind | None:
    """What stands nearest behind a statement; None where its records are the releaser's own to give."""
    step = next(iter(links(statement)), None)
    return None if step is None else Behind.of(step)
