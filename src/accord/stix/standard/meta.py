"""The meta objects: language content, marking definitions and extension definitions (STIX 2.1, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accord.seal.canonical import JSON, Fields
from accord.stix.standard.domain import shape
from accord.stix.standard.fault import FINE, Faults, Shape, fault
from accord.stix.standard.kinds import (
    dictionary_of,
    identifier_of,
    identifier_of_other_than,
    language,
    list_of,
    one_of,
    text,
    texts,
    timestamp,
)
from accord.stix.standard.properties import COMMON, MARKINGS, extension_type, extensions_of, external_references, selectors_name_content

_PROPERTY_NAME: Final = r"[a-z0-9_]{3,250}"


def _languages(value: JSON) -> Faults:
    """STIX 2.1, 7.1: a dictionary by language code, each of a dictionary by the name of a property."""
    faults = _translations(value)
    if faults or type(value) is not dict:
        return faults
    return fault("RFC 5646", "each key must be a language code") if any(map(language, value)) else FINE


def _content(value: JSON) -> Faults:
    return FINE if value is not None else fault("2", "null is no value")


_translations: Final = dictionary_of(dictionary_of(_content, key=_PROPERTY_NAME))


def _extension_properties(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 7.3: only where properties are added at the top."""
    types = fields.get("extension_types")
    if "extension_properties" not in fields or (isinstance(types, list) and "toplevel-property-extension" in types):
        return FINE
    return fault("7.3", "may only stand with the extension type toplevel-property-extension", path="extension_properties")


# STIX 2.1, 7.2.1.4: the four definitions of TLP 1, which nobody may vary.
_TLP_AT: Final = "2017-01-20T00:00:00.000Z"
_TLP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "white",
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "amber",
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
    }
)


def _tlp_definition(identifier: str) -> Fields:
    level = _TLP[identifier]
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": identifier,
        "created": _TLP_AT,
        "definition_type": "tlp",
        "name": f"TLP:{level.upper()}",
        "definition": {"tlp": level},
    }


def _definition(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 7.2.1: a statement, one of the four of TLP 1, or a marking that an extension or a type of its own defines."""
    kind, definition = fields.get("definition_type"), fields.get("definition")
    if kind == "tlp":
        identifier = fields.get("id")
        is_known = isinstance(identifier, str) and identifier in _TLP and _tlp_definition(identifier) == dict(fields)
        return (
            FINE if is_known else fault("7.2.1.4", "must be one of the four TLP definitions of the standard, unchanged", path="definition")
        )
    if kind == "statement":
        is_statement = isinstance(definition, dict) and isinstance(definition.get("statement"), str)
        return FINE if is_statement else fault("7.2.1.3", "must be an object with a statement", path="definition")
    if "extensions" not in fields and ("definition_type" not in fields or "definition" not in fields):
        return fault("7.2.1", "must have definition_type and definition, or an extension")
    if "definition" in fields and not isinstance(definition, dict):
        return fault("7.2.1", "must be an object", path="definition")
    return FINE


def _marks_itself(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 7.2.1: no circles."""
    own = fields.get("id")
    references, granular = fields.get("object_marking_refs"), fields.get("granular_markings")
    marks = list(references) if isinstance(references, list) else []
    marks += [marking.get("marking_ref") for marking in granular if isinstance(marking, dict)] if isinstance(granular, list) else []
    return fault("7.2.1", "a marking definition must not mark itself") if own is not None and own in marks else FINE


META: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "language-content": shape(
            "language-content",
            "7.1",
            {"object_ref": identifier_of_other_than("bundle", "language-content"), "object_modified": timestamp, "contents": _languages},
            required=("object_ref", "contents"),
        ),
        "marking-definition": Shape(
            "7.2.1",
            MappingProxyType(
                {
                    "type": text,
                    "spec_version": one_of("2.1"),
                    "id": identifier_of("marking-definition"),
                    "created_by_ref": COMMON["created_by_ref"],
                    "created": timestamp,
                    "lang": language,
                    "external_references": external_references,
                    **MARKINGS,
                    "extensions": extensions_of({}, allows_named=False),
                    "name": text,
                    "definition_type": text,
                }
            ),
            required=("id", "spec_version", "created"),
            rules=(selectors_name_content, _definition, _marks_itself),
        ),
        "extension-definition": shape(
            "extension-definition",
            "7.3",
            {
                "name": text,
                "description": text,
                "schema": text,
                "version": text,
                "extension_types": list_of(extension_type),
                "extension_properties": texts,
            },
            required=("created_by_ref", "name", "schema", "version", "extension_types"),
            rules=(_extension_properties,),
        ),
    }
)
