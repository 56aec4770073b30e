"""There are no cupboards, every room has its floor, and every module says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.sources import BELOW_STORE, FROM_STORE_UP, PACKAGE, Source, complaints, package_sources, snippet

CUPBOARDS = frozenset(
    {"base", "common", "commons", "core", "etc", "general", "helper", "helpers", "lib", "manager", "managers", "misc", "miscellaneous"}
    | {"models", "other", "service", "services", "shared", "stuff", "support", "tool", "tools", "util", "utilities", "utils"}
)
DOCSTRING_LETTERS_MIN = 20  # Letters. Less cannot say what a module is for.


def cupboards(source: Source) -> Iterator[str]:
    for part in source.place.removesuffix(".py").split("/")[2:]:
        words = set(part.strip("_").lower().split("_"))
        if words & CUPBOARDS:
            yield f"{source.place}: {part!r} is a cupboard; if code has no room, find its name first"


def mute_modules(source: Source) -> Iterator[str]:
    docstring = ast.get_docstring(source.tree) or ""
    first = docstring.partition("\n\n")[0]
    if len(re.findall(r"\w", first)) < DOCSTRING_LETTERS_MIN or not first.endswith((".", ":", "?")):
        yield f"{source.place}: a module opens with a sentence on what it is for"


def test_there_are_no_cupboards() -> None:
    assert complaints(cupboards, package_sources()) == []


def test_every_module_says_what_it_is_for() -> None:
    assert complaints(mute_modules, package_sources()) == []


def test_every_room_stands_on_a_floor() -> None:
    # import-linter holds the floors for Python; a folder without a module would escape it.
    rooms = {place.name.removesuffix(".py") for place in PACKAGE.iterdir() if not place.name.startswith(("_", "."))} - {"py.typed"}
    assert BELOW_STORE | FROM_STORE_UP == rooms


def test_a_cupboard_is_seen_as_module_and_as_folder() -> None:
    assert list(cupboards(snippet("", "src/accord/release/utils.py"))) != []
    assert list(cupboards(snippet("", "src/accord/stix/common/record.py"))) != []
    assert list(cupboards(snippet("", "src/accord/desk/release_helpers.py"))) != []
    assert list(cupboards(snippet("", "src/accord/release/gate.py"))) == []


def test_a_mute_module_is_seen() -> None:
    assert list(mute_modules(snippet("x = 1\n"))) != []
    assert list(mute_modules(snippet('"""The gate."""\n'))) != []
    assert list(mute_modules(snippet('"""The one gate: may these records go to that recipient, or on what ground not."""\n'))) == []
