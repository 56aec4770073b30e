"""Keys of members and what each may do: one key per role, the algorithm named in every key.

Where keys are kept, and which are valid for a member, is not known here: a private key is made from a seed that the caller brings, and the
charter and the members' key files say whose key it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

import nacl.bindings
import nacl.exceptions

from accord.errors import Malformed, SignatureInvalid
from accord.seal.canonical import Fields
from accord.seal.instant import instant_text, parse_instant

KEY_CHARACTERS_MAX: Final = 8192  # Characters of one key as text. The largest planned, ML-DSA-87, takes 3,456; more is not a key.


class Role(StrEnum):
    """What a key is for. A key of one role is never taken in another."""

    ROOT = "root"
    LOG = "log"
    RECEIPT = "receipt"
    WITNESS = "witness"
    STATEMENT = "statement"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One signature algorithm: the lengths of its parts in bytes and its three operations."""

    name: str
    public_bytes: int
    seed_bytes: int
    public_of: Callable[[bytes], bytes]
    sign: Callable[[bytes, bytes], bytes]
    verify: Callable[[bytes, bytes, bytes], bool]


def _ed25519_public(seed: bytes) -> bytes:
    public, _ = nacl.bindings.crypto_sign_seed_keypair(seed)
    return public


def _ed25519_sign(seed: bytes, message: bytes) -> bytes:
    _, secret = nacl.bindings.crypto_sign_seed_keypair(seed)
    return nacl.bindings.crypto_sign(message, secret)[: nacl.bindings.crypto_sign_BYTES]


def _ed25519_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    # RFC 8032, 5.1.7, with libsodium (PyNaCl). It refuses all that OpenSSL refuses (S not below the group order) and in addition public keys and
    # R of low order and keys not in canonical form, under which one signature would hold for many messages; it is also faster.
    if len(signature) != nacl.bindings.crypto_sign_BYTES:
        return False
    try:
        nacl.bindings.crypto_sign_open(signature + message, public)
    except nacl.exceptions.BadSignatureError:
        return False
    return True


ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        "ed25519": Algorithm(
            name="ed25519", public_bytes=32, seed_bytes=32, public_of=_ed25519_public, sign=_ed25519_sign, verify=_ed25519_verify
        ),
    }
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, written ``ed25519:`` and the standard base64 of its bytes.

    Specimen: ``ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=``
    """

    algorithm: str
    raw: bytes

    def __post_init__(self) -> None:
        expected = _algorithm(self.algorithm).public_bytes
        if len(self.raw) != expected:
            raise Malformed(f"a public key of {self.algorithm} has {expected} bytes, this has {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        if len(text) > KEY_CHARACTERS_MAX:
            raise Malformed(f"a public key has at most {KEY_CHARACTERS_MAX} characters (KEY_CHARACTERS_MAX)")
        algorithm, colon, encoded = text.partition(":")
        if not colon:
            raise Malformed("a public key is written as algorithm, colon, base64; this has no colon")
        return cls(algorithm, parse_base64(encoded, what="a public key"))

    def __str__(self) -> str:
        return f"{self.algorithm}:{base64_text(self.raw)}"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that tell keys apart; they find a key and prove nothing."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:16]

    def verify(self, *, signature: bytes, message: bytes) -> None:
        """Raise `SignatureInvalid` unless this key made the signature over exactly this message."""
        if not _algorithm(self.algorithm).verify(self.raw, signature, message):
            raise SignatureInvalid(f"the signature does not hold under key {self.id}")


class Signer(Protocol):
    """What signing needs of a private key, whether its seed is here (`PrivateKey`) or in a token that never gives it out (`node.token`)."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """A private key, held as its seed. Only `secret_text` shows it."""

    algorithm: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        expected = _algorithm(self.algorithm).seed_bytes
        if len(self.seed) != expected:
            raise Malformed(f"a seed of {self.algorithm} has {expected} bytes, this has {len(self.seed)}")

    @classmethod
    def from_seed(cls, seed: bytes, *, algorithm: str = "ed25519") -> PrivateKey:
        """Make the key of a seed, which must be random and is the caller's duty to bring."""
        return cls(algorithm, seed)

    @classmethod
    def parse(cls, text: str) -> PrivateKey:
        """Read what `secret_text` writes. No message repeats any part of it."""
        prefix, colon, encoded = text.partition("-seed:")
        if not colon or len(text) > KEY_CHARACTERS_MAX:
            raise Malformed("a private key is written as algorithm, -seed:, base64; this is not")
        return cls(prefix, parse_base64(encoded, what="a private key"))

    def secret_text(self) -> str:
        """Write the secret: ``ed25519-seed:`` and base64. For the key's own file and nothing else."""
        return f"{self.algorithm}-seed:{base64_text(self.seed)}"

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm}, secret, of public key {self.public.id})"

    __str__ = __repr__

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.algorithm, _algorithm(self.algorithm).public_of(self.seed))

    def sign(self, message: bytes) -> bytes:
        return _algorithm(self.algorithm).sign(self.seed, message)


@dataclass(frozen=True, slots=True)
class RoleKey:
    """A public key in one role and its time; `valid_until` is the first instant at which it is no longer valid, None if open."""

    role: Role
    public: PublicKey
    valid_from: datetime
    valid_until: datetime | None

    def is_valid_at(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)

    def fields(self) -> Fields:
        return {
            "role": self.role.value,
            "key": str(self.public),
            "valid_from": instant_text(self.valid_from),
            "valid_until": None if self.valid_until is None else instant_text(self.valid_until),
        }

    @classmethod
    def parse(cls, fields: Fields) -> RoleKey:
        match fields:
            case {"role": str(role), "key": str(key), "valid_from": str(start), "valid_until": str() | None as end, **rest} if not rest:
                if role not in set(Role):
                    raise Malformed("a key has a role that does not exist")
                return cls(
                    Role(role),
                    PublicKey.parse(key),
                    parse_instant(start, what="a time of a key"),
                    None if end is None else parse_instant(end, what="a time of a key"),
                )
            case _:
                raise Malformed("a role key has exactly role, key, valid_from and valid_until (a time or null)")


def base64_text(content: bytes) -> str:
    """Write standard base64 with padding (RFC 4648, 4)."""
    return base64.b64encode(content).decode("ascii")


def parse_base64(text: str, *, what: str) -> bytes:
    """Read what `base64_text` writes and only that: no line ends, no missing padding, no bits behind the last byte. `what` names it if refused."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = None
    if content is None or base64_text(content) != text:
        raise Malformed(f"{what} is not in standard base64 (RFC 4648, 4)")
    return content


def _algorithm(name: str) -> Algorithm:
    if name not in ALGORITHMS:
        raise Malformed(f"a key names an algorithm that is not known here; known: {', '.join(ALGORITHMS)}")
    return ALGORITHMS[name]
