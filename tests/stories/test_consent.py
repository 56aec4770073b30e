"""Passing on with consent: what the originator signed travels with the record, and is checked at both ends of every hop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cedarpy
import orjson
import pytest

from accord.desk import consent, declined, publish, recall
from accord.desk.consent import Wanted
from accord.desk.control import append_control
from accord.desk.means import Means
from accord.desk.told import told_of
from accord.errors import NotFound, Refusal
from accord.release.gate import Gate
from accord.release.policy import policy_of
from accord.stix.control import Kind, RecallReason
from accord.stix.marking import Tlp
from accord.stix.statement import Statement
from accord.stix.upstream import links
from accord.store import consents, erasure, logs, peers, records
from tests.databases import on_sqlite, tamper
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator, offer

MEMBERS = ("KZ", "KG", "TJ", "UZ")


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    """KZ has given one record to KG."""
    with founded(tmp_path, MEMBERS) as found:
        found.publish("KZ", indicator(1), to="KG")
        found.sync("KG", "KZ")
        yield found
        found.check_everything()


def _consent(alliance: Alliance, *users: str, holder: str = "KG", **how: str) -> str:
    wanted = Wanted(holder, users, **how)
    given = consent.consent(alliance.means("KZ"), indicator(1)["id"], wanted, officer=OFFICER, now=alliance.clock())
    alliance.sync(holder, "KZ")
    [made] = given.consents
    return made.id


def _holds(alliance: Alliance, member: str) -> bool:
    try:
        alliance.show(member, indicator(1)["id"])
    except NotFound:
        return False
    return True


def _recall(alliance: Alliance, reference: str = "", *, by: str = "KZ", members: tuple[str, ...] = ()) -> None:
    recall.recall(
        alliance.means(by),
        reference or indicator(1)["id"],
        officer=OFFICER,
        reason=RecallReason.WITHDRAWN,
        members=members,
        now=alliance.clock(),
    )


def _statement(alliance: Alliance, holder: str, sender: str) -> Statement:
    """The newest statement under which a member holds the record from another."""
    means = alliance.means(holder)
    with means.database.reading() as transaction:
        held = records.versions_of(transaction, indicator(1)["id"])
        [sealed] = erasure.live_commitments(transaction, means.channel_from(sender), [held[0].digest])
        standing = consents.standing_as(transaction, means.channel_from(sender), sealed)
    assert standing is not None
    return Statement.parse(standing.statement)


def _without_gate(alliance: Alliance, member: str) -> None:
    """A member whose node has no safeguards: it sends what it may not."""
    node = alliance.nodes[member]
    policy = policy_of(node.means.charter)
    lawless = replace(policy, rules=_permits_alone(node.means))
    object.__setattr__(node.means, "gate", Gate(lawless))


def _permits_alone(means: Means) -> Any:
    articles = [f"{one.id}/{article.id}" for one in means.charter.instruments for article in one.permitting]
    text = "\n".join(
        f'@id("{name}")\npermit (principal, action == Action::"release", resource) when {{ context has basis && context.basis == "{name}" }};'
        for name in articles
    )
    return cedarpy.PolicySet.from_str(text)


def test_without_consent_nothing_is_passed_on_and_with_it_the_record_goes_with_what_its_originator_signed(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="INF-04"):
        alliance.publish("KG", indicator(1), to="TJ")
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    assert (1, 0) == ((done := alliance.sync("TJ", "KG")).kept, done.declined)
    given = _statement(alliance, "TJ", "KG")
    [link] = links(given)
    assert ("KG", "KZ", "KZ") == (given.releaser, given.originator.name, link.statement.releaser)
    assert given.commitments == link.statement.commitments == link.consent.commitments


def test_who_is_not_in_the_consent_is_withheld_by_name(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    with pytest.raises(Refusal, match=r"withheld from UZ \(INF-04: "):
        alliance.publish("KG", indicator(1), to="UZ")


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("INF-02/given", {"tlp": Tlp.GREEN}),
        ("INF-04/purpose", {"purpose": "something else"}),
        ("INF-04/review", {"review": START.date() + timedelta(days=181)}),
    ],
)
def test_beyond_the_consent_is_refused_at_the_holder_and_declined_at_the_recipient(
    alliance: Alliance, rule: str, change: dict[str, Any]
) -> None:
    _consent(alliance, "TJ")
    with pytest.raises(Refusal, match=rule):
        alliance.publish("KG", indicator(1), to="TJ", **change)
    _without_gate(alliance, "KG")
    alliance.publish("KG", indicator(1), to="TJ", **change)
    assert (0, 1) == ((done := alliance.sync("TJ", "KG")).kept, done.declined)
    [refused] = declined.declined(alliance.means("TJ"))
    assert refused.ground.startswith(f"{rule}: ")


def test_a_forged_upstream_is_declined_and_the_channel_goes_on(alliance: Alliance) -> None:
    signed = _consent(alliance, "TJ")
    with _forged(alliance, signed, b'"users":["TJ"]', b'"users":["TJ","UZ"]'):
        alliance.publish("KG", indicator(1), to="UZ")
    alliance.publish("KG", indicator(2), to="UZ")
    assert (1, 1) == ((done := alliance.sync("UZ", "KG")).kept, done.declined)
    [refused] = declined.declined(alliance.means("UZ"))
    assert refused.ground.startswith(f"upstream: {signed} is not signed by KZ")


@contextmanager
def _forged(alliance: Alliance, consent_id: str, old: bytes, new: bytes) -> Iterator[None]:
    """KG writes something else into the consent that KZ signed, publishes, and puts the true one back before anybody audits it."""
    means = alliance.means("KG")
    with means.database.reading() as transaction:
        bodies = [bytes(row[0]) for row in tamper(transaction, "select body from content")]
    [true] = [body for body in bodies if orjson.loads(body).get("id") == consent_id]
    assert old in true
    for before, after in ((true, true.replace(old, new)), (true.replace(old, new), true)):
        with means.database.writing() as transaction:
            tamper(transaction, "update content set body = :after where body = :before", after=after, before=before)
        if after != true:
            yield


def test_a_consent_for_an_article_not_in_force_with_the_user_is_refused(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match=r"withheld from TJ \(LAW: DB/3"):
        _consent(alliance, "TJ", basis="DB/3")


def test_only_who_gave_it_first_consents(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    with pytest.raises(Refusal, match=r"INF-04: .* was given first by another member"):
        consent.consent(alliance.means("KG"), indicator(1)["id"], Wanted("TJ", ("UZ",)), officer=OFFICER, now=alliance.clock())


def test_three_hops_each_with_the_originators_consent_are_checked_back_to_the_first_statement(alliance: Alliance) -> None:
    _three_hops(alliance)
    assert ["KG", "KZ"] == [link.statement.releaser for link in links(_statement(alliance, "UZ", "TJ"))]
    assert _holds(alliance, "UZ")


def test_a_second_hop_without_a_consent_of_its_own_is_refused(alliance: Alliance) -> None:
    _consent(alliance, "TJ", "UZ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    with pytest.raises(Refusal, match="INF-04"):
        alliance.publish("TJ", indicator(1), to="UZ")


def _three_hops(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    _consent(alliance, "UZ", holder="TJ")
    alliance.publish("TJ", indicator(1), to="UZ")
    assert (1, 0) == ((done := alliance.sync("UZ", "TJ")).kept, done.declined)


def _owed(alliance: Alliance, member: str) -> list[tuple[str, int, int, int]]:
    return [
        (one.member, one.state.records, one.state.erased, one.state.below)
        for one in recall.compliance(alliance.means(member))
        if one.state.reason == RecallReason.WITHDRAWN
    ]


def _confirm(alliance: Alliance, member: str, to: str) -> None:
    recall.confirm(alliance.means(member), to, now=alliance.clock())
    alliance.sync(to, member)


def test_a_recall_goes_down_the_line_and_a_silent_node_is_owed_until_it_comes_back(alliance: Alliance) -> None:
    _three_hops(alliance)
    _recall(alliance)
    assert [("KG", 1, 0, 0)] == _owed(alliance, "KZ")
    alliance.sync("KG", "KZ")
    _confirm(alliance, "KG", "KZ")
    assert [("KG", 1, 1, 1)] == _owed(alliance, "KZ")  # KG erased it; somebody behind KG is silent.
    alliance.sync("TJ", "KG")
    _confirm(alliance, "TJ", "KG")
    assert [("TJ", 1, 1, 1)] == _owed(alliance, "KG")
    assert (False, False, True) == tuple(_holds(alliance, member) for member in ("KG", "TJ", "UZ"))
    _confirm(alliance, "KG", "KZ")
    assert [("KG", 1, 1, 1)] == _owed(alliance, "KZ")

    alliance.sync("UZ", "TJ")
    assert not _holds(alliance, "UZ")
    for member, to in (("UZ", "TJ"), ("TJ", "KG"), ("KG", "KZ")):
        _confirm(alliance, member, to)
    assert [("KG", 1, 1, 0)] == _owed(alliance, "KZ")
    assert all(one.state.is_complete for one in recall.compliance(alliance.means("KZ")))


def test_a_recall_down_the_line_shows_whose_it_is(alliance: Alliance) -> None:
    _three_hops(alliance)
    _recall(alliance)
    for asking, asked in (("KG", "KZ"), ("TJ", "KG"), ("UZ", "TJ")):
        alliance.sync(asking, asked)
    means = alliance.means("UZ")
    with means.database.reading() as transaction:
        log = logs.log_state(transaction, means.channel_from("TJ"))
        assert log is not None
        word = orjson.loads(logs.body_at(transaction, log.name, log.size - 1) or b"")
    said = []
    while word is not None:
        said.append((word["type"], word["by"], word["code"]))
        word = word.get("upstream")
    assert [("accord-recall", name, "withdrawn") for name in ("TJ", "KG", "KZ")] == said


def test_a_recall_by_a_member_that_did_not_give_the_record_reaches_nobody_down_the_line(alliance: Alliance) -> None:
    """UZ knows the commitment from elsewhere and names it in a recall on its own channel to KG."""
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    sealed = _statement(alliance, "TJ", "KG").commitments
    hostile = alliance.means("UZ")
    with hostile.database.writing() as transaction:
        append_control(hostile, transaction, "KG", Kind.RECALL, sealed, code="withdrawn", now=alliance.clock())
    alliance.sync("KG", "UZ")
    alliance.sync("TJ", "KG")
    assert (True, True) == tuple(_holds(alliance, member) for member in ("KG", "TJ"))


def test_a_whole_statement_narrowed_is_superseded_for_those_who_keep_its_records(alliance: Alliance) -> None:
    [whole] = alliance.publish("KZ", indicator(2), indicator(3), to="TJ,UZ").statements
    _recall(alliance, whole, members=("UZ",))
    assert (2, 0) == ((done := alliance.sync("TJ", "KZ")).kept, done.declined)
    with alliance.means("TJ").database.reading() as transaction:
        [held] = records.versions_of(transaction, indicator(2)["id"])
    [told] = told_of(alliance.means("TJ"), held.digest)
    assert (whole, ("TJ",), 2) == (told.statement.supersedes, told.statement.terms.recipients, len(told.statement.commitments))


def test_a_consent_taken_back_takes_back_what_was_passed_on_under_it_and_nothing_else(alliance: Alliance) -> None:
    one, other = _consent(alliance, "TJ"), _consent(alliance, "UZ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.publish("KG", indicator(1), to="UZ")
    alliance.sync("TJ", "KG")
    alliance.sync("UZ", "KG")
    assert one != other
    _recall(alliance, one)
    for member in ("KG", "TJ", "UZ"):
        alliance.sync(member, "KZ" if member == "KG" else "KG")
    assert (True, False, True) == tuple(_holds(alliance, member) for member in ("KG", "TJ", "UZ"))
    with pytest.raises(Refusal, match="INF-04"):
        alliance.publish("KG", indicator(1), to="TJ")
    for member, to in (("TJ", "KG"), ("KG", "KZ")):
        _confirm(alliance, member, to)
    assert [("KG", 1, 1, 0)] == _owed(alliance, "KZ")


def test_who_is_removed_is_removed_at_every_relay_and_the_others_are_told_of_the_smaller_audience(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    _recall(alliance, members=("TJ",))
    alliance.sync("KG", "KZ")
    alliance.sync("TJ", "KG")
    assert (True, False) == tuple(_holds(alliance, member) for member in ("KG", "TJ"))
    assert _statement(alliance, "KG", "KZ").supersedes


def test_what_was_passed_on_expires_down_the_line_when_its_originator_shortens_the_date(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    alliance.sync("TJ", "KG")
    sooner = START.date() + timedelta(days=10)
    _supersede(alliance, _statement(alliance, "KG", "KZ").id, review=sooner)
    alliance.clock.now += timedelta(days=12)
    recall.expire(alliance.means("KG"), now=alliance.clock())
    alliance.sync("TJ", "KG")
    assert (False, False) == tuple(_holds(alliance, member) for member in ("KG", "TJ"))


def test_the_originator_lowers_a_level_by_a_statement_that_supersedes_its_own(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    old = _statement(alliance, "KG", "KZ")
    _supersede(alliance, old.id, tlp=Tlp.GREEN)
    new = _statement(alliance, "KG", "KZ")
    assert (old.id, Tlp.GREEN, old.commitments) == (new.supersedes, new.terms.handling.tlp, new.commitments)
    with pytest.raises(Refusal, match="INF-04"):  # The consent was about the old statement.
        alliance.publish("KG", indicator(1), to="TJ", tlp=Tlp.GREEN)
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ", tlp=Tlp.GREEN)
    assert (1, 0) == ((done := alliance.sync("TJ", "KG")).kept, done.declined)


def test_a_statement_supersedes_only_what_its_recipients_were_given(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="does not stand in"):
        _supersede(alliance, "accord-release--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11")


def _supersede(alliance: Alliance, statement: str, **changes: Any) -> None:
    raw = orjson.dumps(indicator(1))
    publish.publish(alliance.means("KZ"), [raw], officer=OFFICER, offer=offer("KG", **changes), supersedes=statement, now=alliance.clock())
    alliance.sync("KG", "KZ")


def test_what_was_given_back_is_not_passed_on_again_under_its_old_leaf(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    _recall(alliance, by="KG", members=("TJ",))
    with pytest.raises(Refusal, match="was taken back from one of these members"):
        alliance.publish("KG", indicator(1), to="TJ")


def test_a_recipient_that_never_met_the_originator_asks_the_holder_for_its_keys(alliance: Alliance) -> None:
    _consent(alliance, "TJ")
    alliance.publish("KG", indicator(1), to="TJ")
    with alliance.means("TJ").database.reading() as transaction:
        assert peers.peer_of(transaction, "KZ").key_file is None
    assert 1 == alliance.sync("TJ", "KG").kept
    with alliance.means("TJ").database.reading() as transaction:
        assert alliance.means("KZ").key_file == peers.peer_of(transaction, "KZ").key_file


@on_sqlite  # tests/store/test_postgres.py looks into the files of a server.
def test_no_byte_is_left_at_any_holder_down_the_line(alliance: Alliance) -> None:
    word = b"grey-lantern.example"
    _three_hops(alliance)

    def folders() -> list[str]:
        return [
            member
            for member in ("KG", "TJ", "UZ")
            if any(word in path.read_bytes() for path in (alliance.folder / member).rglob("*") if path.is_file())
        ]

    assert ["KG", "TJ", "UZ"] == folders()
    _recall(alliance)
    for asking, asked in (("KG", "KZ"), ("TJ", "KG"), ("UZ", "TJ")):
        alliance.sync(asking, asked)
        recall.forget(alliance.means(asking))
    assert [] == folders()
