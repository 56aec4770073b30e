"""The Merkle tree against its definition, and proofs that hold for nothing but what they prove."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Malformed, ProofInvalid
from accord.ledger import tree
from accord.ledger.tree import (
    BATCH_LEAVES_MAX,
    EMPTY,
    PROOF_HASHES_MAX,
    SIZE_MAX,
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

hashes = st.binary(min_size=32, max_size=32)


def leaves_of(size: int) -> list[bytes]:
    return [sha256(b"\x00%d" % number).digest() for number in range(size)]


leaf_lists = st.integers(1, 40).map(leaves_of)


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*defined_path(index, leaves[:split]), defined_root(leaves[split:])]
    return [*defined_path(index - split, leaves[split:]), defined_root(leaves[:split])]


def defined_proof(old_size: int, leaves: list[bytes], *, is_known: bool = True) -> list[bytes]:
    """RFC 6962, 2.1.2, word for word."""
    if old_size == len(leaves):
        return [] if is_known else [defined_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old_size <= split:
        return [*defined_proof(old_size, leaves[:split], is_known=is_known), defined_root(leaves[split:])]
    return [*defined_proof(old_size - split, leaves[split:], is_known=False), defined_root(leaves[:split])]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert sha256(b"").digest() == EMPTY.root() == root_of([])


def test_every_root_and_proof_to_forty_leaves_is_as_defined_and_holds() -> None:
    for size in range(1, 41):
        leaves = leaves_of(size)
        root = defined_root(leaves)
        assert root == root_of(leaves)
        for at in range(size):
            path = inclusion_proof(leaves, at)
            grown = consistency_proof(leaves, at + 1)
            assert (defined_path(at, leaves), defined_proof(at + 1, leaves)) == (list(path), list(grown))
            verify_inclusion(index=at, size=size, leaf=leaves[at], proof=path, root=root)
            verify_consistency(old_size=at + 1, old_root=root_of(leaves[: at + 1]), size=size, root=root, proof=grown)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_frontier_grown_in_steps_is_the_one_grown_at_once(steps: list[int]) -> None:
    leaves = leaves_of(sum(steps))
    grown, at = EMPTY, 0
    for step in steps:
        grown = grown.extend(iter(leaves[at : at + step]))
        at += step
        assert defined_root(leaves[:at]) == grown.root()
    assert EMPTY.extend(leaves) == grown


def test_a_frontier_grows_across_batches() -> None:
    leaves = leaves_of(BATCH_LEAVES_MAX + 3)
    one_by_one = EMPTY.extend(leaves[:1]).extend(leaves[1:-1]).extend(leaves[-1:])
    assert (len(leaves), defined_root(leaves)) == (one_by_one.size, one_by_one.root())
    assert EMPTY.extend(leaves) == one_by_one


def test_growing_leaves_the_old_frontier_and_the_leaves_as_they_were() -> None:
    leaves = leaves_of(5)
    old = EMPTY.extend(leaves[:3])
    kept = Frontier(old.size, old.peaks)
    old.extend(leaves)
    assert (kept, leaves_of(5)) == (old, leaves)


@given(st.integers(0, 300))
def test_a_frontier_and_its_bytes_are_inverse(size: int) -> None:
    frontier = EMPTY.extend(leaves_of(size))
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@given(st.binary(max_size=120) | st.integers(0, 7).flatmap(lambda size: st.binary(max_size=100).map(size.to_bytes(8, "big").__add__)))
def test_any_bytes_are_a_frontier_as_it_would_be_written_or_refused(content: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(content)
    except Malformed:
        return
    assert frontier.to_bytes() == content


def test_a_frontier_with_a_peak_too_few_or_a_size_too_large_is_refused() -> None:
    written = EMPTY.extend(leaves_of(3)).to_bytes()
    assert len(written) == 8 + 64
    for content in (b"", written[:7], written[:-32], written[:-1], written + bytes(32), (SIZE_MAX * 2).to_bytes(8, "big") + bytes(32)):
        with pytest.raises(Malformed):
            Frontier.from_bytes(content)
    with pytest.raises(ValueError, match="peaks"):
        Frontier(3, (bytes(32),))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_leaf_hash_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    leaves = [*leaves_of(3), bytes(length)]
    for build in (EMPTY.extend, root_of, lambda several: inclusion_proof(several, 0), lambda several: consistency_proof(several, 2)):
        with pytest.raises(ValueError, match="32 bytes"):
            build(leaves)


def test_a_proof_of_what_is_not_in_the_tree_cannot_be_made() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(leaves_of(3), index)
    for old_size in (-1, 0, 4):
        with pytest.raises(IndexError):
            consistency_proof(leaves_of(3), old_size)


@given(leaf_lists, st.randoms(use_true_random=False))
def test_an_inclusion_proof_with_anything_changed_does_not_hold(leaves: list[bytes], chance: Random) -> None:
    size = len(leaves)
    index = chance.randrange(size)
    proof, root, strange = inclusion_proof(leaves, index), root_of(leaves), sha256(b"strange").digest()
    forged: list[tuple[int, int, bytes, tuple[bytes, ...], bytes]] = [
        (index, size, strange, proof, root),
        (index, size, leaves[index], proof, strange),
        (index, size, leaves[index], (*proof, strange), root),
        (index, size, leaves[index], (strange, *proof), root),
        (size, size, leaves[index], proof, root),
        (-1, size, leaves[index], proof, root),
        (index, 0, leaves[index], proof, root),
        (index, SIZE_MAX + 1, leaves[index], proof, root),
        (index, size, leaves[index], (strange,) * (PROOF_HASHES_MAX + 1), root),
        (index, size, b"", proof, root),
    ]
    forged += [(other, size, leaves[index], proof, root) for other in range(size) if other != index]
    forged += [(index, size, leaves[index], (*proof[:at], strange, *proof[at + 1 :]), root) for at in range(len(proof))]
    forged += [(index, size, leaves[index], (*proof[:at], *proof[at + 1 :]), root) for at in range(len(proof))]
    forged += [(index, size, leaves[index], (*proof[:at], b"", *proof[at + 1 :]), root) for at in range(len(proof))]
    for at, of, leaf, path, end in forged:
        with pytest.raises(ProofInvalid):
            verify_inclusion(index=at, size=of, leaf=leaf, proof=path, root=end)


@given(leaf_lists, st.randoms(use_true_random=False))
def test_a_consistency_proof_with_anything_changed_does_not_hold(leaves: list[bytes], chance: Random) -> None:
    size = len(leaves)
    old_size = chance.randrange(1, size + 1)
    proof, old_root, root = consistency_proof(leaves, old_size), root_of(leaves[:old_size]), root_of(leaves)
    strange = sha256(b"strange").digest()
    forged: list[tuple[int, bytes, int, bytes, tuple[bytes, ...]]] = [
        (old_size, strange, size, root, proof),
        (old_size, old_root, size, strange, proof),
        (old_size, old_root, size, root, (*proof, strange)),
        (old_size, old_root, size, root, (strange, *proof)),
        (size + 1, old_root, size, root, proof),
        (0, old_root, size, root, ()),
        (old_size, old_root, SIZE_MAX + 1, root, proof),
        (old_size, b"", size, root, proof),
        (old_size, old_root, size, root, (strange,) * (PROOF_HASHES_MAX + 1)),
    ]
    forged += [(old_size, old_root, size, root, (*proof[:at], strange, *proof[at + 1 :])) for at in range(len(proof))]
    forged += [(old_size, old_root, size, root, (*proof[:at], *proof[at + 1 :])) for at in range(len(proof))]
    for old, old_end, new, end, path in forged:
        with pytest.raises(ProofInvalid):
            verify_consistency(old_size=old, old_root=old_end, size=new, root=end, proof=path)


@given(leaf_lists, st.randoms(use_true_random=False))
def test_a_rewritten_log_cannot_be_shown_to_have_grown(leaves: list[bytes], chance: Random) -> None:
    old_size = chance.randrange(1, len(leaves) + 1)
    rewritten = [*leaves, *leaves_of(1)]
    rewritten[chance.randrange(old_size)] = sha256(b"another").digest()
    with pytest.raises(ProofInvalid):
        verify_consistency(
            old_size=old_size,
            old_root=root_of(leaves[:old_size]),
            size=len(rewritten),
            root=root_of(rewritten),
            proof=consistency_proof(rewritten, old_size),
        )


def test_growth_from_nothing_proves_nothing_and_is_refused() -> None:
    with pytest.raises(ProofInvalid):
        verify_consistency(old_size=0, old_root=EMPTY.root(), size=1, root=root_of(leaves_of(1)), proof=())
    with pytest.raises(ProofInvalid):
        verify_consistency(old_size=0, old_root=EMPTY.root(), size=0, root=EMPTY.root(), proof=())


def test_a_node_never_passes_for_a_leaf() -> None:
    leaves = leaves_of(4)
    with pytest.raises(ProofInvalid):
        verify_inclusion(index=0, size=4, leaf=root_of(leaves[:2]), proof=(root_of(leaves[2:]),), root=root_of(leaves))


@given(hashes, st.integers(0, SIZE_MAX), st.integers(0, SIZE_MAX), st.lists(hashes, max_size=8))
def test_no_proof_holds_by_chance_and_none_runs_long(root: bytes, one: int, other: int, proof: list[bytes]) -> None:
    with pytest.raises(ProofInvalid):
        verify_inclusion(index=min(one, other), size=max(one, other), leaf=sha256(root).digest(), proof=proof, root=root)
    with pytest.raises(ProofInvalid):
        verify_consistency(old_size=min(one, other), old_root=sha256(root).digest(), size=max(one, other), root=root, proof=proof)


def test_a_proof_at_the_largest_size_fits_the_limit() -> None:
    assert SIZE_MAX.bit_length() + 1 <= PROOF_HASHES_MAX
    leaf = sha256(b"\x00leaf").digest()
    proof = [sha256(b"%d" % level).digest() for level in range(53)]
    root = leaf
    for sibling in proof:
        root = sha256(b"\x01" + root + sibling).digest()
    tree.verify_inclusion(index=0, size=SIZE_MAX, leaf=leaf, proof=proof, root=root)
