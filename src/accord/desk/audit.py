"""Audit: recompute every log of this node from its leaves and hold it against what the node says of itself.

Duties: 1. every stored body and salt make the stored commitment; 2. the commitments make the root of every boundary, and of the counter row;
3. positions have no gap. The first thing that does not hold is raised, with its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accord.desk.means import Means
from accord.errors import IntegrityFailure
from accord.ledger.entry import commitment, leaf_hashes
from accord.ledger.tree import EMPTY
from accord.store import logs
from accord.store.database import Transaction
from accord.store.logs import Leaf

LEAVES_AT_ONCE = 5_000  # Leaves read at a time: memory stays flat whatever the log.


@dataclass(frozen=True, slots=True)
class Audited:
    """A log that holds."""

    name: str
    size: int
    root: bytes


def audit(means: Means, *, progress: Callable[[int], None] = lambda done: None) -> list[Audited]:
    """Audit every channel and the journal in one consistent view."""
    done = 0
    reports = []
    with means.database.reading() as transaction:
        for name in logs.names_below(transaction, means.charter.id):
            report = _audit(transaction, name, journal=means.journal)
            reports.append(report)
            done += report.size
            progress(done)
    return reports


def _audit(transaction: Transaction, name: str, *, journal: str) -> Audited:
    log = logs.log_state(transaction, name)
    assert log is not None, "the name was read in the same view"
    ends = logs.boundaries(transaction, name)
    frontier = EMPTY
    for boundary in ends:
        while frontier.size < boundary.size:
            beyond = min(frontier.size + LEAVES_AT_ONCE, boundary.size)
            leaves = logs.leaves_between(
                transaction, name, first=frontier.size, beyond=beyond, contents_of=journal if name == journal else None
            )
            _whole(name, leaves, first=frontier.size, beyond=beyond)  # 1, 3
            frontier = frontier.extend(leaf_hashes(leaf.commitment for leaf in leaves))
        if frontier.root() != boundary.root:  # 2
            raise IntegrityFailure("root", f"{name}: the leaves below {boundary.size} do not make the root kept there")
    if log.frontier != frontier:
        raise IntegrityFailure("growth", f"{name}: the counter row says {log.size}, the leaves end at {frontier.size}")
    return Audited(name, frontier.size, frontier.root())


def _whole(name: str, leaves: list[Leaf], *, first: int, beyond: int) -> None:
    if [leaf.position for leaf in leaves] != list(range(first, beyond)):
        raise IntegrityFailure("order", f"{name}: a position between {first} and {beyond} is missing")
    for leaf in leaves:
        if leaf.salt is not None and leaf.body is None:
            raise IntegrityFailure("bytes", f"{name}: position {leaf.position} has a salt and lost its bytes")
        if leaf.salt is not None and leaf.body is not None and commitment(salt=leaf.salt, content=leaf.body) != leaf.commitment:
            raise IntegrityFailure("commitment", f"{name}: position {leaf.position} does not have the bytes it was given")
