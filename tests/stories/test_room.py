"""Below the minimum of free disk new acts are refused, and what others may expect of the node goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from accord.desk import importing, recall
from accord.desk.clients import add_client
from accord.desk.room import DISK_OCTETS_MIN
from accord.errors import Unready
from accord.stix.control import RecallReason
from accord.stix.marking import Tlp
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, restarted


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path, ("KZ", "KG")) as found:
        yield found


def fill(alliance: Alliance, member: str) -> None:
    node = alliance.nodes[member]
    alliance.nodes[member] = replace(node, means=replace(node.means, free_octets=lambda: DISK_OCTETS_MIN - 1))
    alliance.served(member)


def test_publishing_and_importing_are_refused_with_what_to_do(alliance: Alliance) -> None:
    fill(alliance, "KZ")
    raw = orjson.dumps([indicator(1)])
    for act in (
        lambda: alliance.publish("KZ", indicator(1), to="KG"),
        lambda: importing.import_files(alliance.means("KZ"), [raw], source="Invented feed", now=alliance.clock()),
    ):
        with pytest.raises(Unready, match="255 MiB free, at least 256 MiB") as caught:
            act()
        assert "make room" in caught.value.remedy
    assert [] == alliance.search("KZ", "lantern")


def test_a_tool_that_hands_in_is_told_503_and_why(alliance: Alliance) -> None:
    tool = add_client(alliance.means("KZ"), name="feed", may_read=True, may_write=True, clearance=Tlp.RED, now=alliance.clock())
    headers = {"Authorization": f"Bearer {tool.bearer}", "Content-Type": "application/taxii+json;version=2.1"}
    body = orjson.dumps({"objects": [indicator(1)]})
    path = "/taxii2/accord/collections/holdings/objects/"
    fill(alliance, "KZ")
    answer = alliance.doors["KZ"].post(path, content=body, headers=headers)
    assert 503 == answer.status_code
    assert "DISK_OCTETS_MIN" in answer.text
    with restarted(alliance, "KZ"):  # There is room again.
        assert 202 == alliance.doors["KZ"].post(path, content=body, headers=headers).status_code


def test_a_partner_is_served_and_a_recall_is_obeyed(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    fill(alliance, "KZ")
    fill(alliance, "KG")
    assert 1 == alliance.sync("KG", "KZ").kept
    assert 1 == len(alliance.search("KG", "lantern"))
    recall.recall(alliance.means("KZ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    alliance.sync("KG", "KZ")
    assert [] == alliance.search("KG", "lantern")
    alliance.check_everything()
