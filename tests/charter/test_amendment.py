"""Versions of a charter: what changed, what follows what, and who signed two that cannot both follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accord.charter.amendment import Difference, check_successor, differences, equivocators, signers
from accord.charter.document import Charter, SignedCharter
from accord.errors import CharterInvalid
from accord.seal.canonical import digest_text
from tests.charter.charters import root_of, signed, three

Change = Callable[[dict[str, Any]], None]


def _successor(old: SignedCharter, change: Change, *signing: str) -> SignedCharter:
    fields: dict[str, Any] = old.charter.fields
    fields["version"] = old.charter.version + 1
    fields["previous"] = digest_text(old.charter.digest)
    change(fields)
    after = SignedCharter(Charter.of_fields(fields), ())
    for member in signing:
        after = after.signed_by(member, root_of(member))
    return after


def _renamed(name: str) -> Change:
    def change(fields: dict[str, Any]) -> None:
        fields["names"] = {"en": name}

    return change


@pytest.fixture
def first() -> SignedCharter:
    return signed(three(), "AA", "BB", "CC")


def _everybody(version: SignedCharter) -> tuple[str, ...]:
    return tuple(member.id for member in version.charter.members if member.root is not None)


def test_a_version_signed_by_all_whom_its_predecessor_pins_follows_it(first: SignedCharter) -> None:
    second = _successor(first, _renamed("Renamed"), *_everybody(first))
    check_successor(first, second)
    assert set(_everybody(first)) == set(signers(first, second))


def test_a_version_that_one_member_did_not_sign_is_refused_by_name(first: SignedCharter) -> None:
    absent, *present = _everybody(first)
    with pytest.raises(CharterInvalid, match=f"not signed by {absent}"):
        check_successor(first, _successor(first, _renamed("Renamed"), *present))


def test_a_rolled_back_a_skipped_and_a_forked_version_are_refused_by_rule(first: SignedCharter) -> None:
    second = _successor(first, _renamed("Renamed"), *_everybody(first))
    third = _successor(second, _renamed("Again"), *_everybody(first))
    fork = _successor(_successor(first, _renamed("Otherwise"), *_everybody(first)), _renamed("Again"), *_everybody(first))
    with pytest.raises(CharterInvalid, match="never goes back"):
        check_successor(second, first)
    with pytest.raises(CharterInvalid, match="does not follow"):
        check_successor(first, third)
    with pytest.raises(CharterInvalid, match="forked"):
        check_successor(second, fork)


def test_two_successors_of_one_version_name_who_signed_both(first: SignedCharter) -> None:
    one = _successor(first, _renamed("One"), *_everybody(first))
    liar = _everybody(first)[0]
    other = _successor(first, _renamed("Other"), liar)
    assert (liar,) == equivocators(first, one, other)
    assert () == equivocators(first, one, one)


def test_differences_name_path_and_both_values(first: SignedCharter) -> None:
    second = _successor(first, _renamed("Renamed"))
    found = {difference.path: difference for difference in differences(first, second)}
    assert {"names.en", "previous", "version"} <= set(found)
    assert Difference("version", 1, 2) == found["version"]
    assert [] == differences(first, first)


def test_an_entry_of_a_list_is_found_by_its_identifier_wherever_it_stands(first: SignedCharter) -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["members"].reverse()
        fields["members"][0]["names"]["en"] = "Renamed"

    name = first.charter.members[-1].id
    paths = [difference.path for difference in differences(first, _successor(first, change))]
    assert f"members[{name}].names.en" in paths
    assert not [path for path in paths if path.startswith("members[") and name not in path]
