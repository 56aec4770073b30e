"""The runbooks of the operator's book run: each block behind `<!-- runbook: NAME -->` is a script that a shell ends with status 0.

A block finds the folder of KZ's node as `kz`, its root key as `root.key`, a passphrase in `passphrase`, and KG's node beside it as `kg`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accord.node.stage import raise_stage
from tests.databases import on_sqlite
from tests.house.sources import ROOT

RUNBOOK = re.compile(r"^<!-- runbook: (?P<name>[a-z ]+) -->\n```sh\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 300

runbooks = {found["name"]: found["body"] for found in RUNBOOK.finditer((ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))}


def test_the_book_has_runbooks_and_names_each_once() -> None:
    marks = re.findall(r"<!-- runbook: (.*?) -->", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))
    assert marks == list(runbooks), "a mark is not followed by a block of sh, or two have one name"
    assert runbooks


@on_sqlite
@pytest.mark.parametrize("name", runbooks)
def test_a_runbook_runs_to_its_end(tmp_path: Path, name: str) -> None:
    stage = {staged.member: staged for staged in raise_stage(tmp_path / "stage", ("KZ", "KG"), port=None)}
    for member, staged in stage.items():
        staged.folder.rename(tmp_path / member.lower())
    (tmp_path / "stage" / "KZ-root.key").rename(tmp_path / "root.key")
    (tmp_path / "passphrase").write_text("four invented words here\n", encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", runbooks[name]],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr), f"{done.stdout}{done.stderr}"
