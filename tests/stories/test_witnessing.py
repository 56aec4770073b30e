"""Journals under the eyes of the other members: cosigned while they grow, convicted when they lie. The liar is a second copy of a member's folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from accord.charter.officers import OfficerRole
from accord.desk import audit, journal, office, watch, witness
from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.status import status
from accord.desk.tiles import hashes
from accord.errors import IntegrityFailure, PeerFault
from accord.exchange.client import PeerClient
from accord.exchange.outside import audit_node
from accord.exchange.sync import synchronise
from accord.exchange.watch import Watched, watch_round
from accord.exchange.wire import CHARTER_HEADER
from accord.ledger.checkpoint import Checkpoint, cosign, open_signed, sign, verify_cosignature
from accord.ledger.entry import leaf_hashes
from accord.ledger.tiles import Tile, bundles_of, entries_of, prove_consistency, root_from, tiles_of
from accord.ledger.tree import root_of, verify_consistency
from accord.ledger.witness import Request
from accord.node.build import application, opened
from accord.node.settings import read_settings, write_settings
from accord.seal.canonical import digest_text
from accord.seal.keys import Role
from accord.seal.note import Note
from accord.store import acts, logs
from accord.web.pages.status import status_page
from tests.databases import copy_of, tamper
from tests.stories.alliance import Alliance, founded, indicator

TYPE = "application/octet-stream"
LONG = "public, max-age=31536000, immutable"


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as made:
        for asking in made.members:
            for asked in made.members:
                if asking != asked:
                    made.sync(asking, asked)
        yield made
        made.check_everything()


@dataclass
class Road:
    """Who reaches whom: the doors as they are, but for those that a liar shows."""

    alliance: Alliance
    shown: dict[tuple[str, str], TestClient]

    def client(self, asking: str, asked: str) -> PeerClient:
        door = self.shown.get((asking, asked), self.alliance.doors[asked])
        return PeerClient(self.alliance.means(asking), asked, door, self.alliance.clock)

    def watch(self, asking: str, asked: str) -> Watched:
        """A round with a journal that is published for it."""
        journal.publish_checkpoint(self.alliance.means(asking), now=self.alliance.clock())
        return self.ask(asking, asked)

    def ask(self, asking: str, asked: str) -> Watched:
        """A round with the journal as it was published last."""
        others = {other: self.client(asking, other) for other in self.alliance.members if other != asking}
        return watch_round(self.alliance.means(asking), self.client(asking, asked), others, clock=self.alliance.clock)


@contextmanager
def copied(alliance: Alliance, member: str) -> Iterator[tuple[Means, TestClient]]:
    """A second copy of a member's folder, with the same keys, and its door."""
    folder = alliance.folder / f"{member}-copy"
    shutil.copytree(alliance.folder / member, folder)
    copy = copy_of(alliance.means(member).database, folder)
    write_settings(folder, read_settings(folder).model_copy(update={"database": copy.relative_to(folder)}))
    with opened(folder) as node:
        yield node.means, TestClient(application(node, alliance.clock))


def act(alliance: Alliance, means: Means, name: str) -> None:
    office.add_officer(means, name=name, role=OfficerRole.ANALYST, now=alliance.clock())


def size_of(note: str) -> int:
    return Checkpoint.parse(Note.parse(note).text).size


def convicted(alliance: Alliance, member: str) -> list[tuple[str, str]]:
    return [(item.origin, item.says) for item in watch.evidence(alliance.means(member))]


def check_evidence(alliance: Alliance, member: str, liar: str) -> None:
    """What a third can check: both notes are signed by the liar, over two different checkpoints of one log."""
    [found] = watch.evidence(alliance.means(member))
    means = alliance.means(liar)
    with means.database.reading() as transaction:
        keys = keys_of(means, transaction, liar, Role.LOG, now=alliance.clock())
    held, offered = (open_signed(note, origin=found.origin, keys=keys) for note in (found.held, found.offered))
    assert held != offered


