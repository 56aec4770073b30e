"""Accord's own types: declared as the standard asks, the same on every node."""

from __future__ import annotations

import pytest

from accord.stix.extensions import EXTENSION_OF, author, definition, is_accord_type
from accord.stix.schema import faults_of


def test_the_identifiers_never_change() -> None:
    assert 9 == len(EXTENSION_OF) == len(set(EXTENSION_OF.values()))
    assert "extension-definition--5b28afbb-e960-50e7-8c0b-7fc7dae0af51" == EXTENSION_OF["accord-release"]
    assert "identity--3aa6a7b9-a919-56e3-87a4-2d4386edeb28" == author()["id"]


@pytest.mark.parametrize("name", EXTENSION_OF)
def test_each_definition_conforms_to_the_standard(name: str) -> None:
    assert [] == faults_of(definition(name))
    assert (EXTENSION_OF[name], ["new-sdo"], author()["id"]) == tuple(
        definition(name)[part] for part in ("id", "extension_types", "created_by_ref")
    )


def test_their_author_conforms_to_the_standard() -> None:
    assert [] == faults_of(author())


def test_a_type_of_a_later_version_is_reserved_already() -> None:
    assert [True, True, False, False] == [
        is_accord_type(name) for name in ("accord-release", "accord-later", "identity", "x-accord-release")
    ]


def test_an_undeclared_type_has_no_definition() -> None:
    with pytest.raises(KeyError):
        definition("accord-later")
