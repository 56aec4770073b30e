"""Answer: an officer tells who gave a record that it was accepted, or that it was dealt with. Nothing says so by itself: a receipt only says that it came.

Duties:
  1. the officer may act for the member towards others;
  2. the answer goes to each member that gave the record and has not taken it back, on our channel to it, signed and without free text;
  3. it is said once; it stands in both members' journals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.charter.officers import Act
from accord.desk.control import append_control
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.recall import digests_of
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Fields
from accord.stix.control import Kind
from accord.stix.statement import STATEMENT_RECORDS_MAX
from accord.store import acts, answers
from accord.store.erasure import live_commitments


class Word(StrEnum):
    """What a recipient says of a record; `declined` is said by its node alone."""

    ACCEPTED = "accepted"
    HANDLED = "handled"

    @property
    def kind(self) -> Kind:
        return Kind.ACCEPTED if self is Word.ACCEPTED else Kind.HANDLED


@dataclass(frozen=True, slots=True)
class Answered:
    """To whom it was said, and of how many records there."""

    members: tuple[tuple[str, int], ...]


def answer(means: Means, reference: str, word: Word, *, officer: str, now: datetime) -> Answered:
    """Say it of a record by its STIX identifier, with all its versions, or digest; refused where it was given by nobody or is said already."""
    told: list[tuple[str, int]] = []
    given = False
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.PUBLISH)  # 1
        digests = digests_of(transaction, reference)
        for member in means.partners():  # 2
            channel = means.channel_from(member)
            live = live_commitments(transaction, channel, digests)
            given = given or bool(live)
            said = {item for item in live if word.kind in {one.kind for one in answers.answers_about(transaction, channel, item)}}
            fresh = sorted(set(live) - said)[:STATEMENT_RECORDS_MAX]  # 3
            if fresh:
                append_control(means, transaction, member, word.kind, fresh, now=now)
                answers.keep_answer(transaction, channel, fresh, kind=word.kind.value, code="", now=now)
                told.append((member, len(fresh)))
        if not given:
            raise NotFound(f"{reference} was given by no other member", remedy="only what was received is answered")
        if not told:
            raise Refusal(f"{reference}: {word.value} was said already")
        entry: Fields = {"act": "answered", "officer": officer, "kind": word.value, "members": [member for member, _ in told]}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return Answered(tuple(told))
