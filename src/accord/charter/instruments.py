"""Instruments: treaties, agreements and regulations with their days, parties, reservations and articles (requirement ORG-03).

What is in force between whom on a day is `charter.force`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accord.charter.dated import Dated, Mark, day_with_mark
from accord.charter.entry import NAME, Entry
from accord.errors import Malformed


class Sphere(StrEnum):
    """The field of cooperation that an article belongs to."""

    SECURITY_INFORMATION = "security-information"
    JUDICIAL = "judicial"
    POLITICAL = "political"
    DIPLOMATIC = "diplomatic"
    MILITARY = "military"


@dataclass(frozen=True, slots=True)
class Basis:
    """An article as the legal basis of an exchange, written ``SC/7``."""

    instrument: str
    article: str

    @classmethod
    def parse(cls, text: str) -> Basis:
        """Read what `str` writes, and only that."""
        instrument, slash, article = text.partition("/")
        if not slash or not NAME.fullmatch(instrument) or not NAME.fullmatch(article):
            raise Malformed("a basis is an instrument and an article, such as SC/7")
        return cls(instrument, article)

    def __str__(self) -> str:
        return f"{self.instrument}/{self.article}"


@dataclass(frozen=True, slots=True)
class Party:
    """A member bound by an instrument from `since` on, and no longer on the day `until`."""

    member: str
    since: date | None
    until: date | None
    mark: Mark
    source: str
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Party:
        with entry:
            member = entry.name("member")
            since, mark = day_with_mark(entry, "since")
            until = entry.day_if_any("until")
            if since is not None and until is not None and until <= since:
                raise entry.fault("lies before the day from which it is bound", "until")
            return cls(member, since, until, mark, entry.text("source"), entry.text_if_any("note"))


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a party excluded when it bound itself. `excludes` names articles of this charter's instrument; none, if it concerns others."""

    member: str
    excludes: tuple[str, ...]
    says: Mapping[str, str]
    mark: Mark
    source: str

    @classmethod
    def read(cls, entry: Entry) -> Reservation:
        with entry:
            return cls(
                member=entry.name("member"),
                excludes=entry.names("excludes"),
                says=entry.languages("says"),
                mark=entry.choice("mark", Mark),
                source=entry.text("source"),
            )


@dataclass(frozen=True, slots=True)
class Article:
    """One provision in our own words. `permits` says whether it lets information pass between two parties."""

    id: str
    sphere: Sphere
    says: Mapping[str, str]
    permits: bool
    source: str
    mark: Mark

    @classmethod
    def read(cls, entry: Entry) -> Article:
        with entry:
            article = cls(
                id=entry.name("id"),
                sphere=entry.choice("sphere", Sphere),
                says=entry.languages("says"),
                permits=entry.switch("permits"),
                source=entry.text("source"),
                mark=entry.choice("mark", Mark),
            )
            if article.permits and article.mark is Mark.GAP:
                raise entry.fault("an article that nobody read permits nothing", "permits")
            return article


@dataclass(frozen=True, slots=True)
class Instrument:
    """A treaty or regulation. Where its entry into force is a gap, it permits nothing."""

    id: str
    title: str
    place: str
    note: str
    signed: Dated
    in_force: Dated
    parties: tuple[Party, ...]
    reservations: tuple[Reservation, ...]
    articles: tuple[Article, ...]

    @property
    def permitting(self) -> tuple[Article, ...]:
        return tuple(article for article in self.articles if article.permits)

    @classmethod
    def read(cls, entry: Entry) -> Instrument:
        with entry:
            instrument = cls(
                id=entry.name("id"),
                title=entry.text("title"),
                place=entry.text_if_any("place"),
                note=entry.text_if_any("note"),
                signed=Dated.read(entry.table("signed")),
                in_force=Dated.read(entry.table("in_force")),
                parties=tuple(Party.read(table) for table in entry.tables("parties")),
                reservations=tuple(Reservation.read(table) for table in entry.tables("reservations")),
                articles=tuple(Article.read(table) for table in entry.tables("articles")),
            )
            instrument._check(entry)
            return instrument

    def _check(self, entry: Entry) -> None:
        """A party stands once; reservations are of parties and name articles that are here; an article stands once."""
        parties = [party.member for party in self.parties]
        articles = [article.id for article in self.articles]
        if len(set(parties)) != len(parties):
            raise entry.fault("a member is named twice", "parties")
        if len(set(articles)) != len(articles):
            raise entry.fault("an article stands twice", "articles")
        for reservation in self.reservations:
            if reservation.member not in parties:
                raise entry.fault(f"{reservation.member} made a reservation and is not among the parties", "reservations")
            if lost := [name for name in reservation.excludes if name not in articles]:
                raise entry.fault(f"the reservation excludes article {lost[0]}, which does not stand here", "reservations")
