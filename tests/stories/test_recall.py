"""Recall: what was given is taken back at every holder, the proof stays, and who has not complied is a list."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import cedarpy
import httpx2
import orjson
import pytest

from accord.desk import importing, read, recall
from accord.desk.means import Means
from accord.desk.status import status
from accord.desk.stuck import stuck
from accord.errors import IntegrityFailure, NotFound, PeerFault, Refusal
from accord.node.worker import Traffic, keep_house
from accord.release.gate import Gate
from accord.release.policy import policy_of
from accord.stix.control import RecallReason
from accord.store import acts, answers, erasure
from accord.web.pages.status import status_page
from tests.databases import on_sqlite, tamper
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator, law_that_ends, offer

SECRET = "zugzwangish"  # A word that stands in no other file of a node.


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found
        found.check_everything()


def _recall(alliance: Alliance, number: int = 1, *, members: tuple[str, ...] = (), reason: RecallReason = RecallReason.WITHDRAWN) -> None:
    recall.recall(alliance.means("KZ"), indicator(number)["id"], officer=OFFICER, reason=reason, members=members, now=alliance.clock())
    recall.forget(alliance.means("KZ"))


def _files_with(folder: Path, words: bytes) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and words in path.read_bytes())


def _records(alliance: Alliance, member: str) -> int:
    return sum(item.records for item in status(alliance.means(member)).holdings)


def test_a_recalled_record_is_erased_at_its_holder_and_the_giver_is_told(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG,TJ")
    alliance.sync("KG", "KZ")
    alliance.sync("TJ", "KZ")
    _recall(alliance)
    assert [("KG", 1, 0), ("TJ", 1, 0)] == [
        (one.member, one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))
    ]

    alliance.sync("KG", "KZ")
    assert 1 == _records(alliance, "KG")
    alliance.sync("KZ", "KG")
    assert [("KG", 1, 1), ("TJ", 1, 0)] == [
        (one.member, one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))
    ]
    with pytest.raises(NotFound):
        alliance.show("KG", indicator(1)["id"])


@on_sqlite  # tests/store/test_postgres.py looks into the files of a server.
def test_no_byte_of_an_erased_record_is_left_in_the_holders_folder(alliance: Alliance) -> None:
    secret = {**indicator(1), "name": f"Relay {SECRET}", "description": f"The {SECRET} host"}
    alliance.publish("KZ", secret, indicator(2), to="KG")
    alliance.sync("KG", "KZ")
    while read.catch_up(alliance.means("KG")):
        pass
    folder = alliance.folder / "KG"
    assert _files_with(folder, SECRET.encode())
    assert [] != alliance.search("KG", SECRET)

    recall.recall(alliance.means("KZ"), secret["id"], officer=OFFICER, reason=RecallReason.UNLAWFUL, now=alliance.clock())
    alliance.sync("KG", "KZ")
    assert [] == _files_with(folder, SECRET.encode())
    assert [] == _files_with(folder, orjson.dumps(secret)[:60])
    assert [] == alliance.search("KG", SECRET)


def test_a_recipient_that_comes_later_gets_a_hole_that_the_recall_explains(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    _recall(alliance)
    synced = alliance.sync("KG", "KZ")
    assert (4, 1) == (synced.size, synced.kept)
    assert 1 == _records(alliance, "KG")
    alliance.sync("KZ", "KG")
    assert [1] == [one.state.erased for one in recall.compliance(alliance.means("KZ"))]


def test_a_hole_without_its_recall_stops_the_channel(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")
    means = alliance.means("KZ")
    name = means.channel_to("KG")
    with means.database.writing() as transaction:  # A giver that hides a record and does not say so.
        [commitment, *_] = erasure.commitments_under(transaction, name, 0)
        transaction.run("leaf_erase", collection=name, commitment=commitment)
    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ")
    assert "hole" == failure.value.duty
    with means.database.reading() as transaction:
        assert acts.last_receipt(transaction, name) is None, "nobody signs for what was hidden"


def test_a_line_that_hides_an_object_as_if_it_were_recalled_is_found_out(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), indicator(2), to="KG")

    def tamper(request: httpx2.Request, body: bytes) -> bytes:
        if "/objects/" not in request.url.path:
            return body
        envelope = orjson.loads(body)
        del envelope["objects"][1]
        with alliance.means("KZ").database.reading() as transaction:
            [commitment, *_] = erasure.commitments_under(transaction, alliance.means("KZ").channel_to("KG"), 0)
        envelope["x_accord"]["leaves"][1] = {"erased": base64.b64encode(commitment).decode()}
        return orjson.dumps(envelope)

    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=tamper)
    assert "hole" == failure.value.duty


def test_narrowing_takes_back_from_those_removed_and_leaves_the_others(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG,TJ")
    alliance.sync("KG", "KZ")
    alliance.sync("TJ", "KZ")
    _recall(alliance, members=("TJ",), reason=RecallReason.NARROWED)
    alliance.sync("KG", "KZ")
    alliance.sync("TJ", "KZ")
    assert (1, 0) == (_records(alliance, "KG"), _records(alliance, "TJ"))


def test_a_correction_takes_the_old_version_back_and_brings_the_new_one(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    corrected = {**indicator(1), "modified": "2026-11-21T08:10:00.000Z", "name": "Corrected (invented)"}
    _recall(alliance, reason=RecallReason.CORRECTED)
    alliance.publish("KZ", corrected, to="KG")
    alliance.sync("KG", "KZ")
    shown = alliance.show("KG", indicator(1)["id"])
    assert ([shown.held], "Corrected (invented)") == (list(shown.versions), orjson.loads(shown.content)["name"])


def test_a_record_taken_back_can_be_given_again(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    _recall(alliance)
    alliance.sync("KG", "KZ")
    alliance.publish("KZ", indicator(1), to="KG")
    assert 1 == alliance.sync("KG", "KZ").kept
    assert 1 == _records(alliance, "KG")


def test_a_record_that_stands_twice_in_a_channel_is_recalled_whole(alliance: Alliance) -> None:
    for recipients in ("KG", "TJ", "KG,TJ"):  # The third statement brings the first one's commitment into the second's channel.
        alliance.publish("KZ", indicator(1), to=recipients)
    for member in ("KG", "TJ"):
        alliance.sync(member, "KZ")
        assert 1 == _records(alliance, member)
    _recall(alliance)
    for member in ("KG", "TJ"):
        alliance.sync(member, "KZ")
        alliance.sync("KZ", member)
        assert 0 == _records(alliance, member)
    assert all(one.state.erased == one.state.records for one in recall.compliance(alliance.means("KZ")))


def test_what_was_narrowed_and_then_widened_again_reaches_a_recipient_that_comes_late(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG,TJ")
    _recall(alliance, members=("TJ",), reason=RecallReason.NARROWED)
    alliance.publish("KZ", indicator(1), to="KG,TJ")
    for member in ("KG", "TJ"):
        alliance.sync(member, "KZ")
        assert 1 == _records(alliance, member)
    _recall(alliance)
    for member in ("KG", "TJ"):
        alliance.sync(member, "KZ")
        assert 0 == _records(alliance, member)


def test_what_two_members_gave_stays_until_both_take_it_back(alliance: Alliance) -> None:
    raw = [orjson.dumps(indicator(1))]
    for member in ("KZ", "TJ"):
        importing.import_files(alliance.means(member), raw, source="Invented feed", now=alliance.clock())
        importing.release_imported(alliance.means(member), source="Invented feed", officer=OFFICER, offer=offer("KG"), now=alliance.clock())
        alliance.sync("KG", member)
    _recall(alliance)
    alliance.sync("KG", "KZ")
    assert 1 == _records(alliance, "KG")
    recall.recall(alliance.means("TJ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    alliance.sync("KG", "TJ")
    assert 0 == _records(alliance, "KG")


def test_a_release_of_the_same_source_leaves_out_what_was_taken_back(alliance: Alliance) -> None:
    means = alliance.means("KZ")
    raw = [orjson.dumps([indicator(1), indicator(2)])]
    importing.import_files(means, raw, source="Invented feed", now=alliance.clock())
    importing.release_imported(means, source="Invented feed", officer=OFFICER, offer=offer("KG"), now=alliance.clock())
    _recall(alliance)
    with pytest.raises(Refusal, match="nothing from 'Invented feed' is left to release"):
        importing.release_imported(means, source="Invented feed", officer=OFFICER, offer=offer("KG"), now=alliance.clock())
    alliance.sync("KG", "KZ")
    assert 1 == _records(alliance, "KG")


def test_the_holders_own_record_is_not_erased_by_anothers_recall(alliance: Alliance) -> None:
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    _recall(alliance)
    alliance.sync("KG", "KZ")
    assert indicator(1) == orjson.loads(alliance.show("KG", indicator(1)["id"]).content)


@pytest.mark.parametrize("comes_first", ["giver", "holder"])
def test_what_reaches_its_review_date_is_gone_at_both_ends_whoever_looks_first(alliance: Alliance, comes_first: str) -> None:
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=2))
    alliance.publish("KZ", indicator(2), to="KG", review=START.date() + timedelta(days=200))
    alliance.sync("KG", "KZ")
    alliance.clock.now += timedelta(days=3)
    order = ("KZ", "KG") if comes_first == "giver" else ("KG", "KZ")
    for member in order:
        recall.expire(alliance.means(member), now=alliance.clock())
        if member == "KG":
            assert 1 == _records(alliance, "KG")
    alliance.sync("KG", "KZ")
    alliance.sync("KZ", "KG")
    assert 1 == _records(alliance, "KG")
    assert [("expired", 1, 1)] == [
        (one.state.reason, one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))
    ]


def test_what_was_released_again_with_a_later_date_does_not_expire_with_the_first(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=2))
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=200))
    alliance.sync("KG", "KZ")
    alliance.clock.now += timedelta(days=3)
    for member in ("KG", "KZ"):
        recall.expire(alliance.means(member), now=alliance.clock())
    assert 1 == _records(alliance, "KG")


def test_more_statements_than_one_transaction_takes_expire_in_one_round(alliance: Alliance) -> None:
    count = erasure.EXPIRIES_AT_ONCE_MAX + 1
    for number in range(count):
        alliance.publish("KZ", indicator(number), to="KG", review=START.date() + timedelta(days=2))
    alliance.clock.now += timedelta(days=3)
    keep_house(alliance.nodes["KZ"], Event(), Traffic(), clock=alliance.clock)
    assert count == sum(one.state.records for one in recall.compliance(alliance.means("KZ")))


def _careless(means: Means) -> Means:
    """A member whose node lets everything pass that some article permits: its safeguards are gone."""
    policy = policy_of(means.charter)
    permits = "permit (principal, action, resource) when { context has basis && context.in_force.contains(context.basis) };"
    rules = cedarpy.PolicySet.from_str('@id("SC/7")\n' + permits)
    return replace(means, gate=Gate(replace(policy, rules=rules)))


def test_a_record_that_may_not_be_kept_is_declined_alone_and_its_giver_is_told_the_ground(alliance: Alliance) -> None:
    person = {
        "type": "identity",
        "spec_version": "2.1",
        "id": "identity--3f0ae6b8-6a4f-4f8e-9a70-5f1f6a1c2b10",
        "created": "2026-11-20T08:00:00.000Z",
        "modified": "2026-11-20T08:00:00.000Z",
        "name": "Invented Person",
        "identity_class": "individual",
    }
    means = _careless(alliance.means("KZ"))
    importing.import_files(means, [orjson.dumps([person, indicator(2)])], source="Invented feed", now=alliance.clock())
    importing.release_imported(means, source="Invented feed", officer=OFFICER, offer=offer("KG", category=None), now=alliance.clock())

    synced = alliance.sync("KG", "KZ")
    assert (1, 1) == (synced.kept, synced.declined)
    alliance.sync("KZ", "KG")
    with means.database.reading() as transaction:
        assert [("accord-declined", "S-13", 1)] == answers.answers(transaction, means.channel_to("KG"))


def test_a_recall_needs_an_officer_who_may_and_a_record_that_was_given(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    means = alliance.means("KZ")
    with pytest.raises(Refusal, match="has no officer"):
        recall.recall(means, indicator(1)["id"], officer="Nobody", reason=RecallReason.WITHDRAWN, now=alliance.clock())
    with pytest.raises(NotFound):
        recall.recall(means, indicator(7)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
    with pytest.raises(NotFound, match="stands in no channel"):
        recall.recall(means, indicator(1)["id"], officer=OFFICER, reason=RecallReason.WITHDRAWN, members=("TJ",), now=alliance.clock())


def _control(change: Callable[[dict[str, Any]], None]) -> Callable[[httpx2.Request, bytes], bytes]:
    def tamper(request: httpx2.Request, body: bytes) -> bytes:
        if "/objects/" not in request.url.path:
            return body
        envelope = orjson.loads(body)
        change(next(item for item in envelope["objects"] if item["type"] == "accord-recall"))
        return orjson.dumps(envelope)

    return tamper


@pytest.mark.parametrize("change", [{"code": "narrowed"}, {"by": "TJ"}, {"signatures": []}, {"note": "free text"}])
def test_a_recall_changed_on_the_way_is_refused(alliance: Alliance, change: dict[str, Any]) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    _recall(alliance)
    with pytest.raises(IntegrityFailure) as failure:
        alliance.sync("KG", "KZ", tamper=_control(lambda control: control.update(change)))
    assert "control" == failure.value.duty
    assert 1 == _records(alliance, "KG")


def _acts(means: Means) -> list[str]:
    """The acts in a journal, the oldest first."""
    joined = "leaf join content on content.collection = leaf.collection and content.digest = leaf.digest"
    with means.database.reading() as transaction:
        rows = tamper(transaction, f"select content.body from {joined} where leaf.collection = :journal", journal=means.journal)
    return [orjson.loads(body)["act"] for (body,) in rows]


def test_where_the_law_ends_before_a_statement_is_fetched_it_is_taken_back_whole_and_the_channel_goes_on(tmp_path: Path) -> None:
    with founded(tmp_path, on=law_that_ends("2026-12-01")) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        alliance.sync("KG", "KZ")
        late = alliance.publish("KZ", indicator(2), to="KG")
        alliance.clock.now += timedelta(days=30)
        means = alliance.means("KZ")
        [waits] = stuck(means, now=alliance.clock())
        assert ("KG", late.statements[0]) == (waits.partner, waits.statement)
        assert waits.grounds[0].startswith("LAW: SC/7 does not permit this exchange")
        page = status_page(means, now=alliance.clock())
        assert (page.stuck, "What was given to KG may no longer go and has to be taken back; see what goes out.") == (
            (waits,),
            page.verdict,
        )
        shown = alliance.doors["KZ"].get("/", auth=("operator", alliance.nodes["KZ"].status_password)).text
        assert all(part in shown for part in (waits.remedy, "The channel to KG waits."))
        for _ in range(2):
            with pytest.raises(PeerFault, match="KZ cannot serve this channel at the moment") as fault:
                alliance.sync("KG", "KZ")
            # The partner learns neither that there is a statement nor the ground; the giver's own status says both.
            assert [] == [word for word in (late.statements[0], "LAW", "SC/7") if word in fault.value.says]
        assert 1 == _records(alliance, "KG")
        assert 1 == _acts(means).count("held-back")

        recall.recall(means, late.statements[0], officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
        synced = alliance.sync("KG", "KZ")
        assert (5, 0) == (synced.size, synced.kept)
        assert () == stuck(means, now=alliance.clock())
        alliance.sync("KZ", "KG")
        assert [(2, 2)] == [(one.state.records, one.state.erased) for one in recall.compliance(means)]
        alliance.check_everything()
