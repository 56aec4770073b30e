"""Publish: an officer gives records to named members. Preview: the same questions, the same answers, and nothing leaves.

Duties of a publication:
  1. the bytes say what the standard asks; an officer's own publication is refused with path and clause otherwise;
  2. the officer may act;
  3. the law in force now, between this member and each other;
  4. a decision for every member, with its reason; one recipient withheld and nothing is published;
  5. records, decisions, leaves and the journal entry are kept in one transaction;
  6. a person entry waits for a second officer (S-20): where nothing else stands in the way it is kept, and nothing is released.
Checkpoints are signed when they are asked for (`desk.serve`): only what is on disk is ever signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.confirm import enter, refuse_unconfirmed, unconfirmed
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.onward import passage_of
from accord.desk.release import Answer, Batch, Progress, judge, note_refusal, refuse_unknown_article, refuse_withheld, release
from accord.desk.room import need_room
from accord.errors import AccordError, Refusal, StandardBroken, counted
from accord.release.question import Offer
from accord.seal.canonical import Fields
from accord.stix.extensions import is_accord_type
from accord.stix.record import Record, of_fields, unpack
from accord.stix.schema import faults_of
from accord.stix.statement import Originator
from accord.store.records import Arrival, Came, Held, Passage, held_by_digests

PUBLICATION_RECORDS_MAX = 10_000  # Records in one publication. More is an import followed by a release.
FAULTS_TOLD_MAX = 20  # Faults listed in one refusal. Whoever has more mends these first.


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: one statement for each batch of records, and the answer for every member."""

    records: int
    statements: tuple[str, ...]
    answers: tuple[Answer, ...]


def preview(means: Means, files: Sequence[bytes], *, officer: str, offer: Offer, now: datetime) -> tuple[Answer, ...]:
    """Say who would receive this, under which article, and who would not and why. Nothing is kept and nothing leaves."""
    arrivals = _arrivals(means, files, offer.audience, officer=officer, act=Act.PREVIEW)  # 1, 2
    refuse_unknown_article(means.charter, offer.basis)
    return judge(means, arrivals, offer, now=now)  # 3, 4


def publish(
    means: Means,
    files: Sequence[bytes],
    *,
    officer: str,
    offer: Offer,
    supersedes: str = "",
    now: datetime,
    progress: Progress = lambda done: None,
) -> Published:
    """Publish the records of these files as offered, or refuse with every ground and change nothing."""
    need_room(means)
    arrivals = _arrivals(means, files, offer.audience, officer=officer, act=Act.PUBLISH)  # 1, 2
    answers: tuple[Answer, ...] = ()
    try:
        refuse_unknown_article(means.charter, offer.basis)
        answers = judge(means, arrivals, offer, now=now)  # 3, 4
        waiting = [arrival for arrival in arrivals if arrival.unconfirmed]
        settled = judge(means, [replace(arrival, unconfirmed=False) for arrival in arrivals], offer, now=now) if waiting else answers
        refuse_withheld(offer.audience, settled)
        if waiting:  # 6
            refuse_unconfirmed(enter(means, waiting, officer=officer, now=now), offer.audience, answers)
    except Refusal:
        note_refusal(means, officer, offer, answers, now=now)
        raise
    statements = release(
        means, Batch(arrivals, officer, offer.terms(), word="", supersedes=supersedes), answers, now=now, progress=progress
    )  # 5
    return Published(len(arrivals), statements, answers)


def _arrivals(means: Means, files: Sequence[bytes], audience: Sequence[str], *, officer: str, act: Act) -> list[Arrival]:
    """Read the files and say whose each record is: what came from elsewhere stays its originator's, whoever hands it in."""
    found = list(_read(files))
    with means.database.reading() as transaction:
        authorised(means, transaction, officer, act)
        held = held_by_digests(transaction, [record.digest for record in found])
        waiting = unconfirmed(
            transaction,
            [record for record in found if record.digest not in held or held[record.digest].came is not Came.CHANNEL],
            officer=officer,
        )
        given = [record.digest for record in found if record.digest in held and held[record.digest].came is Came.CHANNEL]
        passages = {digest: passage_of(means, transaction, digest, audience) for digest in given}
    own = Originator(means.member, is_member=True)
    return [
        _received(record, held[record.digest], passages.get(record.digest), unconfirmed=record.digest in waiting)
        if record.digest in held
        else Arrival(record, Came.OWN, means.member, own, unconfirmed=record.digest in waiting)
        for record in found
    ]


def _received(record: Record, known: Held, passage: Passage | None, *, unconfirmed: bool) -> Arrival:
    """A record that is held already, with what lets it be passed on; then whose it is, is said by the statement that it came under."""
    if passage is None:
        return Arrival(record, known.came, known.source, known.originator, faults=known.faults, unconfirmed=unconfirmed)
    given = passage.link.statement
    return Arrival(record, known.came, given.releaser, given.originator, faults=known.faults, passage=passage)


def _read(files: Iterable[bytes]) -> Iterator[Record]:
    """Read an officer's own files. Every fault found is told at once; one suffices for a refusal."""
    found: list[str] = []
    count = 0
    for raw in files:
        for name, item in _numbered(unpack(raw)):
            if isinstance(item, AccordError):
                found.append(f"{name}: {item.says}")
                continue
            faults = faults_of(item)
            found.extend(f"{name}: {fault}" for fault in faults)
            count += 1
            if count > PUBLICATION_RECORDS_MAX:
                raise Refusal(f"more than {PUBLICATION_RECORDS_MAX} records in one publication", remedy="import them, then release them")
            if is_accord_type(str(item.get("type"))):
                raise Refusal(f"{name}: {item.get('type')} is made by Accord itself and not published by hand")
            if not faults:
                yield of_fields(item)
    if found:
        shown = tuple(found[:FAULTS_TOLD_MAX])
        raise StandardBroken(
            f"{counted(len(found), 'fault')} against STIX 2.1; the first: {shown[0]}",
            faults=shown,
            remedy="mend what is named, or import the file with `accord import` to keep it as it is",
        )
    if count == 0:
        raise Refusal("the files hold no STIX object", remedy="give a STIX 2.1 bundle, an object, a list of objects or one object a line")


def _numbered(items: Iterable[Fields | AccordError]) -> Iterator[tuple[str, Fields | AccordError]]:
    for number, item in enumerate(items, start=1):
        yield f"object {number}", item
