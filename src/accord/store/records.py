"""The holdings: every record the member has, however it came, once by digest, in order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from accord.seal.canonical import Digest
from accord.stix.marking import UNMARKED, Tlp, tlp_of
from accord.stix.record import Record, concerns_person
from accord.stix.statement import Originator
from accord.stix.times import instant, is_timestamp
from accord.stix.upstream import Link
from accord.store.database import Row, Transaction, Value
from accord.store.logs import advance, later_times, open_log

HOLDINGS = "holdings"
SPEC_VERSIONS = ("2.0", "2.1")
VERSIONS_SHOWN_MAX = 1_000  # Versions of one object. Real objects have at most a few dozen.


class Came(StrEnum):
    """How a record came to the member."""

    OWN = "own"
    IMPORT = "import"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Passage:
    """What a record of another member is passed on under: the link behind it, and the leaf as which it came, whose salt it keeps."""

    link: Link
    commitment: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record about to be kept, with where it came from."""

    record: Record
    came: Came
    source: str  # The member or outside source it came from.
    originator: Originator
    article: str = ""  # The article it came under, on a channel.
    received: Digest | None = None  # Digest of the bytes as they were received, for an import.
    faults: tuple[str, ...] = ()
    unconfirmed: bool = False  # A person entry of this member's own that no second officer has confirmed (S-20).
    passage: Passage | None = None  # Where another member gave it and consented to its being passed on.
    given_at: Tlp | None = None  # The level of the statement that brought it, on a channel.

    @property
    def level(self) -> Tlp:
        """The strictest level that anybody gave it: who held it, or who marked it."""
        said = [level for level in (self.given_at, tlp_of(self.record.fields)) if level is not None]
        return max(said, key=lambda level: level.rank, default=UNMARKED)


@dataclass(frozen=True, slots=True)
class Held:
    """A record of the holdings without its bytes."""

    digest: Digest
    stix_id: str
    stix_type: str
    version: str
    came: Came
    source: str
    originator: Originator
    article: str
    faults: tuple[str, ...]
    added_at: str
    position: int
    level: Tlp


def keep(transaction: Transaction, arrivals: Sequence[Arrival], *, now: datetime) -> int:
    """Keep what is not held yet and give how many that were. What is held already stays as it came first."""
    log = open_log(transaction, HOLDINGS)
    judge_left_over(transaction)
    digests: list[bytes] = [arrival.record.digest for arrival in arrivals]
    known = {bytes(digest) for digest, place in transaction.among("record_known", digests, collection=HOLDINGS) if place is not None}
    fresh: dict[bytes, Arrival] = {}
    for arrival in arrivals:
        if arrival.record.digest not in known:
            fresh.setdefault(arrival.record.digest, arrival)
    if not fresh:
        return 0
    times = later_times(log.last_at, now=now, count=len(fresh))
    rows = [_row(arrival, log.size + number, time) for number, (arrival, time) in enumerate(zip(fresh.values(), times, strict=True))]
    outdated = _judge(transaction, rows)
    transaction.many("record_add", rows)
    transaction.many(
        "content_place",
        (
            {"collection": HOLDINGS, "digest": digest, "body": arrival.record.content, "position": position}
            for position, (digest, arrival) in enumerate(fresh.items(), start=log.size)
        ),
    )
    transaction.many("record_outdated", outdated)
    advance(transaction, log, replace(log, size=log.size + len(fresh), last_at=times[-1]))
    return len(fresh)


def keep_contents(transaction: Transaction, records: Iterable[Record]) -> None:
    """Keep bytes by digest; those of a statement stand in no holdings, only in channels."""
    transaction.many("content_add", ({"collection": HOLDINGS, "digest": record.digest, "body": record.content} for record in records))


def judge_left_over(transaction: Transaction) -> None:
    """Judge what an older Accord kept beside this one: it says neither which version is the newest nor which record the bytes are."""
    while (unjudged := transaction.one("record_unjudged", collection=HOLDINGS)) is not None:
        judge_again(transaction, unjudged[0])


def _judge(transaction: Transaction, rows: Sequence[dict[str, Value]]) -> list[dict[str, Value]]:
    """Say in each new row whether it is the newest version of its object, and give the places of those held that no longer are."""
    ids = list({row["stix_id"] for row in rows})
    newest = {stix_id: (edition, position) for stix_id, edition, position in transaction.among("record_newest", ids, collection=HOLDINGS)}
    fresh = {row["position"]: row for row in rows}
    outdated: list[dict[str, Value]] = []
    for row in rows:
        standing = newest.get(row["stix_id"])
        mine = row["edition"], row["position"]
        if standing is None or standing < mine:
            newest[row["stix_id"]] = mine
        if standing is not None:
            older = min(standing, mine)[1]
            if older in fresh:
                fresh[older]["newest"] = 0
            else:
                outdated.append({"collection": HOLDINGS, "position": older})
    return outdated


