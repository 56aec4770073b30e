"""Reading the holdings: by a named officer, for the purpose of the gift, and never without an entry in the journal."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import account, office, read
from accord.desk.read import Asked
from accord.errors import LimitReached, NotFound, Refusal
from accord.ledger.entry import commitment
from accord.store import acts
from tests.databases import tamper
from tests.stories.alliance import OFFICER, PURPOSE, Alliance, founded, indicator
from tests.stories.test_confirmation import PERSON

READS = {"searched", "shown"}


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        found.publish("KZ", indicator(1), to="KG")
        found.sync("KG", "KZ")
        yield found
        found.check_everything()


def _journal(alliance: Alliance, member: str) -> list[dict[str, Any]]:
    """The reads in a member's journal, the newest last."""
    means = alliance.means(member)
    joined = "leaf join content on content.collection = leaf.collection and content.digest = leaf.digest"
    with means.database.reading() as transaction:
        rows = tamper(
            transaction, f"select content.body from {joined} where leaf.collection = :journal order by leaf.position", journal=means.journal
        )
    return [entry for (body,) in rows if (entry := orjson.loads(body))["act"] in READS]


def test_what_was_given_for_prevention_is_read_for_prevention_and_for_nothing_else(alliance: Alliance) -> None:
    identifier = indicator(1)["id"]
    assert (PURPOSE,) == alliance.show("KG", identifier, purpose="prevention").given_for
    with pytest.raises(Refusal, match="INF-03") as refused:
        alliance.show("KG", identifier, purpose="identification of a person")
    assert "written consent" in refused.value.remedy
    # Its giver is bound by no gift.
    assert () == alliance.show("KZ", identifier, purpose="identification of a person").given_for


def test_a_search_says_how_much_is_withheld_and_why(alliance: Alliance) -> None:
    while read.catch_up(alliance.means("KG")):
        pass
    asked = Asked(OFFICER, "identification of a person")
    findings = read.search(alliance.means("KG"), "lantern", asked=asked, now=alliance.clock())
    assert ((), [("INF-03", 1)]) == (findings.found, [(ground.rule, count) for ground, count in findings.withheld])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked("", PURPOSE), "no officer is named"),
        (Asked("Nobody (invented)", PURPOSE), "has no officer named"),
        (Asked(OFFICER, ""), "S-01/purpose"),
        (Asked("E. Auditor (invented)", PURPOSE), "S-01/role"),
    ],
)
def test_without_a_reader_or_a_purpose_nothing_is_read(alliance: Alliance, asked: Asked, says: str) -> None:
    office.add_officer(alliance.means("KG"), name="E. Auditor (invented)", role=OfficerRole.OVERSIGHT, now=alliance.clock())
    for act in (read.search, read.show):
        with pytest.raises(Refusal, match=says):
            act(alliance.means("KG"), indicator(1)["id"], asked=asked, now=alliance.clock())


@pytest.mark.parametrize(
    ("query", "asked", "limit"),
    [
        ("x" * 1_001, Asked(OFFICER, PURPOSE), "QUERY_CHARACTERS_MAX"),
        ("x", Asked(OFFICER, "x" * 501), "PURPOSE_CHARACTERS_MAX"),
        ("x", Asked(OFFICER, PURPOSE, "x" * 101), "CASE_CHARACTERS_MAX"),
    ],
)
def test_what_is_too_long_is_refused_by_its_limit(alliance: Alliance, query: str, asked: Asked, limit: str) -> None:
    with pytest.raises(LimitReached) as refused:
        read.search(alliance.means("KG"), query, asked=asked, now=alliance.clock())
    assert limit == refused.value.limit


def test_every_read_and_refusal_stands_in_the_journal_without_its_words(alliance: Alliance) -> None:
    means, identifier = alliance.means("KG"), indicator(1)["id"]
    alliance.search("KG", "lantern")
    alliance.show("KG", identifier)
    with pytest.raises(Refusal):
        alliance.show("KG", identifier, purpose="identification of a person")
    with pytest.raises(NotFound):
        alliance.show("KG", indicator(9)["id"])
    with pytest.raises(Refusal):
        alliance.show("KG", identifier, purpose="")
    noted = [{name: value for name, value in entry.items() if name not in {"at", "query", "reason"}} for entry in _journal(alliance, "KG")]
    by = {"officer": OFFICER, "persons": 0}
    assert [
        {"act": "searched", "purpose": "prevention", "records": [0], **by},
        {"act": "shown", "purpose": "prevention", "records": [0], **by},
        {"act": "shown", "purpose": "identification", "records": [], "withheld": [0], "rules": ["INF-03"], **by},
        {"act": "shown", "purpose": "prevention", "records": [], **by},
        {"act": "shown", "purpose": "", "records": [], "withheld": [], "rules": ["S-01/purpose"], **by},
    ] == noted
    assert all("lantern" not in str(entry) and identifier not in str(entry) for entry in _journal(alliance, "KG"))
    [first, *_] = _journal(alliance, "KG")
    with means.database.reading() as transaction:
        behind = acts.reason_behind(transaction, means.journal, base64.b64decode(first["reason"]))
    assert behind is not None
    salt, reason = behind
    assert {"purpose": PURPOSE, "case": ""} == orjson.loads(reason)
    # Whoever is told the query can check it; whoever is not learns nothing.
    assert first["query"] == base64.b64encode(commitment(salt=salt, content=b"lantern")).decode()


def test_a_read_of_a_person_is_counted_as_one(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", PERSON, to="KG")
    alliance.show("KZ", PERSON["id"])
    assert [1] == [entry["persons"] for entry in _journal(alliance, "KZ")]


def test_reasons_are_destroyed_after_three_years_and_the_log_audits_as_before(alliance: Alliance) -> None:
    means = alliance.means("KG")
    read.search(means, "lantern", asked=Asked(OFFICER, PURPOSE, "case 7 quincunx"), now=alliance.clock())
    assert 0 == account.expire_reasons(means, now=alliance.clock())
    last_day = alliance.clock.now.replace(year=alliance.clock.now.year + 3)
    assert 0 == account.expire_reasons(means, now=last_day)
    assert 1 == account.expire_reasons(means, now=last_day + timedelta(days=1))
    [entry] = _journal(alliance, "KG")
    with means.database.reading() as transaction:
        assert acts.reason_behind(transaction, means.journal, base64.b64decode(entry["reason"])) is None
