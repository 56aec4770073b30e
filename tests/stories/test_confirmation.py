"""S-20: a new person entry is kept, and released only when a second officer has confirmed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import confirm, importing, publish
from accord.desk.status import status
from accord.errors import NotFound, Refusal
from accord.release.decision import Withheld
from accord.seal.canonical import digest_text
from accord.store.persons import EnteredAs
from tests.exchange.tools import tool_of
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, offer
from tests.stories.second import SECOND, confirmed_by_another, enlist_second

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


def _sent(alliance: Alliance) -> int:
    return sum(channel.size for channel in status(alliance.means("KZ")).outgoing)


def test_one_officers_person_entry_is_kept_and_nothing_is_released(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-20") as refused:
        alliance.publish("KZ", PERSON, indicator(1), to="KG")
    assert "accord confirm DIR RECORD --as OFFICER" in refused.value.remedy
    assert OFFICER in refused.value.remedy and PERSON["id"] in refused.value.remedy
    assert 0 == _sent(alliance)
    assert PERSON == orjson.loads(alliance.show("KZ", PERSON["id"]).content)
    with pytest.raises(NotFound):
        alliance.show("KZ", indicator(1)["id"])


def test_a_second_officer_confirms_and_then_it_is_published(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", PERSON, to="KG")
    done = confirmed_by_another(alliance, "KZ", PERSON)
    assert (OFFICER, EnteredAs.OFFICER, SECOND) == (done.entered_by, done.entered_as, done.confirmed_by)
    assert 1 == alliance.publish("KZ", PERSON, to="KG").records
    assert 1 == alliance.sync("KG", "KZ").kept


def test_the_officer_who_entered_it_does_not_confirm_it_however_often_it_is_published(alliance: Alliance) -> None:
    second = enlist_second(alliance, "KZ", role=OfficerRole.OFFICER)
    means = alliance.means("KZ")
    for officer in (OFFICER, second):  # Whoever publishes it again does not become the one who entered it.
        with pytest.raises(Refusal, match="S-20"):
            publish.publish(means, [orjson.dumps(PERSON)], officer=officer, offer=offer("KG"), now=alliance.clock())
    with pytest.raises(Refusal, match=r"S-20: A\. Bekova"):
        confirm.confirm(means, PERSON["id"], officer=OFFICER, now=alliance.clock())
    confirm.confirm(means, PERSON["id"], officer=second, now=alliance.clock())
    with pytest.raises(Refusal, match="confirmed already"):
        confirm.confirm(means, PERSON["id"], officer=second, now=alliance.clock())


def test_what_a_tool_entered_waits_for_any_officer_who_may_release(alliance: Alliance) -> None:
    tool = tool_of(alliance, "KZ", "feeder")
    assert 1 == tool.post(PERSON).json()["success_count"]
    assert [PERSON["id"]] == tool.ids()
    with pytest.raises(Refusal, match="S-20") as refused:
        alliance.publish("KZ", PERSON, to="KG")
    assert "feeder" in refused.value.remedy
    done = confirm.confirm(alliance.means("KZ"), PERSON["id"], officer=OFFICER, now=alliance.clock())
    assert ("feeder", EnteredAs.CLIENT, OFFICER) == (done.entered_by, done.entered_as, done.confirmed_by)
    assert 1 == alliance.publish("KZ", PERSON, to="KG").records


def test_another_ground_comes_first_and_then_nothing_is_kept(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-13"):
        alliance.publish("KZ", PERSON, to="KG", category=None)
    assert () == status(alliance.means("KZ")).holdings


def test_a_preview_says_that_a_second_officer_is_missing_and_keeps_nothing(alliance: Alliance) -> None:
    answers = publish.preview(alliance.means("KZ"), [orjson.dumps(PERSON)], officer=OFFICER, offer=offer("KG"), now=alliance.clock())
    [there] = [item.decision for item in answers if item.decision.recipient == "KG"]
    assert isinstance(there, Withheld)
    assert ["S-20"] == [ground.rule for ground in there.grounds]
    assert () == status(alliance.means("KZ")).holdings


def test_another_version_is_another_entry(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", PERSON, to="KG")
    done = confirmed_by_another(alliance, "KZ", PERSON)
    later = {**PERSON, "modified": "2026-11-21T08:00:00.000Z", "name": "Another Invented Person"}
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", later, to="KG")
    with pytest.raises(Refusal, match="confirmed already"):
        confirm.confirm(alliance.means("KZ"), digest_text(done.held.digest), officer=SECOND, now=alliance.clock())
    assert later["modified"] == confirm.confirm(alliance.means("KZ"), PERSON["id"], officer=SECOND, now=alliance.clock()).held.version


@pytest.mark.parametrize("role", [OfficerRole.ANALYST, OfficerRole.OVERSIGHT, OfficerRole.OPERATOR])
def test_who_may_not_release_may_not_confirm(alliance: Alliance, role: OfficerRole) -> None:
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", PERSON, to="KG")
    other = enlist_second(alliance, "KZ", role=role, name="Other (invented)")
    with pytest.raises(Refusal, match="may not release"):
        confirm.confirm(alliance.means("KZ"), PERSON["id"], officer=other, now=alliance.clock())


@pytest.mark.parametrize("reference", ["identity--00000000-0000-4000-8000-000000000000", "sha256:x", "sha256:" + "0" * 64, ""])
def test_what_is_not_held_is_not_confirmed(alliance: Alliance, reference: str) -> None:
    with pytest.raises(NotFound):
        confirm.confirm(alliance.means("KZ"), reference, officer=OFFICER, now=alliance.clock())


def test_what_is_no_person_needs_no_second_officer(alliance: Alliance) -> None:
    assert 1 == alliance.publish("KZ", indicator(1), to="KG").records
    with pytest.raises(Refusal, match="no person entry"):
        confirm.confirm(alliance.means("KZ"), indicator(1)["id"], officer=OFFICER, now=alliance.clock())


FEED = "Invented feed"


def _imported(alliance: Alliance) -> None:
    importing.import_files(alliance.means("KZ"), [orjson.dumps([PERSON, indicator(1)])], source=FEED, now=alliance.clock())


def _release(alliance: Alliance, officer: str = OFFICER) -> int:
    return importing.release_imported(alliance.means("KZ"), source=FEED, officer=officer, offer=offer("KG"), now=alliance.clock())[0]


def test_an_imported_person_waits_for_a_second_officer_and_nothing_of_the_import_is_released(alliance: Alliance) -> None:
    _imported(alliance)
    with pytest.raises(Refusal, match=r"S-20.*has to confirm 1 person imported from Invented feed") as refused:
        _release(alliance)
    assert "accord confirm DIR --source 'Invented feed'" in refused.value.remedy
    assert 0 == _sent(alliance)
    second = enlist_second(alliance, "KZ")
    assert 1 == confirm.confirm_source(alliance.means("KZ"), FEED, officer=second, word="seen and wanted", now=alliance.clock())
    assert 0 == confirm.confirm_source(alliance.means("KZ"), FEED, officer=second, word="seen and wanted", now=alliance.clock())
    assert 2 == _release(alliance)


def test_who_confirmed_an_imported_person_does_not_release_it(alliance: Alliance) -> None:
    _imported(alliance)
    done = confirm.confirm(alliance.means("KZ"), PERSON["id"], officer=OFFICER, now=alliance.clock())
    assert (FEED, EnteredAs.SOURCE, OFFICER) == (done.entered_by, done.entered_as, done.confirmed_by)
    with pytest.raises(Refusal, match="S-20"):
        _release(alliance)
    assert 2 == _release(alliance, enlist_second(alliance, "KZ", role=OfficerRole.OFFICER))


def test_a_source_is_confirmed_on_a_word_by_who_may_release(alliance: Alliance) -> None:
    _imported(alliance)
    analyst = enlist_second(alliance, "KZ", role=OfficerRole.ANALYST)
    with pytest.raises(Refusal, match="may not release"):
        confirm.confirm_source(alliance.means("KZ"), FEED, officer=analyst, word="seen", now=alliance.clock())
    for word in ("", " ", "x" * 501):
        with pytest.raises(Refusal, match="word"):
            confirm.confirm_source(alliance.means("KZ"), FEED, officer=OFFICER, word=word, now=alliance.clock())
    with pytest.raises(Refusal, match="S-20"):
        _release(alliance)


def test_publishing_an_imported_person_by_hand_is_no_way_around(alliance: Alliance) -> None:
    _imported(alliance)
    confirm.confirm(alliance.means("KZ"), PERSON["id"], officer=OFFICER, now=alliance.clock())
    with pytest.raises(Refusal, match="S-20"):
        alliance.publish("KZ", PERSON, to="KG")
    assert 0 == _sent(alliance)
