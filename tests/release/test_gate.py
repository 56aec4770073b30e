"""The gate: a question that passes, and the same with one attribute changed, withheld on exactly that ground."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from accord.charter.document import Charter
from accord.charter.force import law_between
from accord.errors import CharterInvalid
from accord.release.decision import Ground, Released, Withheld
from accord.release.gate import Gate
from accord.release.policy import policy_of
from accord.release.question import Behind, Offer, Question, RecordClass
from accord.release.reading import Reader, Reading
from accord.release.safeguards import REVIEW_PERSON_DAYS_MAX, SAFEGUARDS
from accord.stix.consent import purpose_digest
from accord.stix.marking import Grade, HandlingCode, SubjectCategory, Tlp
from accord.stix.statement import Originator
from tests.charter.charters import ARTICLE, fields, instrument, member, party

TODAY = date(2026, 11, 23)
NAMES = ("AA", "BB", "CC")
ARTICLES = [{**ARTICLE, "id": "1"}, {**ARTICLE, "id": "2", "permits": False}]


def _charter() -> Charter:
    bound = [party(name) for name in NAMES]
    return Charter.of_fields(fields([member(name) for name in NAMES], [instrument("T1", *bound, articles=ARTICLES)]))


CHARTER = _charter()
GATE = Gate(policy_of(CHARTER))
OWN = Originator("AA", is_member=True)

# A person entry that AA made, offered to BB at the last day that S-07 allows; each test changes one attribute of it.
PASSES = Question(
    records=RecordClass(OWN, holder="AA", giver="AA", own_tlp=Tlp.AMBER, person=True, faulty=False),
    offer=Offer(
        audience=("AA", "BB"),
        basis="T1/1",
        purpose="prevention of an attack",
        tlp=Tlp.AMBER,
        grade=Grade.parse("B2"),
        review=TODAY + timedelta(days=REVIEW_PERSON_DAYS_MAX),
        category=SubjectCategory.SUSPECT,
    ),
    recipient="BB",
    law=law_between(CHARTER, sender="AA", recipient="BB", on=TODAY),
    made_on=TODAY,
)

# The same held by BB, which CC gave it, and passed on to CC's partner AA within CC's consent: every attribute at its last permitted value.
PASSED_ON = Question(
    records=RecordClass(
        Originator("CC", is_member=True),
        holder="BB",
        giver="CC",
        own_tlp=Tlp.GREEN,
        person=True,
        faulty=False,
        behind=Behind(
            consenter="CC",
            users=("AA",),
            purpose=purpose_digest("prevention of an attack"),
            basis="T1/1",
            tlp=Tlp.AMBER,
            codes=(HandlingCode.H1,),
            review=TODAY + timedelta(days=100),
            category=SubjectCategory.SUSPECT,
        ),
    ),
    offer=replace(PASSES.offer, audience=("AA",), codes=(HandlingCode.H1, HandlingCode.H2), review=TODAY + timedelta(days=100)),
    recipient="AA",
    law=law_between(CHARTER, sender="BB", recipient="AA", on=TODAY),
    made_on=TODAY,
    law_behind=law_between(CHARTER, sender="CC", recipient="AA", on=TODAY),
)

BEYOND: list[tuple[str, str, dict[str, Any]]] = [
    ("INF-02/given", "offer", {"tlp": Tlp.GREEN}),
    ("INF-02/codes", "offer", {"codes": ()}),
    ("INF-04", "records", {"behind": None}),
    ("INF-04", "behind", {"users": ("CC",)}),
    ("INF-04/purpose", "offer", {"purpose": "another purpose"}),
    ("INF-04/law", "question", {"law_behind": None}),
    ("INF-04/law", "behind", {"basis": "T1/2"}),
    ("INF-04/review", "offer", {"review": TODAY + timedelta(days=101)}),
    ("INF-04/category", "offer", {"category": SubjectCategory.CONVICTED}),
]

# Rule, whether it is the records, the offer or the question that changes, and the one change that it forbids.
FORBIDDEN: list[tuple[str, str, dict[str, Any]]] = [
    ("FED-03", "offer", {"audience": ()}),
    ("FED-02", "offer", {"audience": ("CC",)}),
    ("INF-01/basis", "offer", {"basis": None}),
    ("INF-01/purpose", "offer", {"purpose": None}),
    ("INF-01/purpose", "offer", {"purpose": "  "}),
    ("INF-01/sensitivity", "offer", {"tlp": None}),
    ("INF-01/evaluation", "offer", {"grade": None}),
    ("INF-01/review", "offer", {"review": None}),
    ("INF-01/originator", "records", {"originator": Originator("", is_member=False)}),
    ("S-07/past", "offer", {"review": TODAY}),
    ("S-07/past", "offer", {"review": TODAY - timedelta(days=1)}),
    ("S-07", "offer", {"review": TODAY + timedelta(days=REVIEW_PERSON_DAYS_MAX + 1)}),
    ("S-13", "offer", {"category": None}),
    ("S-20", "records", {"unconfirmed": True}),
    ("INF-02", "records", {"own_tlp": Tlp.RED}),
    ("INF-02", "offer", {"tlp": Tlp.GREEN}),
    ("INF-04", "records", {"giver": "CC"}),
    ("INF-04", "records", {"originator": Originator("CC", is_member=True)}),
    ("STIX", "records", {"faulty": True}),
    ("S-20", "records", {"unconfirmed": True}),
    ("SELF", "question", {"recipient": "AA"}),
]


def _changed(question: Question, part: str, change: dict[str, Any]) -> Question:
    match part:
        case "records":
            return replace(question, records=replace(question.records, **change))
        case "behind":
            assert question.records.behind is not None
            return replace(question, records=replace(question.records, behind=replace(question.records.behind, **change)))
        case "offer":
            return replace(question, offer=replace(question.offer, **change))
        case _:
            return replace(question, **change)


def test_a_question_that_meets_every_rule_is_released_under_its_article_with_the_bytes() -> None:
    assert Released("BB", "T1/1", "The parties exchange information.", (b"{}",)) == GATE.decide(PASSES, (b"{}",))


def test_a_preview_is_the_same_answer_without_the_bytes() -> None:
    assert Released("BB", "T1/1", "The parties exchange information.", ()) == GATE.decide(PASSES)


@pytest.mark.parametrize(("rule", "part", "change"), FORBIDDEN)
def test_one_attribute_changed_is_withheld_on_exactly_its_ground(rule: str, part: str, change: dict[str, Any]) -> None:
    assert isinstance(GATE.decide(PASSES), Released)
    question = _changed(PASSES, part, change)
    [safeguard] = [one for one in SAFEGUARDS if one.rule == rule]
    assert Withheld(question.recipient, (Ground(rule, safeguard.says),), safeguard.remedy) == GATE.decide(question, (b"{}",))


@pytest.mark.parametrize(("rule", "part", "change"), BEYOND)
def test_one_step_beyond_the_consent_is_withheld_on_exactly_its_ground(rule: str, part: str, change: dict[str, Any]) -> None:
    assert isinstance(GATE.decide(PASSED_ON), Released)
    decision = GATE.decide(_changed(PASSED_ON, part, change), (b"{}",))
    assert isinstance(decision, Withheld)
    assert [rule] == [ground.rule for ground in decision.grounds]


def test_every_safeguard_has_its_question() -> None:
    assert {safeguard.rule for safeguard in SAFEGUARDS} == {rule for rule, _, _ in [*FORBIDDEN, *BEYOND]}


def test_an_article_that_does_not_permit_is_withheld_and_the_ones_in_force_are_named() -> None:
    question = _changed(PASSES, "offer", {"basis": "T1/2"})
    ground = Ground("LAW", "T1/2 does not permit this exchange between AA and BB on 2026-11-23")
    assert Withheld("BB", (ground,), "articles in force between the two: T1/1") == GATE.decide(question)


def test_a_safeguard_forbids_what_an_article_permits_and_every_ground_is_named() -> None:
    question = _changed(_changed(PASSES, "offer", {"purpose": None, "tlp": None}), "records", {"giver": "CC"})
    decision = GATE.decide(question)
    assert isinstance(decision, Withheld)
    assert {"INF-01/purpose", "INF-01/sensitivity", "INF-04"} == {ground.rule for ground in decision.grounds}


def test_what_breaks_the_standard_passes_on_an_officers_word() -> None:
    faulty = _changed(PASSES, "records", {"faulty": True})
    assert isinstance(GATE.decide(_changed(faulty, "offer", {"word": "seen and wanted"})), Released)


def test_a_record_that_concerns_nobody_needs_no_category_and_may_be_reviewed_later() -> None:
    question = _changed(PASSES, "records", {"person": False})
    later = {"category": None, "review": TODAY + timedelta(days=4000)}
    assert isinstance(GATE.decide(_changed(question, "offer", later)), Released)


def test_who_names_a_category_is_held_to_the_review_of_a_person_entry() -> None:
    # A recipient sees the category alone. Without this a preview would release what no node may then serve.
    question = _changed(PASSES, "records", {"person": False})
    decision = GATE.decide(_changed(question, "offer", {"review": TODAY + timedelta(days=4000)}))
    assert isinstance(decision, Withheld)
    assert ["S-07"] == [ground.rule for ground in decision.grounds]


def test_a_name_from_the_charter_cannot_leave_its_quotes() -> None:
    hostile = 'T1/1" || true || "'
    decision = GATE.decide(_changed(PASSES, "offer", {"basis": hostile}))
    assert isinstance(decision, Withheld)
    assert "LAW" == decision.grounds[0].rule


def test_a_charter_that_permits_nothing_has_no_policy() -> None:
    silent = instrument("T1", *(party(name) for name in NAMES), articles=[{**ARTICLE, "permits": False}])
    with pytest.raises(CharterInvalid, match="no article that permits"):
        policy_of(Charter.of_fields(fields([member(name) for name in NAMES], [silent])))


def test_a_control_record_passes_on_the_protocol_clause_whatever_the_law() -> None:
    assert Released("BB", "CHARTER/protocol", "Receipts pass.", (b"{}",)) == GATE.pass_control(recipient="BB", content=b"{}")


PURPOSES = ("identification", "prevention")


def _read(
    given: str = "", *, member: str = "BB", may_read: bool = True, purpose: str | None = "prevention of an attack", level: Tlp = Tlp.AMBER
) -> list[str]:
    """The rules against a reading of a record in the holdings of BB, which was given for a purpose or is BB's own."""
    given_for = frozenset({given}) if given else frozenset[str]()
    match GATE.decide_reading(Reading(Reader(member, may_read, purpose, Tlp.AMBER), "BB", PURPOSES, level, given_for, "T1/1"), (b"{}",)):
        case Released(recipient=recipient, article=article, contents=contents):
            assert (member, "T1/1", (b"{}",)) == (recipient, article, contents)
            return []
        case Withheld(grounds=grounds, remedy=remedy):
            assert remedy
            return [ground.rule for ground in grounds]


