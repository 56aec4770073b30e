"""A sealed value opens for its maker and its question, and for nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Malformed
from accord.seal.envelope import SEALED_CHARACTERS_MAX, derived_key, open_sealed, seal
from accord.seal.keys import PrivateKey

KEY = derived_key(PrivateKey.from_seed(bytes([1]) * 32), purpose="test")


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=64))
def test_opening_is_the_inverse_of_sealing_which_gives_one_text_always(content: bytes, bound: bytes) -> None:
    sealed = seal(content, key=KEY, bound=bound)
    assert (content, sealed) == (open_sealed(sealed, key=KEY, bound=bound), seal(content, key=KEY, bound=bound))


@given(st.text(max_size=300))
def test_any_other_text_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        open_sealed(text, key=KEY, bound=b"")


@given(st.integers(min_value=0, max_value=31), st.sampled_from("ABCDabcd0189-_"))
def test_one_changed_character_is_malformed(place: int, letter: str) -> None:
    sealed = seal(bytes(8), key=KEY, bound=b"question")
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(Malformed):
            open_sealed(changed, key=KEY, bound=b"question")


def test_another_question_another_purpose_and_another_key_do_not_open() -> None:
    private = PrivateKey.from_seed(bytes([1]) * 32)
    sealed = seal(b"position", key=KEY, bound=b"question")
    others = [derived_key(private, purpose="other"), derived_key(PrivateKey.from_seed(bytes([2]) * 32), purpose="test")]
    for key, bound in [(KEY, b"other question"), *((key, b"question") for key in others)]:
        with pytest.raises(Malformed):
            open_sealed(sealed, key=key, bound=bound)


def test_a_text_beyond_the_limit_is_not_read() -> None:
    with pytest.raises(Malformed):
        open_sealed("A" * (SEALED_CHARACTERS_MAX + 1), key=KEY, bound=b"")
