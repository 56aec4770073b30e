"""Media types, content negotiation and the kinds of values."""

from __future__ import annotations

import re
import uuid

import orjson
import pytest

from accord.exchange.wire import MEDIA_TYPE
from tests.stories.alliance import indicator
from tests.taxii.site import HELD, OLD, Site, is_error

GETS = ["/taxii2/", "/taxii2/accord/", "/taxii2/accord/collections/", "", "objects/", "manifest/", f"objects/{OLD['id']}/"]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.mark.parametrize("path", [*GETS, f"objects/{OLD['id']}/versions/"])
def test_every_answer_says_the_media_type_with_its_version(site: Site, path: str) -> None:
    """TAXII 2.1, 1.6.8"""
    assert (200, MEDIA_TYPE) == ((answer := site.tool.get(path)).status_code, answer.headers["content-type"])


@pytest.mark.parametrize("path", ["/taxii2/", "/taxii2/accord/", "/taxii2/accord/collections/", "", "objects/"])
def test_a_node_gets_the_same_media_type(site: Site, path: str) -> None:
    """TAXII 2.1, 1.6.8"""
    assert (200, MEDIA_TYPE) == ((answer := site.node("GET", path)).status_code, answer.headers["content-type"])


@pytest.mark.parametrize("accept", ["application/taxii+json", "*/*", "application/*", "text/html, application/taxii+json;q=0.3"])
def test_without_a_version_the_newest_one_is_given(site: Site, accept: str) -> None:
    """TAXII 2.1, 1.6.8"""
    assert (200, MEDIA_TYPE) == ((answer := site.tool.get("objects/", Accept=accept)).status_code, answer.headers["content-type"])


@pytest.mark.parametrize(
    "accept",
    [
        "application/taxii+json;version=2.0",
        "application/taxii+json;version=3",
        "application/json",
        "text/html",
        "application/taxii+json;version=2.1;q=0",
        "application/taxii+json;q=0, */*",  # RFC 9110, 12.5.1: the most specific range decides.
    ],
)
@pytest.mark.parametrize("path", GETS)
def test_an_answer_that_the_client_cannot_read_is_406(site: Site, path: str, accept: str) -> None:
    """TAXII 2.1, 1.6.8, 3.2"""
    assert is_error(site.tool.get(path, Accept=accept), 406)


def test_a_node_that_cannot_read_the_answer_gets_406(site: Site) -> None:
    """TAXII 2.1, 1.6.8, 3.2"""
    assert is_error(site.node("GET", "objects/", Accept="text/html"), 406)


def test_nothing_is_kept_or_deleted_when_the_answer_cannot_be_read(site: Site) -> None:
    """TAXII 2.1, 3.2"""
    body = orjson.dumps({"objects": [indicator(500)]})
    assert is_error(site.tool.ask("POST", "objects/", content=body, headers={"Accept": "text/html"}), 406)
    assert 404 == site.tool.get(f"objects/{indicator(500)['id']}/").status_code
    assert is_error(site.tool.ask("DELETE", f"objects/{OLD['id']}/", headers={"Accept": "text/html"}), 406)
    assert 200 == site.tool.get(f"objects/{OLD['id']}/").status_code


@pytest.mark.parametrize("said", ["application/taxii+json;version=2.1", "application/taxii+json", "application/taxii+json; VERSION=2.1"])
def test_an_envelope_of_this_media_type_is_taken(site: Site, said: str) -> None:
    """TAXII 2.1, 1.6.8, 3.2"""
    assert 202 == site.tool.post(headers={"Content-Type": said}).status_code


@pytest.mark.parametrize("said", ["application/json", "application/taxii+json;version=2.0", "application/stix+json;version=2.1", "*/*", ""])
def test_a_body_of_another_media_type_is_415(site: Site, said: str) -> None:
    """TAXII 2.1, 3.2, 5.5"""
    assert is_error(site.tool.post(indicator(501), headers={"Content-Type": said}), 415)


def test_a_compressed_body_is_415_and_told_what_would_be_taken(site: Site) -> None:
    """TAXII 2.1, 3.2"""
    answer = site.tool.post(headers={"Content-Encoding": "gzip"})
    assert (True, "identity") == (is_error(answer, 415), answer.headers["accept-encoding"])


def test_objects_and_collections_name_the_versions_of_stix(site: Site) -> None:
    """TAXII 2.1, 1.6.8, 5.2.1, 5.3.1"""
    stix = {spec: f"application/stix+json;version={spec}" for spec in ("2.0", "2.1")}
    assert [stix["2.1"], stix["2.0"]] == site.tool.get("").json()["media_types"]
    assert [stix["2.1"]] == site.node("GET", "").json()["media_types"]
    marks = site.tool.get("manifest/?match[version]=all&match[spec_version]=2.0,2.1&limit=8").json()["objects"]
    assert [(item["id"], stix[item.get("spec_version", "2.0")]) for item in HELD] == [(mark["id"], mark["media_type"]) for mark in marks]


def test_timestamps_are_of_utc_with_six_digits_of_a_second(site: Site) -> None:
    """TAXII 2.1, 2"""
    manifest, status = site.tool.get("manifest/"), site.tool.post()
    said = [mark["date_added"] for mark in manifest.json()["objects"]]
    said += [manifest.headers["x-taxii-date-added-first"], manifest.headers["x-taxii-date-added-last"], status.json()["request_timestamp"]]
    said.append(site.node("GET", "objects/").headers["x-taxii-date-added-last"])
    assert [] == [text for text in said if not TIMESTAMP.fullmatch(text)]


def test_collections_and_statuses_have_uuids(site: Site) -> None:
    """TAXII 2.1, 4.3.1, 5.2.1"""
    for identifier in (site.tool.get("").json()["id"], site.node("GET", "").json()["id"]):
        assert identifier == str(uuid.UUID(identifier))
    assert 4 == uuid.UUID(site.tool.post().json()["id"]).version
