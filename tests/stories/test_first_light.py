"""One record travels from an officer of one member to an officer of another, lawfully and provably."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import orjson
import pytest

from accord.desk import importing, publish, serve
from accord.desk.means import Means
from accord.desk.status import status
from accord.errors import Refusal, StandardBroken
from accord.exchange.sync import synchronise
from accord.release.decision import Released, Withheld
from accord.store import acts, logs, records
from accord.store.records import Came
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, offer


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found
        found.check_everything()


def test_a_published_record_reaches_its_recipient_and_nobody_else(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.check_everything()

    assert alliance.sync("KG", "KZ").kept == 1
    assert alliance.sync("TJ", "KZ").kept == 0
    [found] = alliance.search("KG", "lantern")
    assert (Came.CHANNEL, "KZ", "SC/7") == (found.held.came, found.held.source, found.held.article)
    assert [] == alliance.search("TJ", "lantern")


def test_the_bytes_that_arrive_are_the_bytes_that_were_kept(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    alliance.sync("KG", "KZ")

    for number in (1, 2):
        identifier = indicator(number)["id"]
        assert alliance.show("KZ", identifier).content == alliance.show("KG", identifier).content


def test_a_receipt_is_delivered_and_a_second_sync_is_one_request(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")

    [channel] = [item for item in status(alliance.means("KZ")).outgoing if item.partner == "KG"]
    assert (2, 2) == (channel.size, channel.receipted)
    asked: list[str] = []

    def listen(request: httpx2.Request, body: bytes) -> bytes:
        asked.append(request.url.path)
        return body

    client = alliance.client("KG", "KZ", tamper=listen)
    assert synchronise(alliance.means("KG"), client, clock=alliance.clock).idle
    assert ["/accord/v1/channels/KZ/KG/checkpoint"] == asked


def test_preview_says_for_every_member_what_publishing_then_does(alliance: Alliance) -> None:
    raw = orjson.dumps(indicator(1))
    answers = publish.preview(alliance.means("KZ"), [raw], officer=OFFICER, offer=offer("KG"), now=alliance.clock())

    said = {item.decision.recipient for item in answers if isinstance(item.decision, Released)}
    assert {"KG"} == said
    assert len(alliance.means("KZ").partners()) == len(answers)
    assert () == status(alliance.means("KZ")).holdings
    done = alliance.publish("KZ", indicator(1), to="KG")
    assert said == {item.decision.recipient for item in done.answers if isinstance(item.decision, Released)}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": None}, "INF-01/purpose"),
        ({"basis": None}, "INF-01/basis"),
        ({"tlp": None}, "INF-01/sensitivity"),
        ({"grade": None}, "INF-01/evaluation"),
        ({"review": None}, "INF-01/review"),
        ({"basis": "DB/3"}, "LAW"),
        ({"basis": "XX/1"}, "the charter has no instrument 'XX'"),
        ({"basis": "SC/99"}, "SC has no article '99'"),
    ],
)
def test_an_incomplete_or_unlawful_offer_is_refused_by_name_and_changes_nothing(
    alliance: Alliance, changes: dict[str, object], rule: str
) -> None:
    with pytest.raises(Refusal, match=rule):
        alliance.publish("KZ", indicator(1), to="KG", **changes)
    assert () == status(alliance.means("KZ")).holdings


@pytest.mark.parametrize(("basis", "says"), [("XX/1", "no instrument 'XX'"), ("SC/99", "no article '99'")])
def test_a_release_under_an_unknown_article_is_refused_by_name_and_stands_in_the_journal(alliance: Alliance, basis: str, says: str) -> None:
    means = alliance.means("KZ")
    importing.import_files(means, [orjson.dumps(indicator(1))], source="Invented feed", now=alliance.clock())
    for act in (
        lambda: importing.release_imported(
            means, source="Invented feed", officer=OFFICER, offer=offer("KG", basis=basis), now=alliance.clock()
        ),
        lambda: alliance.publish("KZ", indicator(1), to="KG", basis=basis),
    ):
        with pytest.raises(Refusal, match=says):
            act()
        assert {"act": "refused", "officer": OFFICER, "recipients": ["KG"], "rules": []} == last_act(means)


def test_a_release_that_is_withheld_stands_in_the_journal_with_its_rules(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    importing.import_files(means, [orjson.dumps(indicator(1))], source="Invented feed", now=alliance.clock())
    with pytest.raises(Refusal, match="INF-01/purpose"):
        importing.release_imported(means, source="Invented feed", officer=OFFICER, offer=offer("KG", purpose=None), now=alliance.clock())
    assert {"act": "refused", "officer": OFFICER, "recipients": ["KG"], "rules": ["INF-01/purpose"]} == last_act(means)


def last_act(means: Means) -> dict[str, object]:
    """The newest entry of a member's journal, without its time."""
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.journal)
        assert log is not None
        [leaf] = logs.leaves_between(transaction, means.journal, first=log.size - 1, beyond=log.size, contents_of=means.journal)
    entry: dict[str, object] = orjson.loads(leaf.body or b"{}")
    assert entry.pop("at")
    return entry


def test_an_empty_audience_is_nobody(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="an empty audience is nobody"):
        alliance.publish("KZ", indicator(1), to="")


