"""Bar: 10,000 generated worlds: preview equals delivery in all, and an empty audience reaches nobody in all. 60 more by whole nodes.

ACCORD_SEED says which worlds, ACCORD_WORLDS and ACCORD_NODE_WORLDS how many. What holds in each is said in `tests/release/worlds.py`.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from accord.charter.document import Charter
from accord.desk import importing, publish
from accord.desk.release import recipients_of
from accord.desk.status import status
from accord.errors import NotFound, Refusal
from accord.release.question import Offer
from accord.store.records import Came
from tests.release.worlds import Counts, World, check, world
from tests.stories.alliance import OFFICER, Alliance, founded

WORLDS = int(os.environ.get("ACCORD_WORLDS", "10000"))
NODE_WORLDS = int(os.environ.get("ACCORD_NODE_WORLDS", "60"))
SEED = int(os.environ.get("ACCORD_SEED", "20261123"))
TOLD_EVERY = 2_000  # Worlds.


def test_preview_equals_delivery_in_ten_thousand_worlds(tmp_path: Path) -> None:
    counts = Counts()
    began = time.monotonic()
    with founded(tmp_path, ("KZ",)) as alliance:
        for number in range(WORLDS):
            dice = random.Random(f"{SEED}/{number}")
            try:
                check(alliance.means("KZ"), world(dice), dice, counts)
            except Exception as fault:
                fault.add_note(f"world {number} of ACCORD_SEED={SEED}")
                raise
            if (number + 1) % TOLD_EVERY == 0:
                print(f"\n{number + 1:,} worlds after {time.monotonic() - began:.0f} s", end="")
    print(f"\nseed {SEED}: {counts}")
    assert WORLDS == counts.worlds
    assert counts.published > WORLDS // 10


def test_preview_equals_who_holds_what_between_whole_nodes(tmp_path_factory: pytest.TempPathFactory) -> None:
    seen = Counter[str]()
    for number in range(NODE_WORLDS):
        dice = random.Random(f"{SEED}/nodes/{number}")
        one = world(dice, plain=True)
        names = tuple(sorted(item["id"] for item in one.charter["members"]))
        try:
            with founded(tmp_path_factory.mktemp(f"world{number}"), names, on=Charter.of_fields(one.charter)) as alliance:
                seen.update(_played(alliance, one))
        except Exception as fault:
            fault.add_note(f"node world {number} of ACCORD_SEED={SEED}")
            raise
    print(f"\nseed {SEED}, {NODE_WORLDS} worlds between whole nodes: {dict(seen)}")
    assert seen["delivered"] > 0
    assert seen["refused"] > 0
    assert NODE_WORLDS == seen["delivered"] + seen["refused"]


def _played(alliance: Alliance, one: World) -> Counter[str]:
    """Preview, publish and sync between all; then, where only a part of the audience was reached, publish again to that part alone."""
    seen = Counter[str]()
    raw = _records_of(alliance, one)
    reached = _previewed(alliance, one, raw, one.offer)
    expected = reached if set(one.offer.audience) <= reached else set()
    seen["delivered" if expected else "refused"] += 1
    assert expected == _published(alliance, one, raw, one.offer)
    if reached and not expected:
        seen["narrowed"] += 1
        narrowed = replace(one.offer, audience=tuple(sorted(reached)))
        assert reached == _previewed(alliance, one, raw, narrowed) == _published(alliance, one, raw, narrowed)
    alliance.check_everything()
    for holder in reached:
        # What was given is nobody's to pass on, whatever the law between the others.
        seen["onward refused"] += 1
        everybody = tuple(sorted(name for name in alliance.members if name != holder))
        assert set() == _previewed(alliance, replace(one, sender=holder), raw, replace(one.offer, audience=everybody))
    return seen


def _records_of(alliance: Alliance, one: World) -> list[bytes]:
    raw = [orjson.dumps([dict(arrival.record.fields) for arrival in one.arrivals])]
    if one.arrivals[0].came is Came.IMPORT:
        importing.import_files(alliance.means(one.sender), raw, source="Invented feed", now=alliance.clock())
    return raw


def _previewed(alliance: Alliance, one: World, raw: list[bytes], offer: Offer) -> set[str]:
    try:
        answers = publish.preview(alliance.means(one.sender), raw, officer=OFFICER, offer=offer, now=alliance.clock())
    except Refusal:  # An article that the charter does not have: preview and publication refuse it before anybody is judged.
        return set()
    return set(recipients_of(answers))


def _published(alliance: Alliance, one: World, raw: list[bytes], offer: Offer) -> set[str]:
    """Publish, let everybody fetch from everybody, and say who now holds every record."""
    with suppress(Refusal):
        publish.publish(alliance.means(one.sender), raw, officer=OFFICER, offer=offer, now=alliance.clock())
    for asking in alliance.members:
        for asked in alliance.members:
            if asking != asked:
                assert 0 == alliance.sync(asking, asked).declined
    identifiers = {arrival.record.id for arrival in one.arrivals}
    others = [name for name in alliance.members if name != one.sender]
    holders = {name for name in others if all(_holds(alliance, name, identifier) for identifier in identifiers)}
    for name in set(others) - holders:
        assert 0 == sum(item.records for item in status(alliance.means(name)).holdings), "a part of a publication arrived"
    return holders


def _holds(alliance: Alliance, member: str, identifier: str) -> bool:
    try:
        alliance.show(member, identifier)
    except NotFound:
        return False
    return True
