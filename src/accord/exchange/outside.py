"""Audit of another member's node over the line: fetch what it shows, and let `desk.outside` judge it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from accord.desk import introduce, outside, watch
from accord.desk.means import Means
from accord.desk.outside import Shown
from accord.errors import IntegrityFailure
from accord.exchange.client import PeerClient
from accord.ledger.tiles import Tile


def audit_node(means: Means, client: PeerClient, *, clock: Callable[[], datetime]) -> tuple[Shown, ...]:
    """Audit the peer's journal and both channels between it and us; raises `IntegrityFailure` at the first thing that does not hold.

    What contradicts a checkpoint that was signed before is also kept as evidence.
    """
    member = client.peer
    introduce.meet(means, member, client.keys(), now=clock())
    remembered, before = outside.remembered_journal(means, member), watch.known(means, member)
    note = client.introduced(client.journal_checkpoint)
    found = watch.compare(means, member, note, fetch=client.journal_tile, now=clock(), before=before)
    if found is not None:
        raise IntegrityFailure("growth", f"{found.origin}: {found.says}", remedy="both signed checkpoints are kept; see accord audit DIR")
    shown = [outside.audit_journal(means, member, note, remembered=remembered, fetch=client.journal_tile, now=clock())]

    def given(tile: Tile) -> bytes:
        return client.channel_tile(member, means.member, tile)

    def taken(tile: Tile) -> bytes:
        return client.channel_tile(means.member, member, tile)

    shown.append(outside.audit_given(means, member, client.checkpoint(), fetch=given, now=clock()))
    held = outside.audit_taken(means, member, fetch=taken)
    return tuple(shown) if held is None else (*shown, held)
