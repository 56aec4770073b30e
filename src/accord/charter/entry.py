"""One table of a charter document, read key by key: what is missing, of the wrong kind or not known is refused with its path.

A key that may be absent is absent or says something: empty texts and lists are refused, so that one content has one spelling and one digest.
What the keys mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self, TypeVar

from accord.errors import CharterInvalid
from accord.seal.canonical import JSON, Fields

TEXT_CHARACTERS_MAX: Final = 2_000  # Characters of one text. The longest sentence of a charter has a few hundred; more is a document.
NAME_CHARACTERS_MAX: Final = 64  # Characters of an identifier. It stands in the names of logs and in every statement.

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # The shape of RFC 5646, 2.1, of which names of languages suffice.
NAME: Final = re.compile(r"[A-Za-z0-9]+([.-][A-Za-z0-9]+)*")

Choice = TypeVar("Choice", bound=StrEnum)


class Entry:
    """A table that is being read. Used as a context, it refuses at its end whatever key was not asked for."""

    __slots__ = ("_left", "path")

    def __init__(self, value: JSON, path: str) -> None:
        self.path = path
        if not isinstance(value, dict):
            raise self.fault("expected a table")
        self._left: Fields = dict(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._left:
            names = ", ".join(sorted(self.at(name) for name in self._left))
            raise CharterInvalid(f"{names}: not known in a charter", remedy="correct the spelling, or leave it out")

    def at(self, name: str) -> str:
        """The path of a key of this table: ``instruments[0].in_force``."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, says: str, name: str = "") -> CharterInvalid:
        """The error that names this table, or one key of it. The caller raises it."""
        path = self.at(name) if name else self.path or "the charter"
        return CharterInvalid(f"{path}: {says}")

    def has(self, name: str) -> bool:
        return name in self._left

    def text(self, name: str) -> str:
        """A text that is not empty and neither begins nor ends with a space."""
        return self._checked(self._take(name), name)

    def text_if_any(self, name: str) -> str:
        """The text, or an empty one when the key is absent."""
        return self.text(name) if self.has(name) else ""

    def name(self, name: str) -> str:
        """An identifier: letters and digits of ASCII, with dots and hyphens inside."""
        text = self.text(name)
        if not NAME.fullmatch(text) or len(text) > NAME_CHARACTERS_MAX:
            raise self.fault(f"an identifier has letters and digits, dots and hyphens inside, at most {NAME_CHARACTERS_MAX}", name)
        return text

    def number(self, name: str, *, least: int) -> int:
        value = self._take(name)
        if type(value) is not int or value < least:
            raise self.fault(f"expected a whole number, at least {least}", name)
        return value

    def switch(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise self.fault("expected true or false", name)
        return value

    def day_if_any(self, name: str) -> date | None:
        """A day written ``2001-06-15``; None when the key is absent."""
        if not self.has(name):
            return None
        text = self.text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.isoformat() != text:
            raise self.fault("expected a day written as 2001-06-15", name)
        return day

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        return self._chosen(self._take(name), name, kind)

    def choices(self, name: str, kind: type[Choice]) -> frozenset[Choice]:
        """One or more of a closed set, each once and in the order of the alphabet."""
        chosen = [self._chosen(value, name, kind) for value in self._list(name)]
        if not chosen or chosen != sorted(set(chosen)):
            raise self.fault("expected one or more, each once, in the order of the alphabet", name)
        return frozenset(chosen)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts that must be there and may be empty."""
        return tuple(self._checked(value, name) for value in self._list(name))

    def languages(self, name: str) -> Mapping[str, str]:
        """One text in several languages; English is among them."""
        table = self.table(name)
        if not table.has("en"):
            raise self.fault("expected the text in English (en), and in other languages as wished", name)
        texts = {}
        for language in table.left():
            if not LANGUAGE.fullmatch(language):
                raise table.fault("expected the name of a language (RFC 5646), such as en, ru or zh", language)
            texts[language] = table.text(language)
        return MappingProxyType(texts)

    def table(self, name: str) -> Entry:
        return Entry(self._take(name), self.at(name))

    def tables(self, name: str) -> tuple[Entry, ...]:
        """A list of tables, one or more; empty when the key is absent."""
        if not self.has(name):
            return ()
        values = self._list(name)
        if not values:
            raise self.fault("an empty list; leave it out", name)
        return tuple(Entry(value, f"{self.at(name)}[{position}]") for position, value in enumerate(values))

    def left(self) -> tuple[str, ...]:
        """The keys that were not asked for yet."""
        return tuple(sorted(self._left))

    def _take(self, name: str) -> JSON:
        if name not in self._left:
            raise self.fault("missing", name)
        return self._left.pop(name)

    def _list(self, name: str) -> list[JSON]:
        value = self._take(name)
        if not isinstance(value, list):
            raise self.fault("expected a list", name)
        return value

    def _checked(self, value: JSON, name: str) -> str:
        if not isinstance(value, str) or not value or value != value.strip() or not value.isprintable():
            raise self.fault("expected a text of one line, not empty, without space at its ends", name)
        if len(value) > TEXT_CHARACTERS_MAX:
            raise self.fault(f"a text has at most {TEXT_CHARACTERS_MAX} characters (TEXT_CHARACTERS_MAX)", name)
        return value

    def _chosen(self, value: JSON, name: str, kind: type[Choice]) -> Choice:
        if not isinstance(value, str) or value not in set(kind):
            raise self.fault(f"expected one of {', '.join(kind)}", name)
        return kind(value)
