"""Markings: the strictest level counts, and handling and grade have one form each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Fields
from accord.stix.marking import (
    GRADE_INFORMATIONS,
    GRADE_SOURCES,
    LABEL_CHARACTERS_MAX,
    TLP_OF_MARKING,
    Classification,
    Grade,
    Handling,
    HandlingCode,
    SubjectCategory,
    Tlp,
    tlp_of,
)

AMBER_1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
GREEN_2 = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED_2 = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
STATEMENT = "marking-definition--4a0042fe-8b88-40fe-9600-dfa128ce6fbd"


def test_the_levels_rise_from_clear_to_red() -> None:
    assert [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED] == sorted(Tlp, key=lambda level: level.rank)
    assert [0, 1, 2, 3, 4] == sorted(level.rank for level in Tlp)


def test_white_is_the_old_name_of_clear() -> None:
    assert [Tlp.CLEAR, Tlp.CLEAR, Tlp.AMBER_STRICT] == [Tlp.parse(text) for text in ("white", "clear", "amber+strict")]


@pytest.mark.parametrize("text", ["", "CLEAR", "TLP:RED", "purple", "amber "])
def test_any_other_level_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Tlp.parse(text)


def test_every_level_but_the_new_one_has_two_known_markings() -> None:
    assert [2, 2, 2, 1, 2] == [list(TLP_OF_MARKING.values()).count(level) for level in Tlp]


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (None, {}),
        (None, {"object_marking_refs": [STATEMENT]}),
        (Tlp.AMBER, {"object_marking_refs": [GREEN_2, AMBER_1, STATEMENT]}),
        (Tlp.RED, {"object_marking_refs": [RED_2, GREEN_2]}),
        (Tlp.RED, {"object_marking_refs": [GREEN_2], "granular_markings": [{"marking_ref": RED_2, "selectors": ["name"]}]}),
        (None, {"object_marking_refs": RED_2}),
        (None, {"object_marking_refs": [None, {}, 5], "granular_markings": [7, {"lang": "ru"}, {"marking_ref": 5}]}),
        (None, {"definition_type": "tlp", "definition": {"tlp": "clear"}}),
    ],
)
def test_the_strictest_known_level_counts_for_the_whole(expected: Tlp | None, fields: Fields) -> None:
    assert expected == tlp_of(fields)


HANDLINGS = st.builds(
    Handling,
    st.sampled_from(Tlp),
    st.sets(st.sampled_from(HandlingCode)).map(lambda codes: tuple(sorted(codes))),
    st.none() | st.builds(Classification, st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9)),
)


def test_a_handling_stands_in_a_statement_without_what_is_empty() -> None:
    assert {"tlp": "amber"} == Handling(Tlp.AMBER).fields()
    full = Handling(Tlp.RED, (HandlingCode.H1, HandlingCode.H2), Classification("KZ", "құпия"))
    assert {"tlp": "red", "codes": ["H1", "H2"], "classification": {"state": "KZ", "label": "құпия"}} == full.fields()


@given(HANDLINGS)
def test_handling_parser_and_printer_are_inverse(handling: Handling) -> None:
    assert handling == Handling.parse(handling.fields())


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"tlp": "white"},
        {"tlp": "amber", "codes": []},
        {"tlp": "amber", "codes": ["H2", "H1"]},
        {"tlp": "amber", "codes": ["H1", "H1"]},
        {"tlp": "amber", "codes": ["H9"]},
        {"tlp": "amber", "codes": "H1"},
        {"tlp": "amber", "classification": None},
        {"tlp": "amber", "classification": {"state": "KZ"}},
        {"tlp": "amber", "classification": {"state": "KZ", "label": ""}},
        {"tlp": "amber", "classification": {"state": "KZ", "label": 1}},
        {"tlp": "amber", "note": "read me"},
    ],
)
def test_a_handling_of_another_form_is_refused(value: JSON) -> None:
    with pytest.raises(Malformed):
        Handling.parse(value)


def test_a_label_beyond_the_limit_is_told_by_the_name_of_the_limit() -> None:
    with pytest.raises(LimitReached) as reached:
        Handling.parse({"tlp": "amber", "classification": {"state": "KZ", "label": "a" * (LABEL_CHARACTERS_MAX + 1)}})
    assert "LABEL_CHARACTERS_MAX" == reached.value.limit


def test_every_grade_reads_back_as_itself() -> None:
    grades = [Grade(source, information) for source in GRADE_SOURCES for information in GRADE_INFORMATIONS]
    assert 16 == len(grades)
    assert grades == [Grade.parse(str(grade)) for grade in grades]


@given(st.text(max_size=4).filter(lambda text: text[:1] not in GRADE_SOURCES))
def test_any_other_text_is_no_grade(text: str) -> None:
    with pytest.raises(Malformed):
        Grade.parse(text)


@pytest.mark.parametrize("text", ["B", "B0", "B5", "B²", "B2 ", "b2"])
def test_a_text_near_a_grade_is_no_grade(text: str) -> None:
    with pytest.raises(Malformed):
        Grade.parse(text)


def test_a_grade_outside_the_scheme_cannot_be_made() -> None:
    for source, information in (("D", 1), ("A", 0), ("A", 5), ("a", 1)):
        with pytest.raises(ValueError, match="grade"):
            Grade(source, information)


def test_the_categories_of_data_subjects_are_those_of_the_requirement() -> None:
    assert ["convicted", "suspect", "factual-indications", "victim", "witness", "contact"] == [
        category.value for category in SubjectCategory
    ]
