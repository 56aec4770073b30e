"""What a check says: the faults of a value, and the shape of an object put together from checks.

A check is a function from a value to its faults, none of them in the usual case, so that a sound object costs one call a property.
What the properties of a type are stands in the tables beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from accord.seal.canonical import JSON

PROPERTY_NAMES_HELD_MAX: Final = 4_096  # Names of custom properties remembered as sound; a corpus has some dozens.
STEP_CHARACTERS_MAX: Final = 100  # Characters of a name shown in a path; a longer one stands as a single sign.


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach of the standard: ``modified: must not be before created (STIX 2.1, 3.2)``. It never holds the value itself."""

    path: str
    clause: str
    says: str

    def __str__(self) -> str:
        path = self.path.replace("\0", "\\0")  # A fault is kept as text, which holds no such character.
        return f"{path or 'the object'}: {self.says} ({self.clause})"

    def under(self, step: str) -> Fault:
        """The same fault seen from one step further out; a step is a property, or an index in brackets."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        shown = step if len(step) <= STEP_CHARACTERS_MAX else "…"
        return Fault(f"{shown}{joint}{self.path}", self.clause, self.says)


Faults: TypeAlias = tuple[Fault, ...]
Check: TypeAlias = Callable[[JSON], Faults]  # of one value
Rule: TypeAlias = Callable[[Mapping[str, JSON]], Faults]  # of several properties of one object
FINE: Final[Faults] = ()


def fault(clause: str, says: str, *, path: str = "") -> Faults:
    """One fault by its clause, ``4.7`` or ``RFC 5646``."""
    return (Fault(path, f"STIX 2.1, {clause}" if clause[0].isdigit() else clause, says),)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of the standard: its properties with their checks, those it must have, and the rules between them.

    `is_closed` where no other property may stand; else others are custom properties, which have rules of their own.
    """

    clause: str
    checks: Mapping[str, Check]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    is_closed: bool = False
    checks_names: bool = True

    def faults(self, fields: Mapping[str, JSON]) -> list[Fault]:
        found: list[Fault] = []
        checks = self.checks
        for name, value in fields.items():
            check = checks.get(name)
            faults = check(value) if check is not None else self._other(name, value)
            if faults:
                found.extend(item.under(name) for item in faults)
        for name in self.required:
            if name not in fields:
                found.extend(fault(self.clause, "is required and missing", path=name))
        for rule in self.rules:
            if faults := rule(fields):
                found.extend(faults)
        return found

    def _other(self, name: str, value: JSON) -> Faults:
        if self.is_closed:
            return fault(self.clause, "is not a property that may stand here")
        return custom_property(name, value) if self.checks_names else FINE

    def check(self, value: JSON) -> Faults:
        """The shape as the check of a value that has to be an object."""
        return tuple(self.faults(value)) if type(value) is dict else fault(self.clause, "must be an object")


_NAME: Final = re.compile(r"[a-z][a-z0-9_]{2,249}|id")
_RESERVED: Final = frozenset({"severity", "action", "username", "phone_numbers"})
_HEX: Final = re.compile(r"(?:[a-fA-F0-9]{2})+")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?")


def custom_property(name: str, value: JSON) -> Faults:
    """A property that the type does not define (STIX 2.1, 11.1)."""
    faults = _faults_of_name(name)
    if value is None:
        faults += fault("2", "null is no value")
    elif value == []:
        faults += fault("2.12", "an empty list is left out")
    elif name.endswith("_hex"):
        faults += hexadecimal(value)
    elif name.endswith("_bin"):
        faults += binary(value)
    return faults


@lru_cache(maxsize=PROPERTY_NAMES_HELD_MAX)
def _faults_of_name(name: str) -> Faults:
    if not _NAME.fullmatch(name):
        return fault("11.1", "the name of a property is 3 to 250 of a-z, 0-9 and _, beginning with a letter")
    return fault("3.8", "this name is reserved") if name in _RESERVED else FINE


def hexadecimal(value: JSON) -> Faults:
    """STIX 2.1, 2.8."""
    return FINE if type(value) is str and _HEX.fullmatch(value) else fault("2.8", "must be an even number of hexadecimal digits")


def binary(value: JSON) -> Faults:
    """STIX 2.1, 2.1: base64 of RFC 4648, padded, and not of nothing."""
    return FINE if type(value) is str and value and _BASE64.fullmatch(value) else fault("2.1", "must be base64")


def numbered(faults: Iterable[Fault], position: int) -> Faults:
    """Faults of an element as faults of its list."""
    return tuple(item.under(f"[{position}]") for item in faults)
