"""Bar: all 104,943 real object versions imported at A, released to B by an officer's word, synced: same count, roots recomputed, bytes equal."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta
from pathlib import Path

from accord.charter.officers import OfficerRole
from accord.desk import audit, confirm, importing, office
from accord.node.build import opened, utc_now
from accord.release.question import Offer
from accord.stix.marking import Grade, SubjectCategory, Tlp
from accord.store.records import HOLDINGS
from bars.road import OFFICER, Road

SECOND = "D. Serik (invented)"
OBJECTS = 104_943
FILES = ("stix21-native.ndjson.gz", "stix21-derived.ndjson.gz")
SYNC_SECONDS_MAX = 600


def test_every_real_object_version_arrives_whole(shared_data: Path, tmp_path: Path) -> None:
    road = Road.build(tmp_path)
    contents = [gzip.decompress((shared_data / "stix" / name).read_bytes()) for name in FILES]
    with opened(road.stage["KZ"].folder) as node:
        began = time.monotonic()
        imported = importing.import_files(node.means, contents, source="public corpora", now=utc_now())
        importing_took = time.monotonic() - began
        offer = Offer(
            audience=("KG",),
            basis="SC/7",
            purpose="a bar: real input from end to end",
            tlp=Tlp.RED,
            grade=Grade.parse("X4"),
            review=(utc_now() + timedelta(days=300)).date(),
            category=SubjectCategory.CONTACT,
            word="real data is not clean",
        )
        began = time.monotonic()
        office.add_officer(node.means, name=SECOND, role=OfficerRole.APPROVER, now=utc_now())
        confirm.confirm_source(node.means, "public corpora", officer=SECOND, word="real data has persons in it", now=utc_now())
        released, statements, _ = importing.release_imported(
            node.means, source="public corpora", officer=OFFICER, offer=offer, now=utc_now()
        )
        releasing_took = time.monotonic() - began
    road.start("KZ")
    began = time.monotonic()
    road.start("KG")
    try:
        road.wait_until_delivered(SYNC_SECONDS_MAX)
        syncing_took = time.monotonic() - began
        memory = {member: road.resident_mebibytes(member) for member in ("KZ", "KG")}
    finally:
        road.stop()

    with opened(road.stage["KZ"].folder) as here, opened(road.stage["KG"].folder) as there:
        name = here.means.channel_to("KG")
        sent = next(log for log in audit.audit(here.means) if log.name == name)
        came = next(log for log in audit.audit(there.means) if log.name == name)
        assert (sent.size, sent.root) == (came.size, came.root)
        assert [] == _differences(here.folder / here.settings.database, there.folder / there.settings.database)
    print(
        f"\n{imported.read:,} objects read, {imported.kept:,} kept, {imported.annotated:,} annotated, {imported.refused} refused in {importing_took:.1f} s"
        f"\n{released:,} released in {len(statements)} statements in {releasing_took:.1f} s"
        f"\n{came.size:,} leaves synced, proven, stored and receipted in {syncing_took:.1f} s; root {came.root.hex()}"
        f"\nmost memory held: KZ {memory['KZ']:.0f} MiB, KG {memory['KG']:.0f} MiB"
    )
    assert OBJECTS == imported.read == imported.kept + imported.known
    assert 0 == imported.refused
    assert imported.kept == released == sum(item.records for item in road.status("KG").holdings)


def _differences(here: Path, there: Path) -> list[str]:
    """Identifiers whose bytes differ between the two databases, or that only one has; compared by the databases themselves."""
    import sqlite3

    connection = sqlite3.connect(here)
    connection.execute("attach database ? as other", (str(there),))
    same = "select record.stix_id, content.body from {0}record join {0}content on content.digest = record.digest and content.collection = :holdings"
    both = []
    for one, two in (("main.", "other."), ("other.", "main.")):
        text = f"{same.format(one)} except {same.format(two)}"
        both += [row[0] for row in connection.execute(text, {"holdings": HOLDINGS})]
    connection.close()
    return both
