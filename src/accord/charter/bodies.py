"""Bodies of the alliance: councils, structures, secretariats, with seat, chair and reporting line. Seats move and bodies are replaced (ORG-01)."""

from __future__ import annotations

from dataclasses import dataclass

from accord.charter.entry import Entry, without_empty
from accord.charter.instruments import Mark
from accord.seal.canonical import Fields


@dataclass(frozen=True, slots=True)
class Body:
    """One body, as far as the charter knows it."""

    id: str
    name: str
    article: str
    mark: Mark
    meets: str = ""
    role: str = ""
    seat: str = ""
    reports_to: str = ""
    decides: str = ""
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Body:
        body = cls(
            id=entry.text("id"),
            name=entry.text("name"),
            article=entry.text("article", default=""),
            mark=entry.one_of("mark", Mark),
            meets=entry.text("meets", default=""),
            role=entry.text("role", default=""),
            seat=entry.text("seat", default=""),
            reports_to=entry.text("reports_to", default=""),
            decides=entry.text("decides", default=""),
            note=entry.text("note", default=""),
        )
        entry.done()
        return body

    def fields(self) -> Fields:
        return without_empty({name: str(getattr(self, name)) for name in self.__slots__})
