"""Sealed files: only the right key opens them, and nothing can be cut, moved, changed or added unseen."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Refusal
from accord.exchange.sealed import PIECE_OCTETS, Kind, lines, sealing
from accord.seal.keys import PrivateKey

BACKUP = Kind(b"accord backup 1\n", "backup")
KEY = PrivateKey.from_seed(b"k" * 32)
HEADER = len(BACKUP.first_line) + 80 + 24
PIECE = PIECE_OCTETS + 17


def sealed(*content: bytes) -> bytes:
    file = io.BytesIO()
    with sealing(file, KEY.public, BACKUP) as take:
        for line in content:
            take(line)
    return file.getvalue()


def read(raw: bytes, key: PrivateKey = KEY) -> list[bytes]:
    return list(lines(io.BytesIO(raw), key, BACKUP))


@given(st.lists(st.binary(max_size=3 * 70_000).map(lambda raw: raw.replace(b"\n", b"")), max_size=4))
def test_what_was_sealed_is_read(content: list[bytes]) -> None:
    assert content == read(sealed(*content))


def three_pieces() -> bytes:
    raw = sealed(*(bytes([65 + number]) * 20_000 for number in range(8)))
    assert HEADER + 2 * PIECE < len(raw) < HEADER + 3 * PIECE
    return raw


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda raw: b"x" + raw[1:], "not a backup"),
        (lambda raw: b"", "not a backup"),
        (lambda raw: raw[: HEADER - 1], "ends inside its header"),
        (lambda raw: raw[:HEADER], "ends after piece 0"),
        (lambda raw: raw[: HEADER + PIECE], "ends after piece 1"),
        (lambda raw: raw[: HEADER + PIECE + 5], "piece 1 of the backup does not hold"),
        (lambda raw: raw[:-1], "piece 2 of the backup does not hold"),
        (lambda raw: raw + b"x", "piece 2 of the backup does not hold"),
        (lambda raw: raw[: HEADER + 9] + bytes([raw[HEADER + 9] ^ 1]) + raw[HEADER + 10 :], "piece 0 of the backup does not hold"),
        (
            lambda raw: raw[:HEADER] + raw[HEADER + PIECE : HEADER + 2 * PIECE] + raw[HEADER : HEADER + PIECE] + raw[HEADER + 2 * PIECE :],
            "piece 0",
        ),
        (lambda raw: raw[: HEADER + PIECE] + raw[HEADER + 2 * PIECE :], "piece 1"),
        (lambda raw: raw[: len(BACKUP.first_line) + 3] + b"\0\0" + raw[len(BACKUP.first_line) + 5 :], "not sealed to this key"),
    ],
    ids=[
        "first line",
        "empty",
        "cut header",
        "no piece",
        "cut at a piece",
        "cut in a piece",
        "last byte",
        "added",
        "flipped",
        "swapped",
        "dropped",
        "box",
    ],
)
def test_a_spoiled_file_is_refused_by_what_is_wrong_with_it(spoil: Callable[[bytes], bytes], says: str) -> None:
    raw = three_pieces()
    assert 8 == len(read(raw))
    with pytest.raises(Refusal, match=says):
        read(spoil(raw))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Refusal, match="not sealed to this key"):
        read(sealed(b"x"), PrivateKey.from_seed(b"o" * 32))


def test_nothing_of_the_content_stands_in_the_file() -> None:
    assert b"grey-lantern" not in sealed(b"relay.grey-lantern.example" * 100)


def test_a_block_that_fails_leaves_a_file_that_is_refused() -> None:
    file = io.BytesIO()
    writing = sealing(file, KEY.public, BACKUP)
    writing.__enter__()(b"x" * 100_000)
    assert not writing.__exit__(OSError, OSError("no space left"), None), "the error goes on its way"
    with pytest.raises(Refusal, match="ends after piece"):
        read(file.getvalue())
