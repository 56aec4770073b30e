"""A member's key file: its operational keys by role and period, numbered, and signed by the root key that the charter pins.

A specimen, with one key and line ends that the canonical form has not::

    {"charter": "sco.example", "keys": [{"key": "ed25519:…", "role": "log", "valid_from": "2026-11-23T00:00:00Z", "valid_until": null}],
     "made_at": "2026-11-23T00:00:00Z", "member": "KZ", "number": 1,
     "signatures": [{"algorithm": "ed25519", "key": "<id of the root key>", "value": "…"}]}

Where the file is kept and when it is fetched is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accord.errors import IntegrityFailure, LimitReached, Malformed
from accord.seal.canonical import INTEGER_MAX, JSON, Fields, canonical, read_canonical
from accord.seal.instant import instant_text, parse_instant
from accord.seal.keys import PrivateKey, PublicKey, Role, RoleKey
from accord.seal.signature import sign_fields, verify_fields

KEYS_MAX: Final = 64  # Keys of one file. A role rotated monthly for a year, with its old keys kept for old signatures, has twelve.
CONTEXT: Final = "key file"

_NAMES: Final = frozenset({"charter", "keys", "made_at", "member", "number", "signatures"})


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The operational keys of one member. The file with the highest number is the one that counts, and what it leaves out is revoked."""

    charter_id: str
    member: str
    number: int
    keys: tuple[RoleKey, ...]
    made_at: datetime

    def keys_for(self, role: Role, at: datetime) -> tuple[PublicKey, ...]:
        """The keys of one role that are valid at an instant; empty when there is none."""
        return tuple(entry.public for entry in self.keys if entry.role is role and entry.is_valid_at(at))

    def fields(self) -> Fields:
        """The file without its signature."""
        return {
            "charter": self.charter_id,
            "member": self.member,
            "number": self.number,
            "keys": [entry.fields() for entry in self.keys],
            "made_at": instant_text(self.made_at),
        }

    def sign(self, root: PrivateKey) -> bytes:
        """Give the signed file in canonical form. What `read` would refuse is refused here."""
        _check(self)
        return canonical(sign_fields(self.fields(), context=CONTEXT, key=root))

    @classmethod
    def read(cls, raw: bytes, root: PublicKey) -> KeyFile:
        """Read what `sign` gives, and only that, under the root key that the charter pins for the member.

        Raises `SignatureInvalid` or `KeyUnknown` when that key did not sign it. Left to the caller: that member and charter are the expected ones.
        """
        value, written = read_canonical(raw)
        if not isinstance(value, dict) or value.keys() != _NAMES:
            raise Malformed(f"a key file has exactly {', '.join(sorted(_NAMES))}")
        if written != raw or not isinstance(signatures := value["signatures"], list) or len(signatures) != 1:
            raise Malformed("a key file is in canonical form and has one signature", remedy="get it again from the member's node")
        verify_fields(value, context=CONTEXT, keys=[root])
        key_file = cls(
            charter_id=_text(value, "charter"),
            member=_text(value, "member"),
            number=_number(value),
            keys=tuple(_role_key(entry) for entry in _entries(value)),
            made_at=parse_instant(_text(value, "made_at"), what="the time of a key file"),
        )
        _check(key_file)
        return key_file


def successor(*, held: bytes, offered: bytes, root: PublicKey) -> bytes:
    """Give the one of two files of a member that counts: the higher number replaces, and one number has one file.

    Raises `IntegrityFailure` when the two bear one number and differ, or are not of one member and charter, and whatever `KeyFile.read` raises.
    """
    ours, theirs = KeyFile.read(held, root), KeyFile.read(offered, root)
    if (ours.charter_id, ours.member) != (theirs.charter_id, theirs.member):
        raise IntegrityFailure("key file", f"it is for {theirs.member} in {theirs.charter_id}, expected {ours.member} in {ours.charter_id}")
    if ours.number == theirs.number and held != offered:
        raise IntegrityFailure("key file", f"{ours.member} signed two different key files with number {ours.number}")
    return offered if theirs.number > ours.number else held


def _check(key_file: KeyFile) -> None:
    entries = key_file.keys
    if len(entries) > KEYS_MAX:
        raise LimitReached("KEYS_MAX", f"a key file of {len(entries)} keys; at most {KEYS_MAX} are taken")
    if not 1 <= key_file.number <= INTEGER_MAX:
        raise Malformed("key files are numbered from 1 on")
    if any(entry.role is Role.ROOT for entry in entries):
        raise Malformed("a key file names no root key", remedy="the charter does")
    if len({entry.public for entry in entries}) != len(entries):
        raise Malformed("a key file names a key once: one key has one role")
    if any(entry.valid_until is not None and entry.valid_until <= entry.valid_from for entry in entries):
        raise Malformed("a key ends after it begins")


def _text(value: Fields, name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not text:
        raise Malformed(f"key file: {name} is a text that is not empty")
    return text


def _number(value: Fields) -> int:
    number = value["number"]
    if type(number) is not int:
        raise Malformed("key file: number is a whole number")
    return number


def _entries(value: Fields) -> list[JSON]:
    entries = value["keys"]
    if not isinstance(entries, list):
        raise Malformed("key file: keys is a list")
    return entries


def _role_key(entry: JSON) -> RoleKey:
    if not isinstance(entry, dict):
        raise Malformed("key file: a key is an object")
    return RoleKey.parse(entry)
