"""Tiles: a log's tree cut into immutable pieces, and proofs made from them (C2SP tlog-tiles, https://c2sp.org/tlog-tiles).

A tile of level 0 holds 256 leaf hashes; one of level l above holds the roots of 256 full tiles of the level below. A bundle holds the entries
under a tile of level 0, each behind its length in two bytes. The last tile of a level is partial and is named by its width, so that nothing
under one name ever changes.

Proofs read a few hashes, O(log n) of them, through `HashReader`; `TileHashes` finds those in tiles. Where tiles come from, and that they are
those of a log that was signed, is for the caller: a proof made from wrong tiles does not verify.

Specimens of names::

    tile/0/x001/x234/067
    tile/1/000.p/17
    tile/entries/273.p/112
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from accord.errors import Malformed
from accord.ledger.entry import leaf_hashes
from accord.ledger.tree import HASH_BYTES, SIZE_MAX, node_hash, paired

TILE_HEIGHT: Final = 8  # Levels of the tree in one tile.
TILE_WIDTH: Final = 1 << TILE_HEIGHT  # Hashes in a full tile.
LEVEL_MAX: Final = 63  # The highest level of a tile that a name may have (tlog-tiles, Merkle Tree). A log of SIZE_MAX has tiles to level 6.
ENTRY_OCTETS_MAX: Final = 2**16 - 1  # Bytes of one entry in a bundle: its length stands in two bytes. Our entries have 32.

_LENGTH_BYTES: Final = 2
_NAME: Final = re.compile(r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")
_INDEX_CHARACTERS_MAX: Final = 29  # The index of the last tile of the largest log, with its x and slashes.


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of one tile, or of one bundle of entries where `level` is None. `width` counts its hashes or entries."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= LEVEL_MAX:
            raise Malformed(f"the level of a tile is 0 to {LEVEL_MAX} (LEVEL_MAX)")
        if not 1 <= self.width <= TILE_WIDTH or not 0 <= self.index <= SIZE_MAX // TILE_WIDTH:
            raise Malformed(f"a tile has 1 to {TILE_WIDTH} hashes and lies in a log of at most {SIZE_MAX} entries (SIZE_MAX)")

    @classmethod
    def parse(cls, name: str) -> Tile:
        """Read what `str` writes, and only that: one name for each tile."""
        found = _NAME.fullmatch(name)
        if found is None or len(found["index"]) > _INDEX_CHARACTERS_MAX:
            raise Malformed("the name of a tile is tile/LEVEL/INDEX, or tile/entries/INDEX, with .p/WIDTH where it is partial")
        level = None if found["level"] == "entries" else int(found["level"])
        tile = cls(level, int(re.sub("[x/]", "", found["index"])), int(found["width"] or TILE_WIDTH))
        if str(tile) != name:
            raise Malformed("the name of a tile has no more digits than it needs, and a full tile no width")
        return tile

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{_index_text(self.index)}{partial}"

    @property
    def is_full(self) -> bool:
        return self.width == TILE_WIDTH

    @property
    def first(self) -> int:
        """The position, in its level, of its first hash or entry."""
        return self.index * TILE_WIDTH

    def fits(self, size: int) -> bool:
        """Say whether a log of `size` entries has this tile. A partial one that has been filled since is still there."""
        return self.first + self.width <= size >> TILE_HEIGHT * (self.level or 0)


def _index_text(index: int) -> str:
    # tlog-tiles, Merkle Tree: three digits a path element, all but the last begin with an x.
    text = f"{index % 1_000:03d}"
    while index := index // 1_000:
        text = f"x{index % 1_000:03d}/{text}"
    return text


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a log of `size` entries, level by level; the last of a level is partial unless it is full."""
    level = 0
    while size:
        yield from _row(level, size)
        size >>= TILE_HEIGHT
        level += 1


def bundles_of(size: int) -> Iterator[Tile]:
    """Every bundle of entries of a log of `size` entries, in order."""
    return _row(None, size)


