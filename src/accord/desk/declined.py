"""Declined: what other members gave and this node did not keep, with the ground. The content went; the commitment stays in the channel."""

from __future__ import annotations

from dataclasses import dataclass

from accord.desk.means import Means
from accord.store import acts

DECLINED_SHOWN_MAX = 1_000  # Records of one channel. Whoever has more has one mistake many times, and sees it in the first.


@dataclass(frozen=True, slots=True)
class Declined:
    """One record that did not pass: whose it was, where it stood in the channel, and why not."""

    sender: str
    position: int
    ground: str
    declined_at: str


def declined(means: Means) -> list[Declined]:
    """What did not pass, by member, the newest first."""
    with means.database.reading() as transaction:
        return [
            Declined(sender, position, ground, at)
            for sender in means.partners()
            for position, ground, at in acts.declined_of(transaction, means.channel_from(sender), count=DECLINED_SHOWN_MAX)
        ]
