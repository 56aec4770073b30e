"""What an officer may do: the charter says it for each role. Who holds which role is each member's own affair and kept at its node."""

from __future__ import annotations

from dataclasses import dataclass

from accord.charter.document import Charter
from accord.charter.roles import Act as Act
from accord.charter.roles import OfficerRole as OfficerRole


@dataclass(frozen=True, slots=True)
class Officer:
    """A person who acts for a member."""

    name: str
    role: OfficerRole
    member: str


def may(charter: Charter, officer: Officer, act: Act) -> bool:
    """Say whether the charter lets an officer of that role do this. Raises `NotFound` when the officer's member is not in the charter."""
    charter.member(officer.member)
    return act in charter.roles.get(officer.role, frozenset())
