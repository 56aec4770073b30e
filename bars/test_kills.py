"""Bar: kill -9 of either node at 20 random instants during publish and sync: nothing acknowledged is missing or double, both roots agree."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from accord.desk import audit
from accord.node.build import opened
from bars.road import OFFICER, Road
from tests.stories.alliance import indicator

KILLS = 20
RECORDS_A_PUBLICATION = 40
DELIVERY_SECONDS_MAX = 180
SEED = int(os.environ.get("ACCORD_SEED", "20261123"))


def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    road = Road.build(tmp_path)
    road.start("KZ")
    road.start("KG")
    acknowledged: list[list[str]] = []
    killed = {"KZ": 0, "KG": 0, "publisher": 0}
    number = 0
    while sum(killed.values()) < KILLS:
        objects = [indicator(number + offset) for offset in range(RECORDS_A_PUBLICATION)]
        number += RECORDS_A_PUBLICATION
        publisher = _publish(road, tmp_path, objects)
        victim = dice.choice(("KZ", "KG", "publisher"))
        time.sleep(dice.uniform(0.0, 2.5))
        if victim == "publisher":
            publisher.kill()
        else:
            road.kill(victim)
            road.start(victim)
        killed[victim] += 1
        said, _ = publisher.communicate(timeout=60)
        if publisher.returncode == 0:
            assert json.loads(said)["records"] == RECORDS_A_PUBLICATION
            acknowledged.append([item["id"] for item in objects])
    took = road.wait_until_delivered(DELIVERY_SECONDS_MAX)
    road.stop()

    with opened(road.stage["KZ"].folder) as here, opened(road.stage["KG"].folder) as there:
        name = here.means.channel_to("KG")
        sent = next(log for log in audit.audit(here.means) if log.name == name)
        came = next(log for log in audit.audit(there.means) if log.name == name)
        held = [_identifiers(node.means.database.path) for node in (here, there)]
    print(
        f"\nseed {SEED}: killed {killed}, {len(acknowledged)} publications acknowledged, {came.size} leaves on both sides, "
        f"delivered {took:.1f} s after the last kill"
    )
    assert (sent.size, sent.root) == (came.size, came.root)
    assert held[0] == held[1]
    for identifiers in held:
        assert len(identifiers) == len(set(identifiers)), "a record is held twice"
        assert set(identifiers) >= {identifier for group in acknowledged for identifier in group}, "an acknowledged record is missing"
        assert 0 == len(identifiers) % RECORDS_A_PUBLICATION, "half a publication was kept"


def _publish(road: Road, folder: Path, objects: list[dict[str, object]]) -> subprocess.Popen[str]:
    path = folder / "publication.json"
    path.write_text(json.dumps(objects), encoding="utf-8")
    words = ["publish", str(road.stage["KZ"].folder), str(path), "--as", OFFICER, "--to", "KG", "--basis", "SC/7", "--json"]
    words += ["--purpose", "a bar", "--tlp", "amber", "--grade", "B2", "--review", "2027-06-30"]
    return subprocess.Popen([sys.executable, "-m", "accord", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _identifiers(path: Path) -> list[str]:
    import sqlite3

    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("select stix_id from record order by stix_id")]
    connection.close()
    return found
