"""Members: states, and whatever else the charter admits, with their status through time and the root key that the charter pins.

A status is a dated history; access is always judged at an instant (ORG-02). Which kinds of status may exchange is charter data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from accord.charter.entry import Entry, without_empty
from accord.charter.instruments import Mark
from accord.seal.canonical import Fields
from accord.seal.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Status:
    """What a member was, from `since` to before `until`. A start that was not found is marked gap and counts for no day."""

    kind: str
    since: date | None
    until: date | None
    mark: Mark
    source: str = ""
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Status:
        status = cls(
            entry.text("kind"),
            entry.day("since"),
            entry.day("until"),
            entry.one_of("mark", Mark),
            entry.text("source", default=""),
            entry.text("note", default=""),
        )
        if (status.since is None) != (status.mark is Mark.GAP):
            raise entry.fault("mark", "a start that was not found is marked gap, and no other is")
        entry.done()
        return status

    def fields(self) -> Fields:
        return without_empty(
            {
                "kind": self.kind,
                "since": None if self.since is None else self.since.isoformat(),
                "until": None if self.until is None else self.until.isoformat(),
                "mark": self.mark.value,
                "source": self.source,
                "note": self.note,
            }
        )

    def covers(self, day: date) -> bool:
        return self.since is not None and self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Member:
    """One member; `root` is missing as long as it has no node."""

    id: str
    names: Mapping[str, str]
    statuses: tuple[Status, ...]
    root: PublicKey | None = None
    time_zone: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Member:
        root = entry.text("root", default="")
        member = cls(
            id=entry.text("id"),
            names=entry.wordings("names"),
            statuses=tuple(Status.read(item) for item in entry.entries("statuses")),
            root=PublicKey.parse(root) if root else None,
            time_zone=entry.text("time_zone", default=""),
        )
        if not member.statuses:
            raise entry.fault("statuses", "a member has at least one status")
        entry.done()
        return member

    def fields(self) -> Fields:
        return without_empty(
            {
                "id": self.id,
                "names": dict(self.names),
                "statuses": [status.fields() for status in self.statuses],
                "root": None if self.root is None else str(self.root),
                "time_zone": self.time_zone,
            }
        )

    def status_on(self, day: date) -> Status | None:
        """The latest status that covers a day; None when none does."""
        covering = [status for status in self.statuses if status.covers(day)]
        return max(covering, key=lambda status: status.since or date.min, default=None)
