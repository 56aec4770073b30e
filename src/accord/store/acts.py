"""What was decided, received, declined and done: decisions, receipts, declined records, and the journal of acts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import assert_never

from accord.ledger.entry import SALT_BYTES, commitment
from accord.release.decision import Decision, Released, Withheld
from accord.seal.canonical import Fields, canonical, digest_of
from accord.stix.statement import timestamp
from accord.store.database import Row, Transaction
from accord.store.logs import Log, NewLeaf, append, open_log

FILLER = canonical({"act": "filler"})  # An entry of the journal that stands for no act.


@dataclass(frozen=True, slots=True)
class Receipt:
    """A cosignature over a checkpoint: whoever made it holds every leaf below `size`."""

    size: int
    checkpoint: str
    cosignature: str
    signed_at: str
    handed_over: bool


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The statement at which a channel out stands still, on what grounds, and since when."""

    statement: str
    grounds: str
    since: str


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry of the journal about a read: the act, what was asked, and why, in words that are erased before the entry is."""

    act: Fields
    query: str = ""  # Kept nowhere: the entry commits to it, so that a query that somebody names can be checked.
    reason: Fields = field(default_factory=dict)  # Empty where nobody gave one in words.


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What the gate said to one member about one act, as it was kept."""

    recipient: str
    records: int
    article: str
    grounds: tuple[str, ...]
    remedy: str
    decided_at: str


def keep_decision(transaction: Transaction, decision: Decision, *, collection: str, act: str, records: int, now: datetime) -> None:
    match decision:
        case Released(article=article):
            outcome = {"article": article, "grounds": "", "remedy": ""}
        case Withheld(grounds=grounds, remedy=remedy):
            outcome = {"article": "", "grounds": "\n".join(map(str, grounds)), "remedy": remedy}
        case _:
            assert_never(decision)
    transaction.run(
        "decision_add",
        collection=collection,
        act=act,
        recipient=decision.recipient,
        records=records,
        decided_at=timestamp(now),
        **outcome,
    )


def decisions_of(transaction: Transaction, *, collection: str, act: str) -> list[PastDecision]:
    rows = transaction.all("decisions_of", collection=collection, act=act)
    return [PastDecision(row[0], row[1], row[2], tuple(row[3].splitlines()), row[4], row[5]) for row in rows]


def keep_receipt(transaction: Transaction, receipt: Receipt, *, collection: str) -> None:
    transaction.run(
        "receipt_add",
        collection=collection,
        size=receipt.size,
        checkpoint=receipt.checkpoint,
        cosignature=receipt.cosignature,
        signed_at=receipt.signed_at,
        handed_over=int(receipt.handed_over),
    )


def last_receipt(transaction: Transaction, collection: str) -> Receipt | None:
    return _receipt(transaction.one("receipt_last", collection=collection))


def note_handed_over(transaction: Transaction, *, collection: str, size: int) -> None:
    transaction.run("receipt_handed_over", collection=collection, size=size)


def keep_declined(transaction: Transaction, *, collection: str, position: int, ground: str, now: datetime) -> None:
    transaction.run("declined_add", collection=collection, position=position, ground=ground, declined_at=timestamp(now))


def declined_of(transaction: Transaction, collection: str, *, count: int) -> list[tuple[int, str, str]]:
    """Position, ground and time of records of a channel that did not pass, the newest first."""
    return [(position, ground, at) for position, ground, at in transaction.all("declined_of", collection=collection, count=count)]


def declined_count(transaction: Transaction, collection: str) -> int:
    row = transaction.one("declined_count", collection=collection)
    return 0 if row is None else int(row[0])


