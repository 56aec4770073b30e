"""Standing releases as they are kept: the order, who answers for it, and how far the holdings were looked through under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accord.stix.statement import timestamp
from accord.store.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """One standing release. `selection` and `terms` are canonical JSON; the desk reads them."""

    name: str
    source: str
    selection: str
    terms: str
    until: date
    granted_by: str
    granted_at: str
    confirmed_by: str = ""
    confirmed_at: str = ""
    ended_by: str = ""
    ended_at: str = ""
    position: int = 0
    released: int = 0
    withheld: int = 0


def add(transaction: Transaction, kept: Kept) -> bool:
    """Keep a new one; False when the name is given already."""
    return (
        transaction.run(
            "standing_add",
            name=kept.name,
            source=kept.source,
            selection=kept.selection,
            terms=kept.terms,
            until=kept.until.isoformat(),
            granted_by=kept.granted_by,
            granted_at=kept.granted_at,
        )
        == 1
    )


def every(transaction: Transaction) -> list[Kept]:
    return [_kept(row) for row in transaction.all("standing_all")]


def confirm(transaction: Transaction, name: str, *, officer: str, now: datetime) -> bool:
    """Note the second officer; False when there is none to confirm, or this officer gave it."""
    return transaction.run("standing_confirm", name=name, officer=officer, confirmed_at=timestamp(now)) == 1


def end(transaction: Transaction, name: str, *, officer: str, now: datetime) -> bool:
    """Note who ended it; False when there is none, or it has ended."""
    return transaction.run("standing_end", name=name, officer=officer, ended_at=timestamp(now)) == 1


def advance(transaction: Transaction, kept: Kept, *, position: int, released: int, withheld: int) -> bool:
    """Move on from exactly where `kept` stood; False when another process did so meanwhile."""
    moved = {"position": position, "old_position": kept.position, "released": released, "withheld": withheld}
    return transaction.run("standing_advance", name=kept.name, **moved) == 1


def _kept(row: Row) -> Kept:
    name, source, selection, terms, until, *rest = row
    return Kept(name, source, selection, terms, date.fromisoformat(until), *rest)
