"""The description of the node's surface is whole and true, and whoever it does not name is not let in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from accord.exchange.description import NODE, OPERATIONS, TOOL, key_of
from accord.exchange.guard import CHALLENGE
from tests.exchange.surface import KINDS, Surface
from tests.stories.alliance import founded, indicator

EXAMPLES = 6  # Requests of each kind to each operation, every day; bars/test_surface.py asks many more.
PAGES = {
    "/",
    "/static/accord.css",
    "/openapi.json",
    "/livez",
    "/readyz",
}  # For people and their machines: `web` and `node.health` hold them.


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surface]:
    with founded(tmp_path_factory.mktemp("surface"), ("KZ", "KG")) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        alliance.sync("KG", "KZ")
        yield Surface.of(alliance)
        alliance.check_everything()


def test_every_route_says_who_may_ask(surface: Surface) -> None:
    routes = [route for route in _routes(surface) if route.path not in PAGES and "/collections/holdings/" not in route.path]
    found = {key_of(method, route.path.replace(":path}", "}")) for route in routes for method in route.methods or ()}
    assert set(OPERATIONS) == found == set(surface.operations)


@pytest.mark.parametrize("key", sorted(OPERATIONS))
def test_who_is_not_named_is_not_let_in(surface: Surface, key: str) -> None:
    method, path = key.split(" ")
    path = surface.operations[key].path.format(identifier="x", collection="x", sender="KZ", recipient="KG", member="KG", name="0/000")
    door, who = surface.alliance.doors["KZ"], OPERATIONS[key].who
    headers = {"Content-Length": "0"} if method in {"POST", "PUT"} else {}
    answers = {
        "anyone": door.request(method, path, headers=headers),
        TOOL: door.request(method, path, headers=headers | {"Authorization": surface.tool.basic}),
        NODE: door.request(method, path, headers=headers | surface.node()),
    }
    if who == "anyone":
        assert 401 not in {answer.status_code for answer in answers.values()}
        return
    assert (401, CHALLENGE) == (answers["anyone"].status_code, answers["anyone"].headers["www-authenticate"])
    if who == TOOL:
        assert 404 == answers[NODE].status_code
    if who == NODE:
        assert answers[TOOL].status_code in {401, 404}


@pytest.mark.parametrize(("key", "mode"), KINDS)
def test_every_answer_is_one_that_is_described(surface: Surface, key: str, mode: str) -> None:
    surface.hold(key, mode, examples=EXAMPLES, seeded=20261125)


def _routes(surface: Surface) -> list[APIRoute]:
    """Every route of the application; FastAPI keeps those of an included router behind one of its own."""
    routes = surface.alliance.doors["KZ"].app.routes  # type: ignore[attr-defined]  # A test client calls it an ASGI app.
    found = [inner for route in routes for inner in getattr(getattr(route, "original_router", None), "routes", [route])]
    return [route for route in found if isinstance(route, APIRoute)]
