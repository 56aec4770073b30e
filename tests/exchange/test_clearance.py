"""What lies above a tool's clearance is not there for it: with and without, every answer is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import clients, importing, office, read
from accord.desk.read import Asked
from accord.errors import NotFound
from accord.stix.marking import Tlp
from tests.databases import tamper
from tests.exchange.tools import Tool
from tests.stories.alliance import PURPOSE, START, Alliance, founded, indicator
from tests.stories.test_confirmation import PERSON

RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
LATER = "2026-11-21T08:10:00.000Z"
EARLIER = {"created": "2026-11-19T08:10:00.000Z", "modified": "2026-11-19T08:10:00.000Z"}
HIDDEN = [
    {**indicator(2), "object_marking_refs": [RED]},  # Between two that are seen.
    {**indicator(1), "modified": LATER, "object_marking_refs": [RED]},  # A later version of one that is seen.
    {**indicator(3), **EARLIER, "object_marking_refs": [RED]},  # An earlier version of one.
]
CURSOR = re.compile(rb'"next":"[^"]+"')


@contextmanager
def _world(folder: Path, *, hidden: bool) -> Iterator[Alliance]:
    folder.mkdir()
    with founded(folder, ("KZ", "KG")) as alliance:
        office.add_officer(alliance.means("KZ"), name="L. Low (invented)", role=OfficerRole.ANALYST, clearance=Tlp.AMBER, now=START)
        above = iter(HIDDEN)
        for hour, number in enumerate((1, 3, 4), start=2):
            _kept(alliance, {**indicator(number), "object_marking_refs": [GREEN]}, START + timedelta(hours=hour))
            if hidden:
                _kept(alliance, next(above), START + timedelta(hours=hour, minutes=30))
        alliance.clock.now = START + timedelta(hours=9)
        yield alliance
        alliance.check_everything()


def _kept(alliance: Alliance, item: dict[str, Any], now: datetime) -> None:
    assert 1 == importing.import_files(alliance.means("KZ"), [orjson.dumps(item)], source="Invented feed", now=now).kept


@pytest.fixture
def without(tmp_path: Path) -> Iterator[Alliance]:
    with _world(tmp_path / "without", hidden=False) as alliance:
        yield alliance


@pytest.fixture
def within(tmp_path: Path) -> Iterator[Alliance]:
    with _world(tmp_path / "within", hidden=True) as alliance:
        yield alliance


def _tool(alliance: Alliance, clearance: Tlp, *, member: str = "KZ", may_read: bool = True) -> Tool:
    name = f"tool-{clearance.rank}-{may_read}"
    made = clients.add_client(alliance.means(member), name=name, may_read=may_read, may_write=True, clearance=clearance, now=START)
    return Tool(alliance, member, made)


def _answers(tool: Tool) -> list[tuple[int, bytes, dict[str, str]]]:
    """Every way to look, cursors followed to the end. A cursor is random, so its length stands for it."""
    found = []
    for path in _paths():
        answer = tool.get(path)
        for _ in range(10):
            headers = {name: value for name, value in answer.headers.items() if name.startswith("x-taxii")}
            found.append((answer.status_code, CURSOR.sub(lambda cursor: b"next:%d" % len(cursor[0]), answer.content), headers))
            if answer.status_code != 200 or not answer.json().get("more"):
                break
            answer = tool.get(path + ("&" if "?" in path else "?") + "next=" + answer.json()["next"])
    return found


def _paths() -> list[str]:
    queries = ["", "limit=1", "limit=2", "match[type]=indicator&limit=1", f"match[id]={indicator(2)['id']}"]
    queries += [f"match[version]={word}" for word in ("first", "last", "all", LATER)]
    queries += [f"added_after=2026-11-23T{hour}:15:00Z" for hour in (11, 12, 13)]
    paths = [f"{place}?{query}" for place in ("objects/", "manifest/") for query in queries]
    one = [indicator(number)["id"] for number in (1, 2, 3)]
    return paths + [f"objects/{item}/{rest}" for item in one for rest in ("", "versions/", "?match[version]=all", "?limit=1")]


def test_every_answer_is_the_same_with_and_without_what_lies_above(without: Alliance, within: Alliance) -> None:
    assert _answers(_tool(without, Tlp.AMBER)) == _answers(_tool(within, Tlp.AMBER))
    cleared = _tool(within, Tlp.RED)
    assert 6 == len(cleared.ids("?match[version]=all"))  # It is there, and could have been seen.
    assert _answers(cleared) != _answers(_tool(without, Tlp.RED))


def test_a_tool_sees_what_nobody_marked_and_nothing_red_unless_it_is_said(within: Alliance) -> None:
    _kept(within, indicator(5), within.clock())
    made = clients.add_client(within.means("KZ"), name="plain", may_read=True, may_write=False, now=within.clock())
    assert [indicator(number)["id"] for number in (1, 3, 4, 5)] == Tool(within, "KZ", made).ids()
    assert [indicator(number)["id"] for number in (1, 3, 4)] == _tool(within, Tlp.GREEN).ids()


def test_what_lies_above_does_not_speak_through_refusals(without: Alliance, within: Alliance) -> None:
    said = []
    for world in (without, within):
        tool = _tool(world, Tlp.AMBER)
        absent = tool.ask("DELETE", f"objects/{indicator(2)['id']}/")
        posted = tool.post({**indicator(2), "object_marking_refs": [GREEN]}, {**indicator(8), "modified": LATER}).json()
        said.append((absent.status_code, absent.content, posted["successes"], posted["failures"]))
    assert said[0] == said[1]
    assert [] == said[0][3]


def test_a_tool_that_may_not_read_learns_of_nobody_elses_object(without: Alliance, within: Alliance) -> None:
    within.publish("KG", indicator(7), to="KZ")
    within.sync("KZ", "KG")
    path = f"objects/{indicator(7)['id']}/"
    assert 200 == _tool(within, Tlp.RED).get(path).status_code
    said = []
    for world in (without, within):
        tool = _tool(world, Tlp.RED, may_read=False)
        absent = tool.ask("DELETE", path)
        posted = tool.post({**indicator(7), "modified": LATER}).json()
        said.append((absent.status_code, absent.content, posted["successes"], posted["failures"]))
    assert said[0] == said[1]
    assert (403, []) == (said[0][0], said[0][3])
    # What the partner gave is still there, and the tool's own beside it.
    assert 2 == len(_tool(within, Tlp.AMBER_STRICT).get(path + "?match[version]=all").json()["objects"])


def test_an_officers_search_and_look_are_the_same_with_and_without(without: Alliance, within: Alliance) -> None:
    low, found = Asked("L. Low (invented)", PURPOSE), []
    for world in (without, within):
        means = world.means("KZ")
        while read.catch_up(means):
            pass
        findings = read.search(means, "lantern", asked=low, now=world.clock(), count=2)
        shown = read.show(means, indicator(1)["id"], asked=low, now=world.clock())
        with pytest.raises(NotFound) as absent:
            read.show(means, indicator(2)["id"], asked=low, now=world.clock())
        names = [(item.held.stix_id, item.name) for item in findings.found]
        found.append((names, findings.withheld, shown.content, len(shown.versions), absent.value.says, absent.value.remedy))
    assert found[0] == found[1]
    assert 6 == len(within.search("KZ", "lantern"))
    # Not found and not for you are one answer at the door and two in the journal.
    assert [[], ["TLP"]] == [_acts(world, "shown")[-1].get("rules", []) for world in (without, within)]


def test_a_red_statement_raises_an_unmarked_record(within: Alliance) -> None:
    within.publish("KZ", indicator(8), to="KG", tlp=Tlp.RED)
    within.sync("KG", "KZ")
    for member in ("KZ", "KG"):
        assert indicator(8)["id"] not in _tool(within, Tlp.AMBER_STRICT, member=member).ids()
        assert indicator(8)["id"] in _tool(within, Tlp.RED, member=member).ids()


def test_a_page_with_persons_stands_in_the_journal_with_the_tools_name(within: Alliance) -> None:
    tool = _tool(within, Tlp.RED)
    tool.get("objects/")
    assert [] == _acts(within, "read")
    _kept(within, PERSON, within.clock())
    assert PERSON["id"] in tool.ids()
    assert [(tool.credentials.name, [6])] == [(entry["client"], entry["persons"]) for entry in _acts(within, "read")]


def _acts(alliance: Alliance, act: str) -> list[dict[str, Any]]:
    """The entries of KZ's journal about one kind of act, the oldest first."""
    means = alliance.means("KZ")
    joined = "leaf join content on content.collection = leaf.collection and content.digest = leaf.digest"
    with means.database.reading() as transaction:
        text = f"select content.body from {joined} where leaf.collection = :journal order by leaf.position"
        rows = tamper(transaction, text, journal=means.journal)
    return [entry for (body,) in rows if (entry := orjson.loads(body))["act"] == act]
