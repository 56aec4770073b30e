"""Purposes: what an alliance gives and uses information for, as a closed list of words, each with the article it rests on.

A purpose is written as a sentence that begins with one of the words: ``prevention of an attack on a transport hub``. The word is what a machine
compares, the sentence is what a person answers for. Whether a use is for the purpose of the gift is judged by `release.reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from accord.charter.dated import Mark
from accord.charter.entry import Entry

_WORD: Final = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose of the list: its word, what it says, how it was verified and where it stands."""

    id: str
    says: Mapping[str, str]
    mark: Mark
    source: str

    @classmethod
    def read(cls, entry: Entry) -> Purpose:
        with entry:
            word = entry.name("id")
            if not _WORD.fullmatch(word):
                raise entry.fault("expected a word in lower case, with hyphens inside where needed", "id")
            return cls(word, entry.languages("says"), entry.choice("mark", Mark), entry.text("source"))


def purpose_word(sentence: str, words: Iterable[str]) -> str:
    """The word of the list with which a sentence begins; empty where it begins with none."""
    said = _WORD.match(sentence.strip().casefold())
    return said.group() if said is not None and said.group() in words else ""
