"""Discard: a tool of this member deletes an object of the holdings. What others have of it is recalled; here it is erased.

Duties:
  1. only what is the member's own, or was imported by it, is deleted: what another member gave stays until its giver recalls it;
  2. whoever was given it gets a recall;
  3. bytes, search terms and row are destroyed, and recalls and journal entry are one transaction with it;
  4. what the database still has of it in its files is overwritten, so that no file keeps a byte; on a server the worker does it, soon after.
An officer's recall (`desk.recall`) keeps the member's own copy; a deletion does not.
"""

from __future__ import annotations

from datetime import datetime

from accord.desk.clients import Client
from accord.desk.means import Means
from accord.desk.recall import Recalled, take_back
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.stix.control import RecallReason
from accord.store import acts, erasure, holdings, records
from accord.store.database import Transaction
from accord.store.holdings import Selection
from accord.store.records import Came, Held


class NotYours(Refusal):
    """Another member gave it, and it alone can take it back."""


def discard(means: Means, selection: Selection, *, client: Client, now: datetime) -> Recalled:
    """Delete the versions of one object that the selection names. That the client may read and write is the caller's to ask.

    What lies above its clearance is not there for it, and stays.
    """
    [stix_id] = selection.ids
    with means.database.writing() as transaction:
        seen = holdings.standing(transaction, selection, clearance=client.clearance, first=0)
        positions = {standing.position for standing in seen}
        chosen = [held for held in records.versions_of(transaction, stix_id) if held.position in positions]
        if not chosen:
            raise NotFound("no such object")
        for held in chosen:
            _must_be_ours(means, transaction, held)  # 1
        by: Fields = {"client": client.name}
        digests = [held.digest for held in chosen]
        recalled = take_back(means, transaction, digests, by=by, reason=RecallReason.WITHDRAWN, now=now)  # 2
        for held in chosen:
            erasure.discard(transaction, held)  # 3
        entry: Fields = {"act": "discarded", "client": client.name, "records": len(chosen)}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    erasure.forget_at_hand(means.database)  # 4
    return recalled


def _must_be_ours(means: Means, transaction: Transaction, held: Held) -> None:
    givers = [member for member in means.partners() if erasure.live_commitments(transaction, means.channel_from(member), [held.digest])]
    if held.came is Came.CHANNEL or givers:
        raise NotYours(
            f"{', '.join(givers) or held.source} gave this object, and it stays until its giver recalls it",
            remedy="ask its giver to recall it",
        )
