"""Offers that once stopped a channel: what is published can be served, and what cannot be served is refused before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from accord.desk import publish
from accord.errors import LimitReached, Refusal
from accord.stix.marking import SubjectCategory
from accord.stix.statement import PURPOSE_CHARACTERS_MAX
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator, offer


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found
        found.check_everything()


def test_the_longest_purpose_arrives_and_one_character_more_is_refused_by_its_limit(alliance: Alliance) -> None:
    longest = "x" * PURPOSE_CHARACTERS_MAX
    alliance.publish("KZ", indicator(1), to="KG", purpose=longest)
    with pytest.raises(LimitReached, match="PURPOSE_CHARACTERS_MAX"):
        alliance.publish("KZ", indicator(2), to="KG", purpose=longest + "x")
    raw = [orjson.dumps(indicator(2))]
    with pytest.raises(LimitReached, match="PURPOSE_CHARACTERS_MAX"):
        publish.preview(alliance.means("KZ"), raw, officer=OFFICER, offer=offer("KG", purpose=longest + "x"), now=alliance.clock())
    assert 1 == alliance.sync("KG", "KZ").kept


def test_an_audience_in_another_order_arrives(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="", audience=("TJ", "KG", "TJ"))
    assert (1, 1) == (alliance.sync("KG", "KZ").kept, alliance.sync("TJ", "KZ").kept)


def test_a_category_with_a_review_beyond_five_years_is_refused_and_does_not_stop_the_channel(alliance: Alliance) -> None:
    late = START.date() + timedelta(days=4000)
    with pytest.raises(Refusal, match="S-07"):
        alliance.publish("KZ", indicator(1), to="KG", review=late, category=SubjectCategory.SUSPECT)
    alliance.publish("KZ", indicator(1), to="KG", review=late, category=None)
    assert 1 == alliance.sync("KG", "KZ").kept
