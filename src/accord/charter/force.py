"""What is in force between two members on a day: the articles that permit an exchange, and what stands in the way.

Duties, in this order:
  1. a member does not exchange with itself;
  2. both are members on that day, in a status that may exchange (requirements ORG-02, DEC-07);
  3. the instrument is in force on that day, and both are parties to it then (requirement ORG-03); an unknown day is not in force;
  4. no reservation of either excludes the article between the two (Vienna Convention on the Law of Treaties, article 21: it works both ways).

What may pass under an article is judged in `release`; here stands only that the article exists between the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from accord.charter.dated import Dated, Mark, weakest
from accord.charter.document import Charter
from accord.charter.instruments import Basis as Basis
from accord.charter.instruments import Instrument, Party
from accord.charter.members import MAY_EXCHANGE, Member, Partner, Status

SELF: Final = "SELF"
STATUS: Final = "ORG-02"
FORCE: Final = "ORG-03"


@dataclass(frozen=True, slots=True)
class Permit:
    """An article that lets information pass between the two, since the day on which the last condition was met, and how sure that is."""

    basis: Basis
    sphere: str
    says: str
    since: date
    mark: Mark


@dataclass(frozen=True, slots=True)
class Forbid:
    """What stands in the way: a rule by its identifier, and one sentence."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Law:
    """What holds from one member to another on a day. Without permits nothing may pass."""

    sender: str
    recipient: str
    on: date
    permits: tuple[Permit, ...]
    forbids: tuple[Forbid, ...]


def law_between(charter: Charter, *, sender: str, recipient: str, on: date) -> Law:
    """Say what `sender` may give `recipient` on a day. Raises `NotFound` for a state that the charter does not name.

    `forbids` names every instrument with a permitting article that does not bind the two, so that an empty answer explains itself.
    """
    states = (charter.state(sender), charter.state(recipient))
    if sender == recipient:  # 1
        return Law(sender, recipient, on, (), (Forbid(SELF, f"{sender} does not exchange with itself."),))
    refused = tuple(forbid for state in states for forbid in _status(state, on))  # 2
    if refused:
        return Law(sender, recipient, on, (), refused)
    permits: list[Permit] = []
    forbids: list[Forbid] = []
    for instrument in charter.instruments:
        if not instrument.permitting:
            continue
        against = list(_force(instrument, (sender, recipient), on))  # 3
        if against:
            forbids += against
            continue
        excluded = _excluded(instrument, (sender, recipient))  # 4
        forbids += excluded.values()
        permits += [permit for permit in _permits(instrument, states, on) if permit.basis.article not in excluded]
    return Law(sender, recipient, on, tuple(permits), tuple(forbids))


def _status(state: Member | Partner, on: date) -> Iterator[Forbid]:
    status = state.status_on(on)
    if status is None:
        yield Forbid(STATUS, f"{state.id} is not a member on {on}: no status of that day is established.")
    elif status.kind not in MAY_EXCHANGE:
        yield Forbid(STATUS, f"{state.id} is not a member on {on}: it is {status.kind} since {status.since} [{status.mark}].")


def _force(instrument: Instrument, pair: tuple[str, str], on: date) -> Iterator[Forbid]:
    begins = instrument.in_force
    if begins.date is None:
        yield Forbid(FORCE, f"{instrument.id} permits nothing: the day of its entry into force is not established [{begins.mark}].")
        return
    if on < begins.date:
        yield Forbid(FORCE, f"{instrument.id} permits nothing on {on}: it enters into force on {begins.date} [{begins.mark}].")
        return
    for name in pair:
        party = _party(instrument, name)
        if party is None:
            yield Forbid(FORCE, f"{instrument.id} permits nothing: {name} is not a party to it.")
        elif party.since is None:
            yield Forbid(FORCE, f"{instrument.id} permits nothing: the day from which {name} is a party is not established [{party.mark}].")
        elif on < party.since:
            yield Forbid(FORCE, f"{instrument.id} permits nothing on {on}: {name} is a party from {party.since} on [{party.mark}].")
        elif party.until is not None and on >= party.until:
            yield Forbid(FORCE, f"{instrument.id} permits nothing on {on}: {name} is no longer a party since {party.until} [{party.mark}].")


def _excluded(instrument: Instrument, pair: tuple[str, str]) -> dict[str, Forbid]:
    return {
        article: Forbid(FORCE, f"{Basis(instrument.id, article)} is excluded by the reservation of {reservation.member}.")
        for reservation in instrument.reservations
        if reservation.member in pair
        for article in reservation.excludes
    }


def _permits(instrument: Instrument, states: tuple[Member | Partner, Member | Partner], on: date) -> Iterator[Permit]:
    """The instrument's permitting articles, its force and both parties and statuses having been checked."""
    begins: list[Dated | Status | Party] = [instrument.in_force]
    for state in states:
        begins += [item for item in (state.status_on(on), _party(instrument, state.id)) if item is not None]
    since = max(day for item in begins if (day := item.date if isinstance(item, Dated) else item.since) is not None)
    for article in instrument.permitting:
        mark = weakest(article.mark, *(item.mark for item in begins))
        yield Permit(Basis(instrument.id, article.id), article.sphere.value, article.says["en"], since, mark)


def _party(instrument: Instrument, member: str) -> Party | None:
    return next((party for party in instrument.parties if party.member == member), None)
