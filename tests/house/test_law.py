"""`docs/law.md` is true: each duty names functions and tests, and all of them exist."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

from tests.house.sources import PACKAGE, ROOT

LAW = ROOT / "docs" / "law.md"
REFERENCE = re.compile(r"`(?P<place>[\w/]+\.py)::(?P<name>[\w.]+)`")
DUTIES_MIN = 15  # Rows. Fewer, and the map has lost duties that are met.
CELLS = 5  # Duty, what it asks, source, function, test.


@dataclass(frozen=True, slots=True)
class Duty:
    """One row: the duty, and the references that its last two cells make."""

    name: str
    met_by: tuple[str, ...]
    noticed_by: tuple[str, ...]


def duties(text: str) -> list[Duty]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [Duty(row[0], _references(row[3]), _references(row[4])) for row in cells[2:] if len(row) == CELLS]


def lost(references: list[str]) -> list[str]:
    """References to a file or a name that does not exist; a place is written from the project root or from the package."""
    return [reference for reference in references if not _exists(*reference.split("::"))]


def _references(cell: str) -> tuple[str, ...]:
    return tuple(f"{found['place']}::{found['name']}" for found in REFERENCE.finditer(cell))


def _exists(place: str, name: str) -> bool:
    return any(name in _names(path.as_posix()) for path in (ROOT / place, PACKAGE / place) if path.is_file())


@cache
def _names(path: str) -> frozenset[str]:
    """What a module declares: functions, classes, methods as `Class.method`, constants."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                found.add(name)
            case ast.ClassDef(name, body=body):
                found |= {name, *(f"{name}.{item.name}" for item in body if isinstance(item, ast.FunctionDef))}
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
                found.add(name)
    return frozenset(found)


def test_every_function_and_test_that_the_law_names_exists() -> None:
    text = LAW.read_text(encoding="utf-8")
    assert lost(list(_references(text))) == []


def test_every_duty_names_a_function_and_a_test() -> None:
    found = duties(LAW.read_text(encoding="utf-8"))
    assert len(found) >= DUTIES_MIN
    assert [duty.name for duty in found if not duty.met_by or not duty.noticed_by] == []
    assert [duty.name for duty in found for test in duty.noticed_by if not test.startswith("tests/") or "::test_" not in test] == []


def test_a_lost_function_is_seen() -> None:
    assert lost(["release/gate.py::Gate.decide", "tests/house/test_law.py::test_a_lost_function_is_seen", "house/none.py::x"]) == [
        "house/none.py::x"
    ]
    assert lost(["release/gate.py::Gate.undecide", "release/gate.py::nobody"]) == [
        "release/gate.py::Gate.undecide",
        "release/gate.py::nobody",
    ]


def test_a_duty_is_read_from_its_row() -> None:
    table = "| duty | asks | source | met by | noticed by |\n| --- | --- | --- | --- | --- |\n| X-1 | a | b | `a/b.py::c` | none |\n"
    assert duties(table) == [Duty("X-1", ("a/b.py::c",), ())]
