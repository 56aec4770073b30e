"""Sync: bring one member's channel to us up to its newest checkpoint, and hand our receipts over.

"Anything new?" is one comparison of checkpoints: one small round trip, whatever the size of the channel.
Killed at any point, the next round goes on from the last page that was kept.

While a page is checked and kept, the next one is fetched and parsed: the sender and this node work at the same time, and never more than two pages are
held. The line is still used by one thread at a time, and what goes wrong with a page is raised when its turn comes.

Two logs move while a round runs, and neither is a fault of the peer: it may recall what its checkpoint promised before the page is served, and another
round of this node, `accord sync` beside a running one, may keep pages meanwhile. So before such a failure is raised, both are looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import Protocol

from accord.desk import introduce, onward, recall, receive, watch
from accord.desk.means import Means
from accord.desk.serve import PAGE_OBJECTS_MAX
from accord.errors import IntegrityFailure, PeerFault, counted
from accord.exchange.client import Missing, PeerClient, Refused, Unknown
from accord.exchange.wire import WirePage
from accord.ledger.tiles import Tile

TRIES_MAX = 3  # Rounds begun anew because a log moved meanwhile. A peer that moves its log under every round is a fault after all.
PAGES_MAX = 1_000_000  # Pages of one round: more objects than any channel has; a peer that feeds us for ever is stopped.


_MOVING = frozenset({"order", "growth", "hole"})  # Duties that also fail when a log moves while the round runs.


@dataclass(frozen=True, slots=True)
class Synced:
    """What one round brought. `size` is the channel's size that we hold and have verified."""

    peer: str
    size: int
    kept: int
    declined: int
    idle: bool


class Line(Protocol):
    """What a channel comes over: another member's node that answers, or the file that a courier brought (`exchange.courier`)."""

    peer: str

    def page(self, first: int, limit: int, /) -> WirePage | None:
        """The page that begins at position `first`; None where what is carried ends before it."""

    def keys_of(self, member: str) -> bytes:
        """Another member's key file; `Missing` where the peer has none."""


@dataclass(slots=True)
class _Round:
    """What a round has brought so far; `held` is the size that this round itself knows of, `shown` the checkpoint of the last page that was kept."""

    held: int
    shown: str = ""
    kept: int = 0
    declined: int = 0


def synchronise(
    means: Means, client: PeerClient, *, clock: Callable[[], datetime], progress: Callable[[int, int], None] = lambda done, size: None
) -> Synced:
    """One round with one peer. Raises `PeerFault` naming the duty that failed; what was kept before stays."""
    peer = client.peer
    so_far = _Round(receive.position(means, peer))
    for remaining in reversed(range(TRIES_MAX)):
        so_far.held = receive.position(means, peer)
        note = _checkpoint(client)
        if not receive.is_news(means, peer, note):
            _hand_over(means, client, note, now=clock())
            break
        introduce.meet(means, peer, client.keys(), now=clock())  # Where there is news, its keys may be new too.
        # What an earlier round could not hand over comes first: without it the sender may serve nothing more.
        _give(means, client, receive.pending_receipt(means, peer, now=clock()))

        def hand_over(shown: str) -> None:
            _hand_over(means, client, shown, now=clock())

        try:
            _catch_up(means, client, note, so_far, hand_over=hand_over, clock=clock, progress=progress)
        except IntegrityFailure as failure:
            if remaining and failure.duty in _MOVING and _moved(means, client, note, so_far):
                continue
            if failure.duty in ("growth", "root"):  # The sender may have signed two histories: then both are kept.
                _keep_evidence(means, client, so_far.shown, now=clock())
            raise
        return Synced(peer, so_far.held, so_far.kept, so_far.declined, idle=False)
    return Synced(peer, receive.position(means, peer), so_far.kept, so_far.declined, idle=True)


def bring(means: Means, line: Line, note: str, *, clock: Callable[[], datetime]) -> Synced:
    """Prove and keep what a courier's file carries up to a checkpoint. The receipts are signed and kept, and go with the next word to the sender.

    Nothing is asked again and no evidence is kept: a file is no newest word of its sender, and it is itself the signed proof of what it carries.
    """
    so_far = _Round(receive.position(means, line.peer))

    def hand_over(shown: str) -> None:
        receive.receipt_for(means, line.peer, shown, now=clock())

    _catch_up(means, line, note, so_far, hand_over=hand_over, clock=clock, progress=lambda done, size: None)
    return Synced(line.peer, so_far.held, so_far.kept, so_far.declined, idle=False)


