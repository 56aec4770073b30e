"""The template that ships: complete, marked, sourced, and ready to be founded."""

from __future__ import annotations

from datetime import date

from accord.charter.dated import Mark
from accord.charter.document import Defaults, template
from accord.charter.instruments import Basis, Reservation
from accord.charter.members import StatusKind
from tests.charter.charters import places, signed

SCO = template()
SINCE = {
    **dict.fromkeys(("CN", "KZ", "KG", "RU", "TJ", "UZ"), date(2001, 6, 15)),
    **dict.fromkeys(("IN", "PK"), date(2017, 6, 9)),
    "IR": date(2023, 7, 4),
    "BY": date(2024, 7, 4),
}
FORCE = {  # requirements, section 5; every other instrument is a gap
    "SC": (date(2003, 3, 29), Mark.MEMORY),
    "P03": (date(2014, 4, 12), Mark.READ),
    "CH": (date(2003, 9, 19), Mark.PART),
    "RA": (date(2003, 11, 14), Mark.MEMORY),
    "EX": (date(2014, 3, 14), Mark.PART),
    "CT": (date(2012, 1, 14), Mark.MEMORY),
}


def test_the_ten_members_are_there_with_their_days() -> None:
    assert {item.id: item.statuses[-1].since for item in SCO.members} == SINCE
    assert {item.statuses[-1].kind for item in SCO.members} == {StatusKind.MEMBER}


def test_the_seventeen_partners_are_partners_since_one_day() -> None:
    assert 17 == len(SCO.partners)
    assert {(StatusKind.PARTNER, date(2025, 9, 1))} == {(item.statuses[-1].kind, item.statuses[-1].since) for item in SCO.partners}


def test_every_name_and_sentence_speaks_three_languages() -> None:
    tables = [(path, table) for path, table in places(SCO.fields) if path.rpartition(".")[2] in {"names", "says"}]
    assert len(tables) > 40
    assert [] == [path for path, table in tables if set(table) != {"en", "ru", "zh"}]


def test_every_dated_fact_has_its_mark_and_its_source() -> None:
    dated = [(path, table) for path, table in places(SCO.fields) if {"since", "date"} & set(table)]
    assert len(dated) > 80
    assert [] == [path for path, table in dated if not {"mark", "source"} <= set(table)]


def test_days_of_force_are_those_that_were_found_and_all_others_are_gaps() -> None:
    assert {item.id: (item.in_force.date, item.in_force.mark) for item in SCO.instruments if item.in_force.date} == FORCE
    assert {Mark.GAP} == {item.in_force.mark for item in SCO.instruments if item.id not in FORCE}


def test_the_articles_that_permit_are_these() -> None:
    permitting = [str(Basis(item.id, article.id)) for item in SCO.instruments for article in item.permitting]
    assert ["SC/6", "SC/7", "SC/8", "DB/3", "CT/12"] == permitting


def test_later_members_are_bound_by_membership_and_nothing_surer_is_claimed() -> None:
    for name in ("SC", "CT"):
        treaty = next(item for item in SCO.instruments if item.id == name)
        later = [party for party in treaty.parties if party.member in {"IN", "PK", "IR", "BY"}]
        assert [(party.member, SINCE[party.member], Mark.MEMORY, "CH 13") for party in later] == [
            (party.member, party.since, party.mark, party.source) for party in later
        ]
        assert 4 == len(later)


def test_the_reservation_on_confiscation_excludes_no_exchange() -> None:
    treaty = next(item for item in SCO.instruments if item.id == "CT")
    expected = [("UZ", (), Mark.READ)]
    assert expected == [(item.member, item.excludes, item.mark) for item in treaty.reservations]
    assert all(isinstance(item, Reservation) for item in treaty.reservations)


def test_nobody_is_spared_a_word_when_publishing() -> None:
    assert Defaults() == SCO.defaults


def test_the_protocol_clause_is_the_charters_own() -> None:
    assert Basis("CHARTER", "protocol") == SCO.protocol.basis


def test_all_ten_can_found_it_together() -> None:
    after = signed(SCO, *SINCE)
    after.check_founding()
    assert 1 == after.charter.version


def test_the_template_holds_no_key() -> None:
    assert (0, [None] * 10) == (SCO.version, [item.root for item in SCO.members])
