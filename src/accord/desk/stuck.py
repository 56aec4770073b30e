"""Stuck: what this member gave and may no longer serve, because the law changed before the partner fetched it.

The channel waits at the first such statement until it is taken back (`desk.serve`, duty 4). The partner learns no ground; the sender's people do, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.charter.force import law_between
from accord.desk.means import Means
from accord.release.decision import Released, Withheld
from accord.release.question import question_about
from accord.seal.canonical import read
from accord.stix.statement import Statement
from accord.store import acts, erasure, logs
from accord.store.database import Transaction

STATEMENTS_LOOKED_MAX = (
    1_000  # Statements of a channel behind its last receipt. One that waits behind so many is found when these are receipted.
)


@dataclass(frozen=True, slots=True)
class Stuck:
    """The first statement of a channel that may no longer go, and every ground."""

    partner: str
    statement: str
    grounds: tuple[str, ...]

    @property
    def remedy(self) -> str:
        return f"accord recall DIR {self.statement} --as OFFICER --reason withdrawn"


def stuck(means: Means, *, now: datetime) -> tuple[Stuck, ...]:
    """Where each channel waits for a statement to be taken back; empty while all may go."""
    with means.database.reading() as transaction:
        found = [_first(means, transaction, partner, now=now) for partner in means.partners()]
    return tuple(one for one in found if one is not None)


def _first(means: Means, transaction: Transaction, partner: str, *, now: datetime) -> Stuck | None:
    name = means.channel_to(partner)
    receipt = acts.last_receipt(transaction, name)
    waiting = erasure.statements_from(transaction, name, first=0 if receipt is None else receipt.size, count=STATEMENTS_LOOKED_MAX)
    law = law_between(means.charter, sender=means.member, recipient=partner, on=now.date())
    for position in waiting:
        body = logs.body_at(transaction, name, position)
        if body is None:  # Taken back already.
            continue
        fields = read(body)
        assert isinstance(fields, dict), "a statement is an object"
        statement = Statement.parse(fields)
        match means.gate.decide(question_about(statement, recipient=partner, law=law)):
            case Withheld(grounds=grounds):
                return Stuck(partner, statement.id, tuple(map(str, grounds)))
            case Released():
                pass
    return None
