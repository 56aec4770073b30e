"""Restore: a node is lost, stands up again from an old backup, and takes back from the others what it lost before it says a word."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from starlette.testclient import TestClient

from accord.desk import audit, journal, read, recall, receive, rejoin, status
from accord.desk.means import Means
from accord.desk.rejoin import State
from accord.errors import PeerFault, Refusal, Unready
from accord.exchange.client import PeerClient
from accord.exchange.rejoin import Rejoined, catch_up, rejoin_all
from accord.exchange.watch import watch_round
from accord.node.backup import BACKUP_KEY, back_up, backup_key, restore
from accord.node.build import Node, application, opened
from accord.node.custody import read_key
from accord.node.founding import replace_key
from accord.node.worker import watch_all
from accord.seal.keys import Role
from accord.stix.control import RecallReason
from accord.stix.record import of_fields
from accord.store import snapshot
from tests.stories.alliance import OFFICER, START, Alliance, founded, indicator

SECRET = "zugzwangish"  # A word that stands in no other file of a node.
Tamper = Callable[[httpx2.Request, bytes], bytes]


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path) as found:
        everybody_syncs(found)
        yield found
        found.check_everything()


def everybody_syncs(alliance: Alliance) -> None:
    for asking in alliance.members:
        for asked in alliance.members:
            if asking != asked:
                alliance.sync(asking, asked)


def witnessed(alliance: Alliance) -> None:
    for member in alliance.members:
        watch_all(
            alliance.nodes[member], [alliance.client(member, other) for other in alliance.members if other != member], clock=alliance.clock
        )


def backed_up(alliance: Alliance, member: str = "KZ") -> Path:
    file = alliance.folder / f"{member}.backup"
    key, _ = backup_key(alliance.nodes[member])
    back_up(alliance.nodes[member], file, key, now=alliance.clock())
    return file


def recalls(alliance: Alliance, member: str, number: int) -> None:
    recall.recall(alliance.means(member), indicator(number)["id"], officer=OFFICER, reason=RecallReason.UNLAWFUL, now=alliance.clock())


def lose_and_restore(alliance: Alliance, file: Path, member: str = "KZ") -> Path:
    """The member's machine burns; a folder of another name is made out of the backup."""
    key = alliance.folder / "backup.key"
    shutil.copy(alliance.folder / member / BACKUP_KEY, key)
    folder = alliance.folder / f"{member}-restored"
    restore(file, folder, read_key(key))
    return folder


@contextmanager
def standing_up(alliance: Alliance, folder: Path, member: str = "KZ") -> Iterator[Node]:
    """The restored node in the place of the lost one, its door still closed."""
    with opened(folder, rejoining=True) as node:
        alliance.nodes[member].means.database.close()
        alliance.nodes[member] = node
        yield node


def rejoins(alliance: Alliance, *others: str, member: str = "KZ", tamper: Tamper | None = None) -> Rejoined:
    """One try, in which `others` answer and nobody else does."""
    clients = {other: alliance.client(member, other, tamper=tamper) for other in others}
    reached = rejoin_all(alliance.means(member), clients, clock=alliance.clock)
    if reached.done:
        alliance.doors[member] = TestClient(application(alliance.nodes[member], alliance.clock))
    return reached


def channel(means: Means, name: str) -> list[Any]:
    """What a log holds: commitments, salts and contents in order."""
    with means.database.reading() as transaction:
        columns, rows = snapshot.whole(transaction, "leaf")
        place = {column: number for number, column in enumerate(columns)}
        found = [row for row in rows if row[place["collection"]] == name]
    return sorted(
        (row[place["position"]], row[place["commitment"]], row[place["salt"]], row[place["digest"]], row[place["statement"]])
        for row in found
    )


def held(means: Means) -> set[bytes]:
    with means.database.reading() as transaction:
        columns, rows = snapshot.whole(transaction, "record")
        return {row[columns.index("digest")] for row in rows}


