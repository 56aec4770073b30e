"""Export: what an officer may read leaves as it is kept, a large export on a second officer's word, and each batch is noted before it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import export, importing, office, read
from accord.desk.export import APPROVAL_HOURS_MAX, EXPORT_ALONE_RECORDS_MAX, Approval, Form
from accord.desk.importing import readers
from accord.desk.read import Asked
from accord.errors import Refusal
from accord.seal.canonical import canonical
from accord.stix import indicator_table
from tests.databases import tamper
from tests.stories.alliance import OFFICER, PURPOSE, Alliance, founded, indicator

SECOND = "N. Sadyrov (invented)"
SOURCE = "Invented feed"


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        office.add_officer(found.means("KG"), name=SECOND, role=OfficerRole.APPROVER, now=found.clock())
        yield found
        found.check_everything()


def _index(alliance: Alliance) -> None:
    while read.catch_up(alliance.means("KG")):
        pass


def _many(alliance: Alliance, count: int = EXPORT_ALONE_RECORDS_MAX + 1) -> None:
    raw = b"\n".join(orjson.dumps(indicator(number)) for number in range(count))
    importing.import_files(alliance.means("KG"), [raw], source=SOURCE, now=alliance.clock())
    _index(alliance)


def _export(alliance: Alliance, query: str = "type:indicator", *, purpose: str = PURPOSE, **how: Any) -> list[export.Batch]:
    asked = Asked(OFFICER, purpose)
    return list(export.export(alliance.means("KG"), query, asked=asked, form=Form.STIX, now=alliance.clock(), **how))


def _approve(alliance: Alliance, query: str = "type:indicator", *, officer: str = SECOND, purpose: str = PURPOSE) -> Approval:
    done = export.approve(alliance.means("KG"), query, officer=officer, exporter=OFFICER, purpose=purpose, now=alliance.clock())
    return Approval(officer, done.code)


def _acts(alliance: Alliance) -> list[dict[str, Any]]:
    means = alliance.means("KG")
    joined = "leaf join content on content.collection = leaf.collection and content.digest = leaf.digest"
    with means.database.reading() as transaction:
        rows = tamper(
            transaction, f"select content.body from {joined} where leaf.collection = :journal order by leaf.position", journal=means.journal
        )
    return [entry for (body,) in rows if "export" in (entry := orjson.loads(body))["act"]]


def test_records_leave_as_they_are_kept_and_what_is_withheld_is_counted(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    alliance.sync("KG", "KZ")
    importing.import_files(alliance.means("KG"), [orjson.dumps(indicator(3))], source=SOURCE, now=alliance.clock())
    _index(alliance)
    [batch] = _export(alliance)
    assert [canonical(indicator(number)) for number in (3, 2, 1)] == [one.contents[0] for one in batch.released]

    [batch] = _export(alliance, purpose="identification of a person")
    assert ([canonical(indicator(3))], [2]) == ([one.contents[0] for one in batch.released], list(batch.withheld.values()))


def test_a_batch_is_in_the_journal_before_it_leaves(alliance: Alliance) -> None:
    _many(alliance, export.EXPORT_BATCH_RECORDS_MAX + 1)
    batches = export.export(alliance.means("KG"), "", asked=Asked(OFFICER, PURPOSE), form=Form.CSV, now=alliance.clock())
    assert [("export-begun", "csv", export.EXPORT_BATCH_RECORDS_MAX + 1)] == [
        (one["act"], one["form"], one["records"]) for one in _acts(alliance)
    ]
    next(batches)
    assert ["export-begun", "exported"] == [one["act"] for one in _acts(alliance)]
    assert export.EXPORT_BATCH_RECORDS_MAX == len(_acts(alliance)[1]["records"])
    assert 1 == len(next(batches).released)
    assert 3 == len(_acts(alliance))


def test_a_large_export_needs_a_second_officers_word(alliance: Alliance) -> None:
    _many(alliance)
    with pytest.raises(Refusal, match="S-20"):
        _export(alliance)
    assert EXPORT_ALONE_RECORDS_MAX + 1 == sum(len(batch.released) for batch in _export(alliance, approval=_approve(alliance)))
    assert ["export-approved", "export-begun"] == [one["act"] for one in _acts(alliance) if one["act"] != "exported"]
    assert [SECOND] == [one["approved_by"] for one in _acts(alliance) if one["act"] == "export-begun"]


@pytest.mark.parametrize(
    "change",
    [
        {"query": "type:indicator lantern"},
        {"purpose": "prevention of another attack"},
        {"approval": Approval(OFFICER, "AAAA")},
        {"approval": Approval(SECOND, "")},
    ],
)
def test_a_word_that_was_given_for_another_export_is_refused(alliance: Alliance, change: dict[str, Any]) -> None:
    _many(alliance)
    asked = {"query": "type:indicator", "purpose": PURPOSE, "approval": _approve(alliance), **change}
    with pytest.raises(Refusal, match="S-20"):
        _export(alliance, asked.pop("query"), **asked)


def test_a_word_under_another_officers_name_is_refused(alliance: Alliance) -> None:
    _many(alliance)
    with pytest.raises(Refusal, match="S-20"):
        _export(alliance, approval=Approval("Somebody else", _approve(alliance).code))


def test_nobody_approves_an_export_of_their_own_and_a_word_ends_after_a_day(alliance: Alliance) -> None:
    _many(alliance)
    with pytest.raises(Refusal, match="of their own"):
        _approve(alliance, officer=OFFICER)
    approval = _approve(alliance)
    alliance.clock.now += timedelta(hours=APPROVAL_HOURS_MAX)
    with pytest.raises(Refusal, match="has ended"):
        _export(alliance, approval=approval)


def test_who_may_not_read_exports_nothing(alliance: Alliance) -> None:
    _many(alliance, 1)
    office.add_officer(alliance.means("KG"), name="Operator (invented)", role=OfficerRole.OPERATOR, now=alliance.clock())
    asked = Asked("Operator (invented)", PURPOSE)
    with pytest.raises(Refusal, match="S-01"):
        export.export(alliance.means("KG"), "", asked=asked, form=Form.STIX, now=alliance.clock())


def test_a_table_that_left_one_node_comes_into_another_as_the_same_indicators(alliance: Alliance) -> None:
    _many(alliance, 3)
    lost: Counter[tuple[str, str]] = Counter()
    [batch] = _export(alliance)
    table = indicator_table.head() + b"".join(indicator_table.row_of(orjson.loads(one.contents[0]), lost) for one in batch.released)
    assert {} == dict(lost)
    means = alliance.means("TJ")
    done = importing.import_files(means, [table], source=SOURCE, now=alliance.clock(), reading=readers(alliance.clock(), lost)[Form.CSV])
    again = importing.import_files(means, [table], source=SOURCE, now=alliance.clock(), reading=readers(alliance.clock(), lost)[Form.CSV])
    assert ((3, 3, 0), (0, 3)) == ((done.read, done.kept, done.annotated), (again.kept, again.known))
    assert indicator(2) == orjson.loads(alliance.show("TJ", indicator(2)["id"]).content)
