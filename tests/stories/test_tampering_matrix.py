"""Every part of what travels, and everything that can be done to it: the duty that fails names itself, and what was there stays.

The parts and acts are the table's sides; a cell that nobody filled fails the first test. What the cells do is `tests.stories.tampering`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product

import httpx2
import pytest

from accord.desk import audit, evidence, receive, watch
from accord.desk.status import status
from accord.errors import PeerFault
from accord.node.metrics import Sizes
from accord.web.pages.status import status_page
from tests.stories import tampering as line
from tests.stories.tampering import (
    CONTROL,
    HOLE,
    RECORD,
    STATEMENT,
    Act,
    Cell,
    Convicts,
    Harmless,
    Part,
    Round,
    Scene,
    Stops,
    changed,
    doubled,
    leaf_of,
    page,
    replayed,
    staged,
    taken,
)

PARTS = {
    "page": Part(Round.SYNC, "/objects/"),
    "envelope": Part(Round.SYNC, "/objects/"),
    "checkpoint": Part(Round.SYNC, "/KZ/KG/checkpoint"),
    "statement": Part(Round.SYNC, "/objects/"),
    "control record": Part(Round.SYNC, "/objects/"),
    "commitment": Part(Round.SYNC, "/objects/"),
    "salt": Part(Round.SYNC, "/objects/"),
    "receipt": Part(Round.SYNC, "/cosignature", asked=True),
    "tile": Part(Round.AUDIT, "/KZ/KG/tile/0/"),
    "key file": Part(Round.SYNC, "/keys"),
    "journal checkpoint": Part(Round.WATCH, "/journal/checkpoint"),
    "witness answer": Part(Round.WATCH, "/add-checkpoint"),
}

MATRIX: dict[tuple[str, Act], Cell] = {
    # The page: which objects, in which order.
    ("page", Act.FLIP): Cell(page(line.later), Stops("order")),
    ("page", Act.DROP): Cell(page(taken(RECORD)), Stops("commitment")),
    ("page", Act.SWAP): Cell(page(line.exchanged), Stops("root")),
    ("page", Act.REPLAY): Cell(page(doubled(RECORD)), Stops("commitment")),
    ("page", Act.TRUNCATE): Cell(page(line.last_cut), Stops("commitment")),
    ("page", Act.FORK): Cell(page(line.page_of_the_fork), Stops("root")),
    # The envelope: the answer as a whole.
    ("envelope", Act.FLIP): Cell(lambda scene, request, body: b"[" + body[1:], Stops("page")),
    ("envelope", Act.DROP): Cell(line.dropped, Stops("page")),
    ("envelope", Act.SWAP): Cell(line.page_of_another, Stops("checkpoint")),
    ("envelope", Act.REPLAY): Cell(replayed(PARTS["envelope"]), Stops("growth")),
    ("envelope", Act.TRUNCATE): Cell(line.truncated, Stops("page")),
    # Both histories are signed and each page proves itself: what came is kept, and the two checkpoints convict.
    ("envelope", Act.FORK): Cell(line.forked, Convicts(watch.SPLIT, proven=True, duty="growth"), alone=True),
    # The newest checkpoint of the channel.
    ("checkpoint", Act.FLIP): Cell(line.flipped, Stops("checkpoint")),
    ("checkpoint", Act.DROP): Cell(line.dropped, Stops("checkpoint")),
    ("checkpoint", Act.SWAP): Cell(line.checkpoint_of_another, Stops("checkpoint")),
    # Signed by the sender once, so it is kept beside the newer one; alone the two prove nothing, and a third is told so.
    ("checkpoint", Act.REPLAY): Cell(replayed(PARTS["checkpoint"]), Convicts(watch.SHRUNK, proven=False, duty="growth"), alone=True),
    ("checkpoint", Act.TRUNCATE): Cell(line.unsigned, Stops("checkpoint")),
    ("checkpoint", Act.FORK): Cell(line.other_root_signed, Convicts(watch.SPLIT, proven=True, duty="growth"), alone=True),
    # A release statement.
    ("statement", Act.FLIP): Cell(page(changed(STATEMENT, purpose="anything")), Stops("statement")),
    ("statement", Act.DROP): Cell(page(taken(STATEMENT)), Stops("commitment")),
    ("statement", Act.SWAP): Cell(page(line.statement_of_another), Stops("audience")),
    ("statement", Act.REPLAY): Cell(page(line.statement_of_before), Stops("commitment")),
    ("statement", Act.TRUNCATE): Cell(page(changed(STATEMENT, signatures=[])), Stops("statement")),
    ("statement", Act.FORK): Cell(page(line.other_purpose_signed), Stops("root")),
    # A control record: here a recall.
    ("control record", Act.FLIP): Cell(page(changed(CONTROL, code="narrowed")), Stops("control")),
    ("control record", Act.DROP): Cell(page(taken(CONTROL)), Stops("order")),
    ("control record", Act.SWAP): Cell(page(line.control_of_another), Stops("control")),
    ("control record", Act.REPLAY): Cell(page(doubled(CONTROL)), Stops("order")),
    ("control record", Act.TRUNCATE): Cell(page(changed(CONTROL, signatures=[])), Stops("control")),
    ("control record", Act.FORK): Cell(page(line.other_reason_signed), Stops("root")),
    # A commitment that stands in the place of an object.
    ("commitment", Act.FLIP): Cell(page(line.hole_flipped), Stops("commitment")),
    ("commitment", Act.DROP): Cell(page(taken(HOLE)), Stops("commitment")),
    ("commitment", Act.SWAP): Cell(page(line.hole_of_another), Stops("commitment")),
    ("commitment", Act.REPLAY): Cell(page(doubled(HOLE)), Stops("order")),
    ("commitment", Act.TRUNCATE): Cell(page(leaf_of(HOLE, {"erased": "AAAA"})), Stops("page")),
    # The leaves hold, so they are kept; that nothing explains the hole stops the channel before it is signed for.
    ("commitment", Act.FORK): Cell(page(line.hole_without_recall), Stops("hole"), alone=True),
    # A salt.
    ("salt", Act.FLIP): Cell(page(line.salt_flipped(RECORD)), Stops("commitment")),
    ("salt", Act.DROP): Cell(page(line.leaf_missing), Stops("page")),
    ("salt", Act.SWAP): Cell(page(line.salts_exchanged), Stops("commitment")),
    ("salt", Act.REPLAY): Cell(page(line.salt_of_before), Stops("commitment")),
    ("salt", Act.TRUNCATE): Cell(page(line.salt_cut), Stops("page")),
    ("salt", Act.FORK): Cell(page(line.salt_flipped(STATEMENT)), Stops("root")),
    # A receipt on its way to the sender: it refuses, and waits for one that holds.
    ("receipt", Act.FLIP): Cell(line.receipt_flipped, Stops("answer"), alone=True),
    ("receipt", Act.DROP): Cell(line.dropped, Stops("answer"), alone=True),
    ("receipt", Act.SWAP): Cell(line.receipt_of_another, Stops("answer"), alone=True),
    ("receipt", Act.REPLAY): Cell(replayed(PARTS["receipt"]), Harmless("the sender has that one, and waits for the next"), alone=True),
    ("receipt", Act.TRUNCATE): Cell(line.receipt_cut, Stops("answer"), alone=True),
    ("receipt", Act.FORK): Cell(line.receipt_over_a_fork, Stops("answer"), alone=True),
    # A tile of the channel, in an audit from outside.
    ("tile", Act.FLIP): Cell(line.flipped, Stops("tile")),
    ("tile", Act.DROP): Cell(line.missing, Stops("tile")),
    ("tile", Act.SWAP): Cell(line.tile_of_another, Stops("tile")),
    ("tile", Act.REPLAY): Cell(replayed(PARTS["tile"]), Stops("tile")),
    ("tile", Act.TRUNCATE): Cell(line.truncated, Stops("tile")),
    ("tile", Act.FORK): Cell(line.forked, Stops("tile")),
    # The sender's key file.
    ("key file", Act.FLIP): Cell(line.flipped, Stops("key file")),
    ("key file", Act.DROP): Cell(line.dropped, Stops("key file")),
    ("key file", Act.SWAP): Cell(line.key_file_of_another, Stops("key file")),
    ("key file", Act.REPLAY): Cell(line.key_file_replayed, Harmless("a lower number is old news and is left aside"), alone=True),
    ("key file", Act.TRUNCATE): Cell(line.truncated, Stops("key file")),
    ("key file", Act.FORK): Cell(line.key_file_forked, Stops("key file")),
    # The published checkpoint of the sender's journal.
    ("journal checkpoint", Act.FLIP): Cell(line.flipped, Stops("journal")),
    ("journal checkpoint", Act.DROP): Cell(line.dropped, Stops("journal")),
    ("journal checkpoint", Act.SWAP): Cell(line.journal_checkpoint_of_another, Stops("journal")),
    ("journal checkpoint", Act.REPLAY): Cell(replayed(PARTS["journal checkpoint"]), Convicts(watch.SHRUNK, proven=False), alone=True),
    ("journal checkpoint", Act.TRUNCATE): Cell(line.unsigned, Stops("journal")),
    ("journal checkpoint", Act.FORK): Cell(line.other_root_signed, Convicts(watch.SPLIT, proven=True), alone=True),
    # What a witness answers when it is asked to cosign.
    ("witness answer", Act.FLIP): Cell(line.flipped, Stops("cosignature"), alone=True),
    ("witness answer", Act.DROP): Cell(line.dropped, Stops("cosignature"), alone=True),
    ("witness answer", Act.SWAP): Cell(line.witness_answer_of("TJ"), Stops("cosignature"), alone=True),
    ("witness answer", Act.REPLAY): Cell(replayed(PARTS["witness answer"]), Stops("cosignature"), alone=True),
    ("witness answer", Act.TRUNCATE): Cell(line.truncated, Stops("cosignature"), alone=True),
    ("witness answer", Act.FORK): Cell(line.witness_answer_over_a_fork, Stops("cosignature"), alone=True),
}

# Kept by the round before the duty that fails is asked: leaves that hold, or the other member's journal.
KEPT_FIRST = {("commitment", Act.FORK), *(("receipt", act) for act in Act), *(("witness answer", act) for act in Act)}
SMOKE: set[tuple[str, Act]] = {cell for cell in MATRIX if not MATRIX[cell].alone} | {
    ("envelope", Act.FORK),
    ("checkpoint", Act.FORK),
    ("receipt", Act.TRUNCATE),
    ("journal checkpoint", Act.FORK),
    ("witness answer", Act.FLIP),
}

Stage = Callable[[Cell], Scene]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One scene for all that keeps nothing, a fresh one for what keeps something."""
    with ExitStack() as stack:
        shared = stack.enter_context(staged(tmp_path_factory.mktemp("tampering")))

        def choose(cell: Cell) -> Scene:
            return stack.enter_context(staged(tmp_path_factory.mktemp("alone"))) if cell.alone else shared

        yield choose


