"""Checkpoints: written and read back, bound to one log, and cosigned at a time that cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError, KeyUnknown, Malformed, SignatureInvalid
from accord.ledger.checkpoint import (
    Checkpoint,
    channel_origin,
    cosign,
    journal_origin,
    open_signed,
    receipt_name,
    sign,
    verify_cosignature,
)
from accord.ledger.tree import SIZE_MAX
from accord.seal import note
from accord.seal.keys import PrivateKey

LOG, RECEIPT, OTHER = (PrivateKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
ORIGIN = channel_origin(charter_id="sco.example/trial", sender="kz", recipient="kg", epoch=1)
NAME = receipt_name(charter_id="sco.example/trial", member="kg")
CHECKPOINT = Checkpoint(ORIGIN, 48211, bytes(range(32)))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@given(st.integers(0, SIZE_MAX), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_and_its_body_are_inverse(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert Checkpoint.parse(checkpoint.body()) == checkpoint
    assert open_signed(sign(checkpoint, key=LOG), origin=ORIGIN, keys=[LOG.public]) == checkpoint


def test_a_checkpoint_is_written_as_the_specification_says() -> None:
    assert CHECKPOINT.body() == "sco.example/trial/kz/kg/1\n48211\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@given(
    st.text(max_size=40) | st.lists(st.sampled_from(["a", "0", "01", "7", "\n", "A" * 43 + "=", "A" * 43, " "]), max_size=8).map("".join)
)
def test_any_text_is_a_checkpoint_as_it_would_be_written_or_refused(body: str) -> None:
    try:
        checkpoint = Checkpoint.parse(body)
    except AccordError:
        return
    assert checkpoint.body() == body


@pytest.mark.parametrize(
    "change",
    [
        ("48211", "048211"),
        ("48211", "+48211"),
        ("48211", "-1"),
        ("48211", "48_211"),
        ("48211", "４８２１１"),
        ("48211", ""),
        ("48211", str(SIZE_MAX + 1)),
        ("48211", "9" * 5000),
        ("AAEC", "AAE"),
        ("h8=\n", "h9=\n"),
        ("h8=\n", "h8=\nextension\n"),
        ("h8=\n", "h8=\n\n"),
        ("h8=\n", "h8="),
        ("sco.example", ""),
        ("sco.example", "sco example"),
        ("sco.example", "sco+example"),
    ],
)
def test_a_checkpoint_written_otherwise_is_refused(change: tuple[str, str]) -> None:
    body = CHECKPOINT.body().replace(*change)
    if change == ("sco.example", ""):
        body = "\n48211\n" + body.split("\n", 2)[2]
    with pytest.raises(Malformed):
        Checkpoint.parse(body)


def test_a_checkpoint_opens_for_its_own_log_alone() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    other = channel_origin(charter_id="sco.example/trial", sender="kz", recipient="tj", epoch=1)
    assert open_signed(signed, origin=ORIGIN, keys=[OTHER.public, LOG.public]) == CHECKPOINT
    with pytest.raises(KeyUnknown):
        open_signed(signed, origin=other, keys=[LOG.public])
    with pytest.raises(KeyUnknown):
        open_signed(signed, origin=ORIGIN, keys=[OTHER.public])
    with pytest.raises(KeyUnknown):
        open_signed(signed, origin=ORIGIN, keys=[])


def test_the_body_of_one_log_signed_under_the_name_of_another_is_refused() -> None:
    other = channel_origin(charter_id="sco.example/trial", sender="kz", recipient="tj", epoch=1)
    body = CHECKPOINT.body()
    exchanged = str(note.Note(body, (note.sign(body, name=other, key=LOG),)))
    with pytest.raises(SignatureInvalid):
        open_signed(exchanged, origin=other, keys=[LOG.public])


def test_a_checkpoint_with_a_changed_size_does_not_hold() -> None:
    with pytest.raises(SignatureInvalid):
        open_signed(sign(CHECKPOINT, key=LOG).replace("48211", "48210"), origin=ORIGIN, keys=[LOG.public])


def test_a_cosignature_beside_the_signature_does_not_hinder() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    assert open_signed(signed + cosign(signed, name=NAME, key=RECEIPT, at=NOON), origin=ORIGIN, keys=[LOG.public]) == CHECKPOINT


@given(st.integers(0, 250_000_000_000_000_000).map(lambda count: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)))
def test_a_cosignature_tells_its_time_to_the_second(at: datetime) -> None:
    signed = sign(CHECKPOINT, key=LOG)
    line = cosign(signed, name=NAME, key=RECEIPT, at=at)
    assert at.replace(microsecond=0) == verify_cosignature(signed, line, name=NAME, keys=[OTHER.public, RECEIPT.public])


def test_a_cosignature_holds_for_the_checkpoint_whoever_else_signed_it() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    line = cosign(signed, name=NAME, key=RECEIPT, at=NOON)
    assert verify_cosignature(signed + line, line, name=NAME, keys=[RECEIPT.public]) == NOON


def test_a_cosignature_for_another_checkpoint_name_or_key_does_not_hold() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    line = cosign(signed, name=NAME, key=RECEIPT, at=NOON)
    with pytest.raises(SignatureInvalid):
        verify_cosignature(sign(Checkpoint(ORIGIN, 48212, CHECKPOINT.root), key=LOG), line, name=NAME, keys=[RECEIPT.public])
    with pytest.raises(KeyUnknown):
        verify_cosignature(signed, line, name=receipt_name(charter_id="sco.example/trial", member="tj"), keys=[RECEIPT.public])
    with pytest.raises(KeyUnknown):
        verify_cosignature(signed, line, name=NAME, keys=[OTHER.public])


def test_the_signature_of_the_log_never_passes_for_a_cosignature() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    with pytest.raises(KeyUnknown):
        verify_cosignature(signed, signed.split("\n\n")[1], name=ORIGIN, keys=[LOG.public])


@pytest.mark.parametrize(
    "change", [lambda line: line[:-1], lambda line: line + line, lambda line: "", lambda line: "\n", lambda line: line + "\n"]
)
def test_a_cosignature_that_is_not_one_line_is_refused(change: Callable[[str], str]) -> None:
    signed = sign(CHECKPOINT, key=LOG)
    line = cosign(signed, name=NAME, key=RECEIPT, at=NOON)
    with pytest.raises(Malformed):
        verify_cosignature(signed, change(line), name=NAME, keys=[RECEIPT.public])


def test_a_time_beyond_the_calendar_is_refused() -> None:
    signed = sign(CHECKPOINT, key=LOG)
    for at in (2**62, note.TIMESTAMP_MAX):
        line = f"{note.cosign(CHECKPOINT.body(), name=NAME, key=RECEIPT, at=at)}\n"
        with pytest.raises(Malformed, match="9999"):
            verify_cosignature(signed, line, name=NAME, keys=[RECEIPT.public])


def test_a_note_that_is_no_checkpoint_is_never_cosigned() -> None:
    text = "pay the bearer\n"
    signed = str(note.Note(text, (note.sign(text, name=ORIGIN, key=LOG),)))
    with pytest.raises(Malformed):
        cosign(signed, name=NAME, key=RECEIPT, at=NOON)
    with pytest.raises(Malformed):
        open_signed(signed, origin=ORIGIN, keys=[LOG.public])


@pytest.mark.parametrize("at", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=5))), datetime(1969, 1, 1, tzinfo=UTC)])
def test_a_time_that_is_not_utc_or_before_the_epoch_is_a_mistake_of_ours(at: datetime) -> None:
    with pytest.raises(ValueError, match="time"):
        cosign(sign(CHECKPOINT, key=LOG), name=NAME, key=RECEIPT, at=at)


def test_logs_and_keys_are_named_after_charter_and_members() -> None:
    expected = ("sco.example/trial/kz/kg/1", "sco.example/trial/kg/receipt", "sco.example/trial/kz/journal/2")
    assert expected == (ORIGIN, NAME, journal_origin(charter_id="sco.example/trial", member="kz", epoch=2))


@pytest.mark.parametrize("member", ["", "journal", "receipt", "witness", "k/z", "k z", "k+z", "k\nz"])
def test_a_member_whose_name_would_make_two_logs_one_is_refused(member: str) -> None:
    with pytest.raises(Malformed):
        channel_origin(charter_id="sco.example/trial", sender="kz", recipient=member, epoch=1)
    with pytest.raises(Malformed):
        journal_origin(charter_id="sco.example/trial", member=member, epoch=1)
    with pytest.raises(Malformed):
        receipt_name(charter_id="sco.example/trial", member=member)


def test_an_epoch_is_a_number_from_nought() -> None:
    with pytest.raises(ValueError, match="epoch"):
        journal_origin(charter_id="sco.example/trial", member="kz", epoch=-1)
