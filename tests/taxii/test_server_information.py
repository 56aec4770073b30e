"""Discovery, API root, status, addresses, and who is let in."""

from __future__ import annotations

from contextlib import closing

import pytest
from starlette.testclient import TestClient

from accord.exchange.guard import CHALLENGE
from accord.exchange.holdings import API_ROOT, CONTENT_OCTETS_MAX, DISCOVERY, holdings_id
from accord.exchange.wire import MEDIA_TYPE
from tests.exchange.tools import tool_of
from tests.stories.alliance import indicator
from tests.taxii.site import Site, is_error


def test_discovery_stands_where_every_client_looks_and_names_the_api_root(site: Site) -> None:
    """TAXII 2.1, 4.1, 4.1.1"""
    assert DISCOVERY == "/taxii2/"
    body = site.tool.get("/taxii2/").json()
    assert ({"title", "default", "api_roots"}, [API_ROOT], True) == (
        set(body),
        [item.removeprefix("http://testserver") for item in body["api_roots"]],
        bool(body["title"]),
    )
    assert body["default"] in body["api_roots"]
    assert body == site.node("GET", "/taxii2/").json()


def test_addresses_are_whole_where_it_is_certain_how_the_node_was_found_and_relative_elsewhere(site: Site) -> None:
    """TAXII 2.1, 4.1.1"""
    assert "http://testserver/taxii2/accord/" == site.tool.get("/taxii2/").json()["default"]
    for host in ("accord.kz.example", "testserver:8100", "[", "a b", "evil.example/x?"):
        assert API_ROOT == site.tool.get("/taxii2/", Host=host).json()["default"]
    behind = TestClient(site.alliance.doors["KZ"].app, base_url="https://accord.kz.example")
    with closing(behind):
        for host, found in (
            ("accord.kz.example", "https://accord.kz.example"),
            ("accord.kz.example:8443", "https://accord.kz.example:8443"),
            ("[", ""),
        ):
            answer = behind.get("/taxii2/", headers={"Authorization": site.tool.basic, "Host": host})
            assert [found + API_ROOT] == answer.json()["api_roots"]


@pytest.mark.parametrize("path", ["/taxii2/", "/taxii2", "/taxii2/nothing/", "objects/", "objects", "/nothing", "/static/accord.css"])
@pytest.mark.parametrize("host", ["[", "a b", "", "[::1", "x" * 5_000, "evil.example:99999999"])
def test_no_name_of_a_host_makes_the_server_stumble(site: Site, path: str, host: str) -> None:
    """TAXII 2.1, 3.6"""
    assert (
        site.alliance.doors["KZ"]
        .get(path if path.startswith("/") else site.tool.root + path, headers={"Host": host}, follow_redirects=False)
        .status_code
        < 500
    )


def test_the_api_root_names_its_versions_and_its_limit(site: Site) -> None:
    """TAXII 2.1, 4.2, 4.2.1"""
    for body in (site.tool.get(API_ROOT).json(), site.node("GET", API_ROOT).json()):
        assert ([MEDIA_TYPE], CONTENT_OCTETS_MAX, True) == (body["versions"], body["max_content_length"], bool(body["title"]))


def test_a_body_of_the_announced_length_is_no_413_and_one_byte_more_is(site: Site) -> None:
    """TAXII 2.1, 4.2.1"""
    head, tail = b'{"objects":[', b"]}"
    longest = head + b" " * (CONTENT_OCTETS_MAX - len(head) - len(tail)) + tail
    assert 202 == site.tool.ask("POST", "objects/", content=longest).status_code
    assert is_error(site.tool.ask("POST", "objects/", content=longest + b" "), 413)
    many = head + b",".join([b"1"] * 10_001) + tail
    assert is_error(site.tool.ask("POST", "objects/", content=many), 422)


@pytest.mark.parametrize("path", ["/taxii2/", API_ROOT, API_ROOT + "collections/", "", "objects/", "manifest/"])
def test_an_address_ends_with_a_slash_and_without_one_leads_there(site: Site, path: str) -> None:
    """TAXII 2.1, 3.1"""
    answer = site.tool.get(path)
    assert (200, "/") == (answer.status_code, answer.url.path[-1])
    assert [307] == [before.status_code for before in site.tool.get(str(answer.url.path).rstrip("/")).history]


@pytest.mark.parametrize(
    "path", ["/taxii2/", API_ROOT, API_ROOT + "collections/", "", "objects/", "manifest/", "objects/x/", "objects/x/versions/"]
)
def test_who_shows_nothing_is_401_with_the_ways_to_sign_in(site: Site, path: str) -> None:
    """TAXII 2.1, 1.6.9, 3.2"""
    answer = site.tool.get(path, Authorization="")
    assert (True, CHALLENGE) == (is_error(answer, 401), answer.headers["www-authenticate"])
    assert ("Basic ", ", Bearer") == (CHALLENGE[:6], CHALLENGE[-8:])


def test_http_basic_lets_a_tool_in(site: Site) -> None:
    """TAXII 2.1, 1.6.9, 7.2.2"""
    assert 200 == site.tool.get("objects/", Authorization=site.tool.basic).status_code
    assert is_error(site.tool.get("objects/", Authorization=site.tool.basic[:-4]), 401)


def test_another_way_to_sign_in_does_as_well(site: Site) -> None:
    """TAXII 2.1, 1.6.9"""
    assert 200 == site.tool.get("objects/", Authorization=f"Bearer {site.tool.credentials.bearer}").status_code


def test_a_status_counts_what_became_of_each_object(site: Site) -> None:
    """TAXII 2.1, 4.3.1"""
    broken = {**indicator(511), "valid_from": "x"}
    body = site.tool.post(indicator(510), broken, 5).json()
    assert ("complete", 3, 1, 2, 0) == (
        body["status"],
        body["total_count"],
        body["success_count"],
        body["failure_count"],
        body["pending_count"],
    )
    assert body["total_count"] == body["success_count"] + body["failure_count"] + body["pending_count"]
    assert [{"id": indicator(510)["id"], "version": indicator(510)["modified"]}] == body["successes"]
    assert [broken["id"]] == [item["id"] for item in body["failures"] if item["version"] == broken["modified"]]
    assert all(item["message"] for item in body["failures"])


def test_a_status_can_be_asked_for_again_by_its_client_alone(site: Site) -> None:
    """TAXII 2.1, 4.3"""
    given = site.tool.post(indicator(512))
    path = f"{API_ROOT}status/{given.json()['id']}/"
    assert given.content == site.tool.get(path).content
    for absent in (site.writer.get(path), site.tool.get(f"{API_ROOT}status/00000000-0000-4000-8000-000000000000/")):
        assert is_error(absent, 404)


def test_a_status_is_there_for_a_day_whatever_comes_after_it(site: Site) -> None:
    """TAXII 2.1, 4.3"""
    busy = tool_of(site.alliance, "KZ", "busy")
    first = busy.post().json()["id"]
    for _ in range(110):
        busy.post()
    assert 200 == busy.get(f"{API_ROOT}status/{first}/").status_code


def test_each_asks_for_its_own_collections_and_sees_no_others(site: Site) -> None:
    """TAXII 2.1, 5.1, 5.1.1"""
    means = site.alliance.means("KZ")
    [held] = site.tool.get(API_ROOT + "collections/").json()["collections"]
    [given] = site.node("GET", API_ROOT + "collections/").json()["collections"]
    assert (holdings_id(means), site.channel) == (held["id"], f"{API_ROOT}collections/{given['id']}/")
    assert is_error(site.tool.get(site.channel), 404)
    assert is_error(site.node("GET", site.tool.root), 404)
