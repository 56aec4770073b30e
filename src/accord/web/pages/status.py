"""The status page: where this node stands, for its operator. Counts and times only, never content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accord.desk.means import Means
from accord.desk.status import ChannelState, HoldingsCount, PeerState, Status, status
from accord.desk.stuck import Stuck, stuck


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Exactly what the template shows. A sentence says what the operator would otherwise work out."""

    title: str
    verdict: str
    names: Mapping[str, str]  # Member to its name.
    member: str
    charter: str
    charter_version: int
    journal_size: int
    records: int
    holdings: tuple[HoldingsCount, ...]
    outgoing: tuple[ChannelState, ...]
    incoming: tuple[ChannelState, ...]
    peers: tuple[PeerState, ...]
    stuck: tuple[Stuck, ...]


def status_page(means: Means, *, now: datetime) -> StatusPage:
    found, waiting = status(means), stuck(means, now=now)
    names = {member.id: member.names["en"] for member in means.charter.members}
    return StatusPage(
        title=f"Node of {names[found.member]}",
        verdict=_verdict(found, waiting),
        names=names,
        member=found.member,
        charter=found.charter,
        charter_version=found.charter_version,
        journal_size=found.journal_size,
        records=sum(count.records for count in found.holdings),
        holdings=found.holdings,
        outgoing=found.outgoing,
        incoming=found.incoming,
        peers=found.peers,
        stuck=waiting,
    )


def _verdict(found: Status, stuck: tuple[Stuck, ...]) -> str:
    faulty = [peer.member for peer in found.peers if peer.fault]
    waiting = [channel.partner for channel in found.outgoing if channel.receipted < channel.size]
    if found.suspected:
        return f"There is proof against {', '.join(found.suspected)}: print it with accord audit, and call the member."
    if stuck:
        return f"What was given to {', '.join(one.partner for one in stuck)} may no longer go and has to be taken back; see what goes out."
    if faulty:
        return f"The last contact with {', '.join(faulty)} failed; see what to do below."
    if found.questioned:
        return f"Two checkpoints of {', '.join(found.questioned)} do not agree; it may have been the line: run accord audit against that member's address."
    if waiting:
        return f"Waiting for the receipt of {', '.join(waiting)}."
    return "All is well: every partner that was asked answered, and every object sent is receipted."
