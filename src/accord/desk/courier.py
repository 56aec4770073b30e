"""Courier: what a node remembers of the files that carry its channels where no line does, and which of two files is the newer.

What a file holds is made by `desk.serve` and kept by `desk.receive`, as over a line; its form is `exchange.courier`.

Duties:
  1. that a file leaves stands in the journal before it can leave, and that one was opened, when everything in it is kept;
  2. a file that is older than the last one that was opened is refused, and the same one brings nothing again;
  3. a file says when it was made; it was not made later than now;
  4. a checkpoint that lies behind what is held is not news, but it is the sender's: the log that is held began so.
"""

from __future__ import annotations

from datetime import datetime

from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.serve import CLOCK_DIFFERENCE_MAX
from accord.desk.tiles import hashes
from accord.errors import AccordError, IntegrityFailure, Refusal
from accord.ledger.checkpoint import open_signed
from accord.ledger.entry import SALT_BYTES
from accord.ledger.tiles import root_from
from accord.seal.canonical import Digest, Fields, digest_text
from accord.seal.keys import Role
from accord.stix.statement import timestamp
from accord.store import acts, courier, logs


def note_packed(means: Means, recipient: str, *, first: int, size: int, digest: Digest, now: datetime) -> None:
    """Note that a file with these leaves of the channel is about to leave. 1"""
    entry: Fields = {"act": "courier-packed", "member": recipient, "from": first, "size": size, "digest": digest_text(digest)}
    with means.database.writing() as transaction:
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def note_opened(means: Means, sender: str, *, made_at: datetime, digest: Digest, now: datetime) -> None:
    """Note that everything in a file is kept. 1"""
    entry: Fields = {"act": "courier-opened", "member": sender, "digest": digest_text(digest)}
    with means.database.writing() as transaction:
        if courier.keep_opened(transaction, sender, made_at=timestamp(made_at), digest=digest):
            acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def is_new(means: Means, sender: str, *, made_at: datetime, digest: Digest, now: datetime) -> bool:
    """Say whether a file is to be opened; False where it was. Raises where it is older than the last one. 2, 3"""
    if made_at - now > CLOCK_DIFFERENCE_MAX:
        raise Refusal(
            f"the file says that it was made at {made_at:%Y-%m-%dT%H:%M:%SZ}, this node's clock {now:%Y-%m-%dT%H:%M:%SZ}",
            remedy="set both clocks",
        )
    with means.database.reading() as transaction:
        last = courier.opened_last(transaction, sender)
    if last is None or last[0] < timestamp(made_at):
        return True
    if last == (timestamp(made_at), digest):
        return False
    raise IntegrityFailure(
        "order",
        f"the file of {sender} was made at {timestamp(made_at)}, and one made at {last[0]} was opened before",
        remedy="open the newest file alone: it holds everything that no receipt has covered",
    )


def is_behind(means: Means, sender: str, note: str, *, now: datetime) -> bool:
    """Say whether a checkpoint lies behind what is held of a channel, as when a line was faster than the courier. Raises where it never was. 4"""
    name = means.channel_from(sender)
    with means.database.reading() as transaction:
        keys = keys_of(means, transaction, sender, Role.LOG, now=now)
        log = logs.log_state(transaction, name)
    try:
        head = open_signed(note, origin=name, keys=keys)
    except AccordError as error:
        raise IntegrityFailure("checkpoint", f"it is not a checkpoint of {sender}'s channel to us: {error.says}") from error
    if log is None or head.size >= log.size:
        return False
    if head.size and root_from(hashes(means, name, size=log.size), head.size) != head.root:
        raise IntegrityFailure("growth", f"{sender} signed another root for size {head.size} than the log had that is held here")
    return True
