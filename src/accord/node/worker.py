"""The worker: one thread for each partner's channel, one for witnessing, one for outside sources, one for the house. A peer that hangs holds up nobody but itself.

Where several processes serve the node, the one that has the lease works, and the others wait for it (`node.lease`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Lock, Thread

from accord.desk import account, contact, journal, read, recall, rejoin, standing
from accord.desk.means import Means
from accord.desk.room import has_room
from accord.desk.watch import Evidence, convicts
from accord.errors import PeerFault, Unready
from accord.exchange.client import PeerClient, connection
from accord.exchange.rejoin import catch_up
from accord.exchange.sync import Synced, synchronise
from accord.exchange.watch import watch_round
from accord.node.build import Node, utc_now
from accord.node.lease import LOOK_SECONDS, Lease
from accord.node.strangers import read_due

STOP_SECONDS_MAX = 10  # Seconds to end the page in hand. What it has kept by then stays; the rest comes again.
WITNESS_SECONDS = 60  # Seconds between two rounds of witnessing. A fixed schedule: how often a member acts is not shown by when it asks.
SOURCES_SECONDS = 10  # Seconds between two looks at which source is due. The look is one question to the database.
BACK_OFF_SECONDS_MAX = 300  # Seconds. A peer that comes back is seen within five minutes.

_log = logging.getLogger(__name__)


def run(node: Node, stop: Event, *, clock: Callable[[], datetime] = utc_now) -> None:
    """Do the node's own work while the lease on it is ours, until `stop` is set."""
    lease, has_waited = Lease(node.means.database, clock), False
    while not stop.is_set():
        if not lease.is_held():
            has_waited = True
            journal.know_epochs(node.means)  # The process that works may have followed a journal to its next epoch.
            stop.wait(LOOK_SECONDS)
            continue
        if has_waited:
            _log.warning("this process has the lease now, and does the node's own work")
        ended = Event()
        working = Thread(target=_work, args=(node, ended), kwargs={"clock": clock}, name="work", daemon=True)
        working.start()
        while not stop.wait(LOOK_SECONDS) and lease.is_held():
            pass
        ended.set()
        working.join()
    lease.give_back()


def _work(node: Node, stop: Event, *, clock: Callable[[], datetime]) -> None:
    """Work until `stop` is set. A mistake of ours in one round is logged whole and the next round goes on."""
    interval = node.settings.sync.interval_seconds
    with ExitStack() as stack:

        def clients() -> list[PeerClient]:
            """Clients of their own for each thread that speaks to peers."""
            addresses = sorted(node.settings.peers.items())
            return [PeerClient(node.means, peer, stack.enter_context(connection(url)), clock) for peer, url in addresses]

        traffic = Traffic()

        def follow(client: PeerClient) -> None:
            if contact.is_due(node.means, client.peer, now=clock()):
                with traffic.round():
                    round_with(node, client, clock=clock)

        watching = clients()
        rounds: list[tuple[str, int, Callable[[], object]]] = [
            *((f"round with {client.peer}", interval, partial(follow, client)) for client in clients()),
            ("witnessing", WITNESS_SECONDS, lambda: watch_all(node, watching, clock=clock)),
            ("outside sources", SOURCES_SECONDS, lambda: read_due(node, clock=clock)),
            ("keeping house", interval, lambda: keep_house(node, stop, traffic, clock=clock)),
        ]
        threads = [Thread(target=_again, args=(name, seconds, act, stop), name=name, daemon=True) for name, seconds, act in rounds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Traffic:
    """How many rounds with peers run at this moment, so that the index waits behind ingest and never stands in its way."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running = 0

    @contextmanager
    def round(self) -> Iterator[None]:
        """One round with a peer, from its first request to its last receipt."""
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def is_quiet(self) -> bool:
        return self._running == 0


def _again(name: str, seconds: int, act: Callable[[], object], stop: Event) -> None:
    while not stop.is_set():
        try:
            act()
        except Exception:  # noqa: BLE001 - the worker outlives any one round; the fault is logged whole.
            _log.exception("%s", name)
        stop.wait(seconds)


def watch_all(node: Node, clients: Sequence[PeerClient], *, clock: Callable[[], datetime] = utc_now) -> list[Evidence]:
    """Publish where our journal stands when it is time, have it cosigned by each peer that answers, and compare the journals that all have seen."""
    journal.publish_due(node.means, now=clock())
    others = {client.peer: client for client in clients}
    found: list[Evidence] = []
    for client in clients:
        try:
            found += watch_round(node.means, client, others, clock=clock).evidence
        except PeerFault as fault:
            _log.warning("witnessing with %s: %s", client.peer, fault.says)
    for evidence in found:
        level = logging.ERROR if convicts(evidence) else logging.WARNING
        _log.log(level, "%s: %s; both signed checkpoints are kept, see accord audit", evidence.origin, evidence.says)
    return found


def keep_house(node: Node, stop: Event, traffic: Traffic, *, clock: Callable[[], datetime] = utc_now) -> None:
    """What a node does by itself: take back and erase what has expired, reasons of old reads too, confirm it, empty the log, release what stands
    released, index what came.

    One portion is indexed each time; all of them only while nothing comes in.
    """
    means = node.means
    while recall.expire(means, now=clock()) and not stop.is_set():
        pass
    for member in means.partners():
        recall.confirm(means, member, now=clock())
    account.expire_reasons(means, now=clock())
    _forget(means)
    if has_room(means):
        standing.carry_out(means, now=clock())
    while read.catch_up(means) and traffic.is_quiet() and not stop.is_set():
        pass


def _forget(means: Means) -> None:
    """A server may lack the rights that it takes, for as long as its operator likes: the rest of the house goes on."""
    try:
        recall.forget(means)
    except Unready as error:
        _log.warning("%s; %s", error.says, error.remedy)


def round_with(node: Node, client: PeerClient, *, clock: Callable[[], datetime] = utc_now) -> Synced | PeerFault:
    """One round with one peer, noted as it went. After a fault the next try waits twice as long, up to five minutes."""
    interval = node.settings.sync.interval_seconds
    try:
        with node.timings.round(client.peer):
            if not rejoin.is_whole(node.means, client.peer):  # It was gone when this node was restored, and has come back.
                catch_up(node.means, client, clock=clock)
            synced = synchronise(node.means, client, clock=clock)
    except PeerFault as fault:
        contact.went_wrong(
            node.means,
            client.peer,
            fault,
            ahead=client.ahead,
            now=clock(),
            interval=timedelta(seconds=interval),
            longest=timedelta(seconds=BACK_OFF_SECONDS_MAX),
        )
        _log.warning("%s: %s", client.peer, fault.says)
        return fault
    contact.went_well(node.means, client.peer, ahead=client.ahead, now=clock())
    return synced
