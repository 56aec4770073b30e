"""Keys: RFC 8032 vectors, parser and printer inverse, secrets that stay secret, signatures that only one message has."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError, Malformed, SignatureInvalid
from accord.seal.canonical import Fields
from accord.seal.keys import PrivateKey, PublicKey, Role, RoleKey

# RFC 8032, 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_keys_and_signatures_are_those_of_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    key = PrivateKey.from_seed(bytes.fromhex(seed))
    assert PublicKey("ed25519", bytes.fromhex(public)) == key.public
    assert bytes.fromhex(signature) == key.sign(bytes.fromhex(message))
    key.public.verify(signature=bytes.fromhex(signature), message=bytes.fromhex(message))


@given(st.binary(min_size=32, max_size=32))
def test_keys_and_their_text_are_inverse(seed: bytes) -> None:
    key = PrivateKey.from_seed(seed)
    assert PrivateKey.parse(key.secret_text()) == key
    assert PublicKey.parse(str(key.public)) == key.public
    assert len(key.public.id) == 16


@given(st.text(max_size=60) | st.text("AQ=+/", max_size=60).map("ed25519:".__add__))
def test_any_text_is_a_key_as_it_would_be_written_or_refused(text: str) -> None:
    try:
        key = PublicKey.parse(text)
    except AccordError:
        return
    assert str(key) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519",
        "ed25519:",
        "ed25519:AAAA",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=",
        "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n",
        "Ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "ml-dsa-65:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "ed25519:" + "A" * 10_000,
    ],
)
def test_a_public_key_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        PublicKey.parse(text)


@pytest.mark.parametrize("text", ["", "ed25519-seed:", "ed25519-seed:c2VjcmV0", "ed25519:AAAA", "rsa-seed:" + "A" * 43 + "="])
def test_a_refused_private_key_is_not_repeated(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        PrivateKey.parse(text)
    assert "c2Vj" not in str(refusal.value)


def test_the_seed_is_shown_by_nothing_but_secret_text() -> None:
    key = PrivateKey.from_seed(b"secret-" * 4 + b"four")
    shown = f"{key} {key!r} {[key]} { ({'key': key}) }"
    assert ("secret-secret" in key.seed.decode(), "secret-secret" in shown, key.secret_text()[13:20] in shown) == (True, False, False)


def test_a_private_key_survives_being_handed_to_another_process() -> None:
    key = PrivateKey.from_seed(bytes(range(32)))
    assert pickle.loads(pickle.dumps(key)) == key


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(0, 511))
def test_a_signature_with_one_bit_changed_does_not_hold(seed: bytes, message: bytes, bit: int) -> None:
    key = PrivateKey.from_seed(seed)
    changed = (int.from_bytes(key.sign(message), "big") ^ 1 << bit).to_bytes(64, "big")
    with pytest.raises(SignatureInvalid):
        key.public.verify(signature=changed, message=message)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_both_libraries_sign_alike(seed: bytes, message: bytes) -> None:
    assert Ed25519PrivateKey.from_private_bytes(seed).sign(message) == PrivateKey.from_seed(seed).sign(message)


def test_the_same_signature_written_with_a_larger_number_does_not_hold() -> None:
    key = PrivateKey.from_seed(bytes(32))
    signature = key.sign(b"message")
    larger = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.public.raw).verify(larger, b"message")
    with pytest.raises(SignatureInvalid):
        key.public.verify(signature=larger, message=b"message")


@pytest.mark.parametrize("point", ["01" + "00" * 31, "00" * 32, "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "01" + "00" * 30 + "80"])
def test_a_key_of_low_order_that_would_sign_everything_holds_nothing(point: str) -> None:
    key = PublicKey("ed25519", bytes.fromhex(point))
    for signature in (bytes.fromhex(point) + bytes(32), bytes.fromhex("01" + "00" * 31) + bytes(32)):
        with pytest.raises(SignatureInvalid):
            key.verify(signature=signature, message=b"any message")


@pytest.mark.parametrize("signature", [b"", b"\x00" * 63, b"\x00" * 64, b"\x00" * 65])
def test_a_signature_of_another_length_or_of_nothing_does_not_hold(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        PrivateKey.from_seed(bytes(32)).public.verify(signature=signature, message=b"")


def test_a_signature_with_bytes_behind_it_does_not_hold() -> None:
    key = PrivateKey.from_seed(bytes(32))
    with pytest.raises(SignatureInvalid):
        key.public.verify(signature=key.sign(b"ab") + b"a", message=b"b")


def test_a_role_key_is_valid_from_its_first_instant_until_before_its_last() -> None:
    key = RoleKey(Role.LOG, PrivateKey.from_seed(bytes(32)).public, JUNE, JUNE + timedelta(days=1))
    instants = [JUNE - timedelta(microseconds=1), JUNE, JUNE + timedelta(hours=23), JUNE + timedelta(days=1)]
    assert [False, True, True, False] == [key.is_valid_at(instant) for instant in instants]
    assert RoleKey(Role.LOG, key.public, JUNE, None).is_valid_at(JUNE + timedelta(days=9999))


@given(
    st.sampled_from(Role),
    st.datetimes(timezones=st.just(UTC)),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_a_role_key_and_its_fields_are_inverse(role: Role, start: datetime, end: datetime | None) -> None:
    key = RoleKey(role, PrivateKey.from_seed(bytes(32)).public, start, end)
    assert RoleKey.parse(key.fields()) == key


def test_a_role_key_is_written_plainly() -> None:
    key = RoleKey(Role.RECEIPT, PrivateKey.from_seed(bytes(32)).public, JUNE, None)
    expected = {
        "role": "receipt",
        "key": "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=",
        "valid_from": "2026-06-01T00:00:00Z",
        "valid_until": None,
    }
    assert expected == key.fields()


@pytest.mark.parametrize(
    "change",
    [
        {"role": "king"},
        {"role": 1},
        {"key": "ed25519:"},
        {"valid_from": None},
        {"valid_from": "2026-06-01"},
        {"valid_from": "2026-06-01T00:00:00"},
        {"valid_from": "2026-06-01T00:00:00+00:00"},
        {"valid_from": "2026-06-01T00:00:00.000Z"},
        {"valid_from": "2026-06-01 00:00:00Z"},
        {"valid_from": "2026-06-01T03:00:00+03:00Z"},
        {"valid_until": "later"},
        {"comment": "extra"},
    ],
)
def test_fields_that_are_not_a_role_key_are_refused(change: Fields) -> None:
    fields = RoleKey(Role.LOG, PrivateKey.from_seed(bytes(32)).public, JUNE, None).fields()
    with pytest.raises(Malformed):
        RoleKey.parse({**fields, **change})


def test_a_role_key_without_its_end_stated_is_refused() -> None:
    fields = RoleKey(Role.LOG, PrivateKey.from_seed(bytes(32)).public, JUNE, None).fields()
    del fields["valid_until"]
    with pytest.raises(Malformed):
        RoleKey.parse(fields)


def test_a_time_that_is_not_utc_is_a_mistake_of_ours() -> None:
    key = RoleKey(Role.LOG, PrivateKey.from_seed(bytes(32)).public, JUNE.astimezone(timezone(timedelta(hours=5))), None)
    with pytest.raises(ValueError, match="UTC"):
        key.fields()
