"""Notice: a member tells others, by a code of a closed list, of a breach of the rules for what was given, or of its charter or keys.

Requirement INF-12; SCO agreement on secret information, article 16: whoever learns of a breach tells the member concerned at once. A notice passes on the
charter's protocol clause, so it passes when nothing else does. What follows from it is for people; the case itself is not built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.charter.officers import Act
from accord.desk.control import append_control, new_identifier
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.recall import digests_of
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.seal.canonical import Digest, Fields
from accord.stix.control import Kind, NoticeCode
from accord.stix.statement import STATEMENT_RECORDS_MAX
from accord.store import acts, answers
from accord.store.answers import Notice
from accord.store.database import Transaction
from accord.store.erasure import live_commitments


@dataclass(frozen=True, slots=True)
class Noticed:
    """A notice between this member and another; `sent` by this one, or received."""

    member: str
    sent: bool
    notice: Notice


def notice(means: Means, members: Sequence[str], code: NoticeCode, *, about: str = "", officer: str, now: datetime) -> str:
    """Send one notice to these members and give its identifier; `about` is a record that one of the two gave the other."""
    if not members or means.member in members:
        raise Refusal("a notice goes to other members", remedy="name them with --to ID[,ID]")
    for member in members:
        means.charter.member(member)
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.PUBLISH)
        digests = digests_of(transaction, about) if about else []
        identifier = new_identifier(means, Kind.NOTICE)
        concerned = sorted(set(members))
        for member in concerned:
            leaves = _between(means, transaction, member, digests)
            if about and not leaves:
                raise NotFound(f"{about} stands in no channel between {means.member} and {member}", remedy="send the notice without it")
            append_control(means, transaction, member, Kind.NOTICE, leaves, code=code.value, identifier=identifier, now=now)
            channel = means.channel_to(member)
            answers.keep_notice(transaction, channel, notice=identifier, code=code.value, records=len(leaves), now=now)
        entry: Fields = {"act": "noticed", "officer": officer, "notice": identifier, "code": code.value, "members": [*concerned]}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)
    return identifier


def notices(means: Means) -> list[Noticed]:
    """Every notice that this member sent or received, member by member."""
    with means.database.reading() as transaction:
        return [
            Noticed(member, sent, item)
            for member in means.partners()
            for sent, channel in ((True, means.channel_to(member)), (False, means.channel_from(member)))
            for item in answers.notices(transaction, channel)
        ]


def _between(means: Means, transaction: Transaction, member: str, digests: Sequence[Digest]) -> list[bytes]:
    """The leaves of these records in either channel between the two. A record passed on stands in both directions under one commitment."""
    channels = (means.channel_to(member), means.channel_from(member))
    return sorted({leaf for channel in channels for leaf in live_commitments(transaction, channel, digests)})[:STATEMENT_RECORDS_MAX]
