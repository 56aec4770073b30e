"""The member's own tools: which there are, by what they are known, and what became of what they handed in.

A secret is kept as its SHA-256 alone. It is random and has 256 bits, so there is nothing to guess: a slow hash protects what people choose,
and would cost every request what it costs the thief. What may be read and written is asked of the row, at every request anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.stix.marking import Tlp
from accord.stix.statement import timestamp
from accord.store.database import Row, Transaction

STATUS_LIFE = timedelta(days=1)  # TAXII 2.1, 4.3: a status should be there for 24 hours after all was done.
STATUSES_OLD_MAX = (
    100  # Statuses of a client that are kept beyond their day. A tool asks for the last few; the journal keeps the counts of all.
)
STATUSES_KEPT_MAX = 10_000  # Statuses of a client, however young: a request every nine seconds for a day.
_EVER = "~"  # Later than every timestamp.


@dataclass(frozen=True, slots=True)
class Client:
    """A TAXII tool of this member, with its rights on the holdings."""

    name: str
    may_read: bool
    may_write: bool
    clearance: Tlp  # The highest level that it may read.
    added_at: str


def add_client(transaction: Transaction, client: Client, *, password: bytes, bearer: bytes) -> bool:
    """Keep a tool with the digests of its secrets; False when the name is given already."""
    rights = {"may_read": int(client.may_read), "may_write": int(client.may_write), "tlp": client.clearance.rank}
    return transaction.run("client_add", name=client.name, password=password, bearer=bearer, added_at=client.added_at, **rights) == 1


def client_named(transaction: Transaction, name: str) -> tuple[Client, bytes] | None:
    """A tool with the digest of its password."""
    row = transaction.one("client_of", name=name)
    return None if row is None else (_client(row[:5]), bytes(row[5]))


def client_of_bearer(transaction: Transaction, bearer: bytes) -> Client | None:
    """The tool whose bearer token has this digest."""
    row = transaction.one("client_of_bearer", bearer=bearer)
    return None if row is None else _client(row)


def clients(transaction: Transaction) -> list[Client]:
    return [_client(row) for row in transaction.all("clients")]


def remove_client(transaction: Transaction, name: str) -> bool:
    """Let a tool in no longer and forget its statuses; False when there is none of that name."""
    transaction.run("status_thin", client=name, count=0, before=_EVER)
    return transaction.run("client_remove", name=name) == 1


def keep_status(transaction: Transaction, *, identifier: str, client: str, body: bytes, now: datetime) -> None:
    """Keep what became of one request for its day, and forget this client's oldest beyond the limits."""
    transaction.run("status_add", id=identifier, client=client, body=body, made_at=timestamp(now))
    transaction.run("status_thin", client=client, count=STATUSES_OLD_MAX, before=timestamp(now - STATUS_LIFE))
    transaction.run("status_thin", client=client, count=STATUSES_KEPT_MAX, before=_EVER)


def status_of(transaction: Transaction, *, identifier: str, client: str) -> bytes | None:
    row = transaction.one("status_of", id=identifier, client=client)
    return None if row is None else bytes(row[0])


def _client(row: Row) -> Client:
    name, may_read, may_write, tlp, added_at = row
    return Client(name, bool(may_read), bool(may_write), Tlp.of_rank(tlp), added_at)
