"""The STIX Domain Objects (STIX 2.1, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accord.errors import AccordError
from accord.seal.canonical import JSON
from accord.stix.identifier import is_type_name
from accord.stix.pattern import is_plain, parse
from accord.stix.pattern_tree import Comparison, Comparisons, Expression, Key, Observation, Observations, Path, Qualified
from accord.stix.standard.fault import FINE, Check, Faults, Rule, Shape, fault
from accord.stix.standard.kinds import (
    boolean,
    identifier_of,
    identifier_of_other_than,
    identifiers,
    integer_between,
    list_of,
    number,
    number_between,
    one_of,
    text,
    texts,
    timestamp,
)
from accord.stix.standard.observables import contained
from accord.stix.standard.properties import COMMON, COMMON_REQUIRED, COMMON_RULES, kill_chain_phases
from accord.stix.standard.rules import after, any_of, exactly_one_of, not_before, with_property

NUMBER_OBSERVED_MAX: Final = 999_999_999  # STIX 2.1, 4.14.

DOMAIN_TYPES: Final = (
    "attack-pattern",
    "campaign",
    "course-of-action",
    "grouping",
    "identity",
    "incident",
    "indicator",
    "infrastructure",
    "intrusion-set",
    "location",
    "malware",
    "malware-analysis",
    "note",
    "observed-data",
    "opinion",
    "report",
    "threat-actor",
    "tool",
    "vulnerability",
)


def shape(
    type_name: str, clause: str, properties: Mapping[str, Check], *, required: tuple[str, ...], rules: tuple[Rule, ...] = ()
) -> Shape:
    """A type with the common properties of domain and relationship objects (STIX 2.1, 3.2)."""
    checks = {**COMMON, "id": identifier_of(type_name), **properties}
    return Shape(clause, MappingProxyType(checks), (*COMMON_REQUIRED, *required), (*COMMON_RULES, *rules))


def _pattern(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 4.7 and 9. A pattern of another language, or of another version of this one, is not read."""
    pattern, version = fields.get("pattern"), fields.get("pattern_version", "2.1")
    if fields.get("pattern_type") != "stix" or not isinstance(pattern, str) or version != "2.1":
        return FINE
    return FINE if is_plain(pattern) else pattern_read_whole(pattern)


def pattern_read_whole(pattern: str) -> Faults:
    """The faults of a pattern, and of the names in it."""
    try:
        tree = parse(pattern)
    except AccordError as error:
        return fault("9", error.says.removeprefix("pattern: "), path="pattern")
    return (
        FINE
        if all(map(_is_observable, _paths(tree.expression)))
        else fault("9.7", "names a type or property that there cannot be", path="pattern")
    )


def _paths(expression: Expression | Comparison | Comparisons) -> list[Path]:
    match expression:
        case Comparison(path):
            return [path]
        case Observation(comparison):
            return _paths(comparison)
        case Qualified(inner):
            return _paths(inner)
        case Comparisons(_, operands) | Observations(_, operands):
            return [path for operand in operands for path in _paths(operand)]


def _is_observable(path: Path) -> bool:
    first = path.steps[0]
    is_name = isinstance(first, Key) and (first.name == "id" or _is_property_name(first.name))
    return is_name and is_type_name(path.type)


def _is_property_name(name: str) -> bool:
    return 3 <= len(name) <= 250 and name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()


