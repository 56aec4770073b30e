"""Import: records from an outside source are kept as received; an officer's recorded word releases them later.

Duties:
  1. what endangers us (size, depth, a key twice, bad UTF-8, numbers no one can read exactly) is refused, object by object, with the limit's name;
  2. what merely breaks the standard is kept, annotated with path and clause;
  3. the digest of the file as it was received is kept beside the canonical bytes;
  4. nothing imported is released by importing it;
  5. an imported person waits for a second officer, and is not released by the one who confirmed it (S-20).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from accord.charter.officers import Act
from accord.desk import misp
from accord.desk.confirm import unconfirmed
from accord.desk.export import Form as Form
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.release import Answer, Batch, Progress, judge, note_refusal, refuse_unknown_article, refuse_withheld, release
from accord.desk.room import need_room
from accord.errors import AccordError, Refusal, counted
from accord.ledger.entry import SALT_BYTES
from accord.release.question import Offer
from accord.seal.canonical import Fields, digest_of
from accord.stix import indicator_table
from accord.stix.extensions import is_accord_type
from accord.stix.record import concerns_person, of_fields, read, unpack
from accord.stix.schema import faults_of
from accord.stix.statement import Originator
from accord.store import acts, erasure, logs, persons, records
from accord.store.database import Transaction
from accord.store.persons import EnteredAs
from accord.store.records import Arrival, Came, Held

BATCH_RECORDS = 1_000  # Records a transaction: large enough to be quick, small enough that a kill loses seconds.
REFUSALS_TOLD_MAX = 20  # Refused objects named in a report; the others are counted.
SOURCE_CHARACTERS_MAX = 100  # Characters.
WORD_CHARACTERS_MAX = 500  # Characters. A sentence of reason.

Reading: TypeAlias = Callable[[bytes], Iterator[Fields | AccordError]]  # How the objects of a file are read.


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import. `kept` counts new records, `known` those held already, `annotated` new ones that break the standard."""

    read: int
    kept: int
    known: int
    annotated: int
    refused: int
    refusals: tuple[str, ...]


def import_files(
    means: Means,
    files: Iterable[bytes],
    *,
    source: str,
    now: datetime,
    progress: Callable[[int], None] = lambda done: None,
    reading: Reading = unpack,
) -> Imported:
    """Keep what these files hold as received from `source`, in durable batches; importing the same again adds nothing."""
    need_room(means)
    check_source(means, source)
    count = kept = annotated = refused = 0
    refusals: list[str] = []
    arrivals = _arrivals(files, source=source, reading=reading)
    while batch := list(islice(arrivals, BATCH_RECORDS)):
        good = [item for item in batch if isinstance(item, Arrival)]
        bad = [item for item in batch if isinstance(item, str)]
        count, refused = count + len(batch), refused + len(bad)
        refusals.extend(bad[: REFUSALS_TOLD_MAX - len(refusals)])
        with means.database.writing() as transaction:
            held = records.held_by_digests(transaction, [arrival.record.digest for arrival in good])
            fresh = {arrival.record.digest: arrival for arrival in good if arrival.record.digest not in held}
            added = records.keep(transaction, list(fresh.values()), now=now)
            people = [digest for digest, arrival in fresh.items() if concerns_person(arrival.record.fields)]
            persons.enter(transaction, people, by=source, entered_as=EnteredAs.SOURCE, now=now)  # 5
            entry: Fields = {"act": "imported", "source": source, "records": added, "refused": len(bad)}
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
        kept += added
        annotated += sum(1 for arrival in fresh.values() if arrival.faults)
        progress(count)
    return Imported(count, kept, count - kept - refused, annotated, refused, tuple(refusals))


def readers(now: datetime, lost: Counter[tuple[str, str]]) -> Mapping[Form, Reading]:
    """For each form what takes a file apart; what a form brings and STIX has no place for is counted in `lost`, by type and property."""
    return {
        Form.STIX: unpack,
        Form.CSV: lambda raw: indicator_table.rows_in(raw, now=now, lost=lost),
        Form.MISP: lambda raw: misp.objects_in(raw, lost=lost),
    }


def release_imported(
    means: Means,
    *,
    source: str,
    officer: str,
    offer: Offer,
    now: datetime,
    progress: Progress = lambda done: None,
) -> tuple[int, tuple[str, ...], tuple[Answer, ...]]:
    """Release what was imported from a source and does not yet stand in every recipient's channel.

    `offer.word` is the officer's recorded word for records that break the standard; empty when the officer gives none.
    Gives how many records, the statements and the answers of the last batch. Stopped half way, it goes on from there when called again.
    """
    need_room(means)
    if len(offer.word) > WORD_CHARACTERS_MAX:
        raise Refusal(f"the officer's word has at most {WORD_CHARACTERS_MAX} characters")
    with means.database.reading() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)
    _judge_all(means, source=source, officer=officer, offer=offer, now=now)
    terms = offer.terms()
    total = 0
    statements: list[str] = []
    answers: tuple[Answer, ...] = ()
    for batch in _unreleased(means, source=source, officer=officer, audience=offer.audience):
        answers = judge(means, batch, offer, now=now)
        statements.extend(release(means, Batch(batch, officer, terms, offer.word), answers, now=now))
        total += len(batch)
        progress(total)
    if total == 0:
        raise Refusal(f"nothing from {source!r} is left to release to {', '.join(offer.audience)}", remedy="check the source's name")
    return total, tuple(statements), answers


