"""One round of witnessing with one member: look at its journal, compare what it has seen of the others, and have our own cosigned.

Duties:
  1. the member's own newest checkpoint is held against the one that is known;
  2. what it has seen of every other journal is held against what we have seen; where sizes differ, the journal's owner shows which grew from which;
  3. our published checkpoint is handed over with the proof that it grew from the one cosigned last; the cosignature is checked and kept.
Evidence that is found is kept in its duty, and the round goes on: a member that lies about one journal still witnesses ours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accord.desk import introduce, watch, witness
from accord.desk.means import Means
from accord.desk.watch import Evidence
from accord.errors import PeerFault, PeerSilent
from accord.exchange.client import PeerClient

_SIZE = re.compile(r"(0|[1-9][0-9]{0,15})\n")  # tlog-witness: the size cosigned last, in decimal, and a newline.

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one round brought: the size of our journal that the peer has cosigned, and evidence that was not known before."""

    peer: str
    cosigned: int
    evidence: tuple[Evidence, ...]


def watch_round(means: Means, client: PeerClient, others: Mapping[str, PeerClient], *, clock: Callable[[], datetime]) -> Watched:
    """One round with one peer. `others` are the clients of the nodes that are known, for asking a journal's owner. Raises `PeerFault`."""
    found: list[Evidence | None] = [_look(means, client, clock=clock)]  # 1
    for member, note in sorted(client.journals_seen().items()):  # 2
        if member != client.peer and member in others:
            found.append(_gossip(means, others[member], note, clock=clock))
    cosigned = _ask(means, client, clock=clock)  # 3
    return Watched(client.peer, cosigned, tuple(item for item in found if item is not None))


def _look(means: Means, client: PeerClient, *, clock: Callable[[], datetime]) -> Evidence | None:
    before = watch.known(means, client.peer)
    note = client.introduced(client.journal_checkpoint)

    if watch.is_of_later_epoch(means, client.peer, note):
        introduce.meet(means, client.peer, client.keys(), now=clock())
        watch.follow(means, client.peer, note, client.journal_opening(), fetch=client.journal_tile, now=clock())
        return None

    def compare() -> Evidence | None:
        return watch.compare(means, client.peer, note, fetch=client.journal_tile, now=clock(), before=before)

    try:
        return compare()
    except PeerSilent:
        raise
    except PeerFault:  # Its keys may be newer than those we know.
        introduce.meet(means, client.peer, client.keys(), now=clock())
        return compare()


def _gossip(means: Means, owner: PeerClient, note: str, *, clock: Callable[[], datetime]) -> Evidence | None:
    """Compare what a third member was shown. An owner that cannot be asked now is asked again when the same note comes in the next round."""
    try:
        return watch.compare(means, owner.peer, note, fetch=owner.journal_tile, now=clock())
    except PeerFault as fault:
        _log.info("the journal of %s was not compared: %s", owner.peer, fault.says)
        return None


def _ask(means: Means, client: PeerClient, *, clock: Callable[[], datetime]) -> int:
    request = witness.request_for(means, client.peer)
    if request is None:
        return witness.cosigned_size(means, client.peer)
    status, answer = client.add_checkpoint(str(request))
    if status == 409 and _SIZE.fullmatch(answer):
        request = witness.request_for(means, client.peer, old_size=int(answer))
        assert request is not None, "with a size of the witness there is always something to ask"
        status, answer = client.add_checkpoint(str(request))
    if status != 200:
        raise PeerFault("cosignature", f"{client.peer} answered {status} when asked to cosign our journal: {answer[:200].strip()}")
    return witness.keep_cosignature(means, client.peer, request, answer, now=clock()).size
