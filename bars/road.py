"""Two real nodes for a bar: founded in a folder, each run as a process of its own, killed and started again at will."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from accord.charter.officers import OfficerRole
from accord.desk import office
from accord.desk.status import ChannelState, Status, status
from accord.node.build import opened, utc_now
from accord.node.stage import Staged, raise_stage

OFFICER = "A. Bekova (invented)"
READY_SECONDS_MAX = 60


@dataclass
class Road:
    """A sender KZ and a receiver KG, with the receiver's node watching the sender's."""

    stage: dict[str, Staged]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> Road:
        stage = {staged.member: staged for staged in raise_stage(folder, ("KZ", "KG"), port=None)}
        for staged in stage.values():
            with opened(staged.folder) as node:
                office.add_officer(node.means, name=OFFICER, role=OfficerRole.OFFICER, now=utc_now())
        return cls(stage)

    def start(self, member: str) -> None:
        staged = self.stage[member]
        log = (staged.folder / "node.log").open("ab")
        with log:
            self.running[member] = subprocess.Popen(
                [sys.executable, "-m", "accord", "run", str(staged.folder)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        began = time.monotonic()
        while time.monotonic() - began < READY_SECONDS_MAX:
            try:
                if httpx2.get(f"{staged.url}/accord/v1/keys", timeout=2.0).status_code == 200:
                    return
            except httpx2.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"{member} did not start: {(staged.folder / 'node.log').read_text()}")

    def kill(self, member: str) -> None:
        """kill -9: no goodbye, no flush."""
        process = self.running.pop(member)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(30)
        self.running.clear()

    def status(self, member: str) -> Status:
        with opened(self.stage[member].folder) as node:
            return status(node.means)

    def outgoing(self) -> ChannelState:
        return next(channel for channel in self.status("KZ").outgoing if channel.partner == "KG")

    def incoming(self) -> ChannelState:
        return next(channel for channel in self.status("KG").incoming if channel.partner == "KZ")

    def wait_until_delivered(self, seconds_max: float) -> float:
        """Wait until everything sent is receipted and give how long that took."""
        began = time.monotonic()
        while (channel := self.outgoing()).receipted < channel.size or channel.size == 0:
            assert time.monotonic() - began < seconds_max, f"receipted {channel.receipted} of {channel.size}: {self.status('KG').peers}"
            time.sleep(0.2)
        return time.monotonic() - began

    def resident_mebibytes(self, member: str) -> float:
        """The most memory that the member's process has held."""
        for line in Path(f"/proc/{self.running[member].pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmHWM")
