"""Collections: their resource, their objects, what is handed in and what is deleted, and who may do which."""

from __future__ import annotations

from typing import Any

import pytest

from accord.desk.clients import add_client
from accord.exchange.holdings import ALIAS, API_ROOT
from tests.exchange.tools import Tool
from tests.stories.alliance import indicator
from tests.taxii.site import HELD, OLD, OLD_INDICATOR, RELEASED, V1, Site, envelope, is_error, version

READING = ["objects/", "manifest/", f"objects/{OLD['id']}/", f"objects/{OLD['id']}/versions/"]
ABSENT = f"{API_ROOT}collections/00000000-0000-4000-8000-000000000000/"
ODD = {**indicator(550), "name": "Ü\u2028 \U0001f9ff  spaced", "x_own": {"b": 1.5, "a": [None]}}


def test_a_collection_says_what_it_is_and_what_this_client_may_do(site: Site) -> None:
    """TAXII 2.1, 5.2, 5.2.1"""
    rights = {
        tool.credentials.name: (tool.get("").json()["can_read"], tool.get("").json()["can_write"])
        for tool in (site.tool, site.reader, site.writer)
    }
    assert {"analyst": (True, True), "reader": (True, False), "writer": (False, True)} == rights
    channel = site.node("GET", "").json()
    assert (True, False, True) == (channel["can_read"], channel["can_write"], bool(channel["title"]))
    assert site.tool.get("").json() == site.tool.get(API_ROOT + "collections/").json()["collections"][0]


def test_an_alias_does_what_the_identifier_does(site: Site) -> None:
    """TAXII 2.1, 5.2.1"""
    assert ALIAS == site.tool.get("").json()["alias"]
    root = f"{API_ROOT}collections/{ALIAS}/"
    for path in ["", *READING]:
        assert site.tool.get(path).content == site.tool.get(root + path).content
    first = site.tool.get(root + "objects/?limit=1").json()
    assert envelope(site.tool.get("objects/"))[1:] == envelope(site.tool.get(f"{root}objects/?next={first['next']}"))
    assert is_error(site.node("GET", root), 404)


@pytest.mark.parametrize("path", READING)
def test_who_may_not_read_is_told_so(site: Site, path: str) -> None:
    """TAXII 2.1, 5.2.1"""
    assert is_error(site.writer.get(path), 403)


def test_who_may_not_write_is_told_so_and_changes_nothing(site: Site) -> None:
    """TAXII 2.1, 5.2.1"""
    assert is_error(site.reader.post(indicator(540)), 403)
    assert is_error(site.reader.ask("DELETE", f"objects/{OLD['id']}/"), 403)
    assert (404, 200) == (site.tool.get(f"objects/{indicator(540)['id']}/").status_code, site.tool.get(f"objects/{OLD['id']}/").status_code)


@pytest.mark.parametrize("identifier", [OLD["id"], "malware--00000000-0000-4000-8000-000000000000"])
def test_who_may_not_read_deletes_nothing_and_learns_not_what_there_is(site: Site, identifier: str) -> None:
    """TAXII 2.1, 5.2.1, 5.7"""
    assert is_error(site.writer.ask("DELETE", f"objects/{identifier}/"), 403)


@pytest.mark.parametrize("path", ["", *READING])
def test_a_collection_that_is_not_there_is_404(site: Site, path: str) -> None:
    """TAXII 2.1, 5.2, 5.3, 5.4, 5.6, 5.8"""
    for answer in (site.tool.get(ABSENT + path), site.node("GET", ABSENT + path)):
        assert is_error(answer, 404)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_collection_that_is_not_there_is_404_to_who_writes(site: Site, method: str) -> None:
    """TAXII 2.1, 5.5, 5.7"""
    path = ABSENT + ("objects/" if method == "POST" else f"objects/{OLD['id']}/")
    assert is_error(site.tool.ask(method, path, content=b'{"objects":[]}' if method == "POST" else None), 404)


