"""Reading one entry of a charter document: every value by name, every fault with its path, nothing unread left over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from accord.errors import CharterInvalid
from accord.seal.canonical import JSON, Fields

Kind = TypeVar("Kind")
LANGUAGES = ("en", "ru", "zh")


@dataclass(slots=True)
class Entry:
    """A table of the document under its path. `done` refuses what was not asked for."""

    path: str
    fields: Fields
    _read: set[str] = field(default_factory=set)

    def fault(self, name: str, says: str) -> CharterInvalid:
        return CharterInvalid(f"{self.path}.{name}: {says}" if self.path else f"{name}: {says}", remedy="mend the entry it names")

    def value(self, name: str) -> JSON:
        self._read.add(name)
        return self.fields.get(name)

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self.value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and default is None):
            raise self.fault(name, "expected a text that is not empty")
        return value

    def number(self, name: str) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.fault(name, "expected a whole number, 0 or more")
        return value

    def flag(self, name: str) -> bool:
        value = self.value(name)
        if value not in (None, True, False):
            raise self.fault(name, "expected true or false")
        return value is True

    def day(self, name: str) -> date | None:
        value = self.value(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise self.fault(name, f"{value!r} is not a date such as 2004-06-17") from None

    def names(self, name: str) -> tuple[str, ...]:
        value = self.value(name)
        items = value if isinstance(value, list) else []
        found = tuple(item for item in items if isinstance(item, str) and item)
        if value is not None and len(found) != len(value if isinstance(value, list) else [None]):
            raise self.fault(name, "expected a list of texts")
        return found

    def one_of(self, name: str, kinds: Callable[[str], Kind]) -> Kind:
        text = self.text(name)
        try:
            return kinds(text)
        except ValueError:
            raise self.fault(name, f"{text!r} is not one of the kinds the charter knows") from None

    def wordings(self, name: str) -> dict[str, str]:
        """A wording in English, and in Russian and Chinese where there is one."""
        value = self.value(name)
        if (
            not isinstance(value, dict)
            or "en" not in value
            or not all(key in LANGUAGES and isinstance(text, str) and text for key, text in value.items())
        ):
            raise self.fault(name, "expected a wording in en, and ru and zh where known")
        return {key: str(text) for key, text in value.items()}

    def entry(self, name: str) -> Entry:
        value = self.value(name)
        if not isinstance(value, dict):
            raise self.fault(name, "expected a table")
        return Entry(f"{self.path}.{name}" if self.path else name, value)

    def entries(self, name: str) -> list[Entry]:
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(name, "expected a list of tables")
        found = []
        for number, item in enumerate(value):
            assert isinstance(item, dict), "checked above"
            label = item.get("id") or item.get("member") or number
            found.append(Entry(f"{self.path}.{name}[{label}]" if self.path else f"{name}[{label}]", item))
        return found

    def done(self) -> None:
        left = sorted(set(self.fields) - self._read)
        if left:
            raise self.fault(left[0], "unknown key")


def without_empty(fields: Fields) -> Fields:
    """Leave out what was not said: an absent value has one form, its absence."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}) and value is not False}
