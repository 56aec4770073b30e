"""A hostile line between two members: whatever it flips, drops, swaps or repeats is refused, named, and nothing of it is kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from accord.desk import receive
from accord.desk.status import status
from accord.errors import AccordError, IntegrityFailure
from accord.exchange.wire import collection_id, decode_page
from tests.stories.alliance import Alliance, founded, indicator

RECORDS = 6
PAGE = "/taxii2/accord/collections/{identifier}/objects/?limit=5000&next=0&match[version]=all"


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("tampering")) as found:
        found.publish("KZ", *(indicator(number) for number in range(RECORDS // 2)), to="KG")
        found.publish("KZ", *(indicator(number) for number in range(RECORDS // 2, RECORDS)), to="KG")
        found.sync("TJ", "KZ")  # TJ introduced itself and has its own, empty channel.
        yield found
        # First of all tests' claims: without a hostile line everything arrives.
        assert RECORDS == found.sync("KG", "KZ").kept
        found.check_everything()


def _page(change: Callable[[dict[str, Any]], None]) -> Callable[[httpx2.Request, bytes], bytes]:
    def tamper(request: httpx2.Request, body: bytes) -> bytes:
        if "/objects/" not in request.url.path:
            return body
        envelope = orjson.loads(body)
        change(envelope)
        return orjson.dumps(envelope)

    return tamper


def _nothing_kept(alliance: Alliance) -> None:
    assert 0 == receive.position(alliance.means("KG"), "KZ")
    assert () == status(alliance.means("KG")).holdings


def _drop(envelope: dict[str, Any]) -> None:
    del envelope["objects"][2]


def _drop_with_leaf(envelope: dict[str, Any]) -> None:
    del envelope["objects"][2], envelope["x_accord"]["leaves"][2]


def _drop_last_with_leaf(envelope: dict[str, Any]) -> None:
    envelope["objects"].pop()
    envelope["x_accord"]["leaves"].pop()


def _swap(envelope: dict[str, Any]) -> None:
    objects, leaves = envelope["objects"], envelope["x_accord"]["leaves"]
    objects[1], objects[2] = objects[2], objects[1]
    leaves[1], leaves[2] = leaves[2], leaves[1]


def _swap_objects(envelope: dict[str, Any]) -> None:
    objects = envelope["objects"]
    objects[1], objects[2] = objects[2], objects[1]


def _twice(envelope: dict[str, Any]) -> None:
    envelope["objects"].insert(2, copy.deepcopy(envelope["objects"][1]))
    envelope["x_accord"]["leaves"].insert(2, envelope["x_accord"]["leaves"][1])


def _other_content(envelope: dict[str, Any]) -> None:
    envelope["objects"][1]["name"] += "x"


def _added_property(envelope: dict[str, Any]) -> None:
    envelope["objects"][1]["x_note"] = "added on the way"


def _other_purpose(envelope: dict[str, Any]) -> None:
    envelope["objects"][0]["purpose"] = "anything"


def _other_audience(envelope: dict[str, Any]) -> None:
    envelope["objects"][0]["recipients"] = ["KG", "TJ"]


def _no_signature(envelope: dict[str, Any]) -> None:
    envelope["objects"][0]["signatures"] = []


def _statement_without_records(envelope: dict[str, Any]) -> None:
    del envelope["objects"][1:], envelope["x_accord"]["leaves"][1:]


def _records_without_statement(envelope: dict[str, Any]) -> None:
    del envelope["objects"][0], envelope["x_accord"]["leaves"][0]


def _other_salt(envelope: dict[str, Any]) -> None:
    leaves = envelope["x_accord"]["leaves"]
    leaves[1] = leaves[2]


def _later(envelope: dict[str, Any]) -> None:
    envelope["x_accord"]["first"] = 1


def _other_root(envelope: dict[str, Any]) -> None:
    origin, size, _, *rest = envelope["x_accord"]["checkpoint"].split("\n")
    envelope["x_accord"]["checkpoint"] = "\n".join([origin, size, "A" * 43 + "=", *rest])


def _other_version(envelope: dict[str, Any]) -> None:
    envelope["x_accord"]["version"] = 99


def _without_ours(envelope: dict[str, Any]) -> None:
    del envelope["x_accord"]


def _erased(envelope: dict[str, Any]) -> None:
    envelope["x_accord"]["leaves"][1] = {"erased": "A" * 43 + "="}


@pytest.mark.parametrize(
    ("change", "duty"),
    [
        (_drop, "page"),
        (_drop_with_leaf, "commitment"),
        (_drop_last_with_leaf, "commitment"),
        (_swap, "root"),
        (_swap_objects, "commitment"),
        (_twice, "commitment"),
        (_other_content, "commitment"),
        (_added_property, "commitment"),
        (_other_purpose, "statement"),
        (_other_audience, "statement"),
        (_no_signature, "statement"),
        (_statement_without_records, "commitment"),
        (_records_without_statement, "commitment"),
        (_other_salt, "commitment"),
        (_later, "order"),
        (_other_root, "checkpoint"),
        (_other_version, "page"),
        (_without_ours, "page"),
        (_erased, "page"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else str(value),
)
def test_a_page_changed_on_the_way_is_refused_by_duty_and_nothing_is_kept(
    alliance: Alliance, change: Callable[[dict[str, Any]], None], duty: str
) -> None:
    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=_page(change))
    assert duty == failure.value.duty
    _nothing_kept(alliance)


def test_another_members_checkpoint_is_refused(alliance: Alliance) -> None:
    foreign = alliance.client("TJ", "KZ").checkpoint().encode()

    def tamper(request: httpx2.Request, body: bytes) -> bytes:
        return foreign if request.url.path.endswith("/checkpoint") else body

    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=tamper)
    assert "checkpoint" == failure.value.duty
    _nothing_kept(alliance)


def test_a_foreign_key_file_is_refused(tmp_path: Path) -> None:
    with founded(tmp_path) as fresh:
        fresh.publish("KZ", indicator(1), to="KG")
        foreign = fresh.means("TJ").key_file

        def tamper(request: httpx2.Request, body: bytes) -> bytes:
            return foreign if request.method == "GET" and request.url.path.endswith("/keys") else body

        with pytest.raises(AccordError):
            fresh.sync("KG", "KZ", tamper=tamper)
        assert 0 == receive.position(fresh.means("KG"), "KZ")
        assert 1 == fresh.sync("KG", "KZ").kept


def test_a_replayed_page_is_refused_and_a_replayed_older_checkpoint_too(tmp_path: Path) -> None:
    with founded(tmp_path) as fresh:
        recorded: dict[str, bytes] = {}

        def record(request: httpx2.Request, body: bytes) -> bytes:
            recorded[request.url.path] = body
            return body

        fresh.publish("KZ", indicator(1), to="KG")
        fresh.sync("KG", "KZ", tamper=record)
        fresh.publish("KZ", indicator(2), to="KG")

        def replay(kind: str) -> Callable[[httpx2.Request, bytes], bytes]:
            return lambda request, body: recorded.get(request.url.path, body) if kind in request.url.path else body

        with pytest.raises(IntegrityFailure) as failure:
            fresh.sync("KG", "KZ", tamper=replay("/objects/"))
        assert "order" == failure.value.duty
        assert 2 == receive.position(fresh.means("KG"), "KZ")

        # An older checkpoint replayed hides news and changes nothing; one older than what we hold is a log that shrank.
        assert fresh.sync("KG", "KZ", tamper=replay("/checkpoint")).idle
        assert 1 == fresh.sync("KG", "KZ").kept
        with pytest.raises(IntegrityFailure) as failure:
            fresh.sync("KG", "KZ", tamper=replay("/checkpoint"))
        assert "growth" == failure.value.duty
        fresh.check_everything()


def test_any_flipped_byte_of_a_page_keeps_nothing_that_was_not_sent(alliance: Alliance) -> None:
    """Every byte position of a page in turn, one bit each: refused with its duty, or outside everything that is signed and without effect."""
    page = alliance.client("KG", "KZ")._get(
        PAGE.format(identifier=collection_id(alliance.means("KG").channel_from("KZ"))), octets_max=2**20
    )
    sent = decode_page(page)
    means = alliance.means("KG")
    unnoticed = []
    for place in range(len(page)):
        changed = page[:place] + bytes([page[place] ^ 1 << (place % 7)]) + page[place + 1 :]
        try:
            got = decode_page(changed)
            if got != sent:
                receive.receive(means, "KZ", first=got.first, parcels=got.parcels, note=got.checkpoint, now=alliance.clock())
        except IntegrityFailure:
            pass
        else:
            unnoticed.append(place)
        _nothing_kept(alliance)
    # What decodes to the very same page is white space, `more`, `next`: nothing a receiver relies on.
    assert len(unnoticed) < len(page) // 50
