"""STIX identifiers and the names they begin with: ``indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f``.

STIX 2.1, 2.9: "The identifier type ... MUST follow the form object-type--UUID, where object-type is the exact value ... from the type
property of the object being identified". New identifiers need chance, which is an argument here: the caller brings the UUID.
Whether a record's identifier is the right one for its content is asked nowhere; deterministic identifiers (STIX 2.1, 3.4) are a SHOULD.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from accord.errors import Malformed

TYPE_CHARACTERS_MAX: Final = 250  # Characters of a type name (STIX 2.1, 3.1).
UUID_CHARACTERS: Final = 36
IDENTIFIER_CHARACTERS_MAX: Final = (
    TYPE_CHARACTERS_MAX + 2 + UUID_CHARACTERS
)  # Characters. What the two parts can come to; nothing longer can be one.

# STIX 2.1, 3.1 and 11.2: lower-case ASCII letters, digits and single hyphens, beginning with a letter; 3 to 250 characters.
_TYPE_NAME: Final = re.compile(r"(?=.{3,250}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier in its two parts; `str` is its inverse."""

    type: str
    uuid: UUID

    @classmethod
    def parse(cls, text: str) -> Identifier:
        """Read an identifier; `Malformed` where it is not a type name, two hyphens and a UUID of RFC 4122 in lower case."""
        type_name, hyphens, uuid = text.partition("--")
        if not hyphens or not is_type_name(type_name) or not _UUID.fullmatch(uuid):
            raise Malformed("an identifier is a type name, two hyphens and a UUID in lower case; this is not")
        return cls(type_name, UUID(uuid))

    def __str__(self) -> str:
        return f"{self.type}--{self.uuid}"


def identifier(type_name: str, uuid: UUID) -> str:
    """Write the identifier of a new object; the UUID is the caller's, random or computed."""
    if not is_type_name(type_name):
        raise ValueError(f"not a type name: {type_name!r}")
    return str(Identifier(type_name, uuid))


def is_type_name(text: str) -> bool:
    """Say whether a text may name a type of objects."""
    return _TYPE_NAME.fullmatch(text) is not None
