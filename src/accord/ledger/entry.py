r"""Entries of a log: commitments, which hide what they stand for until salt and content are shown.

Rule (design, section 3, leaf): the entry is c = SHA-256("accord/v1 leaf\n" || 32-byte random salt || bytes), and its leaf hash is SHA-256(0x00 || c)
as in RFC 6962, 2.1. Erasing destroys bytes and salt; c stays, and nothing can be guessed from it. Salts are made by the caller, one for
each entry, never twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NewType

LEAF_CONTEXT: Final = b"accord/v1 leaf\n"
SALT_BYTES: Final = 32

Commitment = NewType("Commitment", bytes)  # 32 bytes

_LEAF_PREFIX: Final = b"\x00"  # RFC 6962, 2.1: leaves and nodes are hashed apart, so that a node never passes for a leaf.


def commitment(*, salt: bytes, content: bytes) -> Commitment:
    """Commit to the bytes of one object under its salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, this has {len(salt)}")
    return Commitment(sha256(LEAF_CONTEXT + salt + content).digest())


def leaf_hash(entry: bytes) -> bytes:
    """Hash one log entry into a leaf of the tree (RFC 6962, 2.1)."""
    return sha256(_LEAF_PREFIX + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many log entries, in their order."""
    return [sha256(_LEAF_PREFIX + entry).digest() for entry in entries]
