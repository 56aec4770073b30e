"""A second officer of a member, for what one may not do alone."""

from __future__ import annotations

from typing import Any

from accord.charter.officers import OfficerRole
from accord.desk import confirm, office
from accord.desk.confirm import Confirmed
from tests.stories.alliance import Alliance

SECOND = "D. Serik (invented)"


def enlist_second(alliance: Alliance, member: str, *, role: OfficerRole = OfficerRole.APPROVER, name: str = SECOND) -> str:
    office.add_officer(alliance.means(member), name=name, role=role, now=alliance.clock())
    return name


def confirmed_by_another(alliance: Alliance, member: str, person: dict[str, Any]) -> Confirmed:
    """Let a second officer confirm a person entry that waits."""
    second = enlist_second(alliance, member)
    return confirm.confirm(alliance.means(member), person["id"], officer=second, now=alliance.clock())
