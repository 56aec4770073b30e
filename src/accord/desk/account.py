"""Account: every read stands in the journal before its answer is given.

S-19: "Tamper-evident, mutually checkable logs of query, reason, read, release, refusal". Duties:
  1. the entry is durable before the answer leaves; reads that wait at the same time share one transaction;
  2. an entry holds names, the purpose's word, positions and counts; a position says nothing of a record once that is erased;
  3. the reason (purpose and case) is a text of its own, to which the entry commits under a salt; the query is kept nowhere, for its words may be
     those of a record that is erased later: under the same salt the entry commits to it, and a query that somebody names can be checked;
  4. what was withheld and what was not there are told apart in the entry, whatever the door said;
  5. reasons and salts are destroyed after three years, as DB-07 asks ("keep the justification three years, then erase it"); the commitments stay.
An officer's every search and look is a read. Of what tools read, pages with persons are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accord.charter.purposes import purpose_word
from accord.desk.means import Means
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.store import acts, erasure
from accord.store.acts import ReadEntry

JUSTIFICATION_YEARS_MAX = 3  # Years that the reason for a read is kept (DB-07).
CASE_CHARACTERS_MAX = 100  # Characters of a case reference: a number and a name, not a report.


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, what for, and in which case. What is missing stays empty, and the gate says so."""

    officer: str
    purpose: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a read: positions in the holdings, and how many of the records shown concern a person."""

    shown: tuple[int, ...] = ()
    persons: int = 0
    withheld: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()  # That withheld them.


def account(means: Means, act: str, asked: Asked, query: str, outcome: Outcome, *, now: datetime) -> None:
    """Note an officer's read, durably. 1, 2, 3, 4"""
    entry: Fields = {
        "act": act,
        "officer": asked.officer,
        "purpose": purpose_word(asked.purpose, purposes(means)),
        "records": list(outcome.shown),
        "persons": outcome.persons,
    }
    if outcome.withheld or outcome.rules:
        entry |= {"withheld": list(outcome.withheld), "rules": list(outcome.rules)}
    reason: Fields = {"purpose": asked.purpose, "case": asked.case}
    keep(means, ReadEntry(entry, query, reason), now=now)


def keep(means: Means, entry: ReadEntry, *, now: datetime) -> None:
    """Come back when the entry is on disk. 1"""
    until = _last_day(now.date())

    def keep_all(entries: Sequence[ReadEntry]) -> None:
        with means.database.writing() as transaction:
            acts.note_reads(transaction, means.journal, entries, random=means.random, now=now, kept_until=until)

    means.reads.keep(entry, keep_all)


def expire_reasons(means: Means, *, now: datetime) -> int:
    """Destroy the reasons that are older than their term, and note that it was done; gives how many. 5"""
    with means.database.writing() as transaction:
        erased = sum(acts.expire_reasons(transaction, journal, today=now.date()) for journal in means.journals())
        if erased:
            erasure.note_to_forget(transaction)
            entry: Fields = {"act": "reasons-erased", "reasons": erased}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return erased


def purposes(means: Means) -> tuple[str, ...]:
    """The words of the charter's list."""
    return tuple(purpose.id for purpose in means.charter.purposes)


def _last_day(today: date) -> date:
    # A leap day's third year has none: the day before it is within the term.
    year = today.year + JUSTIFICATION_YEARS_MAX
    return (today - timedelta(days=1) if (today.month, today.day) == (2, 29) else today).replace(year=year)
