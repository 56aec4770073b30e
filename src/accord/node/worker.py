"""The worker: looks at each partner in turn, indexes what came, and waits. One thread; a fault of one peer never holds up another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Event

import httpx2

from accord.desk import contact, journal, read, recall
from accord.desk.watch import Evidence
from accord.errors import PeerFault
from accord.exchange.client import PeerClient
from accord.exchange.sync import Synced, synchronise
from accord.exchange.watch import watch_round
from accord.node.build import Node, utc_now

STOP_SECONDS_MAX = 10  # Seconds to end the page in hand. What it has kept by then stays; the rest comes again.
WITNESS_SECONDS = 60  # Seconds between two rounds of witnessing. A fixed schedule: how often a member acts is not shown by when it asks.
BACK_OFF_SECONDS_MAX = 300  # Seconds. A peer that comes back is seen within five minutes.

_log = logging.getLogger(__name__)


def run(node: Node, stop: Event, *, clock: Callable[[], datetime] = utc_now) -> None:
    """Work until `stop` is set. A mistake of ours in one round is logged whole and the next round goes on."""
    interval = node.settings.sync.interval_seconds
    with ExitStack() as stack:
        clients = [
            PeerClient(node.means, peer, stack.enter_context(httpx2.Client(base_url=url)), clock)
            for peer, url in sorted(node.settings.peers.items())
        ]
        witness_at = clock()
        while not stop.is_set():
            for client in clients:
                try:
                    if contact.is_due(node.means, client.peer, now=clock()):
                        round_with(node, client, clock=clock)
                except Exception:  # noqa: BLE001 - the worker outlives any one round; the fault is logged whole.
                    _log.exception("round with %s", client.peer)
                if stop.is_set():
                    return
            if clock() >= witness_at:
                witness_at = clock() + timedelta(seconds=WITNESS_SECONDS)
                try:
                    watch_all(node, clients, clock=clock)
                except Exception:  # noqa: BLE001 - the worker outlives a fault of one round; it is logged whole.
                    _log.exception("witnessing")
            try:
                keep_house(node, stop, clock=clock)
            except Exception:  # noqa: BLE001 - the worker outlives a fault of its own house; it is logged whole.
                _log.exception("keeping house")
            stop.wait(interval)


def watch_all(node: Node, clients: Sequence[PeerClient], *, clock: Callable[[], datetime] = utc_now) -> list[Evidence]:
    """Publish where our journal stands, have it cosigned by each peer that answers, and compare the journals that all have seen."""
    journal.publish_checkpoint(node.means, now=clock())
    others = {client.peer: client for client in clients}
    found: list[Evidence] = []
    for client in clients:
        try:
            found += watch_round(node.means, client, others, clock=clock).evidence
        except PeerFault as fault:
            _log.warning("witnessing with %s: %s", client.peer, fault.says)
    for evidence in found:
        _log.error("%s: %s; both signed checkpoints are kept, see accord audit", evidence.origin, evidence.says)
    return found


def keep_house(node: Node, stop: Event, *, clock: Callable[[], datetime] = utc_now) -> None:
    """What a node does by itself: take back and erase what has expired, confirm what was erased, empty the log, index what came."""
    means = node.means
    recall.expire(means, now=clock())
    for member in means.partners():
        recall.confirm(means, member, now=clock())
    recall.forget(means)
    while read.catch_up(means) and not stop.is_set():
        pass


def round_with(node: Node, client: PeerClient, *, clock: Callable[[], datetime] = utc_now) -> Synced | PeerFault:
    """One round with one peer, noted as it went. After a fault the next try waits twice as long, up to five minutes."""
    interval = node.settings.sync.interval_seconds
    try:
        synced = synchronise(node.means, client, clock=clock)
    except PeerFault as fault:
        contact.went_wrong(
            node.means,
            client.peer,
            fault,
            now=clock(),
            interval=timedelta(seconds=interval),
            longest=timedelta(seconds=BACK_OFF_SECONDS_MAX),
        )
        _log.warning("%s: %s", client.peer, fault.says)
        return fault
    contact.went_well(node.means, client.peer, now=clock())
    return synced
