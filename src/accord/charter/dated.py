"""A day that somebody verified, or did not: every dated fact of a charter carries its mark and its source.

An unknown day is written as a gap and never guessed; what follows from it (nothing is permitted) is judged in `charter.force`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accord.charter.entry import Entry


class Mark(StrEnum):
    """How a fact was verified."""

    READ = "V"  # The operative article was read in full.
    PART = "P"  # An excerpt, an opening or a third party's summary was read.
    MEMORY = "M"  # General knowledge, to be confirmed.
    GAP = "gap"  # Not known. A gap has no day.


def weakest(*marks: Mark) -> Mark:
    """What rests on several facts is no surer than the least sure of them."""
    return max(marks, key=list(Mark).index)


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, how sure it is, and where it was read. `date` is None exactly where the mark is a gap."""

    date: date | None
    mark: Mark
    source: str
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Dated:
        """Read ``{ date = 2001-06-15, mark = "V", source = "SC 18" }``; a gap has no date and may say in its note what is known."""
        with entry:
            return cls(*day_with_mark(entry, "date"), source=entry.text("source"), note=entry.text_if_any("note"))


def day_with_mark(entry: Entry, name: str) -> tuple[date | None, Mark]:
    """Read a day and its mark from a table that holds more than the two."""
    day = entry.day_if_any(name)
    mark = entry.choice("mark", Mark)
    if (day is None) != (mark is Mark.GAP):
        raise entry.fault("a day and the mark gap exclude each other, and one of them is needed", name)
    return day, mark
