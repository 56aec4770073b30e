"""Keys under a passphrase: parser and printer are inverse, another passphrase and a changed byte open nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import LimitReached, Malformed, Refusal
from accord.seal.keys import PrivateKey
from accord.seal.passphrase import KIBIBYTES_MAX, NONCE_BYTES, PASSES_MAX, ProtectedKey, Stretching, Strongbox, is_protected

KEY = PrivateKey.from_seed(bytes(range(32)))
CHEAP = Stretching(bytes(16), passes=1, kibibytes=8)
WORDS = "four invented words here"
BOX = CHEAP.stretch(WORDS)
NONCE = bytes(NONCE_BYTES)


def test_a_protected_key_opens_under_its_passphrase() -> None:
    written = str(BOX.protect(KEY, nonce=NONCE))
    held = ProtectedKey.parse(written)
    assert (written, KEY) == (str(held), held.stretching.stretch(WORDS).open(held))


def test_a_protected_key_can_be_told_from_a_plain_one() -> None:
    assert [True, False] == [is_protected(text) for text in (str(BOX.protect(KEY, nonce=NONCE)), KEY.secret_text())]


def test_the_shipped_stretching_is_the_second_recommendation_of_rfc_9106() -> None:
    assert (3, 64 * 1024) == (Stretching(bytes(16)).passes, Stretching(bytes(16)).kibibytes)


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(Refusal, match="does not open"):
        CHEAP.stretch(WORDS + "!").open(BOX.protect(KEY, nonce=NONCE))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_character_can_be_changed(data: st.DataObject) -> None:
    written = str(BOX.protect(KEY, nonce=NONCE))
    place = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(st.sampled_from("0123456789abcdefXYZ+/=:-").filter(lambda sign: sign != written[place]))
    changed = written[:place] + other + written[place + 1 :]
    with pytest.raises(Refusal):
        _opened_cheaply(changed)


def _opened_cheaply(text: str) -> PrivateKey:
    held = ProtectedKey.parse(text)
    # What names another stretching has another key by it: that is Argon2id's promise, and trying 1 GiB of it here would take minutes.
    return Strongbox(held.stretching, BOX.key if held.stretching == CHEAP else bytes(32)).open(held)


@pytest.mark.parametrize("asks", [{"passes": PASSES_MAX + 1}, {"kibibytes": KIBIBYTES_MAX + 1}])
def test_a_file_cannot_ask_for_more_than_the_limits(asks: dict[str, int]) -> None:
    with pytest.raises(LimitReached):
        Stretching(bytes(16), **asks)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519-protected:argon2id:3:65536",
        "ed25519-protected:scrypt:3:65536:AA==:AA==",
        "ed25519-protected:argon2id:03:65536:AA==:AA==",
    ],
)
def test_what_is_not_a_protected_key_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        ProtectedKey.parse(text)


@pytest.mark.parametrize("passphrase", ["", "short words", "x" * 1025])
def test_a_passphrase_that_protects_nothing_is_refused(passphrase: str) -> None:
    with pytest.raises(Refusal):
        CHEAP.stretch(passphrase)


def test_neither_a_box_nor_an_error_shows_the_secret() -> None:
    assert str(BOX.key) not in repr(BOX)
