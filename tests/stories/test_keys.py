"""A member replaces an operational key by its own key file, and its partners go on without a word from anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from accord.desk.status import status
from accord.errors import PeerSilent, Refusal
from accord.node.build import application, opened
from accord.node.founding import replace_key
from accord.seal.keys import Role
from tests.stories.alliance import Alliance, founded, indicator


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        yield found


@pytest.mark.parametrize("role", [Role.LOG, Role.STATEMENT, Role.TRANSPORT])
def test_a_givers_replaced_key_is_learnt_at_the_next_news(alliance: Alliance, role: Role) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    with ExitStack() as stack:
        _replace(alliance, "KZ", role, stack)
        alliance.publish("KZ", indicator(2), to="KG")
        assert 1 == alliance.sync("KG", "KZ").kept
        assert 4 == _receipted(alliance)
        assert 0 == alliance.sync("KZ", "KG").size


@pytest.mark.parametrize("role", [Role.RECEIPT, Role.TRANSPORT])
def test_a_recipients_replaced_key_is_learnt_when_it_is_first_used(alliance: Alliance, role: Role) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    with ExitStack() as stack:
        _replace(alliance, "KG", role, stack)
        alliance.publish("KZ", indicator(2), to="KG")
        assert 1 == alliance.sync("KG", "KZ").kept
        assert 4 == _receipted(alliance)


def test_what_was_signed_before_a_key_was_replaced_still_arrives(alliance: Alliance) -> None:
    alliance.publish("KZ", indicator(1), to="KG")
    with ExitStack() as stack:
        _replace(alliance, "KZ", Role.STATEMENT, stack)
        alliance.publish("KZ", indicator(2), to="KG")
        assert 2 == alliance.sync("KG", "KZ").kept


def test_a_receipt_that_could_not_be_handed_over_for_long_is_signed_anew(alliance: Alliance) -> None:
    def cut(request: httpx2.Request, body: bytes) -> bytes:
        if request.method == "POST":
            raise httpx2.ConnectError("the line is cut")
        return body

    alliance.publish("KZ", indicator(1), to="KG")
    with pytest.raises(PeerSilent):
        alliance.sync("KG", "KZ", tamper=cut)
    alliance.clock.now += timedelta(hours=3)
    alliance.sync("KG", "KZ")
    assert 2 == _receipted(alliance)


def test_the_root_key_is_not_an_operational_key(alliance: Alliance) -> None:
    with pytest.raises(Refusal, match="not an operational key"):
        replace_key(alliance.folder / "KZ", Role.ROOT, root_key=alliance.folder / "KZ.key", now=alliance.clock())


def _replace(alliance: Alliance, member: str, role: Role, stack: ExitStack) -> None:
    """Replace the key and start the member's node anew."""
    replace_key(alliance.folder / member, role, root_key=alliance.folder / f"{member}.key", now=alliance.clock())
    node = stack.enter_context(opened(alliance.folder / member))
    alliance.nodes[member] = node
    alliance.doors[member] = TestClient(application(node, alliance.clock))


def _receipted(alliance: Alliance) -> int:
    return next(channel.receipted for channel in status(alliance.means("KZ")).outgoing if channel.partner == "KG")
