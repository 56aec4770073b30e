"""Person entries: who entered each, and which second officer confirmed it (S-20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.seal.canonical import Digest
from accord.stix.statement import timestamp
from accord.store.database import Transaction
from accord.store.records import HOLDINGS


class EnteredAs(StrEnum):
    """Whether a person or a tool entered it, or it came from an outside source: their names are given apart from each other."""

    OFFICER = "officer"
    CLIENT = "client"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person entry."""

    digest: Digest
    entered_by: str
    entered_as: EnteredAs
    confirmed_by: str  # Empty until a second officer confirmed it.


def enter(transaction: Transaction, digests: Iterable[Digest], *, by: str, entered_as: EnteredAs, now: datetime) -> None:
    """Note who entered these. What was entered before keeps the name of whoever did it first."""
    transaction.many(
        "person_add",
        (
            {"collection": HOLDINGS, "digest": digest, "entered_by": by, "entered_as": entered_as.value, "entered_at": timestamp(now)}
            for digest in digests
        ),
    )


def entries_of(transaction: Transaction, digests: Sequence[Digest]) -> dict[bytes, Entry]:
    """What is noted of these records; a record that nobody entered as a person is not in it."""
    rows = transaction.among("person_of", digests, collection=HOLDINGS)
    return {bytes(row[0]): Entry(Digest(bytes(row[0])), row[1], EnteredAs(row[2]), row[3]) for row in rows}


def confirm(transaction: Transaction, digest: Digest, *, officer: str, now: datetime) -> bool:
    """Note the second officer; False when there is no such entry, this officer entered it, or it is confirmed already."""
    return transaction.run("person_confirm", collection=HOLDINGS, digest=digest, officer=officer, confirmed_at=timestamp(now)) == 1


def waiting_from(transaction: Transaction, source: str, *, count: int) -> list[Digest]:
    """Up to `count` imported persons of a source that no second officer has confirmed."""
    rows = transaction.all("person_waiting", collection=HOLDINGS, entered_as=EnteredAs.SOURCE.value, source=source, count=count)
    return [Digest(bytes(row[0])) for row in rows]
