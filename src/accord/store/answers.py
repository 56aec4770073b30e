"""What members said of leaves and to each other: accepted, declined, handled, and notices. Kept at both ends of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.stix.control import Kind
from accord.stix.statement import timestamp
from accord.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Said:
    """One answer about one leaf."""

    kind: str
    code: str
    said_at: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice on a channel, about so many of its records."""

    notice: str
    code: str
    records: int
    said_at: str


def keep_answer(transaction: Transaction, collection: str, commitments: Sequence[bytes], *, kind: str, code: str, now: datetime) -> None:
    """What a recipient said of leaves of a channel."""
    for commitment in commitments:
        transaction.run("answer_add", collection=collection, commitment=commitment, kind=kind, code=code, said_at=timestamp(now))


def answers(transaction: Transaction, collection: str) -> list[tuple[str, str, int]]:
    """Kinds and codes of answers on a channel, with how many leaves each is about."""
    return [(kind, code, count) for kind, code, count in transaction.all("answers", collection=collection)]


def answers_about(transaction: Transaction, collection: str, commitment: bytes) -> list[Said]:
    return [Said(*row) for row in transaction.all("answers_about", collection=collection, commitment=commitment)]


def keep_notice(transaction: Transaction, collection: str, *, notice: str, code: str, records: int, now: datetime) -> None:
    transaction.run("notice_add", collection=collection, notice=notice, code=code, records=records, said_at=timestamp(now))


def notices(transaction: Transaction, collection: str) -> list[Notice]:
    return [Notice(*row) for row in transaction.all("notices", collection=collection)]


def declined_there(transaction: Transaction, collection: str, commitments: Sequence[bytes]) -> set[bytes]:
    """Those of these leaves of a channel out that its recipient declined, and so has no content of."""
    rows = transaction.among("answers_declining", list(commitments), collection=collection, kind=Kind.DECLINED.value)
    return {bytes(row[0]) for row in rows}
