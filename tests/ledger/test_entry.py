"""Entries: the commitment is bound to salt and content, and leaves are hashed as RFC 6962 says."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.ledger.entry import SALT_BYTES, commitment, leaf_hash, leaf_hashes

salts = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


def test_a_commitment_is_the_hash_of_context_salt_and_content() -> None:
    expected = sha256(b"accord/v1 leaf\n" + bytes(32) + b'{"a":1}').digest()
    assert expected == commitment(salt=bytes(32), content=b'{"a":1}')


def test_a_leaf_is_hashed_apart_from_a_node() -> None:
    assert sha256(b"\x00entry").digest() == leaf_hash(b"entry")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    # Otherwise salt and content could be divided elsewhere and one commitment would stand for two objects.
    with pytest.raises(ValueError, match="salt"):
        commitment(salt=bytes(length), content=b"")


@given(salts, st.binary(max_size=20), salts, st.binary(max_size=20))
def test_no_two_pairs_of_salt_and_content_have_one_commitment(salt: bytes, content: bytes, other_salt: bytes, other: bytes) -> None:
    equal = commitment(salt=salt, content=content) == commitment(salt=other_salt, content=other)
    assert ((salt, content) == (other_salt, other)) == equal


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_hashing_many_is_hashing_each(entries: list[bytes]) -> None:
    assert [leaf_hash(entry) for entry in entries] == leaf_hashes(iter(entries))
