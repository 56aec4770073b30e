"""Key files: what a member's root signed, and which of two counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.charter.keyfile import KEYS_MAX, KeyFile, successor
from accord.errors import AccordError, IntegrityFailure, KeyUnknown, LimitReached, Malformed, SignatureInvalid
from accord.seal.canonical import canonical
from accord.seal.keys import PrivateKey, Role, RoleKey
from tests.charter.charters import root_of

ROOT = root_of("AA")
AT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
OPERATIONAL = [role for role in Role if role is not Role.ROOT]


def key(role: Role, number: int = 0, *, start: datetime = AT, end: datetime | None = None) -> RoleKey:
    seed = bytes([number, list(Role).index(role)] + [7] * 30)
    return RoleKey(role, PrivateKey.from_seed(seed).public, start, end)


def key_file(*keys: RoleKey, **changes: Any) -> KeyFile:
    values: dict[str, Any] = {"charter_id": "invented.example", "member": "AA", "number": 1, "keys": keys, "made_at": AT}
    return KeyFile(**{**values, **changes})


@settings(max_examples=50, deadline=None)
@given(
    roles=st.lists(st.tuples(st.sampled_from(OPERATIONAL), st.integers(0, 5)), unique=True, max_size=8),
    number=st.integers(1, 2**53 - 1),
    made_at=st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_signed_is_read_the_same(roles: list[tuple[Role, int]], number: int, made_at: datetime) -> None:
    made = key_file(*(key(role, place) for role, place in roles), number=number, made_at=made_at)
    raw = made.sign(ROOT)
    assert made == KeyFile.read(raw, ROOT.public)
    assert raw == KeyFile.read(raw, ROOT.public).sign(ROOT)


def test_keys_are_given_by_role_and_time() -> None:
    hour = timedelta(hours=1)
    old, new = key(Role.LOG, 1, end=AT + hour), key(Role.LOG, 2, start=AT + hour)
    made = key_file(old, new, key(Role.RECEIPT))
    assert () == made.keys_for(Role.LOG, AT - timedelta(microseconds=1))
    assert (old.public,) == made.keys_for(Role.LOG, AT)
    assert (new.public,) == made.keys_for(Role.LOG, AT + hour)
    assert () == made.keys_for(Role.STATEMENT, AT)


def test_a_file_under_another_root_is_refused() -> None:
    with pytest.raises(KeyUnknown):
        KeyFile.read(key_file(key(Role.LOG)).sign(root_of("BB")), ROOT.public)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_byte_is_never_accepted(choice: st.DataObject) -> None:
    raw = bytearray(key_file(key(Role.LOG)).sign(ROOT))
    raw[choice.draw(st.integers(0, len(raw) - 1))] ^= choice.draw(st.integers(1, 255))
    with pytest.raises(AccordError):
        KeyFile.read(bytes(raw), ROOT.public)


def test_a_file_is_read_in_its_one_spelling_alone() -> None:
    value = json.loads(key_file(key(Role.LOG)).sign(ROOT))
    twice = {**value, "signatures": value["signatures"] * 2}
    for raw in (json.dumps(value).encode(), canonical(twice), canonical({**value, "more": 1}), b"[]", b""):
        with pytest.raises(Malformed):
            KeyFile.read(raw, ROOT.public)
    with pytest.raises(SignatureInvalid):
        KeyFile.read(canonical({**value, "number": 2}), ROOT.public)


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (key_file(number=0), Malformed),
        (key_file(RoleKey(Role.ROOT, ROOT.public, AT, None)), Malformed),
        (key_file(key(Role.LOG), RoleKey(Role.RECEIPT, key(Role.LOG).public, AT, None)), Malformed),
        (key_file(key(Role.LOG, end=AT)), Malformed),
        (key_file(*(key(Role.LOG, place) for place in range(KEYS_MAX + 1))), LimitReached),
    ],
    ids=["number", "root", "two roles", "ends before", "too many"],
)
def test_a_file_that_does_not_hold_together_is_not_signed(made: KeyFile, error: type[AccordError]) -> None:
    with pytest.raises(error):
        made.sign(ROOT)


def test_as_many_keys_as_the_limit_are_taken() -> None:
    made = key_file(*(key(Role.LOG, place) for place in range(KEYS_MAX)))
    assert made == KeyFile.read(made.sign(ROOT), ROOT.public)


def test_a_time_that_is_not_in_utc_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="UTC"):
        key_file(made_at=AT.replace(tzinfo=None)).sign(ROOT)


def test_a_higher_number_replaces_and_a_lower_one_does_not() -> None:
    first, second = key_file(key(Role.LOG)).sign(ROOT), key_file(number=2).sign(ROOT)
    assert second == successor(held=first, offered=second, root=ROOT.public)
    assert second == successor(held=second, offered=first, root=ROOT.public)
    assert first == successor(held=first, offered=first, root=ROOT.public)


def test_two_files_with_one_number_are_proof_of_a_fault() -> None:
    first, other = key_file(key(Role.LOG)).sign(ROOT), key_file(key(Role.LOG, 1)).sign(ROOT)
    with pytest.raises(IntegrityFailure, match="two different key files with number 1"):
        successor(held=first, offered=other, root=ROOT.public)


@pytest.mark.parametrize("changes", [{"member": "BB"}, {"charter_id": "other.example"}])
def test_a_file_of_another_member_or_charter_is_no_successor(changes: dict[str, str]) -> None:
    with pytest.raises(IntegrityFailure, match="expected AA in invented"):
        successor(held=key_file().sign(ROOT), offered=key_file(number=2, **changes).sign(ROOT), root=ROOT.public)
