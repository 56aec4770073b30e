"""A hostile line and a lying sender, as a table: what they do to each part of what travels, and what must come of it.

The scene: KG holds two publications of KZ; a third, with a record taken back and the recall for it, waits. A second copy of KZ's folder, with KZ's own
keys, has gone on from the same moment with another history of the same shape: what it shows is a *fork*, and every signature on it holds.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import orjson
from starlette.testclient import TestClient

from accord.charter.keyfile import KeyFile
from accord.desk import introduce, journal, recall, receive, watch
from accord.desk.means import Means
from accord.desk.status import status
from accord.exchange.client import PeerClient
from accord.exchange.outside import audit_node
from accord.exchange.sync import synchronise
from accord.exchange.watch import watch_round
from accord.exchange.wire import collection_id
from accord.ledger.checkpoint import Checkpoint, cosign, sign
from accord.ledger.entry import commitment
from accord.node.custody import read_key
from accord.seal.canonical import canonical
from accord.seal.keys import PrivateKey
from accord.seal.note import Note
from accord.seal.signature import sign_fields
from accord.stix.control import RecallReason
from accord.stix.statement import CONTEXT
from tests.stories.alliance import OFFICER, Alliance, founded, indicator
from tests.stories.test_witnessing import act, copied

Answer: TypeAlias = bytes | None  # None is an answer that the node has no such thing.
Change: TypeAlias = Callable[["Scene", httpx2.Request, bytes], Answer]
Edit: TypeAlias = Callable[["Scene", dict[str, Any]], None]


class Act(Enum):
    """What is done to a part on its way, or by its sender."""

    FLIP = "flip"
    DROP = "drop"
    SWAP = "swap"
    REPLAY = "replay"
    TRUNCATE = "truncate"
    FORK = "fork"


class Round(Enum):
    """In which round between KG and KZ the part travels."""

    SYNC = "sync"
    AUDIT = "audit"
    WATCH = "watch"


@dataclass(frozen=True)
class Part:
    """A part of what travels: in which round, in which answer, or in which request of KG's."""

    round: Round
    place: str
    asked: bool = False  # It travels in the request.


@dataclass(frozen=True)
class Stops:
    """The duty that fails names itself. What was there stays; nothing that came is kept, receipted or cosigned."""

    duty: str


@dataclass(frozen=True)
class Convicts:
    """Both signed checkpoints are kept. `proven` says that a third needs no more than them; `duty` is what the round itself names, if anything."""

    says: str
    proven: bool
    duty: str = ""


@dataclass(frozen=True)
class Harmless:
    """Nothing comes of it, and why."""

    why: str


@dataclass(frozen=True)
class Cell:
    """One act upon one part. `alone` asks for a scene of its own, because something is kept."""

    change: Change
    expected: Stops | Convicts | Harmless
    alone: bool = False


@dataclass
class Scene:
    """The alliance, the second copy of KZ's folder behind its door, and what was said in an earlier round."""

    alliance: Alliance
    copy: Means
    fork: TestClient
    older: dict[str, bytes] = field(default_factory=dict)

    @property
    def means(self) -> Means:
        return self.alliance.means("KG")

    def go(self, part: Part, change: Change) -> None:
        """The round in which this part travels."""
        http = httpx2.Client(transport=Line(self, part, change), base_url="http://testserver")
        client = PeerClient(self.means, "KZ", http, self.alliance.clock)
        match part.round:
            case Round.SYNC:
                synchronise(self.means, client, clock=self.alliance.clock)
            case Round.AUDIT:
                audit_node(self.means, client, clock=self.alliance.clock)
            case Round.WATCH:
                act(self.alliance, self.means, f"Asked for at {self.alliance.clock()} (invented)")
                journal.publish_checkpoint(self.means, now=self.alliance.clock())
                watch_round(self.means, client, {}, clock=self.alliance.clock)

    def of(self, member: str, path: str) -> bytes:
        """What the node of KZ tells another member, asked honestly."""
        client = self.alliance.client(member, "KZ")
        return client._get(path, octets_max=2**20)

    def forked(self, request: httpx2.Request) -> bytes:
        """What the second copy answers to the same request."""
        return self.fork.request(request.method, str(request.url), headers=dict(request.headers), content=request.read()).content

    def before(self, part: Part) -> bytes:
        """What was said of this part in an earlier round."""
        return next(said for path, said in self.older.items() if part.place in path)

    def state(self, part: Part) -> tuple[object, ...]:
        """What KG holds of KZ and knows against it, what KZ has signed for by KG, and which journal of KZ KG knows, where it is asked about that."""
        held = status(self.means).holdings
        receipted = [channel.receipted for channel in status(self.alliance.means("KZ")).outgoing if channel.partner == "KG"]
        known = watch.known(self.means, "KZ") if part.round is Round.WATCH else ""
        return receive.position(self.means, "KZ"), held, receipted, watch.evidence(self.means), known