def _judge_all(means: Means, *, source: str, officer: str, offer: Offer, now: datetime) -> None:
    """Refuse before the first batch when any later one would be: half a release is worse than none. What waits for a person comes last."""
    answers: tuple[Answer, ...] = ()
    held_up: tuple[Answer, ...] = ()
    waiting = 0
    try:
        refuse_unknown_article(means.charter, offer.basis)
        for batch in _unreleased(means, source=source, officer=officer, audience=offer.audience):
            answers = judge(means, batch, offer, now=now)
            if count := sum(arrival.unconfirmed for arrival in batch):
                held_up, waiting = answers, waiting + count
                answers = judge(means, [replace(arrival, unconfirmed=False) for arrival in batch], offer, now=now)
            refuse_withheld(offer.audience, answers)
        if waiting:
            answers = held_up
            _refuse_waiting(offer.audience, answers, waiting, source=source, officer=officer)
    except Refusal:
        note_refusal(means, officer, offer, answers, now=now)
        raise


def _refuse_waiting(audience: Sequence[str], answers: Sequence[Answer], waiting: int, *, source: str, officer: str) -> None:
    try:
        refuse_withheld(audience, answers)
    except Refusal as refusal:
        raise Refusal(
            f"{refusal.says}; another officer than {officer} has to confirm {counted(waiting, 'person')} imported from {source}",
            remedy=f"let another officer look at them and confirm: accord confirm DIR --source {source!r} --as OFFICER --word TEXT",
        ) from None


def _unreleased(means: Means, *, source: str, officer: str, audience: Sequence[str]) -> Iterator[list[Arrival]]:
    """Batches of the source's records that are missing in at least one recipient's channel."""
    first = 0
    while True:
        with means.database.reading() as transaction:
            page = records.from_source(transaction, came=Came.IMPORT, source=source, first=first, count=BATCH_RECORDS)
            if not page:
                return
            first = page[-1].position + 1
            wanted = missing(transaction, means, page, audience)
            arrivals = [imported(transaction, held) for held in page if held.digest in wanted]
            arrivals = with_waiting(transaction, arrivals, officer)
        if arrivals:
            yield arrivals


def with_waiting(transaction: Transaction, arrivals: Sequence[Arrival], officer: str) -> list[Arrival]:
    """Mark the persons that no officer but this one has confirmed. 5"""
    waiting = unconfirmed(transaction, [arrival.record for arrival in arrivals], officer=officer)
    return [replace(arrival, unconfirmed=arrival.record.digest in waiting) for arrival in arrivals]


def missing(transaction: Transaction, means: Means, page: Sequence[Held], audience: Sequence[str]) -> set[bytes]:
    """The records of a page that some recipient has not been given. What was taken back from one of them is given again by `publish` alone."""
    digests = [held.digest for held in page]
    channels = [means.channel_to(recipient) for recipient in audience]
    standing = [set(logs.standing(transaction, name, digests)) for name in channels]
    recalled = set[bytes]().union(*(erasure.taken_back(transaction, name, digests) for name in channels))
    return {digest for digest in digests if digest not in recalled and not all(digest in there for there in standing)}


def imported(transaction: Transaction, held: Held) -> Arrival:
    """An imported record as it stands in the holdings, ready to be judged."""
    content = records.content_of(transaction, held.digest)
    assert content is not None, "a held record has its bytes"
    return Arrival(read(content), held.came, held.source, held.originator, faults=held.faults)


def check_source(means: Means, source: str) -> None:
    """Refuse a name that is empty, too long, or a member's."""
    if not source.strip() or len(source) > SOURCE_CHARACTERS_MAX:
        raise Refusal(f"a source's name has 1 to {SOURCE_CHARACTERS_MAX} characters")
    if any(member.id == source for member in means.charter.members):
        raise Refusal(f"{source} is a member; what it gives comes on its channel", remedy="choose the outside source's own name")


def _arrivals(files: Iterable[bytes], *, source: str, reading: Reading) -> Iterator[Arrival | str]:
    """Each object of the files as an arrival, or the sentence that says why it is refused."""
    originator = Originator(source, is_member=False)
    number = 0
    for raw in files:
        received = digest_of(raw)  # 3
        for item in reading(raw):
            number += 1
            if isinstance(item, AccordError):  # 1
                yield f"object {number}: {item.says}"
                continue
            if is_accord_type(str(item.get("type"))):
                yield f"object {number}: {item.get('type')} is made by Accord itself and comes on channels only"
                continue
            try:
                record = of_fields(item)
            except AccordError as error:
                yield f"object {number}: {error.says}"
                continue
            faults = tuple(str(fault) for fault in faults_of(item))  # 2
            yield Arrival(record, Came.IMPORT, source, originator, received=received, faults=faults)
