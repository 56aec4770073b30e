"""A restored node's memory of whom it still awaits, what a member can be given back, and the epochs of journals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accord.store.database import Transaction

_BETWEEN = "\n=\n"  # Between two notes; no line of a note is one equals sign.


class State(StrEnum):
    """How far a restored node has come: with another member, or by itself."""

    AWAITED = "awaited"  # It has not said yet what it holds.
    HEARD = "heard"  # It said so; what is missing has still to be fetched.
    GONE = "gone"  # An officer recorded that it will not answer. Nothing enters the channel to it until it does.
    BEGUN = "begun"  # Of the node itself: its journal has begun a new epoch.


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row: a member and how far it is. `journal` holds the checkpoints of our journal that it remembers."""

    member: str
    state: State
    journal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The newest checkpoint that proves what we hold of a channel in."""

    size: int
    note: str


def await_members(transaction: Transaction, member: str, others: Sequence[str]) -> None:
    """Mark a database as restored: `member` itself waits, and for each of the others."""
    transaction.run("rejoin_clear")
    for name in (member, *others):
        transaction.run("rejoin_set", member=name, state=State.AWAITED.value, journal="")


def waiting(transaction: Transaction) -> list[Waiting]:
    """Every row, in the order of members; empty on a node that waits for nobody."""
    return [
        Waiting(member, State(state), tuple(filter(None, journal.split(_BETWEEN))))
        for member, state, journal in transaction.all("rejoin_all")
    ]


def state_of(transaction: Transaction, member: str) -> State | None:
    """How far a member is; None when nothing is awaited of it."""
    row = transaction.one("rejoin_of", member=member)
    return None if row is None else State(row[0])


def is_whole(transaction: Transaction, member: str) -> bool:
    """Say whether our channel to this member may be added to: everything that the member holds of it is here."""
    return state_of(transaction, member) is None


def note_state(transaction: Transaction, member: str, state: State, *, journal: Iterable[str] = ()) -> None:
    transaction.run("rejoin_set", member=member, state=state.value, journal=_BETWEEN.join(journal))


def done(transaction: Transaction, member: str) -> None:
    """Nothing is awaited of this member any more."""
    transaction.run("rejoin_done", member=member)


def keep_held(transaction: Transaction, collection: str, *, size: int, note: str) -> None:
    """Keep the checkpoint that proves what is held of a channel in, in the act that keeps it."""
    transaction.run("held_keep", collection=collection, size=size, note=note)


def held(transaction: Transaction, collection: str) -> Held | None:
    row = transaction.one("held_of", collection=collection)
    return None if row is None else Held(*row)


def epochs(transaction: Transaction) -> dict[str, int]:
    """The epoch of each member's journal that is not the first."""
    return {member: int(number) for member, number in transaction.all("epochs")}


def begin_epoch(transaction: Transaction, member: str, number: int) -> None:
    """A member's journal goes on in this epoch. What was kept of the one before, cosignatures and the newest checkpoint, is about another log now."""
    transaction.run("epoch_set", member=member, number=number)
    transaction.run("seen_drop", member=member)


def drop_cosignatures(transaction: Transaction) -> None:
    """The cosignatures over our own journal: they are over the epoch before."""
    transaction.run("cosignatures_drop")
