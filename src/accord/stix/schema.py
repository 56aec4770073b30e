"""Whether an object is what STIX 2.1 asks for, at MUST level, and where it is not: each fault with its path and clause.

What the standard says that an object SHOULD be is not asked; open vocabularies, naming and deterministic identifiers are no faults.
What the types look like stands in the tables of `standard`. A type that they do not hold is a custom one: it has to have
the common properties (STIX 2.1, 11.2 and 7.3). Whether a faulty object is refused or kept is judged by those who ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accord.errors import AccordError
from accord.seal.canonical import JSON, read
from accord.stix.identifier import is_type_name
from accord.stix.standard.domain import DOMAIN
from accord.stix.standard.fault import Fault as Fault
from accord.stix.standard.fault import Shape, fault, numbered
from accord.stix.standard.kinds import anything, identifier, identifier_of, list_of, text
from accord.stix.standard.meta import META
from accord.stix.standard.observables import CUSTOM_OBSERVABLE, OBSERVABLES
from accord.stix.standard.properties import COMMON, COMMON_REQUIRED, COMMON_RULES
from accord.stix.standard.relationships import RELATIONSHIPS

FAULTS_MAX: Final = 100  # Faults told of one object. A long list of bad elements is one mistake; nobody reads more.
_RESERVED_TYPES: Final = frozenset({"action"})  # STIX 2.1, 3.8.

_SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({**DOMAIN, **RELATIONSHIPS, **META, **OBSERVABLES})
_CUSTOM: Final = Shape("11.2", MappingProxyType({**COMMON, "id": identifier}), COMMON_REQUIRED, COMMON_RULES)
_BUNDLE: Final = Shape("8", MappingProxyType({"type": text, "id": identifier_of("bundle"), "objects": list_of(anything)}), ("id",))
_OLDER: Final = Shape("3.2", MappingProxyType({"type": text, "id": identifier}), ("type", "id"), checks_names=False)
_NEW_TYPES: Final = frozenset({"new-sdo", "new-sro"})


def faults(raw: bytes) -> list[Fault]:
    """The faults of JSON text; empty where it conforms. A limit that it passes and JSON that is none are faults as well, and the only ones."""
    try:
        value = read(raw)
    except AccordError as error:
        return [Fault("", "RFC 8259", error.says)]
    return faults_of(value) if isinstance(value, dict) else list(fault("3", "must be an object"))


def faults_of(fields: Mapping[str, JSON]) -> list[Fault]:
    """The faults of an object, or of a bundle with all that it holds; at most FAULTS_MAX of them."""
    found = _faults_of_bundle(fields) if fields.get("type") == "bundle" else _faults_of_object(fields)
    return found[:FAULTS_MAX] if len(found) > FAULTS_MAX else found


def _faults_of_object(fields: Mapping[str, JSON]) -> list[Fault]:
    name = fields.get("type")
    if not isinstance(name, str):
        return list(fault("3.2", "must be a text", path="type"))
    shape = _SHAPES.get(name)
    if shape is not None:
        return shape.faults(fields)
    if not is_type_name(name):
        return list(fault("3.1", "must be 3 to 250 of a-z, 0-9 and single hyphens", path="type"))
    if name in _RESERVED_TYPES:
        return list(fault("3.8", "this name is reserved", path="type"))
    own = [] if _is_of_its_type(fields, name) else list(fault("2.9", "must begin with the type of the object", path="id"))
    return own + (_CUSTOM if _is_versioned(fields) else CUSTOM_OBSERVABLE).faults(fields)


def _is_of_its_type(fields: Mapping[str, JSON], name: str) -> bool:
    own = fields.get("id")
    return not isinstance(own, str) or own.startswith(f"{name}--")


def _is_versioned(fields: Mapping[str, JSON]) -> bool:
    """Say whether a custom object has to have the properties of domain and relationship objects rather than those of observables.

    It has, when it has a version or when the extension that declares its type says so (STIX 2.1, 7.3).
    """
    if "created" in fields or "modified" in fields:
        return True
    extensions = fields.get("extensions")
    declared = extensions.values() if isinstance(extensions, dict) else ()
    return any(isinstance(extension, dict) and extension.get("extension_type") in _NEW_TYPES for extension in declared)


def _faults_of_bundle(fields: Mapping[str, JSON]) -> list[Fault]:
    """STIX 2.1, 8."""
    found = _BUNDLE.faults(fields)
    objects = fields.get("objects")
    for position, item in enumerate(objects if isinstance(objects, list) else []):
        faults = _faults_of_bundled(item)
        found.extend(faulty.under("objects") for faulty in numbered(faults, position))
        if len(found) >= FAULTS_MAX:
            break
    return found


def _faults_of_bundled(item: JSON) -> list[Fault]:
    if not isinstance(item, dict):
        return list(fault("8", "must be an object"))
    if item.get("type") == "bundle":
        return list(fault("8", "a bundle does not hold bundles", path="type"))
    if item.get("spec_version", "2.0" if "created" in item else "2.1") == "2.0":
        # STIX 2.1, 3.2: without spec_version an object is one of STIX 2.0; a bundle may hold such objects, which these tables do not know.
        return list(_OLDER.faults(item))
    return _faults_of_object(item)
