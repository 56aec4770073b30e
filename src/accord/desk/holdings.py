"""Holdings: what a member's own tools see of its records, page by page, through the gate for reading.

Duties of a page:
  1. it is cut by count and bytes before it is held in memory;
  2. every content passes the gate for reading; what the gate withholds is not in the page, and not counted in it;
  3. it goes on where the page before it ended, whatever arrived in between: a position is a record's for ever.
How a position is told to a tool, and that nobody else can use it, is the door's affair (`exchange.holdings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from accord.desk.means import Means
from accord.release.decision import Released, Withheld
from accord.release.reading import Reader, Reading
from accord.stix.statement import timestamp
from accord.store import clients, holdings
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


def page(
    means: Means, selection: Selection, *, first: int = 0, limit: int = HOLDINGS_PAGE_OBJECTS_MAX, added_after: datetime | None = None
) -> HoldingsPage:
    """The records that are asked for, from a position or a moment on. A position brought along outweighs the moment."""
    with means.database.reading() as transaction:
        if added_after is not None and first == 0:
            after = holdings.position_after(transaction, timestamp(added_after))
            if after is None:
                return NOTHING
            first = after
        cut = _Cut(min(limit, HOLDINGS_PAGE_OBJECTS_MAX))
        taken = cut.take(holdings.standing(transaction, selection, first=first))  # 1, 3
    released: list[Released] = []
    marks: list[Mark] = []
    for article, alike in groupby(taken, key=attrgetter("article")):  # 2: one question for neighbours of equal attributes
        run = list(alike)
        reading = Reading(Reader(means.member, may_read=True, purpose=None), means.member, (), article=article)
        match means.gate.decide_reading(reading, tuple([standing.body for standing in run])):
            case Released() as decision:
                released.append(decision)
                marks += [
                    Mark(standing.stix_id, standing.version or standing.added_at, standing.added_at, standing.spec) for standing in run
                ]
            case Withheld():
                pass
    return HoldingsPage(tuple(released), tuple(marks), cut.following)


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
