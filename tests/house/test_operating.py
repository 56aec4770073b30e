"""The operator's book is true: its settings are read by the node, and every duty that can fail has its row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.node.settings import SETTINGS_FILE, Settings, read_settings
from tests.house.sources import ROOT, Source, package_sources, snippet

OPERATING = ROOT / "docs" / "operating.md"
SPECIMEN = re.compile(r"^```toml\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
DUTY_ROW = re.compile(r"^\| `(?P<duty>[a-z ]+)` \|", re.MULTILINE)
FAULTS = frozenset({"PeerFault", "IntegrityFailure", "PeerSilent", "Unknown", "Refused"})


def duties(source: Source) -> Iterator[str]:
    """The first argument of every fault of a peer that a module makes."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(name), args=[ast.Constant(str(duty)), *_]) if name in FAULTS:
                yield duty


def test_the_specimen_of_the_settings_is_what_a_node_reads(tmp_path: Path) -> None:
    [specimen] = SPECIMEN.findall(OPERATING.read_text(encoding="utf-8"))
    (tmp_path / SETTINGS_FILE).write_text(specimen, encoding="utf-8")
    assert read_settings(tmp_path).member == "KZ"


def test_every_setting_is_explained() -> None:
    text = OPERATING.read_text(encoding="utf-8")
    names = [
        name if section is None or name == "peers" else f"{name}.{key}"
        for name, field in Settings.model_fields.items()
        for section in [getattr(field.annotation, "model_fields", None)]
        for key in section or [None]
    ]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_duty_that_can_fail_has_its_row() -> None:
    rows = set(DUTY_ROW.findall(OPERATING.read_text(encoding="utf-8").partition("## When a contact fails")[2].partition("\n## ")[0]))
    assert {duty for source in package_sources() for duty in duties(source)} == rows


@pytest.mark.parametrize("call", ['IntegrityFailure("root", "x")', 'PeerFault("root", says)', 'raise Unknown("root", f"{x}") from None'])
def test_a_duty_is_read_from_the_call_that_names_it(call: str) -> None:
    assert list(duties(snippet(f"def f():\n    {call}\n"))) == ["root"]
