"""`docs/taxii.md` is true: every clause has its test, every test of `tests/taxii` its clause, and each test names the sections that it is cited for."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass

from tests.house.sources import ROOT

CLAUSES = ROOT / "docs" / "taxii.md"
ROW = re.compile(r"^\| (?P<section>\d[\d.]*) \| (?P<word>[A-Z ]+) \| (?P<asks>[^|]+) \| `(?P<test>tests/taxii/test_\w+\.py::test_\w+)` \|$")
SAYS = re.compile(r"TAXII 2\.1, (?P<sections>\d[\d.]*(?:, \d[\d.]*)*)")
WORDS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
CLAUSES_MIN = 80  # Rows. Fewer, and clauses have been lost.


@dataclass(frozen=True, slots=True)
class Clause:
    """One row: what a section asks, how strongly, and the test that holds it."""

    section: str
    word: str
    asks: str
    test: str


def clauses(text: str) -> list[Clause]:
    return [Clause(**found.groupdict()) for line in text.splitlines() if (found := ROW.match(line))]


def sections_by_test() -> dict[str, set[str]]:
    """The sections that the docstring of each test names."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests" / "taxii").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                says = SAYS.fullmatch(ast.get_docstring(node) or "")
                found[f"tests/taxii/{path.name}::{node.name}"] = set(says["sections"].split(", ")) if says else set()
    return found


def test_every_row_of_the_table_is_a_clause() -> None:
    text = CLAUSES.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| section", "| ---"))]
    found = clauses(text)
    assert len(rows) == len(found) >= CLAUSES_MIN
    assert {clause.word for clause in found} <= WORDS


def test_every_clause_has_a_test_that_names_its_section() -> None:
    named = sections_by_test()
    assert [] == [clause for clause in clauses(CLAUSES.read_text(encoding="utf-8")) if clause.section not in named.get(clause.test, set())]


def test_every_test_stands_beside_a_clause() -> None:
    cited: dict[str, set[str]] = defaultdict(set)
    for clause in clauses(CLAUSES.read_text(encoding="utf-8")):
        cited[clause.test].add(clause.section)
    assert [] == sorted(test for test in sections_by_test() if test not in cited)
