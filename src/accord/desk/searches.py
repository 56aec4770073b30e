"""Saved searches: what an officer looks for again and again, and how much of it came since.

Duties:
  1. a search is its officer's own, and only an officer who may read keeps one;
  2. a notice is a count of what the officer may see, made by the index when it is asked for: it holds nothing, so nothing has to be erased from it,
     and a record that the officer may no longer see is in no count;
  3. keeping and dropping stand in the journal without the words.
A saved search is the officer's own words, and stays until it is dropped, whatever is erased meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.errors import LimitReached, NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.stix.statement import timestamp
from accord.store import acts, finding, peers, terms
from accord.store.database import Transaction
from accord.store.search import Search

SEARCHES_MAX = 100  # Saved searches of one officer. Each is counted anew whenever they are listed.
SEARCH_NAME_CHARACTERS_MAX = 100  # Characters.


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search, and how many records came since its officer looked."""

    name: str
    query: str
    saved_at: str
    new: int


def save(means: Means, query: str, *, name: str, officer: str, now: datetime) -> None:
    """Keep a search, or note that its officer has looked again: notices count from what is indexed now."""
    if not name.strip() or len(name) > SEARCH_NAME_CHARACTERS_MAX:
        raise Refusal(f"a search's name has 1 to {SEARCH_NAME_CHARACTERS_MAX} characters")
    wanted = str(Search.parse(query))
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.READ)  # 1
        known = {row[0] for row in _rows(transaction, officer)}
        if name not in known and len(known) >= SEARCHES_MAX:
            raise LimitReached("SEARCHES_MAX", f"{officer} has {SEARCHES_MAX} saved searches", remedy="drop one that is wanted no more")
        seen = terms.indexed_to(transaction) or 0
        transaction.run("search_save", officer=officer, name=name, query=wanted, saved_at=timestamp(now), seen=seen)
        _note(means, transaction, "search-saved", officer, now=now)  # 3


def drop(means: Means, *, name: str, officer: str, now: datetime) -> None:
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.READ)
        if transaction.run("search_drop", officer=officer, name=name) != 1:
            raise NotFound(f"{officer} has no saved search named {name!r}", remedy="accord searches lists them")
        _note(means, transaction, "search-dropped", officer, now=now)  # 3


def saved(means: Means, *, officer: str) -> list[Saved]:
    """An officer's searches, with the notices of each."""
    with means.database.reading() as transaction:
        authorised(means, transaction, officer, Act.READ)  # 1
        known = peers.role_of(transaction, officer)
        assert known is not None, "who is authorised is registered"
        sees = terms.up_to(known[1])
        return [
            Saved(name, query, saved_at, finding.everything(transaction, Search.parse(query), sees=sees, first=seen).total)  # 2
            for name, query, saved_at, seen in _rows(transaction, officer)
        ]


def _rows(transaction: Transaction, officer: str) -> Sequence[tuple[str, str, str, int]]:
    return [
        (name, query, saved_at, int(seen))
        for name, query, saved_at, seen in transaction.all("searches", officer=officer, count=SEARCHES_MAX)
    ]


def _note(means: Means, transaction: Transaction, act: str, officer: str, *, now: datetime) -> None:
    entry: Fields = {"act": act, "officer": officer}
    acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
