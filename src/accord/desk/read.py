"""Read: what the member's own people find and see of its holdings. Every content passes the gate, and every read stands in the journal.

Duties:
  1. the reader is named, and is an officer of this member;
  2. the gate judges reader and purpose before anything is looked for, and each record before it is shown;
  3. the read is in the journal before the answer is given (`desk.account`); so is a refusal, and what was not found.
A ground of purpose is told to the officer, who can state another purpose or ask for consent. That there is a record at all is told with it.
What lies above the officer's clearance is not there: it is in no list, no count and no number of versions, and the journal alone tells it apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from accord.charter.officers import Act, Officer, may
from accord.desk.account import CASE_CHARACTERS_MAX, Outcome, account, purposes
from accord.desk.account import Asked as Asked
from accord.desk.means import Means
from accord.errors import AccordError, LimitReached, NotFound, Refusal
from accord.release.decision import Ground, Released, Withheld
from accord.release.reading import Reader, Reading
from accord.seal.canonical import Fields, parse_digest
from accord.seal.canonical import read as read_json
from accord.seal.envelope import derived_key, open_sealed, seal
from accord.stix.record import concerns_person
from accord.stix.statement import PURPOSE_CHARACTERS_MAX, Statement
from accord.store import finding, logs, peers, records, terms
from accord.store.database import Transaction
from accord.store.records import Came, Held
from accord.store.search import Search

FOUND_MAX = 50  # Records a search gives. Who finds more asks more precisely.
NAME_CHARACTERS_MAX = 120  # Characters of a record's name in a list.


@dataclass(frozen=True, slots=True)
class Found:
    """One record that a search found, through the gate."""

    held: Held
    name: str


@dataclass(frozen=True, slots=True)
class Findings:
    """One page of what a search found, and how many of it the gate withheld on which ground.

    `total` and `facets` count the whole answer, as far as the officer may see that there is a record; what is withheld for its purpose is told,
    and so counted. `following` brings the next page, to this officer and for this query alone; empty where nothing is left.
    """

    found: tuple[Found, ...]
    withheld: tuple[tuple[Ground, int], ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    following: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One record whole: where it came from, under which article and for which purposes, its bytes, and its other versions."""

    held: Held
    given_for: tuple[str, ...]
    content: bytes
    versions: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One record with the gate's answer to this reader."""

    held: Held
    given_for: frozenset[str]
    decision: Released | Withheld

    @property
    def content(self) -> Fields:
        assert isinstance(self.decision, Released), "asked of what may be read alone"
        fields = read_json(self.decision.contents[0])
        assert isinstance(fields, dict), "a record is an object"
        return fields


def catch_up(means: Means) -> int:
    """Index one more portion of the holdings; 0 when the index is complete."""
    return terms.index_more(means.database)


def search(means: Means, query: str, *, asked: Asked, now: datetime, count: int = FOUND_MAX, after: str = "") -> Findings:
    """Records that a query finds (`store.search`), the newest first. What is not indexed yet is not found (`catch_up`)."""
    wanted = Search.parse(query)
    cursor = _Cursor(means, asked.officer, wanted)
    below = cursor.opened(after) if after else None
    reader = reader_of(means, "searched", query, asked, now=now)  # 1, 2
    with means.database.reading() as transaction:
        answer = finding.find(transaction, wanted, sees=terms.up_to(reader.clearance), count=count, below=below)
        found = [held for position in answer.positions if (held := records.held_at(transaction, position)) is not None]
        judged = judge(means, transaction, reader, found)
    readable = [item for item in judged if isinstance(item.decision, Released)]
    note_read(means, "searched", query, asked, judged, now=now)  # 3
    refused = Counter(item.decision.grounds[0] for item in judged if isinstance(item.decision, Withheld))
    return Findings(
        found=tuple(Found(item.held, _name(item.content)) for item in readable),
        withheld=tuple(refused.items()),
        total=answer.total,
        facets=answer.facets,
        following="" if answer.following is None else cursor.sealed(answer.following),
    )


class _Cursor:
    """The place where a page ended, sealed for one officer and one query: a position in the open would tell how much lies between."""

    def __init__(self, means: Means, officer: str, wanted: Search) -> None:
        self._key = derived_key(means.signers.transport, purpose="cursor of a search")
        self._bound = orjson.dumps([officer, str(wanted)])

    def sealed(self, position: int) -> str:
        return seal(position.to_bytes(8, "big"), key=self._key, bound=self._bound)

    def opened(self, text: str) -> int:
        return int.from_bytes(open_sealed(text, key=self._key, bound=self._bound), "big")


def show(means: Means, reference: str, *, asked: Asked, now: datetime) -> Shown:
    """The record with this digest (`sha256:…`) or STIX identifier, its newest version; `NotFound` otherwise."""
    reader = reader_of(means, "shown", reference, asked, now=now)  # 1, 2
    with means.database.reading() as transaction:
        known = _known(transaction, reference)
        cleared = [held for held in known if held.level.rank <= reader.clearance.rank]
        chosen = max(cleared or known, key=lambda item: (item.version, item.position), default=None)
        judged = [] if chosen is None else judge(means, transaction, reader, [chosen])
        versions = [] if chosen is None else records.versions_of(transaction, chosen.stix_id)
    note_read(means, "shown", reference, asked, judged, now=now)  # 3
    for item in judged:
        match item.decision:
            case Released(contents=contents):
                seen = tuple(held for held in versions if held.level.rank <= reader.clearance.rank)
                return Shown(item.held, tuple(sorted(item.given_for)), contents[0], seen)
            case Withheld() as withheld if item.held.level.rank <= reader.clearance.rank:
                raise _refusal(withheld)
            case Withheld():
                pass  # As if it were not there.
    raise NotFound(f"no record {reference!r} in the holdings", remedy="search for it with `accord search`")


