"""Tiles: one name each, the tree's own hashes, and proofs equal to those made from every leaf."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Malformed
from accord.ledger.entry import leaf_hashes
from accord.ledger.tiles import (
    ENTRY_OCTETS_MAX,
    TILE_WIDTH,
    Node,
    Tile,
    TileHashes,
    bundle_of,
    bundles_of,
    content_of,
    entries_of,
    hashes_of,
    leaf_tile,
    prove_consistency,
    prove_inclusion,
    root_from,
    tile_root,
    tiles_of,
)
from accord.ledger.tree import SIZE_MAX, consistency_proof, inclusion_proof, root_of

ENTRIES = [sha256(str(number).encode()).digest() for number in range(70_000)]
LEAVES = leaf_hashes(ENTRIES)


class Pieces:
    """The tiles of the invented log, cut from its leaves."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[Tile] = []
        rows = [LEAVES[:size]]
        while len(rows[-1]) >= TILE_WIDTH:
            row = rows[-1]
            rows.append([root_of(row[at : at + TILE_WIDTH]) for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH)])
        self.rows = rows

    def fetch(self, tile: Tile) -> bytes:
        assert tile.level is not None
        assert tile.fits(self.size)
        self.asked.append(tile)
        return content_of(self.rows[tile.level][tile.first : tile.first + tile.width])

    def reader(self) -> TileHashes:
        return TileHashes(self.size, self.fetch)


names = st.builds(
    Tile,
    st.none() | st.integers(0, 63),
    st.integers(0, 1_000) | st.integers(0, SIZE_MAX // TILE_WIDTH),
    st.integers(1, TILE_WIDTH),
)


@given(names)
def test_a_name_read_back_is_the_tile(tile: Tile) -> None:
    assert tile == Tile.parse(str(tile))


@pytest.mark.parametrize(
    ("tile", "name"),
    [
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(2, 1_000), "tile/2/x001/000"),
        (Tile(1, 0, 17), "tile/1/000.p/17"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_tile_has_the_name_of_the_specification(tile: Tile, name: str) -> None:
    assert name == str(tile)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/007",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/../000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/entry/000",
        "tile/0/" + "x999/" * 7 + "999",
        "tile/0/" + "x999/" * 2_000 + "999",
    ],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        Tile.parse(name)


@given(st.text(alphabet="tile/0123x.pnrs", max_size=30).map(lambda text: f"tile/{text}"))
def test_only_what_is_printed_is_read(name: str) -> None:
    try:
        tile = Tile.parse(name)
    except Malformed:
        return
    assert name == str(tile)


def test_a_log_of_70_000_entries_has_the_tiles_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert [273, 1, 1, 1, 1] == [
        len([tile for tile in tiles if tile.level == 0 and tile.is_full]),
        len([tile for tile in tiles if tile == Tile(0, 273, 112)]),
        len([tile for tile in tiles if tile.level == 1 and tile.is_full]),
        len([tile for tile in tiles if tile == Tile(1, 1, 17)]),
        len([tile for tile in tiles if tile == Tile(2, 0, 1)]),
    ]
    assert 277 == len(tiles)
    assert all(tile.fits(70_000) for tile in tiles)
    assert 274 == len(list(bundles_of(70_000)))
    assert [] == [*tiles_of(0), *bundles_of(0)]
    assert [Tile(0, 0), Tile(1, 0, 1)] == list(tiles_of(256))


def test_a_tile_fits_while_the_log_reaches_its_end() -> None:
    assert Tile(1, 0, 1).fits(256)
    assert not Tile(1, 0, 1).fits(255)
    assert Tile(0, 0, 3).fits(5)
    assert not Tile(None, 0, 6).fits(5)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=TILE_WIDTH))