def named(cell: tuple[str, Act]) -> str:
    return f"{cell[0]}, {cell[1].value}"


def test_every_part_and_act_has_its_expectation() -> None:
    assert set(product(PARTS, Act)) == set(MATRIX)


DAILY: list[tuple[str, Act]] = sorted(SMOKE, key=named)


@pytest.mark.parametrize("cell", DAILY, ids=named)
def test_what_is_done_to_a_part_is_named_and_what_was_there_stays(stage: Stage, cell: tuple[str, Act]) -> None:
    check(stage(MATRIX[cell]), cell)


def test_a_checkpoint_that_is_no_text_is_named_too(stage: Stage) -> None:
    scene = stage(MATRIX["checkpoint", Act.FLIP])
    with pytest.raises(PeerFault) as failure:
        scene.go(PARTS["checkpoint"], lambda scene, request, body: body[:-9] + b"\xa2" + body[-8:])
    assert "checkpoint" == failure.value.duty


def test_an_older_receipt_sent_again_is_not_taken_for_the_newer_one(stage: Stage) -> None:
    cell = MATRIX["receipt", Act.REPLAY]
    scene = stage(cell)
    before = scene.state(PARTS["receipt"])[2]
    scene.go(PARTS["receipt"], cell.change)
    held = receive.position(scene.means, "KZ")
    assert [held] != before == scene.state(PARTS["receipt"])[2], "the leaves came, and the receipt for them did not arrive"
    pending = receive.pending_receipt(scene.means, "KZ", now=scene.alliance.clock())
    assert pending is not None
    assert held == pending.size
    scene.go(PARTS["receipt"], line.honest)
    assert [held] == scene.state(PARTS["receipt"])[2]
    assert receive.pending_receipt(scene.means, "KZ", now=scene.alliance.clock()) is None