def reader_of(means: Means, act: str, query: str, asked: Asked, *, now: datetime) -> Reader:
    """The reader, where the gate has nothing against reader and purpose as such; else the refusal, noted first."""
    if not asked.officer:
        raise Refusal("no officer is named, and nobody reads the holdings", remedy="say who reads: --as OFFICER")
    if len(asked.purpose) > PURPOSE_CHARACTERS_MAX:
        raise LimitReached("PURPOSE_CHARACTERS_MAX", f"the purpose has {len(asked.purpose)} characters", remedy="say it in a sentence")
    if len(asked.case) > CASE_CHARACTERS_MAX:
        raise LimitReached("CASE_CHARACTERS_MAX", f"the case has {len(asked.case)} characters", remedy="give its number")
    with means.database.reading() as transaction:
        known = peers.role_of(transaction, asked.officer)
    if known is None:
        raise Refusal(f"{means.member} has no officer named {asked.officer!r}", remedy="add the officer with `accord officer add`")
    role, clearance = known
    officer = Officer(name=asked.officer, role=role, member=means.member)
    reader = Reader(means.member, may(means.charter, officer, Act.READ), asked.purpose, clearance)
    # Whether it is the purpose of the gift is asked of each record; here it is as if all had been given for the purpose stated.
    match means.gate.decide_reading(Reading(reader, means.member, purposes(means), given_for=frozenset({asked.purpose}))):
        case Withheld() as withheld:
            rules = tuple(ground.rule for ground in withheld.grounds)
            account(means, act, asked, query, Outcome(rules=rules), now=now)
            raise _refusal(withheld)
        case Released():
            return reader


def judge(means: Means, transaction: Transaction, reader: Reader, found: Sequence[Held]) -> list[Judged]:
    """Take each record through the gate; one whose bytes were erased meanwhile is not there."""
    given = _given_for(means, transaction, found)
    judged = []
    for held in found:
        content = records.content_of(transaction, held.digest)
        if content is not None:
            purposes_given = given.get(held.digest, frozenset())
            reading = Reading(reader, means.member, purposes(means), held.level, purposes_given, held.article)
            judged.append(Judged(held, purposes_given, means.gate.decide_reading(reading, (content,))))
    return judged


def _given_for(means: Means, transaction: Transaction, found: Sequence[Held]) -> dict[bytes, frozenset[str]]:
    """For what other members gave these records, as their statements say. What the member had before it was given is its own.

    A record that was given again by a statement alone counts as given by the first: the giver who means another purpose takes it back first.
    """
    given: dict[bytes, frozenset[str]] = {}
    digests = [held.digest for held in found if held.came is Came.CHANNEL]
    for member in means.partners():
        name = means.channel_from(member)
        said: dict[int, str] = {}
        for digest, position in logs.statements_over(transaction, name, digests):
            if position not in said:
                said[position] = _purpose_at(transaction, name, position)
            given[digest] = given.get(digest, frozenset()) | {said[position]}
    return given


def _purpose_at(transaction: Transaction, name: str, position: int) -> str:
    body = logs.body_at(transaction, name, position)
    fields = None if body is None else read_json(body)
    assert isinstance(fields, dict), "a statement is kept as long as what it covers"
    return Statement.parse(fields).terms.purpose


def _known(transaction: Transaction, reference: str) -> Sequence[Held]:
    if not reference.startswith("sha256:"):
        return records.versions_of(transaction, reference)
    try:
        return list(records.held_by_digests(transaction, [parse_digest(reference)]).values())
    except AccordError:
        return []


def note_read(means: Means, act: str, query: str, asked: Asked, judged: Sequence[Judged], *, now: datetime) -> None:
    shown = [item for item in judged if isinstance(item.decision, Released)]
    grounds = [ground for item in judged if isinstance(item.decision, Withheld) for ground in item.decision.grounds]
    outcome = Outcome(
        shown=tuple(item.held.position for item in shown),
        persons=sum(1 for item in shown if concerns_person(item.content)),
        withheld=tuple(item.held.position for item in judged if isinstance(item.decision, Withheld)),
        rules=tuple(sorted({ground.rule for ground in grounds})),
    )
    account(means, act, asked, query, outcome, now=now)


def _refusal(withheld: Withheld) -> Refusal:
    return Refusal("withheld: " + "; ".join(map(str, withheld.grounds)), remedy=withheld.remedy)


def _name(fields: Fields) -> str:
    for key in ("name", "value", "pattern", "description", "relationship_type", "opinion", "content"):
        text = fields.get(key)
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())[:NAME_CHARACTERS_MAX]
    return ""