def life(alliance: Alliance) -> Path:
    """A backup in the middle of a life: before it and after it records go both ways, and some are taken back."""
    secret = {**indicator(900), "name": f"Relay {SECRET}"}
    alliance.publish("KZ", indicator(1), indicator(2), indicator(3), to="KG,TJ")
    alliance.publish("KG", indicator(101), indicator(102), secret, to="KZ")
    everybody_syncs(alliance)
    witnessed(alliance)
    while read.catch_up(alliance.means("KZ")):
        pass
    file = backed_up(alliance)
    alliance.publish("KZ", indicator(4), indicator(5), to="KG,TJ")
    everybody_syncs(alliance)
    alliance.publish("KZ", indicator(6), to="KG")
    recalls(alliance, "KZ", 2)
    recalls(alliance, "KZ", 5)
    alliance.publish("KG", indicator(103), to="KZ")
    recalls(alliance, "KG", 900)
    for _ in range(2):
        everybody_syncs(alliance)
    witnessed(alliance)
    return file


def test_what_was_lost_comes_back_from_the_others_and_what_was_recalled_does_not(alliance: Alliance) -> None:
    file = life(alliance)
    lost = alliance.means("KZ")
    names = [lost.channel_to("KG"), lost.channel_to("TJ"), lost.channel_from("KG"), lost.channel_from("TJ")]
    before = {name: channel(lost, name) for name in names}
    records, compliance, state = held(lost), recall.compliance(lost), status.status(lost)

    folder = lose_and_restore(alliance, file)
    assert files_with(folder, SECRET.encode()), "the backup held what was recalled since"
    with standing_up(alliance, folder) as node:
        assert Rejoined({}, done=True) == rejoins(alliance, "KG", "TJ")
        assert before == {name: channel(node.means, name) for name in names}
        [gone] = records - held(node.means)
        assert digest_of_indicator(5) == gone, "KZ's own copy of what it took back from everybody: nobody else had it"
        assert held(node.means) < records
        assert [] == files_with(folder, SECRET.encode())
        again = status.status(node.means)
        assert [(one.partner, one.size, one.receipted, one.receipted_at) for one in state.outgoing] == [
            (one.partner, one.size, one.receipted, one.receipted_at) for one in again.outgoing
        ]
        assert [(one.partner, one.size, one.receipted) for one in state.incoming] == [
            (one.partner, one.size, one.receipted) for one in again.incoming
        ]
        assert [(one.member, one.state.recall, one.state.records) for one in compliance] == [
            (one.member, one.state.recall, one.state.records) for one in recall.compliance(node.means)
        ]
        audit.audit(node.means)

        alliance.seen.clear()
        alliance.publish("KZ", indicator(7), to="KG,TJ")
        alliance.publish("KG", indicator(104), to="KZ")
        for _ in range(2):
            everybody_syncs(alliance)
        alliance.check_everything()
        assert all(one.state.erased == one.state.records for one in recall.compliance(node.means))


def test_a_receipt_that_ends_before_what_the_recipient_holds_keeps_its_root(alliance: Alliance) -> None:
    file = backed_up(alliance)
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    alliance.publish("KZ", indicator(2), to="KG")
    client = alliance.client("KG", "KZ")
    page = client.page(2, 10)  # Kept, and KG is killed before it signs for it.
    receive.receive(alliance.means("KG"), "KZ", first=2, parcels=page.parcels, note=page.checkpoint, now=alliance.clock())
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        assert rejoins(alliance, "KG", "TJ").done
        assert [(4, 2)] == [(one.size, one.receipted) for one in status.status(node.means).outgoing if one.partner == "KG"]
        audit.audit(node.means)
        alliance.sync("KG", "KZ")
        alliance.seen.clear()


def test_the_journal_goes_on_in_an_epoch_that_names_the_old_one_and_the_others_follow(alliance: Alliance) -> None:
    file = life(alliance)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        rejoins(alliance, "KG", "TJ")
        assert "/kz/journal/2" == node.means.journal.lower()[-len("/kz/journal/2") :]
        for _ in range(2):
            witnessed(alliance)
        for other in ("KG", "TJ"):
            assert node.means.journal == alliance.means(other).journal_of("KZ")
            watched = watch_round(node.means, alliance.client("KZ", other), {}, clock=alliance.clock)
            assert watched.cosigned > 0
            assert () == status.status(alliance.means(other)).suspected
        audit.audit(node.means)


