"""What is looked for, as an officer writes it: ``grey lantern* "power grid" type:indicator from:KG tlp:amber since:2026-11-01``.

Everything that is named has to hold. Words are those of `store.words`; `*` ends the beginning of a word; what stands in quotation traits stands
so in the record; of a filter that is named more than once, one value has to hold. Filters:

- ``type:``, ``from:`` (the member or source it came from), ``came:`` (own, import or channel), ``article:``, ``tlp:`` (the record's own marking, or none);
- ``id:`` (a STIX identifier; one that stands alone is read so too), ``since:`` and ``until:`` (the day it arrived, both included).

`str` is the inverse of `parse`, up to the order in which things were named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from accord.errors import LimitReached, Malformed
from accord.stix.identifier import Identifier
from accord.store.words import beginning_of, folded, terms_of

QUERY_CHARACTERS_MAX = 1_000  # Characters. Some dozens of addresses; who has more asks several times.
QUERY_TERMS_MAX = 64  # Terms, beginnings, phrases and filters of one query.

TRAITS: Final = ("type", "from", "came", "article", "tlp")  # Filters that are traits of a record, and facets of an answer.
_NAMED = re.compile(r'(?:(type|from|came|article|tlp|id|since|until):)?(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Search:
    """One question to the holdings. An empty one asks for everything."""

    terms: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    traits: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @classmethod
    def parse(cls, text: str) -> Search:
        """Read what an officer wrote; `Malformed` and `LimitReached` say which part cannot be looked for."""
        if len(text) > QUERY_CHARACTERS_MAX:
            raise LimitReached("QUERY_CHARACTERS_MAX", f"the query has {len(text)} characters", remedy="ask in several queries")
        terms: list[str] = []
        beginnings, phrases, traits, ids = set[str](), set[str](), set[tuple[str, str]](), set[str]()
        days: dict[str, date] = {}
        for kind, quoted, bare in _NAMED.findall(text):
            if kind in TRAITS:
                traits.add((kind, quoted or bare))
            elif kind == "id" or (not kind and _is_identifier(bare)):
                ids.add(quoted or bare)
            elif kind:
                days[kind] = _day(quoted or bare)
            elif quoted:
                phrases.add(" ".join(folded(quoted).split()))
                terms.extend(terms_of(quoted))
            elif bare.endswith("*"):
                beginnings.add(_beginning(bare))
            else:
                terms.extend(terms_of(bare))
        found = cls(
            tuple(sorted(set(terms))),
            tuple(sorted(beginnings)),
            tuple(sorted(phrases)),
            tuple(sorted(traits)),
            tuple(sorted(ids)),
            days.get("since"),
            days.get("until"),
        )
        if len(found.terms) + len(found.beginnings) + len(found.phrases) + len(found.traits) + len(found.ids) > QUERY_TERMS_MAX:
            raise LimitReached(
                "QUERY_TERMS_MAX", f"the query has more than {QUERY_TERMS_MAX} words and filters", remedy="ask in several queries"
            )
        return found

    def __str__(self) -> str:
        parts = [
            *self.terms,
            *(f"{beginning}*" for beginning in self.beginnings),
            *(f'"{phrase}"' for phrase in self.phrases),
            *(f'{kind}:"{value}"' for kind, value in self.traits),
            *(f"id:{identifier}" for identifier in self.ids),
            *([f"since:{self.since}"] if self.since else []),
            *([f"until:{self.until}"] if self.until else []),
        ]
        return " ".join(parts)

    def values_of(self, kind: str) -> tuple[str, ...]:
        """The values of one filter, of which one has to hold."""
        return tuple(value for name, value in self.traits if name == kind)


def _is_identifier(text: str) -> bool:
    try:
        Identifier.parse(text)
    except Malformed:
        return False
    return True


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{text!r} is not a day", remedy="write it as since:2026-11-01") from None


def _beginning(text: str) -> str:
    found = beginning_of(text[:-1])
    if found is None:
        raise Malformed(f"{text!r} is not the beginning of one word", remedy="write the beginning of one word, with * at its end")
    return found
