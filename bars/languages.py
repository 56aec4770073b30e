"""Invented records in English, Russian and Chinese for the bar of search: words made of syllables, frequent and rare as words are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

WORDS = 20_000  # Words a language.
_SYLLABLES = {
    "en": [
        c + v
        for c in ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "st", "tr"]
        for v in ["a", "e", "i", "o", "u", "ai", "ou"]
    ],
    "ru": [
        c + v
        for c in ["б", "в", "г", "д", "з", "к", "л", "м", "н", "п", "р", "с", "т", "ф", "ш", "ст", "пр"]
        for v in ["а", "е", "и", "о", "у", "я", "ы"]
    ],
}
_CHARACTERS = [chr(0x4E00 + number * 7) for number in range(900)]
_TLP = (
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
)


class Words:
    """One language's words, the first the most frequent; `any` draws one as a text would hold it."""

    def __init__(self, language: str, random: Random) -> None:
        self.language = language
        self._random = random
        found: dict[str, None] = {}
        while len(found) < WORDS:
            found.setdefault(self._invent())
        self.all = list(found)

    def any(self) -> str:
        # Rank by a power law, as word frequencies are.
        return self.all[int(WORDS ** self._random.random()) - 1]

    def sentence(self, count: int) -> str:
        return ("" if self.language == "zh" else " ").join(self.any() for _ in range(count))

    def _invent(self) -> str:
        if self.language == "zh":
            return "".join(self._random.choices(_CHARACTERS, k=2))
        return "".join(self._random.choices(_SYLLABLES[self.language], k=self._random.choice((2, 3, 3, 4))))


def domain(number: int) -> str:
    """The invented host of one record."""
    return f"h{number:07}.{'grey' if number % 3 else 'blue'}-lantern.example"


def objects(words: dict[str, Words], random: Random, *, first: int, count: int) -> Iterator[dict[str, Any]]:
    """Indicators, notes and malware of all languages, without end the same for one seed."""
    languages = list(words)
    for number in range(first, first + count):
        language = words[languages[number % len(languages)]]
        kind = ("indicator", "indicator", "indicator", "note", "malware")[number % 5]
        stamp = f"2026-0{1 + number % 9}-1{number % 10}T08:00:00.{number % 1000:03}Z"
        common = {
            "type": kind,
            "spec_version": "2.1",
            "id": f"{kind}--{UUID(int=(number << 64) | (4 << 76) | (8 << 60))}",
            "created": stamp,
            "modified": stamp,
            "created_by_ref": f"identity--{UUID(int=((number % 50) << 64) | (4 << 76) | (8 << 60))}",
            "labels": [words["en"].all[number % 40]],
            "object_marking_refs": [_TLP[number // 7 % 3]],
        }
        if kind == "indicator":
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            pattern = f"[domain-name:value = '{domain(number)}' OR file:hashes.'SHA-256' = '{digest}']"
            yield common | {
                "name": language.sentence(4),
                "description": language.sentence(12),
                "pattern": pattern,
                "pattern_type": "stix",
                "valid_from": stamp,
            }
        elif kind == "note":
            yield common | {"content": language.sentence(30), "object_refs": [common["created_by_ref"]]}
        else:
            yield common | {"name": language.sentence(2), "description": language.sentence(20), "is_family": True}