def _moved(means: Means, client: PeerClient, note: str, so_far: _Round) -> bool:
    """Say whether another round of this node, or the sender, went on while this one ran."""
    if receive.position(means, client.peer) != so_far.held:
        return True
    try:
        return client.checkpoint() != note
    except PeerFault:  # Then there is nothing newer to hold the failure against.
        return False


def _catch_up(
    means: Means,
    line: Line,
    note: str,
    so_far: _Round,
    *,
    hand_over: Callable[[str], None],
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None],
) -> None:
    """Fetch, prove and keep what is between us and the checkpoint."""
    peer = line.peer
    head = receive.check_head(means, peer, note, now=clock())
    following: Future[WirePage | None] | None = None
    for _ in range(PAGES_MAX):
        if so_far.held >= head.size:
            break
        page = _fetch(line, so_far.held, head.size) if following is None else following.result()
        if page is None:  # The rest, and what explains its holes, comes with the next file.
            return
        if not page.parcels:
            raise IntegrityFailure(
                "growth", f"the checkpoint promises {counted(head.size, 'leaf', 'leaves')}, the page at {so_far.held} is empty"
            )
        _meet_strangers(means, line, page.parcels, now=clock())
        beyond = so_far.held + len(page.parcels)
        following = _fetch_ahead(line, beyond, head.size) if beyond < head.size else None
        try:
            received = receive.receive(means, peer, first=page.first, parcels=page.parcels, note=page.checkpoint, now=clock())
        finally:
            if following is not None:  # The line is used by one thread at a time, also by who looks at what went wrong.
                wait([following])
        so_far.held, so_far.shown = received.size, page.checkpoint
        so_far.kept, so_far.declined = so_far.kept + received.kept, so_far.declined + received.declined
        # The last page's receipt waits below until every hole is explained. The others may not: a sender serves only so much without one.
        if received.size < head.size:
            hand_over(page.checkpoint)
        progress(received.size, head.size)
    receive.reached(means, peer, note, now=clock())
    hand_over(note)
    recall.confirm(means, peer, now=clock())
    recall.forget_soon(means)


def _fetch(line: Line, first: int, size: int) -> WirePage | None:
    return line.page(first, min(PAGE_OBJECTS_MAX, size - first))


def _fetch_ahead(line: Line, first: int, size: int) -> Future[WirePage | None]:
    """Fetch a page on a thread that ends with the process: a node that stops does not wait for a slow peer."""
    following: Future[WirePage | None] = Future()

    def fetch() -> None:
        try:
            following.set_result(_fetch(line, first, size))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is raised when the page's turn comes.
            following.set_exception(fault)

    Thread(target=fetch, name=f"page {first} of {line.peer}", daemon=True).start()
    return following


def _meet_strangers(means: Means, line: Line, parcels: Sequence[object], *, now: datetime) -> None:
    """Ask the peer for the keys of members whose records it passes on and that this node never met. Without them the records are declined."""
    for member in onward.strangers(means, parcels):
        with suppress(Missing):
            introduce.meet(means, member, line.keys_of(member), now=now)


def _keep_evidence(means: Means, client: PeerClient, shown: str, *, now: datetime) -> None:
    def fetch(tile: Tile) -> bytes:
        return client.channel_tile(client.peer, means.member, tile)

    watch.note_channel(means, client.peer, shown=shown, ask=client.checkpoint, fetch=fetch, now=now)


def _checkpoint(client: PeerClient) -> str:
    try:
        return client.checkpoint()
    except Unknown:
        client.introduce()
        return client.checkpoint()


def _hand_over(means: Means, client: PeerClient, note: str, *, now: datetime) -> None:
    """Hand a receipt over. A peer that does not know our receipt key yet, because we replaced it, learns it and is asked again."""
    _give(means, client, receive.receipt_for(means, client.peer, note, now=now))


def _give(means: Means, client: PeerClient, receipt: receive.Receipt | None) -> None:
    if receipt is None:
        return
    try:
        receipted = client.hand_over(receipt.checkpoint, receipt.cosignature)
    except Refused:
        client.introduce()
        receipted = client.hand_over(receipt.checkpoint, receipt.cosignature)
    receive.handed_over(means, client.peer, receipted)  # Of another size than was sent, it stays owed and goes again with the next round.
