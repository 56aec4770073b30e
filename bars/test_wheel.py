"""A node from a wheel: built here, installed with the lock into an empty environment, and the demo played from it.

This is what `deploy/Containerfile` does in its own words; `deploy/accord.service` is held by systemd's own reader where there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "accord.service"
SECONDS_MAX = 600


def _run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command], check=False, cwd=cwd, env=clean, capture_output=True, text=True, timeout=SECONDS_MAX
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_a_wheel_in_an_empty_environment_plays_the_demo(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path / "dist", ROOT, cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("accord-*.whl")
    _run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    pip = (tmp_path / "env" / "bin" / "python", "-m", "pip", "install", "--quiet")
    _run(*pip, "--require-hashes", "--requirement", ROOT / "requirements.lock", cwd=tmp_path)
    _run(*pip, "--no-deps", wheel, cwd=tmp_path)
    told = _run(tmp_path / "env" / "bin" / "accord", "demo", "--once", "--json", cwd=tmp_path)
    acts = [line for line in told.splitlines() if '"ok":' in line.replace(" ", "")]
    assert acts
    assert not any('"ok":false' in line.replace(" ", "") for line in acts)
    print(f"\n{wheel.name}: {wheel.stat().st_size:,} bytes, the demo played {len(acts)} acts from it")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_the_unit_is_one_that_systemd_reads(tmp_path: Path) -> None:
    # Its reader looks for the program too: what stands here is any that exists.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/accord/bin/accord", sys.executable), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr.strip())