def test_one_recipient_withheld_stops_the_whole_publication(alliance: Alliance) -> None:
    person = {
        "type": "identity",
        "spec_version": "2.1",
        "id": "identity--3f0ae6b8-6a4f-4f8e-9a70-5f1f6a1c2b10",
        "created": "2026-11-20T08:00:00.000Z",
        "modified": "2026-11-20T08:00:00.000Z",
        "name": "Invented Person",
        "identity_class": "individual",
    }
    with pytest.raises(Refusal, match="S-13"):
        alliance.publish("KZ", person, to="KG,TJ", category=None)
    assert () == status(alliance.means("KZ")).holdings


def test_what_a_member_gave_is_not_passed_on(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    with pytest.raises(Refusal, match="INF-04"):
        alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    assert () == status(alliance.means("TJ")).holdings


def test_an_officers_own_publication_that_breaks_the_standard_is_refused_with_path_and_clause(alliance: Alliance) -> None:
    broken = {**indicator(1), "valid_from": "yesterday"}
    with pytest.raises(StandardBroken, match=r"valid_from.*STIX 2\.1"):
        alliance.publish("KZ", broken, to="KG")


def test_an_import_is_kept_annotated_and_leaves_only_on_an_officers_word(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    broken = {**indicator(1), "labels": []}
    report = importing.import_files(means, [orjson.dumps([broken, indicator(2)])], source="Invented feed", now=alliance.clock())
    assert (2, 2, 1, 0) == (report.read, report.kept, report.annotated, report.refused)

    again = importing.import_files(means, [orjson.dumps([broken, indicator(2)])], source="Invented feed", now=alliance.clock())
    assert (0, 2) == (again.kept, again.known)

    with pytest.raises(Refusal, match="STIX: the record breaks a rule"):
        importing.release_imported(means, source="Invented feed", officer=OFFICER, offer=offer("KG"), now=alliance.clock())
    released, _, _ = importing.release_imported(
        means, source="Invented feed", officer=OFFICER, offer=offer("KG", word="seen and wanted"), now=alliance.clock()
    )
    assert 2 == released
    assert 2 == alliance.sync("KG", "KZ").kept
    assert alliance.show("KG", broken["id"]).held.faults == alliance.show("KZ", broken["id"]).held.faults != ()


def test_an_import_with_a_danger_in_it_refuses_that_object_and_keeps_the_others(alliance: Alliance) -> None:
    deep = b'{"type":"x","id":"x--1","a":' + b"[" * 80 + b"]" * 80 + b"}"
    report = importing.import_files(
        alliance.means("KZ"), [orjson.dumps(indicator(1)) + b"\n" + deep + b"\n"], source="Invented feed", now=alliance.clock()
    )
    assert (2, 1, 1) == (report.read, report.kept, report.refused)
    assert "DEPTH_MAX" in report.refusals[0]


def test_a_record_in_the_channel_is_released_again_by_a_statement_alone(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.publish("KZ", indicator(1), to="KG", purpose="another purpose")
    alliance.sync("KG", "KZ")

    [channel] = [item for item in status(alliance.means("KG")).incoming if item.partner == "KZ"]
    assert 3 == channel.size
    assert 1 == sum(item.records for item in status(alliance.means("KG")).holdings)


def test_decisions_are_kept_for_every_member(alliance: Alliance) -> None:
    done = alliance.publish("KZ", indicator(1), to="KG")
    means = alliance.means("KZ")
    with means.database.reading() as transaction:
        to_kg = acts.decisions_of(transaction, collection=means.channel_to("KG"), act=done.statements[0])
        to_tj = acts.decisions_of(transaction, collection=means.channel_to("TJ"), act=done.statements[0])
    assert ["SC/7"] == [decision.article for decision in to_kg]
    assert [("", True)] == [(decision.article, "FED-02" in decision.grounds[0]) for decision in to_tj]


def test_a_page_read_twice_is_the_same_page(alliance: Alliance) -> None:
    alliance.publish("KZ", *(indicator(number) for number in range(5)), to="KG")
    means = alliance.means("KZ")
    first = serve.page(means, reader="KG", first=0, now=alliance.clock())
    alliance.publish("KZ", indicator(9), to="KG")
    again = serve.page(means, reader="KG", first=0, limit=6, now=alliance.clock())
    assert first.released == again.released
    assert first.checkpoint == again.checkpoint


def test_an_unregistered_officer_is_refused(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="has no officer named"):
        publish.publish(alliance.means("KZ"), [orjson.dumps(indicator(1))], officer="Nobody", offer=offer("KG"), now=alliance.clock())


def test_an_unknown_recipient_is_refused_by_name(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="ZZ"):
        alliance.publish("KZ", indicator(1), to="ZZ")


def test_withheld_always_has_a_ground_and_a_remedy(alliance: Alliance) -> None:
    answers = publish.preview(
        alliance.means("KZ"),
        [orjson.dumps(indicator(1))],
        officer=OFFICER,
        offer=offer("KG", basis="DB/3", grade=None),
        now=alliance.clock(),
    )
    withheld = [item.decision for item in answers if isinstance(item.decision, Withheld)]
    assert len(answers) == len(withheld)
    assert all(decision.grounds and decision.remedy for decision in withheld)


def test_records_of_a_publication_are_own_records(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    with alliance.means("KZ").database.reading() as transaction:
        [held] = records.versions_of(transaction, indicator(1)["id"])
    assert (Came.OWN, "KZ", True) == (held.came, held.source, held.originator.is_member)
