"""The collection holdings: a tool of the member reads what its rights allow, and nobody else sees that it is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from accord.desk import clients, importing
from accord.exchange.guard import CHALLENGE, accepts_taxii, is_taxii
from accord.exchange.holdings import ALIAS, API_ROOT, holdings_id
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE, collection_id, token
from accord.seal.canonical import digest_text
from tests.exchange.tools import Tool, tool_of
from tests.stories.alliance import Alliance, founded, indicator

STIX, STIX_2_0 = "application/stix+json;version=2.1", "application/stix+json;version=2.0"
V1, V2, V3 = "2026-11-20T08:10:00.000Z", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00.5Z"


def _version(number: int, modified: str) -> dict[str, Any]:
    return {**indicator(number), "modified": modified}


ADDRESS = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "value": "198.51.100.3"}
OLD = {
    "type": "malware",
    "id": "malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b",
    "created": "2017-01-01T00:00:00.000Z",
    "modified": "2017-01-01T00:00:00.000Z",
    "name": "Invented of 2.0",
    "labels": ["ransomware"],
}
OLD_INDICATOR = {**_version(2, "2027-01-01T00:00:00.000Z"), "spec_version": None}
del OLD_INDICATOR["spec_version"]


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("holdings")) as found:
        found.publish("KG", indicator(7), to="KZ")
        found.sync("KZ", "KG")
        held = [_version(1, V1), _version(1, V3), _version(1, V2), indicator(2), ADDRESS, OLD, OLD_INDICATOR]
        for item in held:
            importing.import_files(found.means("KZ"), [orjson.dumps(item)], source="Invented feed", now=found.clock())
        yield found
        found.check_everything()


@pytest.fixture(scope="module")
def tool(alliance: Alliance) -> Tool:
    return tool_of(alliance, "KZ", "reader", write=False)


def _objects(tool: Tool, query: str) -> list[dict[str, Any]]:
    answer = tool.get("objects/?" + query)
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json().get("objects", [])
    return found


def _marks(tool: Tool, query: str) -> list[tuple[str, str]]:
    return [(item["type"], item.get("modified", "")) for item in _objects(tool, query)]


def test_a_tool_sees_the_server_its_root_and_the_holdings_alone(alliance: Alliance, tool: Tool) -> None:
    assert ["http://testserver/taxii2/accord/"] == tool.get("/taxii2/").json()["api_roots"]
    root = tool.get("/taxii2/accord/").json()
    assert ([MEDIA_TYPE], 16 * 2**20) == (root["versions"], root["max_content_length"])
    [own] = tool.get("/taxii2/accord/collections/").json()["collections"]
    assert (holdings_id(alliance.means("KZ")), True, False, [STIX, STIX_2_0]) == (
        own["id"],
        own["can_read"],
        own["can_write"],
        own["media_types"],
    )
    assert own == tool.get("").json()
    channel = collection_id(alliance.means("KZ").channel_to("KG"))
    assert 404 == tool.get(f"/taxii2/accord/collections/{channel}/objects/").status_code


def test_another_members_node_does_not_see_the_holdings(alliance: Alliance, tool: Tool) -> None:
    means = alliance.means("KG")
    bearer = token(member="KG", audience=f"{means.charter.id}/KZ", key=means.signers.transport, now=alliance.clock())
    headers = {"Authorization": f"Bearer {bearer}", CHARTER_HEADER: digest_text(means.charter.digest)}
    for path in ("", "objects/", "manifest/", "objects/x/", "objects/x/versions/"):
        assert 404 == alliance.doors["KZ"].get(tool.root + path, headers=headers).status_code


def test_password_and_bearer_both_work_and_nothing_else_does(alliance: Alliance, tool: Tool) -> None:
    assert tool.get("objects/").content == tool.get("objects/", Authorization=tool.basic).content
    other = tool_of(alliance, "KZ", "other")
    for wrong in ("", "Basic", "Basic x", "Basic eA==", tool.basic[:-4], "Bearer accord-client-x", f"Bearer {tool.credentials.password}"):
        refused = tool.get("objects/", Authorization=wrong)
        assert (401, CHALLENGE) == (refused.status_code, refused.headers["www-authenticate"]), wrong
    clients.remove_client(alliance.means("KZ"), name="other", now=alliance.clock())
    assert 401 == other.get("objects/").status_code


def test_a_tool_without_the_right_to_read_is_told_so(alliance: Alliance) -> None:
    writer = tool_of(alliance, "KZ", "writer", read=False)
    [own] = writer.get("/taxii2/accord/collections/").json()["collections"]
    assert (False, True) == (own["can_read"], own["can_write"])
    for path in ("objects/", "manifest/", f"objects/{OLD['id']}/", f"objects/{OLD['id']}/versions/"):
        assert (403, "403") == ((answer := writer.get(path)).status_code, answer.json()["http_status"])


def test_the_last_version_is_given_unless_another_is_asked_for(tool: Tool) -> None:
    one = f"match[id]={indicator(1)['id']}"
    assert [("indicator", V3)] == _marks(tool, one) == _marks(tool, one + "&match[version]=last")
    assert [("indicator", V1)] == _marks(tool, one + "&match[version]=first")
    assert [("indicator", V1), ("indicator", V3), ("indicator", V2)] == _marks(tool, one + "&match[version]=all")
    assert [("indicator", V1), ("indicator", V3)] == _marks(tool, one + "&match[version]=first,last")
    assert [("indicator", V2)] == _marks(tool, one + "&match[version]=2026-11-20T09:00:00.000Z")
    assert [] == _marks(tool, one + "&match[version]=2026-11-20T09:00:01Z")
    assert {V3} == {modified for _, modified in _marks(tool, "match[version]=2026-11-20T09:00:00.500Z")}


def test_the_newest_version_of_the_standard_is_given_unless_another_is_asked_for(tool: Tool) -> None:
    two = f"match[id]={indicator(2)['id']}"
    assert [("indicator", V1)] == _marks(tool, two) == _marks(tool, two + "&match[version]=all")
    assert [("indicator", OLD_INDICATOR["modified"])] == _marks(tool, two + "&match[spec_version]=2.0")
    assert 2 == len(_marks(tool, two + "&match[spec_version]=2.0,2.1"))
    assert ["malware"] == [item["type"] for item in _objects(tool, "match[spec_version]=2.0&match[type]=malware")]
    assert [] == _objects(tool, "match[spec_version]=3.0")


def test_types_and_identifiers_narrow(tool: Tool) -> None:
    assert {"ipv4-addr", "malware"} == {item["type"] for item in _objects(tool, "match[type]=ipv4-addr,malware")}
    assert [ADDRESS] == _objects(tool, f"match[id]={ADDRESS['id']},{OLD['id']}&match[type]=ipv4-addr")
    assert [] == _objects(tool, "match[type]=no-such-type")
    assert 5 == len(_objects(tool, ""))


@pytest.mark.parametrize("query", ["", "match[version]=all", "match[type]=indicator,malware&match[version]=first,last"])
@pytest.mark.parametrize("path", ["objects/", "manifest/"])
def test_pages_of_one_are_the_whole_in_the_same_order(tool: Tool, query: str, path: str) -> None:
    whole = tool.get(f"{path}?{query}").json()
    assert whole["more"] is False
    found: list[Any] = []
    following = ""
    for _ in range(20):
        page = tool.get(f"{path}?{query}&limit=1{following}").json()
        found += page["objects"]
        if not page["more"]:
            break
        following = f"&next={page['next']}"
    assert whole["objects"] == found


def test_added_after_goes_on_where_a_page_ended_and_then_is_empty(tool: Tool) -> None:
    first = tool.get("objects/?limit=2")
    rest = tool.get("objects/?added_after=" + first.headers["x-taxii-date-added-last"])
    assert _objects(tool, "") == first.json()["objects"] + rest.json()["objects"]
    nothing = tool.get("objects/?added_after=" + rest.headers["x-taxii-date-added-last"])
    assert ({"more": False}, False) == (nothing.json(), "x-taxii-date-added-first" in nothing.headers)
    # A tool that sends another added_after with next (OpenCTI does) loses nothing by it.
    following = f"objects/?next={first.json()['next']}&added_after=2099-01-01T00:00:00Z"
    assert rest.json()["objects"] == tool.get(following).json()["objects"]


def test_a_manifest_says_what_a_page_holds(tool: Tool) -> None:
    page, manifest = tool.get("objects/?match[version]=all"), tool.get("manifest/?match[version]=all")
    marks = manifest.json()["objects"]
    expected = [(item["id"], item.get("modified", marks[number]["date_added"])) for number, item in enumerate(page.json()["objects"])]
    assert expected == [(mark["id"], mark["version"]) for mark in marks]
    assert {STIX_2_0: [OLD["id"]]} == {STIX_2_0: [mark["id"] for mark in marks if mark["media_type"] != STIX]}
    assert page.headers["x-taxii-date-added-last"] == manifest.headers["x-taxii-date-added-last"] == marks[-1]["date_added"]


def test_one_object_and_its_versions(tool: Tool) -> None:
    path = f"objects/{indicator(1)['id']}/"
    assert [_version(1, V3)] == tool.get(path).json()["objects"]
    assert [V1, V3, V2] == tool.get(path + "versions/").json()["versions"]
    assert [V1] == (page := tool.get(path + "versions/?limit=1").json())["versions"]
    assert [V3, V2] == tool.get(path + f"versions/?next={page['next']}").json()["versions"]
    assert {"more": False} == tool.get(path + "?added_after=2099-01-01T00:00:00Z").json()
    for absent in ("objects/indicator--00000000-0000-4000-8000-000000000000/", "objects/x/versions/"):
        assert (404, "404") == ((answer := tool.get(absent)).status_code, answer.json()["http_status"])


def test_what_a_partner_gave_is_read_as_it_was_given(tool: Tool) -> None:
    assert [indicator(7)] == _objects(tool, f"match[id]={indicator(7)['id']}")


def test_a_cursor_holds_for_its_client_and_its_question_alone(alliance: Alliance, tool: Tool) -> None:
    cursor = tool.get("objects/?limit=1").json()["next"]
    assert 200 == tool.get(f"objects/?limit=3&next={cursor}").status_code
    other = tool_of(alliance, "KZ", "neighbour")
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for question in (
        f"objects/?match[type]=indicator&next={cursor}",
        f"objects/?match[version]=all&next={cursor}",
        f"manifest/?next={cursor}",
        f"objects/?next={changed}",
        f"objects/?next={cursor}A",
        f"objects/?next={cursor}=",
        "objects/?next=",
        "objects/?next=5",
        "objects/?next=" + "A" * 5_000,
        "objects/?next=%00%ff",
    ):
        assert 400 == tool.get(question).status_code, question
    assert 400 == other.get(f"objects/?next={cursor}").status_code


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=", "limit=" + "9" * 5_000, "limit=%D9%A1"),
        *("added_after=abc", "added_after=", "added_after=2026-11-23", "added_after=2026-02-30T00:00:00Z"),
        *("match[version]=x", "match[version]=", "match[version]=last,x"),
        "match[id]=" + ",".join(f"indicator--{number}" for number in range(200)),
    ],
)
def test_a_malformed_question_is_a_400_with_an_error_resource(tool: Tool, query: str) -> None:
    answer = tool.get("objects/?" + query)
    assert (400, "400", MEDIA_TYPE) == (answer.status_code, answer.json()["http_status"], answer.headers["content-type"])
    assert answer.json()["title"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 18,
        "match[type]=%ff%fe",
        "match[spec_version]=~",
        "match[unknown]=1",
        "added_after=1000-01-01T00:00:00Z",
    ],
)
def test_a_strange_question_is_answered(tool: Tool, query: str) -> None:
    assert 200 == tool.get("objects/?" + query).status_code


def test_a_nul_in_a_question_is_the_askers_turn(tool: Tool) -> None:
    assert 400 == tool.get("objects/?match[id]=%00").status_code


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/taxii+json;version=2.1", 200),
        ("application/taxii+json; version=2.1", 200),
        ("application/taxii+json", 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/taxii+json;version=2.1;q=0.5", 200),
        ("", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/json", 406),
        ("text/html", 406),
        ("application/taxii+json;q=0", 406),
        (";;;=,", 406),
    ],
)
@pytest.mark.parametrize("path", ["/taxii2/", "/taxii2/accord/", "/taxii2/accord/collections/", "", "objects/", "manifest/"])
def test_an_answer_that_a_tool_cannot_read_is_406(tool: Tool, path: str, accept: str, status: int) -> None:
    answer = tool.get(path, Accept=accept)
    assert (status, MEDIA_TYPE) == (answer.status_code, answer.headers["content-type"])


def test_a_media_type_is_read_as_http_writes_it() -> None:
    assert accepts_taxii([])
    assert accepts_taxii(["text/html", 'APPLICATION/TAXII+JSON; Version="2.1"'])
    assert is_taxii("application/taxii+json;charset=utf-8")
    assert not is_taxii("*/*")
    assert not is_taxii("application/taxii+json;version=2.0")


def test_what_is_not_served_is_an_error_resource_below_taxii(tool: Tool) -> None:
    for method, path, status in (("GET", "/taxii2/nothing/", 404), ("PUT", "objects/", 405), ("PATCH", "/taxii2/", 405)):
        answer = tool.ask(method, path)
        assert (status, str(status), MEDIA_TYPE) == (answer.status_code, answer.json()["http_status"], answer.headers["content-type"])


def test_the_short_way_answers_as_the_long_way_does(tool: Tool) -> None:
    # The alias has no short way: its requests are routed by the framework.
    short, long = "objects/", f"{API_ROOT}collections/{ALIAS}/objects/"
    unknown = {"Authorization": "Bearer accord-client-x"}
    questions = ("", "?limit=2", "?match[type]=indicator", "?added_after=2999-01-01T00:00:00Z", "?limit=0", "?next=x", "?added_after=x")
    for query, headers in [*((query, {}) for query in questions), ("", unknown), ("", {"Accept": "text/html"})]:
        one, other = tool.get(short + query, **headers), tool.get(long + query, **headers)
        # A cursor is sealed for its path.
        assert (one.status_code, _but_cursor(one)) == (other.status_code, _but_cursor(other)), query
        assert _headers(one) == _headers(other), query


def _but_cursor(answer: httpx2.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "next"}


def _headers(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in {"date", "content-length"}}
