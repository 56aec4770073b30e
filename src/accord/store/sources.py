"""Outside sources that this node reads by itself: where each is, how far it was read, and how the last round went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.stix.statement import timestamp
from accord.store.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Source:
    """One collection of another's TAXII 2.1 server. `added_after` and `following` are the server's own words, kept as they came."""

    name: str
    api_root: str
    collection: str
    username: str  # Empty where the secret is a bearer token, or where there is none.
    has_secret: bool
    every_seconds: int
    added_after: str = ""
    following: str = ""
    lost: int = 0
    fault: str = ""
    faults_in_a_row: int = 0
    contacted_at: str = ""
    retry_at: str = ""


def add_source(transaction: Transaction, source: Source) -> bool:
    """Keep a source; False when the name is given already."""
    return (
        transaction.run(
            "source_add",
            name=source.name,
            api_root=source.api_root,
            collection=source.collection,
            username=source.username,
            has_secret=int(source.has_secret),
            every_seconds=source.every_seconds,
        )
        == 1
    )


def sources(transaction: Transaction) -> list[Source]:
    return [_source(row) for row in transaction.all("sources")]


def remove_source(transaction: Transaction, name: str) -> bool:
    """Read a source no longer; False when there is none of that name."""
    return transaction.run("source_remove", name=name) == 1


def note_progress(transaction: Transaction, name: str, *, added_after: str, following: str) -> None:
    transaction.run("source_progress", name=name, added_after=added_after, following=following)


def note_round(
    transaction: Transaction, name: str, *, fault: str = "", faults_in_a_row: int = 0, lost: int, now: datetime, retry_at: datetime
) -> None:
    """Note how the last round went; an empty `fault` says that all was well."""
    transaction.run(
        "source_contact",
        name=name,
        fault=fault,
        faults_in_a_row=faults_in_a_row,
        contacted_at=timestamp(now),
        retry_at=timestamp(retry_at),
        lost=lost,
    )


def _source(row: Row) -> Source:
    name, api_root, collection, username, has_secret, *rest = row
    return Source(name, api_root, collection, username, bool(has_secret), *rest)
