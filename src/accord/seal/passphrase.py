"""A private key under a passphrase, as it stands in its file.

Argon2id (RFC 9106) stretches the passphrase; XChaCha20-Poly1305 seals the seed, bound to everything that stands before it.
Specimen, on one line: ``ed25519-protected:argon2id:3:65536:<base64 of salt>:<base64 of nonce, sealed seed and tag>``: passes and KiB of memory
are the file's own, within limits, so that they can grow.
Salt and nonce are the caller's to bring, random, and never twice the same nonce under one key. Where the passphrase comes from is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id

from accord.errors import LimitReached, Malformed, Refusal
from accord.seal.keys import KEY_CHARACTERS_MAX, PrivateKey, base64_text, parse_base64

SALT_BYTES: Final = nacl.pwhash.argon2id.SALTBYTES
NONCE_BYTES: Final = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
PASSPHRASE_CHARACTERS_MIN: Final = 12  # Characters. Four words have twenty; less than this is guessed from a stolen disk.
PASSPHRASE_CHARACTERS_MAX: Final = 1_024  # Characters. More is a file that was meant for something else.
PASSES: Final = 3
KIBIBYTES: Final = 65_536  # With three passes the second recommendation of RFC 9106, 4: for machines that cannot spare 2 GiB.
PASSES_MAX: Final = 16  # Passes that a file may ask for, so that a strange file cannot hold up the start for ever.
KIBIBYTES_MAX: Final = 1_048_576  # KiB, the same: 1 GiB, four times what libsodium calls moderate.

_KIND: Final = "-protected"
_SEPARATORS: Final = 5  # Colons of a protected key.


@dataclass(frozen=True, slots=True)
class Stretching:
    """How a passphrase becomes a key. Keys of one folder share one, so that it is done once for all of them."""

    salt: bytes
    passes: int = PASSES
    kibibytes: int = KIBIBYTES

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES or self.passes < 1 or self.kibibytes < 8:
            raise Malformed(f"a protected key has a salt of {SALT_BYTES} bytes, at least one pass and at least 8 KiB")
        if self.passes > PASSES_MAX:
            raise LimitReached("PASSES_MAX", f"a protected key asks for {self.passes} passes of Argon2id, at most {PASSES_MAX}")
        if self.kibibytes > KIBIBYTES_MAX:
            raise LimitReached("KIBIBYTES_MAX", f"a protected key asks for {self.kibibytes} KiB of memory, at most {KIBIBYTES_MAX}")

    def stretch(self, passphrase: str) -> Strongbox:
        """Make the key; this takes a good part of a second, and is meant to."""
        check_passphrase(passphrase)
        key = nacl.pwhash.argon2id.kdf(
            nacl.bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
            passphrase.encode("utf-8"),
            self.salt,
            opslimit=self.passes,
            memlimit=self.kibibytes * 1_024,
        )
        return Strongbox(self, key)


@dataclass(frozen=True, slots=True, repr=False)
class Strongbox:
    """A passphrase that was stretched: it protects keys and opens them."""

    stretching: Stretching
    key: bytes = field(repr=False)

    def protect(self, private: PrivateKey, *, nonce: bytes) -> ProtectedKey:
        head = _head(private.algorithm, self.stretching)
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(private.seed, head.encode(), nonce, self.key)
        return ProtectedKey(private.algorithm, self.stretching, nonce + sealed)

    def open(self, protected: ProtectedKey) -> PrivateKey:
        """The private key; `Refusal` when the passphrase is another one or a byte of the file was changed."""
        head = _head(protected.algorithm, self.stretching)
        nonce, sealed = protected.sealed[:NONCE_BYTES], protected.sealed[NONCE_BYTES:]
        try:
            seed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, head.encode(), nonce, self.key)
        except (nacl.exceptions.CryptoError, ValueError):
            raise Refusal("the passphrase does not open the key", remedy="give the one that it was protected with") from None
        return PrivateKey.from_seed(seed, algorithm=protected.algorithm)


@dataclass(frozen=True, slots=True)
class ProtectedKey:
    """A private key under a passphrase."""

    algorithm: str
    stretching: Stretching
    sealed: bytes

    @classmethod
    def parse(cls, text: str) -> ProtectedKey:
        """Read what `str` writes, and only that."""
        if len(text) > KEY_CHARACTERS_MAX or text.count(":") != _SEPARATORS:
            raise Malformed("a protected key has six parts with colons between them; this has not")
        kind, function, passes, kibibytes, salt, sealed = text.split(":")
        if not kind.endswith(_KIND) or function != "argon2id" or not (_is_number(passes) and _is_number(kibibytes)):
            raise Malformed("a protected key begins with its algorithm, -protected, argon2id, passes and KiB; this does not")
        stretching = Stretching(parse_base64(salt, what="the salt of a key"), int(passes), int(kibibytes))
        return cls(kind.removesuffix(_KIND), stretching, parse_base64(sealed, what="a protected key"))

    def __str__(self) -> str:
        return _head(self.algorithm, self.stretching) + base64_text(self.sealed)


def is_protected(text: str) -> bool:
    """Whether this is a key under a passphrase, by its first word."""
    return text.partition(":")[0].endswith(_KIND)


def check_passphrase(passphrase: str) -> None:
    """Refuse what protects nothing, and what cannot be a passphrase."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise Refusal(
            f"a passphrase has at least {PASSPHRASE_CHARACTERS_MIN} characters (PASSPHRASE_CHARACTERS_MIN)",
            remedy="take four words or more",
        )
    if len(passphrase) > PASSPHRASE_CHARACTERS_MAX:
        raise LimitReached("PASSPHRASE_CHARACTERS_MAX", f"a passphrase has at most {PASSPHRASE_CHARACTERS_MAX} characters")


def _head(algorithm: str, stretching: Stretching) -> str:
    return f"{algorithm}{_KIND}:argon2id:{stretching.passes}:{stretching.kibibytes}:{base64_text(stretching.salt)}:"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= len(str(KIBIBYTES_MAX))
