"""What a recipient says of a record, and what members tell each other: seen at both ends, said once, kept in both journals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.charter.officers import OfficerRole
from accord.desk import answer, notice, office
from accord.desk.answer import Word
from accord.desk.told import told_of
from accord.errors import NotFound, Refusal
from accord.stix.control import NoticeCode
from accord.store import logs, records
from tests.stories.alliance import OFFICER, Alliance, founded, indicator


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    """KZ has given one record to KG."""
    with founded(tmp_path) as found:
        found.publish("KZ", indicator(1), to="KG")
        found.sync("KG", "KZ")
        yield found
        found.check_everything()


def _answer(alliance: Alliance, word: Word, *, officer: str = OFFICER, member: str = "KG") -> answer.Answered:
    done = answer.answer(alliance.means(member), indicator(1)["id"], word, officer=officer, now=alliance.clock())
    alliance.sync("KZ", "KG")
    return done


def _seen(alliance: Alliance, member: str) -> list[str]:
    with alliance.means(member).database.reading() as transaction:
        [held] = records.versions_of(transaction, indicator(1)["id"])
    return [said.kind for told in told_of(alliance.means(member), held.digest) for said in told.answers]


def _journal(alliance: Alliance, member: str) -> list[str]:
    means = alliance.means(member)
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.journal)
        assert log is not None
        leaves = logs.leaves_between(transaction, means.journal, first=0, beyond=log.size, contents_of=means.journal)
    return [json.loads(leaf.body)["act"] for leaf in leaves if leaf.body is not None]


def test_nothing_is_accepted_by_itself(alliance: Alliance) -> None:
    alliance.sync("KZ", "KG")
    assert [] == _seen(alliance, "KZ")


def test_the_giver_sees_what_the_recipients_officer_says_and_both_journals_have_it(alliance: Alliance) -> None:
    assert (("KZ", 1),) == _answer(alliance, Word.ACCEPTED).members
    _answer(alliance, Word.HANDLED)
    assert ["accord-accepted", "accord-handled"] == _seen(alliance, "KZ") == _seen(alliance, "KG")
    assert 2 == _journal(alliance, "KZ").count("answered") == _journal(alliance, "KG").count("answered")


def test_an_answer_is_said_once(alliance: Alliance) -> None:
    _answer(alliance, Word.ACCEPTED)
    with pytest.raises(Refusal, match="said already"):
        _answer(alliance, Word.ACCEPTED)


def test_of_ones_own_record_there_is_nothing_to_answer(alliance: Alliance) -> None:
    with pytest.raises(NotFound, match="given by no other member"):
        _answer(alliance, Word.ACCEPTED, member="KZ")


def test_an_analyst_does_not_answer_for_the_member(alliance: Alliance) -> None:
    office.add_officer(alliance.means("KG"), name="B. Aliev (invented)", role=OfficerRole.ANALYST, now=alliance.clock())
    with pytest.raises(Refusal, match="may not publish"):
        _answer(alliance, Word.ACCEPTED, officer="B. Aliev (invented)")
    assert [] == _seen(alliance, "KZ")


def test_a_notice_of_a_breach_reaches_the_member_concerned_and_names_the_record_by_its_leaf(alliance: Alliance) -> None:
    means, about = alliance.means("KG"), indicator(1)["id"]
    sent = notice.notice(means, ("KZ",), NoticeCode.DISCLOSED, about=about, officer=OFFICER, now=alliance.clock())
    alliance.sync("KZ", "KG")
    [there], [here] = notice.notices(alliance.means("KZ")), notice.notices(means)
    expected = (sent, "breach/disclosed", 1)
    for one in (there, here):
        assert expected == (one.notice.notice, one.notice.code, one.notice.records)
    assert (("KG", False), ("KZ", True)) == ((there.member, there.sent), (here.member, here.sent))


def test_a_notice_about_a_record_that_does_not_concern_the_member_is_refused(alliance: Alliance) -> None:
    with pytest.raises(NotFound, match="stands in no channel between KG and TJ"):
        notice.notice(alliance.means("KG"), ("TJ",), NoticeCode.DISCLOSED, about=indicator(1)["id"], officer=OFFICER, now=alliance.clock())
