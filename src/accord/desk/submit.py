"""Submit: a tool of this member hands in objects, and they become the member's own records, released to nobody.

Duties:
  1. what endangers us (size, depth, a key twice, bad UTF-8, numbers no one can read exactly) is refused, object by object, with the limit's name;
  2. what breaks the standard is refused with path and clause, as an officer's own publication is; types of Accord's own are refused;
  3. only its originator gives an object a new version (STIX 2.1, 3.6.2), and one version has one content. What the tool may not see has no say
     in that, or a refusal would tell it: its object is kept beside, as the member's own;
  4. what is held already is well, and stays as it came first;
  5. a person entry is kept, and not released before a second officer confirms it (S-20);
  6. records, status and the journal entry with the client's name and counts are one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.desk.clients import Client
from accord.desk.means import Means
from accord.desk.room import need_room
from accord.errors import AccordError, LimitReached
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields, canonical
from accord.stix.extensions import is_accord_type
from accord.stix.marking import Tlp
from accord.stix.record import Record, Unpacked, concerns_person, of_canonical, read_envelope
from accord.stix.schema import faults_of
from accord.stix.statement import Originator, timestamp
from accord.store import acts, clients, persons, records
from accord.store.database import Transaction
from accord.store.holdings import Edition, editions_of
from accord.store.persons import EnteredAs
from accord.store.records import Arrival, Came, edition_of

SUBMISSION_OBJECTS_MAX = (
    10_000  # Objects of one request. They are kept in one transaction, and another writer waits at most a second or two.
)
REASON_CHARACTERS_MAX = 1_000  # Characters of the reason for one object, so that a status stays readable.
_FAULTS_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Item:
    """One object of a request: a record, or the reason why it is none."""

    position: int
    stix_id: str
    version: str
    record: Record | None
    reason: str = ""


def submit(means: Means, raw: bytes, *, client: Client, now: datetime) -> bytes:
    """Keep what an envelope holds and give the status resource that says what became of each object (TAXII 2.1, 4.3.1).

    Raises a `Refusal` where the envelope as a whole cannot be taken. That the client may write is the caller's to ask.
    """
    need_room(means)
    items = _read(raw, now=now)  # 1, 2
    identifier = str(uuid.UUID(bytes=means.random(16), version=4))
    own = Originator(means.member, is_member=True)
    with means.database.writing() as transaction:  # 6
        fresh, done = _sorted_out(transaction, items, own, client, now=now)  # 3, 4
        records.keep(transaction, [Arrival(record, Came.OWN, means.member, own) for record in fresh], now=now)
        people = [record.digest for record in fresh if concerns_person(record.fields)]
        persons.enter(transaction, people, by=client.name, entered_as=EnteredAs.CLIENT, now=now)  # 5
        body = _status(identifier, done, now=now)
        clients.keep_status(transaction, identifier=identifier, client=client.name, body=body, now=now)
        refused = sum(1 for item in done if item.record is None)
        entry: Fields = {
            "act": "submitted",
            "client": client.name,
            "status": identifier,
            "records": len(fresh),
            "known": len(done) - len(fresh) - refused,
            "refused": refused,
        }
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return body


def _read(raw: bytes, *, now: datetime) -> list[_Item]:
    """Every object of the envelope as a record, or as the reason why it is refused."""
    items = []
    for position, found in enumerate(read_envelope(raw)):
        if position == SUBMISSION_OBJECTS_MAX:
            raise LimitReached("SUBMISSION_OBJECTS_MAX", f"more than {SUBMISSION_OBJECTS_MAX:,} objects", remedy="hand them in in parts")
        items.append(_item(position, found, now=now))
    return items


def _item(position: int, found: Unpacked | AccordError, *, now: datetime) -> _Item:
    unnamed = f"unknown--00000000-0000-4000-8000-{position:012d}"  # A status names each object, also one that could not be read.
    if isinstance(found, AccordError):
        return _Item(position, unnamed, timestamp(now), None, f"object {position + 1}: {found.says}")
    fields = found.fields
    named, version = fields.get("id"), fields.get("modified", fields.get("created"))
    stix_id = named[:REASON_CHARACTERS_MAX] if isinstance(named, str) and named else unnamed
    said = version[:REASON_CHARACTERS_MAX] if isinstance(version, str) else timestamp(now)
    if is_accord_type(str(fields.get("type"))):
        return _Item(position, stix_id, said, None, f"{str(fields.get('type'))[:100]} is made by Accord itself and not handed in")
    if faults := faults_of(fields):
        more = f"; and {len(faults) - _FAULTS_NAMED} more" if len(faults) > _FAULTS_NAMED else ""
        return _Item(position, stix_id, said, None, "; ".join(map(str, faults[:_FAULTS_NAMED])) + more)
    try:
        return _Item(position, stix_id, said, of_canonical(found.content, fields))
    except AccordError as error:
        return _Item(position, stix_id, said, None, error.says)


def _sorted_out(
    transaction: Transaction, items: Sequence[_Item], own: Originator, client: Client, *, now: datetime
) -> tuple[list[Record], list[_Item]]:
    """What is to be kept, and what is said of each object."""
    found = [item.record for item in items if item.record is not None]
    held = records.held_by_digests(transaction, [record.digest for record in found])
    editions = {
        stix_id: [edition for edition in held_editions if _is_seen(client, edition, own)]
        for stix_id, held_editions in editions_of(transaction, list({record.id for record in found})).items()
    }
    fresh: dict[bytes, Record] = {}
    done = []
    added_at = timestamp(now)
    for item in items:
        record = item.record
        if record is None or record.digest in held or record.digest in fresh:
            done.append(item)
            continue
        edition = edition_of(record, added_at=added_at)
        reason = _in_the_way(record, edition, editions.get(record.id, ()), own) if record.version else ""
        if reason:
            done.append(_Item(item.position, item.stix_id, item.version, None, reason))
            continue
        fresh[record.digest] = record
        editions.setdefault(record.id, []).append(Edition(edition, record.digest, own, record.version, Tlp.CLEAR))
        done.append(item)
    return list(fresh.values()), done


def _is_seen(client: Client, edition: Edition, own: Originator) -> bool:
    return edition.level.rank <= client.clearance.rank and (client.may_read or edition.originator == own)


def _in_the_way(record: Record, edition: str, held: Sequence[Edition], own: Originator) -> str:
    """Why a versioned object that is not held yet cannot be kept beside those that are; empty when it can."""
    for other in held:
        if other.originator != own:
            return f"STIX 2.1, 3.6.2: {record.id} is {other.originator.name}'s, and only its originator gives it another version"
        if other.edition == edition:
            return f"another content of {record.id} with this version is held; give yours a later modified"
    return ""


def _status(identifier: str, items: Sequence[_Item], *, now: datetime) -> bytes:
    """The status resource, in its finished form: nothing is left pending."""
    taken = [item for item in items if item.record is not None]
    refused = [item for item in items if item.record is None]
    return canonical(
        {
            "id": identifier,
            "status": "complete",
            "request_timestamp": timestamp(now),
            "total_count": len(items),
            "success_count": len(taken),
            "successes": [{"id": item.stix_id, "version": item.version} for item in taken],
            "failure_count": len(refused),
            "failures": [{"id": item.stix_id, "version": item.version, "message": item.reason[:REASON_CHARACTERS_MAX]} for item in refused],
            "pending_count": 0,
            "pendings": [],
        }
    )
