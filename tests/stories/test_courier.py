"""Two nodes that no line joins: everything between them goes by files, through the same stories, and a spoiled file brings nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from accord.desk import consent, introduce, recall, serve, witness
from accord.desk.consent import Wanted
from accord.desk.means import Means
from accord.desk.status import status
from accord.errors import IntegrityFailure, NotFound, Refusal, Unready
from accord.exchange import courier, courier_file
from accord.exchange.courier import Opened, Packed
from accord.exchange.courier_file import Claimed
from accord.node.custody import read_key
from accord.node.founding import replace_key
from accord.seal.keys import Role
from accord.stix.control import RecallReason
from accord.store import acts
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, law_that_ends


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        found.doors.clear()  # Nobody is reached by a request.
        yield found
        found.check_everything()


def pack(alliance: Alliance, sender: str, recipient: str) -> tuple[Packed, bytes]:
    """A file of `sender`, which knows the recipient by the key file that somebody carried."""
    introduce.meet(alliance.means(sender), recipient, alliance.means(recipient).key_file, now=alliance.clock())
    file = io.BytesIO()
    packed = courier.pack(alliance.means(sender), recipient, file, now=alliance.clock())
    return packed, file.getvalue()


def bring(alliance: Alliance, recipient: str, raw: bytes) -> Opened:
    return courier.open_file(alliance.means(recipient), io.BytesIO(raw), clock=alliance.clock)


def carry(alliance: Alliance, sender: str, recipient: str) -> Opened:
    """One way of a courier."""
    opened = bring(alliance, recipient, pack(alliance, sender, recipient)[1])
    alliance.check_everything()
    return opened


def records(means: Means) -> int:
    return sum(item.records for item in status(means).holdings)


def receipted(alliance: Alliance, sender: str, recipient: str) -> int:
    with alliance.means(sender).database.reading() as transaction:
        receipt = acts.last_receipt(transaction, alliance.means(sender).channel_to(recipient))
    return 0 if receipt is None else receipt.size


def state_of(means: Means) -> object:
    """Everything that a file could have brought a node: records, what is held of channels and of receipts."""
    found = status(means)
    return found.holdings, found.incoming, found.outgoing


def test_publications_and_their_receipts_travel_by_files_alone(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    alliance.publish("KG", indicator(3), to="KZ")
    assert Opened("KZ", 3, 2, 0, 0, cosigned=True, more=False, again=False) == carry(alliance, "KZ", "KG")
    assert ["Lantern host (invented) 1"] == [found.name for found in alliance.search("KG", "relay1")]
    assert 0 == receipted(alliance, "KZ", "KG")
    assert Opened("KG", 2, 1, 0, 3, cosigned=True, more=False, again=False) == carry(alliance, "KG", "KZ")
    assert 3 == receipted(alliance, "KZ", "KG")
    assert Opened("KZ", 3, 0, 0, 2, cosigned=False, more=False, again=False) == carry(alliance, "KZ", "KG")
    assert 2 == receipted(alliance, "KG", "KZ")


def test_a_file_begins_behind_the_last_receipt(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    assert (0, 2) == ((first := pack(alliance, "KZ", "KG")[0]).first, first.size)
    carry(alliance, "KZ", "KG")
    alliance.publish("KZ", indicator(2), to="KG")
    assert (0, 4) == ((again := pack(alliance, "KZ", "KG")[0]).first, again.size), "no receipt has come back yet"
    assert (4, 1) == ((brought := carry(alliance, "KZ", "KG")).size, brought.kept)
    carry(alliance, "KG", "KZ")
    assert (4, 4) == ((empty := pack(alliance, "KZ", "KG")[0]).first, empty.size)


def test_a_recall_travels_by_courier_and_so_does_its_confirmation(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    carry(alliance, "KZ", "KG")
    assert 2 == records(alliance.means("KG"))
    recall.recall(alliance.means("KZ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.UNLAWFUL, now=alliance.clock())
    carry(alliance, "KZ", "KG")
    assert 1 == records(alliance.means("KG"))
    assert [("KG", 1, 0)] == [(one.member, one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))]
    carry(alliance, "KG", "KZ")
    assert [("KG", 1, 1)] == [(one.member, one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))]


def test_what_was_recalled_before_the_first_file_comes_as_a_hole_that_the_recall_explains(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    recall.recall(alliance.means("KZ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    packed, raw = pack(alliance, "KZ", "KG")
    assert 4 == packed.size
    assert (4, 1) == ((brought := bring(alliance, "KG", raw)).size, brought.kept)


def test_what_the_law_of_the_day_no_longer_permits_is_not_packed(tmp_path: Path) -> None:
    with founded(tmp_path, on=law_that_ends("2026-12-01")) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        assert 2 == pack(alliance, "KZ", "KG")[0].size
        alliance.clock.now += timedelta(days=30)
        with pytest.raises(Unready, match="cannot serve this channel"):
            pack(alliance, "KZ", "KG")


def test_journals_are_cosigned_by_courier(alliance: Alliance) -> None:
    assert carry(alliance, "KZ", "KG").cosigned
    assert 0 == witness.cosigned_size(alliance.means("KZ"), "KG")
    carry(alliance, "KG", "KZ")
    size = witness.cosigned_size(alliance.means("KZ"), "KG")
    assert size > 0
    alliance.clock.now += timedelta(hours=2)  # Journals are published hourly.
    assert carry(alliance, "KZ", "KG").cosigned, "it grew from the one that was cosigned"
    carry(alliance, "KG", "KZ")
    assert witness.cosigned_size(alliance.means("KZ"), "KG") > size


def test_a_record_is_passed_on_by_couriers_to_a_member_that_never_met_its_originator(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    wanted = Wanted("KG", ("TJ",))
    consent.consent(alliance.means("KZ"), indicator(1)["id"], wanted, officer=OFFICER, now=alliance.clock())
    carry(alliance, "KZ", "KG")
    alliance.publish("KG", indicator(1), to="TJ")
    with pytest.raises(NotFound):
        introduce.key_file_of(alliance.means("TJ"), "KZ")
    assert (1, 0) == ((brought := carry(alliance, "KG", "TJ")).kept, brought.declined)
    assert alliance.means("KZ").key_file == introduce.key_file_of(alliance.means("TJ"), "KZ")


def test_opening_twice_adds_nothing(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    bring(alliance, "KG", raw)
    before = state_of(alliance.means("KG")), status(alliance.means("KG")).journal_size
    assert Opened("KZ", 2, 0, 0, 0, cosigned=False, more=False, again=True) == bring(alliance, "KG", raw)
    assert before == (state_of(alliance.means("KG")), status(alliance.means("KG")).journal_size)


def test_an_older_file_is_refused_and_a_lost_one_is_no_loss(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, first = pack(alliance, "KZ", "KG")
    alliance.publish("KZ", indicator(2), to="KG")
    _, second = pack(alliance, "KZ", "KG")
    assert 2 == bring(alliance, "KG", second).kept
    before = state_of(alliance.means("KG"))
    with pytest.raises(IntegrityFailure) as failure:
        bring(alliance, "KG", first)
    assert "order" == failure.value.duty
    assert before == state_of(alliance.means("KG"))


def test_a_line_that_is_faster_than_the_courier_convicts_nobody(tmp_path: Path) -> None:
    with founded(tmp_path) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        _, raw = pack(alliance, "KZ", "KG")
        alliance.publish("KZ", indicator(2), to="KG")
        alliance.sync("KG", "KZ")
        assert 4 == receipted(alliance, "KZ", "KG")
        assert Opened("KZ", 4, 0, 0, 0, cosigned=True, more=False, again=False) == bring(alliance, "KG", raw)
        alliance.publish("KZ", indicator(3), to="KG")
        assert (6, 1) == ((brought := carry(alliance, "KZ", "KG")).size, brought.kept)
        assert alliance.sync("KG", "KZ").idle, "the line finds nothing new, and hands the receipt over"
        assert 6 == receipted(alliance, "KZ", "KG")
        assert () == status(alliance.means("KG")).suspected


def _changed(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw, outside: _changed(raw, len(raw) - 1),
        lambda raw, outside: _changed(raw, outside + 5),
        lambda raw, outside: raw[:-1],
        lambda raw, outside: raw[: outside + 100],
        lambda raw, outside: raw[:outside],
        lambda raw, outside: raw + b"x",
        lambda raw, outside: raw.replace(b'"made_at":"2026-11-23T09:00', b'"made_at":"2026-11-23T09:01', 1),
        lambda raw, outside: raw.replace(b'"digest":"sha256:', b'"digest":"sha512:', 1),
        lambda raw, outside: raw.replace(b'"to":', b'"to": ', 1),
        lambda raw, outside: raw.replace(b'"role":"log"', b'"role":"receipt"', 1),
    ],
    ids=["last byte", "sealed key", "cut by one", "cut in a piece", "no inside", "added", "later", "digest", "not canonical", "key file"],
)
def test_a_spoiled_file_brings_nothing(alliance: Alliance, spoil: Callable[[bytes, int], bytes]) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    spoiled = spoil(raw, raw.index(b"\n", raw.index(b"\n") + 1) + 1)
    assert spoiled != raw
    before = state_of(alliance.means("KG"))
    with pytest.raises(IntegrityFailure):
        bring(alliance, "KG", spoiled)
    assert before == state_of(alliance.means("KG"))
    assert 1 == bring(alliance, "KG", raw).kept, "the file itself is good"


def test_a_file_for_another_member_says_whose_it_is(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    with pytest.raises(Refusal, match="from KZ to KG, and this is the node of TJ"):
        bring(alliance, "TJ", raw)


def test_a_file_that_another_member_signed_again_as_its_own_brings_nothing(alliance: Alliance) -> None:
    """TJ takes the sealed inside of KZ's file to KG and signs the outside itself: it cannot read it, and KG does not take it for TJ's."""
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    file = io.BytesIO(raw)
    outside = Claimed.read(file).outside
    thief = alliance.means("TJ")
    forged = courier_file.Outside(outside.charter, "TJ", "KG", outside.key, thief.key_file, outside.made_at, outside.digest).signed(
        thief.signers.transport
    )
    before = state_of(alliance.means("KG"))
    with pytest.raises(IntegrityFailure) as failure:
        bring(alliance, "KG", forged + file.read())
    assert "checkpoint" == failure.value.duty
    assert before == state_of(alliance.means("KG"))


def test_nothing_of_what_is_carried_stands_in_the_file_in_the_clear(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    file = io.BytesIO(raw)
    Claimed.read(file)
    assert b"grey-lantern" in b"".join(courier_file.pages(file, alliance.means("KG").signers.transport))
    assert b"grey-lantern" not in raw
    assert b"indicator" not in raw


def test_a_stolen_key_signs_no_file_once_it_is_replaced(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    folder = alliance.folder / "KZ"
    replace_key(folder, Role.TRANSPORT, root_key=alliance.folder / "KZ.key", now=alliance.clock(), stolen=True)
    introduce.meet(alliance.means("KG"), "KZ", (folder / "keys" / "keys-2.json").read_bytes(), now=alliance.clock())
    with pytest.raises(IntegrityFailure, match="did not sign the file with a key that is valid now"):
        bring(alliance, "KG", raw)


def test_a_file_sealed_to_a_key_that_was_replaced_says_so(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, raw = pack(alliance, "KZ", "KG")
    means = alliance.means("KG")
    replace_key(alliance.folder / "KG", Role.TRANSPORT, root_key=alliance.folder / "KG.key", now=alliance.clock())
    newer = read_key(next((alliance.folder / "KG" / "keys").glob("transport-2.key")))
    signers = type(means.signers)(
        log=means.signers.log,
        receipt=means.signers.receipt,
        witness=means.signers.witness,
        statement=means.signers.statement,
        transport=newer,
    )
    later = replace(means, signers=signers)
    with pytest.raises(Refusal, match="sealed to the key"):
        courier.open_file(later, io.BytesIO(raw), clock=alliance.clock)


def test_a_file_can_be_opened_long_after_it_was_packed_and_its_receipt_counts(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    _, there = pack(alliance, "KZ", "KG")
    alliance.clock.now += timedelta(days=20)
    bring(alliance, "KG", there)
    _, back = pack(alliance, "KG", "KZ")
    alliance.clock.now += timedelta(days=20)
    assert 2 == bring(alliance, "KZ", back).receipted


def test_a_file_from_the_future_waits_until_the_clocks_agree(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    now = alliance.clock.now
    alliance.clock.now += timedelta(hours=1)
    _, raw = pack(alliance, "KZ", "KG")
    alliance.clock.now = now + timedelta(seconds=10)
    with pytest.raises(Refusal, match="made at 2026-11-23T10:00:") as refusal:
        bring(alliance, "KG", raw)
    assert "set both clocks" == refusal.value.remedy


def test_a_file_for_a_member_that_was_never_met_asks_for_its_key_file(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="the keys of KG are not known here") as refusal:
        courier.pack(alliance.means("KZ"), "KG", io.BytesIO(), now=alliance.clock())
    assert "accord courier meet" in refusal.value.remedy


def test_a_file_of_a_later_version_is_answered_with_the_one_that_is_read(alliance: Alliance) -> None:
    _, raw = pack(alliance, "KZ", "KG")
    with pytest.raises(Refusal, match="a courier's file of version 2; this node reads version 1"):
        bring(alliance, "KG", raw.replace(b"accord courier 1", b"accord courier 2", 1))


def test_a_file_ends_where_a_line_would_serve_no_further_and_the_next_goes_on(alliance: Alliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "UNRECEIPTED_OBJECTS_MAX", 3)
    for number in range(4):
        alliance.publish("KZ", indicator(number), to="KG")
    brought = []
    for _ in range(4):
        opened = carry(alliance, "KZ", "KG")
        brought.append((opened.size, opened.kept, opened.more))
        carry(alliance, "KG", "KZ")
    assert [(2, 1, True), (4, 1, True), (6, 1, True), (8, 1, False)] == brought
    assert 8 == receipted(alliance, "KZ", "KG")


def test_a_file_grows_no_longer_than_its_limit(alliance: Alliance, monkeypatch: pytest.MonkeyPatch) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    monkeypatch.setattr(courier, "COURIER_OCTETS_MAX", 1_000)
    packed, raw = pack(alliance, "KZ", "KG")
    assert (0, 0, True) == (packed.first, packed.size, packed.more)
    assert Opened("KZ", 0, 0, 0, 0, cosigned=True, more=True, again=False) == bring(alliance, "KG", raw)
