"""Three hundred generated worlds, every day: preview equals delivery, and an empty audience is nobody. Ten thousand stand in `bars/`."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.release.worlds import Counts, check, world
from tests.stories.alliance import founded

WORLDS = 300
SEED = int(os.environ.get("ACCORD_SEED", "20261123"))


def test_preview_equals_delivery_in_every_generated_world(tmp_path: Path) -> None:
    counts = Counts()
    with founded(tmp_path, ("KZ",)) as alliance:
        for number in range(WORLDS):
            dice = random.Random(f"{SEED}/{number}")
            try:
                check(alliance.means("KZ"), world(dice), dice, counts)
            except Exception as fault:
                fault.add_note(f"world {number} of ACCORD_SEED={SEED}")
                raise
    assert WORLDS == counts.worlds
    assert min(counts.reaching, counts.published, counts.released) > WORLDS // 10, f"too few worlds reach anybody: {counts}"
