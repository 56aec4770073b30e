"""The properties that objects of every type may have: references, markings, extensions (STIX 2.1, 3.2, 7.2 and 7.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accord.seal.canonical import JSON
from accord.stix.standard.fault import FINE, Check, Fault, Faults, Shape, fault
from accord.stix.standard.kinds import (
    boolean,
    hashes_of_the_vocabulary,
    identifier,
    identifier_of,
    integer_between,
    language,
    list_of,
    one_of,
    text,
    text_like,
    text_that,
    texts,
    timestamp_in_milliseconds,
)
from accord.stix.standard.rules import exactly_one_of, not_before
from accord.stix.standard.values import is_uri

uri: Final = text_that(is_uri, "RFC 3986", "must be a URI with its scheme")

_CVE: Final = re.compile(r"CVE-[0-9]{4}-(?:0[0-9]{3}|[1-9][0-9]{3,})")
_CAPEC: Final = re.compile(r"CAPEC-[0-9]+")
_NUMBERED: Final = (("cve", _CVE), ("capec", _CAPEC))


def _source_and_number(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 2.5: CVE and CAPEC entries are named so, and what is named so is one; any other reference says more than its source."""
    source, number = fields.get("source_name"), fields.get("external_id")
    for name, form in _NUMBERED:
        is_number = isinstance(number, str) and form.fullmatch(number) is not None
        if is_number is not (source == name):
            return fault("2.5", f"source_name {name} and the form of its numbers go together", path="external_id")
    if "url" not in fields and "external_id" not in fields and "description" not in fields:
        return fault("2.5", "must have a description, a url or an external_id")
    return FINE


external_reference: Final = Shape(
    "2.5",
    MappingProxyType({"source_name": text, "description": text, "url": uri, "hashes": hashes_of_the_vocabulary, "external_id": text}),
    required=("source_name",),
    rules=(_source_and_number,),
    checks_names=False,
)
kill_chain_phase: Final = Shape(
    "2.11",
    MappingProxyType({"kill_chain_name": text, "phase_name": text}),
    required=("kill_chain_name", "phase_name"),
    checks_names=False,
)
kill_chain_phases: Final = list_of(kill_chain_phase.check)
external_references: Final = list_of(external_reference.check)
marking_reference: Final = identifier_of("marking-definition")

_SELECTOR: Final = r"id|[a-z0-9_-]{3,250}(?:\.(?:\[[0-9]{1,9}\]|[^.\[\]]{1,250}))*"
granular_marking: Final = Shape(
    "7.2.3.1",
    MappingProxyType(
        {
            "selectors": list_of(text_like(_SELECTOR, "7.2.3.1", "must be the path of a property, such as description or labels.[0]")),
            "marking_ref": marking_reference,
            "lang": language,
        }
    ),
    required=("selectors",),
    rules=(exactly_one_of("marking_ref", "lang", "7.2.3.1"),),
    checks_names=False,
)


def selectors_name_content(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 7.2.3.1: a selector names content that is there."""
    markings = fields.get("granular_markings")
    if not isinstance(markings, list):
        return FINE
    found: Faults = FINE
    for position, marking in enumerate(markings):
        selectors = marking.get("selectors") if isinstance(marking, dict) else None
        for selector in selectors if isinstance(selectors, list) else []:
            if isinstance(selector, str) and not _names_content(fields, selector):
                found += fault("7.2.3.1", "a selector names nothing in this object", path=f"granular_markings[{position}].selectors")
    return found


def _names_content(fields: Mapping[str, JSON], selector: str) -> bool:
    value: JSON | Mapping[str, JSON] = fields
    for step in selector.split("."):
        if step.startswith("["):
            index = int(step[1:-1]) if step[1:-1].isdecimal() and len(step) < 12 else -1
            if not isinstance(value, list) or not 0 <= index < len(value):
                return False
            value = value[index]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return False
    return True


EXTENSION_TYPES: Final = ("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension")
extension_type: Final = one_of(*EXTENSION_TYPES)
extension: Final = Shape("7.3", MappingProxyType({"extension_type": extension_type}), required=("extension_type",))
_UNKNOWN_EXTENSION: Final = Shape("6.1", MappingProxyType({}))
_PREDEFINED_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-ext")
_is_definition: Final = identifier_of("extension-definition")


def extensions_of(predefined: Mapping[str, Check], *, allows_named: bool = True) -> Check:
    """STIX 2.1, 3.2 and 7.3: a dictionary by the identifier of an extension definition or the name of a predefined extension."""

    def check(value: JSON) -> Faults:
        if type(value) is not dict:
            return fault("2.3", "must be a dictionary")
        if not value:
            return fault("2.3", "an empty dictionary is left out")
        found: list[Fault] = []
        for name, content in value.items():
            if not _is_definition(name):
                faults = extension.check(content)
            elif not allows_named or not _PREDEFINED_NAME.fullmatch(name):
                faults = fault("7.3", "must be named by the identifier of an extension definition")
            else:
                faults = predefined.get(name, _UNKNOWN_EXTENSION.check)(content)
                if content == {}:
                    faults += fault("2.3", "an empty dictionary is left out")
            found.extend(item.under(name) for item in faults)
        return tuple(found)

    return check


extensions: Final = extensions_of({})

# STIX 2.1, 3.2. The type is checked before the shape is chosen; the identifier is each type's own.
MARKINGS: Final[Mapping[str, Check]] = MappingProxyType(
    {"object_marking_refs": list_of(marking_reference), "granular_markings": list_of(granular_marking.check)}
)
COMMON: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "type": text,
        "spec_version": one_of("2.1"),
        "created_by_ref": identifier,  # The published verdicts let any type pass; that it is an identity is for the reader.
        "created": timestamp_in_milliseconds,
        "modified": timestamp_in_milliseconds,
        "revoked": boolean,
        "labels": texts,
        "confidence": integer_between(0, 100),
        "lang": language,
        "external_references": external_references,
        **MARKINGS,
        "extensions": extensions,
    }
)
COMMON_REQUIRED: Final = ("id", "spec_version", "created", "modified")
COMMON_RULES: Final = (not_before("modified", "created", "3.2"), selectors_name_content)
