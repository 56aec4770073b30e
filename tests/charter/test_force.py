"""What is in force between two on a day: the shipped template against hand-derived answers, and the rules on invented charters."""

from __future__ import annotations

import copy
import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.charter.dated import Mark
from accord.charter.document import Charter, template
from accord.charter.force import Basis, Forbid, Law, Permit, law_between
from accord.errors import NotFound
from tests.charter.charters import DAYS, NAMES, documents, fields, instrument, member, party

QUESTIONS = list(csv.DictReader((Path(__file__).parent / "law_questions.csv").read_text(encoding="utf-8").splitlines()))
SCO = template()
SAYS = "The parties exchange information."
ON = date(2010, 1, 1)


def law(document: dict[str, Any], sender: str = "AA", recipient: str = "BB", on: date = ON) -> Law:
    return law_between(Charter.of_fields(document), sender=sender, recipient=recipient, on=on)


def pair(*instruments: dict[str, Any]) -> dict[str, Any]:
    return fields([member("AA"), member("BB")], list(instruments))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda item: f"{item['from']}-{item['to']}-{item['on']}")
def test_the_template_answers_as_derived_by_hand(question: dict[str, str]) -> None:
    answer = law_between(SCO, sender=question["from"], recipient=question["to"], on=date.fromisoformat(question["on"]))
    permits = [str(permit.basis) for permit in answer.permits]
    forbids = [f"{forbid.rule}:{forbid.says.split()[0]}" for forbid in answer.forbids]
    assert (question["permits"].split(), question["forbids"].split()) == (permits, forbids), question["source"]


def test_the_questions_are_many_and_each_has_its_source() -> None:
    assert len(QUESTIONS) >= 40
    assert all(question["source"] for question in QUESTIONS)


def test_a_permit_names_article_sphere_sentence_day_and_how_sure_it_is() -> None:
    document = pair(instrument("T1", party("AA", "2002-01-01"), party("BB", "2003-05-05", mark="M"), force="2001-01-01"))
    permit = Permit(Basis("T1", "1"), "security-information", SAYS, date(2003, 5, 5), Mark.MEMORY)
    assert Law("AA", "BB", ON, (permit,), ()) == law(document)


def test_a_membership_that_is_younger_than_the_treaty_is_the_day_of_the_permit() -> None:
    document = fields([member("AA"), member("BB", "2008-08-08")], [instrument("T1", party("AA"), party("BB"))])
    assert [date(2008, 8, 8)] == [permit.since for permit in law(document).permits]


def test_an_instrument_without_a_day_of_force_permits_nothing_and_says_so() -> None:
    says = "T1 permits nothing: the day of its entry into force is not established [gap]."
    assert Law("AA", "BB", ON, (), (Forbid("ORG-03", says),)) == law(pair(instrument("T1", party("AA"), party("BB"), force=None)))


def test_a_party_without_a_day_is_not_bound_and_is_named() -> None:
    says = "T1 permits nothing: the day from which BB is a party is not established [gap]."
    assert Law("AA", "BB", ON, (), (Forbid("ORG-03", says),)) == law(pair(instrument("T1", party("AA"), party("BB", None))))


def test_a_member_that_is_no_party_is_named() -> None:
    says = "T1 permits nothing: BB is not a party to it."
    assert Law("AA", "BB", ON, (), (Forbid("ORG-03", says),)) == law(pair(instrument("T1", party("AA"))))


@pytest.mark.parametrize(("on", "permitted"), [("2000-12-31", 0), ("2001-01-01", 1), ("2009-12-31", 1), ("2010-01-01", 0)])
def test_a_party_is_bound_from_its_first_day_to_the_day_before_its_last(on: str, permitted: int) -> None:
    document = pair(instrument("T1", party("AA"), party("BB", until="2010-01-01"), force="2000-01-01"))
    assert permitted == len(law(document, on=date.fromisoformat(on)).permits)


@pytest.mark.parametrize("reserving", ["AA", "BB"])
def test_a_reservation_excludes_its_article_in_both_directions_and_no_other(reserving: str) -> None:
    articles = [{**instrument("X")["articles"][0], "id": number} for number in ("1", "2")]
    reservation = {"member": reserving, "excludes": ["1"], "says": {"en": "Not article 1."}, "mark": "V", "source": "INV"}
    document = pair(instrument("T1", party("AA"), party("BB"), articles=articles, reservations=[reservation]))
    expected = (["T1/2"], [Forbid("ORG-03", f"T1/1 is excluded by the reservation of {reserving}.")])
    for sender, recipient in (("AA", "BB"), ("BB", "AA")):
        answer = law(document, sender, recipient)
        assert expected == ([str(permit.basis) for permit in answer.permits], list(answer.forbids))


