"""Exporting and importing from the terminal: a file that is there whole or not at all, a second officer's word, and a report of what was lost."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from accord.desk.export import EXPORT_ALONE_RECORDS_MAX
from accord.seal.canonical import canonical
from tests.cli.test_commands import DONE, READING, REFUSED, Run, accord, nodes
from tests.stories.alliance import OFFICER, indicator

__all__ = ["accord", "nodes"]  # Fixtures.

SECOND = "N. Sadyrov (invented)"


@pytest.fixture
def kz(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> Path:
    """A node that holds three imported indicators and one that a table cannot hold whole."""
    objects = [indicator(1), indicator(2), {**indicator(3), "created_by_ref": "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}]
    (tmp_path / "in.json").write_text(json.dumps(objects), encoding="utf-8")
    assert DONE == accord("import", nodes["KZ"], tmp_path / "in.json", "--source", "Invented feed").status
    return nodes["KZ"]


def test_a_bundle_holds_the_bytes_as_they_are_kept_and_comes_into_another_node_the_same(
    accord: Run, kz: Path, nodes: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    said = accord("export", kz, "lantern", "--out", out, *READING, "--json").json
    assert {"file": str(out), "format": "stix", "records": 3, "withheld": [], "lost": []} == said
    raw = out.read_bytes()
    assert ("bundle", 3) == (json.loads(raw)["type"], len(json.loads(raw)["objects"]))
    assert all(canonical(indicator(number)) in raw for number in (1, 2))
    assert 0o600 == out.stat().st_mode & 0o777

    again = accord("import", nodes["KG"], out, "--source", "Invented feed", "--json").json
    assert (3, 3, 0) == (again["read"], again["kept"], again["refused"])
    digests = [accord("show", nodes[name], indicator(1)["id"], *READING, "--json").json["digest"] for name in ("KZ", "KG")]
    assert digests[0] == digests[1]


def test_a_table_says_what_it_left_behind_and_is_read_again(accord: Run, kz: Path, nodes: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    said = accord("export", kz, "--all", "--format", "csv", "--out", out, *READING, "--json").json
    assert [{"type": "indicator", "property": "created_by_ref", "count": 1}] == said["lost"]
    assert 4 == len(list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline=""))))
    again = accord("import", nodes["KG"], out, "--format", "csv", "--source", "Invented feed", "--json").json
    assert (3, 0, []) == (again["kept"], again["annotated"], again["lost"])

    (tmp_path / "bad.csv").write_text("kind,value\nipv4,192.0.2.7\nipv4\n", encoding="utf-8")
    bad = accord("import", nodes["KG"], tmp_path / "bad.csv", "--format", "csv", "--source", "Invented feed")
    assert (REFUSED, True) == (bad.status, "line 3: 1 cells under 2 columns" in bad.out)


@pytest.mark.parametrize("words", [(), ("lantern", "--all")])
def test_an_export_names_what_leaves_and_once(accord: Run, kz: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert REFUSED == accord("export", kz, *words, "--out", tmp_path / "out.json", *READING).status


def test_what_is_refused_or_stopped_leaves_no_file_and_touches_none(accord: Run, kz: Path, tmp_path: Path) -> None:
    folder = tmp_path / "outgoing"
    folder.mkdir()
    (folder / "there.json").write_text("mine", encoding="utf-8")
    assert REFUSED == accord("export", kz, "lantern", "--out", folder / "there.json", *READING).status
    assert REFUSED == accord("export", kz, "lantern", "--out", folder / "new.json", "--as", OFFICER).status
    assert REFUSED == accord("export", kz, "lantern", *READING).status
    assert ["there.json"] == [path.name for path in folder.iterdir()]
    assert "mine" == (folder / "there.json").read_text(encoding="utf-8")


def test_a_large_export_waits_for_a_second_officer(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> None:
    kz, out = nodes["KZ"], tmp_path / "out.json"
    lines = "\n".join(json.dumps(indicator(number)) for number in range(EXPORT_ALONE_RECORDS_MAX + 1))
    (tmp_path / "in.ndjson").write_text(lines, encoding="utf-8")
    assert DONE == accord("import", kz, tmp_path / "in.ndjson", "--source", "Invented feed").status
    assert DONE == accord("officer", "add", kz, SECOND, "--role", "approver").status
    refused = accord("export", kz, "--all", "--out", out, *READING)
    assert (REFUSED, True, False) == (refused.status, "S-20" in refused.err, out.exists())
    given = accord("approve", kz, "--all", "--as", SECOND, "--for", OFFICER, "--purpose", READING[3], "--json").json
    assert EXPORT_ALONE_RECORDS_MAX + 1 == given["records"]
    words = ("--approved-by", SECOND, "--approval", given["approval"])
    assert EXPORT_ALONE_RECORDS_MAX + 1 == accord("export", kz, "--all", "--out", out, *READING, *words, "--json").json["records"]
