"""Standing releases: what an officer released ahead of its arrival leaves as it comes, within the words, on two officers' word, and no further."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import importing, office, standing
from accord.desk.standing import Order, Selection
from accord.errors import NotFound, Refusal
from accord.release.question import Offer
from accord.stix.marking import Tlp
from accord.store import records
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator, offer

FEED = "Invented feed"
SECOND = "S. Second (invented)"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
UNTIL = START.date() + timedelta(days=30)


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        office.add_officer(found.means("KZ"), name=SECOND, role=OfficerRole.OFFICER, now=found.clock())
        yield found
        found.check_everything()


def marked(number: int, marking: str) -> dict[str, Any]:
    return {**indicator(number), "object_marking_refs": [marking]}


def order(to: str = "KG", *, name: str = "feed", **changes: Any) -> Order:
    terms: Offer = offer(to, tlp=Tlp.GREEN, category=None, **changes)
    return Order(name, FEED, Selection(("indicator",), (Tlp.CLEAR, Tlp.GREEN), unmarked=False), terms, UNTIL)


def arrive(alliance: Alliance, *objects: dict[str, Any]) -> None:
    importing.import_files(alliance.means("KZ"), [orjson.dumps(list(objects))], source=FEED, now=alliance.clock())


def in_force(alliance: Alliance, given: Order) -> None:
    standing.grant(alliance.means("KZ"), given, officer=OFFICER, now=alliance.clock())
    standing.confirm(alliance.means("KZ"), given.name, officer=SECOND, now=alliance.clock())


def carry_out(alliance: Alliance) -> int:
    return standing.carry_out(alliance.means("KZ"), now=alliance.clock())


def held_by(alliance: Alliance, member: str) -> set[str]:
    """What a member holds once it has fetched KZ's channel."""
    alliance.sync(member, "KZ")
    with alliance.means(member).database.reading() as transaction:
        return {item.stix_id for item in records.from_source(transaction, came=records.Came.CHANNEL, source="KZ", first=0, count=100)}


def test_what_comes_within_the_words_leaves_as_it_comes_and_nothing_else(alliance: Alliance) -> None:
    in_force(alliance, order())
    arrive(alliance, marked(1, GREEN), marked(2, RED), indicator(3), {**marked(4, GREEN), "labels": []})
    arrive(alliance, {**marked(5, GREEN), "type": "campaign", "id": "campaign--00000005-1dd9-446e-b6f5-d58527e5b5d2", "name": "Invented"})
    assert 1 == carry_out(alliance)
    arrive(alliance, marked(6, GREEN))
    assert 1 == carry_out(alliance)
    assert 0 == carry_out(alliance)
    assert {indicator(1)["id"], indicator(6)["id"]} == held_by(alliance, "KG")
    assert set() == held_by(alliance, "TJ")
    [found] = standing.every(alliance.means("KZ"), now=alliance.clock())
    assert (2, 1) == (found.kept.released, found.kept.withheld)  # The withheld one breaks the standard, and nobody gave a word for it.


def test_unmarked_records_leave_only_where_the_words_say_so(alliance: Alliance) -> None:
    given = order()
    in_force(alliance, Order(given.name, FEED, Selection(("indicator",), (), unmarked=True), given.offer, UNTIL))
    arrive(alliance, indicator(1), marked(2, GREEN))
    assert 1 == carry_out(alliance)
    assert {indicator(1)["id"]} == held_by(alliance, "KG")


def test_nothing_leaves_before_a_second_officer_confirms(alliance: Alliance) -> None:
    arrive(alliance, marked(1, GREEN))
    standing.grant(alliance.means("KZ"), order(), officer=OFFICER, now=alliance.clock())
    assert 0 == carry_out(alliance)
    with pytest.raises(Refusal, match="S-20"):
        standing.confirm(alliance.means("KZ"), "feed", officer=OFFICER, now=alliance.clock())
    standing.confirm(alliance.means("KZ"), "feed", officer=SECOND, now=alliance.clock())
    assert 1 == carry_out(alliance)