class Line(httpx2.BaseTransport):
    """The line between two nodes. It changes one part, and remembers what it changed."""

    def __init__(self, scene: Scene, part: Part, change: Change) -> None:
        self.scene, self.part, self.change = scene, part, change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        content = request.read()
        here = self.part.place in request.url.path and not (self.part.place == "/keys" and request.method == "PUT")
        if here and self.part.asked:
            content = self.change(self.scene, request, content) or b""
        headers = {**dict(request.headers), "content-length": str(len(content))}
        answer = self.scene.alliance.doors["KZ"].request(request.method, str(request.url), headers=headers, content=content)
        body: Answer = answer.content
        if here and not self.part.asked:
            body = self.change(self.scene, request, answer.content)
        if body is None:
            return httpx2.Response(404, content=b"")
        kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx2.Response(answer.status_code, headers=kept, content=body)


def honest(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return body


@contextmanager
def staged(folder: Path) -> Iterator[Scene]:
    """Set the scene."""
    with founded(folder) as alliance:
        for asking, asked in (("KG", "KZ"), ("TJ", "KZ"), ("KZ", "KG"), ("KZ", "TJ"), ("KG", "TJ")):
            alliance.sync(asking, asked)
        alliance.publish("KZ", indicator(9), to="TJ")
        scene = Scene(alliance, alliance.means("KZ"), alliance.doors["KZ"])

        def record(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
            scene.older[request.url.path] = request.read() if request.url.path.endswith("/cosignature") else body
            return body

        alliance.publish("KZ", indicator(0), to="KG")
        _quietly(scene, record)
        alliance.publish("KZ", indicator(1), indicator(2), to="KG")
        act(alliance, alliance.means("KZ"), "Another (invented)")
        _quietly(scene, honest)
        with copied(alliance, "KZ") as (second, door):
            scene.copy, scene.fork = second, door
            alliance.publish("KZ", indicator(3), indicator(4), indicator(5), to="KG")
            _take_back(alliance, alliance.means("KZ"), 3)
            there = alliance.nodes["KZ"]
            alliance.nodes["KZ"] = copy.copy(there)
            object.__setattr__(alliance.nodes["KZ"], "means", second)
            alliance.publish("KZ", indicator(13), indicator(14), indicator(15), to="KG")
            alliance.nodes["KZ"] = there
            _take_back(alliance, second, 13)
            act(alliance, alliance.means("KZ"), "Shown to KG (invented)")
            act(alliance, second, "Shown to others (invented)")
            for means in (alliance.means("KZ"), second):
                journal.publish_checkpoint(means, now=alliance.clock())
            yield scene


def _quietly(scene: Scene, change: Change) -> None:
    """One round of each kind; the line only listens."""
    journal.publish_checkpoint(scene.alliance.means("KZ"), now=scene.alliance.clock())
    for kind in Round:
        scene.go(Part(kind, ""), change)


def _take_back(alliance: Alliance, means: Means, number: int) -> None:
    recall.recall(means, indicator(number)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())


# What is done to bytes, whatever they are.


def flipped(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """One bit of the middle: of a signature, a hash or a value, since that is what most of each part is."""
    place = len(body) // 2
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def dropped(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return b""


def missing(_: Scene, request: httpx2.Request, body: bytes) -> None:
    return None


def truncated(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return body[: -len(body) // 4]


def forked(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return scene.forked(request)


def replayed(part: Part) -> Change:
    return lambda scene, request, body: scene.before(part)


# What is done inside a page. The page that waits: statement, hole, two records, recall.

STATEMENT, HOLE, RECORD, OTHER_RECORD, CONTROL = range(5)


def page(edit: Edit) -> Change:
    """Change the envelope as a value. Objects have no entry for the hole, so that an object's place is one less behind it."""

    def change(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
        envelope = orjson.loads(body)
        edit(scene, envelope)
        return orjson.dumps(envelope)

    return change


def objects_at(position: int) -> int:
    return position if position < HOLE else position - 1


def take(envelope: dict[str, Any], position: int) -> None:
    """Take an object out with its leaf."""
    if position != HOLE:
        del envelope["objects"][objects_at(position)]
    del envelope["x_accord"]["leaves"][position]


def again(envelope: dict[str, Any], position: int) -> None:
    """Put an object and its leaf in a second time."""
    leaves = envelope["x_accord"]["leaves"]
    if position != HOLE:
        envelope["objects"].insert(objects_at(position), copy.deepcopy(envelope["objects"][objects_at(position)]))
    leaves.insert(position, copy.deepcopy(leaves[position]))


def put(envelope: dict[str, Any], position: int, fields: dict[str, Any], leaf: str | None = None) -> None:
    """Put another object in an object's place, under another salt where one is given."""
    envelope["objects"][objects_at(position)] = fields
    if leaf is not None:
        envelope["x_accord"]["leaves"][position] = leaf


def changed(position: int, **values: object) -> Edit:
    return lambda scene, envelope: envelope["objects"][objects_at(position)].update(values)


def taken(position: int) -> Edit:
    return lambda scene, envelope: take(envelope, position)


def doubled(position: int) -> Edit:
    return lambda scene, envelope: again(envelope, position)


def leaf_of(position: int, text: str | dict[str, str]) -> Edit:
    def edit(scene: Scene, envelope: dict[str, Any]) -> None:
        envelope["x_accord"]["leaves"][position] = text

    return edit


def exchanged(scene: Scene, envelope: dict[str, Any]) -> None:
    """Two records change places, with their leaves."""
    objects, leaves = envelope["objects"], envelope["x_accord"]["leaves"]
    first, second = objects_at(RECORD), objects_at(OTHER_RECORD)
    objects[first], objects[second] = objects[second], objects[first]
    leaves[RECORD], leaves[OTHER_RECORD] = leaves[OTHER_RECORD], leaves[RECORD]


def salts_exchanged(scene: Scene, envelope: dict[str, Any]) -> None:
    leaves = envelope["x_accord"]["leaves"]
    leaves[RECORD], leaves[OTHER_RECORD] = leaves[OTHER_RECORD], leaves[RECORD]


def later(scene: Scene, envelope: dict[str, Any]) -> None:
    envelope["x_accord"]["first"] ^= 1


def last_cut(scene: Scene, envelope: dict[str, Any]) -> None:
    """The page without its last record, recall and all behind it."""
    del envelope["objects"][objects_at(OTHER_RECORD) :], envelope["x_accord"]["leaves"][OTHER_RECORD:]


def page_of_the_fork(scene: Scene, envelope: dict[str, Any]) -> None:
    """The objects of the other history under the checkpoint of this one."""
    client = PeerClient(scene.means, "KZ", scene.fork, scene.alliance.clock)
    other = orjson.loads(client._get(page_path(scene, "KG"), octets_max=2**20))
    envelope["objects"] = other["objects"]
    envelope["x_accord"]["leaves"] = other["x_accord"]["leaves"]


def page_path(scene: Scene, recipient: str, first: int | None = None) -> str:
    identifier = collection_id(scene.alliance.means("KZ").channel_to(recipient))
    start = receive.position(scene.means, "KZ") if first is None else first
    return f"/taxii2/accord/collections/{identifier}/objects/?limit=5000&next={start}&match[version]=all"


def page_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return scene.of("TJ", page_path(scene, "TJ", 0))


def older_page(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(scene.before(Part(Round.SYNC, "/objects/")))
    return found


def statement_of_another(scene: Scene, envelope: dict[str, Any]) -> None:
    other = orjson.loads(page_of_another(scene, httpx2.Request("GET", "http://testserver"), b""))
    put(envelope, STATEMENT, other["objects"][0], other["x_accord"]["leaves"][0])


def statement_of_before(scene: Scene, envelope: dict[str, Any]) -> None:
    before = older_page(scene)
    put(envelope, STATEMENT, before["objects"][0], before["x_accord"]["leaves"][0])


def signed_anew(position: int, context: str, **values: object) -> Edit:
    """The sender itself says something else, under its own key."""

    def edit(scene: Scene, envelope: dict[str, Any]) -> None:
        fields = {**envelope["objects"][objects_at(position)], **values}
        fields.pop("signatures")
        put(envelope, position, sign_fields(fields, context=context, key=scene.alliance.means("KZ").signers.statement))

    return edit


def other_purpose_signed(scene: Scene, envelope: dict[str, Any]) -> None:
    signed_anew(STATEMENT, CONTEXT, purpose="Another purpose (invented)")(scene, envelope)


def other_reason_signed(scene: Scene, envelope: dict[str, Any]) -> None:
    signed_anew(CONTROL, "accord-recall", code="narrowed")(scene, envelope)


def control_of_another(scene: Scene, envelope: dict[str, Any]) -> None:
    """A recall that TJ signed, on KZ's channel."""
    fields = {**envelope["objects"][objects_at(CONTROL)], "by": "TJ"}
    fields.pop("signatures")
    put(envelope, CONTROL, sign_fields(fields, context="accord-recall", key=scene.alliance.means("TJ").signers.statement))


def hole_of_another(scene: Scene, envelope: dict[str, Any]) -> None:
    leaf_of(HOLE, {"erased": older_page(scene)["objects"][0]["commitments"][0]})(scene, envelope)


def hole_flipped(scene: Scene, envelope: dict[str, Any]) -> None:
    raw = bytearray(base64.b64decode(envelope["x_accord"]["leaves"][HOLE]["erased"]))
    raw[0] ^= 1
    leaf_of(HOLE, {"erased": base64.b64encode(raw).decode()})(scene, envelope)


def hole_without_recall(scene: Scene, envelope: dict[str, Any]) -> None:
    """A record that the statement names is shown as gone, and nothing says why."""
    erased = base64.b64encode(_sealed(envelope, RECORD)).decode()
    del envelope["objects"][objects_at(RECORD)]
    envelope["x_accord"]["leaves"][RECORD] = {"erased": erased}


def _sealed(envelope: dict[str, Any], position: int) -> bytes:
    salt = base64.b64decode(envelope["x_accord"]["leaves"][position])
    return commitment(salt=salt, content=canonical(envelope["objects"][objects_at(position)]))


def salt_flipped(position: int) -> Edit:
    def edit(scene: Scene, envelope: dict[str, Any]) -> None:
        raw = bytearray(base64.b64decode(envelope["x_accord"]["leaves"][position]))
        raw[0] ^= 1
        envelope["x_accord"]["leaves"][position] = base64.b64encode(raw).decode()

    return edit


def salt_of_before(scene: Scene, envelope: dict[str, Any]) -> None:
    envelope["x_accord"]["leaves"][RECORD] = older_page(scene)["x_accord"]["leaves"][1]


def salt_cut(scene: Scene, envelope: dict[str, Any]) -> None:
    raw = base64.b64decode(envelope["x_accord"]["leaves"][RECORD])
    envelope["x_accord"]["leaves"][RECORD] = base64.b64encode(raw[:-1]).decode()


def leaf_missing(scene: Scene, envelope: dict[str, Any]) -> None:
    del envelope["x_accord"]["leaves"][RECORD]


# What is done to notes, receipts and key files.


def checkpoint_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return scene.of("TJ", "/accord/v1/channels/KZ/TJ/checkpoint")


def unsigned(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """The three lines of a checkpoint without the signature."""
    return body.partition(b"\n\n")[0] + b"\n\n"


def other_root_signed(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """The sender signs another root for the very size that KG holds, or that it just was shown."""
    origin = Note.parse(body.decode()).text.partition("\n")[0]
    journals = origin == scene.alliance.means("KZ").journal
    known = Checkpoint.parse(Note.parse(watch.known(scene.means, "KZ")).text).size if journals else receive.position(scene.means, "KZ")
    return sign(Checkpoint(origin, known, bytes(32)), key=scene.alliance.means("KZ").signers.log).encode()


def journal_checkpoint_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return journal.publish_checkpoint(scene.alliance.means("TJ"), now=scene.alliance.clock()).encode()


def _receipt(scene: Scene, body: bytes, *, member: str, note: str | None = None) -> bytes:
    """A receipt by a member over the note of a request, or over another."""
    text = body.decode()
    head = text.rstrip("\n").rpartition("\n")[0] + "\n" if note is None else note
    means = scene.alliance.means(member)
    return (head + cosign(head, name=means.receipt_name(member), key=means.signers.receipt, at=scene.alliance.clock())).encode()


def receipt_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return _receipt(scene, body, member="TJ")


def receipt_over_a_fork(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    client = PeerClient(scene.means, "KZ", scene.fork, scene.alliance.clock)
    return _receipt(scene, body, member="KG", note=client.checkpoint())


def receipt_cut(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """The cosignature loses its last bytes, and is base64 still."""
    head, _, last = body.rstrip(b"\n").rpartition(b" ")
    return head + b" " + base64.b64encode(base64.b64decode(last)[:-8]) + b"\n"


def receipt_flipped(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    head, _, last = body.rstrip(b"\n").rpartition(b" ")
    raw = bytearray(base64.b64decode(last))
    raw[-1] ^= 1
    return head + b" " + base64.b64encode(raw) + b"\n"


def tile_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return scene.of("KG", f"/accord/v1/journal/{request.url.path.partition('/KG/')[2]}")


def key_file_of_another(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    return scene.alliance.means("TJ").key_file


def _numbered(scene: Scene, number: int, *, made_later: bool) -> bytes:
    root = root_key(scene, "KZ")
    held = KeyFile.read(scene.alliance.means("KZ").key_file, root.public)
    made_at = scene.alliance.clock() if made_later else held.made_at
    return KeyFile(held.charter_id, held.member, number, held.keys, made_at.replace(microsecond=0)).sign(root)


def root_key(scene: Scene, member: str) -> PrivateKey:
    return read_key(scene.alliance.folder / f"{member}.key")


def key_file_replayed(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """KG knows a newer file of KZ already; the line shows the first one again."""
    introduce.meet(scene.means, "KZ", _numbered(scene, 2, made_later=True), now=scene.alliance.clock())
    return body


def key_file_forked(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    """KZ's root key signs a second file with the number of the first."""
    return _numbered(scene, 1, made_later=True)


def witness_answer_of(member: str) -> Change:
    """A cosignature by another member, or by the right one over another checkpoint."""

    def change(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
        means = scene.alliance.means(member)
        note = request.read().decode().partition("\n\n")[2]
        return cosign(note, name=means.witness_name(member), key=means.signers.witness, at=scene.alliance.clock()).encode()

    return change


def witness_answer_over_a_fork(scene: Scene, request: httpx2.Request, body: bytes) -> bytes:
    means = scene.alliance.means("KZ")
    note = sign(Checkpoint(scene.means.journal, 1, bytes(32)), key=scene.means.signers.log)
    return cosign(note, name=means.witness_name("KZ"), key=means.signers.witness, at=scene.alliance.clock()).encode()