def note_acts(transaction: Transaction, journal: str, entries: Sequence[Fields], *, salts: Sequence[bytes], now: datetime) -> None:
    """Append acts to the member's journal. Entries hold names and commitments, never content. Lock the journal last."""
    log = open_log(transaction, journal)
    leaves: list[NewLeaf] = []
    for number, (entry, salt) in enumerate(zip(entries, salts, strict=True)):
        body = canonical({**entry, "at": timestamp(now)})
        digest = digest_of(body)
        transaction.run("content_add", collection=journal, digest=digest, body=body)
        leaves.append(NewLeaf(commitment(salt=salt, content=body), salt, digest, number, len(body)))
    append(transaction, log, leaves, now=now)


def fill(transaction: Transaction, log: Log, *, salts: Sequence[bytes], now: datetime) -> None:
    """Append a filler for each salt. All have one body, which is kept once; their commitments differ and look like those of acts."""
    if not salts:
        return
    digest = digest_of(FILLER)
    transaction.run("content_add", collection=log.name, digest=digest, body=FILLER)
    leaves = [NewLeaf(commitment(salt=salt, content=FILLER), salt, digest, number, len(FILLER)) for number, salt in enumerate(salts)]
    append(transaction, log, leaves, now=now)


def note_reads(
    transaction: Transaction, journal: str, reads: Sequence[ReadEntry], *, random: Callable[[int], bytes], now: datetime, kept_until: date
) -> None:
    """Append reads to the journal, each committed under one salt to its query and its reason; reason and salt are kept apart, until a day."""
    entries: list[Fields] = []
    for read in reads:
        if not read.reason:
            entries.append(read.act)
            continue
        salt, body = random(SALT_BYTES), canonical(read.reason)
        sealed = commitment(salt=salt, content=body)
        transaction.run("journal_text_add", collection=journal, commitment=sealed, salt=salt, body=body, kept_until=kept_until.isoformat())
        asked = commitment(salt=salt, content=read.query.encode())
        entries.append({**read.act, "query": base64.b64encode(asked).decode(), "reason": base64.b64encode(sealed).decode()})
    note_acts(transaction, journal, entries, salts=[random(SALT_BYTES) for _ in entries], now=now)


def reason_behind(transaction: Transaction, journal: str, sealed: bytes) -> tuple[bytes, bytes] | None:
    """Salt and text of the reason to which an entry of the journal commits; None once they were erased."""
    row = transaction.one("journal_text_of", collection=journal, commitment=sealed)
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def expire_reasons(transaction: Transaction, journal: str, *, today: date) -> int:
    """Destroy the texts whose last day has passed, and give how many that were. Emptying the log of writes is left to `store.erasure`."""
    return transaction.run("journal_texts_expire", collection=journal, today=today.isoformat())


def erase_act(transaction: Transaction, journal: str, position: int) -> bool:
    """Destroy body and salt of one entry of the journal; False when there was nothing left. Its commitment stays."""
    row = transaction.one("leaf_digest_at", collection=journal, position=position)
    if row is None or transaction.run("leaf_forget", collection=journal, position=position) != 1:
        return False
    transaction.run("content_forget", collection=journal, digest=bytes(row[0]))
    return True


def receipts_of(transaction: Transaction, collection: str) -> list[Receipt]:
    """Every receipt of a channel, in the order of sizes."""
    return [Receipt(row[0], row[1], row[2], row[3], bool(row[4])) for row in transaction.all("receipts_of", collection=collection)]


def hold_back(transaction: Transaction, collection: str, *, statement: str, grounds: str, now: datetime) -> bool:
    """Note that a channel out stands still at a statement; False where just that is noted already."""
    return transaction.run("held_back_set", collection=collection, statement=statement, grounds=grounds, since=timestamp(now)) == 1


def held_back(transaction: Transaction, collection: str) -> HeldBack | None:
    row = transaction.one("held_back_of", collection=collection)
    return None if row is None else HeldBack(*row)


def go_on(transaction: Transaction, collection: str) -> None:
    """The channel was served to its end: nothing is held back any more."""
    transaction.run("held_back_clear", collection=collection)


def _receipt(row: Row | None) -> Receipt | None:
    return None if row is None else Receipt(row[0], row[1], row[2], row[3], bool(row[4]))
