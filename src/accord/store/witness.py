"""Witnessing remembered: what this node cosigned, the cosignatures over its own journal, the journals it saw, and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.ledger.checkpoint import Checkpoint
from accord.stix.statement import timestamp
from accord.store.database import Transaction, Value

EVIDENCE_PER_LOG_MAX = 16  # Pairs of checkpoints of one kind. One convicts; a log that forks in every round does not fill the disk.


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Another member's cosignature over this node's journal at one size."""

    member: str
    size: int
    note: str
    line: str
    signed_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two checkpoints of one log, both signed by it, and why they cannot both be true."""

    origin: str
    held: str
    offered: str
    says: str
    found_at: str
    proof: str  # The larger log's root at the smaller size and the proof of its growth from there, a line each; empty where there is none.


def cosigned_last(transaction: Transaction, origin: str) -> Checkpoint | None:
    """The newest checkpoint of a log that this node cosigned."""
    row = transaction.one("witnessed_of", origin=origin)
    return None if row is None else Checkpoint(origin, row[0], bytes(row[1]))


def cosigned_note(transaction: Transaction, origin: str) -> str:
    """The signed note of the newest checkpoint that this node cosigned; empty where there is none."""
    row = transaction.one("witnessed_of", origin=origin)
    return "" if row is None else str(row[2])


def keep_cosigned(transaction: Transaction, checkpoint: Checkpoint, note: str, *, latest: Checkpoint | None, now: datetime) -> None:
    """Remember what is about to be cosigned, from exactly the state that was judged."""
    values: dict[str, Value] = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "note": note,
        "cosigned_at": timestamp(now),
    }
    if latest is None:
        kept = transaction.run("witnessed_open", **values)
    else:
        kept = transaction.run("witnessed_advance", **values, old_size=latest.size)
    assert kept == 1, f"{checkpoint.origin} was cosigned elsewhere under a writing transaction"


def keep_cosignature(transaction: Transaction, cosignature: Cosignature) -> None:
    transaction.run(
        "cosignature_keep",
        member=cosignature.member,
        size=cosignature.size,
        note=cosignature.note,
        line=cosignature.line,
        signed_at=cosignature.signed_at,
    )


def cosignature_of(transaction: Transaction, member: str) -> Cosignature | None:
    row = transaction.one("cosignature_of", member=member)
    return None if row is None else Cosignature(*row)


def cosignatures(transaction: Transaction) -> list[Cosignature]:
    return [Cosignature(*row) for row in transaction.all("cosignatures")]


def keep_seen(transaction: Transaction, member: str, *, size: int, note: str, now: datetime) -> None:
    """Remember a member's newest checkpoint; one of a smaller size replaces nothing."""
    transaction.run("seen_keep", member=member, size=size, note=note, seen_at=timestamp(now))


def seen_of(transaction: Transaction, member: str) -> str:
    """The newest checkpoint of a member's journal that is known; empty where there is none."""
    row = transaction.one("seen_of", member=member)
    return "" if row is None else str(row[1])


def seen_at(transaction: Transaction, member: str) -> str:
    """When a member's newest checkpoint was seen, or our own published; empty where there is none."""
    row = transaction.one("seen_of", member=member)
    return "" if row is None else str(row[2])


def seen_all(transaction: Transaction) -> dict[str, str]:
    return {row[0]: row[1] for row in transaction.all("seen_all")}


def keep_evidence(transaction: Transaction, evidence: Evidence) -> bool:
    """Keep a pair of checkpoints; False when it is known already, or when there is enough of its kind about this log.

    Each kind has its own places: what a hostile line can bring about takes none from what convicts.
    """
    kinds = [(says, bool(proof)) for says, proof in transaction.all("evidence_kinds", origin=evidence.origin)]
    if kinds.count((evidence.says, bool(evidence.proof))) >= EVIDENCE_PER_LOG_MAX:
        return False
    added = transaction.run(
        "evidence_add",
        origin=evidence.origin,
        held=evidence.held,
        offered=evidence.offered,
        says=evidence.says,
        found_at=evidence.found_at,
        proof=evidence.proof,
    )
    return added == 1


def evidence_all(transaction: Transaction) -> list[Evidence]:
    return [Evidence(*row) for row in transaction.all("evidence_all")]
