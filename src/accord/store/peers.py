"""The other members' nodes as this one knows them, and the officers of this member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import OfficerRole
from accord.stix.marking import Tlp
from accord.stix.statement import timestamp
from accord.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Peer:
    """What is known of a member's node. `head` is its last checkpoint that was verified to its end; empty before the first."""

    member: str
    key_file: bytes | None
    head: str
    fault_duty: str
    fault_says: str
    faults_in_a_row: int
    contacted_at: str
    retry_at: str
    clock_ahead: int  # Seconds that its clock was ahead of ours at the last contact.


def peer_of(transaction: Transaction, member: str) -> Peer:
    row = transaction.one("peer_of", member=member)
    if row is None:
        return Peer(member, None, "", "", "", 0, "", "", 0)
    key_file, head, duty, says, faults, contacted_at, retry_at, ahead = row
    return Peer(member, None if key_file is None else bytes(key_file), head, duty, says, faults, contacted_at, retry_at, ahead)


def keep_key_file(transaction: Transaction, member: str, raw: bytes) -> None:
    transaction.run("peer_open", member=member)
    transaction.run("peer_key_file", member=member, key_file=raw)


def keep_head(transaction: Transaction, member: str, checkpoint: str) -> None:
    transaction.run("peer_open", member=member)
    transaction.run("peer_head", member=member, head=checkpoint)


def note_contact(
    transaction: Transaction,
    member: str,
    *,
    duty: str = "",
    says: str = "",
    faults_in_a_row: int = 0,
    ahead: int = 0,
    now: datetime,
    retry_at: datetime,
) -> None:
    """Note how the last contact went; an empty `duty` says that all was well."""
    transaction.run("peer_open", member=member)
    transaction.run(
        "peer_contact",
        member=member,
        fault_duty=duty,
        fault_says=says,
        faults_in_a_row=faults_in_a_row,
        contacted_at=timestamp(now),
        retry_at=timestamp(retry_at),
        clock_ahead=ahead,
    )


def add_officer(transaction: Transaction, *, name: str, role: OfficerRole, clearance: Tlp, now: datetime) -> bool:
    """Register an officer; False when the name is taken."""
    return transaction.run("officer_add", name=name, role=role.value, tlp=clearance.rank, added_at=timestamp(now)) == 1


def role_of(transaction: Transaction, name: str) -> tuple[OfficerRole, Tlp] | None:
    """What an officer is, and the highest level that he may read."""
    row = transaction.one("officer_of", name=name)
    return None if row is None else (OfficerRole(row[0]), Tlp.of_rank(row[1]))


def officers(transaction: Transaction) -> list[tuple[str, OfficerRole]]:
    return [(name, OfficerRole(role)) for name, role, _ in transaction.all("officers")]
