"""The holdings as a collection of TAXII: records in order of arrival, by type, identifier, version and version of the standard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from accord.seal.canonical import Digest
from accord.stix.marking import Tlp
from accord.stix.statement import Originator
from accord.store.database import Row, Transaction, Value
from accord.store.records import HOLDINGS

FIRST, LAST, ALL = "first", "last", "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are asked for (TAXII 2.1, 3.4.1). An empty field asks for nothing in particular.

    `versions` are words or instants as `stix.times.instant` writes them; `specs` are versions of the standard, and without any only the
    newest that is held of an object counts.
    """

    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: tuple[str, ...] = (LAST,)
    specs: tuple[str, ...] = ()

    @property
    def questions(self) -> int:
        """How many questions to the database the selection is."""
        return max(1, len(self.ids) or len(self.types)) * max(1, len(self.specs)) * len(self.versions)


NEWEST = Selection()


class Standing(NamedTuple):
    """One record of the holdings as a page needs it."""

    position: int
    stix_id: str
    stix_type: str
    version: str  # The sender's text; empty where the object has none, and the time of arrival stands for it.
    added_at: str
    article: str
    tlp: int  # Its level as a rank.
    person: int  # 1 where it concerns a person.
    body: bytes
    spec: str  # The version of STIX that it is written in.


class Edition(NamedTuple):
    """One version of an object that is held, and whose it is."""

    edition: str
    digest: Digest
    originator: Originator
    version: str
    level: Tlp


def standing(transaction: Transaction, selection: Selection, *, clearance: Tlp, first: int) -> Iterator[Standing]:
    """The records that are asked for, from a position on, in order of arrival, each once; read as far as the caller goes on.

    What lies above the clearance is as if it had never come: it is in no page, and an older version counts as the last one.
    """
    if selection == NEWEST and transaction.one("record_unjudged", collection=HOLDINGS) is None:
        return map(Standing._make, transaction.each("standing_newest", collection=HOLDINGS, clearance=clearance.rank, first=first))
    questions = [
        _rows(transaction, selection, version=version, spec=spec, wanted=wanted, clearance=clearance, first=first)
        for version in ((ALL,) if ALL in selection.versions else selection.versions)
        for spec in selection.specs or ("",)
        for wanted in selection.ids or selection.types or ("",)
    ]
    types = frozenset(selection.types if selection.ids else ())
    rows = questions[0] if len(questions) == 1 else (next(same) for _, same in groupby(merge(*questions), key=itemgetter(0)))
    return (Standing(*row) for row in rows if not types or row[2] in types)


def _rows(
    transaction: Transaction, selection: Selection, *, version: str, spec: str, wanted: str, clearance: Tlp, first: int
) -> Iterator[Row]:
    asked = f"{version} of spec" if spec and version in {FIRST, LAST, ALL} else version
    values: dict[str, Value] = {
        "collection": HOLDINGS,
        "clearance": clearance.rank,
        "first": first,
        "version": asked,
        "edition": spec,
        "beyond": f"{spec}~",
    }
    if selection.ids:
        return transaction.each("standing_of_id", wanted=wanted, **values)
    if selection.types:
        return transaction.each("standing_of_type", wanted=wanted, **values)
    return transaction.each("standing_range", **values)


def position_after(transaction: Transaction, added_at: str) -> int | None:
    """The position of the first record that arrived after a moment; None when none did."""
    row = transaction.one("record_after", collection=HOLDINGS, added_at=added_at)
    return None if row is None else int(row[0])


def editions_of(transaction: Transaction, ids: Sequence[str]) -> dict[str, list[Edition]]:
    """The versions that are held of these objects."""
    found: dict[str, list[Edition]] = {}
    for stix_id, edition, digest, originator, is_member, version, tlp in transaction.among("record_editions", ids, collection=HOLDINGS):
        whose = Originator(originator, is_member=bool(is_member))
        found.setdefault(stix_id, []).append(Edition(edition, Digest(bytes(digest)), whose, version, Tlp.of_rank(tlp)))
    return found
