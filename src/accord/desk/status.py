"""Status: where this node stands, in counts and times, without any content."""

from __future__ import annotations

from dataclasses import dataclass

from accord.desk.means import Means
from accord.desk.watch import convicts
from accord.store import acts, logs, peers, records, witness
from accord.store.records import Came

CLOCK_SECONDS_MAX = 30  # Seconds that two clocks may differ before it is said. A tenth of what makes tokens and receipts fail.


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One channel: how much went, how much of it is receipted, and when."""

    partner: str
    size: int
    receipted: int
    receipted_at: str
    declined: int


@dataclass(frozen=True, slots=True)
class PeerState:
    """One partner's node: whether the last contact went well and, if not, which duty failed."""

    member: str
    keys_known: bool
    contacted_at: str
    fault: str
    retry_at: str
    clock_ahead: int

    @property
    def clock_differs(self) -> bool:
        return abs(self.clock_ahead) > CLOCK_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class HoldingsCount:
    """How many records came one way from one source."""

    came: Came
    source: str
    records: int


@dataclass(frozen=True, slots=True)
class Status:
    """A node at a glance."""

    member: str
    charter: str
    charter_version: int
    holdings: tuple[HoldingsCount, ...]
    outgoing: tuple[ChannelState, ...]
    incoming: tuple[ChannelState, ...]
    peers: tuple[PeerState, ...]
    journal_size: int
    suspected: tuple[str, ...]  # Logs of other members that are convicted: two checkpoints cannot both be true.
    questioned: tuple[str, ...]  # Logs of which two checkpoints do not agree as far as their tiles were shown; it may have been the line.


def status(means: Means) -> Status:
    """Read everything in one consistent view."""
    with means.database.reading() as transaction:
        outgoing: list[ChannelState] = []
        incoming: list[ChannelState] = []
        known: list[PeerState] = []
        for partner in means.partners():
            if means.charter.member(partner).root is None:
                continue
            for name, states in ((means.channel_to(partner), outgoing), (means.channel_from(partner), incoming)):
                log = logs.log_state(transaction, name)
                receipt = acts.last_receipt(transaction, name)
                states.append(
                    ChannelState(
                        partner=partner,
                        size=0 if log is None else log.size,
                        receipted=0 if receipt is None else receipt.size,
                        receipted_at="" if receipt is None else receipt.signed_at,
                        declined=acts.declined_count(transaction, name),
                    )
                )
            peer = peers.peer_of(transaction, partner)
            known.append(PeerState(partner, peer.key_file is not None, peer.contacted_at, peer.fault_says, peer.retry_at, peer.clock_ahead))
        journal = logs.log_state(transaction, means.journal)
        found = witness.evidence_all(transaction)
        held = tuple(HoldingsCount(*row) for row in records.counts(transaction))
    suspected = {item.origin for item in found if convicts(item)}
    return Status(
        member=means.member,
        charter=means.charter.id,
        charter_version=means.charter.version,
        holdings=held,
        outgoing=tuple(outgoing),
        incoming=tuple(incoming),
        peers=tuple(known),
        journal_size=0 if journal is None else journal.size,
        suspected=tuple(sorted(suspected)),
        questioned=tuple(sorted({item.origin for item in found} - suspected)),
    )
