"""Commands about the member's own tools: what they print is all that a tool needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from accord.cli.app import app
from accord.errors import Refusal
from accord.exchange.holdings import holdings_id
from accord.node.build import application, opened


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    _run("init", folder, "--charter", "sco", "--member", "KZ", "--port", "8123")
    return folder


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert 0 == done.exit_code, done.output
    return done.stdout


def test_the_printed_credentials_open_the_holdings(node: Path) -> None:
    made = json.loads(_run("client", "add", node, "opencti-1", "--read", "--write", "--json"))
    assert {"url", "api_root", "collection", "username", "password", "bearer"} == set(made)
    assert ("http://127.0.0.1:8123/taxii2/", "http://127.0.0.1:8123/taxii2/accord/", "opencti-1") == (
        made["url"],
        made["api_root"],
        made["username"],
    )
    with opened(node) as opened_node:
        assert holdings_id(opened_node.means) == made["collection"]
        door = TestClient(application(opened_node), base_url="http://127.0.0.1:8123")
        objects = f"{made['api_root']}collections/{made['collection']}/objects/"
        assert 401 == door.get(objects).status_code
        assert {"more": False} == door.get(objects, auth=(made["username"], made["password"])).json()
        assert {"more": False} == door.get(objects, headers={"Authorization": f"Bearer {made['bearer']}"}).json()


def test_clients_are_listed_with_their_rights_and_removed_and_no_secret_is_kept(node: Path) -> None:
    made = json.loads(_run("client", "add", node, "reader", "--read", "--json"))
    json.loads(_run("client", "add", node, "nobody", "--json"))
    listed = json.loads(_run("client", "list", node, "--json"))["clients"]
    assert [("nobody", False, False), ("reader", True, False)] == [
        (item["username"], item["can_read"], item["can_write"]) for item in listed
    ]
    kept = b"".join(path.read_bytes() for path in node.rglob("*") if path.is_file())
    assert b"reader" in kept
    assert made["password"].encode() not in kept
    assert made["bearer"].encode() not in kept
    _run("client", "remove", node, "reader")
    assert ["nobody"] == [item["username"] for item in json.loads(_run("client", "list", node, "--json"))["clients"]]


@pytest.mark.parametrize("name", ["", "a:b", "имя", "a b", "x" * 65, "-a"])
def test_a_name_that_http_cannot_carry_is_refused(node: Path, name: str) -> None:
    with pytest.raises(Refusal, match="a client's name"):
        CliRunner().invoke(app, ["client", "add", str(node), "--", name], catch_exceptions=False)


def test_a_name_is_given_once_and_removed_once(node: Path) -> None:
    _run("client", "add", node, "tool")
    with pytest.raises(Refusal, match="a client already"):
        _run("client", "add", node, "tool")
    with pytest.raises(Refusal, match="no client named"):
        _run("client", "remove", node, "other")
