"""Dates at the holder: what was lawful passes however late it comes, and a giver that dates back, or ahead, gains nothing by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cedarpy
import orjson
import pytest
from starlette.testclient import TestClient

from accord.charter.document import Charter, template
from accord.desk import declined, publish
from accord.desk.means import Means
from accord.desk.serve import CLOCK_DIFFERENCE_MAX
from accord.desk.status import status
from accord.errors import IntegrityFailure
from accord.exchange.client import PeerClient
from accord.exchange.sync import synchronise
from accord.exchange.wire import WirePage
from accord.node.build import application
from accord.release.gate import Gate
from accord.release.policy import policy_of
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator, offer

LAW_ENDS = "2026-12-01"


def _law_that_ends() -> Charter:
    """The template, with every instrument binding KG only until a day."""
    fields: dict[str, Any] = template().fields
    for instrument in fields["instruments"]:
        for party in instrument.get("parties", []):
            if party["member"] == "KG":
                party["until"] = LAW_ENDS
    return Charter.of_fields(fields)


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path, on=_law_that_ends()) as found:
        yield found
        found.check_everything()


def _lawless(alliance: Alliance, member: str) -> Means:
    """Let a member's node say yes to everything, at its door too."""
    node = alliance.nodes[member]
    rules = cedarpy.PolicySet.from_str('@id("SC/7")\npermit (principal, action, resource);')
    means = replace(node.means, gate=Gate(replace(policy_of(node.means.charter), rules=rules)))
    alliance.doors[member] = TestClient(application(replace(node, means=means), alliance.clock))
    return means


def _publish(means: Means, number: int, *, dated: datetime, **changes: Any) -> None:
    raw = orjson.dumps(indicator(number))
    publish.publish(means, [raw], officer=OFFICER, offer=offer("KG", **changes), now=dated)


def _grounds(alliance: Alliance) -> list[str]:
    return [item.ground for item in declined.declined(alliance.means("KG"))]


def _held(alliance: Alliance) -> int:
    return sum(item.records for item in status(alliance.means("KG")).holdings)


def test_a_statement_that_was_lawful_and_still_is_passes_however_late_it_comes(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.clock.now += timedelta(days=7)  # The last day of the law.
    assert (1, 0) == ((synced := alliance.sync("KG", "KZ")).kept, synced.declined)


def test_a_statement_dated_back_to_when_the_law_permitted_it_is_declined_under_todays(alliance: Alliance) -> None:
    means = _lawless(alliance, "KZ")
    alliance.clock.now += timedelta(days=30)
    _publish(means, 1, dated=START + timedelta(days=2))
    synced = alliance.sync("KG", "KZ")
    assert (0, 1, 0) == (synced.kept, synced.declined, _held(alliance))
    [ground] = _grounds(alliance)
    assert ground.startswith("LAW: SC/7 does not permit this exchange between KZ and KG on 2026-12-23")
    assert ground.endswith("; lawful on 2026-11-25, the day that the statement names, and no longer on 2026-12-23, when it came")


def test_a_statement_that_was_not_lawful_on_its_own_day_is_declined_though_todays_law_permits_it(alliance: Alliance) -> None:
    means = _lawless(alliance, "KZ")
    _publish(means, 1, dated=alliance.clock(), basis="DB/3")
    assert 1 == alliance.sync("KG", "KZ").declined
    assert _grounds(alliance)[0].startswith("LAW: DB/3 does not permit")


def test_what_is_past_its_review_date_on_arrival_is_declined_and_the_channel_goes_on(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=2))
    alliance.publish("KZ", indicator(2), to="KG")
    alliance.clock.now += timedelta(days=3)
    synced = alliance.sync("KG", "KZ")
    assert (1, 1, 1) == (synced.kept, synced.declined, _held(alliance))
    assert ["S-07/past: its review date, 2026-11-25, had passed when it came on 2026-11-26"] == _grounds(alliance)


def test_the_review_date_is_the_last_day_on_which_a_record_is_kept(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=2))
    alliance.clock.now += timedelta(days=2)
    assert 1 == alliance.sync("KG", "KZ").kept


def test_what_was_released_again_with_a_later_date_is_kept_though_its_first_date_has_passed(alliance: Alliance) -> None:
    for days in (2, 100):
        alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=days))
    alliance.clock.now += timedelta(days=3)
    synced = alliance.sync("KG", "KZ")
    assert (1, 0, 1) == (synced.kept, synced.declined, _held(alliance))


class OnePageEach(PeerClient):
    """A client that asks for a statement with its one record at a time."""

    def page(self, first: int, limit: int) -> WirePage:
        return super().page(first, 2)


def test_a_renewal_on_a_later_page_comes_too_late_and_the_giver_who_is_told_gives_again(alliance: Alliance) -> None:
    for days in (2, 100):
        alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=days))
    alliance.clock.now += timedelta(days=3)
    client = OnePageEach(alliance.means("KG"), "KZ", alliance.doors["KZ"], alliance.clock)
    synced = synchronise(alliance.means("KG"), client, clock=alliance.clock)
    assert (0, 1, 3) == (synced.kept, synced.declined, synced.size)
    [ground] = _grounds(alliance)
    assert ground.startswith("S-07/past: ")
    told = alliance.sync("KZ", "KG")
    assert (1, 0) == (told.size, told.declined)
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=100))
    assert (1, 1) == (alliance.sync("KG", "KZ").kept, _held(alliance))


def test_what_was_declined_and_is_given_again_comes_anew(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=2))
    alliance.clock.now += timedelta(days=3)
    assert 1 == alliance.sync("KG", "KZ").declined
    alliance.sync("KZ", "KG")  # KZ is told.
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=100))
    assert 1 == alliance.sync("KG", "KZ").kept
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=101))
    assert (0, 1) == (alliance.sync("KG", "KZ").kept, _held(alliance)), "what arrived is not given twice"


def test_a_statement_from_the_future_stops_the_channel_until_its_moment_has_come(alliance: Alliance) -> None:
    _publish(alliance.means("KZ"), 1, dated=alliance.clock() + CLOCK_DIFFERENCE_MAX + timedelta(minutes=1))
    with pytest.raises(IntegrityFailure, match="which has not come yet") as failure:
        alliance.sync("KG", "KZ")
    assert ("statement", 0) == (failure.value.duty, _held(alliance))
    alliance.clock.now += timedelta(minutes=2)  # Within what two clocks may differ.
    assert 1 == alliance.sync("KG", "KZ").kept