def test_a_bundle_read_back_is_its_entries(entries: list[bytes]) -> None:
    bundle = bundle_of(entries)
    assert tuple(entries) == entries_of(bundle, width=len(entries))
    for broken in (bundle[:-1], bundle + b"\0", bundle + b"\0\0"):
        with pytest.raises(Malformed):
            entries_of(broken, width=len(entries))
    with pytest.raises(Malformed):
        entries_of(bundle, width=len(entries) + 1)


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    assert (bytes(ENTRY_OCTETS_MAX),) == entries_of(bundle_of([bytes(ENTRY_OCTETS_MAX)]), width=1)
    with pytest.raises(ValueError, match="ENTRY_OCTETS_MAX"):
        bundle_of([bytes(ENTRY_OCTETS_MAX + 1)])


def test_a_tile_of_another_width_is_refused() -> None:
    assert (LEAVES[0], LEAVES[1]) == hashes_of(content_of(LEAVES[:2]), width=2)
    for content in (content_of(LEAVES[:2])[:-1], content_of(LEAVES[:3]), b""):
        with pytest.raises(Malformed):
            hashes_of(content, width=2)


def test_a_full_tile_is_hashed_into_its_root_and_a_partial_one_never() -> None:
    assert root_of(LEAVES[:TILE_WIDTH]) == tile_root(hashes_of(leaf_tile(ENTRIES[:TILE_WIDTH]), width=TILE_WIDTH))
    with pytest.raises(ValueError, match="256"):
        tile_root(LEAVES[:255])


@given(st.data())
def test_proofs_and_roots_from_tiles_are_those_from_every_leaf(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600) | st.sampled_from([255, 256, 257, 511, 512, 513, 1_000]))
    index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    reader = Pieces(size).reader()
    assert inclusion_proof(LEAVES[:size], index) == prove_inclusion(reader, index=index, size=size)
    assert consistency_proof(LEAVES[:size], old_size) == prove_consistency(reader, old_size=old_size, size=size)
    assert root_of(LEAVES[:old_size]) == root_from(reader, old_size)


@pytest.mark.parametrize(("index", "old_size"), [(0, 1), (65_535, 65_536), (65_536, 65_537), (69_999, 69_999), (12_345, 54_321)])
def test_proofs_over_three_levels_of_tiles_are_those_from_every_leaf(index: int, old_size: int) -> None:
    pieces = Pieces(70_000)
    assert inclusion_proof(LEAVES, index) == prove_inclusion(pieces.reader(), index=index, size=70_000)
    assert len(pieces.asked) <= 2 * 3
    assert consistency_proof(LEAVES, old_size) == prove_consistency(pieces.reader(), old_size=old_size, size=70_000)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, SIZE_MAX + 1)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        prove_inclusion(Pieces(5).reader(), index=index, size=size)


@pytest.mark.parametrize(("old_size", "size"), [(0, 5), (6, 5), (-1, 5)])
def test_a_size_that_the_tree_did_not_have_has_no_proof(old_size: int, size: int) -> None:
    with pytest.raises(IndexError):
        prove_consistency(Pieces(5).reader(), old_size=old_size, size=size)
    with pytest.raises(IndexError):
        root_from(Pieces(5).reader(), 0)


def test_a_size_beyond_the_tiles_is_named() -> None:
    with pytest.raises(IndexError, match="no full subtree"):
        prove_inclusion(Pieces(5).reader(), index=0, size=600)


class Counting:
    """Hashes that cost nothing to read, counted."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        self.read_so_far += len(nodes)
        return [LEAVES[0]] * len(nodes)


@pytest.mark.parametrize("size", [1_000, 1_000_000, 987_654_321, SIZE_MAX])
def test_a_proof_reads_at_most_two_hashes_a_level_of_the_tree(size: int) -> None:
    reader = Counting()
    for turn in range(100):
        prove_inclusion(reader, index=size // 8 + turn, size=size)
    most_of_one = reader.read_so_far / 100
    reader = Counting()
    for turn in range(100):
        prove_consistency(reader, old_size=size // 8 + turn, size=size)
    assert max(most_of_one, reader.read_so_far / 100) <= 2 * size.bit_length()
