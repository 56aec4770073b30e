"""A move to PostgreSQL that is killed at random instants: before the switch the node is where it was, after it everything has arrived."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from accord.node.settings import read_settings
from tests.databases import dsn_file, server
from tests.stories.alliance import founded, indicator
from tests.stories.test_moving import roots

KILLS = int(os.environ.get("ACCORD_KILLS", "40"))
SEED = int(os.environ.get("ACCORD_SEED", "20261125"))
SECONDS = (0.8, 6.0)  # From the first import of the command to its end, on two busy cores.


def test_a_move_killed_at_any_instant_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    chance, kills, moves = random.Random(SEED), 0, 0
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        alliance.publish("KZ", *(indicator(number) for number in range(200)), to="KG")
        alliance.sync("KG", "KZ")
    folder = tmp_path / "KZ"
    before = roots(folder)
    words = [sys.executable, "-c", "from accord.store import moving; moving.ROWS_AT_ONCE_MAX = 5; from accord.cli.app import main; main()"]
    while kills < KILLS:
        left, name = read_settings(folder).database, dsn_file(folder, server().create(), f"moved{moves}").name
        while read_settings(folder).database == left:
            process = subprocess.Popen([*words, "move", str(folder), "--to", name], stdout=subprocess.DEVNULL)
            try:
                assert 0 == process.wait(timeout=chance.uniform(*SECONDS))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
            assert before == roots(folder)
        moves += 1
    print(f"\n{kills} kills in {moves} moves, seed {SEED}: the same logs and roots after each")
