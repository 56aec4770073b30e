"""Identifiers: two parts, one form."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import Malformed
from accord.stix.identifier import TYPE_CHARACTERS_MAX, Identifier, identifier, is_type_name

SPECIMEN = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"


def test_an_identifier_is_read_in_its_two_parts() -> None:
    assert Identifier("indicator", UUID("8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")) == Identifier.parse(SPECIMEN)


@given(st.from_regex(r"\A[a-z][a-z0-9]{2,9}(-[a-z0-9]{1,9}){0,3}\Z"), st.uuids())
def test_parser_and_printer_are_inverse(type_name: str, uuid: UUID) -> None:
    text = identifier(type_name, uuid)
    assert text == str(Identifier.parse(text))


@given(st.text())
def test_what_is_read_prints_as_it_was(text: str) -> None:
    try:
        found = Identifier.parse(text)
    except Malformed:
        return
    assert text == str(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "indicator",
        SPECIMEN.upper(),
        SPECIMEN + " ",
        SPECIMEN[:-1],
        SPECIMEN.replace("--", "-"),
        "in--" + SPECIMEN[11:],
        "Indicator--" + SPECIMEN[11:],
        "indicator--{8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f}",
        SPECIMEN + "\n",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Identifier.parse(text)


def test_the_name_of_a_type_has_three_to_250_characters() -> None:
    assert [False, True, True, False] == [is_type_name("a" * length) for length in (2, 3, TYPE_CHARACTERS_MAX, TYPE_CHARACTERS_MAX + 1)]


@pytest.mark.parametrize("name", ["9lives", "-abc", "a--b", "ab_c", "ABC", "abç", "abc\n"])
def test_other_characters_name_no_type(name: str) -> None:
    assert not is_type_name(name)
    with pytest.raises(ValueError, match="type name"):
        identifier(name, UUID(int=0))
