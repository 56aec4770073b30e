"""The Merkle tree of a log: roots, what must be kept to grow one, and proofs (RFC 6962, 2.1; RFC 9162, 2.1).

Works on leaf hashes alone, as `ledger.entry` makes them. It keeps nothing: `store` holds the frontier and the entries. The proofs made here
read every leaf hash they are given; whoever must prove over millions of leaves brings the hashes of a tile instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Final

from accord.errors import Malformed, ProofInvalid

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**53  # Entries. Beyond this a size is no longer exact in every member's JSON.
PROOF_HASHES_MAX: Final = (
    63  # Hashes in one proof, as in tlog-witness. A tree of SIZE_MAX has 53 levels and a consistency proof one hash more.
)
BATCH_LEAVES_MAX: Final = 65_536  # Leaf hashes taken into memory at once while a frontier grows: about 5 MB.

_NODE_PREFIX: Final = b"\x01"  # RFC 6962, 2.1
_SIZE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the full subtrees that make up a tree, largest first: enough to grow it and to give its root.

    There is one for each bit that is set in `size`, since a full subtree has a power of two of leaves.
    """

    size: int
    peaks: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX:
            raise ValueError(f"the size of a log is 0 to {SIZE_MAX}, not {self.size}")
        if len(self.peaks) != self.size.bit_count() or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError(f"a tree of {self.size} leaves has {self.size.bit_count()} peaks of {HASH_BYTES} bytes")

    def extend(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """Give the frontier after these leaf hashes were added, in their order. `ValueError` if one has not 32 bytes."""
        grown = self
        remaining = iter(leaf_hashes)
        while batch := list(islice(remaining, BATCH_LEAVES_MAX)):
            grown = _extended(grown, batch)
        return grown

    def root(self) -> bytes:
        """Give the root; that of the empty tree is the hash of nothing (RFC 6962, 2.1)."""
        if not self.peaks:
            return sha256().digest()
        *left, root = self.peaks
        for peak in reversed(left):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Write the size in eight bytes, big-endian, and then the peaks."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, content: bytes) -> Frontier:
        """Read what `to_bytes` writes, and only that."""
        size = int.from_bytes(content[:_SIZE_BYTES], "big")
        if len(content) != _SIZE_BYTES + HASH_BYTES * size.bit_count() or size > SIZE_MAX:
            raise Malformed("a frontier is a size in eight bytes and one hash for each of its full subtrees")
        return cls(size, tuple(content[at : at + HASH_BYTES] for at in range(_SIZE_BYTES, len(content), HASH_BYTES)))


EMPTY: Final = Frontier(0, ())


def _extended(frontier: Frontier, leaf_hashes: list[bytes]) -> Frontier:
    """Add a batch level by level: each level takes its waiting peak in front, pairs up, and leaves an odd last node as its new peak."""
    _check_lengths(leaf_hashes)
    waiting = list(frontier.peaks)
    peaks: list[bytes] = []
    size = frontier.size + len(leaf_hashes)
    nodes = leaf_hashes
    for level in range(size.bit_length()):
        if frontier.size >> level & 1:
            nodes.insert(0, waiting.pop())
        if len(nodes) % 2:
            peaks.append(nodes.pop())
        nodes = paired(nodes)
    return Frontier(size, tuple(reversed(peaks)))


def paired(nodes: Sequence[bytes]) -> list[bytes]:
    """Hash a level's nodes two by two into the level above; an odd last one is left out."""
    in_turn = iter(nodes)
    return [sha256(_NODE_PREFIX + left + right).digest() for left, right in zip(in_turn, in_turn, strict=False)]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes into the one above them (RFC 6962, 2.1)."""
    return sha256(_NODE_PREFIX + left + right).digest()


def _check_lengths(leaf_hashes: Sequence[bytes]) -> None:
    if not set(map(len, leaf_hashes)) <= {HASH_BYTES}:
        raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Give the root of a whole tree (RFC 6962, 2.1)."""
    return EMPTY.extend(leaf_hashes).root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Prove that the leaf at `index`, counted from 0, is in the tree of these leaves (RFC 6962, 2.1.1). `IndexError` if it is not."""
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(f"a tree of {len(leaf_hashes)} leaves has none at {index}")
    _check_lengths(leaf_hashes)
    proof: list[bytes] = []
    nodes = list(leaf_hashes)
    while len(nodes) > 1:
        if index ^ 1 < len(nodes):  # An odd last node has no sibling and goes up as it is.
            proof.append(nodes[index ^ 1])
        odd = nodes[len(nodes) & ~1 :]
        nodes = paired(nodes) + odd
        index >>= 1
    return tuple(proof)


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Prove that the tree of the first `old_size` leaves is where this one began (RFC 6962, 2.1.2). `IndexError` unless 1 <= old_size <= size."""
    if not 1 <= old_size <= len(leaf_hashes):
        raise IndexError(f"a tree of {len(leaf_hashes)} leaves did not grow from one of {old_size}")
    proof: list[bytes] = []
    low, high = 0, len(leaf_hashes)  # The subtree looked at; it always holds the border of the old tree or ends at it.
    while old_size != high:
        split = low + _largest_power_below(high - low)
        if old_size <= split:
            proof.append(root_of(leaf_hashes[split:high]))
            high = split
        else:
            proof.append(root_of(leaf_hashes[low:split]))
            low = split
    if low:  # A subtree that is the whole old tree is known to the reader by its root.
        proof.append(root_of(leaf_hashes[low:high]))
    return tuple(reversed(proof))


def _largest_power_below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofInvalid` unless the proof leads from the leaf hash at `index` to the root of the tree (RFC 9162, 2.1.3.2)."""
    _check_proof(proof, leaf, root)
    if not 0 <= index < size <= SIZE_MAX:
        raise ProofInvalid(f"a tree of {size} leaves has none at {index}")
    position, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("an inclusion proof with more hashes than the tree has levels")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while position and not position & 1:  # Levels at which the node went up without a sibling.
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("an inclusion proof with fewer hashes than the tree has levels")
    if node != root:
        raise ProofInvalid("an inclusion proof that leads to another root")


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofInvalid` unless the proof shows that the new tree began with the old one (RFC 9162, 2.1.4.2).

    An old size of 0 is refused, although every tree grew from the empty one: a proof of it proves nothing, and implementations differ on it.
    Who meets it (tlog-witness sends ``old 0`` with an empty proof) decides before calling.
    """
    if not 1 <= old_size <= size <= SIZE_MAX:
        raise ProofInvalid(f"a tree of {size} leaves cannot be shown to have grown from one of {old_size}")
    if old_size == size:  # Nothing is hashed here, so the lengths of the roots are those that `ledger.checkpoint` took.
        if proof or old_root != root:
            raise ProofInvalid("two roots, or a proof, for one size of a log")
        return
    _check_proof(proof, old_root, root)
    if not proof:
        raise ProofInvalid("a consistency proof without hashes")
    # A full old tree is a node of the new one, so the proof leaves it out.
    path = (old_root, *proof) if old_size.bit_count() == 1 else tuple(proof)
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("a consistency proof with more hashes than the tree has levels")
        if position & 1 or position == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("a consistency proof with fewer hashes than the tree has levels")
    if (old_node, new_node) != (old_root, root):
        raise ProofInvalid("a consistency proof that leads to other roots: the log was rewritten")


def _check_proof(proof: Sequence[bytes], *ends: bytes) -> None:
    # Before anything else: with hashes of no bytes at all a proof can be made to hold.
    if len(proof) > PROOF_HASHES_MAX:
        raise ProofInvalid(f"a proof of {len(proof)} hashes; no tree needs more than {PROOF_HASHES_MAX} (PROOF_HASHES_MAX)")
    if any(len(hashed) != HASH_BYTES for hashed in (*proof, *ends)):
        raise ProofInvalid(f"a hash in a proof has {HASH_BYTES} bytes")
