"""Patterns of indicators: ``[ipv4-addr:value = '198.51.100.3'] FOLLOWEDBY [file:name LIKE 'a%'] WITHIN 300 SECONDS``, read into a frozen tree.

STIX 2.1, 9. The grammar is the standard's. What the grammar takes and yet cannot be meant is refused too: a hash whose value its algorithm
cannot give, and one kind of qualifier twice on one observation (9.3). Reading takes time in proportion to the length of the text.
Nothing is matched here and no regular expression from a pattern is compiled: that is for `matching.indicators`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar, assert_never

from accord.errors import LimitReached, Malformed
from accord.stix.hashes import may_be_hash
from accord.stix.pattern_tree import (
    KEYWORDS,
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
    Qualifier,
    Repeats,
    Within,
)
from accord.stix.times import TIMESTAMP

PATTERN_CHARACTERS_MAX: Final = 2**18  # Characters. A hundred times the longest of 8,800 public patterns, a quarter of the largest object.
PATTERN_DEPTH_MAX: Final = 64  # Parentheses within one another, as DEPTH_MAX has it for JSON; public patterns have three.
QUALIFIERS_MAX: Final = 8  # Qualifiers in a row on one expression. There are three kinds, and only a parenthesis may carry one kind twice.
NUMBER_CHARACTERS_MAX: Final = 300  # Characters of a number. So long, every number without an exponent is finite as a double.


def parse(text: str) -> Pattern:
    """Read a pattern; `Malformed` names the place and what was expected there, never what stands there, `LimitReached` the limit."""
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise LimitReached("PATTERN_CHARACTERS_MAX", f"a pattern of {len(text):,} characters; at most {PATTERN_CHARACTERS_MAX:,} are taken")
    reader = _Reader(_tokens(text))
    expression = reader.observations(depth=0)
    reader.take("end", expected="AND, OR, FOLLOWEDBY, a qualifier or the end")
    return Pattern(expression)


def is_plain(text: str) -> bool:
    """Say whether a pattern is of the kind that nearly all are, one observation of equalities in their usual spelling, and nothing is wrong with it.

    It is a short way past `parse` for who asks only whether a pattern stands: what this takes, `parse` takes, with names that there can be.
    """
    return len(text) <= PATTERN_CHARACTERS_MAX and _PLAIN.fullmatch(text) is not None


# Names of types and properties as the standard has them (STIX 2.1, 3.1), without the words that the grammar keeps for itself; hashes only under
# the algorithms that are always written alike, for their values have a form.
_PLAIN_TYPE: Final = r"(?!(?:true|false):)[a-z](?:-?[a-z0-9]){2,100}"
_PLAIN_NAME: Final = r"(?!(?:true|false|hashes)(?![a-z0-9_]))[a-z_][a-z0-9_]{2,100}"
_PLAIN_VALUE: Final = r"(?:'[^'\\]*+'|0|[1-9][0-9]{0,8})"
_PLAIN_HASH: Final = "|".join(
    rf"(?:{name}|'{quoted}')\ ?=\ ?'[a-fA-F0-9]{{{digits}}}'"
    for name, quoted, digits in (("MD5", "MD5", 32), ("SHA1", "SHA-1", 40), ("SHA256", "SHA-256", 64))
)
_PLAIN_EQUALITY: Final = (
    rf"(?:{_PLAIN_TYPE}:{_PLAIN_NAME}(?:\.(?:{_PLAIN_NAME}|'[a-z0-9]++(?:-[a-z0-9]++)++'))*+\ ?=\ ?{_PLAIN_VALUE}"
    rf"|{_PLAIN_TYPE}:hashes\.(?:{_PLAIN_HASH}))"
)
_PLAIN: Final = re.compile(rf"\[\ ?{_PLAIN_EQUALITY}(?:\ (?:OR|AND)\ {_PLAIN_EQUALITY})*+\ ?\]")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # a group of _TOKEN; or the keyword or sign itself; or "end"
    text: str
    place: int


_BASE64: Final = r"[A-Za-z0-9+/]"
_TOKEN: Final = re.compile(
    rf"""
      (?P<skipped>   (?: [ \t\r\n\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]++ | /\*.*?\*/ | //[^\r\n]*+ )++ )
    | (?P<timestamp> t'{TIMESTAMP}' )
    | (?P<hex>       h'(?: [A-Fa-f0-9]{{2}} )*+' )
    | (?P<binary>    b'(?!') (?: {_BASE64}{{4}} )*+ (?: {_BASE64}{{3}}= | {_BASE64}{{2}}== )?' )
    | (?P<name>      [a-zA-Z_][a-zA-Z0-9_]*+ (?!-) )
    | (?P<hyphened>  [a-zA-Z_][a-zA-Z0-9_-]*+ )
    | (?P<string>    '(?: [^'\\]++ | \\['\\] )*+' )
    | (?P<float>     [+-]?[0-9]*+\.[0-9]++ )
    | (?P<integer>   [+-]?(?: 0 | [1-9][0-9]*+ ) )
    | (?P<sign>      == | != | <> | <= | >= | [=<>\[\]():.,*] )
    """,
    re.VERBOSE | re.DOTALL,
)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise Malformed(f"pattern: a character at {place + 1} that begins nothing; a text may not end, or holds a lone backslash")
        word = found[0]
        kind = found.lastgroup
        if kind == "sign" or (kind == "name" and word in KEYWORDS):
            kind = word
        if kind != "skipped":
            tokens.append(_Token(kind, word, place))
        place = found.end()
    tokens.append(_Token("end", "", place))
    return tokens


_CONSTANT_KINDS: Final = frozenset({"timestamp", "hex", "binary", "string", "float", "integer"})
_OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {**{str(operator): operator for operator in Operator if operator is not Operator.EXISTS}, "==": Operator.EQUAL, "<>": Operator.UNEQUAL}
)
_Operand = TypeVar("_Operand")


class _Reader:
    """Reads tokens by recursive descent, one method a rule of the grammar; `depth` counts open parentheses."""

    __slots__ = ("_next", "_tokens")

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def take(self, *kinds: str, expected: str) -> _Token:
        token = self._tokens[self._next]
        if token.kind not in kinds:
            raise Malformed(f"pattern: expected {expected} at character {token.place + 1}")
        self._next += 1
        return token

    def _take_if(self, kind: str) -> bool:
        if self._tokens[self._next].kind != kind:
            return False
        self._next += 1
        return True

    def _joined(self, joint: Joint, operand: Callable[[], _Operand]) -> list[_Operand]:
        operands = [operand()]
        while self._take_if(joint):
            operands.append(operand())
        return operands

    def observations(self, *, depth: int, joint: Joint = Joint.FOLLOWEDBY) -> Expression:
        """STIX 2.1, 9.5: FOLLOWEDBY binds loosest, then OR, then AND."""
        match joint:
            case Joint.FOLLOWEDBY:
                operands = self._joined(joint, lambda: self.observations(depth=depth, joint=Joint.OR))
            case Joint.OR:
                operands = self._joined(joint, lambda: self.observations(depth=depth, joint=Joint.AND))
            case Joint.AND:
                operands = self._joined(joint, lambda: self._qualified(depth=depth))
            case _:
                assert_never(joint)
        return operands[0] if len(operands) == 1 else Observations(joint, tuple(operands))

    def _qualified(self, *, depth: int) -> Expression:
        is_simple = self.take("[", "(", expected="[ or (").kind == "["
        if is_simple:
            expression: Expression = Observation(self._comparisons(depth=depth))
            self.take("]", expected="AND, OR or ]")
        else:
            expression = self.observations(depth=_deeper(depth))
            self.take(")", expected="AND, OR, FOLLOWEDBY, a qualifier or )")
        kinds: list[type[Qualifier]] = []
        while (qualifier := self._qualifier()) is not None:
            if is_simple and type(qualifier) in kinds:
                raise Malformed("pattern: a qualifier of one kind stands twice on one observation")
            kinds.append(type(qualifier))
            if len(kinds) > QUALIFIERS_MAX:
                raise LimitReached("QUALIFIERS_MAX", f"a pattern with more than {QUALIFIERS_MAX} qualifiers on one expression")
            expression = Qualified(expression, qualifier)
        return expression

    def _qualifier(self) -> Qualifier | None:
        if self._take_if("WITHIN"):
            seconds = self._number("integer", "float")
            self.take("SECONDS", expected="SECONDS")
            return Within(seconds)
        if self._take_if("REPEATS"):
            times = self._number("integer")
            self.take("TIMES", expected="TIMES")
            return Repeats(int(times.value))
        if self._take_if("START"):
            start = self.take("timestamp", expected="a timestamp")
            self.take("STOP", expected="STOP")
            return Between(start.text[2:-1], self.take("timestamp", expected="a timestamp").text[2:-1])
        return None

    def _number(self, *kinds: str) -> Constant:
        token = self.take(*kinds, expected="a number without a minus")
        if token.text.startswith("-"):
            raise Malformed(f"pattern: expected a number without a minus at character {token.place + 1}")
        return _constant(token)

    def _comparisons(self, *, depth: int, joint: Joint = Joint.OR) -> Comparison | Comparisons:
        """STIX 2.1, 9.6: AND binds closer than OR."""
        operands = self._joined(
            joint,
            lambda: self._comparisons(depth=depth, joint=Joint.AND) if joint is Joint.OR else self._comparison(depth=depth),
        )
        return operands[0] if len(operands) == 1 else Comparisons(joint, tuple(operands))

    def _comparison(self, *, depth: int) -> Comparison | Comparisons:
        if self._take_if("("):
            inner = self._comparisons(depth=_deeper(depth))
            self.take(")", expected="AND, OR or )")
            return inner
        is_negated = self._take_if("NOT")
        if is_negated or self._tokens[self._next].kind == "EXISTS":
            self.take("EXISTS", expected="EXISTS")
            return Comparison(self._path(), Operator.EXISTS, (), is_negated)
        path = self._path()
        is_negated = self._take_if("NOT")
        operator = _OPERATORS[self.take(*_OPERATORS, expected="an operator").kind]
        comparison = Comparison(path, operator, self._operands(operator), is_negated)
        _check_hash(comparison)
        return comparison

    def _operands(self, operator: Operator) -> tuple[Constant, ...]:
        match operator:
            case Operator.IN:
                return self._set()
            case Operator.LIKE | Operator.MATCHES | Operator.ISSUBSET | Operator.ISSUPERSET:
                return (_constant(self.take("string", expected="a text in quotes")),)
            case Operator.EQUAL | Operator.UNEQUAL:
                return (self._primitive(),)
            case _:
                return (_constant(self.take(*_CONSTANT_KINDS, expected="a constant that has an order")),)

    def _primitive(self) -> Constant:
        return _constant(self.take("true", "false", *_CONSTANT_KINDS, expected="a constant"))

    def _set(self) -> tuple[Constant, ...]:
        self.take("(", expected="(")
        if self._take_if(")"):
            return ()
        constants = [self._primitive()]
        while self._take_if(","):
            constants.append(self._primitive())
        self.take(")", expected="a comma or )")
        return tuple(constants)

    def _path(self) -> Path:
        """STIX 2.1, 9.7."""
        type_name = self.take("name", "hyphened", expected="a type of objects").text
        self.take(":", expected=": and a path")
        steps: list[Key | Index] = [self._key()]
        while True:
            if self._take_if("."):
                steps.append(self._key())
            elif self._take_if("["):
                token = self.take("integer", "*", expected="a position in a list or *")
                if token.text.startswith("-"):
                    raise Malformed(f"pattern: expected a position without a minus at character {token.place + 1}")
                steps.append(Index(None if token.kind == "*" else int(_constant(token).value)))
                self.take("]", expected="]")
            else:
                return Path(type_name, tuple(steps))

    def _key(self) -> Key:
        token = self.take("name", "string", expected="the name of a property, in quotes if it has a hyphen")
        return Key(token.text if token.kind == "name" else _unquoted(token.text))


def _deeper(depth: int) -> int:
    if depth >= PATTERN_DEPTH_MAX:
        raise LimitReached("PATTERN_DEPTH_MAX", f"a pattern with parentheses more than {PATTERN_DEPTH_MAX} deep")
    return depth + 1


def _constant(token: _Token) -> Constant:
    match token.kind:
        case "integer" | "float":
            if len(token.text) > NUMBER_CHARACTERS_MAX:
                raise LimitReached("NUMBER_CHARACTERS_MAX", f"a pattern with a number of {len(token.text)} characters")
            return Constant(Kind.INTEGER, int(token.text)) if token.kind == "integer" else Constant(Kind.FLOAT, float(token.text))
        case "string":
            return Constant(Kind.STRING, _unquoted(token.text))
        case "true" | "false":
            return Constant(Kind.BOOLEAN, token.kind == "true")
        case "timestamp":
            return Constant(Kind.TIMESTAMP, token.text[2:-1])
        case "hex":
            return Constant(Kind.HEX, bytes.fromhex(token.text[2:-1]))
        case _:
            return Constant(Kind.BINARY, base64.b64decode(token.text[2:-1]))


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


_ESCAPED: Final = re.compile(r"\\(.)")


def _check_hash(comparison: Comparison) -> None:
    """Refuse a hash that its algorithm cannot give: the pattern could never match, and the mistake is told to whoever made it."""
    match comparison.path.steps:
        case [*_, Key("hashes"), Key(algorithm)] if comparison.operator in (Operator.EQUAL, Operator.UNEQUAL, Operator.IN):
            for constant in comparison.operands:
                value = constant.value if isinstance(constant.value, str) else ""
                if not may_be_hash(algorithm=algorithm, value=value):
                    raise Malformed("pattern: a value is no hash of the algorithm that its path names")
        case _:
            pass
