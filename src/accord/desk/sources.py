"""Sources: other people's TAXII 2.1 servers, read by this node and kept as what an outside source said.

Duties:
  1. a source has a name of its own, and an officer's import right is what lets its records in: nothing that it gives is released by being read;
  2. a page is kept before its place is noted: killed in between, the page comes again and adds nothing;
  3. what the source lists and this node does not hold is loss; it is asked for by name, and what still does not come is counted and told;
  4. adding, removing and every batch kept stand in the journal.
How a source is asked is `exchange.source`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.charter.officers import Act
from accord.desk.importing import Imported, check_source, import_files
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.errors import AccordError, NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.stix.record import unpack_envelope
from accord.stix.statement import timestamp
from accord.stix.times import instant, is_timestamp
from accord.store import acts, holdings, sources
from accord.store.sources import Source as Source

SOURCE_BACK_OFF_MAX = timedelta(hours=1)  # A source that comes back is seen within the hour, and one that is gone is not hammered.
EVERY_SECONDS_MAX = 86_400  # Seconds between two looks. A source that is read less than daily is an import by hand.


@dataclass(frozen=True, slots=True)
class Mark:
    """One version of an object as a manifest lists it."""

    id: str
    version: str


def add_source(means: Means, source: Source, *, officer: str, now: datetime) -> None:
    """Begin to read a source. 1"""
    check_source(means, source.name)
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.IMPORT)
        if not sources.add_source(transaction, source):
            raise Refusal(f"{source.name!r} is a source already", remedy="choose another name, or remove it with `accord source remove`")
        entry: Fields = {"act": "source-added", "officer": officer, "source": source.name, "api_root": source.api_root}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)  # 4


def remove_source(means: Means, name: str, *, officer: str, now: datetime) -> None:
    """Read a source no longer. What it gave stays."""
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.IMPORT)
        if not sources.remove_source(transaction, name):
            raise NotFound(f"there is no source named {name!r}", remedy="see `accord source list`")
        entry: Fields = {"act": "source-removed", "officer": officer, "source": name}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)  # 4


def list_sources(means: Means) -> list[Source]:
    with means.database.reading() as transaction:
        return sources.sources(transaction)


def is_due(source: Source, *, now: datetime) -> bool:
    """Say whether a source is to be asked now. A contact that lies in the future says that the clock went back, and counts for nothing."""
    return source.retry_at <= timestamp(now) or source.contacted_at > timestamp(now)


def keep_page(means: Means, name: str, envelope: bytes, *, added_after: str, following: str, now: datetime) -> Imported:
    """Keep the objects of a page as received, then note how far the source was read. 2"""
    kept = import_files(means, [envelope], source=name, now=now, reading=unpack_envelope)
    with means.database.writing() as transaction:
        sources.note_progress(transaction, name, added_after=added_after, following=following)
    return kept


def not_held(means: Means, marks: Iterable[Mark]) -> list[Mark]:
    """Those of the listed versions that this node does not hold, whoever gave them. 3

    Servers write versions anew, with more or fewer fraction digits; an instant is an instant.
    """
    wanted = list(marks)
    with means.database.reading() as transaction:
        held = holdings.editions_of(transaction, list({mark.id for mark in wanted}))
    return [mark for mark in wanted if not any(_same(mark.version, edition.version) for edition in held.get(mark.id, []))]


def went_well(means: Means, source: Source, *, lost: int, now: datetime) -> None:
    """Note a round that reached its end, and what was lost in it."""
    again = now + timedelta(seconds=source.every_seconds)
    with means.database.writing() as transaction:
        sources.note_round(transaction, source.name, lost=source.lost + lost, now=now, retry_at=again)
        if lost:
            entry: Fields = {"act": "source-lost", "source": source.name, "objects": lost}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def went_wrong(means: Means, source: Source, fault: AccordError, *, now: datetime, wait: timedelta = timedelta()) -> None:
    """Note the fault; the wait doubles with every fault in a row, up to an hour, and is never shorter than the source asked for."""
    faults = source.faults_in_a_row + 1
    doubled = timedelta(seconds=source.every_seconds) * 2 ** min(faults, 20)
    retry_at = now + max(min(doubled, SOURCE_BACK_OFF_MAX), min(wait, timedelta(seconds=EVERY_SECONDS_MAX)))
    with means.database.writing() as transaction:
        sources.note_round(transaction, source.name, fault=fault.says, faults_in_a_row=faults, lost=source.lost, now=now, retry_at=retry_at)


def _same(listed: str, held: str) -> bool:
    # An object without a version of its own is listed under the time of its arrival there, which says nothing here.
    return not held or listed == held or (is_timestamp(listed) and is_timestamp(held) and instant(listed) == instant(held))
