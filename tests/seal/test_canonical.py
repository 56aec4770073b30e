"""The canonical form: RFC 8785 vectors, what is refused and under which limit, and the fast reader equal to the thorough one."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from accord.errors import AccordError, LimitReached, Malformed
from accord.seal import canonical as module
from accord.seal.canonical import (
    DEPTH_MAX,
    INTEGER_MAX,
    JSON,
    OBJECT_BYTES_MAX,
    canonical,
    digest_of,
    digest_text,
    parse_digest,
    read,
    read_canonical,
)

# RFC 8785, appendix B: the bits of a double and its text. Numbers beyond INTEGER_MAX are in the appendix too and are refused here.
NUMBERS = {
    0x0000000000000000: "0",
    0x8000000000000000: "0",
    0x0000000000000001: "5e-324",
    0x8000000000000001: "-5e-324",
    0x4340000000000000: None,
    0xC340000000000000: None,
    0x7FEFFFFFFFFFFFFF: None,
    0xFFEFFFFFFFFFFFFF: None,
    0x4430000000000000: None,
    0x7FFFFFFFFFFFFFFF: None,
    0x7FF0000000000000: None,
    0x44B52D02C7E14AF5: None,
    0x444B1AE4D6E2EF4F: None,
    0x3EB0C6F7A0B5ED8C: "9.999999999999997e-7",
    0x3EB0C6F7A0B5ED8D: "0.000001",
    0x41B3DE4355555553: "333333333.3333332",
    0x41B3DE4355555554: "333333333.33333325",
    0x41B3DE4355555555: "333333333.3333333",
    0x41B3DE4355555556: "333333333.3333334",
    0x41B3DE4355555557: "333333333.33333343",
    0xBECBF647612F3696: "-0.0000033333333333333333",
    0x43143FF3C1CB0959: "1424953923781206.2",
}

# RFC 8785, 3.2.2: the sample object. Its number 333333333.33333329 is kept, 1E30 is beyond INTEGER_MAX and was taken out.
SAMPLE = rb"""{
  "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
SAMPLE_CANONICAL = (
    '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
)

# RFC 8785, 3.2.3: keys are ordered by UTF-16 code units, so a sign beyond the basic plane comes before U+FB33.
KEYS = rb"""{
  "\u20ac": "Euro Sign",
  "\r": "Carriage Return",
  "\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face",
  "\u0080": "Control",
  "\u00f6": "Latin Small Letter O With Diaeresis"
}"""
KEYS_IN_ORDER = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]

text = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(-INTEGER_MAX, INTEGER_MAX) | st.floats(-INTEGER_MAX, INTEGER_MAX, allow_nan=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
# Pieces of JSON in any order: seldom valid, but often nearly.
scraps = st.lists(
    st.sampled_from(
        [
            '{"a":',
            '"a":',
            '"\\u0061":',
            '"\\u003a":',
            '":":',
            "{",
            "}",
            "[",
            "]",
            ",",
            "1",
            "1.0",
            "-0",
            "-0.0",
            "1e400",
            "1e16",
            "NaN",
            '""',
            " ",
            "null",
        ]
        + [
            '"\\ud800"',
            '"\\ud83d\\ude00"',
            '"\\udc00\\ud800"',
            "9007199254740991",
            "9007199254740992",
            "9" * 25,
            "01",
            "1.",
            '"\\u003A:"',
            '"\x01"',
            "\ufeff",
        ]
    ),
    max_size=12,
).map("".join)


class Count(IntEnum):
    ONE = 1


class Word(StrEnum):
    AMBER = "amber"


def outcome(reader: Callable[[bytes], JSON], raw: bytes) -> tuple[str, object]:
    try:
        value = reader(raw)
    except AccordError as refusal:
        return "refused", refusal.limit if isinstance(refusal, LimitReached) else type(refusal)
    return "read", json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(("bits", "expected"), NUMBERS.items())
def test_a_number_is_written_as_in_appendix_b(bits: int, expected: str | None) -> None:
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    if expected is None:
        with pytest.raises(LimitReached, match="INTEGER_MAX"):
            canonical(number)
    else:
        assert expected.encode() == canonical(number)


def test_the_sample_object_of_the_standard_is_written_as_there() -> None:
    assert read_canonical(SAMPLE)[1] == SAMPLE_CANONICAL


def test_keys_are_ordered_by_utf_16_code_units() -> None:
    value, written = read_canonical(KEYS)
    assert list(json.loads(written)) == KEYS_IN_ORDER
    assert isinstance(value, dict)


def test_characters_are_escaped_as_the_standard_says() -> None:
    every = "".join(map(chr, range(0x80))) + "\u2028\u2029"
    assert rfc8785.dumps(every) == canonical(every)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", Malformed),
        (b"   ", Malformed),
        (b"{", Malformed),
        (b'{"a":1}x', Malformed),
        (b'{"a":1} {"a":1}', Malformed),
        (b"\xef\xbb\xbf{}", Malformed),
        (b'"\xff"', Malformed),
        (b'"\xed\xa0\x80"', Malformed),
        (b'"\\ud800"', Malformed),
        (b'{"\\udc00":1}', Malformed),
        (b'{"a":1,"a":1}', Malformed),
        (b'{"a":1,"\\u0061":2}', Malformed),
        (b'{"a":{"b":1,"c":2,"b":3}}', Malformed),
        (b'[{"a\\u003a":1,"b":"\\u003a\\u003A","a:":2}]', Malformed),
        (b'{"x":"\\u003a","a":1,"a":1}', Malformed),
        (b"NaN", Malformed),
        (b"[-Infinity]", Malformed),
        (b"01", Malformed),
        (b"[1,]", Malformed),
        (b"'a'", Malformed),
        (b'"\x00"', Malformed),
        (b"{1:2}", Malformed),
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes, refusal: type[AccordError]) -> None:
    for reader in (read, read_canonical):
        with pytest.raises(refusal):
            reader(raw)


@pytest.mark.parametrize(
    "number", ["9007199254740992", "-9007199254740992", "9007199254740992.0", "1e16", "-1e400", "1e400", "9" * 400, "9" * 6000]
)
def test_a_number_beyond_what_every_reader_holds_names_its_limit(number: str) -> None:
    for reader in (read, read_canonical):
        with pytest.raises(LimitReached) as refusal:
            reader(f'{{"a":[{number}]}}'.encode())
        assert refusal.value.limit == "INTEGER_MAX"


def test_the_largest_numbers_are_taken() -> None:
    raw = b"[9007199254740991,-9007199254740991]"
    assert read_canonical(raw) == ([INTEGER_MAX, -INTEGER_MAX], raw)


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_taken_to_its_limit_and_refused_one_past_it(left: str, right: str) -> None:
    inner = "[]" if left == "[" else "{}"
    allowed = (left * (DEPTH_MAX - 1) + inner + right * (DEPTH_MAX - 1)).encode()
    assert read_canonical(allowed)[1] == allowed
    for deeper in (1, 100, 2_000, 100_000):
        raw = (left * (DEPTH_MAX - 1 + deeper) + inner + right * (DEPTH_MAX - 1 + deeper)).encode()
        for reader in (read, read_canonical):
            with pytest.raises(LimitReached) as refusal:
                reader(raw)
            assert refusal.value.limit == "DEPTH_MAX"


def test_size_is_taken_to_its_limit_and_refused_one_past_it() -> None:
    allowed = b'"' + b"a" * (OBJECT_BYTES_MAX - 2) + b'"'
    assert read(allowed) == "a" * (OBJECT_BYTES_MAX - 2)
    for reader in (read, read_canonical):
        with pytest.raises(LimitReached, match="OBJECT_BYTES_MAX"):
            reader(allowed + b" ")
        with pytest.raises(LimitReached, match="OBJECT_BYTES_MAX"):
            reader(b"[1, 2]", bytes_max=5)


def test_short_numbers_cannot_grow_an_object_past_its_limit() -> None:
    raw = b"[" + b",".join([b"1e15"] * 100) + b"]"
    assert len(read_canonical(raw)[1]) > len(raw)
    with pytest.raises(LimitReached, match="OBJECT_BYTES_MAX"):
        read_canonical(raw, bytes_max=len(raw))


