"""Generated worlds: an alliance under some law, and one member's offer of some records. Equal dice give equal worlds.

`judged` asks what a preview asks; `delivered` plays the publication to the nodes of its recipients, by the same functions as the desk and without
a database; `check` holds the two and the law to each other. Whole nodes in generated worlds stand in `bars/test_worlds.py`.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

from accord.charter.document import Charter
from accord.charter.force import law_between
from accord.desk import release
from accord.desk.admit import admit
from accord.desk.means import Means
from accord.desk.prove import Proven
from accord.desk.release import Answer, Batch, judge, recipients_of, refuse_withheld
from accord.errors import CharterInvalid, Refusal
from accord.ledger.entry import commitment
from accord.release.decision import Released, Withheld
from accord.release.gate import Gate
from accord.release.onward import behind_of, law_behind
from accord.release.policy import policy_of
from accord.release.question import Offer, question_about
from accord.stix.consent import Consent, Use, purpose_digest
from accord.stix.marking import TLP_OF_MARKING, Grade, Handling, HandlingCode, SubjectCategory, Tlp, tlp_of
from accord.stix.record import Record, concerns_person, of_fields
from accord.stix.schema import faults_of
from accord.stix.statement import TYPE, Originator, Statement, Terms
from accord.stix.upstream import Link
from accord.store.logs import NewLeaf
from accord.store.records import Arrival, Came, Passage
from tests.charter.charters import ARTICLE, fields, instrument, member, party
from tests.stories.alliance import START, indicator

TODAY = START.date()
NOW = datetime.combine(TODAY, time(12), tzinfo=UTC)
DAYS = [(TODAY + timedelta(days=days)).isoformat() for days in (-3000, -400, -1, 0, 1, 400)]
ROLES = {"officer": ["import", "preview", "publish", "read", "recall", "release"]}

# Grounds that only the giver can know: what its officers said by word, and from whom it has what it gives.
GIVERS_OWN = frozenset({"STIX", "S-20"})


@dataclass(frozen=True, slots=True)
class World:
    """A charter in fields, and what one member would give under it today."""

    charter: dict[str, Any]
    sender: str
    arrivals: tuple[Arrival, ...]
    offer: Offer


@dataclass
class Counts:
    """What a run of worlds held, so that a bar can say that it was not empty."""

    worlds: int = 0
    reaching: int = 0  # Worlds in which somebody is reached.
    published: int = 0  # Worlds whose whole audience is reached, as offered.
    released: int = 0
    consented: int = 0  # Answers that release what another member gave, on its consent.
    withheld: Counter[str] = field(default_factory=Counter)  # By the rule of each ground.

    def __str__(self) -> str:
        rules = ", ".join(f"{rule} {count:,}" for rule, count in sorted(self.withheld.items()))
        return (
            f"{self.worlds:,} worlds: in {self.reaching:,} somebody is reached, in {self.published:,} the whole audience; "
            f"{self.released:,} answers release, {self.consented:,} of them on a consent; grounds: {rules}"
        )


def world(dice: random.Random, *, plain: bool = False) -> World:
    """One world. A `plain` one can be played by whole nodes: the records are the member's own or imported, and keep to the standard."""
    names = [f"M{number}" for number in range(1, dice.randint(3, 4 if plain else 7) + 1)]
    charter = _charter(dice, names)
    sender = dice.choice(names)
    others = [name for name in names if name != sender]
    came = dice.choice((Came.OWN, Came.IMPORT)) if plain else None
    arrivals = tuple(_arrival(dice, sender, others, came=came, plain=plain) for _ in range(dice.randint(1, 3)))
    arrivals = tuple({one.record.digest: one for one in arrivals}.values())  # A member holds a record once, however often it came.
    if any(arrival.came is Came.CHANNEL for arrival in arrivals):
        law = Charter.of_fields(charter)
        arrivals = tuple(_consented(dice, law, sender, others, one) if one.came is Came.CHANNEL else one for one in arrivals)
    audience = dice.sample(others, dice.choice((0, 1, 1, 1, 2, 2, len(others))))
    if not plain and dice.random() < 0.03:
        audience.append(sender)
    return World(charter, sender, arrivals, _offer(dice, charter, tuple(audience)))


def _charter(dice: random.Random, names: list[str]) -> dict[str, Any]:
    members = [member(name, statuses=_statuses(dice)) for name in names]
    instruments = [_instrument(dice, f"T{number}", names) for number in range(dice.randint(1, 3))]
    # A charter without one permitting article is refused, so one always permits.
    dice.choice(instruments)["articles"][0]["permits"] = True
    return fields(members, instruments, roles=ROLES)