def test_a_member_that_was_not_heard_follows_where_the_epoch_says_so(alliance: Alliance) -> None:
    file = life(alliance)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        rejoin.give_up(node.means, "TJ", officer=OFFICER)
        assert rejoins(alliance, "KG").done
        witnessed(alliance)
        assert node.means.journal == alliance.means("TJ").journal_of("KZ")
        # What TJ saw last is what KG saw last too, and so is named; had it seen more, its journal would keep that.
        assert () == status.status(alliance.means("TJ")).suspected
        catch_up(node.means, alliance.client("KZ", "TJ"), clock=alliance.clock)
        alliance.seen.clear()


def test_an_epoch_that_does_not_name_what_a_member_holds_is_not_followed(alliance: Alliance) -> None:
    file = life(alliance)
    alliance.publish("KZ", indicator(8), to="TJ")
    alliance.sync("TJ", "KZ")
    journal.publish_checkpoint(alliance.means("KZ"), now=alliance.clock())
    watch_all(alliance.nodes["KZ"], [alliance.client("KZ", "TJ")], clock=alliance.clock)  # TJ alone saw this one.

    def forgetful(request: httpx2.Request, body: bytes) -> bytes:
        if not request.url.path.endswith("/held"):
            return body
        return orjson.dumps({**orjson.loads(body), "journal": []})

    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        assert rejoins(alliance, "KG", "TJ", tamper=forgetful).done
        journal.publish_checkpoint(node.means, now=alliance.clock())
        before = alliance.means("TJ").journal_of("KZ")
        with pytest.raises(PeerFault, match="does not name the checkpoint") as fault:
            watch_round(alliance.means("TJ"), alliance.client("TJ", "KZ"), {}, clock=alliance.clock)
        assert "epoch" == fault.value.duty
        assert before == alliance.means("TJ").journal_of("KZ") != node.means.journal


def test_while_one_member_is_silent_nothing_opens_and_it_is_named(alliance: Alliance) -> None:
    file = life(alliance)
    folder = lose_and_restore(alliance, file)
    with standing_up(alliance, folder) as node:
        reached = rejoins(alliance, "KG")
        assert (["TJ"], False) == (sorted(reached.faults), reached.done)
        assert {"KG": State.HEARD, "TJ": State.AWAITED} == rejoin.waiting(node.means)
    with pytest.raises(Unready, match="has not rejoined; awaited: TJ"), opened(folder):
        pass
    with standing_up(alliance, folder):
        assert rejoins(alliance, "KG", "TJ").done
    with opened(folder) as node:
        assert {} == rejoin.waiting(node.means)
        alliance.nodes["KZ"] = node
        alliance.seen.clear()
        alliance.check_everything()


def test_the_channel_to_a_member_that_is_gone_waits_for_it_and_its_recalls_reach_it_when_it_comes_back(alliance: Alliance) -> None:
    file = life(alliance)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        rejoin.give_up(node.means, "TJ", officer=OFFICER)
        assert rejoins(alliance, "KG").done
        assert {"TJ": State.GONE} == rejoin.waiting(node.means)
        with pytest.raises(Refusal, match="TJ has not given back"):
            alliance.publish("KZ", indicator(7), to="KG,TJ")
        with pytest.raises(PeerFault, match="waits for TJ"):
            alliance.sync("TJ", "KZ")
        recalls(alliance, "KZ", 1)
        assert digest_of_indicator(1) in held(alliance.means("TJ"))
        alliance.publish("KZ", indicator(7), to="KG")

        catch_up(node.means, alliance.client("KZ", "TJ"), clock=alliance.clock)
        assert {} == rejoin.waiting(node.means)
        alliance.seen.clear()
        for _ in range(2):
            everybody_syncs(alliance)
        alliance.check_everything()
        assert all(one.state.erased == one.state.records for one in recall.compliance(node.means))
        assert digest_of_indicator(1) not in held(alliance.means("TJ"))


def test_nobody_unknown_is_recorded_as_gone(alliance: Alliance) -> None:
    file = backed_up(alliance)
    with pytest.raises(Refusal, match="nothing is awaited"):
        rejoin.give_up(alliance.means("KZ"), "TJ", officer=OFFICER)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        with pytest.raises(Refusal, match="no officer"):
            rejoin.give_up(node.means, "TJ", officer="Nobody")
        assert rejoins(alliance, "KG", "TJ").done


