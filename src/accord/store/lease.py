"""The lease on a node's own work, as it is kept: one row with its holder and its end, taken in one write."""

from __future__ import annotations

from datetime import datetime, timedelta

from accord.stix.statement import timestamp
from accord.store.database import Transaction

_WORK = "worker"


def take(transaction: Transaction, holder: str, *, now: datetime, lasts: timedelta) -> bool:
    """Take the work or hold it longer; False while somebody else holds it. `now` is read inside the transaction, behind those who waited."""
    until, farthest = timestamp(now + lasts), timestamp(now + 2 * lasts)
    return transaction.run("lease_take", work=_WORK, holder=holder, until=until, now=timestamp(now), farthest=farthest) == 1


def give_back(transaction: Transaction, holder: str) -> None:
    transaction.run("lease_give_back", work=_WORK, holder=holder)


def clear(transaction: Transaction) -> None:
    """End the lease of whoever held it. That no process serves the node is the caller's to know."""
    transaction.run("lease_clear", work=_WORK)


def holder_of(transaction: Transaction) -> str | None:
    row = transaction.one("lease_holder", work=_WORK)
    return None if row is None else str(row[0])
