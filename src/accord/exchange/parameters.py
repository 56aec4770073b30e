"""The parameters that TAXII 2.1 knows (3.4), read strictly: each at most once, each what it must be, or a `Refusal` that names it.

What a client may ask beyond them is passed over, as the standard leaves open; what they select is the story's to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from accord.desk.holdings import ALL, FIRST, LAST
from accord.errors import Refusal
from accord.stix.times import instant, is_timestamp

SPECS: Final = ("2.0", "2.1")
MATCHES: Final = ("match[id]", "match[type]", "match[version]", "match[spec_version]")
PARAMETERS: Final = ("added_after", "limit", "next", *MATCHES)
_LIMIT_DIGITS_MAX: Final = 18  # Digits. No page is so long; beyond it a number only costs time to read.
_NO_SPEC: Final = "none"  # A version of the standard in which no record is written.


class Query(Protocol):
    """The query of a request: names with their values, in order."""

    def multi_items(self) -> list[tuple[str, str]]: ...


def asked_for(query: Query) -> Mapping[str, str]:
    """The parameters of a request. One that comes twice is refused: which of the two was meant nobody knows (TAXII 2.1, 3.4)."""
    found: dict[str, str] = {}
    for name, value in query.multi_items():
        if name in found and name in PARAMETERS:
            raise Refusal(f"{name} comes twice", remedy="give it once; several values of a match stand behind it with commas between them")
        found[name] = value
    return found


def listed(text: str | None) -> tuple[str, ...]:
    """Values with commas between them, each once (TAXII 2.1, 3.4)."""
    return () if text is None else tuple(dict.fromkeys(text.split(",")))


def version_words(text: str | None) -> tuple[str, ...]:
    """What match[version] names: `last` where it is not there (TAXII 2.1, 3.4.1)."""
    words = []
    for word in listed(text) or (LAST,):
        if word in {FIRST, LAST, ALL}:
            words.append(word)
        elif is_timestamp(word):
            words.append(instant(word))
        else:
            raise Refusal("match[version] takes first, last, all and timestamps", remedy="write 2026-11-23T09:00:00.000Z")
    return tuple(words)


def spec_words(text: str | None) -> tuple[str, ...]:
    """The versions of the standard that match[spec_version] names; one that no record has selects nothing."""
    if text is None:
        return ()
    return tuple(word for word in listed(text) if word in SPECS) or (_NO_SPEC,)


def limit_of(text: str | None, *, otherwise: int) -> int:
    """How many objects a client wants at most; what a page holds at most is the server's to say (TAXII 2.1, 3.4)."""
    if text is None:
        return otherwise
    if not (is_number(text) and int(text) > 0):
        raise Refusal("limit is a number of objects, from 1 on", remedy="leave it out for the longest page")
    return int(text)


def is_number(text: str) -> bool:
    """Say whether a text is a number that costs nothing to read: digits of ASCII alone, and few."""
    return text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS_MAX
