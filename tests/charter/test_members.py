"""Statuses through time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accord.charter.entry import Entry
from accord.charter.members import Member, Partner, StatusKind
from accord.errors import CharterInvalid
from tests.charter.charters import member


def status(kind: str, since: str | None, until: str | None = None) -> dict[str, Any]:
    days = {name: day for name, day in (("since", since), ("until", until)) if day}
    return {"kind": kind, "mark": "V" if since else "gap", "source": "INV", **days}


def read(*statuses: dict[str, Any]) -> Member:
    return Member.read(Entry(member("AA", statuses=list(statuses)), "members[0]"))


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        ("2004-12-31", None),
        ("2005-01-01", StatusKind.OBSERVER),
        ("2009-12-31", StatusKind.OBSERVER),
        ("2010-01-01", StatusKind.MEMBER),
        ("2019-12-31", StatusKind.MEMBER),
        ("2020-01-01", None),
        ("2021-01-01", StatusKind.MEMBER),
        ("2090-01-01", StatusKind.MEMBER),
    ],
)
def test_a_status_lasts_from_its_first_day_until_its_end_or_the_next(on: str, kind: StatusKind | None) -> None:
    history = read(
        status("guest", None),
        status("observer", "2005-01-01"),
        status("member", "2010-01-01", "2020-01-01"),
        status("member", "2021-01-01"),
    )
    found = history.status_on(date.fromisoformat(on))
    assert kind == (found and found.kind)


@pytest.mark.parametrize(
    ("statuses", "says"),
    [
        ([], "members[0].statuses: an empty list"),
        ([status("observer", "2005-01-01")], "members[0].statuses: a state that was never a member"),
        ([status("member", "2005-01-01"), status("suspended", None)], "statuses[1].since: a status that follows a dated one has its day"),
        ([status("member", "2005-01-01"), status("suspended", "2005-01-01")], "statuses[1].since: begins before the line above it ends"),
        ([status("member", "2005-01-01"), status("suspended", "2004-01-01")], "statuses[1].since: begins before the line above it ends"),
        (
            [status("member", "2005-01-01", "2009-01-01"), status("suspended", "2008-01-01")],
            "statuses[1].since: begins before the line above it ends",
        ),
        ([status("member", "2005-01-01", "2005-01-01")], "statuses[0].until: lies before the status begins"),
    ],
)
def test_a_history_that_contradicts_itself_is_refused(statuses: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(CharterInvalid) as refusal:
        read(*statuses)
    assert says in refusal.value.says


def test_a_partner_was_never_a_member() -> None:
    fields: dict[str, Any] = {"id": "PP", "names": {"en": "P"}, "statuses": [status("member", "2005-01-01")]}
    with pytest.raises(CharterInvalid, match="stands among the members"):
        Partner.read(Entry(fields, "partners[0]"))