def _statuses(dice: random.Random) -> list[dict[str, Any]]:
    statuses = [{"kind": "member", "since": "2000-01-01", "mark": "V", "source": "INV"}]
    match dice.random():
        case luck if luck < 0.03:
            statuses = [{"kind": "member", "mark": "gap", "source": "INV"}]
        case luck if luck < 0.08:
            kind = dice.choice(["suspended", "withdrawn"])
            statuses.append({"kind": kind, "since": dice.choice(DAYS), "mark": "V", "source": "INV"})
        case luck if luck < 0.13:
            statuses = [
                {"kind": "observer", "since": "2000-01-01", "mark": "V", "source": "INV"},
                {"kind": "member", "since": dice.choice(DAYS), "mark": "P", "source": "INV"},
            ]
        case _:
            pass
    return statuses


def _instrument(dice: random.Random, name: str, names: list[str]) -> dict[str, Any]:
    bound = [one for one in names if dice.random() < 0.92]
    parties = []
    for one in bound:
        match dice.random():
            case luck if luck < 0.03:
                parties.append(party(one, None))
            case luck if luck < 0.08:
                parties.append(party(one, dice.choice(DAYS)))
            case luck if luck < 0.13:
                parties.append(party(one, "2001-01-01", until=dice.choice(DAYS)))
            case _:
                parties.append(party(one))
    articles = [{**ARTICLE, "id": str(number), "permits": dice.random() < 0.7} for number in range(1, dice.randint(1, 3) + 1)]
    force = dice.choice(["2001-01-01"] * 25 + [None, *DAYS])
    made = instrument(name, *parties, force=force, articles=articles)
    if bound and dice.random() < 0.3:
        excludes = [article["id"] for article in articles if dice.random() < 0.5]
        reservation = {"member": dice.choice(bound), "excludes": excludes, "says": {"en": "Not so."}, "mark": "V", "source": "INV"}
        made["reservations"] = [reservation]
    return made


def _arrival(dice: random.Random, sender: str, others: list[str], *, came: Came | None, plain: bool) -> Arrival:
    level = dice.choice([None, None, None, *sorted(TLP_OF_MARKING)])
    person = dice.random() < 0.25
    came = came or dice.choice([Came.OWN] * 12 + [Came.IMPORT] * 6 + [Came.CHANNEL] * 2)
    faulty = came is Came.IMPORT and not plain and dice.random() < 0.3
    number = dice.randrange(4)
    made, faults = _record(number, level, person, faulty)
    feed = Originator("Invented feed", is_member=False)
    match came:
        case Came.OWN:
            return Arrival(made, came, sender, Originator(sender, is_member=True))
        case Came.IMPORT:
            return Arrival(made, came, "Invented feed", feed, faults=faults)
        case _:
            giver = dice.choice(others)
            return Arrival(made, came, giver, dice.choice([Originator(giver, is_member=True), feed]))


def _consented(dice: random.Random, charter: Charter, holder: str, others: list[str], arrival: Arrival) -> Arrival:
    """The same with the statement it came under and, mostly, a consent to pass it on. What could not lawfully have come has neither."""
    law = law_between(charter, sender=arrival.source, recipient=holder, on=TODAY)
    users = tuple(sorted(dice.sample([name for name in others if name != arrival.source], dice.randint(1, len(others) - 1))))
    if not law.permits or dice.random() < 0.1:
        return arrival
    permitting = [str(permit.basis) for permit in law.permits]
    person = concerns_person(arrival.record.fields)
    terms = Terms(
        recipients=(holder,),
        basis=dice.choice(permitting),
        purpose="prevention of an attack",
        handling=Handling(
            Tlp.RED if dice.random() < 0.3 else tlp_of(arrival.record.fields) or Tlp.AMBER,
            dice.choice([(), (), (), (HandlingCode.H1,)]),
            None,
        ),
        grade=Grade.parse("B2"),
        review=TODAY + timedelta(days=dice.choice([180, 180, 180, 365, 30])),
        category=dice.choice(list(SubjectCategory)) if person else None,
    )
    sealed = commitment(salt=bytes(32), content=arrival.record.content)
    given = Statement(f"{TYPE}--{_uuid(dice)}", NOW, charter.digest, arrival.source, arrival.originator, terms, (sealed,))
    consent = Consent(
        id=f"accord-consent--{_uuid(dice)}",
        made_at=NOW,
        by=arrival.source,
        holder=holder,
        users=users,
        use=Use.PASSING_ON,
        statement=given.id,
        basis=dice.choice([*permitting * 9, "X/1"]),
        purpose=purpose_digest(dice.choice(["prevention of an attack"] * 9 + ["another purpose"])),
        commitments=(sealed,),
    )
    return replace(arrival, passage=Passage(Link(given, consent, given.fields(), consent.fields()), sealed, bytes(32)))


