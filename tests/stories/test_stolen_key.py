"""The drill of the stolen key, on whole nodes: the key is replaced, the partners learn it, and the thief's signatures hold nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.desk import recall
from accord.errors import AccordError, IntegrityFailure, PeerFault
from accord.node.founding import replace_key
from accord.seal.keys import Role
from accord.stix.control import RecallReason
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, restarted


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path, ("KZ", "KG")) as found:
        yield found


def replaced(alliance: Alliance, role: Role, *, stolen: bool) -> None:
    replace_key(alliance.folder / "KZ", role, root_key=alliance.folder / "KZ.key", now=alliance.clock(), stolen=stolen)


@pytest.mark.parametrize("role", [Role.LOG, Role.RECEIPT, Role.WITNESS, Role.TRANSPORT])
@pytest.mark.parametrize("stolen", [False, True])
def test_a_replaced_key_stops_nothing_and_what_was_given_before_stays(alliance: Alliance, role: Role, stolen: bool) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    alliance.publish("KZ", indicator(2), to="KG")
    replaced(alliance, role, stolen=stolen)
    with restarted(alliance, "KZ"):
        alliance.publish("KZ", indicator(3), to="KG")
        assert 2 == alliance.sync("KG", "KZ").kept
        alliance.publish("KG", indicator(4), to="KZ")
        assert 1 == alliance.sync("KZ", "KG").kept
        alliance.check_everything()


def test_what_a_replaced_statement_key_signed_before_arrives(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    replaced(alliance, Role.STATEMENT, stolen=False)
    with restarted(alliance, "KZ"):
        assert 1 == alliance.sync("KG", "KZ").kept


def test_what_a_stolen_statement_key_signed_waits_until_it_is_taken_back_and_given_anew(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    published = alliance.publish("KZ", indicator(2), to="KG")
    replaced(alliance, Role.STATEMENT, stolen=True)
    with restarted(alliance, "KZ") as node:
        with pytest.raises(IntegrityFailure, match="signed, but by no key that counts here"):
            alliance.sync("KG", "KZ")
        assert 1 == len(alliance.search("KG", "lantern"))  # What was fetched before stays.
        [statement] = published.statements
        recall.recall(node.means, statement, officer=OFFICER, reason=RecallReason.WITHDRAWN, now=alliance.clock())
        assert 0 == alliance.sync("KG", "KZ").kept
        alliance.publish("KZ", indicator(2), to="KG")
        assert 1 == alliance.sync("KG", "KZ").kept
        assert 2 == len(alliance.search("KG", "lantern"))
        alliance.check_everything()


def test_a_thief_who_answers_with_the_old_log_key_is_believed_nothing(alliance: Alliance) -> None:
    thief = alliance.doors["KZ"]  # The node as it was: it holds the old key.
    replaced(alliance, Role.LOG, stolen=True)
    with restarted(alliance, "KZ"):
        alliance.publish("KZ", indicator(1), to="KG")
        alliance.sync("KG", "KZ")
        alliance.publish("KZ", indicator(2), to="KG")
        honest, alliance.doors["KZ"] = alliance.doors["KZ"], thief
        with pytest.raises(AccordError):
            alliance.sync("KG", "KZ")
        alliance.doors["KZ"] = honest
        assert 1 == alliance.sync("KG", "KZ").kept


def test_a_thief_who_asks_with_the_old_transport_key_is_given_nothing(alliance: Alliance) -> None:
    thief = alliance.client("KZ", "KG")  # Its means are those of before.
    thief.introduce()
    assert thief.checkpoint()
    replaced(alliance, Role.TRANSPORT, stolen=True)
    with restarted(alliance, "KZ"):
        alliance.client("KZ", "KG").introduce()
        with pytest.raises(PeerFault, match="does not know our keys"):
            thief.checkpoint()
        thief.introduce()  # Its key file has a lower number and changes nothing.
        with pytest.raises(PeerFault, match="does not know our keys"):
            thief.checkpoint()
        assert alliance.client("KZ", "KG").checkpoint()
