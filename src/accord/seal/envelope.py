"""A small value sealed for its own maker: given out, brought back, and on the way readable and changeable by nobody.

AES-SIV (RFC 5297) without a nonce, so that the same value for the same question is the same text, and whoever sees two learns whether they
are equal and nothing else. The key is derived by HKDF-SHA256 (RFC 5869) from a private key's seed for one named purpose: the seed signs
nothing that could be mistaken for it, and another purpose has another key.
A sealed value is base64url without padding: ``tag ‖ ciphertext``. What it is bound to is not in it; the opener brings it.
Pages of records between members are not sealed here.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accord.errors import Malformed
from accord.seal.keys import PrivateKey

SEALED_CHARACTERS_MAX = 256  # Characters of a sealed value. A position has 32.
_TAG_BYTES: Final = 16


def derived_key(private: PrivateKey, *, purpose: str) -> bytes:
    """The key for one purpose; the same private key gives the same one always."""
    return HKDF(algorithm=SHA256(), length=64, salt=None, info=b"accord/v1 sealed " + purpose.encode()).derive(private.seed)


def seal(content: bytes, *, key: bytes, bound: bytes) -> str:
    """Seal a value, of one byte or more, so that it opens under the same key and the same `bound` only."""
    sealed = AESSIV(key).encrypt(content, [bound])
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def open_sealed(text: str, *, key: bytes, bound: bytes) -> bytes:
    """The value as it was sealed. `Malformed` for every other text, without a word on what is wrong with it."""
    try:
        if len(text) > SEALED_CHARACTERS_MAX:
            raise ValueError
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(sealed) <= _TAG_BYTES or base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != text:
            raise ValueError
        return AESSIV(key).decrypt(sealed, [bound])
    except (ValueError, binascii.Error, InvalidTag):
        raise Malformed("this is not a value that was sealed here for this question") from None
