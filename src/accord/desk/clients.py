"""Clients: the member's own TAXII tools are added, listed, removed, and recognised at the door.

Duties:
  1. a tool may do what it was given by name, and nothing else: without a right it sees that holdings exist;
  2. its secrets are random, told once, and kept as digests;
  3. adding and removing stand in the journal.
Which of the member's records a tool may see is the gate's to say, by the tool's clearance: the highest TLP level that it may read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from accord.desk.means import Means
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.stix.marking import Tlp
from accord.stix.statement import timestamp
from accord.store import acts, clients
from accord.store.clients import Client as Client

CLIENT_NAME_CHARACTERS_MAX = 64  # Characters. It is a user name, and stands in the journal with each of the tool's acts.
BEARER_PREFIX = "accord-client-"  # Tells a tool's token from a node's at first sight, for doors and for whoever scans for lost secrets.
CLEARANCE = (
    Tlp.AMBER_STRICT
)  # Unless it is said: the member's own people. Red is for the eyes of persons who are named, and a tool is none.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """A new tool's secrets, which are told this once."""

    name: str
    password: str
    bearer: str


def add_client(means: Means, *, name: str, may_read: bool, may_write: bool, clearance: Tlp = CLEARANCE, now: datetime) -> Credentials:
    """Let a tool in, with these rights on the holdings up to this level. 1, 2"""
    if not _NAME.fullmatch(name) or len(name) > CLIENT_NAME_CHARACTERS_MAX:
        raise Refusal(
            f"a client's name has 1 to {CLIENT_NAME_CHARACTERS_MAX} letters a to z, digits and . _ @ + -, and begins with a letter or digit",
            remedy="it is a user name of HTTP; choose one such as opencti-1",
        )
    credentials = Credentials(name, _secret(means), BEARER_PREFIX + _secret(means))
    client = Client(name, may_read, may_write, clearance, timestamp(now))
    with means.database.writing() as transaction:
        if not clients.add_client(transaction, client, password=_digest(credentials.password), bearer=_digest(credentials.bearer)):
            raise Refusal(f"{name!r} is a client already", remedy="choose another name, or remove it with `accord client remove`")
        entry: Fields = {"act": "client-added", "client": name, "may_read": may_read, "may_write": may_write, "tlp": clearance.value}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)  # 3
    return credentials


def list_clients(means: Means) -> list[Client]:
    with means.database.reading() as transaction:
        return clients.clients(transaction)


def remove_client(means: Means, *, name: str, now: datetime) -> None:
    """Let a tool in no longer, from the next request on."""
    with means.database.writing() as transaction:
        if not clients.remove_client(transaction, name):
            raise NotFound(f"there is no client named {name!r}", remedy="see `accord client list`")
        entry: Fields = {"act": "client-removed", "client": name}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)  # 3


def client_by_password(means: Means, *, name: str, password: str) -> Client | None:
    """The tool of that name, if the password is its own."""
    with means.database.reading() as transaction:
        known = clients.client_named(transaction, name)
    if known is None or not hmac.compare_digest(known[1], _digest(password)):
        return None
    return known[0]


def client_by_bearer(means: Means, bearer: str) -> Client | None:
    """The tool whose token this is. It is found by its digest, which tells who measures time nothing about the token."""
    with means.database.reading() as transaction:
        return clients.client_of_bearer(transaction, _digest(bearer))


def _secret(means: Means) -> str:
    return base64.urlsafe_b64encode(means.random(_SECRET_BYTES)).rstrip(b"=").decode()


def _digest(secret: str) -> bytes:
    # One round is enough: the secret is 256 random bits, which nobody goes through, whatever a guess costs.
    return hashlib.sha256(secret.encode("utf-8", errors="surrogatepass")).digest()