def test_a_repeated_key_in_different_objects_is_no_fault() -> None:
    raw = b'[{"a":1},{"a":{"a":"a:a"}}]'
    assert read_canonical(raw) == ([{"a": 1}, {"a": {"a": "a:a"}}], raw)


def test_a_refusal_holds_nothing_of_the_content() -> None:
    for raw in (b'{"secret":1,"secret":2}', b'{"secret":1e400}', b'{"secret"', b'{"secret":"\\ud800"}', b'"secret\xff"'):
        with pytest.raises(AccordError) as refusal:
            read(raw)
        assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("foreign", [(1, 2), {1: 2}, object(), b"bytes", Count.ONE, [{"a": {1}}]])
def test_a_value_that_is_not_json_is_a_mistake_of_ours(foreign: JSON) -> None:
    with pytest.raises(TypeError):
        canonical(foreign)


def test_a_word_of_a_closed_set_is_written_as_its_text() -> None:
    assert canonical({"a": Word.AMBER}) == b'{"a":"amber"}'
    assert canonical({"a": Word.AMBER, "b": 0.5}) == b'{"a":"amber","b":0.5}'


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, {"a": "\udfff", "b": 0.5}])
def test_a_lone_surrogate_cannot_be_written(value: JSON) -> None:
    with pytest.raises(Malformed):
        canonical(value)


@given(values)
def test_the_fast_writer_is_equal_to_the_slow_one(value: JSON) -> None:
    assert rfc8785.dumps(value) == canonical(value)


@given(values)
def test_the_canonical_form_is_its_own_canonical_form(value: JSON) -> None:
    written = canonical(value)
    assert read_canonical(written)[1] == written
    assert read(written) == value


@given(values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_spacing_and_escapes_do_not_change_the_canonical_form(value: JSON, ascii_only: bool, indent: int | str | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert read_canonical(raw) == (read(raw), canonical(value))


@given(scraps | st.text(max_size=20))
@example('{"a\\u003a":1,"a:":1,"b":":"}')
@example('{"a":1,"b:":1,"a":1}')
@example("[1e400")
@example("[" * 70 + "1e400" + "]" * 70)
def test_the_fast_reader_is_equal_to_the_thorough_one(candidate: str) -> None:
    raw = candidate.encode("utf-8", errors="surrogatepass")
    expected = outcome(module._read_thoroughly, raw)
    assert outcome(read, raw) == expected
    assert outcome(lambda content: read_canonical(content)[0], raw) == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_alike(raw: bytes) -> None:
    assert outcome(read, raw) == outcome(module._read_thoroughly, raw)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ":", "a:", "é", "\u003a\u003a"]), st.booleans(), st.sampled_from(['":"', "1", "{}", '"\\u003a"'])
        ),
        max_size=5,
    )
)
def test_two_equal_keys_are_always_found(entries: list[tuple[str, bool, str]]) -> None:
    def written(key: str, escaped: bool) -> str:
        return '"' + "".join(f"\\u{ord(sign):04x}" if escaped else sign for sign in key) + '"'

    raw = ("{" + ",".join(f"{written(key, escaped)}:{value}" for key, escaped, value in entries) + "}").encode()
    if len({key for key, _, _ in entries}) == len(entries):
        assert json.loads(raw) == read(raw)
    else:
        for reader in (read, read_canonical):
            with pytest.raises(Malformed):
                reader(raw)


def test_a_digest_and_its_text_are_inverse() -> None:
    empty = digest_of(b"")
    assert digest_text(empty) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert parse_digest(digest_text(empty)) == empty


@pytest.mark.parametrize(
    "text", ["", "sha256:", "e3" * 32, "sha256:" + "E3" * 32, "sha256:" + "e3" * 31, "sha256:" + "e3" * 32 + "\n", "sha512:" + "e3" * 32]
)
def test_a_digest_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_digest(text)


def test_every_twentieth_public_stix_object_keeps_its_meaning(shared_data: Path) -> None:
    with gzip.open(shared_data / "stix" / "stix21-native.ndjson.gz", "rb") as lines:
        for number, line in enumerate(lines):
            if number % 20 == 0:
                value, written = read_canonical(line)
                assert (json.loads(line), rfc8785.dumps(value)) == (value, written)
