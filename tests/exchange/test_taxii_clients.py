"""Other people's clients against a node's application on a real socket: taxii2-client and stix2 of OASIS, and Cyware's cytaxii2."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import orjson
import pytest
import stix2  # type: ignore[import-untyped]  # It ships no types.
import uvicorn
from cytaxii2.cytaxii2 import cytaxii2  # type: ignore[import-untyped]  # It ships no types.
from requests.exceptions import HTTPError
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages  # type: ignore[import-untyped]  # It ships no types.

from accord.desk.clients import add_client
from accord.exchange.holdings import ALIAS, API_ROOT, DISCOVERY, holdings_id
from accord.node.build import application
from tests.stories.alliance import Alliance, founded, indicator

OBJECTS = 250


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("taxii"), ("KZ", "KG")) as found:
        yield found
        found.check_everything()


@pytest.fixture(scope="module")
def base(alliance: Alliance) -> Iterator[str]:
    config = uvicorn.Config(application(alliance.nodes["KZ"], alliance.clock), log_level="error", lifespan="off")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def user(alliance: Alliance) -> dict[str, str]:
    made = add_client(alliance.means("KZ"), name="taxii2-client", may_read=True, may_write=True, now=alliance.clock())
    return {"user": made.name, "password": made.password}


@pytest.fixture
def collection(alliance: Alliance, base: str, user: dict[str, str]) -> Iterator[Collection]:
    with Collection(f"{base}{API_ROOT}collections/{holdings_id(alliance.means('KZ'))}/", **user) as found:
        yield found


def test_discovery_leads_to_the_holdings(alliance: Alliance, base: str, user: dict[str, str]) -> None:
    with Server(base + DISCOVERY, **user) as server:
        [root] = server.api_roots
        [own] = root.collections
        assert (holdings_id(alliance.means("KZ")), True, True) == (own.id, own.can_read, own.can_write)
    with pytest.raises(HTTPError, match="401"):
        _ = Server(base + DISCOVERY, user="taxii2-client", password="wrong").title


def test_objects_are_handed_in_paged_through_and_looked_up(base: str, user: dict[str, str], collection: Collection) -> None:
    things = [indicator(number) for number in range(OBJECTS)]
    status = collection.add_objects({"objects": [*things, {**indicator(999), "valid_from": "x"}]})
    assert ("complete", OBJECTS, 1) == (status.status, status.success_count, status.failure_count)
    with ApiRoot(base + API_ROOT, **user) as root:
        assert OBJECTS == root.get_status(status.id).success_count

    pages = list(as_pages(collection.get_objects, per_request=100))
    assert [100, 100, 50] == [len(page["objects"]) for page in pages]
    assert things == [item for page in pages for item in page["objects"]]
    assert [things[3]] == collection.get_object(things[3]["id"])["objects"]
    assert [things[3]["modified"]] == collection.object_versions(things[3]["id"])["versions"]
    manifest = [item["id"] for page in as_pages(collection.get_manifest, per_request=100) for item in page["objects"]]
    assert [item["id"] for item in things] == manifest
    assert OBJECTS == len(collection.get_objects(type="indicator", version="all")["objects"])
    with pytest.raises(HTTPError, match="404"):
        collection.get_object("indicator--00000000-0000-4000-8000-000000000000")


def test_a_deleted_object_is_gone(collection: Collection) -> None:
    collection.add_objects({"objects": [indicator(5_000)]})
    assert [indicator(5_000)] == collection.get_object(indicator(5_000)["id"])["objects"]
    collection.delete_object(indicator(5_000)["id"])
    with pytest.raises(HTTPError, match="404"):
        collection.get_object(indicator(5_000)["id"])


def test_taxii2_client_pages_by_every_endpoint_and_filter(collection: Collection) -> None:
    versions = [{**indicator(6_000), "modified": f"2026-11-2{day}T08:10:00.000Z"} for day in range(4)]
    collection.add_objects({"objects": versions})
    identifier = versions[0]["id"]
    assert (
        [versions[-1]]
        == collection.get_objects(id=identifier)["objects"]
        == collection.get_objects(id=[identifier], type=["indicator"])["objects"]
    )
    for ask, name in ((collection.get_object, "objects"), (collection.object_versions, "versions")):
        asked = {"version": "all"} if name == "objects" else {}
        pages = list(as_pages(ask, per_request=1, obj_id=identifier, **asked))
        expected = versions if name == "objects" else [item["modified"] for item in versions]
        assert expected == [item for page in pages for item in page[name]]
    assert [versions[1]] == collection.get_object(identifier, version=versions[1]["modified"])["objects"]
    assert [versions[0], versions[3]] == collection.get_object(identifier, version=["first", "last"])["objects"]
    assert {} == {name: found for name, found in collection.get_objects(id=identifier, spec_version="2.0").items() if name == "objects"}
    [mark] = collection.get_manifest(id=identifier, spec_version="2.1", version="first")["objects"]
    assert versions[1:] == collection.get_objects(id=identifier, version="all", added_after=mark["date_added"])["objects"]
    collection.delete_object(identifier, version="first")
    assert [item["modified"] for item in versions[1:]] == collection.object_versions(identifier)["versions"]


def test_stix2_hands_in_looks_up_and_searches(collection: Collection) -> None:
    sink, source = stix2.TAXIICollectionSink(collection), stix2.TAXIICollectionSource(collection, items_per_page=2)
    made = [stix2.parse(indicator(number)) for number in range(7_000, 7_005)]
    newer = made[0].new_version(name="Lantern host (invented), seen again")
    sink.add([*made, newer])
    sink.add(stix2.Bundle(stix2.parse(indicator(7_005))))
    assert newer == source.get(made[0].id)
    assert made[1] == source.get(made[1].id)
    assert source.get("indicator--00000000-0000-4000-8000-000000000000") is None
    assert [made[0], newer] == source.all_versions(made[0].id)
    found = source.query([stix2.Filter("type", "=", "indicator"), stix2.Filter("id", "=", [item.id for item in made])])
    assert [*made[1:], newer] == found


def test_cytaxii2_finds_its_way_from_discovery_and_pages(base: str, user: dict[str, str]) -> None:
    client = cytaxii2(base + DISCOVERY, user["user"], user["password"])
    assert [200, 200, 200] == [
        answer["status_code"] for answer in (client.discovery_request(), client.root_discovery(), client.collection_request())
    ]
    things = [indicator(number) for number in range(8_000, 8_003)]
    given = client.inbox_request(ALIAS, orjson.dumps({"objects": things}))
    assert (202, 3) == (given["status_code"], given["response"]["success_count"])
    wanted = ",".join(item["id"] for item in things)
    first = client.poll_request(ALIAS, object_id=wanted, limit=2)["response"]
    rest = client.poll_request(ALIAS, object_id=wanted, limit=2, next=first["next"])["response"]
    assert (things, False) == (first["objects"] + rest["objects"], rest["more"])
    assert 404 == client.collection_data_request("00000000-0000-4000-8000-000000000000")["status_code"]
