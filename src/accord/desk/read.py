"""Read: what the member's own people find and see of its holdings. Every content passes the gate before it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from accord.desk.means import Means
from accord.errors import AccordError, NotFound
from accord.release.decision import Decision, Released, Withheld
from accord.seal.canonical import parse_digest, read
from accord.store import records, terms
from accord.store.records import Held

FOUND_MAX = 50  # Records a search gives. Who finds more asks more precisely.
NAME_CHARACTERS_MAX = 120  # Characters of a record's name in a list.


@dataclass(frozen=True, slots=True)
class Found:
    """One record that a search found, through the gate."""

    held: Held
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One record whole: where it came from, under which article, its bytes, and its other versions."""

    held: Held
    content: bytes
    versions: tuple[Held, ...]


def catch_up(means: Means) -> int:
    """Index one more portion of the holdings; 0 when the index is complete."""
    with means.database.writing() as transaction:
        return terms.index_more(transaction)


def search(means: Means, query: str, *, count: int = FOUND_MAX) -> list[Found]:
    """Records that hold every word of the query, the newest first. What is not indexed yet is not found (`catch_up`)."""
    found = []
    with means.database.reading() as transaction:
        for position in terms.positions_with(transaction, query, count=count):
            held = records.held_at(transaction, position)
            content = None if held is None else records.content_of(transaction, held.digest)
            if held is not None and content is not None:
                shown = _through_gate(means, held, content)
                found.append(Found(held, _name(shown)))
    return found


def show(means: Means, reference: str) -> Shown:
    """The record with this digest (`sha256:…`) or STIX identifier, its newest version; `NotFound` otherwise."""
    with means.database.reading() as transaction:
        if reference.startswith("sha256:"):
            try:
                known: Sequence[Held] = list(records.held_by_digests(transaction, [parse_digest(reference)]).values())
            except AccordError:
                known = []
        else:
            known = records.versions_of(transaction, reference)
        if not known:
            raise NotFound(f"no record {reference!r} in the holdings", remedy="search for it with `accord search`")
        held = max(known, key=lambda item: (item.version, item.position))
        versions = records.versions_of(transaction, held.stix_id)
        content = records.content_of(transaction, held.digest)
    if content is None:
        raise NotFound(f"no record {reference!r} in the holdings", remedy="search for it with `accord search`")
    return Shown(held, _through_gate(means, held, content), tuple(versions))


def _through_gate(means: Means, held: Held, content: bytes) -> bytes:
    decision: Decision = means.gate.decide_reading(reader=means.member, holder=means.member, article=held.article, content=content)
    match decision:
        case Released(contents=contents):
            return contents[0]
        case Withheld(grounds=grounds):
            raise NotFound(f"no such record: {grounds[0]}")
        case _:
            assert_never(decision)


def _name(content: bytes) -> str:
    fields = read(content)
    assert isinstance(fields, dict), "a record is an object"
    for key in ("name", "value", "pattern", "description", "relationship_type", "opinion", "content"):
        text = fields.get(key)
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())[:NAME_CHARACTERS_MAX]
    return ""
