"""What was taken back, what was erased, what is still owed: recalls, holes, expiries and the confirmations between members.

Erasing destroys bytes, salt, digest, search terms and the record's row. The commitment stays, nothing can be guessed from it, and the tree does not
change. `forget` then leaves no byte of it in any file of the database: SQLite overwrites what it deletes and has its write-ahead log emptied
(decision 0015), PostgreSQL has tables and log written anew (decision 0026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from accord.seal.canonical import Digest
from accord.stix.statement import STATEMENT_RECORDS_MAX, timestamp
from accord.store import terms
from accord.store.database import Database, Transaction
from accord.store.logs import standing
from accord.store.records import HOLDINGS, Came, Held, content_of, held_by_digests, judge_again, judge_left_over

EXPIRIES_AT_ONCE_MAX = 100  # Statements a transaction; the worker comes again at once while there are more.

NONE: Final[Mapping[bytes, bytes]] = MappingProxyType({})
_TO_FORGET = "to forget"  # Noted with the erasure itself, so that a node killed in between still does it.


@dataclass(frozen=True, slots=True)
class RecallState:
    """One recall on one channel: how many records, and how many of them the recipient confirmed to have erased."""

    recall: str
    reason: str
    recalled_at: str
    records: int
    erased: int
    erased_at: str
    below: int = 0  # Records on which somebody is silent to whom the recipient had passed them on.

    @property
    def is_complete(self) -> bool:
        return self.erased == self.records and not self.below


@dataclass(frozen=True, slots=True)
class Due:
    """A statement whose review date has passed."""

    collection: str
    position: int
    statement: str


def live_commitments(transaction: Transaction, collection: str, digests: Sequence[Digest]) -> list[bytes]:
    """Every commitment under which one of these records still has its content in a channel; a record may stand there under several."""
    rows = transaction.among("leaf_of_digests", list(digests), collection=collection)
    return [bytes(commitment) for _, commitment, salt, _ in rows if salt is not None]


def commitments_under(transaction: Transaction, collection: str, position: int) -> list[bytes]:
    """The live leaves that the statement at a position covers."""
    return _live_from(transaction, collection, position, first=position + 1)


def commitments_of_statement(transaction: Transaction, collection: str, statement: str) -> list[bytes]:
    """The live leaves of a statement by its identifier: itself and what it covers; none where it does not stand in this channel."""
    row = transaction.one("expiry_of_statement", collection=collection, statement=statement)
    return [] if row is None else _live_from(transaction, collection, row[0], first=row[0])


def _live_from(transaction: Transaction, collection: str, position: int, *, first: int) -> list[bytes]:
    rows = transaction.all("leaf_live_from", collection=collection, position=position, first=first, last=position + STATEMENT_RECORDS_MAX)
    return [bytes(row[0]) for row in rows]


def take_back(
    transaction: Transaction,
    collection: str,
    commitments: Sequence[bytes],
    *,
    recall: str,
    reason: str,
    causes: Mapping[bytes, bytes] = NONE,
    now: datetime,
) -> None:
    """On a channel out: destroy salts and digests, and note from whom a confirmation is owed. `causes` says for whose sake, where not for their own."""
    for commitment in commitments:
        row = transaction.one("leaf_of_commitment", collection=collection, commitment=commitment)
        transaction.run("leaf_erase", collection=collection, commitment=commitment)
        transaction.run("progress_more", name=_TO_FORGET)
        transaction.run(
            "recall_add",
            collection=collection,
            commitment=commitment,
            digest=None if row is None else bytes(row[1]),
            recall=recall,
            reason=reason,
            recalled_at=timestamp(now),
            cause=causes.get(commitment, commitment),
        )


def taken_back(transaction: Transaction, collection: str, digests: Sequence[Digest]) -> set[bytes]:
    """Those of these records that were taken back on a channel."""
    return {bytes(row[0]) for row in transaction.among("recall_of_digests", list(digests), collection=collection)}


def note_erased(transaction: Transaction, collection: str, commitments: Sequence[bytes], *, below: bool, now: datetime) -> None:
    """The recipient of a channel out confirmed that it erased these; `below` while somebody further down the line has not."""
    for commitment in commitments:
        transaction.run("recall_erased", collection=collection, commitment=commitment, erased_at=timestamp(now))
        transaction.run("recall_below", collection=collection, commitment=commitment, below=int(below))


def recalls(transaction: Transaction, collection: str) -> list[RecallState]:
    """Every recall of a channel out, the oldest first. Who has not complied is where `erased` is less than `records`."""
    return [RecallState(*row) for row in transaction.all("recalls", collection=collection)]


def unconfirmed_recalls(transaction: Transaction, collection: str) -> dict[tuple[str, str], list[bytes]]:
    """What was taken back on a channel out and not confirmed: identifier and reason of each recall, with its commitments."""
    found: dict[tuple[str, str], list[bytes]] = {}
    for recall, reason, commitment in transaction.all("recalls_silent", collection=collection):
        found.setdefault((recall, reason), []).append(bytes(commitment))
    return found


def erase(
    transaction: Transaction, collection: str, commitments: Sequence[bytes], *, incoming: Sequence[str], recall: str, now: datetime
) -> int:
    """On a channel in: destroy the content of these leaves and note that the sender is owed a confirmation. Gives how many had content.

    A record that still stands in another of the `incoming` channels, or was the member's own before it came, keeps its bytes.
    """
    erased = 0
    judge_left_over(transaction)
    for commitment in commitments:
        row = transaction.one("leaf_of_commitment", collection=collection, commitment=commitment)
        transaction.run("hole_explained", collection=collection, commitment=commitment)
        transaction.run("erasure_add", collection=collection, commitment=commitment, recall=recall, erased_at=timestamp(now))
        if row is None:
            continue
        digest = Digest(bytes(row[1]))
        transaction.run("leaf_erase", collection=collection, commitment=commitment)
        transaction.run("progress_more", name=_TO_FORGET)
        if not any(standing(transaction, name, [digest]) for name in incoming):
            _erase_record(transaction, digest)
        erased += 1
    return erased


def _erase_record(transaction: Transaction, digest: Digest) -> None:
    held = held_by_digests(transaction, [digest]).get(digest)
    if held is not None and held.came is not Came.CHANNEL:
        return
    if held is not None:
        _forget_terms(transaction, held)
        transaction.run("record_erase", collection=HOLDINGS, digest=digest)
        judge_again(transaction, held.stix_id)
    transaction.run("content_erase", collection=HOLDINGS, digest=digest)


def _forget_terms(transaction: Transaction, held: Held) -> None:
    content = content_of(transaction, held.digest)
    if content is not None:  # Its terms are read from its bytes, so they go before the bytes.
        terms.forget(transaction, held, content)


def discard(transaction: Transaction, held: Held) -> None:
    """Destroy a record of the member's own holdings: bytes, search terms, row, and who entered it."""
    judge_left_over(transaction)
    _forget_terms(transaction, held)
    transaction.run("record_erase", collection=HOLDINGS, digest=held.digest)
    transaction.run("content_erase", collection=HOLDINGS, digest=held.digest)
    judge_again(transaction, held.stix_id)
    transaction.run("recall_forget", digest=held.digest)
    transaction.run("person_forget", collection=HOLDINGS, digest=held.digest)
    transaction.run("progress_more", name=_TO_FORGET)


