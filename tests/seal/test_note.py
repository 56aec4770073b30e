"""Signed notes: parser and printer inverse, who counts as a signer, and the attacks that the specification names."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError, KeyUnknown, LimitReached, Malformed, SignatureInvalid
from accord.seal.keys import PrivateKey, PublicKey
from accord.seal.note import (
    NOTE_BYTES_MAX,
    NOTE_SIGNATURES_MAX,
    TIMESTAMP_MAX,
    Note,
    NoteAlgorithm,
    NoteSignature,
    Verified,
    Verifier,
    cosign,
    sign,
    verify,
)

LOG, WITNESS = (PrivateKey.from_seed(bytes([number]) * 32) for number in (1, 2))
TEXT = "a text\n\nof two parts\n"
LOG_VERIFIER = Verifier("example.com/log", NoteAlgorithm.ED25519, LOG.public)
WITNESS_VERIFIER = Verifier("example.com/witness", NoteAlgorithm.COSIGNATURE_V1, WITNESS.public)

lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
texts = st.lists(lines, max_size=5).map(lambda several: "".join(f"{line}\n" for line in several) or "\n")
key_names = lines.filter(lambda name: name != "" and "+" not in name and not any(sign.isspace() for sign in name))


def signed(text: str = TEXT) -> Note:
    return Note(text, (sign(text, name=LOG_VERIFIER.name, key=LOG),))


@given(texts, key_names)
def test_a_signed_note_is_read_back_and_verifies(text: str, name: str) -> None:
    note = Note(text, (sign(text, name=name, key=LOG), cosign(text, name=name, key=WITNESS, at=7)))
    known = [Verifier(name, NoteAlgorithm.ED25519, LOG.public), Verifier(name, NoteAlgorithm.COSIGNATURE_V1, WITNESS.public)]
    assert Note.parse(str(note)) == note
    assert verify(note, known) == (Verified(known[0], None), Verified(known[1], 7))


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["a", "\n", "\n\n", "— ", "a AAAAAAA=\n", "— a AAAAAAA=\n", " "]), max_size=6).map("".join)
)
def test_any_text_is_a_note_as_it_would_be_written_or_refused(text: str) -> None:
    try:
        note = Note.parse(text)
    except AccordError:
        return
    assert str(note) == text


@given(key_names, st.sampled_from(NoteAlgorithm))
def test_a_verifier_and_its_text_are_inverse(name: str, algorithm: NoteAlgorithm) -> None:
    verifier = Verifier(name, algorithm, LOG.public)
    assert Verifier.parse(str(verifier)) == verifier


def test_a_verifier_key_of_ml_dsa_is_refused_by_the_name_of_its_type() -> None:
    with pytest.raises(Malformed, match="0x06"):
        Verifier.parse("test+5893dc2c+" + "BtMcFiao6ZOdU6LZ40tLKbsWpDOU8smR")


def test_the_same_key_with_another_name_or_type_has_another_hash() -> None:
    verifiers = [Verifier(name, algorithm, LOG.public) for name in "ab" for algorithm in NoteAlgorithm]
    assert len({verifier.key_hash for verifier in verifiers}) == 4


def test_a_line_that_shares_only_the_name_or_only_the_hash_is_unknown() -> None:
    good = signed().signatures[0]
    for stranger in (NoteSignature(good.name, b"none", good.value), NoteSignature("example.com/other", good.key_hash, good.value)):
        with pytest.raises(KeyUnknown):
            verify(Note(TEXT, (stranger,)), [LOG_VERIFIER])
        assert verify(Note(TEXT, (stranger, good)), [LOG_VERIFIER]) == (Verified(LOG_VERIFIER, None),)


def test_a_bad_line_of_a_known_signer_refuses_the_note_even_behind_a_good_one() -> None:
    good = signed().signatures[0]
    forged = NoteSignature(good.name, good.key_hash, bytes(64))
    for order in ((good, forged), (forged, good), (forged,)):
        with pytest.raises(SignatureInvalid):
            verify(Note(TEXT, order), [LOG_VERIFIER])


def test_a_signer_that_stands_twice_counts_once() -> None:
    note = Note(
        TEXT, (cosign(TEXT, name=WITNESS_VERIFIER.name, key=WITNESS, at=5), cosign(TEXT, name=WITNESS_VERIFIER.name, key=WITNESS, at=6))
    )
    assert verify(note, [WITNESS_VERIFIER, WITNESS_VERIFIER]) == (Verified(WITNESS_VERIFIER, 5),)


def test_a_changed_time_breaks_a_cosignature() -> None:
    line = cosign(TEXT, name=WITNESS_VERIFIER.name, key=WITNESS, at=5)
    later = NoteSignature(line.name, line.key_hash, (6).to_bytes(8, "big") + line.value[8:])
    beyond = NoteSignature(line.name, line.key_hash, (TIMESTAMP_MAX + 1).to_bytes(8, "big") + line.value[8:])
    for changed in (later, beyond, NoteSignature(line.name, line.key_hash, b"\x00")):
        with pytest.raises(SignatureInvalid):
            verify(Note(TEXT, (changed,)), [WITNESS_VERIFIER])


def test_a_cosignature_never_passes_for_a_signature() -> None:
    line = cosign(TEXT, name="example.com/both", key=LOG, at=5)
    verifier = Verifier("example.com/both", NoteAlgorithm.ED25519, LOG.public)
    for value in (line.value, line.value[8:]):
        with pytest.raises(SignatureInvalid):
            verify(Note(TEXT, (NoteSignature(verifier.name, verifier.key_hash, value),)), [verifier])


@pytest.mark.parametrize("at", [-1, TIMESTAMP_MAX + 1])
def test_a_time_that_cannot_be_written_is_a_mistake_of_ours(at: int) -> None:
    with pytest.raises(ValueError, match="time"):
        cosign(TEXT, name="example.com/witness", key=WITNESS, at=at)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\nb", "a\tb", "a\x01b", "a\ud800b"])
def test_a_name_that_the_format_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        Verifier(name, NoteAlgorithm.ED25519, LOG.public)
    with pytest.raises(Malformed):
        sign(TEXT, name=name, key=LOG)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "return\r\n", "surrogate \ud800\n", "null\x00\n"])
def test_a_text_that_the_format_cannot_carry_is_not_signed(text: str) -> None:
    with pytest.raises(Malformed):
        sign(text, name="example.com/log", key=LOG)
    with pytest.raises(Malformed):
        cosign(text, name="example.com/log", key=LOG, at=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note[:-1],
        lambda note: note + "\n",
        lambda note: note + "x",
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("— ", "- "),
        lambda note: note.replace("—", "— "),
        lambda note: note.replace("log ", "log  "),
        lambda note: note.replace("of two", "of\ttwo"),
        lambda note: note.replace("of two", "of \ud800two"),
        lambda note: note + "— example.com/log AAAAAA==\n",
        lambda note: note + "— example.com/log\n",
        lambda note: note.replace("\n", "\r\n"),
        lambda note: "",
        lambda note: "\n\n",
    ],
)
def test_a_note_of_another_shape_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(Malformed):
        Note.parse(change(str(signed())))


def test_a_signature_with_bits_behind_its_last_byte_does_not_hold() -> None:
    assert Note.parse(str(signed()) + "— example.com/other AAAAAAA=\n").signatures[1].value == b"\x00"
    with pytest.raises(SignatureInvalid):
        Note.parse(str(signed()) + "— example.com/other AAAAAAB=\n")


def test_a_note_is_read_up_to_its_limits() -> None:
    line = signed().signatures[0]
    assert len(Note.parse(str(Note(TEXT, (line,) * NOTE_SIGNATURES_MAX))).signatures) == NOTE_SIGNATURES_MAX
    with pytest.raises(LimitReached, match="NOTE_SIGNATURES_MAX"):
        Note.parse(str(Note(TEXT, (line,) * (NOTE_SIGNATURES_MAX + 1))))
    room = NOTE_BYTES_MAX - len(str(Note("\n", (line,))).encode())
    assert Note.parse(str(Note("a" * room + "\n", (line,)))).signatures == (line,)
    for filling in ("a" * (room + 1), "й" * (room // 2 + 1)):
        with pytest.raises(LimitReached, match="NOTE_BYTES_MAX"):
            Note.parse(str(Note(filling + "\n", (line,))))


def test_two_signers_that_could_not_be_told_apart_are_a_mistake_of_ours() -> None:
    # Four bytes collide among about a hundred thousand keys; the points need not exist for the hash.
    seen: dict[bytes, Verifier] = {}
    verifiers = (Verifier("example.com/log", NoteAlgorithm.ED25519, PublicKey("ed25519", number.to_bytes(32, "big"))) for number in count())
    alike = next((verifier, other) for verifier in verifiers if (other := seen.setdefault(verifier.key_hash, verifier)) is not verifier)
    with pytest.raises(ValueError, match="share"):
        verify(signed(), alike)
