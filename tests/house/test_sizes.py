"""A module has one reason to change and at most 400 lines; a function fits on a screen. The excused stand here with their reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.sources import PACKAGE, ROOT, Source, complaints, package_sources, snippet

MODULE_LINES_MAX = 400  # Lines. More, and a reader can no longer hold the module's one reason in mind.
FUNCTION_LINES_MAX = 60  # Lines, from `def` to its end. One screen.

# Place from the project root -> why it may be longer. An entry that is no longer needed fails the test below.
LONG_MODULES: dict[str, str] = {}
# module.function -> why it may be longer.
LONG_FUNCTIONS: dict[str, str] = {}


def long_modules(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > MODULE_LINES_MAX and source.place not in LONG_MODULES:
        yield f"{source.place}: {lines} lines, {MODULE_LINES_MAX} is the limit"


def long_functions(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _lines(node)
            if lines > FUNCTION_LINES_MAX and f"{source.module}.{node.name}" not in LONG_FUNCTIONS:
                yield source.at(node, f"{node.name} has {lines} lines, {FUNCTION_LINES_MAX} is the limit")


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_longer_than_the_limit() -> None:
    assert complaints(long_modules, package_sources()) == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert complaints(long_functions, package_sources()) == []


def test_an_excuse_names_a_module_that_still_needs_it_and_gives_its_reason() -> None:
    for place, reason in LONG_MODULES.items():
        assert reason, f"{place} is excused without a reason"
        assert len((ROOT / place).read_text(encoding="utf-8").splitlines()) > MODULE_LINES_MAX, f"{place} needs no excuse any more"


def test_an_excuse_names_a_function_that_still_needs_it_and_gives_its_reason() -> None:
    long = {
        f"{source.module}.{node.name}"
        for source in package_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > FUNCTION_LINES_MAX
    }
    assert set(LONG_FUNCTIONS) - long == set(), "these need no excuse any more"
    assert all(LONG_FUNCTIONS.values()), "an excuse without a reason"


def test_a_module_one_line_too_long_is_seen() -> None:
    assert list(long_modules(snippet("x = 1\n" * MODULE_LINES_MAX))) == []
    assert list(long_modules(snippet("x = 1\n" * (MODULE_LINES_MAX + 1)))) == ["src/accord/release/policy.py: 401 lines, 400 is the limit"]


def test_a_function_one_line_too_long_is_seen() -> None:
    fits = "def judge():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX - 1)
    assert list(long_functions(snippet(fits))) == []
    assert list(long_functions(snippet(fits + "    x = 1\n"))) == ["src/accord/release/policy.py:1: judge has 61 lines, 60 is the limit"]


def test_the_package_is_there_to_be_measured() -> None:
    assert PACKAGE.is_dir()
    assert len(package_sources()) > 20
