"""Bar: all 104,943 real object versions leave a node as a bundle and come into another one the same, byte for byte; as a table, with their losses."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

from accord.charter.officers import OfficerRole
from accord.cli.exporting import _bundle
from accord.desk import export, importing, office, read
from accord.desk.export import Approval, Form
from accord.desk.importing import readers
from accord.desk.read import Asked
from accord.node.build import opened, utc_now
from accord.stix import indicator_table
from accord.store import records
from accord.store.database import Database
from bars.road import OFFICER, Road
from bars.test_corpus import FILES, OBJECTS

PURPOSE = "prevention of an attack"
SECOND = "N. Sadyrov (invented)"


def test_what_leaves_in_a_bundle_comes_in_the_same(shared_data: Path, tmp_path: Path) -> None:
    road = Road.build(tmp_path)
    contents = [gzip.decompress((shared_data / "stix" / name).read_bytes()) for name in FILES]
    lost: Counter[tuple[str, str]] = Counter()
    with opened(road.stage["KZ"].folder) as kz, opened(road.stage["KG"].folder) as kg:
        office.add_officer(kz.means, name=SECOND, role=OfficerRole.APPROVER, now=utc_now())
        importing.import_files(kz.means, contents, source="public corpora", now=utc_now())
        while read.catch_up(kz.means):
            pass
        approved = export.approve(kz.means, "", officer=SECOND, exporter=OFFICER, purpose=PURPOSE, now=utc_now())
        approval, asked = Approval(SECOND, approved.code), Asked(OFFICER, PURPOSE)

        began = time.monotonic()
        batches = export.export(kz.means, "", asked=asked, form=Form.STIX, now=utc_now(), approval=approval)
        leaving = (content for batch in batches for one in batch.released for content in one.contents)
        bundle = b"".join(_bundle(leaving, UUID(int=4)))
        took = time.monotonic() - began
        began = time.monotonic()
        done = importing.import_files(kg.means, [bundle], source="public corpora", now=utc_now())
        print(f"\n{done.read:,} objects left in {took:.1f} s ({len(bundle) / 2**20:.0f} MiB), came in {time.monotonic() - began:.1f} s")
        assert (OBJECTS, 0) == (done.read, done.refused)
        assert _digests(kz.means.database) == _digests(kg.means.database)

        batches = export.export(kz.means, "", asked=asked, form=Form.CSV, now=utc_now(), approval=approval)
        rows = [indicator_table.row_of(importing.read(one.contents[0]).fields, lost) for batch in batches for one in batch.released]
        table = indicator_table.head() + b"".join(rows)
        whole = {kind: count for (kind, name), count in lost.items() if name == "the whole record"}
        back: Counter[tuple[str, str]] = Counter()
        found = list(readers(utc_now(), back)[Form.CSV](table))
        written = sum(1 for row in rows if row)
        print(
            f"{written:,} indicators in a table; left behind whole: {sum(whole.values()):,} of {len(whole)} types; properties: {_properties(lost)}"
        )
        assert (written, {}) == (len(found), dict(back))
        assert OBJECTS == written + sum(whole.values())


def _digests(base: Database) -> set[bytes]:
    with base.reading() as transaction:
        return {
            bytes(row[0]) for row in transaction.connection.execute("select digest from record where collection = ?", (records.HOLDINGS,))
        }


def _properties(lost: Counter[tuple[str, str]]) -> str:
    of_indicators = Counter({name: count for (kind, name), count in lost.items() if kind == "indicator" and name != "the whole record"})
    return ", ".join(f"{name} {count:,}" for name, count in of_indicators.most_common())
