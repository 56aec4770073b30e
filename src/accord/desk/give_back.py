"""Give back: what this node holds of another member's word, for that member alone, when it lost its own copy.

Duties:
  1. a member is told of its own channel, its own receipts and its own journal, and of nobody else's;
  2. every checkpoint that is named is one that the member signed, so that it need not believe us;
  3. bytes go back through the gate, as they were kept, each with its salt; what was erased or declined here is a commitment;
  4. a page ends where one ended that was received, so that no statement is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from accord.desk.means import Means
from accord.desk.serve import PAGE_OBJECTS_MAX, PAGE_OCTETS_MAX, Page
from accord.errors import NotFound
from accord.release.decision import Released, Withheld
from accord.store import acts, logs, peers, rejoin, witness


@dataclass(frozen=True, slots=True)
class Word:
    """What one member holds of another's word; each is empty where there is nothing."""

    given: str = ""  # The newest checkpoint of the other's channel to us that we proved: we hold every leaf below its size.
    receipt: str = ""  # Our newest receipt for that channel, its checkpoint included.
    taken: str = ""  # The other's newest receipt for our channel to it, its checkpoint included.
    journal: tuple[str, ...] = ()  # The newest checkpoints of the other's journal that we saw or cosigned.
    witnessed: str = ""  # The other's newest cosignature over our journal, its checkpoint included.


def word_for(means: Means, member: str) -> Word:
    """What we hold of this member's word. 1, 2"""
    name = means.channel_from(member)
    with means.database.reading() as transaction:
        given = acts.last_receipt(transaction, name)
        taken = acts.last_receipt(transaction, means.channel_to(member))
        cosigned = witness.cosignature_of(transaction, member)
        journal = (witness.seen_of(transaction, member), witness.cosigned_note(transaction, means.journal_of(member)))
        held = rejoin.held(transaction, name)
        # A node that was there before migration 5 has the last verified checkpoint alone.
        newest = peers.peer_of(transaction, member).head if held is None else held.note
    return Word(
        given=newest,
        receipt="" if given is None else given.checkpoint + given.cosignature,
        taken="" if taken is None else taken.checkpoint + taken.cosignature,
        journal=tuple(sorted({note for note in journal if note})),
        witnessed="" if cosigned is None else cosigned.note + cosigned.line,
    )


def page(means: Means, member: str, *, first: int, limit: int = PAGE_OBJECTS_MAX) -> Page:
    """A page of the member's own channel to us, from position `first` on. 3, 4"""
    name = means.channel_from(member)
    with means.database.reading() as transaction:
        objects_max = min(limit, PAGE_OBJECTS_MAX)
        end = logs.boundary_behind(transaction, name, first=first, objects_max=objects_max, octets_max=PAGE_OCTETS_MAX)
        if end is None:
            return Page(first, (), (), "", more=False)
        leaves = logs.leaves_between(transaction, name, first=first, beyond=end.size)
        last = logs.last_boundary(transaction, name)
    contents = tuple(bytes(leaf.body) for leaf in leaves if leaf.body is not None and leaf.salt is not None)
    match means.gate.give_back(releaser=member, reader=member, contents=contents):
        case Released() as released:
            return Page(first, tuple(leaves), (released,), "", more=last is not None and end.size < last.size)
        case Withheld():
            raise NotFound("no such channel")