def owes(transaction: Transaction, collection: str) -> bool:
    """Say whether the sender of a channel in is owed a word about what we erased or declined."""
    return unconfirmed(transaction, collection) is not None or untold_declines(transaction, collection) is not None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a sender is owed a confirmation for, under one recall; `below` while those to whom we passed it on are silent."""

    recall: str
    commitments: list[bytes]
    below: bool


def unconfirmed(transaction: Transaction, collection: str) -> Owed | None:
    """The next recall of a channel in with what we erased under it and did not confirm yet; None when nothing is owed."""
    rows = transaction.all("erasures_unanswered", collection=collection, count=STATEMENT_RECORDS_MAX)
    if not rows:
        return None
    recall, _, below = rows[0]
    return Owed(recall, [bytes(row[1]) for row in rows if (row[0], row[2]) == (recall, below)], bool(below))


def confirmed(transaction: Transaction, collection: str, owed: Owed) -> None:
    for commitment in owed.commitments:
        transaction.run("erasure_answered", collection=collection, commitment=commitment, answered=2 if owed.below else 1)


def untold_declines(transaction: Transaction, collection: str) -> tuple[str, list[tuple[int, bytes]]] | None:
    """The next ground on which we declined records of a channel in and did not say so yet; None when all is said."""
    rows = transaction.all("declined_unanswered", collection=collection, count=STATEMENT_RECORDS_MAX)
    if not rows:
        return None
    ground = rows[0][2].partition(":")[0]
    return ground, [(position, bytes(commitment)) for position, commitment, text in rows if text.partition(":")[0] == ground]


def told_declines(transaction: Transaction, collection: str, positions: Sequence[int]) -> None:
    for position in positions:
        transaction.run("declined_answered", collection=collection, position=position)


def told_erased(transaction: Transaction, collection: str, commitments: Sequence[bytes], *, below: bool) -> None:
    """As `confirmed`, where the words that we said came back to us; `below` as they said it."""
    for commitment in commitments:
        transaction.run("erasure_answered", collection=collection, commitment=commitment, answered=2 if below else 1)


def told_declines_of(transaction: Transaction, collection: str, commitments: Sequence[bytes]) -> None:
    """As `told_declines`, where the words that we said came back to us and name leaves by their commitments."""
    for commitment in commitments:
        transaction.run("declined_told", collection=collection, commitment=commitment)


def keep_hole(transaction: Transaction, collection: str, *, position: int, commitment: bytes) -> None:
    transaction.run("hole_add", collection=collection, position=position, commitment=commitment)


def unexplained_hole(transaction: Transaction, collection: str) -> int | None:
    """The first position that came without content and that no recall explains; None when there is none."""
    row = transaction.one("hole_count", collection=collection)
    return None if row is None or not row[0] else int(row[1])


def keep_expiry(transaction: Transaction, collection: str, *, position: int, statement: str, review: date) -> None:
    transaction.run("expiry_add", collection=collection, position=position, statement=statement, review=review.isoformat())


def statements_from(transaction: Transaction, collection: str, *, first: int, count: int) -> list[int]:
    """Where the statements of a channel stand, from a position on."""
    return [int(row[0]) for row in transaction.all("statements_from", collection=collection, first=first, count=count)]


def due(transaction: Transaction, today: date) -> list[Due]:
    """Statements whose review date lies before today, on any channel."""
    rows = transaction.all("expiry_due", today=today.isoformat(), count=EXPIRIES_AT_ONCE_MAX)
    return [Due(*row) for row in rows]


def standing_statements(transaction: Transaction, collection: str, today: date) -> list[int]:
    """Positions of the statements of a channel whose review date has not passed."""
    return [row[0] for row in transaction.all("expiry_standing", collection=collection, today=today.isoformat())]


def expiry_done(transaction: Transaction, one: Due) -> None:
    transaction.run("expiry_done", collection=one.collection, position=one.position)


def note_to_forget(transaction: Transaction) -> None:
    """Something was destroyed in this transaction, and the log of writes still holds it."""
    transaction.run("progress_more", name=_TO_FORGET)


def forget(database: Database) -> bool:
    """Leave no byte of what was erased since the last time; False when a reader still holds it and it must be tried again."""
    with database.reading() as transaction:
        seen = (transaction.one("progress_of", name=_TO_FORGET) or (0,))[0]
    if not seen:
        return True
    if not database.forget():
        return False
    with database.writing() as transaction:
        # What was erased since we looked has counted on, and is emptied the next time.
        transaction.run("progress_clear", name=_TO_FORGET, seen=seen)
    return True


def forget_at_hand(database: Database) -> None:
    """Forget where the database is a file of this process's own. A server writes its tables anew for it: that is the worker's, at its next look."""
    if database.is_at_hand:
        forget(database)
