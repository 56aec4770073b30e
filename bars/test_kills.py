"""Bar: kill -9 at random instants of publish, recall and sync: nothing acknowledged is missing or double, nothing recalled comes back.

ACCORD_KILLS says how many kills (20 by default, 200 for the whole bar), ACCORD_SEED which instants. Each round begins a publication of 400 records
or the recall of an earlier record, by the command line, and kills one of: the sender's node, the receiver's node, the command itself.
"""

from __future__ import annotations

import json
import os
import random
import re
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
    killed: dict[str, int] = field(default_factory=lambda: {"KZ": 0, "KG": 0, "publisher": 0, "recaller": 0})


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
        f"{len(ledger.recalled)} recalls acknowledged, {taken_back} done; {sizes} leaves, the same on both sides; all delivered and confirmed {took:.1f} s after the last kill"
    )
    assert len(given) == len(set(given)), "a record is held twice"
    assert len(held) == len(set(held)), "a record is held twice"
    assert ledger.published <= set(given), "an acknowledged publication is missing"
    assert 0 == len(given) % RECORDS_A_PUBLICATION, "half a publication was kept"
    gone = set(given) - set(held)
    assert set(held) <= set(given)
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


def _publish(road: Road, folder: Path, numbers: set[int]) -> subprocess.Popen[str]:
    path = folder / "publication.json"
    path.write_text(json.dumps([indicator(number) for number in sorted(numbers)]), encoding="utf-8")
    terms = ["--to", "KG", "--basis", "SC/7", "--purpose", "a bar", "--tlp", "amber", "--grade", "B2", "--review", "2027-06-30"]
    return _accord("publish", road, str(path), *terms)


def _accord(command: str, road: Road, *words: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "accord", command, str(road.stage["KZ"].folder), *words, "--as", OFFICER, "--json"]
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