def test_nothing_leaves_after_its_last_day(alliance: Alliance) -> None:
    in_force(alliance, order())
    alliance.clock.now = START + timedelta(days=30)
    arrive(alliance, marked(1, GREEN))
    assert 1 == carry_out(alliance)
    alliance.clock.now = START + timedelta(days=31)
    arrive(alliance, marked(2, GREEN))
    assert 0 == carry_out(alliance)


def test_nothing_leaves_after_an_officer_ended_it(alliance: Alliance) -> None:
    in_force(alliance, order())
    standing.end(alliance.means("KZ"), "feed", officer=SECOND, now=alliance.clock())
    arrive(alliance, marked(1, GREEN))
    assert 0 == carry_out(alliance)
    with pytest.raises(Refusal, match="was ended by"):
        standing.end(alliance.means("KZ"), "feed", officer=OFFICER, now=alliance.clock())
    with pytest.raises(NotFound):
        standing.end(alliance.means("KZ"), "other", officer=OFFICER, now=alliance.clock())


def test_one_recipient_that_no_law_reaches_holds_everything_and_is_named_in_the_preview(alliance: Alliance) -> None:
    arrive(alliance, marked(1, GREEN))
    unlawful = order("KG", basis="DB/3")
    [outcome] = standing.preview(alliance.means("KZ"), unlawful, officer=OFFICER, now=alliance.clock())
    assert (1, False, ["KG"]) == (outcome.records, outcome.is_released, [item.decision.recipient for item in outcome.answers])
    in_force(alliance, unlawful)
    assert 0 == carry_out(alliance)
    assert set() == held_by(alliance, "KG")


def test_preview_says_what_carrying_out_then_does(alliance: Alliance) -> None:
    arrive(alliance, marked(1, GREEN), marked(2, GREEN), {**marked(3, GREEN), "labels": []}, marked(4, RED))
    outcomes = standing.preview(alliance.means("KZ"), order(), officer=OFFICER, now=alliance.clock())
    assert 0 == len(held_by(alliance, "KG"))
    in_force(alliance, order())
    assert sum(item.records for item in outcomes if item.is_released) == carry_out(alliance) == 2
    assert 2 == len(held_by(alliance, "KG"))


def test_what_was_taken_back_is_not_released_again_by_it(alliance: Alliance) -> None:
    from accord.desk import recall
    from accord.stix.control import RecallReason

    in_force(alliance, order())
    arrive(alliance, marked(1, GREEN))
    carry_out(alliance)
    means = alliance.means("KZ")
    recall.recall(means, indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    in_force(alliance, order(name="again"))
    assert 0 == carry_out(alliance)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"selection": Selection((), (Tlp.GREEN,), unmarked=False)}, "types of records"),
        ({"selection": Selection(("indicator",), (), unmarked=False)}, "names the markings"),
        ({"until": START.date() - timedelta(days=1)}, "would have ended"),
        ({"until": START.date() + timedelta(days=400)}, "review date"),
        ({"offer": offer("")}, "an empty audience is nobody"),
        ({"offer": offer("KG", purpose=None)}, "names purpose"),
        ({"source": "KG"}, "is a member"),
        ({"name": ""}, "has a name"),
    ],
)
def test_words_that_are_not_complete_are_refused_by_what_they_lack(alliance: Alliance, changes: dict[str, Any], named: str) -> None:
    given = order()
    values = {
        "name": given.name,
        "source": given.source,
        "selection": given.selection,
        "offer": given.offer,
        "until": given.until,
        **changes,
    }
    with pytest.raises(Refusal, match=named):
        standing.grant(alliance.means("KZ"), Order(**values), officer=OFFICER, now=alliance.clock())
    assert [] == standing.every(alliance.means("KZ"), now=alliance.clock())


def test_an_order_is_kept_and_read_back_as_it_was_worded(alliance: Alliance) -> None:
    standing.grant(alliance.means("KZ"), order("KG,TJ"), officer=OFFICER, now=alliance.clock())
    [found] = standing.every(alliance.means("KZ"), now=alliance.clock())
    assert order("KG,TJ") == found.order
