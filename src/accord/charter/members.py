"""Members and partners, and what each was to the alliance from which day on (requirement ORG-02).

Whether a status allows an exchange is said here; between whom, and under which article, is `charter.force`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from accord.charter.dated import Mark, day_with_mark
from accord.charter.entry import Entry
from accord.errors import Malformed
from accord.seal.keys import PublicKey

RESERVED: Final = frozenset({"journal", "receipt", "witness"})  # They stand in the names of logs where the name of a member would.
ZONE: Final = re.compile(r"[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+)+|UTC")


class StatusKind(StrEnum):
    """What a state is to the alliance."""

    GUEST = "guest"
    OBSERVER = "observer"
    DIALOGUE_PARTNER = "dialogue-partner"
    PARTNER = "partner"
    MEMBER = "member"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


MAY_EXCHANGE: Final = frozenset({StatusKind.MEMBER})  # Observers and partners have no part in the exchange (requirement DEC-07).


@dataclass(frozen=True, slots=True)
class Status:
    """One line of a state's history. It lasts until the day `until`, which it does not include, or until the next line begins."""

    kind: StatusKind
    since: date | None
    until: date | None
    mark: Mark
    source: str
    note: str = ""

    @classmethod
    def read(cls, entry: Entry) -> Status:
        with entry:
            kind = entry.choice("kind", StatusKind)
            since, mark = day_with_mark(entry, "since")
            until = entry.day_if_any("until")
            if since is not None and until is not None and until <= since:
                raise entry.fault("lies before the status begins", "until")
            return cls(kind, since, until, mark, entry.text("source"), entry.text_if_any("note"))


@dataclass(frozen=True, slots=True)
class Partner:
    """A state that the alliance works with and that was never a member."""

    id: str
    names: Mapping[str, str]
    statuses: tuple[Status, ...]

    def status_on(self, on: date) -> Status | None:
        """What it was on a day; None where nothing certain was."""
        return _status_on(self.statuses, on)

    @classmethod
    def read(cls, entry: Entry) -> Partner:
        with entry:
            partner = cls(entry.name("id"), entry.languages("names"), _statuses(entry))
            if any(status.kind in MAY_EXCHANGE for status in partner.statuses):
                raise entry.fault("a state that is or was a member stands among the members", "statuses")
            return partner


@dataclass(frozen=True, slots=True)
class Member:
    """A state that is or was a member, the zone its legal days are counted in, and its root key once it has one."""

    id: str
    names: Mapping[str, str]
    root: PublicKey | None
    statuses: tuple[Status, ...]
    time_zone: str

    def status_on(self, on: date) -> Status | None:
        """What it was on a day; None where nothing certain was."""
        return _status_on(self.statuses, on)

    @classmethod
    def read(cls, entry: Entry) -> Member:
        with entry:
            member = cls(entry.name("id"), entry.languages("names"), _root(entry), _statuses(entry), entry.text("time_zone"))
            if member.id.lower() in RESERVED:
                raise entry.fault(f"no member is named {' or '.join(sorted(RESERVED))}", "id")
            if not ZONE.fullmatch(member.time_zone):
                raise entry.fault("expected a zone of the IANA database, such as Asia/Almaty", "time_zone")
            if not any(status.kind in MAY_EXCHANGE for status in member.statuses):
                raise entry.fault("a state that was never a member stands among the partners", "statuses")
            return member


def _root(entry: Entry) -> PublicKey | None:
    if not entry.has("root"):
        return None
    try:
        return PublicKey.parse(entry.text("root"))
    except Malformed as fault:
        raise entry.fault(fault.says, "root") from fault


def _statuses(entry: Entry) -> tuple[Status, ...]:
    tables = entry.tables("statuses")
    if not tables:
        raise entry.fault("missing", "statuses")
    statuses = tuple(Status.read(table) for table in tables)
    before: Status | None = None
    for status, table in zip(statuses, tables, strict=True):
        if before is not None and before.since is not None:
            # An undated line before the first dated one changes no answer. Behind one it would leave open when that one ended.
            if status.since is None:
                raise table.fault("a status that follows a dated one has its day", "since")
            if status.since <= before.since or (before.until is not None and status.since < before.until):
                raise table.fault("begins before the line above it ends", "since")
        before = status
    return statuses


def _status_on(statuses: tuple[Status, ...], on: date) -> Status | None:
    begun = [status for status in statuses if status.since is not None and status.since <= on]
    if not begun:
        return None
    latest = begun[-1]
    return latest if latest.until is None or on < latest.until else None
