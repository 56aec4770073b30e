"""The form of a courier's file: parser and printer are inverse, and whatever version 1 has not is refused by name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from accord.errors import IntegrityFailure, KeyUnknown, LimitReached, Refusal
from accord.exchange import courier_file
from accord.exchange.courier_file import INSIDE, Claimed, Digesting, Inside, Outside, line, pages, raw_line
from accord.exchange.sealed import sealing
from accord.seal.canonical import Digest
from accord.seal.keys import PrivateKey

SENDER, READER = PrivateKey.from_seed(b"s" * 32), PrivateKey.from_seed(b"r" * 32)
AT = datetime(2026, 11, 23, 9, 0, 0, 1, tzinfo=UTC)
CHECKPOINT = line("checkpoint", "a note\n")


def inside_of(content: Sequence[bytes]) -> tuple[bytes, Digest]:
    file = io.BytesIO()
    sink = Digesting(file)
    with sealing(sink, READER.public, INSIDE) as take:
        for one in content:
            take(one)
    assert sink.octets == len(file.getvalue())
    return file.getvalue(), sink.digest


def outside(digest: Digest) -> Outside:
    return Outside("sha256:" + "0" * 64, "KZ", "KG", READER.public.id, b'{"number":1}', AT, digest)


def read_inside(*content: bytes) -> Inside:
    return Inside.read(io.BytesIO(inside_of(content)[0]), READER)


def test_what_is_written_is_read() -> None:
    content = [raw_line("keys", b'{"a":1}'), line("receipt", "r\n"), raw_line("page", b"{}"), raw_line("page", b'{"b":"\\n"}'), CHECKPOINT]
    inside, digest = inside_of(content)
    file = io.BytesIO(outside(digest).signed(SENDER) + inside)
    claimed = Claimed.read(file)
    behind = file.tell()
    claimed.prove(file, [SENDER.public])
    file.seek(behind)
    assert outside(digest) == claimed.outside
    assert Inside((b'{"a":1}',), "r\n", "", "", "a note\n") == Inside.read(file, READER)
    file.seek(behind)
    assert [b"{}", b'{"b":"\\n"}'] == list(pages(file, READER))


def test_the_outside_keeps_its_length_whatever_is_inside() -> None:
    assert len(outside(Digest(bytes(32))).signed(SENDER)) == len(outside(Digest(b"\xff" * 32)).signed(SENDER))


def test_a_file_that_another_signed_is_not_the_senders() -> None:
    inside, digest = inside_of([CHECKPOINT])
    file = io.BytesIO(outside(digest).signed(READER) + inside)
    with pytest.raises(KeyUnknown):
        Claimed.read(file).prove(file, [SENDER.public])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "ends without the channel's checkpoint"),
        ([raw_line("page", b"{}")], "ends without the channel's checkpoint"),
        ([CHECKPOINT, raw_line("page", b"{}")], "ends without the channel's checkpoint"),
        ([CHECKPOINT, CHECKPOINT], "'checkpoint', which version 1 has not, or not twice"),
        ([line("charter", "x"), CHECKPOINT], "'charter', which version 1 has not"),
        ([b"receipt 7", CHECKPOINT], "a receipt that is no text"),
        ([b"receipt", CHECKPOINT], "a receipt that is no text"),
        ([b'receipt ""', CHECKPOINT], "a receipt that is no text"),
        ([line("journal", "x" * 200_000), CHECKPOINT], "a journal that is no text, or too long"),
    ],
)
def test_an_inside_that_version_1_has_not_is_refused_by_name(content: list[bytes], says: str) -> None:
    with pytest.raises(IntegrityFailure, match=says) as failure:
        read_inside(*content)
    assert "courier" == failure.value.duty


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no courier's file"),
        (b"accord backup 1\n", "no courier's file"),
        (b"accord courier 3\n{}\n", "of version 3; this node reads version 1"),
    ],
)
def test_what_is_no_file_of_version_1_is_answered_with_the_version_that_is_read(raw: bytes, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        Claimed.read(io.BytesIO(raw))


@pytest.mark.parametrize("second", [b"", b"{}", b"{}\n", b"[]\n", b"\xff\n", b'{"a":1,"a":1}\n', b"[" * 100 + b"\n"])
def test_an_outside_of_another_form_is_refused(second: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="the outside of the file") as failure:
        Claimed.read(io.BytesIO(b"accord courier 1\n" + second))
    assert "courier" == failure.value.duty


def test_an_outside_property_of_another_kind_is_refused() -> None:
    signed = outside(Digest(bytes(32))).signed(SENDER)
    for old, new in ((b'"to":"KG"', b'"to":7'), (b'"key_file":{"number":1}', b'"key_file":[]'), (b'.000001Z"', b'.0Z+1"')):
        assert old in signed
        with pytest.raises(IntegrityFailure, match="the outside of the file"):
            Claimed.read(io.BytesIO(signed.replace(old, new)))


def test_every_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, digest = inside_of([raw_line("page", b"{}"), CHECKPOINT])
    raw = outside(digest).signed(SENDER) + inside
    monkeypatch.setattr(courier_file, "COURIER_OCTETS_MAX", 10)
    file = io.BytesIO(raw)
    claimed = Claimed.read(file)
    with pytest.raises(LimitReached, match="COURIER_OCTETS_MAX"):
        claimed.prove(file, [SENDER.public])
    monkeypatch.setattr(courier_file, "COURIER_LINES_MAX", 1)
    with pytest.raises(LimitReached, match="COURIER_LINES_MAX"):
        read_inside(raw_line("page", b"{}"), CHECKPOINT)
    monkeypatch.setattr(courier_file, "OUTSIDE_OCTETS_MAX", 10)
    with pytest.raises(LimitReached, match="OUTSIDE_OCTETS_MAX"):
        Claimed.read(io.BytesIO(raw))
