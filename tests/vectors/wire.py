"""A recorded road: what three members' nodes said to each other in one version of the protocol, byte for byte, and how it is recorded.

`wire/vN/` holds the charter, the requests with their answers in `road.jsonl`, and a courier's file. Keys, salts, identifiers and clocks come from seeds,
so that recording again gives the same bytes; only the sealing of the courier's file draws its own chance.
`python -m tests.vectors.wire` records the present version anew. That is for the version in the making: a version that nodes speak is never recorded
again, because what is recorded is what they say.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import httpx2
import orjson
from fastapi import FastAPI
from starlette.testclient import TestClient

from accord.charter.document import SignedCharter, found, template
from accord.charter.keyfile import KeyFile
from accord.charter.officers import OfficerRole
from accord.desk import answer, consent, journal, notice, office, publish, recall
from accord.desk.answer import Word
from accord.desk.consent import Wanted
from accord.desk.means import Means, Signers
from accord.exchange import courier, server
from accord.exchange.client import PeerClient
from accord.exchange.guard import Door
from accord.exchange.sync import Synced, synchronise
from accord.exchange.watch import watch_round
from accord.exchange.wire import PROTOCOL_VERSION
from accord.release.gate import Gate
from accord.release.policy import policy_of
from accord.seal.keys import PrivateKey, Role, RoleKey
from accord.stix.control import NoticeCode, RecallReason
from accord.store.database import open_database
from tests.stories.alliance import OFFICER, START, Clock, indicator, offer

FOLDER = Path(__file__).parent / "wire"
MEMBERS = ("KG", "KZ", "TJ")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a member's node to another's, and the answer. All of these bodies are texts."""

    asks: str
    asked: str
    method: str
    path: str
    token: str
    sent: str
    status: int
    answer: str

    @property
    def is_of_journal(self) -> bool:
        """Whether it speaks of a journal. What a member writes into its journal is its own affair, so the hashes may change within a version."""
        return "/journal/" in self.path or self.path.endswith("/add-checkpoint")

    def line(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def read(cls, line: bytes) -> Exchange:
        return cls(**orjson.loads(line))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One version as it was recorded."""

    charter: SignedCharter
    road: tuple[Exchange, ...]
    courier: bytes

    @classmethod
    def read(cls, folder: Path) -> Recorded:
        road = tuple(map(Exchange.read, (folder / "road.jsonl").read_bytes().splitlines()))
        return cls(SignedCharter.read((folder / "charter.json").read_bytes()), road, (folder / "courier.bin").read_bytes())


def key_of(member: str, role: Role) -> PrivateKey:
    return PrivateKey.from_seed(hashlib.sha256(f"{role.value} of {member}, for the recorded wire".encode()).digest())


def charter_of_all() -> SignedCharter:
    """The template, founded by the three members."""
    charter = found(template(), {member: key_of(member, Role.ROOT).public for member in MEMBERS})
    signed = SignedCharter(charter, ())
    for member in MEMBERS:
        signed = signed.signed_by(member, key_of(member, Role.ROOT))
    return signed


@dataclass
class _Chance:
    """Bytes that are different each time and the same in each recording."""

    seed: str
    drawn: int = 0

    def __call__(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(f"{self.seed} {self.drawn}".encode()).digest(count)


@contextmanager
def node_of(member: str, charter: SignedCharter, folder: Path) -> Iterator[Means]:
    """A member's means, with keys from seeds and an empty database."""
    keys = {role: key_of(member, role) for role in (Role.LOG, Role.RECEIPT, Role.WITNESS, Role.STATEMENT, Role.TRANSPORT)}
    entries = tuple(RoleKey(role, key.public, valid_from=START, valid_until=None) for role, key in keys.items())
    key_file = KeyFile(charter_id=charter.charter.id, member=member, number=1, keys=entries, made_at=START)
    database = open_database(folder / f"{member}.sqlite")
    signers = Signers(**{role.value: key for role, key in keys.items()})
    gate = Gate(policy_of(charter.charter))
    raw = key_file.sign(key_of(member, Role.ROOT))
    means = Means(member, charter.charter, gate, database, signers, raw, _Chance(member), folder / f"{member}-tiles", lambda: 2**40)
    office.add_officer(means, name=OFFICER, role=OfficerRole.OFFICER, now=START)
    try:
        yield means
    finally:
        database.close()


@contextmanager
def nodes_of(charter: SignedCharter, folder: Path) -> Iterator[dict[str, Means]]:
    """The means of all three members."""
    with ExitStack() as stack:
        yield {member: stack.enter_context(node_of(member, charter, folder)) for member in MEMBERS}


@dataclass
class Road:
    """Three nodes in one process, and what they say to each other: noted, or answered from what was noted."""

    nodes: dict[str, Means]
    clock: Clock
    noted: list[Exchange] = field(default_factory=list)

    def client(self, asks: str, asked: str) -> PeerClient:
        http = httpx2.Client(transport=self.transport(asks, asked), base_url="http://node.example")
        return PeerClient(self.nodes[asks], asked, http, self.clock)

    def transport(self, asks: str, asked: str) -> httpx2.BaseTransport:
        app = FastAPI()
        server.attach(app, Door(self.nodes[asked], self.clock))
        return _Noting(asks, asked, TestClient(app), self.noted)

    def sync(self, asks: str, asked: str) -> Synced:
        return synchronise(self.nodes[asks], self.client(asks, asked), clock=self.clock)


class _Noting(httpx2.BaseTransport):
    def __init__(self, asks: str, asked: str, door: TestClient, noted: list[Exchange]) -> None:
        self.asks, self.asked, self.door, self.noted = asks, asked, door, noted

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sent, path = request.read(), request.url.raw_path.decode()
        answer = self.door.request(request.method, path, headers=dict(request.headers), content=sent)
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.noted.append(Exchange(self.asks, self.asked, request.method, path, token, sent.decode(), answer.status_code, answer.text))
        return httpx2.Response(answer.status_code, content=answer.content)


class Replayed(Road):
    """Nodes of today among nodes of a recorded version: whoever asks is of today, whoever is asked answers what it answered then, in that order."""

    def transport(self, asks: str, asked: str) -> httpx2.BaseTransport:
        return httpx2.MockTransport(partial(self._answer, asks, asked))

    def _answer(self, asks: str, asked: str, request: httpx2.Request) -> httpx2.Response:
        exchange = self.noted.pop(0)
        path = request.url.raw_path.decode()
        assert (exchange.asks, exchange.asked, exchange.method, exchange.path) == (asks, asked, request.method, path)
        return httpx2.Response(exchange.status, content=exchange.answer.encode())


def publications(road: Road) -> None:
    """KZ gives two indicators to KG and consents that one is passed on to TJ; the other it takes back. KG obeys, answers, and passes on."""
    kz, kg, clock = road.nodes["KZ"], road.nodes["KG"], road.clock
    publish.publish(kz, [orjson.dumps([indicator(1), indicator(2)])], officer=OFFICER, offer=offer("KG"), now=clock())
    road.sync("KG", "KZ")
    consent.consent(kz, indicator(1)["id"], Wanted("KG", ("TJ",)), officer=OFFICER, now=clock())
    recall.recall(kz, indicator(2)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=clock())
    road.sync("KG", "KZ")
    answer.answer(kg, indicator(1)["id"], Word.ACCEPTED, officer=OFFICER, now=clock())
    notice.notice(kg, ["KZ"], NoticeCode.KEYS_REPLACED, officer=OFFICER, now=clock())
    road.sync("KZ", "KG")
    publish.publish(kg, [orjson.dumps([indicator(1)])], officer=OFFICER, offer=offer("TJ"), now=clock())
    road.sync("TJ", "KG")


def witnessing(road: Road) -> None:
    """KG looks at the journal of KZ and has its own cosigned. What is cosigned is a journal, so this is not replayed by a node with another."""
    kg = road.nodes["KG"]
    journal.publish_checkpoint(kg, now=road.clock())
    watch_round(kg, road.client("KG", "KZ"), {}, clock=road.clock)


def record(charter: SignedCharter) -> tuple[Sequence[Exchange], bytes]:
    """Play the story under this charter: the road, and a courier's file of KG for TJ, which is another each time."""
    with tempfile.TemporaryDirectory() as name, nodes_of(charter, Path(name)) as nodes:
        road = Road(nodes, Clock())
        publications(road)
        witnessing(road)
        kg = nodes["KG"]
        publish.publish(kg, [orjson.dumps([indicator(3)])], officer=OFFICER, offer=offer("TJ"), now=road.clock())
        file = io.BytesIO()
        courier.pack(kg, "TJ", file, now=road.clock())
        return road.noted, file.getvalue()


def main() -> None:
    folder = FOLDER / f"v{PROTOCOL_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    charter = charter_of_all()
    noted, carried = record(charter)
    (folder / "charter.json").write_bytes(charter.to_bytes())
    (folder / "road.jsonl").write_bytes(b"".join(exchange.line() + b"\n" for exchange in noted))
    (folder / "courier.bin").write_bytes(carried)


if __name__ == "__main__":
    main()
