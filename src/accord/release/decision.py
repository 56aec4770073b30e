"""The gate's answer: a yes names its article, a no its ground and what would change it.

`Released` may be made by `release.gate` alone; a house test looks for any other maker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Released:
    """`contents` may leave to `recipient` under `article`. An empty `contents` is a preview: the answer without the bytes."""

    recipient: str
    article: str
    says: str  # The article's plain sentence.
    contents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule that forbids, by its identifier in the requirements or the charter, and what it says."""

    rule: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing may leave to `recipient`: every ground that stands in the way, and what would have to change."""

    recipient: str
    grounds: tuple[Ground, ...]  # Never empty.
    remedy: str


Decision: TypeAlias = Released | Withheld