def test_what_comes_back_changed_is_refused_each_time_and_the_node_stays_closed(alliance: Alliance) -> None:
    file = life(alliance)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        # In the order in which each is first asked for: what went well before is not asked for again.
        for spoiled in ("journal", "given", "taken", "witnessed", "tile", "salt", "object", "dropped", "receipt"):
            reached = rejoins(alliance, "KG", "TJ", tamper=spoil(spoiled))
            assert (False, ["KG", "TJ"]) == (reached.done, sorted(reached.faults)), spoiled
            assert {fault.duty for fault in reached.faults.values()} <= {"given back", "page", "commitment", "order", "statement"}, spoiled
            assert rejoin.is_rejoining(node.means)
        assert rejoins(alliance, "KG", "TJ").done, "the line was mended"
        alliance.seen.clear()


def spoil(what: str) -> Tamper:
    """A line that changes one part of what members give back."""

    def tamper(request: httpx2.Request, body: bytes) -> bytes:
        path = request.url.path
        if path.endswith("/held") and what in ("given", "receipt", "taken", "journal", "witnessed"):
            word = orjson.loads(body)
            assert word[what], "there is something to change"
            word[what] = [changed(item) for item in word[what]] if isinstance(word[what], list) else changed(word[what])
            return orjson.dumps(word)
        if "/tile/" in path and what == "tile":
            return body[:-1] + bytes([body[-1] ^ 1])
        if path.endswith("/held/objects") and what in ("salt", "object", "dropped"):
            return spoil_page(body, what)
        return body

    return tamper


def changed(note: str) -> str:
    """The same note with another last digit of its size."""
    origin, size, *rest = note.split("\n")
    return "\n".join([origin, str(int(size) + 1), *rest])


def spoil_page(body: bytes, what: str) -> bytes:
    page = orjson.loads(body)
    leaves = page["x_accord"]["leaves"]
    first = next(number for number, leaf in enumerate(leaves) if isinstance(leaf, str))
    match what:
        case "salt":
            leaves[first] = "A" * 43 + "="
        case "object":
            page["objects"][0]["created"] = "2026-11-23T09:00:00.000009Z"
        case _:
            del leaves[first], page["objects"][0]
    return orjson.dumps(page)


def test_a_node_whose_keys_were_replaced_since_the_backup_says_so_and_signs_nothing(alliance: Alliance) -> None:
    file = life(alliance)
    replace_key(alliance.folder / "KZ", Role.TRANSPORT, root_key=alliance.folder / "KZ.key", now=alliance.clock())
    with opened(alliance.folder / "KZ") as newer:
        PeerClient(newer.means, "KG", alliance.doors["KG"], alliance.clock).introduce()
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        with pytest.raises(Unready, match="the others know key file 2 of KZ, the backup holds 1"):
            rejoins(alliance, "KG", "TJ")
        assert rejoin.is_rejoining(node.means)
    alliance.nodes["KZ"] = newer  # What holds of all nodes is checked on the lost one.


def test_another_member_is_given_nothing_of_a_channel_that_is_not_its_own(alliance: Alliance) -> None:
    life(alliance)
    client = alliance.client("TJ", "KG")
    for path in ("/accord/v1/channels/KZ/KG/held", "/accord/v1/channels/KZ/KG/held/objects", "/accord/v1/channels/KG/TJ/held"):
        assert client.checkpoint(), "the token holds"
        with pytest.raises(PeerFault, match="404"):
            client._get(path, octets_max=1000)


def test_what_expired_while_the_node_lay_in_its_backup_is_gone_before_it_opens(alliance: Alliance) -> None:
    alliance.publish("KG", indicator(101), to="KZ", review=START.date() + timedelta(days=30))
    alliance.publish("KZ", indicator(1), to="KG", review=START.date() + timedelta(days=30))
    everybody_syncs(alliance)
    file = backed_up(alliance)
    everybody_syncs(alliance)
    alliance.clock.now += timedelta(days=40)
    with standing_up(alliance, lose_and_restore(alliance, file)) as node:
        assert 2 == len(held(node.means))
        assert rejoins(alliance, "KG", "TJ").done
        assert 1 == len(held(node.means)), "its own copy is its own affair"
        assert [1, 0] == [one.state.records for one in recall.compliance(node.means)] + [0]


def digest_of_indicator(number: int) -> bytes:
    return of_fields(indicator(number)).digest


def files_with(folder: Path, words: bytes) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and words in path.read_bytes())
