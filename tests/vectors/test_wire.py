"""The recorded wire of every version that nodes speak: today's nodes read what was said then, and say it again byte for byte while it is the present."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.desk import introduce
from accord.desk.read import Asked, show
from accord.desk.status import status
from accord.errors import IntegrityFailure, NotFound
from accord.exchange import courier
from accord.exchange.courier import Opened
from accord.exchange.wire import PROTOCOL_VERSION, check_token, decode_page, issuer_of
from accord.ledger.checkpoint import journal_origin, open_signed, verify_cosignature, witness_name
from accord.ledger.witness import Request, Taken, judge
from accord.seal.keys import Role
from tests.stories.alliance import OFFICER, START, Clock, indicator
from tests.vectors.wire import FOLDER, MEMBERS, Exchange, Recorded, Replayed, key_of, nodes_of, publications, record

VERSIONS = sorted(FOLDER.iterdir())
SPOKEN = 3  # The present version and the two before it.


@pytest.fixture(params=VERSIONS[-SPOKEN:], ids=lambda folder: folder.name)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return Recorded.read(request.param)


@pytest.fixture
def replayed(recorded: Recorded, tmp_path: Path) -> Iterator[Replayed]:
    """Three nodes of today, each of which has heard two of the recorded version."""
    with nodes_of(recorded.charter, tmp_path) as nodes:
        road = Replayed(nodes, Clock(), list(recorded.road))
        publications(road)
        yield road


def _held(road: Replayed, member: str) -> list[tuple[str, int, int]]:
    """From whom, how many objects of the channel, and how many records of it are held."""
    found = status(road.nodes[member])
    records = {item.source: item.records for item in found.holdings}
    return [(item.partner, item.size, records.get(item.partner, 0)) for item in found.incoming if item.size]


def _shown(road: Replayed, member: str, number: int) -> bool:
    try:
        show(road.nodes[member], indicator(number)["id"], asked=Asked(OFFICER, "prevention of an attack"), now=road.clock())
    except NotFound:
        return False
    return True


def test_the_present_version_is_recorded() -> None:
    assert f"v{PROTOCOL_VERSION}" == VERSIONS[-1].name


def test_a_node_of_today_reads_every_answer_of_a_node_of_that_version(replayed: Replayed) -> None:
    assert all(one.is_of_journal for one in replayed.noted), "everything that was said of channels and keys is read"
    assert [("KZ", 5, 1)] == _held(replayed, "KG")
    assert [("KG", 3, 0)] == _held(replayed, "KZ")
    assert [("KG", 2, 1)] == _held(replayed, "TJ")
    assert (True, False, True) == (_shown(replayed, "KG", 1), _shown(replayed, "KG", 2), _shown(replayed, "TJ", 1))


def test_a_node_of_today_opens_the_courier_file_of_that_version(recorded: Recorded, replayed: Replayed) -> None:
    brought = courier.open_file(replayed.nodes["TJ"], io.BytesIO(recorded.courier), clock=replayed.clock)
    assert (Opened("KG", 4, 1, 0, 0, cosigned=True, more=False, again=False), True) == (brought, _shown(replayed, "TJ", 3))


def test_a_node_of_today_reads_the_witnessing_of_that_version(recorded: Recorded) -> None:
    charter = recorded.charter.charter
    [asked] = [one for one in recorded.road if one.path.endswith("/add-checkpoint")]
    request = Request.parse(asked.sent)
    log_keys, witness_keys = [key_of("KG", Role.LOG).public], [key_of("KZ", Role.WITNESS).public]
    taken = judge(request, keys=log_keys, latest=None)
    assert isinstance(taken, Taken)
    assert (journal_origin(charter_id=charter.id, member="KG", epoch=1), 256) == (taken.checkpoint.origin, taken.checkpoint.size)
    name = witness_name(charter_id=charter.id, member="KZ")
    assert verify_cosignature(request.note, asked.answer, name=name, keys=witness_keys) > START
    [shown] = [one.answer for one in recorded.road if one.path.endswith("/journal/checkpoint")]
    origin = journal_origin(charter_id=charter.id, member="KZ", epoch=1)
    assert origin == open_signed(shown, origin=origin, keys=[key_of("KZ", Role.LOG).public]).origin


def test_the_tokens_of_that_version_hold(recorded: Recorded) -> None:
    tokens = {(one.asks, one.asked, one.token) for one in recorded.road}
    assert set(MEMBERS) == {issuer_of(token) for _, _, token in tokens}
    for asks, asked, token in tokens:
        audience = f"{recorded.charter.charter.id}/{asked}"
        check_token(token, audience=audience, keys=[key_of(asks, Role.TRANSPORT).public], now=START)


def test_a_node_of_today_answers_what_a_node_of_the_present_version_answered() -> None:
    """The same requests, the same answers, byte for byte; of journals the same statuses, since their entries are each member's own affair."""
    present = Recorded.read(VERSIONS[-1])
    again, _ = record(present.charter)
    assert list(map(_fixed, present.road)) == list(map(_fixed, again)), "the wire changed: CONTRIBUTING.md says when it may"


def _fixed(one: Exchange) -> tuple[str, ...]:
    beside = () if one.is_of_journal else (one.token, one.sent, one.answer)
    return (one.asks, one.asked, one.method, one.path, str(one.status), *beside)


def test_one_changed_byte_of_what_was_recorded_is_seen(recorded: Recorded, tmp_path: Path) -> None:
    pages = [place for place, one in enumerate(recorded.road) if "/objects/" in one.path]
    with nodes_of(recorded.charter, tmp_path) as nodes:
        road = list(recorded.road)
        first = road[pages[0]]
        assert "grey-lantern" in first.answer
        changed = first.answer.replace("grey-lantern", "gray-lantern", 1)
        road[pages[0]] = Exchange(first.asks, first.asked, first.method, first.path, first.token, first.sent, first.status, changed)
        with pytest.raises(IntegrityFailure, match="commitment"):
            publications(Replayed(nodes, Clock(), road))


def test_a_page_of_a_version_that_is_not_spoken_is_refused_with_the_one_that_is(recorded: Recorded) -> None:
    page = next(one.answer for one in recorded.road if "/objects/" in one.path)
    assert f'"version":{PROTOCOL_VERSION}' in page
    for version, says in (("9", "version '9' came"), ('"two"', "version 'two' came"), ("null", "version 'None' came")):
        with pytest.raises(IntegrityFailure, match=f"{says}, this node speaks {PROTOCOL_VERSION}"):
            decode_page(page.replace(f'"version":{PROTOCOL_VERSION}', f'"version":{version}').encode())


def test_the_key_files_of_that_version_prove_themselves(recorded: Recorded, replayed: Replayed) -> None:
    files = {one.answer for one in recorded.road if one.path.startswith("/accord/v1/keys") and one.method == "GET"}
    assert {"KG", "KZ"} == {introduce.whose(replayed.nodes["TJ"], raw.encode()) for raw in files}
