"""Signatures inside objects: bound to content, context and key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError, KeyUnknown, LimitReached, Malformed, SignatureInvalid
from accord.seal.canonical import JSON, Fields, canonical
from accord.seal.keys import PrivateKey
from accord.seal.signature import SIGNATURES_MAX, Signature, sign_fields, verify_fields

KZ, KG, TJ = (PrivateKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
NOTICE: Fields = {"type": "notice", "terms": [1, 2.5, "й"]}

names = st.text(st.characters(codec="utf-8"), max_size=6).filter(lambda name: name != "signatures")
objects = st.dictionaries(
    names, st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=6), max_size=4
)


def entries_of(signed: Fields) -> list[JSON]:
    entries = signed["signatures"]
    assert isinstance(entries, list)
    return entries


def test_the_signed_message_is_domain_context_and_canonical_form() -> None:
    signed = sign_fields(NOTICE, context="notice", key=KZ)
    value = KZ.sign(b"accord/v1 notice\n" + canonical(NOTICE))
    assert {**NOTICE, "signatures": [Signature("ed25519", KZ.public.id, value).fields()]} == signed


@given(objects)
def test_what_was_signed_verifies_and_names_its_signer(fields: Fields) -> None:
    before = dict(fields)
    signed = sign_fields(fields, context="notice", key=KZ)
    assert verify_fields(signed, context="notice", keys=[KG.public, KZ.public]) == KZ.public
    assert before == fields


@given(objects, objects)
def test_a_signature_holds_for_no_other_content(fields: Fields, others: Fields) -> None:
    signed = sign_fields(fields, context="notice", key=KZ)
    if canonical(fields) != canonical(others):
        with pytest.raises(SignatureInvalid):
            verify_fields({**others, "signatures": signed["signatures"]}, context="notice", keys=[KZ.public])


def test_a_signature_holds_in_no_other_context() -> None:
    with pytest.raises(SignatureInvalid):
        verify_fields(sign_fields(NOTICE, context="notice", key=KZ), context="charter", keys=[KZ.public])


def test_each_of_several_signers_is_found() -> None:
    signed = sign_fields(sign_fields(NOTICE, context="notice", key=KZ), context="notice", key=KG)
    assert [KZ.public, KG.public, KZ.public] == [
        verify_fields(signed, context="notice", keys=keys) for keys in ([KZ.public], [KG.public, TJ.public], [KG.public, KZ.public])
    ]


def test_signing_twice_leaves_one_signature() -> None:
    once = sign_fields(NOTICE, context="notice", key=KZ)
    assert sign_fields(once, context="notice", key=KZ) == once


def test_a_key_that_does_not_count_is_unknown() -> None:
    with pytest.raises(KeyUnknown):
        verify_fields(sign_fields(NOTICE, context="notice", key=KZ), context="notice", keys=[KG.public])


@pytest.mark.parametrize("fields", [NOTICE, {**NOTICE, "signatures": []}])
def test_an_object_without_signature_does_not_hold(fields: Fields) -> None:
    with pytest.raises(SignatureInvalid):
        verify_fields(fields, context="notice", keys=[KZ.public])


def test_a_bad_signature_by_a_key_that_counts_refuses_the_object_even_beside_a_good_one() -> None:
    signed = sign_fields(NOTICE, context="notice", key=KZ)
    forged = Signature("ed25519", KG.public.id, bytes(64)).fields()
    both: Fields = {**signed, "signatures": [*entries_of(signed), forged]}
    with pytest.raises(SignatureInvalid):
        verify_fields(both, context="notice", keys=[KZ.public, KG.public])
    assert verify_fields(both, context="notice", keys=[KZ.public]) == KZ.public


def test_a_signature_in_a_future_algorithm_is_passed_over() -> None:
    signed = sign_fields(NOTICE, context="notice", key=KZ)
    future = Signature("ml-dsa-65", "0123456789abcdef", b"later").fields()
    assert verify_fields({**signed, "signatures": [future, *entries_of(signed)]}, context="notice", keys=[KZ.public]) == KZ.public


def test_no_more_signatures_than_the_limit_are_made_or_read() -> None:
    signed = NOTICE
    for number in range(SIGNATURES_MAX):
        signed = sign_fields(signed, context="notice", key=PrivateKey.from_seed(bytes([number]) * 32))
    last = PrivateKey.from_seed(bytes([SIGNATURES_MAX]) * 32)
    with pytest.raises(LimitReached, match="SIGNATURES_MAX"):
        sign_fields(signed, context="notice", key=last)
    entries = [*entries_of(signed), Signature("ed25519", last.public.id, bytes(64)).fields()]
    with pytest.raises(LimitReached, match="SIGNATURES_MAX"):
        verify_fields({**signed, "signatures": entries}, context="notice", keys=[last.public])


@pytest.mark.parametrize(
    "signatures",
    [None, {}, "x", [None], [{}], [{"algorithm": "ed25519", "key": "a", "value": "!"}], [{"algorithm": 1, "key": "a", "value": "AA=="}]]
    + [[{"algorithm": "ed25519", "key": "a", "value": "AA==", "more": 1}], [{"algorithm": "ed25519", "key": "a", "value": "AB=="}]],
)
def test_a_list_of_signatures_of_another_shape_is_refused(signatures: JSON) -> None:
    with pytest.raises(Malformed):
        verify_fields({**NOTICE, "signatures": signatures}, context="notice", keys=[KZ.public])


@given(
    st.recursive(
        st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    )
)
def test_no_list_of_signatures_verifies_by_chance(signatures: JSON) -> None:
    with pytest.raises(AccordError):
        verify_fields({**NOTICE, "signatures": signatures}, context="notice", keys=[KZ.public])


@pytest.mark.parametrize("context", ["", "two\nlines", "повестка", "\x7f"])
def test_a_context_that_could_be_read_otherwise_is_a_mistake_of_ours(context: str) -> None:
    with pytest.raises(ValueError, match="context"):
        sign_fields(NOTICE, context=context, key=KZ)


@given(st.text(max_size=9), st.text(max_size=9), st.binary(max_size=70))
def test_a_signature_and_its_fields_are_inverse(algorithm: str, key: str, value: bytes) -> None:
    signature = Signature(algorithm, key, value)
    assert Signature.parse(signature.fields()) == signature