def test_a_receipt_under_a_spoiled_signature_of_the_sender_is_kept_under_a_sound_one(stage: Stage) -> None:
    scene = stage(MATRIX["receipt", Act.FLIP])

    def spoil(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
        place = body.index(b"\n\n") + 40  # Within the sender's own signature.
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]

    scene.go(PARTS["receipt"], spoil)
    assert [receive.position(scene.means, "KZ")] == scene.state(PARTS["receipt"])[2]
    audit.audit(scene.alliance.means("KZ"))


def test_an_older_checkpoint_sent_again_asks_and_does_not_accuse(stage: Stage) -> None:
    for name in ("checkpoint", "journal checkpoint"):
        cell = MATRIX[name, Act.REPLAY]
        scene = stage(cell)
        check(scene, (name, Act.REPLAY))
        [found] = watch.evidence(scene.means)
        assert (False, (), (found.origin,)) == (watch.convicts(found), status(scene.means).suspected, status(scene.means).questioned)
        page = status_page(scene.means, now=scene.alliance.clock())
        assert "may have been the line" in page.verdict
        numbers = {family.name: family.samples[0].value for family in Sizes(scene.means).collect() if family.name.endswith("_logs")}
        assert {"accord_suspected_logs": 0, "accord_questioned_logs": 1} == numbers


