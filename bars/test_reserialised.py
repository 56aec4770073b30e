"""Bar: 1,000 real objects through three hops of a third party that writes every page anew: all verify, and every byte is the same."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

from accord.desk import audit, confirm, importing
from accord.node.build import Node
from accord.release.question import Offer
from accord.stix.marking import Grade, SubjectCategory, Tlp
from accord.store.records import HOLDINGS
from tests.databases import tamper
from tests.stories.alliance import OFFICER, START, founded
from tests.stories.second import enlist_second
from tests.stories.third_party import ThirdParty

OBJECTS = 1_000
PARTS = 8  # Releases and rounds, so that several pages pass.
FILES = ("stix21-native.ndjson.gz", "stix21-derived.ndjson.gz")


def test_real_objects_verify_behind_three_hops_of_a_third_party(shared_data: Path, tmp_path: Path) -> None:
    lines = [line for name in FILES for line in gzip.decompress((shared_data / "stix" / name).read_bytes()).splitlines()]
    chosen = [lines[number * len(lines) // OBJECTS] for number in range(OBJECTS)]
    line = ThirdParty(seed=1)
    kept = 0
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        second = enlist_second(alliance, "KZ")
        for part in range(PARTS):
            source = f"public corpora, part {part}"
            importing.import_files(alliance.means("KZ"), [b"\n".join(chosen[part::PARTS])], source=source, now=alliance.clock())
            confirm.confirm_source(alliance.means("KZ"), source, officer=second, word="seen", now=alliance.clock())
            importing.release_imported(alliance.means("KZ"), source=source, officer=OFFICER, offer=_offer(), now=alliance.clock())
            synced = alliance.sync("KG", "KZ", tamper=line)
            assert 0 == synced.declined
            kept += synced.kept
        alliance.check_everything()
        name = alliance.means("KZ").channel_to("KG")
        roots = {member: next(log for log in audit.audit(node.means) if log.name == name).root for member, node in alliance.nodes.items()}
        here, there = (_contents(node) for node in alliance.nodes.values())
    print(
        f"\n{kept:,} real objects on {line.pages} pages, {line.changed} of them with other bytes than they left with; root {roots['KG'].hex()}"
    )
    assert line.pages == line.changed >= PARTS
    assert roots["KZ"] == roots["KG"]
    assert here == there
    assert len(here) == kept > OBJECTS * 9 // 10, "versions chosen twice are one record"


def _offer() -> Offer:
    return Offer(
        audience=("KG",),
        basis="SC/7",
        purpose="a bar: real input behind a third party",
        tlp=Tlp.RED,
        grade=Grade.parse("X4"),
        review=START.date() + timedelta(days=300),
        category=SubjectCategory.CONTACT,
        word="real data is not clean",
    )


def _contents(node: Node) -> set[bytes]:
    """The bytes of every record that a node holds."""
    text = "select content.body from record join content on content.digest = record.digest and content.collection = record.collection where record.collection = :holdings"
    with node.means.database.reading() as transaction:
        return {bytes(row[0]) for row in tamper(transaction, text, holdings=HOLDINGS)}
