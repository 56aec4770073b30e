"""Full-text search over the holdings by an own table of terms, the same on every database engine.

A term is a word, a dotted part of one, or a pair of neighbouring Chinese, Japanese or Korean characters, folded for case and width and
refanged (`hxxp`, `[.]`). Engines' own full-text indexes miss two-character Chinese words; this one does not.
Indexing runs behind ingest: `index_more` goes on from where it stopped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import orjson

from accord.store.database import Transaction
from accord.store.records import HOLDINGS, bodies_from

TERM_CHARACTERS_MAX = 64  # Characters. A hash of 512 bits in hex is longer and is found by its beginning.
TERMS_PER_RECORD_MAX = 5_000  # Terms. The longest real object has under 4,000; beyond it a record is found by its first ones.
RECORDS_PER_INDEXING_MAX = 500  # Records a transaction, so that a writer never waits long behind the index.
CANDIDATES_MAX = 10_000  # Positions of the rarest term that are looked through for one query.
QUERY_TERMS_MAX = 32  # Terms a query.

_PROGRESS = "terms"
_REFANG = (
    (re.compile(r"\bhxxp", re.IGNORECASE), "http"),
    (re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE), "."),
    (re.compile(r"\[:\]"), ":"),
)
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|[^\W{_CJK}]+(?:[.\-'’][^\W{_CJK}]+)*")
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_PART = re.compile(r"[.\-'’]+")


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text, in order, possibly more than once."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for pattern, plain in _REFANG:
        folded = pattern.sub(plain, folded)
    for word in _WORD.findall(folded):
        if _CJK_RUN.fullmatch(word):
            yield from (word[number : number + 2] for number in range(len(word) - 1)) if len(word) > 1 else (word,)
        else:
            yield word[:TERM_CHARACTERS_MAX]
            parts = _PART.split(word)
            if len(parts) > 1:
                yield from (part[:TERM_CHARACTERS_MAX] for part in parts if part)


def terms_of_record(content: bytes) -> set[str]:
    """The terms of every text in a record, keys left out."""
    found: set[str] = set()
    waiting: list[object] = [orjson.loads(content)]
    while waiting and len(found) < TERMS_PER_RECORD_MAX:
        value = waiting.pop()
        if isinstance(value, str):
            found.update(terms_of(value))
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def index_more(transaction: Transaction) -> int:
    """Index the next records and give how many that were; 0 when the index is complete."""
    row = transaction.one("progress_of", name=_PROGRESS)
    first = 0 if row is None else int(row[0])
    records = list(bodies_from(transaction, first, RECORDS_PER_INDEXING_MAX))
    if records:
        transaction.many(
            "term_add",
            (
                {"collection": HOLDINGS, "term": term, "position": position}
                for position, content in records
                for term in terms_of_record(content)
            ),
        )
        transaction.run("progress_set", name=_PROGRESS, position=records[-1][0] + 1)
    return len(records)


def positions_with(transaction: Transaction, query: str, *, count: int) -> list[int]:
    """Positions of the records that hold every term of a query, the newest first; at most `count`."""
    wanted = list(dict.fromkeys(terms_of(query)))[:QUERY_TERMS_MAX]
    if not wanted:
        return []
    sizes = {term: int((transaction.one("term_count", collection=HOLDINGS, term=term, count=CANDIDATES_MAX) or (0,))[0]) for term in wanted}
    wanted.sort(key=sizes.__getitem__)  # The rarest first: the others only confirm.
    rarest, others = wanted[0], wanted[1:]
    found: list[int] = []
    for (position,) in transaction.all("term_positions", collection=HOLDINGS, term=rarest, before=2**62, count=CANDIDATES_MAX):
        if all(transaction.one("term_confirm", collection=HOLDINGS, term=term, position=position) for term in others):
            found.append(position)
            if len(found) == count:
                break
    return found