def test_the_untouched_round_arrives(stage: Stage) -> None:
    """Run last: what all the changes above stopped was there and could be had."""
    scene = stage(MATRIX["page", Act.FLIP])
    before = scene.state(PARTS["page"])
    for part in (PARTS["page"], PARTS["tile"], PARTS["journal checkpoint"]):
        scene.go(part, line.honest)
    assert before != scene.state(PARTS["page"])
    scene.alliance.check_everything()


def check(scene: Scene, cell: tuple[str, Act]) -> None:
    """One cell: the change is made, and what the table says comes of it."""
    part, change = PARTS[cell[0]], MATRIX[cell].change
    before = scene.state(part)
    match MATRIX[cell].expected:
        case Stops(duty):
            with pytest.raises(PeerFault) as failure:
                scene.go(part, change)
            assert duty == failure.value.duty
            if cell not in KEPT_FIRST:
                assert before == scene.state(part)
            assert before[2] == scene.state(part)[2], "nothing is receipted"
            assert () == watch.evidence(scene.means)
        case Convicts(says, proven, duty):
            if duty:
                with pytest.raises(PeerFault) as failure:
                    scene.go(part, change)
                assert duty == failure.value.duty
            else:
                scene.go(part, change)
            assert [says] == [found.says for found in watch.evidence(scene.means)]
            third = scene.alliance.means("TJ")
            assert [proven] == [found.proven for found in evidence.check(third, evidence.written(scene.means))]
            assert before[2] == scene.state(part)[2], "nothing is receipted"
        case Harmless():
            scene.go(part, change)
            assert () == watch.evidence(scene.means)
    audit.audit(scene.means)
