"""The words by which a record is found: folded for case and width, refanged (`hxxp`, `[.]`), and two Chinese characters are a word.

A term is a word, a dotted part of one, a domain above one, or a pair of neighbouring Chinese, Japanese or Korean characters. Russian and English word forms are
not stemmed; who wants all of them ends a word with `*`. A UUID is a term whole; times, the record's own identifier and its type are no words,
they are asked for by name (`store.search`). What a record has beside its words, such as who gave it, is a *trait*: a term that begins with `=`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from accord.seal.canonical import Fields
from accord.stix.times import is_timestamp

TERM_CHARACTERS_MAX = 64  # Characters. A hash of 512 bits in hex is longer and is found by its beginning.
TERMS_PER_RECORD_MAX = 5_000  # Terms. The longest real object has under 4,000; beyond it a record is found by its first ones.
_TEXTS_REMEMBERED_MAX = 16_384  # Texts. Labels, names of kinds and addresses of sources come again and again.
_SHORT_CHARACTERS_MAX = 64  # Characters of a text worth remembering.
_NO_WORDS = frozenset({"type", "id", "spec_version"})  # Properties of the record itself that say no word of it.

_FANGED = re.compile(r"hxxp|[\[({](?:\.|dot|:|://|@|at)[\])}]")
_REFANGED = {"hxxp": "http", "dot": ".", "at": "@"}
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WORD = re.compile(rf"({_UUID})|([{_CJK}]+)|([^\W{_CJK}]+(?:[.\-'’][^\W{_CJK}]+)*)")
_PART = re.compile(r"[.\-'’]+")


def folded(text: str) -> str:
    """A text as its words are compared: one case, one width, no brackets against a careless click."""
    return _FANGED.sub(_refanged, unicodedata.normalize("NFKC", text).casefold())


def _refanged(found: re.Match[str]) -> str:
    inside = found[0].strip("[](){}")
    return _REFANGED.get(inside, inside)


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text, in order, possibly more than once."""
    for uuid, characters, word in _WORD.findall(folded(text)):
        if uuid:
            yield uuid
        elif characters:
            yield from (characters[number : number + 2] for number in range(max(1, len(characters) - 1)))
        else:
            yield word[:TERM_CHARACTERS_MAX]
            parts = _PART.split(word)
            if len(parts) > 1:
                yield from _domains_above(word)
                yield from (part[:TERM_CHARACTERS_MAX] for part in parts if part)


def _domains_above(host: str) -> Iterator[str]:
    """``grey-lantern.example`` for ``relay.grey-lantern.example``; nothing for an address of numbers."""
    labels = host.split(".")
    if labels[-1].isalpha():
        yield from (".".join(labels[number:])[:TERM_CHARACTERS_MAX] for number in range(1, len(labels) - 1))


def terms_of_record(fields: Fields) -> set[str]:
    """The terms of every text in a record, keys left out."""
    found: set[str] = set()
    waiting: list[object] = [value for name, value in fields.items() if name not in _NO_WORDS]
    while waiting and len(found) < TERMS_PER_RECORD_MAX:
        value = waiting.pop()
        if isinstance(value, str):
            found |= _remembered(value) if len(value) <= _SHORT_CHARACTERS_MAX else _terms(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def _terms(text: str) -> frozenset[str]:
    return frozenset() if is_timestamp(text) else frozenset(terms_of(text))


_remembered = lru_cache(maxsize=_TEXTS_REMEMBERED_MAX)(_terms)


def beginning_of(text: str) -> str | None:
    """A text as the beginning of one word, or of one pair of characters; None where it is neither."""
    plain = folded(text)
    found = _WORD.fullmatch(plain)
    return plain if found is not None and (found[2] is None or len(plain) == 1) else None


def text_of_record(fields: Fields) -> str:
    """Every text of a record, folded, a line each, for confirming what stands together."""
    found: list[str] = []
    waiting: list[object] = [value for name, value in fields.items() if name not in _NO_WORDS]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.append(" ".join(folded(value).split()))
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return "\n".join(found)
