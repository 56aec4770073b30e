"""Bar: kill -9 at random instants of publish, recall, sync and restore: nothing acknowledged is missing or double, nothing recalled comes back.

ACCORD_KILLS says how many kills (20 by default, 200 for the whole bar), ACCORD_SEED which instants. Each round begins a publication of 400 records
or the recall of an earlier record, by the command line, and kills one of: the sender's node, the receiver's node, the command itself.
In other rounds one of the two loses its folder when all is delivered, and stands up again from an old backup; the restore and the rejoin are killed.
What a member took back from everybody after its backup, it has no copy of any more: nobody else had one.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from accord.desk import audit
from accord.desk.recall import compliance
from accord.node.build import Node, opened
from bars.road import OFFICER, Road
from tests.databases import tamper
from tests.stories.alliance import indicator

KILLS = int(os.environ.get("ACCORD_KILLS", "20"))
SEED = int(os.environ.get("ACCORD_SEED", "20261123"))
RECORDS_A_PUBLICATION = 400
RECALL_SHARE = 0.4  # Of the rounds, once there is something to recall.
RESTORE_SHARE = 0.15  # Of the rounds, once there is a backup.
BACKUP_SHARE = 0.2  # Of the rounds: a backup is made while the nodes run and the command of the round writes.
RESTORE_SECONDS_MAX = 3.0  # A restore, or a rejoin, begins and ends within it.
KILLS_IN_A_ROW_MAX = 3  # Of one restore, and of one rejoin: then it is let be.
INSTANT_SECONDS_MAX = 4.0  # A command begins, writes and ends within it, and the other node fetches what it wrote.
DELIVERY_SECONDS_MAX = 600  # A node that met a dead partner tries again within five minutes.

RELAY = re.compile(
    rb"(?<![A-Za-z0-9])relay([0-9]+)\.grey-lantern\.example"
)  # What every invented indicator holds, in bytes and in search terms.


@dataclass
class Ledger:
    """What was asked of the two nodes, and what they said they had done."""

    published: set[int] = field(default_factory=set)  # Numbers of records whose publication was acknowledged.
    recalled: set[int] = field(default_factory=set)  # Numbers of records whose recall was acknowledged.
    unsure: set[int] = field(default_factory=set)  # Their recall was killed before it answered: done or not, never half.
    killed: dict[str, int] = field(default_factory=lambda: {"KZ": 0, "KG": 0, "publisher": 0, "recaller": 0, "restore": 0, "rejoin": 0})
    backups: dict[str, Path] = field(default_factory=dict)  # The newest of each member.
    restored: int = 0


def test_kills_lose_nothing_double_nothing_and_bring_nothing_back(tmp_path: Path) -> None:
    road = Road.build(tmp_path)
    road.start("KZ")
    road.start("KG")
    try:
        ledger = _kill_at_random(road, tmp_path, random.Random(SEED))
        took = road.wait_until_delivered(DELIVERY_SECONDS_MAX)
        took += _wait_until_erased(road)
    finally:
        road.stop()

    with opened(road.stage["KZ"].folder) as here, opened(road.stage["KG"].folder) as there:
        sizes = _same_roots(here, there)
        given, held = _held(here), _held(there)
        taken_back = sum(one.state.records for one in compliance(here.means))
    print(
        f"\nseed {SEED}, {KILLS} kills: {ledger.killed}; {len(ledger.published):,} records in acknowledged publications, {len(given):,} published, "
        f"{len(ledger.recalled)} recalls acknowledged, {taken_back} done; {ledger.restored} restores; {sizes} leaves, the same on both sides; all delivered and confirmed {took:.1f} s after the last kill"
    )
    assert len(given) == len(set(given)), "a record is held twice"
    assert len(held) == len(set(held)), "a record is held twice"
    whole = set(given) | ledger.recalled | ledger.unsure
    assert ledger.published <= whole, "an acknowledged publication is missing"
    assert 0 == len(whole) % RECORDS_A_PUBLICATION, "half a publication was kept"
    gone = whole - set(held)
    assert set(held) <= set(given), "the giver lost a record that it did not take back"
    assert ledger.recalled <= gone, "what was recalled is held"
    assert gone <= ledger.recalled | ledger.unsure, "a record is missing that nobody recalled"
    assert len(gone) == taken_back
    # The words of what is held are found, so the search would find the others.
    found = _relays_in(road.stage["KG"].folder)
    assert set(held) <= found
    assert set() == gone & found, "bytes of what was recalled came back"


def _kill_at_random(road: Road, folder: Path, dice: random.Random) -> Ledger:
    ledger, number = Ledger(), 0
    while sum(ledger.killed.values()) < KILLS:
        if ledger.backups and dice.random() < RESTORE_SHARE:
            _lose_and_restore(road, folder, dice, ledger)
            continue
        standing = sorted(ledger.published - ledger.recalled - ledger.unsure)
        if recalls := bool(standing) and dice.random() < RECALL_SHARE:
            numbers = {dice.choice(standing)}
            act = _accord("recall", road, indicator(min(numbers))["id"], "--reason", "withdrawn")
        else:
            numbers = set(range(number, number + RECORDS_A_PUBLICATION))
            number += RECORDS_A_PUBLICATION
            act = _publish(road, folder, numbers)
        itself = "recaller" if recalls else "publisher"
        victim = dice.choice(("KZ", "KG", itself))
        if dice.random() < BACKUP_SHARE:
            _back_up(road, folder, dice.choice(("KZ", "KG")), ledger)
        time.sleep(dice.uniform(0.0, INSTANT_SECONDS_MAX))
        if victim == itself:
            act.kill()
        else:
            road.kill(victim)
            road.start(victim)
        ledger.killed[victim] += 1
        said, complained = act.communicate(timeout=120)
        assert victim == itself or act.returncode == 0, f"the command was not killed and did not succeed: {complained}"
        if act.returncode == 0:
            assert json.loads(said), "an acknowledgement says what was done"
            (ledger.recalled if recalls else ledger.published).update(numbers)
        elif recalls:
            ledger.unsure.update(numbers)
    return ledger


def _back_up(road: Road, folder: Path, member: str, ledger: Ledger) -> None:
    """Back a running node up; its backup key moves out of its folder with the first one."""
    file, node = folder / f"{member}.backup", road.stage[member].folder
    done = _command("backup", str(node), str(file))
    _, complained = done.communicate(timeout=120)
    assert done.returncode == 0, f"the backup did not succeed: {complained}"
    if (node / "keys" / "backup.key").exists():
        (node / "keys" / "backup.key").rename(folder / f"{member}-backup.key")
    ledger.backups[member] = file


def _lose_and_restore(road: Road, folder: Path, dice: random.Random, ledger: Ledger) -> None:
    """Lose a member's folder when everything is delivered, and bring it back from its newest backup through kills."""
    member = dice.choice(sorted(ledger.backups))
    road.wait_until_delivered(DELIVERY_SECONDS_MAX)
    _wait_until_erased(road)
    road.kill(member)
    lost = road.stage[member].folder
    shutil.rmtree(lost)
    _through_kills("restore", dice, ledger, str(ledger.backups[member]), str(lost), "--key", str(folder / f"{member}-backup.key"))
    _through_kills("rejoin", dice, ledger, str(lost))
    road.start(member)
    ledger.restored += 1


