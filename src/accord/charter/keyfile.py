"""Key files: a member's operational keys, one a role and time, numbered and signed by the root key that the charter pins.

A file with a higher number replaces the one before it at once, whatever the charter's version: replacing and revoking is the member's own affair.

    {"charter": "sco.example", "keys": [{"role": "log", …}], "made_at": "2026-11-23T09:00:00.000000Z", "member": "KZ", "number": 1, "signatures": […]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accord.errors import KeyUnknown, Malformed
from accord.seal.canonical import JSON, Fields, canonical, read
from accord.seal.keys import PrivateKey, PublicKey, Role, RoleKey
from accord.seal.signature import sign_fields, verify_fields

CONTEXT = "key file"
KEYS_MAX = 100  # Keys in one file: six roles with their past and next keys need a fraction of it.
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The keys of one member. `made_at` is aware and in UTC."""

    charter_id: str
    member: str
    number: int
    keys: tuple[RoleKey, ...]
    made_at: datetime

    def fields(self) -> Fields:
        return {
            "charter": self.charter_id,
            "member": self.member,
            "number": self.number,
            "made_at": self.made_at.astimezone(UTC).strftime(_TIME),
            "keys": [key.fields() for key in self.keys],
        }

    def sign(self, root: PrivateKey) -> bytes:
        """The file as it is kept and served: canonical bytes with the root's signature."""
        return canonical(sign_fields(self.fields(), context=CONTEXT, key=root))

    @classmethod
    def read(cls, raw: bytes, root: PublicKey) -> KeyFile:
        """Read a file and prove it; raises `SignatureInvalid` or `KeyUnknown` when it is not the root's, `Malformed` when it is no key file."""
        fields = read(raw)
        if not isinstance(fields, dict):
            raise Malformed("a key file is a JSON object")
        verify_fields(fields, context=CONTEXT, keys=[root])
        file = cls._parse({name: value for name, value in fields.items() if name != "signatures"})
        return file

    @classmethod
    def _parse(cls, fields: Fields) -> KeyFile:
        match fields:
            case {"charter": str(charter), "member": str(member), "number": int(number), "made_at": str(made_at), "keys": list(keys)}:
                pass
            case _:
                raise Malformed("a key file has charter, member, number, made_at and keys")
        if len(keys) > KEYS_MAX:
            raise Malformed(f"a key file has at most {KEYS_MAX} keys (KEYS_MAX)")
        file = cls(charter, member, number, tuple(_role_key(key) for key in keys), _time(made_at))
        if file.fields() != fields:
            raise Malformed("a key file holds exactly the properties of protocol version 1")
        return file

    def keys_for(self, role: Role, at: datetime) -> Sequence[PublicKey]:
        """The keys of a role that are valid at a moment; `KeyUnknown` when there is none."""
        found = tuple(key.public for key in self.keys if key.role is role and key.is_valid_at(at))
        if not found:
            raise KeyUnknown(f"{self.member} has no {role.value} key that is valid at {at:{_TIME}}")
        return found


def _role_key(value: JSON) -> RoleKey:
    if not isinstance(value, dict):
        raise Malformed("a key of a key file is an object")
    return RoleKey.parse(value)


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("made_at of a key file is not a time such as 2026-11-23T09:00:00.000000Z") from None
