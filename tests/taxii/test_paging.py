"""Order and pages: nothing is lost, nothing comes twice, and what was asked once can be asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from accord.desk.holdings import HOLDINGS_PAGE_OBJECTS_MAX
from tests.stories.alliance import indicator
from tests.taxii.site import HELD, Site, envelope, is_error

Ask = Callable[[str], httpx2.Response]
ASKED = ["holdings", "channel"]
VERSIONS = f"objects/{HELD[0]['id']}/versions/"


def _ask(site: Site, whose: str) -> Ask:
    return site.tool.get if whose == "holdings" else lambda path: site.node("GET", path)


def _walk(ask: Ask, path: str, name: str) -> tuple[list[Any], list[httpx2.Response]]:
    """Everything by pages of one, following `next`; and the pages."""
    found: list[Any] = []
    pages = [ask(path + "&limit=1")]
    while True:
        body = pages[-1].json()
        found += body.get(name, [])
        if not body["more"]:
            return found, pages
        pages.append(ask(f"{path}&limit=1&next={body['next']}"))


@pytest.mark.parametrize(
    ("whose", "path", "name"),
    [
        *(
            ("holdings", f"{path}?match[version]={word}", "objects")
            for path in ("objects/", "manifest/")
            for word in ("all", "last", "first,last")
        ),
        ("holdings", "objects/?match[type]=indicator,malware&match[spec_version]=2.0,2.1", "objects"),
        ("holdings", f"objects/{HELD[0]['id']}/?match[version]=all", "objects"),
        ("holdings", VERSIONS + "?", "versions"),
        ("channel", "objects/?match[version]=all", "objects"),
    ],
)
def test_pages_of_one_make_the_whole_in_order(site: Site, whose: str, path: str, name: str) -> None:
    """TAXII 2.1, 3.4, 3.5, 3.7"""
    ask = _ask(site, whose)
    whole = ask(path).json()
    found, pages = _walk(ask, path, name)
    assert (False, whole[name]) == (whole["more"], found)
    assert len(found) == len(pages)
    assert [True] * (len(pages) - 1) + [False] == [page.json()["more"] for page in pages] == ["next" in page.json() for page in pages]


@pytest.mark.parametrize("whose", ASKED)
def test_objects_stand_in_the_order_in_which_they_were_added(site: Site, whose: str) -> None:
    """TAXII 2.1, 3.3"""
    _, pages = _walk(_ask(site, whose), "objects/?match[version]=all", "objects")
    times = [page.headers["x-taxii-date-added-first"] for page in pages]
    assert sorted(set(times)) == times


def test_manifest_and_versions_stand_in_the_same_order(site: Site) -> None:
    """TAXII 2.1, 3.3"""
    manifest = envelope(site.tool.get("manifest/?match[version]=all"))
    assert [item["id"] for item in envelope(site.tool.get("objects/?match[version]=all"))] == [mark["id"] for mark in manifest]
    times = [mark["date_added"] for mark in manifest]
    assert sorted(set(times)) == times
    assert [item["modified"] for item in HELD[:3]] == site.tool.get(VERSIONS).json()["versions"]


@pytest.mark.parametrize("whose", ASKED)
def test_a_page_asked_for_again_is_the_same_bytes(site: Site, whose: str) -> None:
    """TAXII 2.1, 3.5"""
    ask = _ask(site, whose)
    following = ask("objects/?limit=2").json()["next"]
    page, again = (ask(f"objects/?limit=1&next={following}") for _ in range(2))
    assert (page.content, page.json()["more"]) == (again.content, True)


@pytest.mark.parametrize("whose", ASKED)
def test_the_limit_may_change_from_page_to_page(site: Site, whose: str) -> None:
    """TAXII 2.1, 3.4"""
    ask = _ask(site, whose)
    whole, first = envelope(ask("objects/")), ask("objects/?limit=2").json()
    second = ask(f"objects/?limit=3&next={first['next']}").json()
    assert whole[: 2 + len(second["objects"])] == first["objects"] + second["objects"]
    assert 2 <= len(second["objects"]) <= 3  # A page of a channel may end at a boundary before its limit.


def test_what_is_added_meanwhile_stands_behind_everything_that_was_there(site: Site) -> None:
    """TAXII 2.1, 3.3, 3.5"""
    first = site.tool.get("objects/?limit=1").json()
    site.tool.post(indicator(520))
    rest = envelope(site.tool.get(f"objects/?next={first['next']}"))
    assert indicator(520) == rest[-1]


@pytest.mark.parametrize("whose", ASKED)
def test_a_limit_beyond_the_servers_own_is_no_fault(site: Site, whose: str) -> None:
    """TAXII 2.1, 3.4"""
    ask = _ask(site, whose)
    assert envelope(ask("objects/")) == envelope(ask(f"objects/?limit={10 * HOLDINGS_PAGE_OBJECTS_MAX}"))


@pytest.mark.parametrize("path", ["objects/", "manifest/", f"objects/{HELD[0]['id']}/", VERSIONS])
def test_a_page_says_when_its_first_and_last_object_were_added(site: Site, path: str) -> None:
    """TAXII 2.1, 3.2"""
    added = {
        mark["version"]: mark["date_added"] for mark in envelope(site.tool.get(f"manifest/?match[version]=all&match[id]={HELD[0]['id']}"))
    }
    answer = site.tool.get(f"{path}?match[id]={HELD[0]['id']}&match[version]=all")
    said = (answer.headers["x-taxii-date-added-first"], answer.headers["x-taxii-date-added-last"])
    assert (added[HELD[0]["modified"]], added[HELD[2]["modified"]]) == said


def test_a_page_of_a_channel_says_when_its_first_and_last_object_were_added(site: Site) -> None:
    """TAXII 2.1, 3.2"""
    one = [site.node("GET", f"objects/?limit=1&next={position}") for position in (0, 1)]
    both = site.node("GET", "objects/?limit=2")
    assert one[0].headers["x-taxii-date-added-first"] == both.headers["x-taxii-date-added-first"]
    assert one[1].headers["x-taxii-date-added-last"] == both.headers["x-taxii-date-added-last"]


@pytest.mark.parametrize("whose", ASKED)
def test_where_nothing_matches_the_envelope_is_empty_and_names_no_time(site: Site, whose: str) -> None:
    """TAXII 2.1, 3.2, 3.7"""
    nothing = _ask(site, whose)("objects/?added_after=2099-01-01T00:00:00Z")
    assert (200, {"more": False}) == (nothing.status_code, nothing.json())
    assert not [name for name in nothing.headers if name.startswith("x-taxii")]


def test_a_cursor_goes_on_with_its_own_question_alone(site: Site) -> None:
    """TAXII 2.1, 3.5"""
    cursor = site.tool.get("objects/?limit=1&match[version]=all").json()["next"]
    assert envelope(site.tool.get("objects/?match[version]=all"))[1:] == envelope(
        site.tool.get(f"objects/?match[version]=all&next={cursor}")
    )
    for other in (f"objects/?next={cursor}", f"manifest/?match[version]=all&next={cursor}"):
        assert is_error(site.tool.get(other), 400)


def test_next_outweighs_an_added_after_beside_it(site: Site) -> None:
    """TAXII 2.1, 3.5"""
    cursor = site.tool.get("objects/?limit=1").json()["next"]
    rest = envelope(site.tool.get(f"objects/?next={cursor}"))
    assert rest == envelope(site.tool.get(f"objects/?next={cursor}&added_after=2099-01-01T00:00:00Z"))
