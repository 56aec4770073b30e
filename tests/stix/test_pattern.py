"""Patterns: the grammar, its limits, and that a printed tree reads back as the same one."""

from __future__ import annotations

import gzip
from pathlib import Path as FilePath

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import LimitReached, Malformed
from accord.stix.pattern import NUMBER_CHARACTERS_MAX, PATTERN_CHARACTERS_MAX, PATTERN_DEPTH_MAX, QUALIFIERS_MAX, is_plain, parse
from accord.stix.pattern_tree import (
    Between,
    Comparison,
    Comparisons,
    Constant,
    Expression,
    Index,
    Joint,
    Key,
    Kind,
    Observation,
    Observations,
    Operator,
    Path,
    Pattern,
    Qualified,
    Repeats,
    Within,
)
from accord.stix.standard.domain import pattern_read_whole
from accord.stix.standard.fault import FINE

FILE_NAME = Path("file", (Key("name"),))


def string(text: str) -> Constant:
    return Constant(Kind.STRING, text)


def test_a_whole_pattern_becomes_a_tree() -> None:
    text = (
        r"([file:name LIKE 'a\'%' AND file:size IN (1, 2.50)] OR [NOT EXISTS x-y:'a-b'[*].c[0]]) WITHIN 5 SECONDS FOLLOWEDBY [a:b != true]"
    )
    first = Observation(
        Comparisons(
            Joint.AND,
            (
                Comparison(FILE_NAME, Operator.LIKE, (string("a'%"),)),
                Comparison(Path("file", (Key("size"),)), Operator.IN, (Constant(Kind.INTEGER, 1), Constant(Kind.FLOAT, 2.5))),
            ),
        )
    )
    second = Observation(Comparison(Path("x-y", (Key("a-b"), Index(None), Key("c"), Index(0))), Operator.EXISTS, (), is_negated=True))
    third = Observation(Comparison(Path("a", (Key("b"),)), Operator.UNEQUAL, (Constant(Kind.BOOLEAN, True),)))
    within = Qualified(Observations(Joint.OR, (first, second)), Within(Constant(Kind.INTEGER, 5)))
    assert Pattern(Observations(Joint.FOLLOWEDBY, (within, third))) == parse(text)


def test_and_binds_closer_than_or_and_or_closer_than_followedby() -> None:
    a, b, c = (Observation(Comparison(Path(name, (Key("v"),)), Operator.EQUAL, (Constant(Kind.INTEGER, 1),))) for name in "abc")
    expected = Observations(Joint.FOLLOWEDBY, (Observations(Joint.OR, (a, Observations(Joint.AND, (b, c)))), a))
    assert Pattern(expected) == parse("[a:v = 1] OR [b:v = 1] AND [c:v = 1] FOLLOWEDBY [a:v == 1]")


def test_every_kind_of_constant_is_read() -> None:
    text = "[a:b IN (-1, +.5, 'x', false, t'2020-02-29T00:00:60.5Z', h'0aFF', b'YQ==')]"
    constants = (
        Constant(Kind.INTEGER, -1),
        Constant(Kind.FLOAT, 0.5),
        string("x"),
        Constant(Kind.BOOLEAN, False),
        Constant(Kind.TIMESTAMP, "2020-02-29T00:00:60.5Z"),
        Constant(Kind.HEX, b"\x0a\xff"),
        Constant(Kind.BINARY, b"a"),
    )
    assert Pattern(Observation(Comparison(Path("a", (Key("b"),)), Operator.IN, constants))) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:b = 1",
        "[]",
        "[a:b = 1",
        "[a:b = 1]]",
        "[a:b]",
        "[a = 1]",
        "['a':b = 1]",
        "[a:b-c = 1]",
        "[a:AND = 1]",
        "[a:b = null]",
        "[a:b = TRUE]",
        "[a:b > true]",
        "[a:b LIKE 1]",
        "[a:b = 'a\\x']",
        "[a:b = 'a]",
        "[a:b = b'']",
        "[a:b = h'0']",
        "[a:b = 01]",
        "[a:b = 1e5]",
        "[a:b[-1] = 1]",
        "[a:b = 1] and [a:b = 2]",
        "[a:b = 1] AND",
        "[a:b = 1] WITHIN -1 SECONDS",
        "[a:b = 1] REPEATS 1.5 TIMES",
        "[a:b = 1] START t'2020-01-01T00:00:00Z'",
        "[a:b = 1] /* no end",
        "\ufeff[a:b = 1]",
        "[a:b = 1]\x00",
        "[file:hashes.'SHA-256' = 'f00']",
        "[file:hashes.MD5 IN ('79054025255fb1a26e4bc422aef54eb4', 'f00')]",
        "[a:b = 1] REPEATS 2 TIMES WITHIN 3 SECONDS REPEATS 2 TIMES",
    ],
)
def test_what_the_grammar_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_a_refusal_names_the_place_and_never_the_content() -> None:
    with pytest.raises(Malformed) as refusal:
        parse("[file:name = secret]")
    assert "pattern: expected a constant at character 14" == refusal.value.says


