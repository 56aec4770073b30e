"""Signed notes: a text and the lines of those who signed it, as C2SP signed-note defines them (https://c2sp.org/signed-note).

Knows the signature types 0x01 (Ed25519) and 0x04 (cosignature/v1, https://c2sp.org/tlog-cosignature). What a text means is for the ledger.

A specimen, the example of the specification::

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from accord.errors import KeyUnknown, LimitReached, Malformed, SignatureInvalid
from accord.seal.keys import PublicKey, Signer, base64_text, parse_base64

NOTE_BYTES_MAX: Final = 1_000_000  # Bytes of a whole note; the same bound as in Go's x/mod, so that the two read the same notes.
NOTE_SIGNATURES_MAX: Final = 100  # Lines of signatures. The specification asks for at least 16; Go's x/mod takes 100.
TIMESTAMP_MAX: Final = 2**63 - 1  # Seconds since the epoch (tlog-cosignature, Format: it MUST NOT exceed 2^63 - 1).

_KEY_HASH_BYTES: Final = 4
_TIMESTAMP_BYTES: Final = 8
_DASH: Final = "— "
_FORBIDDEN: Final = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # signed-note, Format: UTF-8, no control character but newline.
_STRAY_BITS: Final = re.compile(r"[A-Za-z0-9+/]+={1,2}")
_KEY_HASH_TEXT: Final = re.compile(r"[0-9a-f]{8}")


class NoteAlgorithm(IntEnum):
    """Signature types of signed-note that are made and verified here."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


@dataclass(frozen=True, slots=True)
class Verifier:
    """A signer that is known: name, signature type and key, written ``name+33d7b496+base64 of type byte and key``."""

    name: str
    algorithm: NoteAlgorithm
    public: PublicKey

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.public.algorithm != "ed25519":
            raise Malformed(f"a note is verified with ed25519, not with {self.public.algorithm}")

    @classmethod
    def parse(cls, text: str) -> Verifier:
        parts = text.split("+", 2)
        if len(parts) != 3 or not _KEY_HASH_TEXT.fullmatch(parts[1]):
            raise Malformed("a verifier key is name, plus, eight hexadecimal digits, plus, base64")
        content = parse_base64(parts[2], what="a verifier key")
        if content[:1] not in {bytes([known]) for known in NoteAlgorithm}:
            kind = f"0x{content[0]:02x}" if content else "missing"
            raise Malformed(f"the signature type of a verifier key is {kind}; known are 0x01 (Ed25519) and 0x04 (cosignature/v1)")
        verifier = cls(parts[0], NoteAlgorithm(content[0]), PublicKey("ed25519", content[1:]))
        if verifier.key_hash.hex() != parts[1]:
            raise Malformed("the eight digits of a verifier key are not those of its name and key")
        return verifier

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{base64_text(bytes([self.algorithm]) + self.public.raw)}"

    @property
    def key_hash(self) -> bytes:
        # signed-note, Signatures: SHA-256(key name || 0x0A || signature type || public key)[:4]
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public.raw).digest()[:_KEY_HASH_BYTES]


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, without its newline: ``— name base64 of key hash and signature``."""

    name: str
    key_hash: bytes
    value: bytes

    @classmethod
    def parse(cls, line: str) -> NoteSignature:
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise Malformed("a signature line of a note is dash, space, name, space, base64")
        check_name(name)
        content = _signature_content(encoded)
        if len(content) <= _KEY_HASH_BYTES:
            raise Malformed("a signature line of a note holds no signature")
        return cls(name, content[:_KEY_HASH_BYTES], content[_KEY_HASH_BYTES:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64_text(self.key_hash + self.value)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and at least one signature. The text means nothing before `verify`."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, text: str) -> Note:
        if len(text) > NOTE_BYTES_MAX or len(text.encode(errors="replace")) > NOTE_BYTES_MAX:
            raise LimitReached("NOTE_BYTES_MAX", f"a note of more than {NOTE_BYTES_MAX:,} bytes")
        _check_characters(text)
        # signed-note, Format: the text is separated from the signatures by the last empty line in the note.
        split = text.rfind("\n\n")
        if split < 0 or not text.endswith("\n") or split + 2 == len(text):
            raise Malformed("a note is a text, an empty line and at least one signature line, each line ended")
        lines = text[split + 2 : -1].split("\n")
        if len(lines) > NOTE_SIGNATURES_MAX:
            raise LimitReached("NOTE_SIGNATURES_MAX", f"a note with {len(lines)} signatures; at most {NOTE_SIGNATURES_MAX} are read")
        return cls(text[: split + 1], tuple(NoteSignature.parse(line) for line in lines))

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds; `at` is the time a cosignature states, in seconds since the epoch, None for a plain signature."""

    verifier: Verifier
    at: int | None


