"""Searching as an officer does: pages and facets, a cursor that is nobody else's, and searches that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.charter.officers import OfficerRole
from accord.desk import office, read, recall, searches
from accord.desk.read import Asked, Findings
from accord.errors import LimitReached, Malformed, NotFound, Refusal
from accord.stix.control import RecallReason
from tests.stories.alliance import OFFICER, PURPOSE, Alliance, founded, indicator

OTHER = "N. Sadyrov (invented)"


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        office.add_officer(found.means("KG"), name=OTHER, role=OfficerRole.ANALYST, now=found.clock())
        yield found
        found.check_everything()


def _give(alliance: Alliance, *numbers: int) -> None:
    alliance.publish("KZ", *(indicator(number) for number in numbers), to="KG")
    alliance.sync("KG", "KZ")
    while read.catch_up(alliance.means("KG")):
        pass


def _search(alliance: Alliance, query: str, *, officer: str = OFFICER, **how: Any) -> Findings:
    return read.search(alliance.means("KG"), query, asked=Asked(officer, PURPOSE), now=alliance.clock(), **how)


def _new(alliance: Alliance, officer: str = OFFICER) -> list[tuple[str, int]]:
    return [(one.name, one.new) for one in searches.saved(alliance.means("KG"), officer=officer)]


def test_pages_bring_everything_once_and_each_counts_the_whole(alliance: Alliance) -> None:
    _give(alliance, 1, 2, 3, 4, 5)
    first = _search(alliance, "lantern", count=2)
    second = _search(alliance, "lantern", count=2, after=first.following)
    third = _search(alliance, "lantern", count=2, after=second.following)
    seen = [item.held.stix_id for page in (first, second, third) for item in page.found]
    assert [indicator(number)["id"] for number in (5, 4, 3, 2, 1)] == seen
    assert ([5, 5, 5], "") == ([page.total for page in (first, second, third)], third.following)
    assert {"type": {"indicator": 5}, "from": {"KZ": 5}, "came": {"channel": 5}, "article": {"SC/7": 5}, "tlp": {"none": 5}} == first.facets


@pytest.mark.parametrize("change", [{"officer": OTHER}, {"query": "lantern type:indicator"}, {"after": "AAAA"}])
def test_a_cursor_opens_for_nobody_else_and_for_no_other_query(alliance: Alliance, change: dict[str, str]) -> None:
    _give(alliance, 1, 2, 3)
    asked = {"query": "lantern", "after": _search(alliance, "lantern", count=2).following, **change}
    with pytest.raises(Malformed):
        _search(alliance, asked.pop("query"), **asked)


def test_a_saved_search_tells_its_officer_and_nobody_else_what_came_since(alliance: Alliance) -> None:
    _give(alliance, 1)
    means = alliance.means("KG")
    searches.save(means, "lantern type:indicator", name="lanterns", officer=OFFICER, now=alliance.clock())
    searches.save(means, "type:malware", name="kits", officer=OFFICER, now=alliance.clock())
    assert [("kits", 0), ("lanterns", 0)] == _new(alliance)
    _give(alliance, 2, 3)
    assert ([("kits", 0), ("lanterns", 2)], []) == (_new(alliance), _new(alliance, OTHER))

    recall.recall(alliance.means("KZ"), indicator(2)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    alliance.sync("KG", "KZ")
    assert [("kits", 0), ("lanterns", 1)] == _new(alliance), "what was erased is in no notice"

    searches.save(means, "lantern type:indicator", name="lanterns", officer=OFFICER, now=alliance.clock())
    searches.drop(means, name="kits", officer=OFFICER, now=alliance.clock())
    assert [("lanterns", 0)] == _new(alliance)
    with pytest.raises(NotFound):
        searches.drop(means, name="lanterns", officer=OTHER, now=alliance.clock())


def test_one_search_more_than_the_limit_and_a_search_of_nobody_are_refused(alliance: Alliance) -> None:
    means = alliance.means("KG")
    for number in range(searches.SEARCHES_MAX):
        searches.save(means, f"w{number}", name=f"{number}", officer=OFFICER, now=alliance.clock())
    with pytest.raises(LimitReached):
        searches.save(means, "more", name="more", officer=OFFICER, now=alliance.clock())
    searches.save(means, "changed", name="0", officer=OFFICER, now=alliance.clock())
    with pytest.raises(Refusal, match="has no officer"):
        searches.saved(means, officer="Nobody")
