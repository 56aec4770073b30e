"""One node with both kinds of collection, as those who ask it see it: tools of its own member, and another member's node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from accord.desk import importing
from accord.exchange.holdings import API_ROOT
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE, collection_id, token
from accord.seal.canonical import digest_text
from tests.exchange.tools import Tool, tool_of
from tests.stories.alliance import Alliance, indicator

V1, V2, V3 = "2026-11-20T08:10:00.000Z", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00.5Z"
OLD = {
    "type": "malware",
    "id": "malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b",
    "created": "2017-01-01T00:00:00.000Z",
    "modified": "2017-01-01T00:00:00.000Z",
    "name": "Invented of 2.0",
    "labels": ["ransomware"],
}
OLD_INDICATOR = {name: value for name, value in indicator(2).items() if name != "spec_version"} | {"modified": "2027-01-01T00:00:00.000Z"}
ADDRESS = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "value": "198.51.100.3"}
MARKING = {
    "type": "marking-definition",
    "spec_version": "2.1",
    "id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "created": "2026-11-01T00:00:00.000Z",
    "definition_type": "statement",
    "definition": {"statement": "Invented"},
}


def version(number: int, modified: str) -> dict[str, Any]:
    return {**indicator(number), "modified": modified}


# What the holdings begin with, in order of arrival: three versions of one object, of which the newest came second; an object in both versions
# of STIX, the older one with the later time; and objects with one time of their own, or none.
HELD = [version(1, V1), version(1, V3), version(1, V2), indicator(2), ADDRESS, MARKING, OLD, OLD_INDICATOR]
CURRENT = [version(1, V3), indicator(2), ADDRESS, MARKING, OLD]
RELEASED = [indicator(71), indicator(72), indicator(73)]


@dataclass(frozen=True)
class Site:
    """The node of KZ; KG's node reads the channel, and KZ's tools the holdings."""

    alliance: Alliance
    tool: Tool
    reader: Tool
    writer: Tool

    @classmethod
    def build(cls, alliance: Alliance) -> Site:
        for item in HELD:
            importing.import_files(alliance.means("KZ"), [orjson.dumps(item)], source="Invented feed", now=alliance.clock())
        for item in RELEASED:
            alliance.publish("KZ", item, to="KG")
        alliance.sync("KG", "KZ")
        return cls(
            alliance,
            tool_of(alliance, "KZ", "analyst"),
            tool_of(alliance, "KZ", "reader", write=False),
            tool_of(alliance, "KZ", "writer", read=False),
        )

    @property
    def channel(self) -> str:
        return f"{API_ROOT}collections/{collection_id(self.alliance.means('KZ').channel_to('KG'))}/"

    def node(self, method: str, path: str, **changes: str) -> httpx2.Response:
        """KG's node asks, below the channel or, where the path begins with a slash, anywhere."""
        means = self.alliance.means("KG")
        bearer = token(member="KG", audience=f"{means.charter.id}/KZ", key=means.signers.transport, now=self.alliance.clock())
        headers = {"Authorization": f"Bearer {bearer}", CHARTER_HEADER: digest_text(means.charter.digest), "Accept": MEDIA_TYPE, **changes}
        return self.alliance.doors["KZ"].request(method, path if path.startswith("/") else self.channel + path, headers=headers)

    def objects(self, query: str = "") -> list[dict[str, Any]]:
        """What the holdings give of what they began with."""
        known = {item["id"] for item in HELD}
        return [item for item in envelope(self.tool.get("objects/?" + query)) if item["id"] in known]


def envelope(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json().get("objects", [])
    return found


def is_error(answer: httpx2.Response, status: int) -> bool:
    """Say whether an answer is the error resource of TAXII 2.1, 3.6.1, with this status."""
    body = answer.json()
    kinds = {"title": str, "description": str, "http_status": str, "details": dict}
    assert set(body) <= set(kinds), body
    assert all(isinstance(value, kinds[name]) for name, value in body.items()), body
    return (status, str(status), MEDIA_TYPE) == (answer.status_code, body["http_status"], answer.headers["content-type"]) and bool(
        body["title"]
    )
