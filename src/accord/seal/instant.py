"""An instant as text in keys and key files: RFC 3339 in UTC, one text for one instant, without a fraction where there is none.

Times inside STIX objects have a form of their own, with six fraction digits always (`stix.statement`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accord.errors import Malformed


def instant_text(instant: datetime) -> str:
    """Write an aware instant in UTC, for example ``2026-01-31T00:00:00Z``; another zone is a mistake of ours."""
    if instant.utcoffset() != timedelta(0):
        raise ValueError("an instant is aware and in UTC")
    return instant.replace(tzinfo=None).isoformat() + "Z"


def parse_instant(text: str, *, what: str) -> datetime:
    """Read what `instant_text` writes, and only that. `what` names it if it is refused."""
    try:
        instant = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        instant = None
    if instant is None or instant_text(instant) != text:
        raise Malformed(f"{what} is written as 2026-01-31T00:00:00Z, in UTC")
    return instant
