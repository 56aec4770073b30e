"""Other people's servers are read to their end, whatever their cursors are worth; what they lose is told, and what they give is kept as received."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.desk import sources
from accord.desk.sources import Mark, Source
from accord.errors import PeerFault, PeerSilent, Refusal
from accord.exchange.source import Fetched, SourceClient, read_round
from accord.exchange.taxii import Overloaded, Place, find
from accord.stix.statement import read_timestamp
from accord.store import records
from tests.exchange.strangers import (
    COLLECTION,
    ROOT,
    Empty,
    Forgets,
    OneCursor,
    RefusesItsCursor,
    SamePage,
    Says,
    Shelf,
    WithoutCursor,
)
from tests.stories.alliance import OFFICER, Alliance, founded, indicator

FEED = "invented-feed"


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path, ("KZ", "KG")) as found:
        source = Source(FEED, ROOT, COLLECTION, username="", has_secret=False, every_seconds=60)
        sources.add_source(found.means("KZ"), source, officer=OFFICER, now=found.clock())
        yield found
        found.check_everything()


def at(second: int) -> str:
    return f"2026-11-23T08:00:{second:02}.000000Z"


def shelved(count: int, *, together: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Objects with their times; `together` of them share one."""
    return [(at(number // together), indicator(number)) for number in range(count)]


def state(alliance: Alliance) -> Source:
    [found] = sources.list_sources(alliance.means("KZ"))
    return found


def read(alliance: Alliance, shelf: Shelf) -> Fetched:
    with shelf.client() as http:
        return read_round(alliance.means("KZ"), SourceClient(http, state(alliance)), clock=alliance.clock)


def held(alliance: Alliance) -> set[str]:
    with alliance.means("KZ").database.reading() as transaction:
        page = records.from_source(transaction, came=records.Came.IMPORT, source=FEED, first=0, count=1_000)
    return {item.stix_id for item in page}


def ids(shelf: Shelf) -> set[str]:
    return {item["id"] for _, item in shelf.shelved}


@pytest.mark.parametrize("kind", [Shelf, RefusesItsCursor, WithoutCursor, OneCursor])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_everything_that_a_source_has_is_held_once_whatever_its_cursor_is_worth(alliance: Alliance, kind: type[Shelf], count: int) -> None:
    shelf = kind(*shelved(count))
    assert Fetched(count, 0, 0) == read(alliance, shelf)
    assert ids(shelf) == held(alliance)


@pytest.mark.parametrize("kind", [RefusesItsCursor, WithoutCursor])
def test_objects_that_share_a_time_are_not_passed_over_when_going_on_by_time(alliance: Alliance, kind: type[Shelf]) -> None:
    shelf = kind(*shelved(9, together=2), page=3)
    assert Fetched(9, 0, 0) == read(alliance, shelf)
    assert ids(shelf) == held(alliance)


def test_the_next_round_goes_on_behind_the_last_object_and_brings_what_came_since(alliance: Alliance) -> None:
    shelf = Shelf(*shelved(5))
    read(alliance, shelf)
    assert (at(4), "") == (state(alliance).added_after, state(alliance).following)
    shelf.shelved.append((at(30), indicator(30)))
    shelf.asked.clear()
    assert Fetched(1, 0, 0) == read(alliance, shelf)
    assert (at(4), at(30)) == (shelf.asked[0].params["added_after"], state(alliance).added_after)


def test_what_was_added_late_under_a_time_that_was_read_already_comes_with_the_next_news(alliance: Alliance) -> None:
    shelf = Shelf(*shelved(3), page=10)
    read(alliance, shelf)
    shelf.shelved += [(at(2), indicator(40)), (at(9), indicator(41))]
    assert Fetched(1, 0, 0) == read(alliance, shelf)
    assert ids(shelf) == held(alliance)


def test_a_round_that_ends_half_way_goes_on_from_there(alliance: Alliance) -> None:
    class Stops(Shelf):
        broken = True

        def answer(self, path: str, where: Any) -> Any:
            if self.broken and where.get("next") == "4":
                raise PeerSilent("contact", "the line broke")
            return super().answer(path, where)

    shelf = Stops(*shelved(7))
    with pytest.raises(PeerSilent):
        read(alliance, shelf)
    assert ("4", 4, "the line broke") == (state(alliance).following, len(held(alliance)), state(alliance).fault.removeprefix("contact: "))
    shelf.broken = False
    shelf.asked.clear()
    assert Fetched(3, 0, 0) == read(alliance, shelf)
    assert "4" == shelf.asked[0].params["next"]
    assert "" == state(alliance).fault


def test_a_page_that_comes_again_for_ever_is_stopped_and_named(alliance: Alliance) -> None:
    with pytest.raises(PeerFault, match="gives no way on"):
        read(alliance, SamePage(*shelved(5)))
    assert 2 == len(held(alliance))


def test_promises_without_objects_are_stopped_and_named(alliance: Alliance) -> None:
    with pytest.raises(PeerFault, match="promise more and hold nothing"):
        read(alliance, Empty())


def test_more_objects_of_one_time_than_a_page_holds_are_said_to_be_out_of_reach(alliance: Alliance) -> None:
    with pytest.raises(PeerFault, match="no cursor, and no later time"):
        read(alliance, WithoutCursor(*shelved(6, together=6), page=3))


def test_what_a_source_leaves_out_of_its_pages_is_asked_for_by_name(alliance: Alliance) -> None:
    shelf = Forgets(*shelved(5), left_out=indicator(3)["id"], gives=True)
    assert Fetched(4, 0, 0) == read(alliance, shelf)
    assert ids(shelf) == held(alliance)


def test_what_it_does_not_give_then_either_is_loss_and_is_told(alliance: Alliance) -> None:
    shelf = Forgets(*shelved(5), left_out=indicator(3)["id"], gives=False)
    assert Fetched(4, 0, 1) == read(alliance, shelf)
    assert 1 == state(alliance).lost


def test_what_a_source_gives_is_kept_with_its_faults_and_leaves_by_nobody(alliance: Alliance) -> None:
    broken = {**indicator(1), "labels": []}
    read(alliance, Shelf((at(1), broken)))
    with alliance.means("KZ").database.reading() as transaction:
        [found] = records.from_source(transaction, came=records.Came.IMPORT, source=FEED, first=0, count=10)
    assert found.faults
    assert (FEED, False) == (found.originator.name, found.originator.is_member)
    assert 0 == alliance.sync("KG", "KZ").kept


def test_what_endangers_us_is_refused_and_is_not_called_loss(alliance: Alliance) -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert Fetched(1, 1, 0) == read(alliance, Shelf((at(1), {**indicator(1), "x_deep": deep}), (at(2), indicator(2))))


def test_a_source_that_asks_for_rest_is_left_alone_as_long_as_it_asks(alliance: Alliance) -> None:
    with pytest.raises(Overloaded):
        read(alliance, Says(429, {"Retry-After": "7200"}))
    found = state(alliance)
    assert timedelta(seconds=7_200) <= read_timestamp(found.retry_at) - read_timestamp(found.contacted_at)
    assert not sources.is_due(found, now=alliance.clock())


def test_faults_in_a_row_wait_twice_as_long_up_to_an_hour(alliance: Alliance) -> None:
    waits = []
    for _ in range(8):
        with pytest.raises(PeerFault):
            read(alliance, Says(500))
        waits.append(read_timestamp(state(alliance).retry_at) - read_timestamp(state(alliance).contacted_at))
    assert [120, 240, 480, 960, 1920, 3600, 3600, 3600] == [wait.seconds for wait in waits]


@pytest.mark.parametrize(
    ("shelf", "named"),
    [
        (Says(302, {"Location": "http://169.254.169.254/"}), "redirects are not followed"),
        (Says(401), "answered 401"),
        (Says(200, content=b"<html>"), "not JSON"),
        (Says(200, content=b"[]"), "not a JSON object"),
        (Says(200, content=b'{"more": true, "objects": 7}'), "gives no way on"),
    ],
    ids=["redirect", "unauthorised", "html", "list", "number"],
)
def test_an_answer_that_is_none_is_a_fault_of_the_source(alliance: Alliance, shelf: Shelf, named: str) -> None:
    with pytest.raises(PeerFault, match=named):
        read(alliance, shelf)
    assert set() == held(alliance)


def test_a_version_written_with_other_digits_is_the_same_version(alliance: Alliance) -> None:
    read(alliance, Shelf((at(1), indicator(1))))
    means, item = alliance.means("KZ"), indicator(1)
    assert [] == sources.not_held(means, [Mark(item["id"], "2026-11-20T08:10:00.000000Z")])
    other = Mark(item["id"], "2026-11-20T08:10:00.000001Z")
    assert [other] == sources.not_held(means, [other])


class Server(Says):
    """A server with resources at paths; everything else is 404."""

    def __init__(self, **resources: bytes) -> None:
        super().__init__(404)
        self.resources = {name.replace("_", "/"): content for name, content in resources.items()}

    def handle_request(self, request: Any) -> Any:
        content = self.resources.get(request.url.path.strip("/"))
        if content is None:
            return super().handle_request(request)
        self.status, self.content = 200, content
        answer = self.answer("", request.url.params)
        self.status, self.content = 404, b"{}"
        return answer


COLLECTIONS = b'{"collections": [{"id": "one", "title": "One", "can_read": true}, {"id": "two", "title": "Two", "can_read": false}]}'
SEVERAL = b'{"collections": [{"id": "one", "title": "One", "can_read": true}, {"id": "two", "title": "Two", "can_read": true}]}'


@pytest.mark.parametrize(
    "url",
    [
        "https://feed.example/taxii2/",
        "https://feed.example/taxii2",
        "https://feed.example/api/",
        "https://feed.example/api/collections/one/",
    ],
)
def test_a_collection_is_found_from_a_server_an_api_root_or_itself(url: str) -> None:
    server = Server(
        taxii2=b'{"title": "T", "default": "/api/"}'.replace(b"}", b', "api_roots": ["/api/"]}'), api=b"{}", api_collections=COLLECTIONS
    )
    with server.client() as http:
        assert Place("https://feed.example/api/", "one") == find(http, url)


def test_where_several_could_be_meant_they_are_named_and_one_is_chosen() -> None:
    server = Server(api=b"{}", api_collections=SEVERAL)
    with server.client() as http:
        with pytest.raises(Refusal, match=r"one \(One\); two \(Two\)"):
            find(http, "https://feed.example/api/")
        assert Place("https://feed.example/api/", "two") == find(http, "https://feed.example/api/", collection="two")


def test_a_source_is_never_called_like_a_member(alliance: Alliance) -> None:
    source = Source("KG", ROOT, COLLECTION, username="", has_secret=False, every_seconds=60)
    with pytest.raises(Refusal, match="KG is a member"):
        sources.add_source(alliance.means("KZ"), source, officer=OFFICER, now=alliance.clock())
