"""Instruments: treaties with their articles, parties, dates and reservations, each fact with its source and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accord.charter.entry import Entry, without_empty
from accord.seal.canonical import Fields


class Mark(StrEnum):
    """How sure a fact is: operative article read, excerpt read, general knowledge not verified, or not found."""

    VERIFIED = "V"
    PARTIAL = "P"
    UNVERIFIED = "M"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with its source. Without a date the mark is `gap`: not found, and never guessed."""

    date: date | None
    mark: Mark
    source: str = ""
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Dated:
        dated = cls(entry.day("date"), entry.one_of("mark", Mark), entry.text("source", default=""), entry.text("note", default=""))
        if (dated.date is None) != (dated.mark is Mark.GAP):
            raise entry.fault("mark", "a date that was not found is marked gap, and no other is")
        entry.done()
        return dated

    def fields(self) -> Fields:
        return without_empty({"date": _iso(self.date), "mark": self.mark.value, "source": self.source, "note": self.note})


@dataclass(frozen=True, slots=True)
class Party:
    """A member bound by an instrument, from `since` to before `until`."""

    member: str
    since: date | None
    mark: Mark
    until: date | None = None
    source: str = ""
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Party:
        party = cls(
            entry.text("member"),
            entry.day("since"),
            entry.one_of("mark", Mark),
            entry.day("until"),
            entry.text("source", default=""),
            entry.text("note", default=""),
        )
        entry.done()
        return party

    def fields(self) -> Fields:
        return without_empty(
            {
                "member": self.member,
                "since": _iso(self.since),
                "mark": self.mark.value,
                "until": _iso(self.until),
                "source": self.source,
                "note": self.note,
            }
        )

    def is_bound_on(self, day: date) -> bool:
        return self.since is not None and self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a party excluded. With `articles` it takes those out of force for that party; without, it is shown and judged by people."""

    member: str
    says: str
    articles: tuple[str, ...]
    mark: Mark
    source: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Reservation:
        reservation = cls(
            entry.text("member"), entry.text("says"), entry.names("articles"), entry.one_of("mark", Mark), entry.text("source", default="")
        )
        entry.done()
        return reservation

    def fields(self) -> Fields:
        return without_empty(
            {
                "member": self.member,
                "says": self.says,
                "articles": list(self.articles),
                "mark": self.mark.value,
                "source": self.source,
            }
        )


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its sphere, its plain sentence in our own words, and whether it permits an exchange."""

    id: str
    sphere: str
    says: Mapping[str, str]
    permits: bool
    mark: Mark
    source: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Article:
        article = cls(
            entry.text("id"),
            entry.text("sphere"),
            entry.wordings("says"),
            entry.flag("permits"),
            entry.one_of("mark", Mark),
            entry.text("source", default=""),
        )
        if "/" in article.id:
            raise entry.fault("id", "an article's identifier holds no slash")
        entry.done()
        return article

    def fields(self) -> Fields:
        return without_empty(
            {
                "id": self.id,
                "sphere": self.sphere,
                "says": dict(self.says),
                "permits": self.permits,
                "mark": self.mark.value,
                "source": self.source,
            }
        )


@dataclass(frozen=True, slots=True)
class Instrument:
    """A treaty, agreement or regulation, as far as the charter knows it."""

    id: str
    title: str
    signed: Dated
    in_force: Dated
    parties: tuple[Party, ...]
    reservations: tuple[Reservation, ...]
    articles: tuple[Article, ...]
    place: str = ""
    depositary: str = ""
    entry_rule: str = ""
    withdrawal: str = ""
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Instrument:
        instrument = cls(
            id=entry.text("id"),
            title=entry.text("title"),
            signed=Dated.read(entry.entry("signed")),
            in_force=Dated.read(entry.entry("in_force")),
            parties=tuple(Party.read(item) for item in entry.entries("parties")),
            reservations=tuple(Reservation.read(item) for item in entry.entries("reservations")),
            articles=tuple(Article.read(item) for item in entry.entries("articles")),
            place=entry.text("place", default=""),
            depositary=entry.text("depositary", default=""),
            entry_rule=entry.text("entry_rule", default=""),
            withdrawal=entry.text("withdrawal", default=""),
            note=entry.text("note", default=""),
        )
        if "/" in instrument.id:
            raise entry.fault("id", "an instrument's identifier holds no slash")
        entry.done()
        return instrument

    def fields(self) -> Fields:
        return without_empty(
            {
                "id": self.id,
                "title": self.title,
                "signed": self.signed.fields(),
                "in_force": self.in_force.fields(),
                "parties": [party.fields() for party in self.parties],
                "reservations": [reservation.fields() for reservation in self.reservations],
                "articles": [article.fields() for article in self.articles],
                "place": self.place,
                "depositary": self.depositary,
                "entry_rule": self.entry_rule,
                "withdrawal": self.withdrawal,
                "note": self.note,
            }
        )

    def party(self, member: str, day: date) -> Party | None:
        """The member's entry that binds it on a day."""
        return next((party for party in self.parties if party.member == member and party.is_bound_on(day)), None)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
