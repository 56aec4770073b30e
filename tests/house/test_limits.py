"""Every limit has its place in the manual, with its value: what nodes must agree on in the protocol, the rest in the operator's book.

A limit is a public constant whose name ends in `_MAX`. An error names it, so a reader must be able to look it up.
Those of `stix/standard` are the standard's own; a fault names their clause.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.house.sources import ROOT, Source, package_sources, snippet

MANUALS = (ROOT / "docs" / "protocol.md", ROOT / "docs" / "operating.md")
ROW = re.compile(r"^\| `(?P<name>[A-Z][A-Z0-9_]+)` \| (?P<value>[0-9,]+) \| [^|]*\| (?P<reason>[^|]+) \| `(?P<place>[\w/]+\.py)` \|$")


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """A limit by its place and name, as the code has it or as a manual says."""

    place: str
    name: str
    value: int


def documented(text: str) -> list[Limit]:
    rows = [found for line in text.splitlines() if (found := ROW.match(line))]
    return [Limit(row["place"], row["name"], int(row["value"].replace(",", ""))) for row in rows]


def declared(source: Source) -> Iterator[tuple[str, str]]:
    """Place below the package and name of each limit that a module declares."""
    if source.place.startswith("src/accord/stix/standard/"):
        return
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)) if re.fullmatch(r"[A-Z]\w*_MAX", name):
                yield source.place.removeprefix("src/accord/"), name


def value_of(place: str, name: str) -> int:
    module = importlib.import_module("accord." + place.removesuffix(".py").replace("/", "."))
    value: int | float | timedelta = getattr(module, name)
    return int(value.total_seconds() if isinstance(value, timedelta) else value)


def _in_manuals() -> list[Limit]:
    return [limit for manual in MANUALS for limit in documented(_read(manual))]


def _read(manual: Path) -> str:
    assert manual.is_file(), f"{manual.relative_to(ROOT)} is missing"
    return manual.read_text(encoding="utf-8")


def test_every_limit_has_its_row_in_a_manual() -> None:
    named = {(limit.place, limit.name) for limit in _in_manuals()}
    assert sorted({found for source in package_sources() for found in declared(source)} - named) == []


def test_every_limit_in_a_manual_has_the_value_of_the_code() -> None:
    limits = _in_manuals()
    assert [Limit(limit.place, limit.name, value_of(limit.place, limit.name)) for limit in limits] == limits


def test_no_limit_stands_in_the_manuals_twice() -> None:
    places = [(limit.place, limit.name) for limit in _in_manuals()]
    assert sorted(set(places)) == sorted(places)


def test_a_limit_is_read_from_a_row_and_from_a_module() -> None:
    assert documented("| `PAGE_MAX` | 1,000 | pages | a reason | `desk/serve.py` |\n| word | 1 |\n") == [
        Limit("desk/serve.py", "PAGE_MAX", 1000)
    ]
    found = declared(snippet("PAGE_MAX: Final = 1\n_OWN_MAX = 2\nOTHER = 3\n", "src/accord/desk/serve.py"))
    assert list(found) == [("desk/serve.py", "PAGE_MAX")]
