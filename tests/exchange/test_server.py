"""The door between nodes: a member sees its own channel and nothing else, and says so in no answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from accord.exchange.guard import CHALLENGE
from accord.exchange.server import BODY_OCTETS_MAX
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE, collection_id, token
from accord.seal.canonical import digest_text
from tests.stories.alliance import START, Alliance, founded, indicator


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("server")) as found:
        found.publish("KZ", indicator(1), to="KG")
        found.sync("KG", "KZ")
        found.sync("TJ", "KZ")
        yield found


def _ask(alliance: Alliance, member: str, path: str, **changes: str) -> httpx2.Response:
    means = alliance.means(member)
    bearer = token(member=member, audience=f"{means.charter.id}/KZ", key=means.signers.transport, now=alliance.clock())
    headers = {"Authorization": f"Bearer {bearer}", CHARTER_HEADER: digest_text(means.charter.digest), **changes}
    return alliance.doors["KZ"].get(path, headers=headers)


def _objects(alliance: Alliance, member: str) -> str:
    return f"/taxii2/accord/collections/{collection_id(alliance.means('KZ').channel_to(member))}/objects/"


def test_a_member_reads_its_own_channel(alliance: Alliance) -> None:
    answer = _ask(alliance, "KG", _objects(alliance, "KG") + "?match[version]=all")
    assert (200, MEDIA_TYPE, "no-store") == (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"])
    assert ["accord-release", "indicator"] == [item["type"] for item in answer.json()["objects"]]
    assert answer.headers["x-taxii-date-added-first"] < answer.headers["x-taxii-date-added-last"]


def test_another_members_channel_and_one_that_never_was_are_one_answer(alliance: Alliance) -> None:
    foreign = _ask(alliance, "TJ", _objects(alliance, "KG"))
    absent = _ask(alliance, "TJ", "/taxii2/accord/collections/00000000-0000-4000-8000-000000000000/objects/")
    assert (404, foreign.content) == (foreign.status_code, absent.content)
    assert 404 == _ask(alliance, "TJ", "/accord/v1/channels/KZ/KG/checkpoint").status_code


def test_collections_are_the_asking_members_own(alliance: Alliance) -> None:
    [own] = _ask(alliance, "TJ", "/taxii2/accord/collections/").json()["collections"]
    assert (True, False) == (own["can_read"], own["can_write"])
    assert collection_id(alliance.means("KZ").channel_to("TJ")) == own["id"]


def test_the_cursor_is_the_position_and_added_after_alone_loses_nothing(alliance: Alliance) -> None:
    whole = _ask(alliance, "KG", _objects(alliance, "KG"))
    first = whole.headers["x-taxii-date-added-first"]
    rest = _ask(alliance, "KG", _objects(alliance, "KG") + f"?added_after={first}").json()
    assert whole.json()["objects"][1:] == rest["objects"]
    last = whole.headers["x-taxii-date-added-last"]
    assert {"more": False} == _ask(alliance, "KG", _objects(alliance, "KG") + f"?added_after={last}").json()


def test_a_limit_inside_a_statement_is_kept_and_loses_nothing(alliance: Alliance) -> None:
    pages = []
    following = "0"
    while following:
        page = _ask(alliance, "KG", _objects(alliance, "KG") + f"?limit=1&next={following}").json()
        assert (1, "") == (len(page["objects"]), page["x_accord"]["checkpoint"] if page["more"] else "")
        pages += page["objects"]
        following = page.get("next", "")
    assert _ask(alliance, "KG", _objects(alliance, "KG")).json()["objects"] == pages


@pytest.mark.parametrize("fraction", ["", ".0", ".000000000"])
def test_added_after_is_an_instant_whatever_its_fraction_digits(alliance: Alliance, fraction: str) -> None:
    before = f"{START:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    whole = _ask(alliance, "KG", _objects(alliance, "KG")).json()["objects"]
    assert whole == _ask(alliance, "KG", _objects(alliance, "KG") + f"?added_after={before}").json()["objects"]


@pytest.mark.parametrize(
    "query", ["next=x", "next=-1", "limit=0", "limit=x", "next=99999999999999999999", "match[version]=last", "added_after=yesterday"]
)
def test_a_malformed_question_is_a_4xx_with_an_error_resource(alliance: Alliance, query: str) -> None:
    answer = _ask(alliance, "KG", _objects(alliance, "KG") + "?" + query)
    assert (400, str(answer.status_code)) == (answer.status_code, answer.json()["http_status"])
    assert answer.json()["title"]


@pytest.mark.parametrize("bearer", ["", "Bearer ", "Basic eDp5", "Bearer x", "Bearer a.b.c", "Bearer " + "x" * 5_000])
def test_a_token_that_is_none_is_401_with_a_challenge(alliance: Alliance, bearer: str) -> None:
    answer = _ask(alliance, "KG", "/taxii2/", Authorization=bearer)
    assert (401, CHALLENGE) == (answer.status_code, answer.headers["www-authenticate"])


def test_a_token_for_another_recipient_an_expired_one_and_one_by_another_key_are_401(alliance: Alliance) -> None:
    means, other = alliance.means("KG"), alliance.means("TJ")
    audience = f"{means.charter.id}/KZ"
    now = alliance.clock()
    wrong = [
        token(member="KG", audience=f"{means.charter.id}/TJ", key=means.signers.transport, now=now),
        token(member="KG", audience=audience, key=means.signers.transport, now=now - timedelta(hours=1)),
        token(member="KG", audience=audience, key=means.signers.transport, now=now + timedelta(hours=1)),
        token(member="KG", audience=audience, key=other.signers.transport, now=now),
        token(member="KG", audience=audience, key=means.signers.log, now=now),
        token(member="ZZ", audience=audience, key=means.signers.transport, now=now),
    ]
    assert [401] * len(wrong) == [_ask(alliance, "KG", "/taxii2/", Authorization=f"Bearer {text}").status_code for text in wrong]


def test_a_node_under_another_charter_is_told_both_digests(alliance: Alliance) -> None:
    answer = _ask(alliance, "KG", "/taxii2/", **{CHARTER_HEADER: "sha256:" + "0" * 64})
    assert 503 == answer.status_code
    assert digest_text(alliance.means("KZ").charter.digest) in answer.json()["description"]


def test_a_body_over_the_limit_or_without_a_length_is_refused_unread(alliance: Alliance) -> None:
    door = alliance.doors["KZ"]
    assert 413 == door.put("/accord/v1/keys/KG", content=b"x" * (BODY_OCTETS_MAX + 1)).status_code
    assert 413 == door.put("/accord/v1/keys/KG", content=iter([b"x"])).status_code


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"member":"KG"}'])
def test_a_key_file_that_proves_nothing_is_refused_and_changes_nothing(alliance: Alliance, content: bytes) -> None:
    answer = alliance.doors["KZ"].put("/accord/v1/keys/KG", content=content)
    assert 400 <= answer.status_code < 500
    assert 200 == _ask(alliance, "KG", "/taxii2/").status_code


def test_another_members_key_file_is_refused(alliance: Alliance) -> None:
    answer = alliance.doors["KZ"].put("/accord/v1/keys/KG", content=alliance.means("TJ").key_file)
    assert 400 <= answer.status_code < 500


def test_a_receipt_by_anybody_but_the_recipient_is_refused(alliance: Alliance, tmp_path: Path) -> None:
    note = alliance.client("KG", "KZ").checkpoint()
    client = alliance.client("TJ", "KZ")
    with pytest.raises(Exception, match="404"):
        client._ask("POST", "/accord/v1/channels/KZ/KG/cosignature", octets_max=1_000, content=note.encode(), media_type="text/plain")


def test_an_object_further_than_the_last_receipt_allows_is_refused(alliance: Alliance) -> None:
    answer = _ask(alliance, "KG", _objects(alliance, "KG") + "?next=10003")
    assert 400 == answer.status_code
    assert "receipt" in answer.json()["description"]


def test_a_version_that_is_not_spoken_is_answered_with_the_one_that_is(alliance: Alliance) -> None:
    answer = _ask(alliance, "KG", "/accord/v2/channels/KZ/KG/checkpoint")
    assert answer.json() == {
        "title": "NotServed",
        "description": "version 2 of the protocol between nodes is not spoken here",
        "http_status": "404",
        "details": {"remedy": "ask in version 1"},
    }


def test_what_is_not_served_between_nodes_is_an_error_resource_too(alliance: Alliance) -> None:
    for path in ("/accord/v1/nothing", "/accord/v1/journal/tile/0/%0A/x%0A"):
        answer = _ask(alliance, "KG", path)
        assert (404, MEDIA_TYPE, "404") == (answer.status_code, answer.headers["content-type"], answer.json()["http_status"])
