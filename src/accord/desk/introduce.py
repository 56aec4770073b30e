"""Introduce: nodes learn each other's operational keys from key files that the members' root keys signed.

The charter pins each member's root key; a numbered key file under that root replaces or revokes operational keys at once.
A file with a lower number is old news and is left aside; two different files with one number are proof of a fault of that member.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.charter.keyfile import KeyFile, successor
from accord.desk.means import Means
from accord.errors import AccordError, IntegrityFailure, NotFound, PeerFault
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields, digest_of, digest_text
from accord.seal.keys import PublicKey, Role
from accord.store import acts, peers
from accord.store.database import Transaction


def meet(means: Means, member: str, raw: bytes, *, now: datetime) -> None:
    """Read a member's key file, check it against the root that the charter pins, and keep it when it is newer."""
    root = means.charter.member(member).root
    if root is None or member == means.member:
        raise NotFound(f"{member} has no node in this charter")
    offered = _proven(raw, root, member)
    if offered.member != member or offered.charter_id != means.charter.id:
        raise IntegrityFailure("key file", f"it is for {offered.member} in {offered.charter_id}, expected {member} in {means.charter.id}")
    with means.database.writing() as transaction:
        held = peers.peer_of(transaction, member).key_file
        if held is not None and successor(held=held, offered=raw, root=root) == held:
            return
        peers.keep_key_file(transaction, member, raw)
        entry: Fields = {"act": "key-file-kept", "member": member, "number": offered.number, "digest": digest_text(digest_of(raw))}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def whose(means: Means, raw: bytes) -> str:
    """Whose key file this is: the member under whose pinned root it proves itself; `NotFound` if it is of no other member of this charter."""
    for member in means.partners():
        root = means.charter.member(member).root
        if root is not None:
            try:
                return KeyFile.read(raw, root).member
            except AccordError:
                continue
    raise NotFound("this is not the node of another member of this charter", remedy="compare the address and the charter")


def key_file_of(means: Means, member: str) -> bytes:
    """A member's key file as this node keeps it; `NotFound` where it has none."""
    with means.database.reading() as transaction:
        raw = means.key_file if member == means.member else peers.peer_of(transaction, member).key_file
    if raw is None:
        raise NotFound(f"no key file of {member}")
    return raw


def _proven(raw: bytes, root: PublicKey, member: str) -> KeyFile:
    try:
        return KeyFile.read(raw, root)
    except AccordError as error:
        raise IntegrityFailure("key file", f"it is not signed by the root key that the charter pins for {member}: {error.says}") from error


def keys_ever(means: Means, transaction: Transaction, member: str, role: Role) -> Sequence[PublicKey]:
    """A member's keys for one role, whenever valid: for what was signed in the past and bears no time. A stolen key is in no newer file."""
    raw = means.key_file if member == means.member else peers.peer_of(transaction, member).key_file
    root = means.charter.member(member).root
    if raw is None or root is None:
        raise PeerFault("key file", f"the keys of {member} are not known yet", remedy="wait for the next contact with its node")
    return tuple(entry.public for entry in KeyFile.read(raw, root).keys if entry.role is role)


def keys_of(means: Means, transaction: Transaction, member: str, role: Role, *, now: datetime) -> Sequence[PublicKey]:
    """A member's keys for one role that are valid now; `PeerFault` when its key file is not known yet."""
    if member == means.member:
        raw: bytes | None = means.key_file
    else:
        raw = peers.peer_of(transaction, member).key_file
    root = means.charter.member(member).root
    if raw is None or root is None:
        raise PeerFault("key file", f"the keys of {member} are not known yet", remedy="wait for the next contact with its node")
    return KeyFile.read(raw, root).keys_for(role, now)