def _through_kills(command: str, dice: random.Random, ledger: Ledger, *words: str) -> None:
    """Give a command again and again, killed at random instants, until it has done its work."""
    for _ in range(dice.randint(1, KILLS_IN_A_ROW_MAX)):
        act = _command(command, *words)
        time.sleep(dice.uniform(0.0, RESTORE_SECONDS_MAX))
        if act.poll() is not None:
            break
        act.kill()
        act.communicate(timeout=120)
        ledger.killed[command] += 1
    else:
        act = _command(command, *words)
    _, complained = act.communicate(timeout=120)
    # A restore that was killed behind its last step has made the node already, and says so.
    assert act.returncode == 0 or "is a node's folder already" in complained, f"{command} did not succeed: {complained}"


def _publish(road: Road, folder: Path, numbers: set[int]) -> subprocess.Popen[str]:
    path = folder / "publication.json"
    path.write_text(json.dumps([indicator(number) for number in sorted(numbers)]), encoding="utf-8")
    terms = ["--to", "KG", "--basis", "SC/7", "--purpose", "a bar", "--tlp", "amber", "--grade", "B2", "--review", "2027-06-30"]
    return _accord("publish", road, str(path), *terms)


def _accord(command: str, road: Road, *words: str) -> subprocess.Popen[str]:
    return _command(command, str(road.stage["KZ"].folder), *words, "--as", OFFICER)


def _command(command: str, *words: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "accord", command, *words, "--json"]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_until_erased(road: Road) -> float:
    began = time.monotonic()
    with opened(road.stage["KZ"].folder) as node:
        while silent := [one for one in compliance(node.means) if one.state.erased < one.state.records]:
            assert time.monotonic() - began < DELIVERY_SECONDS_MAX, f"no confirmation came: {silent}"
            time.sleep(0.2)
    return time.monotonic() - began


def _same_roots(here: Node, there: Node) -> dict[str, int]:
    """Recompute every log of both nodes from its leaves and compare the two channels between them."""
    names = (here.means.channel_to("KG"), there.means.channel_to("KZ"))
    sides = [{log.name: (log.size, log.root) for log in audit.audit(node.means) if log.name in names} for node in (here, there)]
    assert sides[0] == sides[1]
    return {name: size for name, (size, _) in sides[0].items()}


def _held(node: Node) -> list[int]:
    """The numbers of the records that a node holds, as often as it holds them."""
    with node.means.database.reading() as transaction:
        return [int(row[0].partition("--")[2][:8], 16) for row in tamper(transaction, "select stix_id from record")]


def _relays_in(folder: Path) -> set[int]:
    """The numbers of the records of which some file in a node's folder holds words."""
    return {int(found) for path in folder.rglob("*") if path.is_file() for found in RELAY.findall(path.read_bytes())}
