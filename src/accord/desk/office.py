"""The member's officers: who they are, and what each may do. Roles and their acts are charter data."""

from __future__ import annotations

from datetime import datetime

from accord.charter.officers import Act, Officer, OfficerRole, may
from accord.desk.means import Means
from accord.errors import Refusal
from accord.seal.canonical import Fields
from accord.stix.marking import Tlp
from accord.store import acts, peers
from accord.store.database import Transaction

CLEARANCE = Tlp.RED  # Unless it is said. Red is for the eyes of persons who are named, and an officer is one.
NAME_CHARACTERS_MAX = 100  # Characters. A name or a post, not a biography.


def authorised(means: Means, transaction: Transaction, name: str, act: Act) -> Officer:
    """The officer of that name, who may do this; `Refusal` says who or what is missing."""
    known = peers.role_of(transaction, name)
    if known is None:
        raise Refusal(f"{means.member} has no officer named {name!r}", remedy="add the officer with `accord officer add`")
    role, _ = known
    officer = Officer(name=name, role=role, member=means.member)
    if not may(means.charter, officer, act):
        raise Refusal(f"{name} is registered as {role.value}, who may not {act.value}", remedy="ask an officer whose role allows it")
    return officer


def add_officer(means: Means, *, name: str, role: OfficerRole, clearance: Tlp = CLEARANCE, now: datetime) -> None:
    """Register an officer of this member; a name is given once."""
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        raise Refusal(f"an officer's name has 1 to {NAME_CHARACTERS_MAX} characters")
    with means.database.writing() as transaction:
        if not peers.add_officer(transaction, name=name, role=role, clearance=clearance, now=now):
            raise Refusal(f"{name!r} is registered already", remedy="choose another name")
        entry: Fields = {"act": "officer-added", "officer": name, "role": role.value, "tlp": clearance.value}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(32)], now=now)
