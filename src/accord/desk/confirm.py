"""Confirm: a new person entry is released only when a second officer has looked at it.

S-20: "Two-person rule for: new person entry". Duties:
  1. a person entry of the member's own that an officer publishes or a tool hands in is kept with the name of whoever entered it;
  2. an officer who may release confirms it, and never the one who entered it; for what a tool or a source entered, any of them may;
  3. the confirmation is of these bytes: another version is another entry;
  4. both stand in the journal;
  5. imported persons of one source may be confirmed together, on the officer's recorded word: the rule asks for two persons, not for two looks at
     each entry. Whoever confirmed them does not release them (`desk.importing`), so that two persons answer for each.
That an unconfirmed entry is not released is the gate's rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.release import Answer, refuse_withheld
from accord.errors import AccordError, NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Digest, Fields, digest_text, parse_digest
from accord.stix.record import Record, concerns_person
from accord.store import acts, persons, records
from accord.store.database import Transaction
from accord.store.persons import EnteredAs, Entry
from accord.store.records import Arrival, Held

CONFIRMED_TOGETHER_MAX = 1_000  # Persons confirmed in one transaction, so that another writer never waits long.
WORD_CHARACTERS_MAX = 500  # Characters of the word with which they are confirmed. A sentence of reason.
WAITING_TOLD_MAX = 10  # Entries named in one refusal. Who has more confirms these first.
_KINDS = {EnteredAs.OFFICER: "person", EnteredAs.CLIENT: "tool", EnteredAs.SOURCE: "source"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person entry that waits for a second officer."""

    stix_id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person entry with both who answer for it."""

    held: Held
    entered_by: str
    entered_as: EnteredAs
    confirmed_by: str


def unconfirmed(transaction: Transaction, found: Iterable[Record], *, officer: str) -> frozenset[Digest]:
    """Those of these own and imported records that concern a person and wait for another officer than the one who would give them out."""
    people = [record.digest for record in found if concerns_person(record.fields)]
    entries = persons.entries_of(transaction, people)
    return frozenset(digest for digest in people if (entry := entries.get(digest)) is None or _waits(entry, officer))


def _waits(entry: Entry, officer: str) -> bool:
    """Nobody entered by name what came from a source, so the second person is whoever gives it out. 5"""
    return not entry.confirmed_by or (entry.entered_as is EnteredAs.SOURCE and entry.confirmed_by == officer)


def enter(means: Means, arrivals: Sequence[Arrival], *, officer: str, now: datetime) -> list[Waiting]:
    """Keep person entries that an officer brought, unreleased, until a second one confirms them; gives who entered each. 1, 4"""
    with means.database.writing() as transaction:
        added = records.keep(transaction, arrivals, now=now)
        persons.enter(transaction, [item.record.digest for item in arrivals], by=officer, entered_as=EnteredAs.OFFICER, now=now)
        entries = persons.entries_of(transaction, [item.record.digest for item in arrivals])
        entry: Fields = {"act": "person-entered", "officer": officer, "records": added, "waiting": len(arrivals)}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return [Waiting(item.record.id, entries[item.record.digest]) for item in arrivals]


def refuse_unconfirmed(waiting: Sequence[Waiting], audience: Sequence[str], answers: Sequence[Answer]) -> None:
    """Refuse as the gate did, and say which entries wait, and for whom."""
    try:
        refuse_withheld(audience, answers)
    except Refusal as refusal:
        named = ", ".join(
            f"{one.stix_id} (another than {one.entry.entered_by})"
            if one.entry.entered_as is EnteredAs.OFFICER
            else f"{one.stix_id} (any other officer who may release; {one.entry.entered_by} is a {_KINDS[one.entry.entered_as]})"
            for one in waiting[:WAITING_TOLD_MAX]
        )
        more = f" and {len(waiting) - WAITING_TOLD_MAX} more" if len(waiting) > WAITING_TOLD_MAX else ""
        raise Refusal(
            refusal.says + "; the person entries are kept, and wait",
            remedy=f"let a second officer confirm each, then publish again: accord confirm DIR RECORD --as OFFICER, for {named}{more}",
        ) from None


def confirm(means: Means, reference: str, *, officer: str, now: datetime) -> Confirmed:
    """Confirm the person entry with this digest, or the newest version of this STIX identifier."""
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)  # 2
        held = _held(transaction, reference)
        entry = persons.entries_of(transaction, [held.digest]).get(held.digest)
        _may_be_confirmed(held, entry, officer)
        assert entry is not None, "what may be confirmed was entered"
        if not persons.confirm(transaction, held.digest, officer=officer, now=now):  # 3
            raise Refusal(f"{held.stix_id} was confirmed a moment ago")
        said: Fields = {"act": "person-confirmed", "officer": officer, "entered_by": entry.entered_by, "record": digest_text(held.digest)}
        acts.note_acts(transaction, means.journal, [said], salts=[means.random(SALT_BYTES)], now=now)  # 4
    return Confirmed(held, entry.entered_by, entry.entered_as, officer)


def confirm_source(means: Means, source: str, *, officer: str, word: str, now: datetime) -> int:
    """Confirm every imported person of a source that waits, in durable portions; gives how many, 0 where none did. 5"""
    if not word.strip() or len(word) > WORD_CHARACTERS_MAX:
        raise Refusal(f"a word of 1 to {WORD_CHARACTERS_MAX} characters says why they may leave", remedy="give it with --word")
    total = 0
    while True:
        with means.database.writing() as transaction:
            authorised(means, transaction, officer, Act.RELEASE)  # 2
            waiting = persons.waiting_from(transaction, source, count=CONFIRMED_TOGETHER_MAX)
            if not waiting:
                break
            for digest in waiting:
                persons.confirm(transaction, digest, officer=officer, now=now)
            said: Fields = {"act": "persons-confirmed", "officer": officer, "source": source, "records": len(waiting), "word": word}
            acts.note_acts(transaction, means.journal, [said], salts=[means.random(SALT_BYTES)], now=now)  # 4
        total += len(waiting)
    return total


def _may_be_confirmed(held: Held, entry: Entry | None, officer: str) -> None:
    if entry is None:
        raise Refusal(f"{held.stix_id} is no person entry that waits for a second officer", remedy="publish it; that enters it")
    if entry.confirmed_by:
        raise Refusal(f"{held.stix_id} is confirmed already, by {entry.confirmed_by}", remedy="publish it")
    if entry.entered_as is EnteredAs.OFFICER and entry.entered_by == officer:
        raise Refusal(
            f"S-20: {officer} entered {held.stix_id}, and another officer confirms it", remedy="ask another officer or an approver"
        )


def _held(transaction: Transaction, reference: str) -> Held:
    if reference.startswith("sha256:"):
        try:
            found = list(records.held_by_digests(transaction, [parse_digest(reference)]).values())
        except AccordError:
            found = []
    else:
        found = records.versions_of(transaction, reference)
    if not found:
        raise NotFound(f"no record {reference!r} in the holdings", remedy="search for it with `accord search`")
    return max(found, key=lambda held: (held.version, held.position))
