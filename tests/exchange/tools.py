"""A TAXII tool of a member, as its tests see it: credentials, and requests to the holdings through the node's whole application."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from accord.desk.clients import Credentials, add_client
from accord.exchange.holdings import API_ROOT, holdings_id
from accord.exchange.wire import MEDIA_TYPE
from tests.stories.alliance import Alliance


@dataclass
class Tool:
    """One client of one member."""

    alliance: Alliance
    member: str
    credentials: Credentials

    @property
    def root(self) -> str:
        return f"{API_ROOT}collections/{holdings_id(self.alliance.means(self.member))}/"

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, content: bytes | None = None) -> httpx2.Response:
        """A request below the collection, or to a path of its own where that begins with a slash."""
        said = {"Authorization": f"Bearer {self.credentials.bearer}", "Accept": MEDIA_TYPE}
        if content is not None:
            said["Content-Type"] = MEDIA_TYPE
        said.update(headers or {})
        return self.alliance.doors[self.member].request(
            method, path if path.startswith("/") else self.root + path, headers=said, content=content
        )

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.ask("GET", path, headers=headers)

    def post(self, *objects: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
        return self.ask("POST", "objects/", content=orjson.dumps({"objects": list(objects)}), headers=headers)

    def ids(self, query: str = "") -> list[str]:
        return [item["id"] for item in self.get("objects/" + query).json().get("objects", [])]

    @property
    def basic(self) -> str:
        pair = f"{self.credentials.name}:{self.credentials.password}"
        return "Basic " + base64.b64encode(pair.encode()).decode()


def tool_of(alliance: Alliance, member: str, name: str, *, read: bool = True, write: bool = True) -> Tool:
    made = add_client(alliance.means(member), name=name, may_read=read, may_write=write, now=alliance.clock())
    return Tool(alliance, member, made)
