"""A witness takes growth that is proven, and names every other answer of tlog-witness."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import LimitReached, Malformed
from accord.ledger.checkpoint import Checkpoint, sign
from accord.ledger.entry import leaf_hashes
from accord.ledger.tree import consistency_proof, root_of
from accord.ledger.witness import Elsewhere, Forked, Request, Shrinking, Taken, Unknown, Unproven, Unsigned, judge
from accord.seal.keys import PrivateKey

ORIGIN = "sco.example/KZ/journal/1"
KEY, OTHER = PrivateKey.from_seed(b"\x01" * 32), PrivateKey.from_seed(b"\x02" * 32)
KEYS = [KEY.public]
LEAVES = leaf_hashes(sha256(bytes([number])).digest() for number in range(20))
REWRITTEN = [LEAVES[1], *LEAVES[1:]]


def checkpoint(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(leaves[:size]))


def request(old_size: int, size: int, leaves: list[bytes] = LEAVES, key: PrivateKey = KEY) -> Request:
    proof = consistency_proof(leaves[:size], old_size) if 0 < old_size <= size else ()
    return Request(old_size, proof, sign(checkpoint(size, leaves), key=key))


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_log_that_only_grew_is_taken_from_any_size_to_any_later_one(one: int, other: int) -> None:
    old, new = sorted((one, other))
    assert Taken(checkpoint(new)) == judge(request(old, new), keys=KEYS, latest=checkpoint(old))


def test_the_first_checkpoint_of_a_log_is_taken() -> None:
    assert Taken(checkpoint(7)) == judge(request(0, 7), keys=KEYS, latest=None)
    assert Taken(checkpoint(0)) == judge(request(0, 0), keys=KEYS, latest=None)


def test_an_unknown_log_is_not_witnessed() -> None:
    assert Unknown() == judge(request(0, 7), keys=None, latest=None)


def test_a_checkpoint_by_another_key_is_unsigned() -> None:
    assert Unsigned() == judge(request(0, 7, key=OTHER), keys=KEYS, latest=None)
    assert Unsigned() == judge(request(0, 7), keys=[], latest=None)


def test_another_old_size_gets_the_size_that_was_cosigned() -> None:
    assert Elsewhere(5) == judge(request(3, 7), keys=KEYS, latest=checkpoint(5))
    assert Elsewhere(5) == judge(request(0, 3), keys=KEYS, latest=checkpoint(5))
    assert Elsewhere(0) == judge(request(3, 7), keys=KEYS, latest=None)


def test_an_old_size_beyond_the_new_one_is_refused() -> None:
    assert Shrinking() == judge(request(8, 7), keys=KEYS, latest=checkpoint(8))


def test_one_size_with_two_roots_is_a_fork() -> None:
    assert Forked(checkpoint(7, REWRITTEN)) == judge(request(7, 7, REWRITTEN), keys=KEYS, latest=checkpoint(7))
    assert Forked(checkpoint(0)) == judge(Request(0, (), sign(checkpoint(0), key=KEY)), keys=KEYS, latest=Checkpoint(ORIGIN, 0, bytes(32)))


def test_a_rewritten_log_is_unproven() -> None:
    assert Unproven(checkpoint(9, REWRITTEN)) == judge(request(5, 9, REWRITTEN), keys=KEYS, latest=checkpoint(5))


def test_a_proof_where_none_belongs_is_unproven() -> None:
    surplus = Request(0, (LEAVES[0],), request(0, 7).note)
    assert Unproven(checkpoint(7)) == judge(surplus, keys=KEYS, latest=None)
    assert Unproven(checkpoint(7)) == judge(Request(7, (LEAVES[0],), request(7, 7).note), keys=KEYS, latest=checkpoint(7))


@given(st.integers(0, 20), st.integers(1, 20))
def test_a_request_read_back_is_the_request(old: int, new: int) -> None:
    made = request(old, new)
    assert made == Request.parse(str(made))
    assert ORIGIN == made.origin


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 1",
        "old 01\n\nx\n",
        "old -1\n\nx\n",
        "new 1\n\nx\n",
        "old 1 \n\nx\n",
        "old 1\nAAAA\n\nx\n",
        "old 1\n!\n\nx\n",
        "old ٣\n\nx\n",
    ],
)
def test_another_body_is_refused(body: str) -> None:
    with pytest.raises(Malformed):
        Request.parse(body)


def test_a_proof_that_no_tree_needs_is_refused() -> None:
    with pytest.raises(LimitReached) as reached:
        Request.parse("old 1\n" + ("A" * 43 + "=\n") * 64 + "\nx\n")
    assert "PROOF_HASHES_MAX" == reached.value.limit


def test_what_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(Malformed):
        judge(Request.parse("old 0\n\nhello\n"), keys=KEYS, latest=None)