def test_objects_come_as_they_were_handed_in(site: Site) -> None:
    """TAXII 2.1, 5.4, 5.5"""
    assert 1 == site.tool.post(ODD).json()["success_count"]
    assert [ODD] == envelope(site.tool.get(f"objects/?match[id]={ODD['id']}")) == envelope(site.tool.get(f"objects/{ODD['id']}/"))


def test_a_channel_gives_statements_and_records_as_they_were_released(site: Site) -> None:
    """TAXII 2.1, 5.4"""
    assert [kind for item in RELEASED for kind in ("accord-release", item["type"])] == [
        item["type"] for item in envelope(site.node("GET", "objects/"))
    ]
    assert RELEASED == envelope(site.node("GET", "objects/"))[1::2]


def test_a_manifest_names_what_a_page_of_objects_holds(site: Site) -> None:
    """TAXII 2.1, 5.3, 5.3.1"""
    query = "?match[version]=all&match[spec_version]=2.0,2.1&limit=8"
    page, manifest = site.tool.get("objects/" + query), site.tool.get("manifest/" + query)
    assert HELD == envelope(page)
    marks = envelope(manifest)
    assert [{"id", "date_added", "version", "media_type"}] * len(HELD) == [set(mark) for mark in marks]
    expected = [(item["id"], item.get("modified", item.get("created", mark["date_added"]))) for item, mark in zip(HELD, marks, strict=True)]
    assert expected == [(mark["id"], mark["version"]) for mark in marks]


def test_objects_are_there_when_the_answer_comes_and_the_answer_is_202(site: Site) -> None:
    """TAXII 2.1, 5.5"""
    answer = site.tool.post(indicator(541), indicator(542))
    assert (202, "complete") == (answer.status_code, answer.json()["status"])
    assert [indicator(541), indicator(542)] == envelope(site.tool.get(f"objects/?match[id]={indicator(541)['id']},{indicator(542)['id']}"))


def test_what_cannot_be_taken_does_not_hold_back_what_can(site: Site) -> None:
    """TAXII 2.1, 4.3.1, 5.5"""
    broken = {**indicator(544), "pattern": "["}
    body = site.tool.post(indicator(543), broken, None).json()
    assert (3, 1, 2) == (body["total_count"], body["success_count"], body["failure_count"])
    assert [indicator(543)] == envelope(site.tool.get(f"objects/?match[id]={indicator(543)['id']},{broken['id']}"))


def test_an_object_that_is_held_already_is_a_success_and_stays_as_it_came_first(site: Site) -> None:
    """TAXII 2.1, 5.5"""
    before = site.tool.get(f"manifest/?match[id]={ODD['id']}").content if site.tool.post(ODD).json()["success_count"] else b""
    again = site.tool.post(ODD)
    assert (202, 1) == (again.status_code, again.json()["success_count"])
    assert before == site.tool.get(f"manifest/?match[id]={ODD['id']}").content


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"{}", b'{"objects":{}}', b"\xff", b'{"objects":[],"objects":[]}'])
def test_a_body_that_is_no_envelope_is_refused_whole(site: Site, content: bytes) -> None:
    """TAXII 2.1, 3.7, 5.5"""
    assert is_error(site.tool.ask("POST", "objects/", content=content), 400)


def test_properties_of_others_in_an_envelope_are_passed_over(site: Site) -> None:
    """TAXII 2.1, 3.7, 6.1"""
    assert 202 == site.tool.ask("POST", "objects/", content=b'{"more":false,"x_own_note":{"a":[1]},"objects":[]}').status_code


def test_a_property_of_our_own_begins_with_x_and_stands_beside_the_objects(site: Site) -> None:
    """TAXII 2.1, 3.8, 6.1"""
    body = site.node("GET", "objects/").json()
    assert {"more", "objects", "x_accord"} == set(body)
    assert not [name for item in body["objects"] for name in item if name == "x_accord"]
    assert {"more", "objects"} == set(site.tool.get("objects/").json())