def test_only_a_members_own_people_read_its_holdings() -> None:
    assert [] == _read()
    assert ["HOLDINGS"] == _read(member="AA")


def test_whose_role_may_not_read_reads_nothing() -> None:
    assert ["S-01/role"] == _read(may_read=False)


@pytest.mark.parametrize("purpose", ["", "  "])
@pytest.mark.parametrize("given", ["", "prevention of an attack"])
def test_without_a_purpose_nothing_is_read(purpose: str, given: str) -> None:
    assert ["S-01/purpose"] == _read(given, purpose=purpose)


@pytest.mark.parametrize(
    ("given", "stated", "rules"),
    [
        ("prevention of an attack", "Prevention: of another", []),
        ("prevention", "prevention", []),
        ("prevention of an attack", "identification of a person", ["INF-03"]),
        ("prevention of an attack", "preventions", ["INF-03"]),
        ("prevention of an attack", "curiosity", ["INF-03"]),
        # What was given for no word of the list is used for the very same sentence.
        ("protection of a summit", "protection  of a summit", []),
        ("protection of a summit", "protection of a market", ["INF-03"]),
        ("protection of a summit", "prevention of an attack", ["INF-03"]),
        # What nobody gave is used for any purpose of the list.
        ("", "identification of a person", []),
        ("", "curiosity", ["S-01/listed"]),
    ],
)
def test_what_was_given_for_one_purpose_is_not_used_for_another(given: str, stated: str, rules: list[str]) -> None:
    assert rules == _read(given, purpose=stated)


def test_one_of_several_givers_suffices() -> None:
    reading = Reading(
        Reader("BB", True, "prevention", Tlp.RED), "BB", PURPOSES, given_for=frozenset({"identification", "prevention of an attack"})
    )
    assert isinstance(GATE.decide_reading(reading), Released)


def test_a_charter_without_a_list_leaves_the_purpose_to_the_sentence() -> None:
    curious = Reader("BB", True, "curiosity", Tlp.RED)
    assert isinstance(GATE.decide_reading(Reading(curious, "BB", ())), Released)
    assert isinstance(GATE.decide_reading(Reading(curious, "BB", (), given_for=frozenset({"care"}))), Withheld)


@pytest.mark.parametrize("purpose", ["prevention", None])
def test_what_is_marked_above_the_readers_clearance_is_not_read(purpose: str | None) -> None:
    assert ["TLP"] == _read(level=Tlp.AMBER_STRICT, purpose=purpose)
    assert [] == _read(level=Tlp.CLEAR, purpose=purpose)


def test_a_tool_states_no_purpose() -> None:
    assert [] == _read("prevention of an attack", purpose=None)
    assert ["S-01/role"] == _read(may_read=False, purpose=None)
