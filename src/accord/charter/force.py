"""The law in force between two members on a day, answered with articles.

An article permits on a day when all of this holds, and is silent otherwise:
  1. both are members whose status that day may exchange (ORG-02);
  2. the instrument is in force that day, by a date that is known: an unknown date permits nothing;
  3. both are bound by it that day (ORG-03);
  4. neither reserved that article.
Each answer carries the mark of its weakest date, so that a reader sees how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accord.charter.document import Charter
from accord.charter.instruments import Instrument, Mark
from accord.charter.members import Member
from accord.errors import Malformed

_SURENESS = (Mark.VERIFIED, Mark.PARTIAL, Mark.UNVERIFIED, Mark.GAP)


@dataclass(frozen=True, slots=True)
class Basis:
    """An article of an instrument, written ``SC/7``."""

    instrument: str
    article: str

    @classmethod
    def parse(cls, text: str) -> Basis:
        instrument, slash, article = text.partition("/")
        if not (instrument and slash and article) or "/" in article:
            raise Malformed(f"{text!r} is not an article", remedy="write it as instrument and article, for example SC/7")
        return cls(instrument, article)

    def __str__(self) -> str:
        return f"{self.instrument}/{self.article}"


@dataclass(frozen=True, slots=True)
class Permit:
    """An article that permits an exchange between the two, since when, and how sure its dates are."""

    basis: Basis
    sphere: str
    says: str
    since: date
    mark: Mark


@dataclass(frozen=True, slots=True)
class Forbid:
    """What stands in the way, by the rule it rests on."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Law:
    """What one member may give another on a day."""

    sender: str
    recipient: str
    on: date
    permits: tuple[Permit, ...]
    forbids: tuple[Forbid, ...]


def law_between(charter: Charter, *, sender: str, recipient: str, on: date) -> Law:
    """Answer with articles. Raises `NotFound` for a member that the charter does not know."""
    pair = (charter.member(sender), charter.member(recipient))
    forbids = [] if sender != recipient else [Forbid("SELF", f"{sender} does not release to itself")]
    forbids += [forbid for member in pair[: 1 if sender == recipient else 2] for forbid in _status(charter, member, on)]  # 1
    permits: list[Permit] = []
    for instrument in charter.instruments:
        if any(article.permits for article in instrument.articles):
            found, standing_in_the_way = _instrument(instrument, sender, recipient, on)
            permits += found
            forbids += standing_in_the_way
    barred = any(forbid.rule in ("SELF", "ORG-02") for forbid in forbids)
    return Law(sender, recipient, on, () if barred else tuple(permits), tuple(forbids))


def _status(charter: Charter, member: Member, on: date) -> list[Forbid]:
    status = member.status_on(on)
    if status is None:
        return [Forbid("ORG-02", f"{member.id} is not known to be a member or partner on {on}")]
    if status.kind not in charter.exchanging:
        return [Forbid("ORG-02", f"{member.id} is {status.kind} on {on}, who takes no part in the exchange")]
    return []


def _instrument(instrument: Instrument, sender: str, recipient: str, on: date) -> tuple[list[Permit], list[Forbid]]:
    force = instrument.in_force
    if force.date is None:  # 2
        return [], [Forbid(instrument.id, f"{instrument.title}: its entry into force is not established, so it permits nothing")]
    if on < force.date:
        return [], [Forbid(instrument.id, f"{instrument.title}: in force only since {force.date}")]
    parties = [instrument.party(member, on) for member in (sender, recipient)]
    bound = [party for party in parties if party is not None]
    if len(bound) < len(parties):  # 3
        missing = [member for member, party in zip((sender, recipient), parties, strict=True) if party is None]
        return [], [Forbid(instrument.id, f"{instrument.title}: {' and '.join(dict.fromkeys(missing))} not known to be bound on {on}")]
    reserved = {
        article: reservation.member
        for reservation in instrument.reservations
        if reservation.member in (sender, recipient)
        for article in reservation.articles
    }
    permits, forbids = [], []
    since = max(force.date, *(party.since or force.date for party in bound))
    mark = max((force.mark, *(party.mark for party in bound)), key=_SURENESS.index)
    for article in instrument.articles:
        if not article.permits:
            continue
        basis = Basis(instrument.id, article.id)
        if article.id in reserved:  # 4
            forbids.append(Forbid(str(basis), f"{reserved[article.id]} reserved this article"))
        else:
            permits.append(Permit(basis, article.sphere, article.says["en"], since, mark))
    return permits, forbids
