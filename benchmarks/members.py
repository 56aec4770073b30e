"""What one member more costs: the same records given to 3, 10 and 100 members, and fetched, checked and kept by each of them.

The alliance is the template with invented members beside it, all parties to what Kyrgyzstan is party to. The sender is a node as `accord run` serves
it; the others are opened one after another, as if each stood on a machine of its own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from accord.charter.document import SignedCharter, found, read_toml
from accord.charter.officers import OfficerRole
from accord.desk import importing, office
from accord.exchange.client import PeerClient, connection
from accord.exchange.sync import synchronise
from accord.node.build import opened, utc_now
from accord.node.founding import found_node, new_key
from accord.release.question import Offer
from accord.seal.canonical import digest_text
from accord.stix.marking import Grade, Tlp
from benchmarks import corpus, stand, sync

SIZES = (3, 10, 100)
RECORDS = 1_000
GIVER = "KZ"
_ENTRY = re.compile(r'\[\[members\]\]\nid = "KG"\n.*?\n\n', re.DOTALL)
_PARTY = re.compile(r' *\{ member = "KG",.*\n')


@dataclass(frozen=True, slots=True)
class Alliance:
    """A giver's folder and those of the others, all founded on one charter."""

    giver: Path
    others: dict[str, Path]


def run(scratch: Path) -> None:
    """Print one row a size."""
    print(f"{RECORDS:,} records given to all; milliseconds of processor time a member, but for the file\n")
    print(
        "| members | release | their syncs, receiver | their syncs, sender | idle sync, wall | the giver's file, KiB | most memory of the giver, MiB |"
    )
    print("| --- |" + " --- |" * 6)
    for size in SIZES:
        _measure(_found(scratch / f"members-{size}", size))


def _measure(alliance: Alliance) -> None:
    count = len(alliance.others)
    offer = Offer(tuple(alliance.others), "SC/7", "a measurement", Tlp.AMBER, Grade.parse("B2"), (utc_now() + timedelta(days=300)).date())
    with opened(alliance.giver) as node:
        office.add_officer(node.means, name=sync.OFFICER, role=OfficerRole.OFFICER, now=utc_now())
        importing.import_files(node.means, [b"\n".join(corpus.contents(RECORDS))], source=sync.SOURCE, now=utc_now())
        before, octets = time.process_time(), _octets(alliance.giver)
        importing.release_imported(node.means, source=sync.SOURCE, officer=sync.OFFICER, offer=offer, now=utc_now())
        released, octets = time.process_time() - before, _octets(alliance.giver) - octets
    received = idle = 0.0
    with sync.served(alliance.giver) as pid:
        before = sync.processor_seconds(pid)
        for folder in alliance.others.values():
            with opened(folder) as node, connection(node.settings.peers[GIVER]) as http:
                client = PeerClient(node.means, GIVER, http, utc_now)
                began = time.process_time()
                assert synchronise(node.means, client, clock=utc_now).kept == RECORDS
                received += time.process_time() - began
                again = time.monotonic()
                assert synchronise(node.means, client, clock=utc_now).idle
                idle += time.monotonic() - again
        served = sync.processor_seconds(pid) - before
        memory = sync.most_memory(pid)
    shown = [f"{seconds / count * 1000:,.0f}" for seconds in (released, received, served, idle)]
    print(f"| {count + 1} | {' | '.join(shown)} | {octets / count / 1024:,.0f} | {memory:.0f} |", flush=True)


def _octets(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("node.sqlite*"))


def _found(folder: Path, size: int) -> Alliance:
    """Found an alliance of so many members: the giver, Kyrgyzstan and invented ones."""
    invented = [f"M{number}" for number in range(1, size - 1)]
    members = [GIVER, "KG", *invented]
    roots = {member: new_key(folder / f"{member}-root.key") for member in members}
    charter = found(read_toml(_charter_with(invented)), {member: key.public for member, key in roots.items()})
    signed = SignedCharter(charter, ())
    for member, key in roots.items():
        signed = signed.signed_by(member, key)
    path = folder / "charter.json"
    path.write_bytes(signed.to_bytes())
    port = stand.free_port()
    folders = {}
    for member in members:
        folders[member] = folder / member
        found_node(
            folders[member],
            charter=str(path),
            member=member,
            now=utc_now(),
            pinned=digest_text(charter.digest),
            root_key=folder / f"{member}-root.key",
            port=port,
            peers={} if member == GIVER else {GIVER: f"http://{stand.HOST}:{port}"},
        )
    return Alliance(folders.pop(GIVER), folders)


def _charter_with(members: Sequence[str]) -> str:
    """The template's text with these members beside Kyrgyzstan, wherever it is named."""
    text = files("accord.charter").joinpath("sco", "charter.toml").read_text(encoding="utf-8")

    def beside(found: re.Match[str]) -> str:
        return found[0] + "".join(found[0].replace('"KG"', f'"{member}"').replace("Kyrgyzstan", member) for member in members)

    return _PARTY.sub(beside, _ENTRY.sub(beside, text))
