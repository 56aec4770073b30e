"""Officers of a member: their roles, and which acts a role may do. The table of roles is charter data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.charter.document import Charter


class OfficerRole(StrEnum):
    """What an officer is."""

    OFFICER = "officer"
    ANALYST = "analyst"
    APPROVER = "approver"
    OVERSIGHT = "oversight"
    OPERATOR = "operator"


class Act(StrEnum):
    """What an officer may do."""

    PUBLISH = "publish"
    PREVIEW = "preview"
    READ = "read"
    IMPORT = "import"
    RELEASE = "release"
    RECALL = "recall"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Officer:
    """A person or post that acts for a member."""

    name: str
    role: OfficerRole
    member: str


def may(charter: Charter, officer: Officer, act: Act) -> bool:
    """Say whether the charter lets this officer's role do this. Where nothing was said the answer is no."""
    return act in charter.roles.get(officer.role, frozenset())