def check_name(name: str) -> None:
    """Refuse a key name that the format cannot carry (signed-note, Format): empty, with a space of any script or with a plus."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise Malformed("the name of a key in a note is not empty and has neither space nor plus")
    _check_characters(name)


def sign(text: str, *, name: str, key: Signer) -> NoteSignature:
    """Sign the text of a note with signature type 0x01."""
    _check_text(text)
    verifier = Verifier(name, NoteAlgorithm.ED25519, key.public)
    return NoteSignature(name, verifier.key_hash, key.sign(text.encode()))


def cosign(text: str, *, name: str, key: Signer, at: int) -> NoteSignature:
    """Cosign the text of a checkpoint with signature type 0x04; `at` is in seconds since the epoch.

    Left to the caller: that the text is a checkpoint, that it is consistent with all that was cosigned before, and that the key cosigns
    under this one name alone, since the signed message does not hold the name.
    """
    _check_text(text)
    if not 0 <= at <= TIMESTAMP_MAX:
        raise ValueError("the time of a cosignature is 0 to 2^63 - 1")
    verifier = Verifier(name, NoteAlgorithm.COSIGNATURE_V1, key.public)
    return NoteSignature(name, verifier.key_hash, at.to_bytes(_TIMESTAMP_BYTES, "big") + key.sign(_cosigned(text, at)))


def verify(note: Note, verifiers: Sequence[Verifier]) -> tuple[Verified, ...]:
    """Give the known signers of a note, each once and in the order of the lines.

    Lines of unknown signers are passed over, even if name or key hash alone is known. A line of a known signer that does not hold refuses the
    whole note (`SignatureInvalid`), also where an earlier line of the same signer holds. `KeyUnknown` if no line is by a known signer.
    """
    known = {(verifier.name, verifier.key_hash): verifier for verifier in verifiers}
    if len(known) != len(set(verifiers)):
        raise ValueError("two verifiers share a name and key hash, so a signature could not be told to be of one of them")
    verified: dict[Verifier, Verified] = {}
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_hash))
        if verifier is not None:
            verified.setdefault(verifier, _verify_line(note.text, signature, verifier))
    if not verified:
        raise KeyUnknown("the note is signed, but by no key that counts here")
    return tuple(verified.values())


def _verify_line(text: str, signature: NoteSignature, verifier: Verifier) -> Verified:
    match verifier.algorithm:
        case NoteAlgorithm.ED25519:
            verifier.public.verify(signature=signature.value, message=text.encode())
            return Verified(verifier, None)
        case NoteAlgorithm.COSIGNATURE_V1:
            at = int.from_bytes(signature.value[:_TIMESTAMP_BYTES], "big")
            if at > TIMESTAMP_MAX:
                raise SignatureInvalid("the time of a cosignature is beyond 2^63 - 1 (TIMESTAMP_MAX)")
            verifier.public.verify(signature=signature.value[_TIMESTAMP_BYTES:], message=_cosigned(text, at))
            return Verified(verifier, at)


def _signature_content(encoded: str) -> bytes:
    try:
        return parse_base64(encoded, what="a signature line of a note")
    except Malformed:
        if _STRAY_BITS.fullmatch(encoded) and len(encoded) % 4 == 0:
            # Other readers drop such bits and then find that the signature does not hold; no signer writes them.
            raise SignatureInvalid("a signature line of a note has bits behind its last byte") from None
        raise


def _cosigned(text: str, at: int) -> bytes:
    # tlog-cosignature, Ed25519 signed message: two lines, then the whole body of the checkpoint.
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _check_text(text: str) -> None:
    _check_characters(text)
    if not text.endswith("\n"):
        raise Malformed("the text of a note ends in a newline")


def _check_characters(text: str) -> None:
    if _FORBIDDEN.search(text):
        raise Malformed("a note holds a control character other than newline, or a lone surrogate")