def _uuid(dice: random.Random) -> uuid.UUID:
    return uuid.UUID(bytes=dice.randbytes(16), version=4)


@cache
def _record(number: int, level: str | None, person: bool, faulty: bool) -> tuple[Record, tuple[str, ...]]:
    made = _identity(number) if person else indicator(number)
    if level is not None:
        made["object_marking_refs"] = [level]
    if faulty:
        made["labels"] = []
    return of_fields(made), tuple(map(str, faults_of(made)))


def _identity(number: int) -> dict[str, Any]:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{number:08x}-6a4f-4f8e-9a70-5f1f6a1c2b10",
        "created": "2026-11-20T08:00:00.000Z",
        "modified": "2026-11-20T08:00:00.000Z",
        "name": f"Invented Person {number}",
        "identity_class": "individual",
    }


def _offer(dice: random.Random, charter: dict[str, Any], audience: tuple[str, ...]) -> Offer:
    articles = [f"{one['id']}/{article['id']}" for one in charter["instruments"] for article in one["articles"]]
    permitting = [f"{one['id']}/{article['id']}" for one in charter["instruments"] for article in one["articles"] if article["permits"]]
    days = dice.choice([180] * 30 + [-1, 0, 1, 365 * 5, 365 * 5 + 1, 365 * 5 + 2, 4000])
    return Offer(
        audience=audience,
        basis=dice.choice(permitting * 8 + articles + ["X/1", None]),
        purpose=dice.choice(["prevention of an attack"] * 19 + [None, " "]),
        tlp=dice.choice([Tlp.RED] * 12 + [*Tlp, None]),
        grade=dice.choice([Grade.parse("B2")] * 19 + [None]),
        review=dice.choice([TODAY + timedelta(days=days)] * 19 + [None]),
        category=dice.choice([*SubjectCategory, *SubjectCategory, None]),
        codes=dice.choice([(), (), (HandlingCode.H1, HandlingCode.H2)]),
        word=dice.choice(["", "seen and wanted"]),
    )


def means_in(means: Means, charter: Charter, member: str) -> Means:
    """What a story of this member has at hand under this charter. The database stays the borrowed node's and is not touched."""
    return replace(means, charter=charter, gate=Gate(policy_of(charter)), member=member)


def judged(means: Means, one: World, offer: Offer | None = None) -> tuple[Answer, ...]:
    """What a preview says."""
    return judge(means, one.arrivals, offer or one.offer, now=NOW)


def delivered(means: Means, one: World, offer: Offer, answers: Sequence[Answer]) -> set[str]:
    """Who holds every record after a publication on this offer: nobody where it is refused, else those whose own node admits all of them."""
    try:
        refuse_withheld(offer.audience, answers)
    except Refusal:
        return set()
    statements = list(_statements(means, one, offer))
    return {name for name in offer.audience if _serves(means, name, statements) and admits(means, name, statements)}


def admits(means: Means, recipient: str, statements: Sequence[tuple[Statement, list[Arrival]]]) -> bool:
    """Whether the node of `recipient` keeps everything that stands under these statements."""
    there = replace(means, member=recipient)
    items = [
        Proven(dict(record.fields), record.content, NewLeaf(bytes(32), bytes(32), record.digest, 0, len(record.content)), statement)
        for statement, arrivals in statements
        for record in (arrival.record for arrival in arrivals)
    ]
    return all(not admission.ground for admission in admit(there, items, today=TODAY))


def _serves(means: Means, recipient: str, statements: Sequence[tuple[Statement, list[Arrival]]]) -> bool:
    """Whether the sender's gate, asked again while serving, says the same."""
    law = law_between(means.charter, sender=means.member, recipient=recipient, on=TODAY)
    questions = [
        question_about(
            statement,
            recipient=recipient,
            law=law,
            law_behind=law_behind(means.charter, behind_of(statement), recipient, on=TODAY),
        )
        for statement, _ in statements
    ]
    return all(isinstance(means.gate.decide(question), Released) for question in questions)


def _statements(means: Means, one: World, offer: Offer) -> Iterator[tuple[Statement, list[Arrival]]]:
    """The signed statements of a publication, read back as its recipients read them."""
    batch = Batch(one.arrivals, "A. Bekova (invented)", replace(offer, audience=tuple(sorted(offer.audience))).terms(), word=offer.word)
    for portion in release._portions(one.arrivals):
        placed = [
            release._Placed(arrival.record, bytes(32), commitment(salt=bytes(32), content=arrival.record.content)) for arrival in portion
        ]
        yield Statement.parse(dict(release._statement(means, batch, portion, placed, now=NOW).fields)), portion


