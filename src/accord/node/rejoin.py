"""Rejoin a restored node: its own part, between opening the folder and opening the doors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

from accord.desk import rejoin
from accord.errors import PeerFault
from accord.exchange.client import PeerClient, connection
from accord.exchange.rejoin import rejoin_all
from accord.node.build import Node, utc_now


def rejoin_now(node: Node, *, clock: Callable[[], datetime] = utc_now) -> None:
    """Rejoin, or say who is awaited and why: `PeerFault`, or `Unready` where the operator has to act. A node that was not restored is left alone."""
    if not rejoin.is_rejoining(node.means):
        return
    with ExitStack() as stack:
        clients = {
            peer: PeerClient(node.means, peer, stack.enter_context(connection(url)), clock)
            for peer, url in sorted(node.settings.peers.items())
        }
        reached = rejoin_all(node.means, clients, clock=clock)
    if not reached.done:
        raise PeerFault(
            "rejoin",
            "; ".join(f"{member} is awaited: {fault.says}" for member, fault in sorted(reached.faults.items())),
            remedy=f"wait for the node and do this again; gone for good: accord rejoin {node.folder} --gone ID --as NAME",
        )
