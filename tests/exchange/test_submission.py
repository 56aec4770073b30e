"""What a tool hands in becomes the member's own, or is refused object by object with its reason; nothing hostile is a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from accord.desk import importing
from accord.desk.status import status
from accord.errors import NotFound
from accord.exchange.holdings import API_ROOT, CONTENT_OCTETS_MAX
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE, collection_id, token
from accord.seal.canonical import digest_text
from accord.store.records import Came
from tests.databases import WANTED, tamper
from tests.exchange.tools import Tool, tool_of
from tests.stories.alliance import Alliance, founded, indicator


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("submission")) as found:
        yield found
        found.check_everything()


@pytest.fixture(scope="module")
def tool(alliance: Alliance) -> Tool:
    return tool_of(alliance, "KZ", "feeder")


def _counts(answer: Any) -> tuple[int, int, int, int]:
    body = answer.json()
    return answer.status_code, body["total_count"], body["success_count"], body["failure_count"]


def _reason(tool: Tool, thing: Any) -> str:
    answer = tool.post(thing)
    assert (202, 1, 0, 1) == _counts(answer)
    reason: str = answer.json()["failures"][0]["message"]
    return reason


def test_what_is_handed_in_is_the_members_own_unreleased_and_there_at_once(alliance: Alliance, tool: Tool) -> None:
    answer = tool.post(indicator(100), indicator(101))
    assert (202, 2, 2, 0) == _counts(answer)
    body = answer.json()
    assert ("complete", 0, MEDIA_TYPE) == (body["status"], body["pending_count"], answer.headers["content-type"])
    assert {indicator(100)["id"], indicator(101)["id"]} <= set(tool.ids())
    held = alliance.show("KZ", indicator(100)["id"]).held
    assert (Came.OWN, "KZ", "KZ") == (held.came, held.source, held.originator.name)
    assert all(channel.size == 0 for channel in status(alliance.means("KZ")).outgoing)
    assert body == tool.get(f"/taxii2/accord/status/{body['id']}/").json()
    assert 404 == tool_of(alliance, "KZ", "stranger").get(f"/taxii2/accord/status/{body['id']}/").status_code
    assert 404 == tool.get("/taxii2/accord/status/x/").status_code


def test_part_of_a_request_may_fail_and_each_failure_says_why(tool: Tool) -> None:
    answer = tool.post(indicator(110), {**indicator(111), "valid_from": "yesterday"}, indicator(112))
    assert (202, 3, 2, 1) == _counts(answer)
    [failure] = answer.json()["failures"]
    assert indicator(111)["id"] == failure["id"]
    assert "valid_from" in failure["message"] and "STIX 2.1" in failure["message"]
    assert indicator(111)["id"] not in tool.ids()


def test_the_same_again_is_well_and_adds_nothing(alliance: Alliance, tool: Tool) -> None:
    tool.post(indicator(120))
    before = sum(item.records for item in status(alliance.means("KZ")).holdings)
    assert (202, 2, 2, 0) == _counts(tool.post(indicator(120), indicator(120)))
    assert before == sum(item.records for item in status(alliance.means("KZ")).holdings)


def test_one_version_has_one_content_and_a_later_version_is_taken(tool: Tool) -> None:
    tool.post(indicator(130))
    assert "later modified" in _reason(tool, {**indicator(130), "name": "Another name"})
    # The same instant, written otherwise.
    assert "later modified" in _reason(tool, {**indicator(130), "modified": "2026-11-20T08:10:00.0000Z"})
    later = {**indicator(130), "modified": "2026-11-21T08:10:00.000Z", "name": "Another name"}
    assert (202, 1, 1, 0) == _counts(tool.post(later))
    assert [later] == tool.get(f"objects/?match[id]={later['id']}").json()["objects"]


def test_only_the_originator_gives_another_version(alliance: Alliance, tool: Tool) -> None:
    alliance.publish("KG", indicator(140), to="KZ")
    alliance.sync("KZ", "KG")
    importing.import_files(alliance.means("KZ"), [orjson.dumps(indicator(141))], source="Invented feed", now=alliance.clock())
    later = "2026-11-21T08:10:00.000Z"
    assert "KG's" in _reason(tool, {**indicator(140), "modified": later})
    assert "Invented feed's" in _reason(tool, {**indicator(141), "modified": later})
    assert (202, 1, 1, 0) == _counts(tool.post(indicator(140)))  # Byte for byte what is held: it stays KG's.
    assert Came.CHANNEL is alliance.show("KZ", indicator(140)["id"]).held.came


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ({"type": "accord-release", "id": "accord-release--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11"}, "made by Accord itself"),
        ({**indicator(150), "type": "accord-recall"}, "made by Accord itself"),
        ({"type": "bundle", "id": "bundle--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11"}, ""),
        (1, "JSON object"),
        (None, "JSON object"),
        ([], "JSON object"),
        ({}, ""),
        ({"type": 1, "id": 2, "modified": 3}, ""),
        ({"type": "indicator", "id": "x" * 100_000}, ""),
        ({**indicator(151), "x_far": 2**60}, "INTEGER_MAX"),
        ({**indicator(151), "description": "x" * 2**20}, "OBJECT_BYTES_MAX"),
    ],
)
def test_an_object_that_cannot_be_kept_is_one_failure(tool: Tool, thing: Any, said: str) -> None:
    assert said in _reason(tool, thing)


def test_the_character_nul_in_any_other_text_of_an_object_is_kept_as_it_came(alliance: Alliance, tool: Tool) -> None:
    strange = {**indicator(152), "name": "a\0b", "x\0y": {"\0": "\0"}, "labels": ["\0"]}
    unkept = [{**indicator(153), "id": f"{indicator(153)['id']}\0"}, {**indicator(153), "modified": "\0"}]
    files = [orjson.dumps([strange, *unkept])]
    done = importing.import_files(alliance.means("KZ"), files, source="Invented feed", now=alliance.clock())
    assert (1, 1, [True, True]) == (done.kept, done.annotated, ["the character NUL" in said for said in done.refusals])
    assert [strange] == tool.get(f"objects/{strange['id']}/").json()["objects"]
    assert 400 == tool.get("objects/?match[id]=%00").status_code
    assert [404] * 3 == [tool.get(path).status_code for path in ("objects/%00/", "objects/%00/versions/", f"{API_ROOT}status/%00/")]


def test_what_endangers_us_is_refused_with_the_limits_name_and_the_rest_is_kept(tool: Tool) -> None:
    good = orjson.dumps(indicator(160))
    for hostile, said in (
        (b'{"a":' + b"[" * 80 + b"]" * 80 + b"}", "DEPTH_MAX"),
        (b'{"type":"x","type":"y"}', "twice"),
        (b'{"type":"\xff"}', ""),
        (b'{"type":"\\ud800"}', ""),
        (b'{"type":1e999}', ""),
    ):
        answer = tool.ask("POST", "objects/", content=b'{"objects":[' + hostile + b"," + good + b"]}")
        assert (202, 2, 1, 1) == _counts(answer)
        assert said in answer.json()["failures"][0]["message"]
    assert indicator(160)["id"] in tool.ids()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"null", b"[]", b"{}", b"1", b'"x"', b"{", b"[[", b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * 10_000),
        *(b'{"objects":{}}', b'{"objects":null}', b'{"objects":[],"objects":[]}', b'{"objects":[],"\\u006fbjects":[]}', b'{"objects":[],}'),
        *(
            b'{"objects":[] "more":false}',
            b'{"objects":[],"more":tru}',
            b'{"objects":[]}x',
            b'{,"objects":[]}',
            b'{"objects" []}',
            b"{1:[]}",
        ),
    ],
)
def test_what_is_no_envelope_is_a_4xx_and_changes_nothing(alliance: Alliance, tool: Tool, content: bytes) -> None:
    before = status(alliance.means("KZ")).journal_size
    answer = tool.ask("POST", "objects/", content=content)
    assert (400, "400") == (answer.status_code, answer.json()["http_status"])
    assert before == status(alliance.means("KZ")).journal_size


@pytest.mark.parametrize("content", [b'{"objects":[]}', b' { "more" : false , "objects" : [ ] } ', b'{"objects":[],"x_own":{"a":[1]}}'])
def test_an_empty_envelope_is_done_at_once(tool: Tool, content: bytes) -> None:
    assert (202, 0, 0, 0) == _counts(tool.ask("POST", "objects/", content=content))


def test_too_many_objects_and_too_many_bytes_are_refused_with_the_limits_name(tool: Tool) -> None:
    many = tool.ask("POST", "objects/", content=b'{"objects":[' + b",".join([b"1"] * 10_001) + b"]}")
    assert 422 == many.status_code
    assert "SUBMISSION_OBJECTS_MAX" in many.json()["description"]
    long = b'{"objects":["' + b"x" * CONTENT_OCTETS_MAX + b'"]}'
    for content in (long, iter([long[: len(long) // 2], long[len(long) // 2 :]])):
        answer = tool.ask("POST", "objects/", content=content)  # type: ignore[arg-type]  # A body in parts, of no announced length.
        assert 413 == answer.status_code
        assert "CONTENT_OCTETS_MAX" in answer.json()["description"]


@pytest.mark.parametrize(("length", "status_code"), [("-1", 400), ("x", 400), ("9" * 30, 413)])
def test_a_length_that_is_none_is_refused(tool: Tool, length: str, status_code: int) -> None:
    assert status_code == tool.ask("POST", "objects/", content=b'{"objects":[]}', headers={"Content-Length": length}).status_code


@pytest.mark.parametrize(
    ("headers", "status_code"),
    [
        ({"Content-Type": "application/taxii+json"}, 202),
        ({"Content-Type": "application/taxii+json; version=2.1; charset=utf-8"}, 202),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "application/taxii+json;version=2.0"}, 415),
        ({"Content-Type": "*/*"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Accept": "text/html"}, 406),
        ({"Authorization": ""}, 401),
    ],
)
def test_the_media_types_of_a_request_are_held(tool: Tool, headers: dict[str, str], status_code: int) -> None:
    assert status_code == tool.post(headers=headers).status_code


def test_a_tool_without_the_right_to_write_is_told_so(alliance: Alliance) -> None:
    reader = tool_of(alliance, "KZ", "only-reader", write=False)
    answer = reader.post(indicator(170))
    assert (403, "403") == (answer.status_code, answer.json()["http_status"])
    assert indicator(170)["id"] not in reader.ids()


def test_the_journal_names_the_client_and_the_counts(alliance: Alliance, tool: Tool) -> None:
    means = alliance.means("KZ")
    tool.post(indicator(180), {**indicator(181), "valid_from": "x"})
    with means.database.reading() as transaction:
        bodies = [orjson.loads(row[0]) for row in tamper(transaction, "select body from content where collection <> 'holdings'")]
    entry = max((body for body in bodies if body["act"] == "submitted"), key=lambda body: str(body["at"]))
    assert ("feeder", 1, 0, 1) == (entry["client"], entry["records"], entry["known"], entry["refused"])


def test_only_the_newest_statuses_are_kept_beyond_their_day(alliance: Alliance, tool: Tool) -> None:
    first = tool.post().json()["id"]
    later = [tool.post().json()["id"] for _ in range(99)][-1]
    assert 200 == tool.get(f"/taxii2/accord/status/{first}/").status_code
    alliance.clock.now += timedelta(days=1)
    last = tool.post().json()["id"]
    assert 200 == tool.get(f"/taxii2/accord/status/{later}/").status_code
    assert (404, 200) == (
        tool.get(f"/taxii2/accord/status/{first}/").status_code,
        tool.get(f"/taxii2/accord/status/{last}/").status_code,
    )


def test_deleting_what_was_released_recalls_it_and_leaves_no_byte(alliance: Alliance, tool: Tool) -> None:
    word = "quincunx"
    thing = {**indicator(190), "name": f"The {word} host (invented)"}
    later = {**thing, "modified": "2026-11-21T08:10:00.000Z"}
    alliance.publish("KZ", thing, to="KG")
    tool.post(later)
    alliance.sync("KG", "KZ")
    assert Came.CHANNEL is alliance.show("KG", thing["id"]).held.came
    assert WANTED or word.encode() in _bytes_of(alliance, "KZ")  # tests/store/test_postgres.py looks into the files of a server.

    assert 200 == tool.ask("DELETE", f"objects/{thing['id']}/").status_code
    alliance.sync("KG", "KZ")
    for member in ("KZ", "KG"):
        with pytest.raises(NotFound):
            alliance.show(member, thing["id"])
    assert word.encode() not in _bytes_of(alliance, "KZ")
    assert 404 == tool.ask("DELETE", f"objects/{thing['id']}/").status_code
    assert thing["id"] not in tool.ids()


def test_one_version_can_be_deleted_alone(tool: Tool) -> None:
    first, later = indicator(191), {**indicator(191), "modified": "2026-11-21T08:10:00.000Z"}
    tool.post(first, later)
    assert 200 == tool.ask("DELETE", f"objects/{first['id']}/?match[version]=last").status_code
    assert [first] == tool.get(f"objects/{first['id']}/?match[version]=all").json()["objects"]


def test_what_another_member_gave_is_not_deleted(alliance: Alliance, tool: Tool) -> None:
    alliance.publish("KG", indicator(192), to="KZ")
    alliance.sync("KZ", "KG")
    answer = tool.ask("DELETE", f"objects/{indicator(192)['id']}/")
    assert (403, "403") == (answer.status_code, answer.json()["http_status"])
    assert "KG" in answer.json()["description"]
    assert 200 == tool.get(f"objects/{indicator(192)['id']}/").status_code


def test_a_channel_is_neither_written_nor_deleted_from_outside(alliance: Alliance, tool: Tool) -> None:
    channel = collection_id(alliance.means("KZ").channel_to("KG"))
    means = alliance.means("KG")
    bearer = token(member="KG", audience=f"{means.charter.id}/KZ", key=means.signers.transport, now=alliance.clock())
    node = {"Authorization": f"Bearer {bearer}", CHARTER_HEADER: digest_text(means.charter.digest)}
    for headers in ({}, node):
        path = f"/taxii2/accord/collections/{channel}/objects/"
        assert 403 == tool.ask("DELETE", path + indicator(1)["id"] + "/", headers=headers).status_code
        assert 403 == tool.ask("POST", path, content=b'{"objects":[]}', headers=headers).status_code
    assert 404 == tool.ask("DELETE", "/taxii2/accord/collections/x/objects/y/").status_code
    assert 404 == tool.ask("DELETE", "objects/x/", headers=node).status_code
    reader = tool_of(alliance, "KZ", "no-eraser", write=False)
    assert 403 == reader.ask("DELETE", f"objects/{indicator(100)['id']}/").status_code


def _bytes_of(alliance: Alliance, member: str) -> bytes:
    return b"".join(path.read_bytes() for path in (alliance.folder / member).rglob("*") if path.is_file())