def test_comments_and_every_kind_of_white_space_are_skipped() -> None:
    assert parse("[a:b = 1]") == parse("/* x ' */ [ a :\u00a0b // ] \n=\t1 ]\u3000/**/")


def test_one_parenthesis_too_many_is_told_by_the_name_of_the_limit() -> None:
    deep = "(" * PATTERN_DEPTH_MAX + "[a:b = 1]" + ")" * PATTERN_DEPTH_MAX
    assert parse("[a:b = 1]") == parse(deep)
    with pytest.raises(LimitReached) as reached:
        parse(f"({deep})")
    assert "PATTERN_DEPTH_MAX" == reached.value.limit


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ("PATTERN_CHARACTERS_MAX", "[a:b = 1]" + " " * PATTERN_CHARACTERS_MAX),
        ("NUMBER_CHARACTERS_MAX", f"[a:b = 1{'0' * NUMBER_CHARACTERS_MAX}]"),
        ("QUALIFIERS_MAX", "([a:b = 1])" + " WITHIN 1 SECONDS" * (QUALIFIERS_MAX + 1)),
    ],
)
def test_a_limit_is_told_by_its_name(limit: str, text: str) -> None:
    with pytest.raises(LimitReached) as reached:
        parse(text)
    assert limit == reached.value.limit


@pytest.mark.parametrize(
    "attack", ["'" * 200_001, "/*" * 100_000, "[a:b = '" + "\\'" * 100_000, "b'" + "A" * 200_001, "h'" + "0" * 200_001]
)
def test_a_long_hostile_text_is_refused_in_time(attack: str) -> None:
    with pytest.raises(Malformed):
        parse(attack)