def test_a_journal_that_grows_is_cosigned_by_every_other_member(alliance: Alliance) -> None:
    road = Road(alliance, {})
    for name in ("One", "Two", "Three"):
        act(alliance, alliance.means("KZ"), f"{name} (invented)")
        note = journal.publish_checkpoint(alliance.means("KZ"), now=alliance.clock())
        assert [size_of(note)] * 2 == [road.ask("KZ", "KG").cosigned, road.ask("KZ", "TJ").cosigned]
    shown = road.client("TJ", "KZ").journal_checkpoint()
    means = alliance.means("TJ")
    with means.database.reading() as transaction:
        keys = {member: keys_of(means, transaction, member, Role.WITNESS, now=alliance.clock()) for member in ("KG", "TJ")}
    lines = {member: f"{line}\n" for member in keys for line in shown.splitlines() if line.startswith(f"— {means.witness_name(member)} ")}
    for member, line in lines.items():
        verify_cosignature(shown, line, name=means.witness_name(member), keys=keys[member])
    assert {"KG", "TJ"} == set(lines)
    assert [[], [], []] == [convicted(alliance, member) for member in alliance.members]


def test_an_unchanged_journal_is_not_cosigned_twice(alliance: Alliance) -> None:
    road = Road(alliance, {})
    first = road.watch("KZ", "KG")
    assert first == road.ask("KZ", "KG")
    assert witness.request_for(alliance.means("KZ"), "KG") is None


def test_a_witness_that_remembers_another_size_is_asked_again_from_there(alliance: Alliance) -> None:
    road = Road(alliance, {})
    road.watch("KZ", "KG")
    means = alliance.means("KZ")
    act(alliance, means, "Other (invented)")
    note = journal.publish_checkpoint(means, now=alliance.clock())
    status, answer = road.client("KZ", "KG").add_checkpoint(str(Request(0, (), note)))
    assert 409 == status
    again = witness.request_for(means, "KG", old_size=int(answer))
    assert again is not None
    status, line = road.client("KZ", "KG").add_checkpoint(str(again))
    assert 200 == status
    assert size_of(note) == witness.keep_cosignature(means, "KG", again, line, now=alliance.clock()).size


def test_the_statuses_of_the_specification_are_answered_at_the_door(alliance: Alliance) -> None:
    means, door = alliance.means("KZ"), alliance.doors["KG"]
    note = journal.publish_checkpoint(means, now=alliance.clock())
    size = size_of(note)

    def ask(body: str) -> tuple[int, str, str]:
        answer = door.post("/accord/v1/add-checkpoint", content=body.encode())
        return answer.status_code, answer.headers["content-type"].partition(";")[0], answer.text

    assert (200, "text/plain") == ask(f"old 0\n\n{note}")[:2]
    assert (409, "text/x.tlog.size", f"{size}\n") == ask(f"old 0\n\n{note}")
    assert 400 == ask(f"old {size + 1}\n\n{note}")[0]
    assert 400 == ask("hello")[0]
    act(alliance, means, "Other (invented)")
    grown = journal.publish_checkpoint(means, now=alliance.clock())
    assert 422 == ask(f"old {size}\n\n{grown}")[0]
    assert 404 == ask(f"old 0\n\n{note.replace('/KZ/', '/UZ2/')}")[0]
    assert 404 == ask(f"old 0\n\n{note.replace('/KZ/journal', '/KZ/KG')}")[0], "a channel is not witnessed, only journals"
    changed = note.replace(f"\n{size}\n", f"\n{size + 7}\n", 1)
    assert 403 == ask(f"old {size}\n\n{changed}")[0]


