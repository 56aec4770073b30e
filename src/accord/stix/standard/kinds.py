"""The kinds of values that STIX defines for all objects (STIX 2.1, 2): texts, numbers, timestamps, identifiers, lists, dictionaries, hashes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from accord.seal.canonical import JSON
from accord.stix.hashes import HASH_FORMS
from accord.stix.language import is_language_code, is_language_tag
from accord.stix.standard.fault import FINE, Check, Fault, Faults, fault, numbered
from accord.stix.times import is_timestamp

_UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"  # RFC 4122
_IDENTIFIER: Final = re.compile(rf"[a-z][a-z0-9-]{{1,248}}[a-z0-9]--{_UUID}")
MILLISECOND_CHARACTERS: Final = len("2026-11-23T09:00:00.000Z")
_KEY: Final = re.compile(r"[a-zA-Z0-9_-]{1,250}")
_HASH_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{3,250}")


def text(value: JSON) -> Faults:
    """STIX 2.1, 2.15. An empty text is a text."""
    return FINE if type(value) is str else fault("2.15", "must be a text")


def boolean(value: JSON) -> Faults:
    """STIX 2.1, 2.2."""
    return FINE if type(value) is bool else fault("2.2", "must be true or false")


def integer(value: JSON) -> Faults:
    """STIX 2.1, 2.10. A number without a fraction is one however it was written (RFC 8259, 6)."""
    return FINE if _as_integer(value) is not None else fault("2.10", "must be an integer")


def _as_integer(value: JSON) -> int | None:
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


def integer_between(least: int, most: int | None = None) -> Check:
    """An integer with its limits, both included."""

    def check(value: JSON) -> Faults:
        number = _as_integer(value)
        if number is None:
            return fault("2.10", "must be an integer")
        if number < least or (most is not None and number > most):
            return fault("2.10", f"must be at least {least}" if most is None else f"must lie between {least} and {most}")
        return FINE

    return check


def number(value: JSON) -> Faults:
    """STIX 2.1, 2.6."""
    return FINE if type(value) in (int, float) else fault("2.6", "must be a number")


def number_between(least: float, most: float) -> Check:
    """A number with its limits, both included."""

    def check(value: JSON) -> Faults:
        if type(value) is not int and type(value) is not float:
            return fault("2.6", "must be a number")
        return FINE if least <= value <= most else fault("2.6", f"must lie between {least:g} and {most:g}")

    return check


def timestamp(value: JSON) -> Faults:
    """STIX 2.1, 2.16."""
    if type(value) is str and is_timestamp(value):
        return FINE
    return fault("2.16", "must be a time in UTC that exists, such as 2026-11-23T09:00:00Z")


def timestamp_in_milliseconds(value: JSON) -> Faults:
    """STIX 2.1, 3.2: `created` and `modified` are precise to the millisecond at least."""
    faults = timestamp(value)
    if faults or (type(value) is str and len(value) >= MILLISECOND_CHARACTERS):
        return faults
    return fault("3.2", "must have at least three digits after the seconds")


def timestamp_in_seconds(value: JSON) -> Faults:
    """A timestamp without fractions of a second."""
    faults = timestamp(value)
    return fault("6.7.6", "must have no fraction of a second") if not faults and type(value) is str and "." in value else faults


def language(value: JSON) -> Faults:
    """STIX 2.1, 3.2: a language code of RFC 5646."""
    return FINE if type(value) is str and is_language_tag(value) else fault("RFC 5646", "must be a language code such as ru or zh-Hans-CN")


def language_of_software(value: JSON) -> Faults:
    """STIX 2.1, 6.14: a language code; those of ISO 639-2, as in STIX 2.0, are let pass."""
    return FINE if type(value) is str and is_language_code(value) else fault("RFC 5646", "must be a language code such as ru or zh-Hans-CN")


def identifier(value: JSON) -> Faults:
    """STIX 2.1, 2.9, of any type."""
    if type(value) is str and _IDENTIFIER.fullmatch(value):
        return FINE
    return fault("2.9", "must be a type, two hyphens and a UUID of RFC 4122")


def identifier_of(*types: str) -> Check:
    """An identifier of one of these types."""
    form = re.compile(rf"(?:{'|'.join(types)})--{_UUID}")
    says = f"must be the identifier of an object of type {' or '.join(types)}"

    def check(value: JSON) -> Faults:
        return FINE if type(value) is str and form.fullmatch(value) else fault("2.9", says)

    return check


def identifier_of_other_than(*types: str) -> Check:
    """An identifier of any type but these."""
    forbidden = frozenset(types)

    def check(value: JSON) -> Faults:
        faults = identifier(value)
        if not faults and type(value) is str and value.partition("--")[0] in forbidden:
            return fault("2.9", f"must not refer to an object of type {' or '.join(types)}")
        return faults

    return check


def reference_to(*types: str) -> Check:
    """A reference from one observable to another of one of these types, of any where none is given (STIX 2.1, 6).

    Only the type is read. Published objects carry references whose UUID is none, and the published verdicts let them pass;
    such a reference finds nothing and does no harm. Were it to matter, `identifier_of` would be the cure.
    """
    form = re.compile(rf"(?:{'|'.join(types) or '[a-z][a-z0-9-]+'})--\S+")
    says = f"must refer to an object of type {' or '.join(types)}" if types else "must refer to an object"

    def check(value: JSON) -> Faults:
        return FINE if type(value) is str and form.fullmatch(value) else fault("6", says)

    return check


def one_of(*values: str) -> Check:
    """STIX 2.1, 2.4: a closed enumeration. Open vocabularies are texts, for their values are a SHOULD."""
    allowed = frozenset(values)

    def check(value: JSON) -> Faults:
        return FINE if type(value) is str and value in allowed else fault("2.4", f"must be one of {', '.join(values)}")

    return check


def text_like(form: str, clause: str, says: str) -> Check:
    """A text that a regular expression describes as a whole."""
    pattern = re.compile(form)

    def check(value: JSON) -> Faults:
        return FINE if type(value) is str and pattern.fullmatch(value) else fault(clause, says)

    return check


def text_that(holds: Callable[[str], bool], clause: str, says: str) -> Check:
    """A text for which a question is answered yes."""

    def check(value: JSON) -> Faults:
        return FINE if type(value) is str and holds(value) else fault(clause, says)

    return check


def list_of(element: Check) -> Check:
    """STIX 2.1, 2.12: a list is not empty."""

    def check(value: JSON) -> Faults:
        if type(value) is not list:
            return fault("2.12", "must be a list")
        if not value:
            return fault("2.12", "an empty list is left out")
        found: Faults = FINE
        for position, item in enumerate(value):
            faults = element(item)
            if faults:
                found += numbered(faults, position)
        return found

    return check


texts: Final = list_of(text)
identifiers: Final = list_of(identifier)


def dictionary_of(element: Check, *, key: str = _KEY.pattern) -> Check:
    """STIX 2.1, 2.3: keys of letters, digits, hyphen and underscore; not empty."""
    form = re.compile(key)

    def check(value: JSON) -> Faults:
        if type(value) is not dict:
            return fault("2.3", "must be a dictionary")
        if not value:
            return fault("2.3", "an empty dictionary is left out")
        found: list[Fault] = []
        for name, item in value.items():
            if not form.fullmatch(name):
                found.extend(fault("2.3", "a key of this dictionary has a form that keys here do not have"))
            found.extend(faulty.under(name) for faulty in element(item))
        return tuple(found)

    return check


def anything(value: JSON) -> Faults:
    """A value of whatever kind, but not null and not an empty list."""
    if value is None:
        return fault("2", "null is no value")
    return fault("2.12", "an empty list is left out") if value == [] else FINE


dictionary: Final = dictionary_of(anything)


def text_or_integer(value: JSON) -> Faults:
    return FINE if type(value) is str or _as_integer(value) is not None else fault("2.3", "must be a text or an integer")


def hashes(value: JSON) -> Faults:
    """STIX 2.1, 2.7: the form of each value under the name of its algorithm. Other names than the vocabulary's are allowed."""
    if type(value) is not dict:
        return fault("2.7", "must be a dictionary of hashes")
    if not value:
        return fault("2.3", "an empty dictionary is left out")
    found: Faults = FINE
    for name, digest in value.items():
        form = HASH_FORMS.get(name)
        if form is None:
            if not _HASH_NAME.fullmatch(name) or type(digest) is not str:
                found += fault(
                    "2.7", "the name of an algorithm has 3 to 250 letters, digits, hyphens or underscores, and its value is a text"
                )
        elif type(digest) is not str or not form.fullmatch(digest):
            found += fault("2.7", f"is not a value that {name} gives", path=name)
    return found


def hashes_of_the_vocabulary(value: JSON) -> Faults:
    """Hashes whose algorithms are all named in hash-algorithm-ov, as an external reference has them (STIX 2.1, 2.5)."""
    faults = hashes(value)
    if not faults and type(value) is dict and not value.keys() <= HASH_FORMS.keys():
        return fault("2.5", "must name algorithms of hash-algorithm-ov")
    return faults
