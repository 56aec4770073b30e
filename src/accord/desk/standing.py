"""Standing releases: an officer releases ahead of its arrival what an outside source will publish, within narrow words, until a day.

"Every indicator of this source, marked TLP clear or green, goes to these members under this article until that date."

Duties:
  1. the words are complete: which source, which types, which markings, to whom, under which article, until when; what they do not name is not covered;
  2. two officers answer for it (S-20, mass export): one gives it, another confirms it, and nothing is released before;
  3. each record is judged by the gate on the day it is released, per class of equal attributes; what the gate withholds from one recipient stays,
     is counted, and waits for an officer;
  4. it ends on its day, at an officer's word, or when the officer who gave it may no longer release;
  5. a preview answers as carrying it out does.
Records that break the standard, and person entries, leave on an officer's word about each: the gate holds that here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import orjson

from accord.charter.officers import Act
from accord.desk.importing import BATCH_RECORDS, check_source, imported, missing, with_waiting
from accord.desk.means import Means
from accord.desk.office import authorised
from accord.desk.release import Answer, Batch, judge, refuse_unknown_article, release
from accord.errors import NotFound, Refusal
from accord.ledger.entry import SALT_BYTES
from accord.release.decision import Withheld
from accord.release.question import Offer
from accord.seal.canonical import Fields, canonical
from accord.stix.identifier import TYPE_CHARACTERS_MAX
from accord.stix.marking import Grade, HandlingCode, SubjectCategory, Tlp, tlp_of
from accord.stix.record import Record
from accord.stix.statement import timestamp
from accord.store import acts, records
from accord.store import standing as store
from accord.store.records import Arrival, Came
from accord.store.standing import Kept

STANDING_NAME_CHARACTERS_MAX = 64  # Characters. It stands in the journal with each release under it.
STANDING_TYPES_MAX = 50  # Types named. The standard has 39 and a few custom ones.


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records of the source are meant. An empty `types` is refused: every type is not a thing one says by silence."""

    types: tuple[str, ...]
    marked: tuple[Tlp, ...]
    unmarked: bool  # Also records that carry no TLP marking; they leave at the level of the offer.

    def covers(self, record: Record) -> bool:
        """Say whether a record is meant."""
        level = tlp_of(record.fields)
        return record.type in self.types and (self.unmarked if level is None else level in self.marked)


@dataclass(frozen=True, slots=True)
class Order:
    """A standing release as an officer words it."""

    name: str
    source: str
    selection: Selection
    offer: Offer
    until: date


