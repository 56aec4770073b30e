"""The STIX Relationship Objects (STIX 2.1, 5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accord.stix.standard.domain import shape
from accord.stix.standard.fault import Shape
from accord.stix.standard.kinds import (
    boolean,
    identifier_of,
    identifier_of_other_than,
    integer_between,
    list_of,
    text,
    text_like,
    timestamp,
)
from accord.stix.standard.rules import after, not_before

COUNT_MAX: Final = 999_999_999  # STIX 2.1, 5.2.

# STIX 2.1, 5.1 and 5.2: either end is a domain object or an observable, or one of a custom type.
_end: Final = identifier_of_other_than("relationship", "sighting", "bundle", "marking-definition", "language-content")

RELATIONSHIPS: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "relationship": shape(
            "relationship",
            "5.1",
            {
                "relationship_type": text_like(r"[a-z0-9-]+", "5.1", "must be of the letters a to z, digits and hyphens"),
                "description": text,
                "source_ref": _end,
                "target_ref": _end,
                "start_time": timestamp,
                "stop_time": timestamp,
            },
            required=("relationship_type", "source_ref", "target_ref"),
            rules=(after("stop_time", "start_time", "5.1"),),
        ),
        "sighting": shape(
            "sighting",
            "5.2",
            {
                "description": text,
                "first_seen": timestamp,
                "last_seen": timestamp,
                "count": integer_between(0, COUNT_MAX),
                "sighting_of_ref": _end,
                "observed_data_refs": list_of(identifier_of("observed-data")),
                "where_sighted_refs": list_of(identifier_of("identity", "location")),
                "summary": boolean,
            },
            required=("sighting_of_ref",),
            rules=(not_before("last_seen", "first_seen", "5.2"),),
        ),
    }
)