def check(means: Means, one: World, dice: random.Random, counts: Counts) -> None:
    """Hold one world to every property; `means` is a node's, borrowed."""
    here = means_in(means, Charter.of_fields(one.charter), one.sender)
    answers = judged(here, one)
    reached = set(recipients_of(answers))
    audience = set(one.offer.audience)
    _everybody_is_answered(here, one, answers)
    counts.worlds += 1
    counts.reaching += bool(reached)
    counts.published += bool(audience) and audience <= reached
    counts.released += len(reached)
    counts.consented += len(reached) * any(arrival.passage is not None for arrival in one.arrivals)
    counts.withheld.update(ground.rule for item in answers if isinstance(item.decision, Withheld) for ground in item.decision.grounds)

    assert reached <= audience, "who is not named is never reached"
    assert delivered(here, one, one.offer, answers) == (reached if audience <= reached else set())
    if reached:
        narrowed = replace(one.offer, audience=tuple(sorted(reached)))
        again = judged(here, one, narrowed)
        assert set(recipients_of(again)) == reached == delivered(here, one, narrowed, again)
    _the_recipients_agree(here, one, answers)
    _nobody_is_nobody(here, one)
    _less_law_reaches_nobody_new(means, one, reached, dice)
    _order_changes_nothing(means, one, answers, dice)


def _everybody_is_answered(here: Means, one: World, answers: Sequence[Answer]) -> None:
    assert sorted({*here.partners(), *one.offer.audience}) == [item.decision.recipient for item in answers]
    for item in answers:
        if isinstance(item.decision, Withheld):
            assert item.decision.grounds
            assert all(ground.rule and ground.says for ground in item.decision.grounds)
            assert item.decision.remedy


def _the_recipients_agree(here: Means, one: World, answers: Sequence[Answer]) -> None:
    """A giver without safeguards sends all the same: whatever a recipient can know, its own node declines on."""
    offer = one.offer
    if not (offer.audience and offer.basis and offer.purpose and offer.purpose.strip() and offer.tlp and offer.grade and offer.review):
        return
    statements = list(_statements(here, one, offer))
    # Whose the records are only the giver knows, unless a consent goes with all that is another's.
    unsaid = any(arrival.came is Came.CHANNEL and arrival.passage is None for arrival in one.arrivals)
    own = GIVERS_OWN | {"INF-04"} if unsaid else GIVERS_OWN
    for item in answers:
        if isinstance(item.decision, Withheld) and item.decision.recipient in offer.audience:
            rules = {ground.rule for ground in item.decision.grounds}
            assert rules <= own or not admits(here, item.decision.recipient, statements), rules


def _nobody_is_nobody(here: Means, one: World) -> None:
    empty = replace(one.offer, audience=())
    answers = judged(here, one, empty)
    assert () == recipients_of(answers)
    assert set() == delivered(here, one, empty, answers)


def _less_law_reaches_nobody_new(means: Means, one: World, reached: set[str], dice: random.Random) -> None:
    smaller = deepcopy(one.charter)
    table = dice.choice(smaller["instruments"])
    if table.get("parties") and dice.random() < 0.5:
        gone = table["parties"].pop(dice.randrange(len(table["parties"])))["member"]
        _keep(table, "parties", table["parties"])
        _keep(table, "reservations", [item for item in table.get("reservations", []) if item["member"] != gone])
    else:
        article = table["articles"].pop(dice.randrange(len(table["articles"])))["id"]
        _keep(table, "articles", table["articles"])
        for reservation in table.get("reservations", []):
            reservation["excludes"] = [item for item in reservation["excludes"] if item != article]
    try:
        there = means_in(means, Charter.of_fields(smaller), one.sender)
    except CharterInvalid:
        return  # Nothing permits any more, and a charter that permits nothing is refused: nobody is reached under it.
    assert set(recipients_of(judged(there, one))) <= reached


def _keep(table: dict[str, Any], name: str, left: list[dict[str, Any]]) -> None:
    """What is empty is left out of a charter."""
    if left:
        table[name] = left
    else:
        table.pop(name, None)


def _order_changes_nothing(means: Means, one: World, answers: Sequence[Answer], dice: random.Random) -> None:
    mixed = deepcopy(one.charter)
    for name in ("members", "instruments"):
        dice.shuffle(mixed[name])
    for table in mixed["instruments"]:
        for name in ("parties", "articles", "reservations"):
            dice.shuffle(table.get(name, []))
    audience = list(one.offer.audience)
    dice.shuffle(audience)
    there = means_in(means, Charter.of_fields(mixed), one.sender)
    assert list(map(_said, answers)) == list(map(_said, judged(there, one, replace(one.offer, audience=tuple(audience)))))


def _said(answer: Answer) -> tuple[object, ...]:
    match answer.decision:
        case Released(recipient=recipient, article=article, says=says):
            return recipient, article, says
        case Withheld(recipient=recipient, grounds=grounds):
            return recipient, frozenset(grounds)