def test_one_object_comes_in_an_envelope_and_one_that_is_not_there_is_404(site: Site) -> None:
    """TAXII 2.1, 5.6"""
    assert {"more": False, "objects": [OLD]} == site.tool.get(f"objects/{OLD['id']}/").json()
    for absent in ("malware--00000000-0000-4000-8000-000000000000", "x", "%00"):
        assert is_error(site.tool.get(f"objects/{absent}/"), 404)


def test_versions_of_an_object_come_in_order_and_of_one_that_is_not_there_is_404(site: Site) -> None:
    """TAXII 2.1, 5.8, 5.8.1"""
    assert {"more": False, "versions": [item["modified"] for item in HELD[:3]]} == site.tool.get(
        f"objects/{HELD[0]['id']}/versions/"
    ).json()
    assert is_error(site.tool.get("objects/malware--00000000-0000-4000-8000-000000000000/versions/"), 404)


def test_a_deleted_object_is_gone_in_all_its_versions(site: Site) -> None:
    """TAXII 2.1, 5.7"""
    site.tool.post(indicator(545), version(545, "2026-11-21T08:10:00.000Z"))
    path = f"objects/{indicator(545)['id']}/"
    assert 200 == site.tool.ask("DELETE", path).status_code
    for gone in (path, path + "?match[version]=all", path + "versions/"):
        assert is_error(site.tool.get(gone), 404)
    assert is_error(site.tool.ask("DELETE", path), 404)


def test_versions_can_be_deleted_alone(site: Site) -> None:
    """TAXII 2.1, 5.7"""
    later = "2026-11-21T08:10:00.000Z"
    for asked, left in ((later, V1), ("first", later), (f"{V1}&match[spec_version]=2.1", later)):
        site.tool.post(indicator(546), version(546, later))
        path = f"objects/{indicator(546)['id']}/"
        assert 200 == site.tool.ask("DELETE", f"{path}?match[version]={asked}").status_code
        assert [left] == site.tool.get(path + "versions/").json()["versions"]
    assert is_error(site.tool.ask("DELETE", f"objects/{OLD_INDICATOR['id']}/?match[version]={later}"), 404)


def _asks(site: Site) -> list[Any]:
    return [
        lambda method, path: site.tool.ask(method, site.channel + path, content=b'{"objects":[]}' if method == "POST" else None),
        site.node,
    ]


@pytest.mark.parametrize(("method", "path"), [("POST", "objects/"), ("DELETE", f"objects/{RELEASED[0]['id']}/")])
def test_a_channel_is_not_written_from_outside(site: Site, method: str, path: str) -> None:
    """TAXII 2.1, 5.2.1, 5.5, 5.7"""
    for ask in _asks(site):
        assert is_error(ask(method, path), 403)


@pytest.mark.parametrize("path", ["manifest/", f"objects/{RELEASED[0]['id']}/", f"objects/{RELEASED[0]['id']}/versions/"])
def test_a_channel_is_read_whole_and_says_so(site: Site, path: str) -> None:
    """TAXII 2.1, 5.3, 5.6, 5.8"""
    assert is_error(site.node("GET", path), 403)
    assert is_error(site.tool.get(site.channel + path), 404)


def test_a_client_without_any_right_learns_that_there_is_a_collection_and_nothing_else(site: Site) -> None:
    """TAXII 2.1, 5.2.1"""
    made = add_client(site.alliance.means("KZ"), name="neither", may_read=False, may_write=False, now=site.alliance.clock())
    neither = Tool(site.alliance, "KZ", made)
    assert (False, False) == (neither.get("").json()["can_read"], neither.get("").json()["can_write"])
    assert [403] * 4 == [neither.get(path).status_code for path in READING]
