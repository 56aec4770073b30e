"""The tree of a STIX pattern: frozen values that print as a pattern which reads back as the same tree.

STIX 2.1, 9. `pattern` reads a text into this tree and holds the limits; `matching.indicators` matches it. Nothing is judged here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

# STIX 2.1, 9.1: keywords are written exactly so and name nothing else.
KEYWORDS: Final = frozenset(
    {
        "AND",
        "OR",
        "NOT",
        "FOLLOWEDBY",
        "LIKE",
        "MATCHES",
        "ISSUPERSET",
        "ISSUBSET",
        "EXISTS",
        "LAST",
        "IN",
        "START",
        "STOP",
        "SECONDS",
        "true",
        "false",
        "WITHIN",
        "REPEATS",
        "TIMES",
    }
)
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Joint(StrEnum):
    """What joins comparisons or observations; FOLLOWEDBY joins observations only (STIX 2.1, 9.5 and 9.6)."""

    AND = "AND"
    OR = "OR"
    FOLLOWEDBY = "FOLLOWEDBY"


class Operator(StrEnum):
    """What compares the value at a path (STIX 2.1, 9.6.1); `==` and `<>` are read as `=` and `!=`."""

    EQUAL = "="
    UNEQUAL = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="
    IN = "IN"
    LIKE = "LIKE"
    MATCHES = "MATCHES"
    ISSUBSET = "ISSUBSET"
    ISSUPERSET = "ISSUPERSET"
    EXISTS = "EXISTS"


class Kind(StrEnum):
    """The kind of a constant (STIX 2.1, 9.2)."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    HEX = "hex"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant. Its value is an int, float, bool, the text of a string or timestamp, or the bytes of a hex or binary, by its kind."""

    kind: Kind
    value: int | float | str | bytes

    def __str__(self) -> str:
        match self.kind, self.value:
            case Kind.BOOLEAN, value:
                return "true" if value else "false"
            case Kind.HEX, bytes(value):
                return f"h'{value.hex()}'"
            case Kind.BINARY, bytes(value):
                return f"b'{base64.b64encode(value).decode()}'"
            case Kind.TIMESTAMP, str(value):
                return f"t'{value}'"
            case Kind.FLOAT, float(value):
                digits = format(Decimal(repr(value)), "f")  # A pattern knows no exponent.
                return digits if "." in digits else f"{digits}.0"
            case Kind.STRING, str(value):
                return _quoted(value)
            case _, value:
                return repr(value)


@dataclass(frozen=True, slots=True)
class Key:
    """A step into a property of an object or an entry of a dictionary."""

    name: str

    def __str__(self) -> str:
        return self.name if _PLAIN_NAME.fullmatch(self.name) and self.name not in KEYWORDS else _quoted(self.name)


@dataclass(frozen=True, slots=True)
class Index:
    """A step into a list; None is ``[*]``, any element."""

    position: int | None

    def __str__(self) -> str:
        return "[*]" if self.position is None else f"[{self.position}]"


@dataclass(frozen=True, slots=True)
class Path:
    """An object path (STIX 2.1, 9.7): the type of objects and the steps to the value; the first step is a `Key`."""

    type: str
    steps: tuple[Key | Index, ...]

    def __str__(self) -> str:
        first, *others = self.steps
        return f"{self.type}:{first}" + "".join(f".{step}" if isinstance(step, Key) else str(step) for step in others)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison. The operands are one constant, those of the set for IN, none for EXISTS."""

    path: Path
    operator: Operator
    operands: tuple[Constant, ...]
    is_negated: bool = False

    def __str__(self) -> str:
        negation = "NOT " if self.is_negated else ""
        match self.operator:
            case Operator.EXISTS:
                return f"{negation}EXISTS {self.path}"
            case Operator.IN:
                return f"{self.path} {negation}IN ({', '.join(map(str, self.operands))})"
            case _:
                return f"{self.path} {negation}{self.operator} {self.operands[0]}"


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Two or more comparisons joined by AND or by OR, from left to right."""

    joint: Joint
    operands: tuple[Comparison | Comparisons, ...]

    def __str__(self) -> str:
        return f" {self.joint} ".join(f"({item})" if _needs_parentheses(item, self.joint) else str(item) for item in self.operands)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one observation has to show: ``[…]``."""

    comparison: Comparison | Comparisons

    def __str__(self) -> str:
        return f"[{self.comparison}]"


@dataclass(frozen=True, slots=True)
class Observations:
    """Two or more expressions on observations joined by AND, OR or FOLLOWEDBY, from left to right."""

    joint: Joint
    operands: tuple[Expression, ...]

    def __str__(self) -> str:
        return f" {self.joint} ".join(f"({item})" if _needs_parentheses(item, self.joint) else str(item) for item in self.operands)


@dataclass(frozen=True, slots=True)
class Within:
    """All observations lie within so many seconds."""

    seconds: Constant

    def __str__(self) -> str:
        return f"WITHIN {self.seconds} SECONDS"


@dataclass(frozen=True, slots=True)
class Repeats:
    """The expression holds so many times."""

    times: int

    def __str__(self) -> str:
        return f"REPEATS {self.times} TIMES"


@dataclass(frozen=True, slots=True)
class Between:
    """All observations lie at or after `start` and before `stop`, both timestamps."""

    start: str
    stop: str

    def __str__(self) -> str:
        return f"START t'{self.start}' STOP t'{self.stop}'"


Qualifier: TypeAlias = Within | Repeats | Between


@dataclass(frozen=True, slots=True)
class Qualified:
    """An expression under a qualifier (STIX 2.1, 9.3)."""

    expression: Expression
    qualifier: Qualifier

    def __str__(self) -> str:
        inner = str(self.expression) if isinstance(self.expression, Observation) else f"({self.expression})"
        return f"{inner} {self.qualifier}"


Expression: TypeAlias = Observation | Observations | Qualified


@dataclass(frozen=True, slots=True)
class Pattern:
    """A whole pattern."""

    expression: Expression

    def __str__(self) -> str:
        return str(self.expression)


# STIX 2.1, 9.5 and 9.6: what binds closer has the greater number.
_CLOSENESS: Final[Mapping[Joint, int]] = MappingProxyType({Joint.FOLLOWEDBY: 0, Joint.OR: 1, Joint.AND: 2})


def _needs_parentheses(item: Comparison | Comparisons | Expression, joint: Joint) -> bool:
    return isinstance(item, Comparisons | Observations) and _CLOSENESS[item.joint] <= _CLOSENESS[joint]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
