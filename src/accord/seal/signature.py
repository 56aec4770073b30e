"""Signatures inside a JSON object: the list `signatures` over the canonical form of everything else.

Each kind of object is signed in a context of its own (`charter`, `key file`, `accord-release`), so that a signature made for one kind never
holds for another. Which keys a reader accepts is not decided here: the caller brings them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accord.errors import KeyUnknown, LimitReached, Malformed, SignatureInvalid
from accord.seal.canonical import JSON, Fields, canonical
from accord.seal.keys import PublicKey, Signer, base64_text, parse_base64

SIGNATURES_MAX: Final = 8  # Signatures on one object: two algorithms while one replaces the other, for up to four signers.

_DOMAIN: Final = b"accord/v1 "


@dataclass(frozen=True, slots=True)
class Signature:
    """One entry of the list: ``{"algorithm": "ed25519", "key": "<id of the key>", "value": "<base64>"}``."""

    algorithm: str
    key: str
    value: bytes

    def fields(self) -> Fields:
        return {"algorithm": self.algorithm, "key": self.key, "value": base64_text(self.value)}

    @classmethod
    def parse(cls, fields: JSON) -> Signature:
        """Read one entry. An algorithm not known here is no fault: the entry is for other readers."""
        match fields:
            case {"algorithm": str(algorithm), "key": str(key), "value": str(value), **rest} if not rest:
                return cls(algorithm, key, parse_base64(value, what="the value of a signature"))
            case _:
                raise Malformed("a signature has exactly algorithm, key and value, all of them text")


def sign_fields(fields: Fields, *, context: str, key: Signer) -> Fields:
    """Give a copy with this key's signature at the end of `signatures`; an earlier one by the same key is replaced."""
    value = key.sign(_message(fields, context))
    signature = Signature(key.public.algorithm, key.public.id, value)
    others = [entry for entry in _signatures(fields) if entry.key != signature.key]
    if len(others) >= SIGNATURES_MAX:
        raise LimitReached("SIGNATURES_MAX", f"an object carries at most {SIGNATURES_MAX} signatures")
    return {**fields, "signatures": [entry.fields() for entry in (*others, signature)]}


def verify_fields(fields: Fields, *, context: str, keys: Sequence[PublicKey]) -> PublicKey:
    """Give the first of the object's signers that is among `keys`.

    Signatures by other keys are not looked at. One that names a key of `keys` and does not hold refuses the object, even if another holds
    (`SignatureInvalid`), and so does an object without signatures. `KeyUnknown` if none of its signers is among `keys`.
    """
    known = {(key.algorithm, key.id): key for key in keys}
    signatures = _signatures(fields)
    if not signatures:
        raise SignatureInvalid("the object is not signed")
    signers = [(known[entry.algorithm, entry.key], entry) for entry in signatures if (entry.algorithm, entry.key) in known]
    if not signers:
        raise KeyUnknown("the object is signed, but by no key that counts here")
    message = _message(fields, context)
    for key, entry in signers:
        key.verify(signature=entry.value, message=message)
    return signers[0][0]


def _message(fields: Fields, context: str) -> bytes:
    if not context or not context.isascii() or not context.isprintable():
        raise ValueError("a context is one printable line of ASCII")
    unsigned = {name: value for name, value in fields.items() if name != "signatures"}
    return _DOMAIN + context.encode("ascii") + b"\n" + canonical(unsigned)


def _signatures(fields: Fields) -> tuple[Signature, ...]:
    entries = fields.get("signatures", [])
    if not isinstance(entries, list):
        raise Malformed("signatures is a list")
    if len(entries) > SIGNATURES_MAX:
        raise LimitReached("SIGNATURES_MAX", f"an object carries at most {SIGNATURES_MAX} signatures, this has {len(entries)}")
    return tuple(Signature.parse(entry) for entry in entries)
