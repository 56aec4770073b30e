"""Consents to pass on and statements that replace earlier ones: where they stand in a channel, by what they are about.

What they say is in their bytes, in the channel. One that was taken back has none any more, and counts no longer.
"""

from __future__ import annotations

from dataclasses import dataclass

from accord.seal.canonical import Digest, Fields, read
from accord.stix.consent import Consent
from accord.stix.statement import Statement
from accord.store.database import Transaction
from accord.store.erasure import commitments_under
from accord.store.logs import body_at


@dataclass(frozen=True, slots=True)
class Standing:
    """A record in a channel that still has its content there."""

    commitment: bytes
    salt: bytes
    digest: Digest
    statement: Fields  # The newest that covers it, as it was signed.


def keep_consent(transaction: Transaction, collection: str, *, position: int, consent: Consent) -> None:
    """Keep about which records the consent is that is about to stand at `position`."""
    for commitment in consent.commitments:
        transaction.run("consent_add", collection=collection, commitment=commitment, position=position, consent=consent.id)


def consents_about(transaction: Transaction, collection: str, commitment: bytes) -> list[Fields]:
    """The consents about a record that a channel holds, as they were signed, the newest first."""
    rows = transaction.all("consents_about", collection=collection, commitment=commitment)
    return [fields for row in rows if (fields := _word_at(transaction, collection, row[0])) is not None]


def leaves_of_consent(transaction: Transaction, collection: str, consent: str) -> list[bytes]:
    """The leaf of a consent by its identifier; none where it does not stand in this channel, or was taken back."""
    return [bytes(row[0]) for row in transaction.all("consent_stands", collection=collection, consent=consent)]


def named_by_consent(transaction: Transaction, collection: str, sealed: bytes) -> tuple[str, list[bytes]] | None:
    """Of the leaf that is a consent: its identifier and the records it names; None where the leaf is none, or was taken back."""
    rows = transaction.all("consent_names", collection=collection, sealed=sealed)
    return (rows[0][0], [bytes(row[1]) for row in rows]) if rows else None


def keep_superseding(transaction: Transaction, collection: str, *, position: int, statement: Statement) -> None:
    """Keep that a statement, about to stand at `position`, replaces another of its channel.

    Where it covers all that is left of that one, its review date counts when it is sooner; a later one renews (`desk.recall`).
    """
    transaction.run("superseded_add", collection=collection, statement=statement.supersedes, position=position)
    row = transaction.one("expiry_of_statement", collection=collection, statement=statement.supersedes)
    if row is not None and set(commitments_under(transaction, collection, row[0])) <= set(statement.commitments):
        transaction.run("expiry_sooner", collection=collection, position=row[0], review=statement.terms.review.isoformat())


def standing_as(transaction: Transaction, collection: str, commitment: bytes) -> Standing | None:
    """A record by its commitment, with the newest statement of the channel that covers it; None where its content is gone from the channel."""
    row = transaction.one("leaf_standing", collection=collection, commitment=commitment)
    statement = None if row is None else _newest(transaction, collection, row[2], commitment)
    return None if row is None or statement is None else Standing(commitment, bytes(row[1]), Digest(bytes(row[0])), statement)


def _newest(transaction: Transaction, collection: str, position: int, commitment: bytes) -> Fields | None:
    """From the statement at a position on, what replaced it for this record, and what replaced that; a later one stands behind an earlier one."""
    fields = _word_at(transaction, collection, position)
    while fields is not None:
        rows = transaction.all("superseded_by", collection=collection, statement=str(fields["id"]))
        later = [(row[0], word) for row in rows if row[0] > position and (word := _word_at(transaction, collection, row[0])) is not None]
        covering = [(place, word) for place, word in later if commitment in Statement.parse(word).commitments]
        if not covering:
            return fields
        position, fields = covering[0]
    return None


def _word_at(transaction: Transaction, collection: str, position: int) -> Fields | None:
    body = body_at(transaction, collection, position)
    fields = None if body is None else read(body)
    assert fields is None or isinstance(fields, dict), "what stands in a channel is an object"
    return fields
