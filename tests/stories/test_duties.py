"""Duties of the law that no other story shows: each is broken on purpose, and the refusal names its rule. `docs/law.md` maps them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.force import law_between
from accord.desk import audit
from accord.errors import IntegrityFailure, Refusal
from accord.node.story import Cast
from accord.stix.marking import HandlingCode, SubjectCategory, Tlp
from accord.stix.statement import Statement
from accord.store import logs
from tests.databases import tamper
from tests.stories.alliance import START, Alliance, founded, indicator
from tests.stories.second import confirmed_by_another

TLP_2_RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
PERSON: dict[str, Any] = {
    "type": "identity",
    "spec_version": "2.1",
    "id": "identity--3f0ae6b8-6a4f-4f8e-9a70-5f1f6a1c2b10",
    "created": "2026-11-20T08:00:00.000Z",
    "modified": "2026-11-20T08:00:00.000Z",
    "name": "Invented Person",
    "identity_class": "individual",
}


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found
        found.check_everything()


def test_a_level_below_the_records_own_marking_is_refused(alliance: Alliance) -> None:
    marked = {**indicator(1), "object_marking_refs": [TLP_2_RED]}
    with pytest.raises(Refusal, match="INF-02"):
        alliance.publish("KZ", marked, to="KG", tlp=Tlp.AMBER)
    assert len(alliance.publish("KZ", marked, to="KG", tlp=Tlp.RED).statements) == 1


def test_a_person_entry_is_reviewed_within_five_years(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-07"):
        alliance.publish("KZ", PERSON, to="KG", category=SubjectCategory.WITNESS, review=START.date() + timedelta(days=1_827))
    with pytest.raises(Refusal, match="S-07/past"):
        alliance.publish("KZ", PERSON, to="KG", category=SubjectCategory.WITNESS, review=START.date())
    with pytest.raises(Refusal, match="S-20"):  # The review is in order now; what is missing is the second officer.
        alliance.publish("KZ", PERSON, to="KG", category=SubjectCategory.WITNESS, review=START.date() + timedelta(days=1_826))
    confirmed_by_another(alliance, "KZ", PERSON)
    kept = alliance.publish("KZ", PERSON, to="KG", category=SubjectCategory.WITNESS, review=START.date() + timedelta(days=1_826))
    assert kept.records == 1


def test_handling_codes_arrive_in_the_signed_statement(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG", codes=(HandlingCode.H1, HandlingCode.H2))
    alliance.sync("KG", "KZ")
    means = alliance.means("KG")
    with means.database.reading() as transaction:
        body = logs.body_at(transaction, means.channel_from("KZ"), 0)
    assert body is not None
    assert Statement.parse(orjson.loads(body)).terms.handling.codes == (HandlingCode.H1, HandlingCode.H2)


def test_who_is_no_member_on_the_day_gets_nothing(alliance: Alliance) -> None:
    charter = alliance.means("KZ").charter
    before = law_between(charter, sender="KZ", recipient="IN", on=date(2016, 1, 1))
    assert ((), {"ORG-02"}) == (before.permits, {forbid.rule for forbid in before.forbids})
    assert law_between(charter, sender="KZ", recipient="IN", on=date(2026, 11, 23)).permits


def test_an_instrument_not_known_to_be_in_force_permits_nothing(alliance: Alliance) -> None:
    law = law_between(alliance.means("KZ").charter, sender="KZ", recipient="KG", on=START.date())
    assert "DB" not in {permit.basis.instrument for permit in law.permits}
    assert any("DB" in forbid.says for forbid in law.forbids)
    with pytest.raises(Refusal, match="DB/3 does not permit"):
        alliance.publish("KZ", indicator(1), to="KG", basis="DB/3")


def test_an_audit_names_the_log_and_place_of_a_changed_body(tmp_path: Path) -> None:
    with founded(tmp_path) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        means = alliance.means("KZ")
        assert {report.name for report in audit.audit(means)} >= {means.channel_to("KG"), means.journal}
        with means.database.writing() as transaction:
            for digest, body in tamper(transaction, "select digest, body from content"):
                if b"Lantern host" in bytes(body):
                    tamper(transaction, "update content set body = :body where digest = :digest", body=b"{}", digest=digest)
        with pytest.raises(IntegrityFailure, match=r"KZ/KG/1: position 1"):
            audit.audit(means)


def test_everybody_in_the_demo_is_invented() -> None:
    cast = Cast()
    report = orjson.loads(files("accord.node").joinpath("demo_report.json").read_bytes())
    names = [cast.officer(member) for member in cast.members] + [item["name"] for item in report["objects"] if "name" in item]
    assert len(names) > len(cast.members)
    assert [name for name in names if "(invented)" not in name] == []
    assert all(".example" in item["pattern"] for item in report["objects"] if item["type"] == "indicator")
