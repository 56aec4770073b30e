"""What the house tests read: the package's modules with their trees, floors and places. The rules themselves stand in the tests.

A rule is a function from one `Source` to complaints, so that each test can also feed it a bad snippet and see it fail.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "accord"

BELOW_STORE = frozenset({"errors", "seal", "stix", "charter", "ledger", "release", "matching", "assistance", "convening", "analysis"})
FROM_STORE_UP = frozenset({"store", "desk", "web", "exchange", "node", "cli"})


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: `place` is its path from the project root, written with slashes."""

    place: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room under `src/accord`, `errors` and `cli` included; empty for the package's own file and outside it."""
        parts = self.place.split("/")
        if parts[:2] != ["src", "accord"] or parts[2:] == ["__init__.py"]:
            return ""
        return parts[2].removesuffix(".py")

    @property
    def module(self) -> str:
        """The dotted name, `accord.release.gate`."""
        return self.place.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST, says: str) -> str:
        return f"{self.place}:{getattr(node, 'lineno', 1)}: {says}"


Rule: TypeAlias = Callable[[Source], Iterator[str]]


def snippet(text: str, place: str = "src/accord/release/policy.py") -> Source:
    """A source that exists only in a test."""
    return Source(place, text, ast.parse(text))


@cache
def package_sources() -> tuple[Source, ...]:
    """Every module of the package."""
    return _sources(PACKAGE)


@cache
def all_sources() -> tuple[Source, ...]:
    """Every Python file of the project: package, tests, bars and benchmarks."""
    return tuple(source for folder in ("src", "tests", "bars", "benchmarks") for source in _sources(ROOT / folder))


def complaints(rule: Rule, sources: tuple[Source, ...]) -> list[str]:
    return [complaint for source in sources for complaint in rule(source)]


def dotted(node: ast.AST) -> str:
    """`a.b.c` for an attribute chain that begins with a name, else an empty string."""
    match node:
        case ast.Name(identifier):
            return identifier
        case ast.Attribute(value, attribute):
            before = dotted(value)
            return f"{before}.{attribute}" if before else ""
        case _:
            return ""


def origins(tree: ast.Module) -> dict[str, str]:
    """For each imported name the full name it stands for: `from datetime import datetime as d` gives d -> datetime.datetime."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                for name in names:
                    found[name.asname or name.name.partition(".")[0]] = name.name if name.asname else name.name.partition(".")[0]
            case ast.ImportFrom(module=str(module), names=names):
                found.update({name.asname or name.name: f"{module}.{name.name}" for name in names})
    return found


def full_name(node: ast.AST, imported: dict[str, str]) -> str:
    """The dotted name with its first part replaced by what the import says: `d.now` becomes `datetime.datetime.now`."""
    first, dot, rest = dotted(node).partition(".")
    return imported.get(first, first) + dot + rest


def _sources(folder: Path) -> tuple[Source, ...]:
    places = sorted(folder.rglob("*.py")) if folder.is_dir() else []
    texts = [(place.relative_to(ROOT).as_posix(), place.read_text(encoding="utf-8")) for place in places]
    return tuple(Source(place, text, ast.parse(text, filename=place)) for place, text in texts)