@dataclass(frozen=True, slots=True)
class Standing:
    """An order with its story: who answers for it, whether it acts today, and what came of it."""

    order: Order
    kept: Kept
    acts_today: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One class of covered records: how many, and what the gate says to each recipient about them."""

    records: int
    answers: tuple[Answer, ...]

    @property
    def is_released(self) -> bool:
        return not any(isinstance(answer.decision, Withheld) for answer in self.answers)


def preview(means: Means, order: Order, *, officer: str, now: datetime) -> tuple[Outcome, ...]:
    """What would happen to the records of the source that are here today. Nothing is kept and nothing leaves. 5"""
    _check(means, order, now=now)
    with means.database.reading() as transaction:
        authorised(means, transaction, officer, Act.PREVIEW)
    outcomes: list[Outcome] = []
    position = 0
    while (page := _page(means, order, position)) is not None:
        covered, position = page
        outcomes += [Outcome(len(group), answers) for group, answers in _by_class(means, covered, order.offer, now=now)]
    return tuple(outcomes)


def grant(means: Means, order: Order, *, officer: str, now: datetime) -> None:
    """Give a standing release; a second officer confirms it before it acts. 1"""
    _check(means, order, now=now)
    kept = Kept(
        name=order.name,
        source=order.source,
        selection=canonical(_selection_fields(order.selection)).decode(),
        terms=canonical(_offer_fields(order.offer)).decode(),
        until=order.until,
        granted_by=officer,
        granted_at=timestamp(now),
    )
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)
        if not store.add(transaction, kept):
            raise Refusal(f"{order.name!r} is a standing release already", remedy="choose another name; what has ended keeps its own")
        entry: Fields = {"act": "standing-granted", "officer": officer, "standing": order.name, "recipients": list(order.offer.audience)}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def confirm(means: Means, name: str, *, officer: str, now: datetime) -> None:
    """The second officer confirms; from then on it acts. 2"""
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)
        if not store.confirm(transaction, name, officer=officer, now=now):
            raise _why_not(_kept(means, name), officer)
        entry: Fields = {"act": "standing-confirmed", "officer": officer, "standing": name}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def end(means: Means, name: str, *, officer: str, now: datetime) -> None:
    """Release nothing more under it. What was released stays released; `accord recall` takes it back. 4"""
    with means.database.writing() as transaction:
        authorised(means, transaction, officer, Act.RELEASE)
        if not store.end(transaction, name, officer=officer, now=now):
            known = _kept(means, name)
            raise Refusal(f"{name!r} was ended by {known.ended_by} at {known.ended_at}")
        entry: Fields = {"act": "standing-ended", "officer": officer, "standing": name}
        acts.note_acts(transaction, means.journal, [entry], salts=[means.random(SALT_BYTES)], now=now)


def every(means: Means, *, now: datetime) -> list[Standing]:
    """All of them, with what came of each."""
    with means.database.reading() as transaction:
        return [Standing(_order(kept), kept, _acts(kept, now)) for kept in store.every(transaction)]


def carry_out(means: Means, *, now: datetime) -> int:
    """Look through what came since the last time under every order that acts today; gives how many records were released."""
    done = 0
    for standing in every(means, now=now):
        if standing.acts_today and _may_release(means, standing.kept.granted_by):
            done += _carry_out_one(means, standing, now=now)
    return done


def _carry_out_one(means: Means, standing: Standing, *, now: datetime) -> int:
    order, kept, done = standing.order, standing.kept, 0
    while (page := _page(means, order, kept.position)) is not None:
        covered, position = page
        released = withheld = 0
        for group, answers in _by_class(means, covered, order.offer, now=now):  # 3
            if Outcome(len(group), answers).is_released:
                batch = Batch(group, kept.granted_by, order.offer.terms(), word=f"standing release {order.name}")
                release(means, batch, answers, now=now)
                released += len(group)
            else:
                withheld += len(group)
        # Killed before this line, the same page comes again; what stands in every channel by then is not missing there.
        with means.database.writing() as transaction:
            if not store.advance(transaction, kept, position=position, released=released, withheld=withheld):
                return done
        kept = replace(kept, position=position)
        done += released
    return done


def _page(means: Means, order: Order, first: int) -> tuple[list[Arrival], int] | None:
    """The next covered records that some recipient was not given, and the position behind them; None where nothing follows."""
    with means.database.reading() as transaction:
        page = records.from_source(transaction, came=Came.IMPORT, source=order.source, first=first, count=BATCH_RECORDS)
        if not page:
            return None
        wanted = missing(transaction, means, page, order.offer.audience)
        arrivals = [imported(transaction, held) for held in page if held.digest in wanted and held.stix_type in order.selection.types]
        arrivals = with_waiting(transaction, arrivals, "")  # Two officers answer for the order, so any third word suffices.
    return [arrival for arrival in arrivals if order.selection.covers(arrival.record)], page[-1].position + 1


def _by_class(
    means: Means, arrivals: Sequence[Arrival], offer: Offer, *, now: datetime
) -> Iterator[tuple[list[Arrival], tuple[Answer, ...]]]:
    """Groups of equal attributes with what the gate says to each recipient: one group withheld holds up no other."""
    groups: dict[tuple[object, ...], list[Arrival]] = {}
    for arrival in arrivals:
        groups.setdefault((tlp_of(arrival.record.fields), bool(arrival.faults), arrival.unconfirmed, arrival.record.type), []).append(
            arrival
        )
    for group in groups.values():
        answers = judge(means, group, offer, now=now)
        yield group, tuple(answer for answer in answers if answer.decision.recipient in offer.audience)


def _acts(kept: Kept, now: datetime) -> bool:
    return bool(kept.confirmed_by) and not kept.ended_by and now.date() <= kept.until


def _may_release(means: Means, officer: str) -> bool:
    try:
        with means.database.reading() as transaction:
            authorised(means, transaction, officer, Act.RELEASE)
    except Refusal:
        return False
    return True


def _check(means: Means, order: Order, *, now: datetime) -> None:
    """Refuse words that are not complete. What the offer lacks the gate refuses by name, at the preview and at each release. 1"""
    check_source(means, order.source)
    if not order.name.strip() or len(order.name) > STANDING_NAME_CHARACTERS_MAX:
        raise Refusal(f"a standing release has a name of 1 to {STANDING_NAME_CHARACTERS_MAX} characters")
    types = order.selection.types
    if not types or len(types) > STANDING_TYPES_MAX or any(len(name) > TYPE_CHARACTERS_MAX for name in types):
        raise Refusal(f"a standing release names 1 to {STANDING_TYPES_MAX} types of records", remedy="for example --type indicator")
    if not order.selection.marked and not order.selection.unmarked:
        raise Refusal("a standing release names the markings that it covers", remedy="for example --marked clear,green, or --unmarked")
    if order.until < now.date():
        raise Refusal(f"it would have ended on {order.until}", remedy="choose a later --until")
    if order.offer.review is None or order.offer.review <= order.until:
        raise Refusal("the review date does not lie behind the last day of the standing release", remedy="choose a later --review")
    refuse_unknown_article(means.charter, order.offer.basis)
    if not order.offer.audience:
        raise Refusal("the audience is empty, and an empty audience is nobody", remedy="name at least one recipient")
    if order.offer.purpose is None or order.offer.basis is None or order.offer.tlp is None or order.offer.grade is None:
        raise Refusal("a standing release names purpose, article, level and grade", remedy="give --purpose, --basis, --tlp and --grade")


def _kept(means: Means, name: str) -> Kept:
    with means.database.reading() as transaction:
        found = next((kept for kept in store.every(transaction) if kept.name == name), None)
    if found is None:
        raise NotFound(f"there is no standing release named {name!r}", remedy="see `accord standing list`")
    return found


def _why_not(kept: Kept, officer: str) -> Refusal:
    if kept.ended_by:
        return Refusal(f"{kept.name!r} has ended", remedy="give it anew under another name")
    if kept.confirmed_by:
        return Refusal(f"{kept.name!r} is confirmed already, by {kept.confirmed_by}")
    return Refusal(f"S-20: {officer} gave {kept.name!r}, and another officer confirms it", remedy="ask another officer or an approver")


def _selection_fields(selection: Selection) -> Fields:
    return {"types": list(selection.types), "marked": [level.value for level in selection.marked], "unmarked": selection.unmarked}


def _offer_fields(offer: Offer) -> Fields:
    assert offer.tlp is not None and offer.grade is not None and offer.review is not None, "an incomplete offer was refused"
    return {
        "audience": list(offer.audience),
        "basis": offer.basis,
        "purpose": offer.purpose,
        "tlp": offer.tlp.value,
        "grade": str(offer.grade),
        "review": offer.review.isoformat(),
        "category": None if offer.category is None else offer.category.value,
        "codes": [code.value for code in offer.codes],
    }


def _order(kept: Kept) -> Order:
    selection, terms = orjson.loads(kept.selection), orjson.loads(kept.terms)
    return Order(
        name=kept.name,
        source=kept.source,
        selection=Selection(tuple(selection["types"]), tuple(map(Tlp, selection["marked"])), unmarked=selection["unmarked"]),
        offer=Offer(
            audience=tuple(terms["audience"]),
            basis=terms["basis"],
            purpose=terms["purpose"],
            tlp=Tlp(terms["tlp"]),
            grade=Grade.parse(terms["grade"]),
            review=date.fromisoformat(terms["review"]),
            category=None if terms["category"] is None else SubjectCategory(terms["category"]),
            codes=tuple(map(HandlingCode, terms["codes"])),
        ),
        until=kept.until,
    )
