"""The tool that most others are built on, taxii2-client of OASIS, against a node's application on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
import uvicorn
from requests.exceptions import HTTPError
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages  # type: ignore[import-untyped]  # It ships no types.

from accord.desk.clients import add_client
from accord.exchange.holdings import API_ROOT, DISCOVERY, holdings_id
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
