"""The roles of officers, and the acts of which the charter says who may do them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from accord.charter.entry import Entry


class OfficerRole(StrEnum):
    """What a person is to a member's node. A person has one role."""

    OFFICER = "officer"  # publishes, releases, recalls
    ANALYST = "analyst"  # reads and compares
    APPROVER = "approver"  # confirms what needs two persons
    OVERSIGHT = "oversight"  # verifies without seeing content
    OPERATOR = "operator"  # runs the node; sees counts and times


class Act(StrEnum):
    """What a person may do at a node."""

    PUBLISH = "publish"
    PREVIEW = "preview"
    READ = "read"
    IMPORT = "import"
    RELEASE = "release"
    RECALL = "recall"
    AUDIT = "audit"


def read_roles(entry: Entry) -> Mapping[OfficerRole, frozenset[Act]]:
    """Read ``officer = ["preview", "publish"]`` and so on. A role that is not named may do nothing."""
    with entry:
        roles = {role: entry.choices(role.value, Act) for role in OfficerRole if entry.has(role.value)}
        if not roles:
            raise entry.fault("no role may do anything")
        return MappingProxyType(roles)
