"""STIX timestamps: ``2026-11-23T09:00:00.000001Z``. Whether one is real, and which of two is later, to any number of fraction digits.

STIX 2.1, 2.16: "The timestamp type defines how dates and times are represented ... MUST be a valid RFC 3339-formatted timestamp ... using
the format YYYY-MM-DDTHH:mm:ss[.s+]Z ... in the UTC timezone". A sender's text is kept as it is; only instants are compared.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from accord.errors import Malformed

# The shape, as the grammar of patterns has it too. A day that its month does not have is found by `is_timestamp`.
TIMESTAMP: Final = r"[0-9]{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z"
_SHAPE: Final = re.compile(TIMESTAMP)
_DAYS_HELD_MAX: Final = 4_096  # Days remembered as real, so that a corpus asks the calendar once for each.


def is_timestamp(text: str) -> bool:
    """Say whether a text is a timestamp of a day that exists. A leap second is one (RFC 3339, 5.7)."""
    return _SHAPE.fullmatch(text) is not None and _is_day(text[:10])


def moment(text: str) -> datetime:
    """The instant of a timestamp to the microsecond, rounded down; `Malformed` where it is none. A leap second is the end of the one before."""
    if not is_timestamp(text):
        raise Malformed(f"{text[:40]!r} is not a timestamp", remedy="write it as 2026-11-23T09:00:00Z, in UTC, with or without a fraction")
    seconds, _, fraction = text[:-1].partition(".")
    if seconds.endswith(":60"):
        seconds, fraction = seconds[:-2] + "59", "999999"
    return datetime.fromisoformat(seconds).replace(microsecond=int(f"{fraction:0<6}"[:6]), tzinfo=UTC)


def instant(timestamp: str) -> str:
    """A text that sorts as the instants do; the argument has to be a timestamp.

    Fraction digits are compared as they stand, with trailing zeros dropped: 0 to any number of them, never rounded to what a clock can hold.
    """
    seconds, _, fraction = timestamp[:-1].partition(".")
    return f"{seconds}.{fraction.rstrip('0')}"


@lru_cache(maxsize=_DAYS_HELD_MAX)
def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
