"""Tiles of a log as files: made when asked for, whole or rebuilt, and never beyond the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from accord.errors import NotFound
from accord.ledger.entry import leaf_hashes
from accord.ledger.tiles import Tile, TileHashes, bundle_of, content_of, prove_consistency, prove_inclusion, root_from, tile_root
from accord.ledger.tree import consistency_proof, inclusion_proof, root_of
from accord.store.database import Database
from accord.store.logs import NewLeaf, append, open_log
from accord.store.tiles import Tiles
from tests.databases import new_database

LOG = "sco.example/KZ/KG/1"
SIZE = 70_000
ENTRIES = [sha256(str(number).encode()).digest() for number in range(SIZE)]
LEAVES = leaf_hashes(ENTRIES)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = new_database(tmp_path_factory.mktemp("tiles"))
    with opened.writing() as transaction:
        append(transaction, open_log(transaction, LOG), [NewLeaf(entry, None, None, 0, 0) for entry in ENTRIES], now=NOW)
    yield opened
    opened.close()


@pytest.fixture
def tiles(database: Database, tmp_path: Path) -> Tiles:
    return Tiles(database, tmp_path / "tiles", LOG)


def test_tiles_of_every_level_hold_the_hashes_of_the_tree(tiles: Tiles) -> None:
    assert content_of(LEAVES[256:512]) == tiles.content(Tile(0, 1))
    assert content_of(LEAVES[69_888:70_000]) == tiles.content(Tile(0, 273, 112))
    assert bundle_of(ENTRIES[69_888:69_900]) == tiles.content(Tile(None, 273, 12))
    level_1 = [root_of(LEAVES[at : at + 256]) for at in range(0, 273 * 256, 256)]
    assert content_of(level_1[:256]) == tiles.content(Tile(1, 0))
    assert content_of(level_1[256:]) == tiles.content(Tile(1, 1, 17))
    assert tile_root(level_1[:256]) == tiles.content(Tile(2, 0, 1))


def test_a_full_tile_stands_as_a_file_under_a_name_that_is_no_ones_text(tiles: Tiles) -> None:
    content = tiles.content(Tile(None, 3))
    path = tiles.folder / sha256(LOG.encode()).hexdigest() / "tile" / "entries" / "003"
    assert content == path.read_bytes()
    assert content == tiles.content(Tile(None, 3))
    tiles.content(Tile(0, 273, 112))
    assert [path] == [found for found in tiles.folder.rglob("*") if found.is_file()], "a partial tile is not kept"


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "a folder gone"])
def test_a_file_that_came_to_harm_is_rebuilt(tiles: Tiles, harm: str) -> None:
    content = tiles.content(Tile(1, 0))
    path = tiles.path(Tile(1, 0))
    match harm:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(content[:100])
        case "changed":
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case _:
            path.unlink()
            path.parent.rmdir()
    assert content == tiles.content(Tile(1, 0))
    assert content == path.read_bytes()


@pytest.mark.parametrize(
    "tile", [Tile(0, 273), Tile(0, 273, 113), Tile(1, 1, 18), Tile(1, 1), Tile(2, 0, 2), Tile(None, 274, 1), Tile(7, 0, 1)]
)
def test_a_tile_beyond_the_log_is_not_found_and_leaves_no_trace(tiles: Tiles, tile: Tile) -> None:
    with pytest.raises(NotFound):
        tiles.content(tile)
    assert not tiles.folder.exists()


def test_a_log_that_is_not_there_has_no_tiles(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Tiles(database, tmp_path, "sco.example/KZ/TJ/1").content(Tile(0, 0, 1))


def test_proofs_are_made_from_kept_tiles(tiles: Tiles) -> None:
    reader = TileHashes(SIZE, tiles.content)
    assert root_of(LEAVES) == root_from(reader, SIZE)
    assert inclusion_proof(LEAVES, 65_536) == prove_inclusion(reader, index=65_536, size=SIZE)
    assert consistency_proof(LEAVES, 54_321) == prove_consistency(reader, old_size=54_321, size=SIZE)
