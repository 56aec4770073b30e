"""The status page: behind the operator's password, without content, safe against markup in names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from accord.desk import importing
from tests.stories.alliance import Alliance, founded, indicator


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found


def test_the_page_needs_the_operators_password(alliance: Alliance) -> None:
    door, password = alliance.doors["KZ"], alliance.nodes["KZ"].status_password
    assert 401 == door.get("/").status_code
    assert 401 == door.get("/", auth=("operator", "guess")).status_code
    assert 401 == door.get("/", auth=("admin", password)).status_code
    assert 200 == door.get("/", auth=("operator", password)).status_code


def test_the_page_shows_counts_and_no_content(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    page = alliance.doors["KZ"].get("/", auth=("operator", alliance.nodes["KZ"].status_password)).text
    assert "Node of Kazakhstan" in page
    assert "Lantern" not in page
    assert "All is well" in page


def test_markup_in_a_name_is_shown_as_text(alliance: Alliance) -> None:
    source = "<script>alert(1)</script>"
    importing.import_files(alliance.means("KZ"), [orjson.dumps(indicator(1))], source=source, now=alliance.clock())
    page = alliance.doors["KZ"].get("/", auth=("operator", alliance.nodes["KZ"].status_password)).text
    assert source not in page
    assert "&lt;script&gt;" in page


def test_the_page_carries_a_strict_policy_and_is_not_cached(alliance: Alliance) -> None:
    answer = alliance.doors["KZ"].get("/", auth=("operator", alliance.nodes["KZ"].status_password))
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "no-store" == answer.headers["cache-control"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "style=" not in answer.text
    assert "<script" not in answer.text