def test_two_members_shown_different_journals_both_report_it_within_one_round(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (other, other_door):
        act(alliance, alliance.means("TJ"), "Shown to KZ (invented)")
        act(alliance, other, "Shown to KG (invented)")
        for means in (alliance.means("TJ"), other, other):  # KG is shown a journal that is a step longer.
            journal.publish_checkpoint(means, now=alliance.clock())
        road = Road(alliance, {("KG", "TJ"): other_door})
        for asking, asked in (("KZ", "TJ"), ("KG", "TJ")):
            assert () == road.watch(asking, asked).evidence, "each alone sees a journal that holds"
        assert 1 == len(road.watch("KZ", "KG").evidence)
        assert 1 == len(road.watch("KG", "KZ").evidence)
        origin = alliance.means("TJ").journal
        assert [[(origin, watch.REWRITTEN)]] * 2 == [convicted(alliance, member) for member in ("KZ", "KG")]
        for member in ("KZ", "KG"):
            check_evidence(alliance, member, "TJ")
            assert origin in status_page(alliance.means(member), now=alliance.clock()).verdict
        # KG was shown the longer journal and has its proof; KZ was shown the shorter, and TJ does not show it the tiles that would tell.
        kinds = {member: (status(alliance.means(member)).suspected, status(alliance.means(member)).questioned) for member in ("KZ", "KG")}
        assert {"KZ": ((), (origin,)), "KG": ((origin,), ())} == kinds
        assert () == status(alliance.means("TJ")).suspected
        assert () == road.watch("KZ", "KG").evidence, "what is known is not reported again"


def test_one_size_with_two_roots_is_a_split_view_even_when_the_liar_is_silent(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (other, other_door):
        act(alliance, alliance.means("TJ"), "Shown to KZ (invented)")
        act(alliance, other, "Shown to KG (invented)")
        for means in (alliance.means("TJ"), other):
            journal.publish_checkpoint(means, now=alliance.clock())
        road = Road(alliance, {("KG", "TJ"): other_door})
        road.watch("KZ", "TJ")
        road.watch("KG", "TJ")
        assert [watch.SPLIT] == [item.says for item in road.watch("KZ", "KG").evidence]
        check_evidence(alliance, "KZ", "TJ")


def test_a_liar_that_asks_both_to_cosign_is_convicted_at_the_second(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (other, _):
        act(alliance, alliance.means("TJ"), "Shown to KZ (invented)")
        act(alliance, other, "Shown to KG (invented)")
        road = Road(alliance, {})
        road.watch("TJ", "KZ")
        note = journal.publish_checkpoint(other, now=alliance.clock())
        status, _ = road.client("TJ", "KZ").add_checkpoint(str(Request(size_of(note), (), note)))
        assert 409 == status
        assert [(other.journal, watch.SPLIT)] == convicted(alliance, "KZ")


def test_a_journal_that_was_rewritten_gets_no_cosignature_and_is_reported(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (other, other_door):
        act(alliance, alliance.means("TJ"), "An act to be denied (invented)")
        road = Road(alliance, {})
        road.watch("TJ", "KZ")
        act(alliance, other, "Another history (invented)")
        journal.publish_checkpoint(other, now=alliance.clock())
        note = journal.publish_checkpoint(other, now=alliance.clock())
        cosigned = witness.cosigned_size(alliance.means("TJ"), "KZ")
        growth = witness.request_for(other, "KZ", old_size=cosigned)
        assert growth is not None
        status, _ = road.client("TJ", "KZ").add_checkpoint(str(growth))
        assert 422 == status
        rewritten = Road(alliance, {("KZ", "TJ"): other_door})
        assert [watch.REWRITTEN] == [item.says for item in rewritten.watch("KZ", "TJ").evidence]
        assert note in {item.offered for item in watch.evidence(alliance.means("KZ"))}


def test_a_journal_that_shrank_is_reported(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (older, older_door):
        act(alliance, alliance.means("TJ"), "An act to be forgotten (invented)")
        for _ in range(2):
            journal.publish_checkpoint(alliance.means("TJ"), now=alliance.clock())
        Road(alliance, {}).watch("KZ", "TJ")
        journal.publish_checkpoint(older, now=alliance.clock())
        shrunk = Road(alliance, {("KZ", "TJ"): older_door})
        assert [watch.SHRUNK] == [item.says for item in shrunk.watch("KZ", "TJ").evidence]


def test_a_member_that_lost_acts_is_told_by_its_witness(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (older, _):
        act(alliance, alliance.means("TJ"), "An act that is lost (invented)")
        journal.publish_checkpoint(alliance.means("TJ"), now=alliance.clock())
        Road(alliance, {}).watch("TJ", "KZ")
        journal.publish_checkpoint(older, now=alliance.clock())
        client = PeerClient(older, "KZ", alliance.doors["KZ"], alliance.clock)
        with pytest.raises(IntegrityFailure, match="ends at") as failure:
            watch_round(older, client, {}, clock=alliance.clock)
        assert "journal" == failure.value.duty


def test_a_channel_with_a_second_history_is_kept_as_evidence(alliance: Alliance) -> None:
    with copied(alliance, "TJ") as (_, other_door):
        alliance.publish("TJ", indicator(1), to="KZ")
        alliance.sync("KZ", "TJ")
        client = PeerClient(alliance.means("KZ"), "TJ", other_door, alliance.clock)
        with pytest.raises(PeerFault):
            synchronise(alliance.means("KZ"), client, clock=alliance.clock)
        assert [(alliance.means("TJ").channel_to("KZ"), watch.SHRUNK)] == convicted(alliance, "KZ")
        check_evidence(alliance, "KZ", "TJ")


def test_one_tile_spoiled_on_the_line_convicts_nobody(alliance: Alliance) -> None:
    road = Road(alliance, {})
    journal.publish_checkpoint(alliance.means("TJ"), now=alliance.clock())
    road.watch("KZ", "TJ")
    act(alliance, alliance.means("TJ"), "Another (invented)")
    note = journal.publish_checkpoint(alliance.means("TJ"), now=alliance.clock())
    honest, asked = road.client("KZ", "TJ").journal_tile, []

    def fetch(tile: Tile) -> bytes:
        asked.append(tile)
        content = honest(tile)
        return content[:-1] + bytes([content[-1] ^ 1]) if len(asked) == 1 else content

    assert watch.compare(alliance.means("KZ"), "TJ", note, fetch=fetch, now=alliance.clock()) is None
    assert len(asked) > 1
    assert [] == convicted(alliance, "KZ")
    assert note == watch.known(alliance.means("KZ"), "TJ")


def test_what_a_third_member_says_counts_only_under_the_owners_key(alliance: Alliance) -> None:
    road = Road(alliance, {})
    road.watch("KZ", "TJ")
    forged = alliance.means("KG").signers.log
    note = sign(Checkpoint(alliance.means("TJ").journal, 1, bytes(32)), key=forged)
    with pytest.raises(PeerFault):
        watch.compare(alliance.means("KZ"), "TJ", note, fetch=lambda tile: b"", now=alliance.clock())
    assert [] == convicted(alliance, "KZ")


def test_the_journal_is_rebuilt_from_its_tiles_by_any_member_and_by_nobody_else(alliance: Alliance) -> None:
    client = alliance.client("KG", "TJ")
    journal.publish_checkpoint(alliance.means("TJ"), now=alliance.clock())
    note = client.journal_checkpoint()
    opened_note = Checkpoint.parse(Note.parse(note).text)
    entries: list[bytes] = []
    for bundle in bundles_of(opened_note.size):
        entries.extend(entries_of(client.journal_tile(bundle), width=bundle.width))
    assert opened_note.root == root_of(leaf_hashes(entries))
    for tile in tiles_of(opened_note.size):
        assert client.journal_tile(tile)
    for path in ("checkpoint", "tile/0/000.p/1", "seen"):
        assert 401 == alliance.doors["TJ"].get(f"/accord/v1/journal/{path}").status_code


def test_a_channels_tiles_are_for_its_two_members(alliance: Alliance) -> None:
    alliance.publish("KZ", *(indicator(number) for number in range(300)), to="KG")
    alliance.sync("KG", "KZ")
    size = 301
    giver, taker = alliance.client("KG", "KZ"), alliance.client("KZ", "KG")
    for tile in (*tiles_of(size), *bundles_of(size)):
        assert giver.channel_tile("KZ", "KG", tile) == taker.channel_tile("KZ", "KG", tile), "both ends hold the same"
    with alliance.means("KZ").database.reading() as transaction:
        log = logs.log_state(transaction, alliance.means("KZ").channel_to("KG"))
    assert log is not None
    assert log.frontier.root() == root_from(hashes(alliance.means("KG"), alliance.means("KG").channel_from("KZ"), size=size), size)

    def asked(path: str, asking: str) -> int:
        client = alliance.client(asking, "KZ")
        headers = {"Authorization": f"Bearer {client._bearer(client.clock())}", CHARTER_HEADER: digest_text(client.means.charter.digest)}
        answer = alliance.doors["KZ"].get(f"/accord/v1/channels/{path}", headers=headers)
        if answer.status_code == 200:
            assert (TYPE, LONG) == (answer.headers["content-type"], answer.headers["cache-control"])
        return answer.status_code

    assert 200 == asked("KZ/KG/tile/0/000", "KG")
    assert 200 == asked("KZ/KG/tile/entries/001.p/45", "KG")
    assert 404 == asked("KZ/KG/tile/0/000", "TJ")
    assert 404 == asked("KG/TJ/tile/0/000", "KG")
    assert 404 == asked("KZ/KZ/tile/0/000", "KG")
    assert 404 == asked("KZ/KG/tile/0/001", "KG")
    assert 400 == asked("KZ/KG/tile/0/1", "KG")
    assert asked("KZ/KG/tile/../../keys", "KG") in (400, 404)
    assert 401 == alliance.doors["KZ"].get("/accord/v1/channels/KZ/KG/tile/0/000").status_code


def test_texts_of_the_journal_are_erased_and_the_log_audits_as_before(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    word = b"Erased by and by"
    act(alliance, means, word.decode())
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.journal)
        assert log is not None
        before = logs.leaves_between(transaction, means.journal, first=0, beyond=log.size, contents_of=means.journal)
    position = before[-1].position
    assert word in (before[-1].body or b"")
    note = journal.publish_checkpoint(means, now=alliance.clock())

    assert 1 == journal.erase_texts(means, [position, position, 10_000], now=alliance.clock())
    assert 0 == journal.erase_texts(means, [position], now=alliance.clock())
    with means.database.reading() as transaction:
        end = logs.log_state(transaction, means.journal)
        assert end is not None
        after = logs.leaves_between(transaction, means.journal, first=0, beyond=end.size, contents_of=means.journal)
    assert (None, None, before[-1].commitment) == (after[position].salt, after[position].body, after[position].commitment)
    assert before[:-1] == after[:position]
    assert b'"act":"texts-erased"' in (after[-1].body or b"")
    audit.audit(means)
    old, new = Checkpoint.parse(Note.parse(note).text), journal.publish_checkpoint(means, now=alliance.clock())
    grown = Checkpoint.parse(Note.parse(new).text)
    proof = prove_consistency(hashes(means, means.journal, size=grown.size), old_size=old.size, size=grown.size)
    verify_consistency(old_size=old.size, old_root=old.root, size=grown.size, root=grown.root, proof=proof)


def rounds(alliance: Alliance) -> None:
    """Everybody asks everybody."""
    road = Road(alliance, {})
    for asking in alliance.members:
        journal.publish_checkpoint(alliance.means(asking), now=alliance.clock())
        for asked in alliance.members:
            if asking != asked:
                road.ask(asking, asked)


def test_a_node_is_audited_from_outside_by_the_member_it_exchanges_with(alliance: Alliance) -> None:
    alliance.publish("KZ", *(indicator(number) for number in range(300)), to="KG")
    alliance.publish("KG", indicator(1_000), to="KZ")
    alliance.sync("KG", "KZ")
    alliance.sync("KZ", "KG")
    rounds(alliance)
    shown = audit_node(alliance.means("KG"), alliance.client("KG", "KZ"), clock=alliance.clock)
    names = [alliance.means("KZ").journal, alliance.means("KZ").channel_to("KG"), alliance.means("KG").channel_to("KZ")]
    assert names == [log.name for log in shown]
    assert (301, 2) == (shown[1].size, shown[2].size)
    assert ("KG", "TJ") == shown[0].cosigned_by
    assert shown[0].remembered
    assert shown[1].remembered


@pytest.mark.parametrize(
    ("place", "duty"),
    [
        ("/journal/checkpoint", "journal"),
        ("/journal/tile/0/", "tile"),
        ("/journal/tile/1/", "growth"),
        ("/journal/tile/entries/", "tile"),
        ("/KZ/KG/tile/0/", "tile"),
        ("/KZ/KG/tile/1/", "tile"),
        ("/KZ/KG/tile/entries/", "tile"),
        ("/KZ/KG/checkpoint", "checkpoint"),
        ("/KG/KZ/tile/", "tile"),
    ],
)
def test_one_changed_byte_is_named_by_an_audit_from_outside(alliance: Alliance, place: str, duty: str) -> None:
    alliance.publish("KZ", *(indicator(number) for number in range(300)), to="KG")
    alliance.publish("KG", indicator(1_000), to="KZ")
    alliance.sync("KG", "KZ")
    alliance.sync("KZ", "KG")
    rounds(alliance)
    act(alliance, alliance.means("KZ"), "Another (invented)")
    journal.publish_checkpoint(alliance.means("KZ"), now=alliance.clock())
    changed = []

    def change(request: httpx2.Request, body: bytes) -> bytes:
        if place not in request.url.path:
            return body
        changed.append(request.url.path)
        return body[:30] + bytes([body[30] ^ 1]) + body[31:]

    with pytest.raises(PeerFault) as failure:
        audit_node(alliance.means("KG"), alliance.client("KG", "KZ", tamper=change), clock=alliance.clock)
    assert changed
    assert duty == failure.value.duty


def test_an_audit_holds_receipts_against_the_leaves(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    name = alliance.means("KZ").channel_to("KG")
    for member in ("KZ", "KG"):
        assert [1] == [log.receipts for log in audit.audit(alliance.means(member)) if log.name == name]
    other = alliance.means("TJ").signers.receipt
    means = alliance.means("KZ")
    with means.database.writing() as transaction:
        [receipt] = acts.receipts_of(transaction, name)
        line = cosign(receipt.checkpoint, name=means.receipt_name("KG"), key=other, at=alliance.clock())
        tamper(transaction, "update receipt set cosignature = :line where collection = :name", line=line, name=name)
    audit.audit(means)  # By a key that is not known: nothing can be said of it, and nothing is.
    broken = receipt.cosignature[:-8] + ("A" if receipt.cosignature[-8] != "A" else "B") + receipt.cosignature[-7:]
    with means.database.writing() as transaction:
        tamper(transaction, "update receipt set cosignature = :line where collection = :name", line=broken, name=name)
    with pytest.raises(IntegrityFailure) as failure:
        audit.audit(means)
    assert "receipt" == failure.value.duty
    with means.database.writing() as transaction:
        note = sign(Checkpoint(name, 2, bytes(32)), key=means.signers.log)
        tamper(transaction, "update receipt set checkpoint = :note where collection = :name", note=note, name=name)
    with pytest.raises(IntegrityFailure, match="another root"):
        audit.audit(means)
    with means.database.writing() as transaction:
        whole = {"note": receipt.checkpoint, "line": receipt.cosignature, "name": name}
        tamper(transaction, "update receipt set checkpoint = :note, cosignature = :line where collection = :name", **whole)