def test_a_reservation_of_a_third_changes_nothing_between_two() -> None:
    reservation = {"member": "CC", "excludes": ["1"], "says": {"en": "Not article 1."}, "mark": "V", "source": "INV"}
    parties = [party(name) for name in ("AA", "BB", "CC")]
    document = fields([member(name) for name in ("AA", "BB", "CC")], [instrument("T1", *parties, reservations=[reservation])])
    assert [Basis("T1", "1")] == [permit.basis for permit in law(document).permits]


def test_an_article_that_does_not_permit_is_no_permit_and_no_ground() -> None:
    articles = [{**instrument("X")["articles"][0], "permits": False}]
    assert Law("AA", "BB", ON, (), ()) == law(pair(instrument("T1", party("AA"), party("BB"), articles=articles)))


@pytest.mark.parametrize("kind", ["suspended", "withdrawn"])
def test_a_member_that_was_suspended_or_left_may_not_exchange_from_that_day_on(kind: str) -> None:
    statuses = [
        {"kind": "member", "since": "2000-01-01", "mark": "V", "source": "INV"},
        {"kind": kind, "since": "2010-01-01", "mark": "P", "source": "INV"},
    ]
    document = fields([member("AA"), member("BB", statuses=statuses)], [instrument("T1", party("AA"), party("BB"))])
    assert 1 == len(law(document, on=date(2009, 12, 31)).permits)
    says = f"BB is not a member on 2010-01-01: it is {kind} since 2010-01-01 [P]."
    assert Law("AA", "BB", ON, (), (Forbid("ORG-02", says),)) == law(document)


def test_a_status_that_ended_leaves_none() -> None:
    statuses = [{"kind": "member", "since": "2000-01-01", "until": "2005-01-01", "mark": "V", "source": "INV"}]
    document = fields([member("AA"), member("BB", statuses=statuses)], [instrument("T1", party("AA"), party("BB"))])
    says = "BB is not a member on 2010-01-01: no status of that day is established."
    assert Law("AA", "BB", ON, (), (Forbid("ORG-02", says),)) == law(document)


@pytest.mark.parametrize(("sender", "recipient"), [("KZ", "XX"), ("XX", "KZ"), ("XX", "XX"), ("kz", "KG"), ("", "KZ")])
def test_a_state_that_the_charter_does_not_name_is_not_found(sender: str, recipient: str) -> None:
    with pytest.raises(NotFound):
        law_between(SCO, sender=sender, recipient=recipient, on=ON)


@settings(max_examples=150, deadline=None)
@given(document=documents(), on=DAYS.map(date.fromisoformat), choice=st.data())
def test_taking_a_party_away_never_adds_a_permit(document: dict[str, Any], on: date, choice: st.DataObject) -> None:
    names = [item["id"] for item in document["members"]]
    sender, recipient = choice.draw(st.sampled_from(names)), choice.draw(st.sampled_from(names))
    before = law(document, sender, recipient, on)
    places = [
        (number, place) for number, item in enumerate(document.get("instruments", [])) for place in range(len(item.get("parties", [])))
    ]
    for number, place in places:
        less = copy.deepcopy(document)
        item = less["instruments"][number]
        gone = item["parties"].pop(place)["member"]
        item["reservations"] = [entry for entry in item.get("reservations", []) if entry["member"] != gone]
        for empty in [name for name in ("parties", "reservations") if not item[name]]:
            del item[empty]
        assert set(law(less, sender, recipient, on).permits) <= set(before.permits)


@settings(max_examples=150, deadline=None)
@given(document=documents(), on=DAYS.map(date.fromisoformat))
def test_the_law_is_the_same_in_both_directions_and_permits_nothing_before_its_day(document: dict[str, Any], on: date) -> None:
    names = [item["id"] for item in document["members"]]
    for sender in names:
        for recipient in names:
            there, back = law(document, sender, recipient, on), law(document, recipient, sender, on)
            assert there.permits == back.permits
            assert all(permit.since <= on and permit.mark is not Mark.GAP for permit in there.permits)
            assert sender != recipient or not there.permits


@settings(max_examples=100, deadline=None)
@given(document=documents(), on=DAYS.map(date.fromisoformat))
def test_where_an_instrument_could_permit_it_permits_or_says_why_not(document: dict[str, Any], on: date) -> None:
    for recipient in [item["id"] for item in document["members"]][1:]:
        answer = law(document, NAMES[0], recipient, on)
        asked = {item["id"] for item in document.get("instruments", []) if any(article["permits"] for article in item["articles"])}
        answered = {permit.basis.instrument for permit in answer.permits}
        refused = {forbid.says.split()[0].partition("/")[0] for forbid in answer.forbids if forbid.rule == "ORG-03"}
        assert asked == answered | refused or any(forbid.rule == "ORG-02" for forbid in answer.forbids)
