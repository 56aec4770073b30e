"""Control records enter a channel: signed, by themselves, on the charter's protocol clause."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from accord.desk.means import Means
from accord.ledger.entry import SALT_BYTES, commitment
from accord.seal.canonical import Fields
from accord.seal.signature import sign_fields
from accord.stix.control import Control, Kind
from accord.stix.record import of_fields
from accord.stix.statement import STATEMENT_RECORDS_MAX
from accord.store import logs, records, rejoin
from accord.store.database import Transaction
from accord.store.logs import NewLeaf


def append_control(
    means: Means,
    transaction: Transaction,
    recipient: str,
    kind: Kind,
    commitments: Sequence[bytes],
    *,
    code: str = "",
    answers: str = "",
    identifier: str = "",
    upstream: Fields | None = None,
    now: datetime,
) -> str:
    """Append one control record to the channel to `recipient` and give its identifier. At most 1,000 commitments; the caller cuts."""
    assert len(commitments) <= STATEMENT_RECORDS_MAX, "the caller cuts"
    control = Control(
        kind=kind,
        id=identifier or new_identifier(means, kind),
        made_at=now,
        by=means.member,
        commitments=tuple(commitments),
        code=code,
        answers=answers,
        upstream=upstream,
    )
    append_word(means, transaction, recipient, control.fields(), now=now)
    return control.id


def append_word(means: Means, transaction: Transaction, recipient: str, fields: Fields, *, now: datetime) -> int:
    """Sign an object that stands by itself, append it to the channel to `recipient`, and give its position there."""
    assert rejoin.is_whole(transaction, recipient), "after a restore nothing enters a channel before it is whole"
    record = of_fields(sign_fields(fields, context=str(fields["type"]), key=means.signers.statement))
    salt = means.random(SALT_BYTES)
    records.keep_contents(transaction, [record])
    leaf = NewLeaf(commitment(salt=salt, content=record.content), salt, record.digest, 0, len(record.content))
    return logs.append(transaction, logs.open_log(transaction, means.channel_to(recipient)), [leaf], now=now).size - 1


def new_identifier(means: Means, kind: Kind) -> str:
    """A fresh STIX identifier for a control record."""
    return f"{kind.value}--{uuid.UUID(bytes=means.random(16), version=4)}"