def _family_name(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 4.11."""
    return (
        fault("4.11", "a family of malware has a name", path="name") if fields.get("is_family") is True and "name" not in fields else FINE
    )


def _place(fields: Mapping[str, JSON]) -> Faults:
    """STIX 2.1, 4.10."""
    if "region" in fields or "country" in fields or ("latitude" in fields and "longitude" in fields):
        return FINE
    return fault("4.10", "must have a region, a country or both latitude and longitude")


_seen: Final[Mapping[str, Check]] = MappingProxyType({"first_seen": timestamp, "last_seen": timestamp})
_named: Final[Mapping[str, Check]] = MappingProxyType({"name": text, "description": text})
_software: Final = identifier_of("software")

DOMAIN: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "attack-pattern": shape(
            "attack-pattern", "4.1", {**_named, "aliases": texts, "kill_chain_phases": kill_chain_phases}, required=("name",)
        ),
        "campaign": shape(
            "campaign",
            "4.2",
            {**_named, **_seen, "aliases": texts, "objective": text},
            required=("name",),
            rules=(not_before("last_seen", "first_seen", "4.2"),),
        ),
        "course-of-action": shape("course-of-action", "4.3", _named, required=("name",)),
        "grouping": shape("grouping", "4.4", {**_named, "context": text, "object_refs": identifiers}, required=("context", "object_refs")),
        "identity": shape(
            "identity",
            "4.5",
            {**_named, "roles": texts, "identity_class": text, "sectors": texts, "contact_information": text},
            required=("name",),
        ),
        "incident": shape("incident", "4.6", _named, required=("name",)),
        "indicator": shape(
            "indicator",
            "4.7",
            {
                **_named,
                "indicator_types": texts,
                "pattern": text,
                "pattern_type": text,
                "pattern_version": text,
                "valid_from": timestamp,
                "valid_until": timestamp,
                "kill_chain_phases": kill_chain_phases,
            },
            required=("pattern", "pattern_type", "valid_from"),
            rules=(after("valid_until", "valid_from", "4.7"), _pattern),
        ),
        "infrastructure": shape(
            "infrastructure",
            "4.8",
            {**_named, **_seen, "infrastructure_types": texts, "aliases": texts, "kill_chain_phases": kill_chain_phases},
            required=("name",),
            rules=(not_before("last_seen", "first_seen", "4.8"),),
        ),
        "intrusion-set": shape(
            "intrusion-set",
            "4.9",
            {
                **_named,
                **_seen,
                "aliases": texts,
                "goals": texts,
                "resource_level": text,
                "primary_motivation": text,
                "secondary_motivations": texts,
            },
            required=("name",),
            rules=(not_before("last_seen", "first_seen", "4.9"),),
        ),
        "location": shape(
            "location",
            "4.10",
            {
                **_named,
                "latitude": number_between(-90, 90),
                "longitude": number_between(-180, 180),
                "precision": number,
                "region": text,
                "country": text,
                "administrative_area": text,
                "city": text,
                "street_address": text,
                "postal_code": text,
            },
            required=(),
            rules=(
                _place,
                with_property("latitude", "longitude", "4.10"),
                with_property("longitude", "latitude", "4.10"),
                with_property("precision", "latitude", "4.10"),
            ),
        ),
        "malware": shape(
            "malware",
            "4.11",
            {
                **_named,
                **_seen,
                "malware_types": texts,
                "is_family": boolean,
                "aliases": texts,
                "kill_chain_phases": kill_chain_phases,
                "operating_system_refs": list_of(_software),
                "architecture_execution_envs": texts,
                "implementation_languages": texts,
                "capabilities": texts,
                "sample_refs": list_of(identifier_of("artifact", "file")),
            },
            required=("is_family",),
            rules=(_family_name, not_before("last_seen", "first_seen", "4.11")),
        ),
        "malware-analysis": shape(
            "malware-analysis",
            "4.12",
            {
                "product": text,
                "version": text,
                "host_vm_ref": _software,
                "operating_system_ref": _software,
                "installed_software_refs": list_of(_software),
                "configuration_version": text,
                "modules": texts,
                "analysis_engine_version": text,
                "analysis_definition_version": text,
                "submitted": timestamp,
                "analysis_started": timestamp,
                "analysis_ended": timestamp,
                "result_name": text,
                "result": text,
                "analysis_sco_refs": identifiers,
                "sample_ref": identifier_of("artifact", "file", "network-traffic"),
            },
            required=("product",),
            rules=(any_of(("result", "analysis_sco_refs"), "4.12"),),
        ),
        "note": shape(
            "note",
            "4.13",
            {"abstract": text, "content": text, "authors": texts, "object_refs": identifiers},
            required=("content", "object_refs"),
        ),
        "observed-data": shape(
            "observed-data",
            "4.14",
            {
                "first_observed": timestamp,
                "last_observed": timestamp,
                "number_observed": integer_between(1, NUMBER_OBSERVED_MAX),
                "objects": contained,
                "object_refs": list_of(identifier_of_other_than(*DOMAIN_TYPES)),
            },
            required=("first_observed", "last_observed", "number_observed"),
            rules=(exactly_one_of("objects", "object_refs", "4.14"), not_before("last_observed", "first_observed", "4.14")),
        ),
        "opinion": shape(
            "opinion",
            "4.15",
            {
                "explanation": text,
                "authors": texts,
                "opinion": one_of("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"),
                "object_refs": identifiers,
            },
            required=("opinion", "object_refs"),
        ),
        "report": shape(
            "report",
            "4.16",
            {**_named, "report_types": texts, "published": timestamp, "object_refs": identifiers},
            required=("name", "published", "object_refs"),
        ),
        "threat-actor": shape(
            "threat-actor",
            "4.17",
            {
                **_named,
                **_seen,
                "threat_actor_types": texts,
                "aliases": texts,
                "roles": texts,
                "goals": texts,
                "sophistication": text,
                "resource_level": text,
                "primary_motivation": text,
                "secondary_motivations": texts,
                "personal_motivations": texts,
            },
            required=("name",),
            rules=(not_before("last_seen", "first_seen", "4.17"),),
        ),
        "tool": shape(
            "tool",
            "4.18",
            {**_named, "tool_types": texts, "aliases": texts, "kill_chain_phases": kill_chain_phases, "tool_version": text},
            required=("name",),
        ),
        "vulnerability": shape("vulnerability", "4.19", _named, required=("name",)),
    }
)
