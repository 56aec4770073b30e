"""Rejoin, as seen from the road: a restored node hears every other member, begins its journal's next epoch, and takes back what it lost.

Whom it has heard, and from whom it has everything back, is kept: killed anywhere, the next call goes on from there (`desk.rejoin` holds the duties).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from accord.desk import introduce, receive, rejoin
from accord.desk.give_back import Word
from accord.desk.means import Means
from accord.desk.rejoin import State
from accord.desk.serve import PAGE_OBJECTS_MAX
from accord.errors import IntegrityFailure, NotFound, PeerFault
from accord.exchange.client import PeerClient, Refused
from accord.ledger.tiles import Tile

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Rejoined:
    """How far a rejoin came: `faults` says for each member that is awaited why."""

    faults: Mapping[str, PeerFault]
    done: bool


def rejoin_all(means: Means, clients: Mapping[str, PeerClient], *, clock: Clock) -> Rejoined:
    """Go as far as the other members let us. Raises `Unready` where the operator has to act first."""
    faults = _each(means, clients, State.AWAITED, lambda client: _hear(means, client))
    if State.AWAITED in rejoin.waiting(means).values():
        return Rejoined(faults, done=False)
    rejoin.begin_epoch(means, now=clock())
    # What others passed to us comes first: what we passed on of it is then known for whose it is.
    faults = _each(means, clients, State.HEARD, lambda client: _fetch(means, client, clock=clock))
    if not faults:
        faults = _each(means, clients, State.HEARD, lambda client: _take_back(means, client, clock=clock))
    if State.HEARD in rejoin.waiting(means).values():
        return Rejoined(faults, done=False)
    rejoin.finish(means, now=clock())
    return Rejoined({}, done=True)


def catch_up(means: Means, client: PeerClient, *, clock: Clock) -> None:
    """Take everything back from a member that was gone when this node was restored, and has come back."""
    _fetch(means, client, clock=clock)
    _take_back(means, client, clock=clock)


def _take_back(means: Means, client: PeerClient, *, clock: Clock) -> None:
    """Take our own channel to one member back, with its receipts, and open it again."""
    peer = client.peer
    introduce.meet(means, peer, client.keys(), now=clock())
    word = client.introduced(client.word)

    def tile(tile: Tile) -> bytes:
        return client.channel_tile(means.member, peer, tile)

    missing = rejoin.missing(means, peer, word, fetch=tile)
    first = rejoin.size_of(means, peer)
    beyond = first + len(missing)
    receipted = rejoin.receipted_size(means, peer, word)
    while first < beyond:
        # A page ends where the receipt does: the root at that size is kept with it.
        end = receipted if first < receipted else beyond
        page = client.given_back(first, min(PAGE_OBJECTS_MAX, end - first))
        size = rejoin.take_back(
            means, peer, first=page.first, parcels=page.parcels, expected=missing[len(missing) - (beyond - first) :], now=clock()
        )
        first = size
    rejoin.keep_receipts(means, peer, word, now=clock())
    rejoin.whole(means, peer, now=clock())


def _each(means: Means, clients: Mapping[str, PeerClient], state: State, act: Callable[[PeerClient], object]) -> dict[str, PeerFault]:
    """Do something with each member that is in this state; a member that cannot be reached holds up nobody but itself."""
    faults: dict[str, PeerFault] = {}
    for member, current in rejoin.waiting(means).items():
        if current is not state:
            continue
        if member not in clients:
            faults[member] = PeerFault("contact", f"no address of {member} is known", remedy="write it into [peers] of settings.toml")
            continue
        try:
            act(clients[member])
        except PeerFault as fault:
            faults[member] = fault
    return faults


def _hear(means: Means, client: PeerClient) -> None:
    with suppress(NotFound):  # It does not know us yet, and so no key file of ours.
        rejoin.check_key_file(means, client.own_key_file())
    rejoin.hear(means, client.peer, client.introduced(client.word))


def _fetch(means: Means, client: PeerClient, *, clock: Clock) -> None:
    """Bring the member's channel to us to where our receipts were, and on to its end; no receipt is signed."""
    peer = client.peer
    introduce.meet(means, peer, client.keys(), now=clock())
    word: Word = client.introduced(client.word)
    receipted = rejoin.taken_size(means, peer, word, now=clock())
    note = client.checkpoint()
    head = receive.check_head(means, peer, note, now=clock())
    if head.size < receipted:
        raise IntegrityFailure("growth", f"{peer} shows {head.size} leaves, and holds our receipt for {receipted}")
    _pages(means, client, beyond=receipted, clock=clock)
    try:
        _pages(means, client, beyond=head.size, clock=clock)
    except Refused:
        return  # It serves only so much beyond our last receipt; the rest comes when receipts are signed again.
    receive.reached(means, peer, note, now=clock())


def _pages(means: Means, client: PeerClient, *, beyond: int, clock: Clock) -> None:
    while (position := receive.position(means, client.peer)) < beyond:
        page = client.page(position, min(PAGE_OBJECTS_MAX, beyond - position))
        if not page.parcels:
            raise IntegrityFailure("growth", f"the page of {client.peer} at {position} is empty, expected leaves up to {beyond}")
        receive.receive(means, client.peer, first=page.first, parcels=page.parcels, note=page.checkpoint, now=clock())