def judge_again(transaction: Transaction, stix_id: str) -> None:
    """Say of each version of an object that is held whether it is the newest: one of them went, or an older Accord kept them."""
    transaction.run("record_judge", collection=HOLDINGS, stix_id=stix_id)
    transaction.run("content_judge", collection=HOLDINGS, stix_id=stix_id)


def _row(arrival: Arrival, position: int, added_at: str) -> dict[str, Value]:
    record = arrival.record
    return {
        "collection": HOLDINGS,
        "position": position,
        "digest": record.digest,
        "stix_id": record.id,
        "stix_type": record.type,
        "version": record.version,
        "came": arrival.came.value,
        "source": arrival.source,
        "originator": arrival.originator.name,
        "originator_is_member": int(arrival.originator.is_member),
        "article": arrival.article,
        "received": arrival.received,
        "faults": "\n".join(arrival.faults),
        "added_at": added_at,
        "edition": edition_of(record, added_at=added_at),
        "newest": 1,
        "tlp": arrival.level.rank,
        "person": int(concerns_person(record.fields)),
    }


def edition_of(record: Record, *, added_at: str) -> str:
    """Version of the standard and instant of the object's version, ``2.1 2026-11-23T09:00:00.5``: a text that orders as versions do.

    An object without a version has the time of its arrival (TAXII 2.1, 3.4.1); one whose version is no timestamp is the oldest.
    """
    said = record.fields.get("spec_version")
    spec = said if said in SPEC_VERSIONS else "2.0" if said is None and "created" in record.fields else "2.1"
    version = record.version or added_at
    return f"{spec} {instant(version) if is_timestamp(version) else ''}"


def held_by_digests(transaction: Transaction, digests: Sequence[Digest]) -> dict[bytes, Held]:
    """Those of these digests that are held."""
    rows = transaction.among("record_by_digests", list(digests), collection=HOLDINGS)
    return {held.digest: held for held in map(_held, rows)}


def versions_of(transaction: Transaction, stix_id: str) -> list[Held]:
    """Every version of one object, the newest arrival first."""
    return [_held(row) for row in transaction.all("record_by_stix_id", collection=HOLDINGS, stix_id=stix_id, count=VERSIONS_SHOWN_MAX)]


def from_source(transaction: Transaction, *, came: Came, source: str, first: int, count: int) -> list[Held]:
    """Up to `count` records that came from one source, from position `first` on."""
    rows = transaction.all("record_from_source", collection=HOLDINGS, came=came.value, source=source, first=first, count=count)
    return [_held(row) for row in rows]


def held_at(transaction: Transaction, position: int) -> Held | None:
    row = transaction.one("record_at", collection=HOLDINGS, position=position)
    return None if row is None else _held(row)


def content_of(transaction: Transaction, digest: Digest) -> bytes | None:
    """The bytes of a digest; None when they were erased or never here."""
    row = transaction.one("content_of", collection=HOLDINGS, digest=digest)
    return None if row is None else bytes(row[0])


def counts(transaction: Transaction) -> list[tuple[Came, str, int]]:
    """How many records came which way, from whom."""
    return [(Came(came), source, count) for came, source, count in transaction.all("record_counts", collection=HOLDINGS)]


def bodies_from(transaction: Transaction, first: int, count: int) -> Iterator[tuple[int, bytes]]:
    """Positions and bytes in order of arrival, from `first` on."""
    for position, body in transaction.all("record_range", collection=HOLDINGS, first=first, count=count):
        yield position, bytes(body)


def _held(row: Row) -> Held:
    digest, stix_id, stix_type, version, came, source, originator, is_member, article, faults, added_at, position, tlp = row
    return Held(
        digest=Digest(bytes(digest)),
        stix_id=stix_id,
        stix_type=stix_type,
        version=version,
        came=Came(came),
        source=source,
        originator=Originator(originator, is_member=bool(is_member)),
        article=article,
        faults=tuple(faults.splitlines()),
        added_at=added_at,
        position=position,
        level=Tlp.of_rank(tlp),
    )
