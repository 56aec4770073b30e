"""Contact: how the last word with each partner's node went, and when to try again."""

from __future__ import annotations

from datetime import datetime, timedelta

from accord.desk.means import Means
from accord.errors import PeerFault
from accord.stix.statement import timestamp
from accord.store import peers


def is_due(means: Means, peer: str, *, now: datetime) -> bool:
    """Say whether this peer may be asked now; after faults it is left alone for a while."""
    with means.database.reading() as transaction:
        known = peers.peer_of(transaction, peer)
    # A last contact in the future says that the clock went back since: waiting for it to catch up would be waiting for nothing.
    return known.retry_at <= timestamp(now) or known.contacted_at > timestamp(now)


def went_well(means: Means, peer: str, *, ahead: int = 0, now: datetime) -> None:
    """Note that all was well, and how many seconds the peer's clock was ahead of ours."""
    with means.database.writing() as transaction:
        peers.note_contact(transaction, peer, ahead=ahead, now=now, retry_at=now)


def went_wrong(
    means: Means, peer: str, fault: PeerFault, *, ahead: int = 0, now: datetime, interval: timedelta, longest: timedelta
) -> None:
    """Note the duty that failed; the wait doubles with every fault in a row, up to `longest`."""
    with means.database.writing() as transaction:
        faults = peers.peer_of(transaction, peer).faults_in_a_row + 1
        wait = min(interval * 2 ** min(faults, 20), longest)
        peers.note_contact(
            transaction, peer, duty=fault.duty, says=fault.says, faults_in_a_row=faults, ahead=ahead, now=now, retry_at=now + wait
        )
