"""Told: of one record, under which words it stands between this member and each other: statement, consents and answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.desk.means import Means
from accord.seal.canonical import Digest
from accord.stix.consent import Consent
from accord.stix.statement import Statement
from accord.stix.upstream import links
from accord.store import answers, consents
from accord.store.answers import Said
from accord.store.database import Transaction
from accord.store.erasure import live_commitments


@dataclass(frozen=True, slots=True)
class Told:
    """A record in one channel between this member and `member`; `given` to it, or received from it."""

    member: str
    given: bool
    statement: Statement  # The newest that covers it.
    consents: tuple[Consent, ...]
    answers: tuple[Said, ...]

    @property
    def line(self) -> tuple[str, ...]:
        """Through whose hands it came before, its originator's side first."""
        return tuple(link.statement.releaser for link in reversed(links(self.statement)))


def told_of(means: Means, digest: Digest) -> list[Told]:
    """Every channel in which the record stands with its content, received ones first."""
    with means.database.reading() as transaction:
        received = [
            item for member in means.partners() for item in _told(transaction, means.channel_from(member), member, digest, given=False)
        ]
        given = [item for member in means.partners() for item in _told(transaction, means.channel_to(member), member, digest, given=True)]
    return received + given


def _told(transaction: Transaction, channel: str, member: str, digest: Digest, *, given: bool) -> Iterator[Told]:
    for commitment in live_commitments(transaction, channel, [digest]):
        standing = consents.standing_as(transaction, channel, commitment)
        if standing is not None:
            words = tuple(map(Consent.parse, consents.consents_about(transaction, channel, commitment)))
            said = tuple(answers.answers_about(transaction, channel, commitment))
            yield Told(member, given, Statement.parse(standing.statement), words, said)
