"""Indicators as a table: what goes out comes back, what cannot is counted, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import AccordError
from accord.stix import indicator_table
from accord.stix.indicator_table import COLUMNS, plain, safe
from accord.stix.schema import faults_of

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
INDICATOR: dict[str, Any] = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    "created": "2026-11-20T08:00:00.000Z",
    "modified": "2026-11-21T08:00:00.000Z",
    "name": "=cmd|'/C calc'!A0",
    "description": 'Первая строка, "кавычки";\n第二行',
    "pattern": "[domain-name:value = 'relay.grey-lantern.example']",
    "pattern_type": "stix",
    "valid_from": "2026-11-20T08:00:00Z",
    "confidence": 80,
    "labels": ["grey", "lantern"],
}


def _written(*records: dict[str, Any]) -> tuple[bytes, dict[tuple[str, str], int]]:
    lost: Counter[tuple[str, str]] = Counter()
    return indicator_table.head() + b"".join(indicator_table.row_of(record, lost) for record in records), dict(lost)


def _read(raw: bytes) -> tuple[list[Any], dict[tuple[str, str], int]]:
    lost: Counter[tuple[str, str]] = Counter()
    found = [item.says if isinstance(item, AccordError) else item for item in indicator_table.rows_in(raw, now=NOW, lost=lost)]
    return found, dict(lost)


def test_what_a_table_holds_comes_back_as_it_went_out() -> None:
    raw, lost = _written(INDICATOR)
    assert ({}, ([INDICATOR], {})) == (lost, _read(raw))


def test_what_a_table_cannot_hold_is_counted_by_type_and_property() -> None:
    richer = {**INDICATOR, "created_by_ref": "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "labels": ["a;b"], "x_own": 1}
    sigma = {**INDICATOR, "pattern_type": "sigma"}
    raw, lost = _written(richer, sigma, {"type": "malware", "id": "malware--1"})
    assert {
        ("indicator", "created_by_ref"): 1,
        ("indicator", "labels"): 1,
        ("indicator", "x_own"): 1,
        ("indicator", "the whole record"): 1,
        ("malware", "the whole record"): 1,
    } == lost
    assert [{name: value for name, value in INDICATOR.items() if name != "labels"}] == _read(raw)[0]


@given(st.text(max_size=30))
def test_no_cell_is_a_formula_and_each_comes_back(text: str) -> None:
    cell = safe(text)
    assert text == plain(cell)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_every_cell_of_a_line_is_made_safe() -> None:
    raw, _ = _written({**INDICATOR, "id": "=1", "created": "+1", "labels": ["@x"], "pattern": "-1"})
    [_, cells] = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert {"'=1", "'+1", "'@x", "'-1", "'=cmd|'/C calc'!A0"} <= set(cells)


def test_a_plain_list_of_addresses_is_read_as_indicators_that_keep_to_the_standard() -> None:
    raw = "Kind,Value,Seen by\r\nipv4,192.0.2.7,sensor 4\r\ndomain,a'b.example,\r\nsha256," + "a" * 64 + ",sensor 9\r\n"
    found, lost = _read(raw.encode())
    patterns = ["[ipv4-addr:value = '192.0.2.7']", "[domain-name:value = 'a\\'b.example']", f"[file:hashes.'SHA-256' = '{'a' * 64}']"]
    assert (patterns, {("column", "seen by"): 2}) == ([item["pattern"] for item in found], lost)
    assert [] == [fault for item in found for fault in faults_of(item)]
    assert found == _read(raw.encode())[0], "the same table has the same identifiers"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xff", ["the table is not UTF-8 from byte 0 on"]),
        (b"name,description\r\n", ["line 1: expected the names of columns, with pattern, or kind and value, among them"]),
        (b"pattern,pattern\r\n", ["line 1: a column stands there twice"]),
        (b"kind,value\r\nipv4\r\n", ["line 2: 1 cells under 2 columns"]),
        (b"kind,value\r\n\r\nipv4,\r\n", ["line 3: expected a pattern, or a kind and a value"]),
        (b"kind,value,confidence\r\nipv4,192.0.2.7,high\r\n", ["line 2: confidence is a number from 0 to 100"]),
        (b'kind,value\r\nipv4,"192', ["line 2: unexpected end of data; what follows was not read"]),
        (b"", []),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(raw: bytes, expected: list[str]) -> None:
    assert expected == _read(raw)[0]


def test_one_bad_row_does_not_hold_up_the_others() -> None:
    found, _ = _read(b"pattern\r\n[oops\r\n[ipv4-addr:value = '192.0.2.7']\r\n")
    assert "line 2: pattern" in found[0]
    assert "[ipv4-addr:value = '192.0.2.7']" == found[1]["pattern"]


def test_more_columns_than_the_limit_are_refused() -> None:
    raw = ",".join(["pattern", *(f"c{number}" for number in range(indicator_table.COLUMNS_MAX))]).encode()
    assert [f"the table has {indicator_table.COLUMNS_MAX + 1} columns (limit COLUMNS_MAX)"] == _read(raw)[0]
    assert len(COLUMNS) < indicator_table.COLUMNS_MAX
