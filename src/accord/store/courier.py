"""The files of couriers that were opened here: the newest of each member."""

from __future__ import annotations

from accord.seal.canonical import Digest
from accord.store.database import Transaction


def opened_last(transaction: Transaction, member: str) -> tuple[str, Digest] | None:
    """When the newest file of a member that was opened here was made, and its digest; None before the first."""
    row = transaction.one("courier_of", member=member)
    return None if row is None else (row[0], Digest(bytes(row[1])))


def keep_opened(transaction: Transaction, member: str, *, made_at: str, digest: Digest) -> bool:
    """Note a file as opened; False where the same or a newer one was noted meanwhile."""
    return transaction.run("courier_keep", member=member, made_at=made_at, digest=digest) == 1
