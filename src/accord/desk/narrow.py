"""Narrow: those who keep a record are told of the smaller audience, by a statement that replaces the one it was given under.

The recall goes to those removed (`desk.recall`); to each of the others goes the same statement anew, without them. Content does not travel again: the
record stands in the channel already, under the same commitment. Where the gate would not release it today, nothing is said: the old word stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from accord.charter.force import law_between
from accord.desk.means import Means
from accord.desk.release import signed_statement
from accord.ledger.entry import SALT_BYTES, commitment
from accord.release.decision import Released
from accord.release.onward import behind_of, law_behind
from accord.release.question import question_about
from accord.stix.statement import TYPE, Statement
from accord.store import consents, erasure, logs, records, rejoin
from accord.store.database import Transaction
from accord.store.logs import NewLeaf


def tell_the_rest(means: Means, transaction: Transaction, taken: Collection[bytes], *, removed: Sequence[str], now: datetime) -> None:
    """Replace, for those who keep them, the statements over these commitments, which the removed members lose."""
    rest = [member for member in means.partners() if member not in removed]
    for old, kept, keepers in _statements_over(means, transaction, taken, rest):
        recipients = tuple(name for name in old.terms.recipients if name not in removed)
        new = replace(
            old,
            id=f"{TYPE}--{uuid.UUID(bytes=means.random(16), version=4)}",
            made_at=now,
            charter=means.charter.digest,
            terms=replace(old.terms, recipients=recipients),
            commitments=kept,
            supersedes=old.id,
        )
        if all(_is_released(means, new, member, now=now) for member in keepers):
            _append(means, transaction, new, keepers, now=now)


def _statements_over(
    means: Means, transaction: Transaction, taken: Collection[bytes], rest: Sequence[str]
) -> list[tuple[Statement, tuple[bytes, ...], list[str]]]:
    """The newest statements over these commitments in the channels of the rest: each with what it covers of them there, and for whom it stands."""
    over: dict[tuple[str, tuple[bytes, ...]], tuple[Statement, list[str]]] = {}
    for member in rest:
        covered: dict[str, tuple[Statement, list[bytes]]] = {}
        for sealed in sorted(taken):
            standing = consents.standing_as(transaction, means.channel_to(member), sealed)
            if standing is not None:
                statement = Statement.parse(standing.statement)
                if sealed in statement.commitments:  # The leaf of a statement itself is no record.
                    covered.setdefault(statement.id, (statement, []))[1].append(sealed)
        for name, (statement, found) in covered.items():
            over.setdefault((name, tuple(found)), (statement, []))[1].append(member)
    return [(statement, kept, keepers) for (_, kept), (statement, keepers) in over.items()]


def _is_released(means: Means, statement: Statement, member: str, *, now: datetime) -> bool:
    law = law_between(means.charter, sender=means.member, recipient=member, on=now.date())
    behind = law_behind(means.charter, behind_of(statement), member, on=now.date())
    return isinstance(means.gate.decide(question_about(statement, recipient=member, law=law, law_behind=behind)), Released)


def _append(means: Means, transaction: Transaction, statement: Statement, keepers: Sequence[str], *, now: datetime) -> None:
    record = signed_statement(means, statement)
    salt = means.random(SALT_BYTES)
    records.keep_contents(transaction, [record])
    leaf = NewLeaf(commitment(salt=salt, content=record.content), salt, record.digest, 0, len(record.content))
    for member in keepers:
        if not rejoin.is_whole(transaction, member):  # It has still to give back what it holds; nothing enters its channel before.
            continue
        channel = logs.open_log(transaction, means.channel_to(member))
        logs.append(transaction, channel, [leaf], now=now)
        consents.keep_superseding(transaction, channel.name, position=channel.size, statement=statement)
        erasure.keep_expiry(transaction, channel.name, position=channel.size, statement=statement.id, review=statement.terms.review)
