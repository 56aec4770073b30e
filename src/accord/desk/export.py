"""Export: records leave the node in a file, for the member's own people and tools. What an officer could not read does not leave.

S-20: "Two-person rule for: […] mass export". Duties:
  1. the officer may read and says what for, and each record passes the gate for reading as if it were shown;
  2. more records than one officer takes out alone leave on the word of a second one, who may release, given for this query, officer and purpose
     within a day;
  3. who exported, who approved, how many, in which form, and every batch by its positions stand in the journal before the batch leaves;
  4. bytes leave as they are kept; forms that hold less count what they leave behind (`stix.indicator_table`, `desk.misp`);
  5. what arrives while an export runs is not in it, and what is erased meanwhile is not either.
A file that has left is out of reach of a recall: whoever took it out answers for it. Another member is given records by `desk.publish` alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice

import orjson

from accord.charter.officers import Act
from accord.desk.account import Asked
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.read import judge, note_read, reader_of
from accord.errors import Malformed, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.release.decision import Ground, Released, Withheld
from accord.release.reading import Reader
from accord.seal.canonical import Fields
from accord.seal.envelope import derived_key, open_sealed, seal
from accord.store import acts, finding, peers, records, terms
from accord.store.search import Search

EXPORT_ALONE_RECORDS_MAX = 1_000  # Records that one officer takes out alone: a case, not the holdings.
APPROVAL_HOURS_MAX = 24  # Hours that a second officer's word holds: long enough to repeat an export that was stopped.
EXPORT_BATCH_RECORDS_MAX = 500  # Records judged, noted and held in memory at once.


class Form(StrEnum):
    """What an export is written as."""

    STIX = "stix"
    CSV = "csv"
    MISP = "misp"


@dataclass(frozen=True, slots=True)
class Approval:
    """A second officer's word as the first one brings it: who gave it, and the code that proves it."""

    officer: str
    code: str


@dataclass(frozen=True, slots=True)
class Approved:
    """A word given: its code, until when it holds, and what it is about."""

    code: str
    until: datetime
    total: int
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that leave, and how many of those looked at were withheld on which ground."""

    released: tuple[Released, ...]
    withheld: Mapping[Ground, int]


def approve(means: Means, query: str, *, officer: str, exporter: str, purpose: str, now: datetime) -> Approved:
    """Give the word for another officer's export. Looking at what the query finds first is left to who gives it."""
    wanted = Search.parse(query)
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)
        authorised(means, transaction, exporter, Act.READ)
        known = peers.role_of(transaction, exporter)
        assert known is not None, "who is authorised is registered"
        if officer == exporter:  # 2
            raise Refusal("S-20: nobody approves an export of their own", remedy="ask another officer who may release, or an approver")
        found = finding.find(transaction, wanted, sees=terms.up_to(known[1]), count=0)
        said: Fields = {"act": "export-approved", "officer": officer, "exporter": exporter, "records": found.total}
        acts.note_acts(transaction, means.journal, [said], salts=[means.random(SALT_BYTES)], now=now)  # 3
    until = (now + timedelta(hours=APPROVAL_HOURS_MAX)).replace(microsecond=0)
    bound = _bound(wanted, officer=officer, exporter=exporter, purpose=purpose)
    sealed = seal(int(until.timestamp()).to_bytes(8, "big"), key=_key(means), bound=bound)
    return Approved(sealed, until, found.total, found.facets)


def export(means: Means, query: str, *, asked: Asked, form: Form, now: datetime, approval: Approval | None = None) -> Iterator[Batch]:
    """The records that a query finds, in batches, the newest first; refused here, before the first, or whole."""
    wanted = Search.parse(query)
    reader = reader_of(means, "exported", query, asked, now=now)  # 1
    if approval is not None:
        _check(means, wanted, approval, asked, now=now)
    with means.database.writing() as transaction:
        found = finding.everything(transaction, wanted, sees=terms.up_to(reader.clearance))
        if found.total > EXPORT_ALONE_RECORDS_MAX and approval is None:  # 2
            raise Refusal(
                f"S-20: {found.total} records are more than the {EXPORT_ALONE_RECORDS_MAX} that one officer takes out alone",
                remedy="ask for less, or let a second officer approve it: accord approve DIR QUERY --as OFFICER --for YOU --purpose TEXT",
            )
        said: Fields = {
            "act": "export-begun",
            "officer": asked.officer,
            "form": form.value,
            "records": found.total,
            "approved_by": "" if approval is None else approval.officer,
        }
        acts.note_acts(transaction, means.journal, [said], salts=[means.random(SALT_BYTES)], now=now)  # 3
    return _batches(means, query, reader, asked, found.positions(), now=now)


def _batches(means: Means, query: str, reader: Reader, asked: Asked, positions: Iterator[int], *, now: datetime) -> Iterator[Batch]:
    while portion := list(islice(positions, EXPORT_BATCH_RECORDS_MAX)):
        with means.database.reading() as transaction:  # 5
            held = [one for position in portion if (one := records.held_at(transaction, position)) is not None]
            judged = judge(means, transaction, reader, held)  # 1
        note_read(means, "exported", query, asked, judged, now=now)  # 3
        yield Batch(
            tuple(one.decision for one in judged if isinstance(one.decision, Released)),  # 4
            Counter(one.decision.grounds[0] for one in judged if isinstance(one.decision, Withheld)),
        )


def _check(means: Means, wanted: Search, approval: Approval, asked: Asked, *, now: datetime) -> None:
    """Refuse a code that was not given for this export, or too long ago."""
    bound = _bound(wanted, officer=approval.officer, exporter=asked.officer, purpose=asked.purpose)
    try:
        until = datetime.fromtimestamp(int.from_bytes(open_sealed(approval.code, key=_key(means), bound=bound), "big"), tz=UTC)
    except Malformed:
        raise Refusal(
            "S-20: this is no approval of this export: it holds for one query, purpose and officer, and names who gave it",
            remedy="export exactly what was approved, or ask for another approval",
        ) from None
    if now > until:
        raise Refusal(f"S-20: the approval has ended, {APPROVAL_HOURS_MAX} hours after it was given", remedy="ask for another approval")


def _bound(wanted: Search, *, officer: str, exporter: str, purpose: str) -> bytes:
    return orjson.dumps([str(wanted), officer, exporter, purpose])


def _key(means: Means) -> bytes:
    return derived_key(means.signers.transport, purpose="approval of an export")
