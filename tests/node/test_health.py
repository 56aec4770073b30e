"""Health: alive while the process answers, ready while it can serve, and neither says a word of what the node holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from accord.desk.room import DISK_OCTETS_MIN
from accord.node import health
from tests.databases import on_sqlite
from tests.stories.alliance import Alliance, founded


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found


def test_a_node_that_can_serve_is_alive_and_ready_to_anybody(alliance: Alliance) -> None:
    door = alliance.doors["KZ"]
    assert {"alive": True} == door.get("/livez").json()
    answer = door.get("/readyz")
    assert (200, {"ready": True, "waits_for": []}) == (answer.status_code, answer.json())


@on_sqlite
def test_a_node_without_its_database_is_alive_and_not_ready(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    means.database.close()
    for path in alliance.nodes["KZ"].folder.glob("node.sqlite*"):
        path.unlink()
    alliance.nodes["KZ"].folder.joinpath("node.sqlite").mkdir()
    door = alliance.doors["KZ"]
    assert 200 == door.get("/livez").status_code
    answer = door.get("/readyz")
    assert (503, {"ready": False, "waits_for": ["database"]}) == (answer.status_code, answer.json())


def test_a_disk_with_less_room_than_the_limit_is_missing(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    assert shutil.disk_usage(alliance.nodes["KZ"].folder).free == pytest.approx(means.free_octets(), rel=0.5)
    assert [] == health.missing(replace(means, free_octets=lambda: DISK_OCTETS_MIN))
    assert ["disk"] == health.missing(replace(means, free_octets=lambda: DISK_OCTETS_MIN - 1))
