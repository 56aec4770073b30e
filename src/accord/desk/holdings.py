"""Holdings: what a member's own tools see of its records, page by page, through the gate for reading.

Duties of a page:
  1. it is cut by count and bytes before it is held in memory;
  2. every content passes the gate for reading; what lies above the tool's clearance is as if it had never come, in pages, counts and cursors;
  3. it goes on where the page before it ended, whatever arrived in between: a position is a record's for ever.
  4. a page with persons stands in the journal, with the tool's name, before it is given (S-19).
How a position is told to a tool, and that nobody else can use it, is the door's affair (`exchange.holdings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from accord.desk import account
from accord.desk.clients import Client
from accord.desk.means import Means
from accord.release.decision import Released, Withheld
from accord.release.reading import Reader, Reading
from accord.seal.canonical import Fields
from accord.stix.marking import Tlp
from accord.stix.statement import timestamp
from accord.store import clients, holdings
from accord.store.acts import ReadEntry
from accord.store.holdings import ALL as ALL
from accord.store.holdings import FIRST as FIRST
from accord.store.holdings import LAST as LAST
from accord.store.holdings import Selection as Selection
from accord.store.holdings import Standing

HOLDINGS_PAGE_OBJECTS_MAX = 10_000  # Objects of a page. What a tool asks beyond it comes with the next page.
HOLDINGS_PAGE_OCTETS_MAX = 16 * 2**20  # Bytes of objects of a page; the first object is in it whatever its size.


class Mark(NamedTuple):
    """What a manifest says of one record (TAXII 2.1, 5.6)."""

    stix_id: str
    version: str
    added_at: str
    spec: str  # The version of STIX that the record is written in.


@dataclass(frozen=True, slots=True)
class HoldingsPage:
    """A page of the holdings. `following` is the position at which the next one begins; None where nothing is left."""

    released: tuple[Released, ...]
    marks: tuple[Mark, ...]  # One for each content, in order.
    following: int | None


NOTHING = HoldingsPage((), (), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which records."""

    selection: Selection
    first: int = 0
    limit: int = HOLDINGS_PAGE_OBJECTS_MAX
    added_after: datetime | None = None


def page(means: Means, client: Client, asked: Asked, *, now: datetime) -> HoldingsPage:
    """The records that are asked for, from a position or a moment on. A position brought along outweighs the moment."""
    found, persons = _look(means, client, asked)
    if persons:  # 4
        entry: Fields = {"act": "read", "client": client.name, "records": len(found.marks), "persons": list(persons)}
        account.keep(means, ReadEntry(entry), now=now)
    return found


def page_without_persons(means: Means, client: Client, asked: Asked) -> HoldingsPage | None:
    """The page where it holds no person, for callers that cannot wait for the journal; None where it does, and `page` is to be asked."""
    found, persons = _look(means, client, asked)
    return None if persons else found


def _look(means: Means, client: Client, asked: Asked) -> tuple[HoldingsPage, list[int]]:
    """A page, and the positions of the persons in it."""
    first = asked.first
    with means.database.reading() as transaction:
        if asked.added_after is not None and first == 0:
            after = holdings.position_after(transaction, timestamp(asked.added_after))
            if after is None:
                return NOTHING, []
            first = after
        cut = _Cut(min(asked.limit, HOLDINGS_PAGE_OBJECTS_MAX))
        taken = cut.take(holdings.standing(transaction, asked.selection, clearance=client.clearance, first=first))  # 1, 3
    reader = Reader(means.member, client.may_read, None, client.clearance)
    released: list[Released] = []
    marks: list[Mark] = []
    persons: list[int] = []
    for (article, tlp), alike in groupby(taken, key=attrgetter("article", "tlp")):  # 2: one question for neighbours of equal attributes
        run = list(alike)
        reading = Reading(reader, means.member, (), Tlp.of_rank(tlp), article=article)
        match means.gate.decide_reading(reading, tuple([standing.body for standing in run])):
            case Released() as decision:
                released.append(decision)
                marks += [
                    Mark(standing.stix_id, standing.version or standing.added_at, standing.added_at, standing.spec) for standing in run
                ]
                persons += [standing.position for standing in run if standing.person]
            case Withheld():
                pass
    return HoldingsPage(tuple(released), tuple(marks), cut.following), persons


def status(means: Means, *, client: str, identifier: str) -> bytes | None:
    """What became of a request of this client; None where it made none of that name, or has made many since."""
    with means.database.reading() as transaction:
        return clients.status_of(transaction, identifier=identifier, client=client)


@dataclass(slots=True)
class _Cut:
    """Takes records until a limit is reached, and then knows where the next page begins."""

    objects: int
    octets: int = field(default=HOLDINGS_PAGE_OCTETS_MAX)
    following: int | None = None

    def take(self, found: Iterator[Standing]) -> list[Standing]:
        taken: list[Standing] = []
        octets = 0
        for standing in found:
            octets += len(standing.body)
            if len(taken) == self.objects or (octets > self.octets and taken):
                self.following = standing.position
                break
            taken.append(standing)
        return taken


def is_held(means: Means, client: Client, identifier: str) -> bool:
    """Say whether there is an object of this identifier that the tool may read."""
    with means.database.reading() as transaction:
        found = holdings.standing(transaction, Selection(ids=(identifier,), versions=(ALL,)), clearance=client.clearance, first=0)
        return next(found, None) is not None
