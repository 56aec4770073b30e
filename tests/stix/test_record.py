"""Records and the files they come in: one bad object is one bad object."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError, LimitReached, Malformed
from accord.seal.canonical import OBJECT_BYTES_MAX, Fields, digest_of
from accord.stix import record
from accord.stix.identifier import IDENTIFIER_CHARACTERS_MAX
from accord.stix.record import Record, concerns_person, of_fields, read, unpack

IDENTITY: Fields = {
    "type": "identity",
    "id": "identity--8ae20dde-83d4-4218-88fd-41ef0dabf9d1",
    "created": "2026-01-01T00:00:00.000Z",
    "modified": "2026-01-02T00:00:00.000Z",
    "name": "a",
}
ADDRESS: Fields = {"type": "ipv4-addr", "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "value": "198.51.100.3"}


def found(raw: bytes | str) -> list[Any]:
    """What a file holds: the objects, and of errors their type."""
    return [item if isinstance(item, dict) else type(item) for item in unpack(raw.encode() if isinstance(raw, str) else raw)]


def test_a_record_is_its_canonical_bytes_however_it_came() -> None:
    content = (
        b'{"created":"2026-01-01T00:00:00.000Z","id":"identity--8ae20dde-83d4-4218-88fd-41ef0dabf9d1",'
        b'"modified":"2026-01-02T00:00:00.000Z","name":"a","type":"identity"}'
    )
    expected = Record(content, digest_of(content), str(IDENTITY["id"]), "identity", "2026-01-02T00:00:00.000Z", IDENTITY)
    assert expected == read(json.dumps(IDENTITY, indent=2).encode()) == of_fields(IDENTITY)
    assert IDENTITY == dict(of_fields(IDENTITY).fields)


def test_unknown_properties_survive() -> None:
    fields: Fields = {**IDENTITY, "x_foo": [1, {"deep": True}], "x_ünlikely": ""}
    assert fields == json.loads(of_fields(fields).content)


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("2026-01-02T00:00:00.000Z", IDENTITY),
        ("2026-01-01T00:00:00.000Z", {name: value for name, value in IDENTITY.items() if name != "modified"}),
        ("", ADDRESS),
        ("", {**ADDRESS, "modified": 5}),
    ],
)
def test_the_version_is_modified_else_created_else_empty(version: str, fields: Fields) -> None:
    assert version == of_fields(fields).version


def test_the_view_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        of_fields(dict(ADDRESS)).fields["value"] = "203.0.113.1"  # type: ignore[index]  # The type says so too; the test asks the value.


def test_a_record_does_not_show_its_content_when_printed() -> None:
    assert "198.51.100.3" in of_fields(ADDRESS).content.decode()
    assert "198.51.100.3" not in repr(of_fields(ADDRESS))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": "identity"},
        {"id": "identity--x"},
        {"type": "", "id": "x"},
        {"type": 1, "id": "x"},
        {"type": "x", "id": None},
        {"type": "x\0", "id": "x"},
        {"type": "x", "id": "x\0"},
        {"type": "x", "id": "x", "modified": "2026\0"},
        {"type": "x", "id": "x", "created": "\0"},
        {"type": "bundle", "id": "bundle--8ae20dde-83d4-4218-88fd-41ef0dabf9d1", "objects": []},
    ],
)
def test_what_cannot_be_a_record_is_refused(fields: Fields) -> None:
    with pytest.raises(Malformed):
        of_fields(fields)


def test_an_object_that_breaks_the_standard_is_a_record_all_the_same() -> None:
    assert "identity--nothing" == of_fields({"type": "identity", "id": "identity--nothing"}).id


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"1"])
def test_another_value_is_no_object(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw)


@pytest.mark.parametrize(
    ("limit", "fields"),
    [
        ("OBJECT_BYTES_MAX", {**ADDRESS, "x_long": "a" * OBJECT_BYTES_MAX}),
        ("IDENTIFIER_CHARACTERS_MAX", {**ADDRESS, "id": "a" * (IDENTIFIER_CHARACTERS_MAX + 1)}),
        ("VERSION_CHARACTERS_MAX", {**ADDRESS, "modified": "2" * 65}),
        ("INTEGER_MAX", {**ADDRESS, "x_big": 2**53}),
    ],
)
def test_a_limit_is_told_by_its_name(limit: str, fields: Fields) -> None:
    with pytest.raises(LimitReached) as reached:
        of_fields(fields)
    assert limit == reached.value.limit


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (True, {"type": "identity", "identity_class": "individual"}),
        (True, {"type": "identity", "identity_class": " Individual "}),
        (False, {"type": "identity", "identity_class": "organization"}),
        (False, {"type": "identity"}),
        (True, {"type": "threat-actor", "resource_level": "individual"}),
        (False, {"type": "threat-actor", "resource_level": "team"}),
        (False, {"type": "threat-actor", "identity_class": "individual"}),
        (False, {"type": "identity", "identity_class": ["individual"]}),
        (False, {"type": "tool", "resource_level": "individual"}),
    ],
)
def test_a_person_is_recognised_by_the_words_of_the_standard(expected: bool, fields: Fields) -> None:
    assert expected is concerns_person(fields)


A, B = json.dumps(IDENTITY), json.dumps(ADDRESS)


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"type": "bundle", "id": "bundle--x", "objects": [{A}, {B}]}}',
        f'{{"id": "bundle--x", "objects": [ {A} ,\n{B} ], "spec_version": "2.1", "type": "bundle"}}',
        f"[{A},{B}]",
        f"{A}\n{B}\n",
        f"\n\r\n{A}\r\n\r\n{B}",
        f'{{"type": "bundle", "objects": [{A}]}}\n{B}',
    ],
)
def test_bundle_list_and_lines_hold_the_same_objects(raw: str) -> None:
    assert [IDENTITY, ADDRESS] == found(raw)


@pytest.mark.parametrize(
    ("raw", "expected"), [("", []), (" \n", []), ("[]", []), (A, [IDENTITY]), (json.dumps(IDENTITY, indent=1), [IDENTITY])]
)
def test_a_single_object_and_an_empty_file_are_read(raw: str, expected: list[Fields]) -> None:
    assert expected == found(raw)


@pytest.mark.parametrize("bad", ['{"a": 1, "a": 2}', '{"a": tru}', '{"a": 1e999}', "[1]", "7", '"text"', '{"a": "\\ud800"}', '{"a" 1}'])
def test_a_bad_object_stands_as_an_error_in_its_place_and_the_others_are_read(bad: str) -> None:
    kinds = [(type(item) if isinstance(item, dict) else AccordError) for item in unpack(f"[{A},{bad},{B}]".encode())]
    assert [dict, AccordError, dict] == kinds
    assert [IDENTITY, ADDRESS] == [item for item in unpack(f"[{A},{bad},{B}]".encode()) if isinstance(item, dict)]


def test_a_bad_first_line_does_not_spoil_the_file() -> None:
    assert [Malformed, IDENTITY, ADDRESS] == found(f'{{"a":\n{A}\n{B}')


def test_an_object_too_large_is_named_by_its_limit_and_reading_goes_on() -> None:
    large = json.dumps({**ADDRESS, "x_long": "a" * OBJECT_BYTES_MAX})
    items = list(unpack(f"[{large},{A}]".encode()))
    assert isinstance(items[0], LimitReached)
    assert ("OBJECT_BYTES_MAX", IDENTITY) == (items[0].limit, items[1])


@pytest.mark.parametrize(
    "raw",
    [
        f"[{A}",
        f'{{"type": "bundle", "objects": [{A}',
        f"{A} x",
        "]",
        "\ufeff" + A,
        f'{{"type": "bundle", "type": "bundle", "objects": [{A}]}}',
        '{"type": "bundle"}',
        '{"type": "bundle", "objects": {}}',
        "{" * 100_000,
        "[" * 100_000 + "]" * 100_000,
    ],
)
def test_a_file_that_holds_together_nowhere_is_one_error(raw: str) -> None:
    items = found(raw)
    assert 1 == len(items)
    assert not isinstance(items[0], dict)


def test_a_lost_comma_ends_the_reading() -> None:
    assert [IDENTITY, Malformed] == found(f"[{A} {B}]")


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FILE_BYTES_MAX", 10)
    items = list(unpack(A.encode()))
    assert ["FILE_BYTES_MAX"] == [item.limit for item in items if isinstance(item, LimitReached)]


TEXTS = st.text(alphabet='{}[]",:\\ae\né', max_size=20)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), TEXTS),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXTS.map(lambda name: f"x{name}"), VALUES, max_size=3), min_size=2, max_size=4)


@given(OBJECTS, st.booleans())
def test_any_objects_come_out_of_bundle_list_and_lines_as_they_went_in(objects: list[Any], escaped: bool) -> None:
    written = [json.dumps(item, ensure_ascii=escaped) for item in objects]
    assert objects == found(f"[{','.join(written)}]")
    assert objects == found(f'{{"objects":[{", ".join(written)}],"type":"bundle"}}')
    assert objects == found("\n".join(written))


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\a1 \n', max_size=60).map(str.encode))
def test_any_bytes_are_read_to_an_end(raw: bytes) -> None:
    assert all(isinstance(item, dict | AccordError) for item in unpack(raw))


_PLACES: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.sampled_from(["type", "id", "ä", "name", "a:b"]), st.sampled_from(["x", "ü", 1, 1.5, 2**60, None, [], {"k": "v:"}])
)


@given(
    st.lists(st.one_of(_PLACES, st.sampled_from([1, "x", None]))),
    st.sampled_from(["{}", "{},", '{{"a":1,"a":2}}', '{} {{"a":"\\ud800"}}', '{{"a":1}}']),
)
def test_an_envelope_read_at_once_is_the_one_read_object_by_object(objects: list[object], around: str) -> None:
    listed = around.format(orjson.dumps(objects).decode()[1:-1])
    raw = b'{"objects":[' + listed.encode() + b"]}"
    at_once = record._sound_envelope(raw)
    try:
        one_by_one = list(map(record._unpacked, record.unpack_envelope(raw)))
    except Malformed:
        assert at_once is None
        return
    assert at_once is None or at_once == one_by_one


def test_a_sound_envelope_is_read_at_once_and_one_with_a_fault_is_not() -> None:
    assert [({"b": 1, "a": 2}, b'{"a":2,"b":1}')] == record._sound_envelope(b'{"objects":[{"b":1,"a":2}]}')
    for raw in (
        b'{"objects":[{"a":1,"a":1}]}',
        b'{"objects":[1]}',
        b'{"objects":[{"a":9007199254740993}]}',
        b'{"objects":[],"more":false}',
    ):
        assert record._sound_envelope(raw) is None
