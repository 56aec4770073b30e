"""Tiles: pieces of this node's logs for those who may prove with them. They hold hashes and commitments, never content or salts.

The tiles of a channel are for its two members, those of the journal for every member of the charter. Which member asks is settled at the door.
"""

from __future__ import annotations

from accord.desk import journal
from accord.desk.means import Means
from accord.errors import NotFound
from accord.ledger.tiles import HashReader, Tile, TileHashes
from accord.store.tiles import Tiles


def journal_tile(means: Means, tile: Tile) -> bytes:
    """A tile or bundle of this member's journal; `NotFound` beyond its published checkpoint, so that nobody finds by asking where it ends."""
    if not tile.fits(journal.published_size(means)):
        raise NotFound(f"the log has no {tile}")
    return Tiles(means.database, means.tiles, means.journal).content(tile)


def channel_tile(means: Means, *, reader: str, sender: str, recipient: str, tile: Tile) -> bytes:
    """A tile or bundle of a channel between this member and the reader, whichever way it runs."""
    match sender, recipient:
        case (means.member, other) if other == reader != means.member:
            log = means.channel_to(reader)
        case (other, means.member) if other == reader != means.member:
            log = means.channel_from(reader)
        case _:
            raise NotFound("no such channel")
    return Tiles(means.database, means.tiles, log).content(tile)


def hashes(means: Means, log: str, *, size: int) -> HashReader:
    """The hashes of one of this node's logs at a size that it has, for proofs."""
    return TileHashes(size, Tiles(means.database, means.tiles, log).content)