NAMES = st.text(min_size=1, max_size=6)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32).map(float)
TIMES = st.just("2020-02-29T12:00:00.25Z")
CONSTANTS = st.one_of(
    st.integers().map(lambda value: Constant(Kind.INTEGER, value)),
    FLOATS.map(lambda value: Constant(Kind.FLOAT, value)),
    st.text().map(string),
    st.binary().map(lambda value: Constant(Kind.HEX, value)),
    st.binary(min_size=1).map(lambda value: Constant(Kind.BINARY, value)),
    TIMES.map(lambda value: Constant(Kind.TIMESTAMP, value)),
)
STEPS = st.one_of(NAMES.map(Key), st.none().map(Index), st.integers(0, 9).map(Index))
PATHS = st.builds(
    lambda kind, first, steps: Path(kind, (Key(first), *steps)),
    st.from_regex(r"\A[a-z_][a-z0-9-]{3,8}\Z"),
    NAMES,
    st.lists(STEPS, max_size=3),
).filter(lambda path: not any(isinstance(step, Key) and step.name == "hashes" for step in path.steps))
COMPARISON = st.one_of(
    st.builds(
        lambda path, operator, constant, no: Comparison(path, operator, (constant,), no),
        PATHS,
        st.sampled_from([Operator.EQUAL, Operator.UNEQUAL, Operator.LESS, Operator.GREATER_OR_EQUAL]),
        CONSTANTS,
        st.booleans(),
    ),
    st.builds(
        lambda path, constants, no: Comparison(path, Operator.IN, tuple(constants), no),
        PATHS,
        st.lists(CONSTANTS, max_size=3),
        st.booleans(),
    ),
    st.builds(lambda path, text, no: Comparison(path, Operator.MATCHES, (string(text),), no), PATHS, st.text(), st.booleans()),
    st.builds(lambda path, no: Comparison(path, Operator.EXISTS, (), no), PATHS, st.booleans()),
)
COMPARISONS = st.recursive(
    COMPARISON,
    lambda inner: st.builds(
        lambda joint, items: Comparisons(joint, tuple(items)),
        st.sampled_from([Joint.AND, Joint.OR]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=4,
)
QUALIFIERS = st.one_of(
    st.integers(0, 99).map(lambda value: Within(Constant(Kind.INTEGER, value))),
    st.integers(0, 99).map(Repeats),
    st.builds(Between, TIMES, TIMES),
)
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    COMPARISONS.map(Observation),
    lambda inner: st.one_of(
        st.builds(lambda joint, items: Observations(joint, tuple(items)), st.sampled_from(Joint), st.lists(inner, min_size=2, max_size=3)),
        st.builds(Qualified, inner, QUALIFIERS),
    ),
    max_leaves=4,
)


@given(EXPRESSIONS)
def test_a_printed_tree_reads_back_as_itself(expression: Expression) -> None:
    pattern = Pattern(expression)
    assert pattern == parse(str(pattern))


@given(st.text(alphabet="[]()a:b.'\\=<>!,*-+0159 \n/thANDORIN", max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_prints(text: str) -> None:
    try:
        pattern = parse(text)
    except Malformed:
        return
    assert pattern == parse(str(pattern))


_WORD = st.sampled_from(
    ["file", "ipv4-addr", "domain-name", "x9", "true", "false", "AND", "id", "name", "hashes", "value", "a", "Bad", "parent_ref", "'x-ext'"]
)
_LITERAL = st.sampled_from(
    ["'a'", "''", "'it\\'s'", "'a' ", "0", "443", "007", "-1", "1.5", "t'x'", "true", f"'{'a' * 32}'", f"'{'0' * 40}'", f"'{'f' * 64}'"]
)
_HASH = st.sampled_from(["MD5", "'MD5'", "SHA1", "'SHA-1'", "SHA256", "'SHA-256'", "'SHA-512'", "ssdeep"])
_EQUALITY = st.one_of(
    st.builds(lambda kind, path, value: f"{kind}:{'.'.join(path)} = {value}", _WORD, st.lists(_WORD, min_size=1, max_size=3), _LITERAL),
    st.builds(lambda kind, algorithm, value: f"{kind}:hashes.{algorithm}={value}", _WORD, _HASH, _LITERAL),
)


@given(
    st.lists(_EQUALITY, min_size=1, max_size=4),
    st.sampled_from([" OR ", " AND ", " FOLLOWEDBY ", "OR"]),
    st.sampled_from(["[{}]", "[ {} ]", "[{}", "[{}] "]),
)
def test_what_is_plain_is_a_pattern_that_stands(equalities: list[str], joint: str, around: str) -> None:
    text = around.format(joint.join(equalities))
    if is_plain(text):
        assert FINE == pattern_read_whole(text)


def test_most_of_the_published_patterns_are_plain_and_stand(shared_data: FilePath) -> None:
    texts = [orjson.loads(line) for line in gzip.decompress((shared_data / "stix" / "stix-patterns.txt.gz").read_bytes()).splitlines()]
    plain = [text for text in texts if is_plain(text)]
    assert len(plain) > len(texts) * 0.9
    assert all(pattern_read_whole(text) == FINE for text in plain)