def _row(level: int | None, hashes: int) -> Iterator[Tile]:
    for index in range(hashes // TILE_WIDTH):
        yield Tile(level, index)
    if partial := hashes % TILE_WIDTH:
        yield Tile(level, hashes // TILE_WIDTH, partial)


def hashes_of(content: bytes, *, width: int) -> tuple[bytes, ...]:
    """Take the bytes of a tile apart; `Malformed` if it has not exactly `width` hashes."""
    if len(content) != width * HASH_BYTES:
        raise Malformed(f"a tile of {width} hashes has {width * HASH_BYTES} bytes, this has {len(content)}")
    return tuple(content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES))


def content_of(hashes: Sequence[bytes]) -> bytes:
    """Join hashes into the bytes of a tile."""
    return b"".join(hashes)


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Join entries into a bundle, each behind its length in two bytes, big-endian (tlog-tiles, Log entries)."""
    if any(len(entry) > ENTRY_OCTETS_MAX for entry in entries):
        raise ValueError(f"an entry of a bundle has at most {ENTRY_OCTETS_MAX} bytes (ENTRY_OCTETS_MAX)")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def entries_of(bundle: bytes, *, width: int) -> tuple[bytes, ...]:
    """Take a bundle apart; `Malformed` if it has not exactly `width` entries."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle) and len(entries) < width:
        end = at + _LENGTH_BYTES + int.from_bytes(bundle[at : at + _LENGTH_BYTES], "big")
        if end > len(bundle):
            raise Malformed("a bundle ends within an entry")
        entries.append(bundle[at + _LENGTH_BYTES : end])
        at = end
    if at != len(bundle) or len(entries) != width:
        raise Malformed(f"a bundle of {width} entries holds more or fewer")
    return tuple(entries)


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """The one hash that stands for a full tile in the level above."""
    if len(hashes) != TILE_WIDTH:
        raise ValueError(f"only a tile of {TILE_WIDTH} hashes is hashed into the level above")
    nodes = list(hashes)
    while len(nodes) > 1:
        nodes = paired(nodes)
    return nodes[0]


def leaf_tile(entries: Sequence[bytes]) -> bytes:
    """The bytes of the tile of level 0 over these entries."""
    return content_of(leaf_hashes(entries))


class Node(NamedTuple):
    """The root of the full subtree over 2**level leaves, at this place of its level."""

    level: int
    place: int


class HashReader(Protocol):
    """Whatever can give the hashes of full subtrees: tiles, or a table."""

    def read(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """The hashes of these nodes, in their order."""
        ...


def root_from(reader: HashReader, size: int) -> bytes:
    """The root of the tree of the first `size` leaves, from at most 54 hashes. A `size` of 0 has no nodes to read and is refused."""
    if not 1 <= size <= SIZE_MAX:
        raise IndexError(f"a root is read for a size of 1 to {SIZE_MAX}")
    return _gathered(reader, [(0, size)])[0]


def prove_inclusion(reader: HashReader, *, index: int, size: int) -> tuple[bytes, ...]:
    """The proof that the leaf at `index` is in the tree of the first `size` leaves (RFC 6962, 2.1.1). `IndexError` if it is not."""
    if not 0 <= index < size <= SIZE_MAX:
        raise IndexError(f"a tree of {size} leaves has none at {index}")
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if index < split:
            ranges.append((split, high))
            high = split
        else:
            ranges.append((low, split))
            low = split
    return _gathered(reader, ranges[::-1])


def prove_consistency(reader: HashReader, *, old_size: int, size: int) -> tuple[bytes, ...]:
    """The proof that the tree of `size` leaves began with that of `old_size` (RFC 6962, 2.1.2). `IndexError` unless 1 <= old_size <= size."""
    if not 1 <= old_size <= size <= SIZE_MAX:
        raise IndexError(f"a tree of {size} leaves did not grow from one of {old_size}")
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while old_size != high:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if old_size <= split:
            ranges.append((split, high))
            high = split
        else:
            ranges.append((low, split))
            low = split
    if low:  # A subtree that is the whole old tree is known to the reader by its root.
        ranges.append((low, high))
    return _gathered(reader, ranges[::-1])


def _gathered(reader: HashReader, ranges: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    """Read what all the ranges are made of at once, and fold each into its hash."""
    parts = [_full_subtrees(low, high) for low, high in ranges]
    hashes = iter(reader.read([node for part in parts for node in part]))
    folded: list[bytes] = []
    for part in parts:
        read = [next(hashes) for _ in part]
        root = read.pop()
        while read:
            root = node_hash(read.pop(), root)
        folded.append(root)
    return tuple(folded)


def _full_subtrees(low: int, high: int) -> list[Node]:
    """The full subtrees that make up the leaves from `low` to before `high`, largest first; `low` begins a subtree at least as large."""
    nodes: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append(Node(level, low >> level))
        low += 1 << level
    return nodes


@dataclass(frozen=True, slots=True)
class TileHashes:
    """Reads hashes out of the tiles of a log of `size` entries; `fetch` gives a tile's bytes. A tile is fetched once.

    Made for one or a few proofs of one size and then let go: it keeps what it fetched.
    """

    size: int
    fetch: Callable[[Tile], bytes]
    _kept: dict[Tile, list[list[bytes]]] = field(default_factory=dict, repr=False)

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self._hash(node) for node in nodes]

    def _hash(self, node: Node) -> bytes:
        tile_level, inner = divmod(node.level, TILE_HEIGHT)
        index = node.place >> TILE_HEIGHT - inner
        if node.place + 1 > self.size >> node.level:
            raise IndexError(f"a log of {self.size} entries has no full subtree {node.place} at level {node.level}")
        width = min(TILE_WIDTH, (self.size >> TILE_HEIGHT * tile_level) - index * TILE_WIDTH)
        rows = self._rows(Tile(tile_level, index, width))
        return rows[inner][node.place - (index << TILE_HEIGHT - inner)]

    def _rows(self, tile: Tile) -> list[list[bytes]]:
        """A tile's hashes and, above them, those of the levels of the tree that it stands for."""
        rows = self._kept.get(tile)
        if rows is None:
            rows = [list(hashes_of(self.fetch(tile), width=tile.width))]
            while len(rows[-1]) > 1:
                rows.append(paired(rows[-1]))
            self._kept[tile] = rows
        return rows
