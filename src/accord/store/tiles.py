"""Tiles of logs: built from the leaves when they are first asked for; full ones are kept as files that any cache may serve.

A file is found by the digest of the log's origin and the name of its tile; nothing of a path comes from outside. What a file must hash to stands
in the database, so a file that is missing, cut or changed is seen and built anew. Files are written beside and moved into place; they are not
forced to disk, since one that a power cut spoils is rebuilt like any other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from accord.errors import NotFound, Unready
from accord.ledger.tiles import TILE_WIDTH, Tile, bundle_of, content_of, hashes_of, leaf_tile, tile_root
from accord.store.database import Database, Transaction
from accord.store.logs import log_state


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles of one log, by its name in the store; `folder` is where the files of all logs stand."""

    database: Database
    folder: Path
    log: str

    def content(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; `NotFound` where the log does not reach so far."""
        kept = self._from_file(tile) if tile.is_full else None
        if kept is not None:
            return kept
        if not tile.is_full and not tile.level:  # Nothing about a partial one is kept, and it stands on leaves alone.
            with self.database.reading() as transaction:
                self._reached(transaction, tile)
                return self._cut(transaction, tile)
        with self.database.writing() as transaction:
            self._reached(transaction, tile)
            content = self._cut(transaction, tile)
            if tile.is_full:
                self._note(transaction, tile, content)
        if tile.is_full:
            self._write(tile, content)
        return content

    def path(self, tile: Tile) -> Path:
        """Where the file of a full tile stands."""
        return self.folder / sha256(self.log.encode()).hexdigest() / str(tile)

    def _reached(self, transaction: Transaction, tile: Tile) -> None:
        log = log_state(transaction, self.log)
        if log is None or not tile.fits(log.size):
            raise NotFound(f"the log has no {tile}")

    def _cut(self, transaction: Transaction, tile: Tile) -> bytes:
        if tile.level:
            return content_of(self._roots_below(transaction, tile))
        rows = transaction.all("leaf_commitments", collection=self.log, first=tile.first, beyond=tile.first + tile.width)
        entries = [bytes(row[0]) for row in rows]
        assert len(entries) == tile.width, "a log has a leaf at every position below its size"
        return leaf_tile(entries) if tile.level == 0 else bundle_of(entries)

    def _roots_below(self, transaction: Transaction, tile: Tile) -> list[bytes]:
        """The roots of the full tiles that a tile stands on; those never asked for are computed and noted, without a file."""
        assert tile.level
        below, beyond = tile.level - 1, tile.first + tile.width
        rows = transaction.all("tile_roots", collection=self.log, kind=str(below), first=tile.first, beyond=beyond)
        known = {place: bytes(root) for place, root in rows}
        for place in range(tile.first, beyond):
            if place not in known:
                lower = Tile(below, place)
                known[place] = self._note(transaction, lower, self._cut(transaction, lower))
        return [known[place] for place in range(tile.first, beyond)]

    def _note(self, transaction: Transaction, tile: Tile, content: bytes) -> bytes:
        root = b"" if tile.level is None else tile_root(hashes_of(content, width=TILE_WIDTH))
        transaction.run("tile_keep", collection=self.log, kind=_kind(tile), place=tile.index, digest=sha256(content).digest(), root=root)
        return root

    def _from_file(self, tile: Tile) -> bytes | None:
        with self.database.reading() as transaction:
            row = transaction.one("tile_of", collection=self.log, kind=_kind(tile), place=tile.index)
        if row is None:
            return None
        try:
            content = self.path(tile).read_bytes()
        except OSError:
            return None
        return content if sha256(content).digest() == bytes(row[0]) else None

    def _write(self, tile: Tile, content: bytes) -> None:
        path = self.path(tile)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as file:
                file.write(content)
            os.chmod(file.name, 0o644)  # Another process, a cache or a web server, may read it: it holds hashes alone.
            os.replace(file.name, path)
        except OSError as error:
            raise Unready(
                f"the tile {path} cannot be written: {error.strerror}", remedy="make room, or make the folder writable"
            ) from error


def _kind(tile: Tile) -> str:
    return "entries" if tile.level is None else str(tile.level)
