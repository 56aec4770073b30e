"""The object types that Accord adds to STIX, each declared by an extension definition, so that any STIX tool can carry them.

STIX 2.1, 7.3: a producer that adds a type of objects describes it in an `extension-definition` with the extension type ``new-sdo``, and each
object of the type names that definition in its `extensions`. The shapes of the types stand where they are made; this module only names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from accord.seal.canonical import Fields

PREFIX: Final = "accord-"
NAMESPACE: Final = UUID("5b0f6c0e-3f0c-5d0e-9a57-2f1f6f0a7c11")  # Fixed for ever: every identifier below is a UUIDv5 in it.
DECLARED_AT: Final = "2026-11-23T00:00:00.000Z"  # Fixed, so that every node writes the same definitions, byte for byte.
AUTHOR_ID: Final = f"identity--{uuid5(NAMESPACE, 'author')}"

_SAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accord-release": "A releaser's signed statement about the records that follow it in a channel: to whom, on what basis, on what terms.",
        "accord-recall": "A releaser takes back records, named by their commitments in a channel: the recipient erases them.",
        "accord-receipt": "A recipient confirms what it holds of a channel.",
        "accord-erased": "A recipient confirms that it erased what was recalled or has expired.",
        "accord-accepted": "A recipient accepted a record and may act on it.",
        "accord-declined": "A recipient did not keep a record, with the ground.",
        "accord-handled": "A recipient says that it dealt with a record.",
        "accord-consent": "An originator lets a holder pass records on, for named users and one purpose.",
        "accord-notice": "A notice on the charter, on keys or on a breach.",
    }
)

EXTENSION_OF: Final[Mapping[str, str]] = MappingProxyType({name: f"extension-definition--{uuid5(NAMESPACE, name)}" for name in _SAYS})


def is_accord_type(name: str) -> bool:
    """Say whether a type is reserved to Accord, declared already or by a later version."""
    return name.startswith(PREFIX)


def definition(name: str) -> Fields:
    """The extension definition of a declared type; a KeyError for any other name."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION_OF[name],
        "created_by_ref": AUTHOR_ID,
        "created": DECLARED_AT,
        "modified": DECLARED_AT,
        "name": name,
        "description": _SAYS[name],
        "schema": f"Accord protocol, version 1: {name}",
        "version": "1.0.0",
        "extension_types": ["new-sdo"],
    }


def author() -> Fields:
    """The identity that the extension definitions name as their creator."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": AUTHOR_ID,
        "created": DECLARED_AT,
        "modified": DECLARED_AT,
        "name": "Accord",
        "identity_class": "system",
    }
