"""Bodies of the alliance and their seats through time (requirement ORG-01): seats move and bodies are replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from accord.charter.dated import Mark, day_with_mark
from accord.charter.entry import Entry


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a body sits from a day on, until its next seat begins."""

    city: str
    since: date | None
    mark: Mark
    source: str
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Seat:
        with entry:
            return cls(entry.text("city"), *day_with_mark(entry, "since"), entry.text("source"), entry.text_if_any("note"))


@dataclass(frozen=True, slots=True)
class Body:
    """An organ of the alliance. `basis` is the instrument, with its article where known, that it rests on: it exists while that is in force."""

    id: str
    names: Mapping[str, str]
    basis: str
    task: str
    chair: str
    meets: str
    reports_to: str
    seats: tuple[Seat, ...]
    note: str

    @property
    def instrument(self) -> str:
        return self.basis.partition("/")[0]

    @classmethod
    def read(cls, entry: Entry) -> Body:
        with entry:
            return cls(
                id=entry.name("id"),
                names=entry.languages("names"),
                basis=entry.text("basis"),
                task=entry.text_if_any("task"),
                chair=entry.text_if_any("chair"),
                meets=entry.text_if_any("meets"),
                reports_to=entry.text_if_any("reports_to"),
                seats=tuple(Seat.read(table) for table in entry.tables("seats")),
                note=entry.text_if_any("note"),
            )
