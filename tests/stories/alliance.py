"""Whole nodes joined by a road in memory: real databases, real applications, real HTTP requests, no sockets and no waiting.

`Alliance` founds members on a charter, gives each a node and an officer, and moves a clock that all of them read.
`check_everything` holds after every step of a story: logs only grew, every leaf makes its root, both ends of a channel agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
from starlette.testclient import TestClient

from accord.charter.document import Charter, SignedCharter, found, template
from accord.charter.officers import OfficerRole
from accord.desk import audit, office, publish, read
from accord.desk.means import Means
from accord.desk.read import Asked, Found, Shown
from accord.exchange.client import PeerClient
from accord.exchange.sync import Synced, synchronise
from accord.node.build import Node, application, opened
from accord.node.founding import found_node
from accord.release.question import Offer
from accord.seal.canonical import digest_text
from accord.seal.keys import PrivateKey
from accord.stix.marking import Grade, SubjectCategory, Tlp
from accord.store import logs
from tests.databases import new_path

OFFICER = "A. Bekova (invented)"
PURPOSE = "prevention of an attack"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The one clock of the alliance; a second passes with every look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Alliance:
    """Members with nodes in one folder."""

    folder: Path
    members: tuple[str, ...]
    clock: Clock = field(default_factory=Clock)
    nodes: dict[str, Node] = field(default_factory=dict)
    doors: dict[str, TestClient] = field(default_factory=dict)
    requests: list[httpx2.Request] = field(default_factory=list)
    seen: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)

    def means(self, member: str) -> Means:
        return self.nodes[member].means

    def served(self, member: str) -> None:
        """Let others reach the member's node as it is now."""
        self.doors[member] = TestClient(application(self.nodes[member], self.clock))

    def client(self, asking: str, asked: str, *, tamper: Callable[[httpx2.Request, bytes], bytes] | None = None) -> PeerClient:
        """A client of `asking` to the node of `asked`; `tamper` sits on the road and may change every answer."""
        door: httpx2.Client = self.doors[asked] if tamper is None else Tampered(self.doors[asked], tamper).client()
        return PeerClient(self.means(asking), asked, door, self.clock)

    def sync(self, asking: str, asked: str, **how: Any) -> Synced:
        return synchronise(self.means(asking), self.client(asking, asked, **how), clock=self.clock)

    def publish(self, member: str, *objects: dict[str, Any], to: str, **changes: Any) -> publish.Published:
        raw = orjson.dumps(list(objects))
        return publish.publish(self.means(member), [raw], officer=OFFICER, offer=offer(to, **changes), now=self.clock())

    def search(self, member: str, query: str, *, purpose: str = PURPOSE) -> list[Found]:
        """What the member's officer finds, once everything is indexed."""
        while read.catch_up(self.means(member)):
            pass
        return list(read.search(self.means(member), query, asked=Asked(OFFICER, purpose), now=self.clock()).found)

    def show(self, member: str, reference: str, *, purpose: str = PURPOSE) -> Shown:
        """What the member's officer sees of a record."""
        return read.show(self.means(member), reference, asked=Asked(OFFICER, purpose), now=self.clock())

    def check_everything(self) -> None:
        """Logs only grew, proofs hold, both ends agree on what both have."""
        for member, node in self.nodes.items():
            for log in audit.audit(node.means):
                size, root = self.seen.get((member, log.name), (0, hashlib.sha256(b"").digest()))
                assert log.size >= size
                assert log.size > size or log.root == root
                self.seen[member, log.name] = (log.size, log.root)
        for sender in self.nodes:
            for recipient in self.nodes:
                if sender != recipient:
                    self._same_ends(sender, recipient)

    def _same_ends(self, sender: str, recipient: str) -> None:
        name = self.means(sender).channel_to(recipient)
        with self.means(sender).database.reading() as there, self.means(recipient).database.reading() as here:
            ours = logs.log_state(here, name)
            if ours is not None and ours.size:
                promised = logs.boundary_at(there, name, ours.size)
                assert promised is not None
                assert promised.root == ours.frontier.root()


class Tampered(httpx2.BaseTransport):
    """A hostile line: every answer of the real node passes through `change` on its way."""

    def __init__(self, door: TestClient, change: Callable[[httpx2.Request, bytes], bytes]) -> None:
        self.door = door
        self.change = change

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=self, base_url="http://testserver")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.door.request(request.method, str(request.url), headers=dict(request.headers), content=request.read())
        body = self.change(request, answer.content)
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx2.Response(answer.status_code, headers=headers, content=body)


@contextmanager
def founded(folder: Path, members: tuple[str, ...] = ("KZ", "KG", "TJ"), *, on: Charter | None = None) -> Iterator[Alliance]:
    """Found an alliance of these members on a template: the SCO's, or the one given."""
    roots = {member: PrivateKey.from_seed(hashlib.sha256(f"root of {member}".encode()).digest()) for member in members}
    charter = found(on or template(), {member: key.public for member, key in roots.items()})
    signed = SignedCharter(charter, ())
    for member, key in roots.items():
        signed = signed.signed_by(member, key)
    (folder / "charter.json").write_bytes(signed.to_bytes())
    alliance = Alliance(folder, members)
    with ExitStack() as stack:
        for member, key in roots.items():
            (folder / f"{member}.key").write_text(key.secret_text(), encoding="utf-8")
            (folder / member).mkdir()
            found_node(
                folder / member,
                database=new_path(folder / member).relative_to(folder / member),
                charter=str(folder / "charter.json"),
                member=member,
                now=alliance.clock.now,
                pinned=digest_text(charter.digest),
                root_key=folder / f"{member}.key",
            )
            node = stack.enter_context(opened(folder / member))
            alliance.nodes[member] = node
            alliance.doors[member] = TestClient(application(node, alliance.clock))
            office.add_officer(node.means, name=OFFICER, role=OfficerRole.OFFICER, now=alliance.clock())
        yield alliance


@contextmanager
def restarted(alliance: Alliance, member: str) -> Iterator[Node]:
    """Start the member's node anew, from what is in its folder now."""
    with opened(alliance.folder / member) as node:
        alliance.nodes[member] = node
        alliance.served(member)
        yield node


def law_that_ends(day: str) -> Charter:
    """The template, with one instrument binding KG only until a day."""
    fields: dict[str, Any] = template().fields
    for instrument in fields["instruments"]:
        for party in instrument.get("parties", []):
            if party["member"] == "KG":
                party["until"] = day
    return Charter.of_fields(fields)


def offer(to: str, **changes: Any) -> Offer:
    """A complete offer, with what a test wants different."""
    values: dict[str, Any] = {
        "audience": tuple(sorted(name for name in to.split(",") if name)),
        "basis": "SC/7",
        "purpose": PURPOSE,
        "tlp": Tlp.AMBER,
        "grade": Grade.parse("B2"),
        "review": START.date() + timedelta(days=180),
        "category": SubjectCategory.SUSPECT,
    }
    return Offer(**{**values, **changes})


def indicator(number: int, *, name: str = "Lantern host (invented)") -> dict[str, Any]:
    """An invented indicator, a different one for each number."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-1dd9-446e-b6f5-d58527e5b5d2",
        "created": "2026-11-20T08:10:00.000Z",
        "modified": "2026-11-20T08:10:00.000Z",
        "name": f"{name} {number}",
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = 'relay{number}.grey-lantern.example']",
        "pattern_type": "stix",
        "valid_from": "2026-11-20T08:10:00.000Z",
    }
