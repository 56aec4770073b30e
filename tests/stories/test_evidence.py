"""Evidence against a lying log, written down by one member and checked by a third that asks nobody: what convicts, what asks, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.desk import evidence, journal, watch
from accord.desk.evidence import EVIDENCE_BYTES_MAX, Checked
from accord.desk.tiles import hashes
from accord.errors import IntegrityFailure, LimitReached, Malformed
from accord.ledger.checkpoint import Checkpoint, sign
from accord.ledger.tiles import prove_consistency
from accord.seal.keys import base64_text
from accord.seal.note import Note
from tests.stories.alliance import Alliance, founded, indicator
from tests.stories.test_witnessing import Road, act, copied


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    """TJ runs on two copies of its folder: it shows KZ one journal and KG a longer one, and both found it out in one round."""
    with founded(tmp_path_factory.mktemp("evidence")) as alliance:
        for asking, asked in (("KZ", "TJ"), ("KG", "TJ"), ("KZ", "KG"), ("KG", "KZ")):
            alliance.sync(asking, asked)
        with copied(alliance, "TJ") as (other, other_door):
            act(alliance, alliance.means("TJ"), "Shown to KZ (invented)")
            act(alliance, other, "Shown to KG (invented)")
            for means in (alliance.means("TJ"), other, other):
                journal.publish_checkpoint(means, now=alliance.clock())
            road = Road(alliance, {("KG", "TJ"): other_door})
            for asking, asked in (("KZ", "TJ"), ("KG", "TJ"), ("KZ", "KG"), ("KG", "KZ")):
                road.watch(asking, asked)
        yield alliance


def _sizes(alliance: Alliance, member: str) -> tuple[int, int]:
    [found] = watch.evidence(alliance.means(member))
    small, large = sorted(Checkpoint.parse(Note.parse(note).text).size for note in (found.held, found.offered))
    return small, large


def test_both_members_report_and_a_third_is_convinced_by_the_file_of_one_without_asking_anybody(split: Alliance) -> None:
    log = split.means("TJ").journal
    files = {member: evidence.written(split.means(member)) for member in ("KZ", "KG")}
    # KG was shown the longer log and has its tiles; KZ was shown the shorter, and can only ask.
    for third in ("KZ", "KG", "TJ"):
        assert [Checked(log, "TJ", _sizes(split, "KG"), proven=True)] == evidence.check(split.means(third), files["KG"])
        assert [Checked(log, "TJ", _sizes(split, "KZ"), proven=False)] == evidence.check(split.means(third), files["KZ"])


def test_one_size_with_two_roots_convicts_by_itself(tmp_path: Path) -> None:
    with founded(tmp_path) as alliance:
        alliance.publish("TJ", indicator(1), to="KZ")
        alliance.sync("KZ", "TJ")
        means = alliance.means("TJ")
        log = means.channel_to("KZ")
        held = alliance.client("KZ", "TJ").checkpoint()
        forged = sign(Checkpoint(log, 2, bytes(32)), key=means.signers.log)
        with pytest.raises(IntegrityFailure) as failure:
            alliance.sync("KZ", "TJ", tamper=lambda request, body: forged.encode() if request.url.path.endswith("/checkpoint") else body)
        assert "growth" == failure.value.duty
        assert [(held, forged, watch.SPLIT)] == [(one.held, one.offered, one.says) for one in watch.evidence(alliance.means("KZ"))]
        assert [Checked(log, "TJ", (2, 2), proven=True)] == evidence.check(alliance.means("KG"), evidence.written(alliance.means("KZ")))


def _with(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda line: line.update(changes)


def _flipped(name: str, *, place: int = -4) -> Callable[[dict[str, Any]], None]:
    def change(line: dict[str, Any]) -> None:
        text = line[name][place]
        line[name] = line[name][:place] + ("A" if text != "A" else "B") + line[name][place + 1 :]

    return change


def _other_key_file(line: dict[str, Any]) -> None:
    line["key_file"]["number"] += 1


def _one_note_twice(line: dict[str, Any]) -> None:
    line["held"] = line["offered"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_with(log="sco.example/UZ/journal/1"), "no root key for UZ"),
        (_with(log="sco.example/KG/journal/1"), "by no key that counts here"),
        (_with(log="other.example/TJ/journal/1"), "no log of a member"),
        (_flipped("held"), "does not hold"),
        (_flipped("offered"), "does not hold"),
        (_other_key_file, "does not hold"),
        (_one_note_twice, "one and the same"),
        (lambda line: line["proof"].pop(), "proof"),
        (lambda line: line["proof"].__setitem__(0, "A" * 43 + "="), "proof"),
        (_with(version=2), "of version 1"),
    ],
)
def test_a_changed_file_is_no_evidence_and_says_why(split: Alliance, change: Callable[[dict[str, Any]], None], says: str) -> None:
    line = orjson.loads(evidence.written(split.means("KG")))
    change(line)
    with pytest.raises(IntegrityFailure, match=f"line 1 is no evidence: .*{says}") as failure:
        evidence.check(split.means("KZ"), orjson.dumps(line))
    assert "evidence" == failure.value.duty


def test_two_sizes_without_a_proof_are_a_question_and_no_more(split: Alliance) -> None:
    line = orjson.loads(evidence.written(split.means("KG")))
    line["proof"] = []
    assert [False] == [one.proven for one in evidence.check(split.means("KZ"), orjson.dumps(line))]


def test_two_true_checkpoints_with_their_proof_are_a_false_accusation(split: Alliance) -> None:
    means, line = split.means("TJ"), orjson.loads(evidence.written(split.means("KG")))
    held = journal.publish_checkpoint(means, now=split.clock())
    act(split, means, "One more (invented)")
    offered = journal.publish_checkpoint(means, now=split.clock())
    small, large = (Checkpoint.parse(Note.parse(note).text) for note in (held, offered))
    proof = prove_consistency(hashes(means, means.journal, size=large.size), old_size=small.size, size=large.size)
    line.update(held=held, offered=offered, proof=[base64_text(hashed) for hashed in (small.root, *proof)])
    with pytest.raises(IntegrityFailure, match="the larger log grew from the smaller: both are true"):
        evidence.check(split.means("KZ"), orjson.dumps(line))


def test_an_empty_file_and_one_over_the_limit_are_refused(split: Alliance) -> None:
    with pytest.raises(Malformed):
        evidence.check(split.means("KZ"), b"")
    with pytest.raises(LimitReached, match="EVIDENCE_BYTES_MAX"):
        evidence.check(split.means("KZ"), b"x" * (EVIDENCE_BYTES_MAX + 1))
