"""Only `release.gate` makes a `Released`. Whatever leaves the node is typed so, and there is no other way to make one.

Elsewhere the name may stand where it makes nothing: in an annotation, a pattern, `isinstance`, the definition of a type alias.
A copy with other contents would be a forgery too, so `replace` on its fields and every way round a constructor are closed wherever one may
be in hand. (A plain copy is equal to what the gate made, and harmless.)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house.sources import FROM_STORE_UP, Source, complaints, full_name, origins, package_sources, snippet

GATE = "accord.release.gate"
HOME = "accord.release.decision"  # Defines the type; making one is for the gate alone, here too.
COPIES = frozenset({"dataclasses.replace", "copy.replace"})
BYPASSES = frozenset({"__new__", "__replace__", "__reduce__", "__reduce_ex__", "__setstate__", "__class__", "__subclasses__"})


def other_makers(source: Source) -> Iterator[str]:
    if source.module == GATE:
        return
    harmless = _harmless(source.tree)
    for node in ast.walk(source.tree):
        match node:
            case ast.Name("Released") | ast.Attribute(_, "Released") if node not in harmless:
                yield source.at(node, "only release.gate makes a Released; here it may stand in annotations, patterns and isinstance")
            case ast.ImportFrom(names=names):
                for name in names:
                    if name.name == "Released" and name.asname not in {None, "Released"}:
                        yield source.at(node, "Released keeps its name, so that every use of it can be found")
            case ast.Call(ast.Name("getattr"), args=[_, ast.Constant("Released"), *_]):
                yield source.at(node, "Released is not fetched by its spelling")


def copies(source: Source) -> Iterator[str]:
    imported = origins(source.tree)
    if source.module == GATE or not _may_hold_a_release(source, imported):
        return
    called = {node.func for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name("object"), "__setattr__"), args=[ast.Name("self"), *_]):
                continue  # A frozen value that finishes itself in its own `__post_init__`.
            case ast.Call(ast.Attribute(ast.Name("object"), "__setattr__")):
                yield source.at(node, "object.__setattr__ changes what is frozen")
            case ast.Call(ast.Call(ast.Name("type"), args=[_])):
                yield source.at(node, "type(x)(…) makes another of what x is")
            case ast.Call(function, keywords=keywords) if full_name(function, imported) in COPIES:
                if {keyword.arg for keyword in keywords} & {*released_fields(), None}:
                    yield source.at(node, "this could copy a Released with other contents")
            case ast.Name() | ast.Attribute() if full_name(node, imported) in COPIES and node not in called:
                yield source.at(node, f"{full_name(node, imported)} is called where its fields can be read, never passed on")
            case ast.Attribute(_, attribute) if attribute in BYPASSES:
                yield source.at(node, f"{attribute} goes round the gate")


@cache
def released_fields() -> frozenset[str]:
    """The fields of `Released`, read from its definition."""
    for source in package_sources():
        if source.module == HOME:
            for node in ast.walk(source.tree):
                if isinstance(node, ast.ClassDef) and node.name == "Released":
                    return frozenset(
                        line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
                    )
    raise AssertionError(f"{HOME} defines no Released")


def _may_hold_a_release(source: Source, imported: dict[str, str]) -> bool:
    # The store takes decisions apart only where it imports them; every floor above it may be handed one by a call.
    knows = any(name.startswith("accord.release") for name in imported.values())
    return knows or source.room == "release" or (source.room in FROM_STORE_UP and source.room != "store")


def _harmless(tree: ast.Module) -> set[ast.AST]:
    """Every node inside an annotation, a class pattern, the second argument of isinstance, or a `TypeAlias` definition."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        spots: list[ast.AST | None] = []
        match node:
            case ast.AnnAssign(annotation=annotation, value=value):
                spots = [annotation, value if "TypeAlias" in ast.unparse(annotation) and not isinstance(value, ast.Name) else None]
            case ast.arg(annotation=annotation):
                spots = [annotation]
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
                spots = [returns]
            case ast.MatchClass(cls=cls):
                spots = [cls]
            case ast.Call(ast.Name("isinstance"), args=[_, kinds]):
                spots = [kinds]
        for spot in spots:
            if spot is not None and not any(isinstance(inner, ast.Call) for inner in ast.walk(spot)):
                found.update(ast.walk(spot))
    return found


def test_only_the_gate_makes_a_released() -> None:
    assert complaints(other_makers, package_sources()) == []


def test_nothing_that_may_hold_a_released_copies_it() -> None:
    assert complaints(copies, package_sources()) == []


def test_the_gate_itself_makes_one() -> None:
    # Were the gate to move or the type to be renamed, the two tests above would pass on nothing.
    gates = [source for source in package_sources() if source.module == GATE]
    calls = [node for source in gates for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    homes = [source for source in package_sources() if source.module == HOME]
    classes = [node.name for source in homes for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    assert "Released" in {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert "Released" in classes


DESK = "src/accord/desk/publish.py"
IMPORT = "from accord.release.decision import Released\n"


@pytest.mark.parametrize(
    "forgery",
    [
        IMPORT + "yes = Released('kz', 'SC/7', 'x', ())",
        "from accord.release import decision\nyes = decision.Released('kz', 'SC/7', 'x', ())",
        "from accord.release.decision import Released as Answer\nyes = Answer('kz', 'SC/7', 'x', ())",
        IMPORT + "make = Released\nyes = make('kz', 'SC/7', 'x', ())",
        IMPORT + "yes = list(map(Released, ['kz']))",
        IMPORT + "class Mine(Released):\n    pass",
        IMPORT + "from typing import cast\nyes = cast(Released, object())",
        IMPORT + "from typing import TypeAlias\nMake: TypeAlias = Released\nyes = Make('kz')",
        IMPORT + "yes: Released = Released('kz', 'SC/7', 'x', ())",
        IMPORT + "yes = object.__new__(Released)",
        "from accord.release import decision\nyes = getattr(decision, 'Released')('kz')",
    ],
)
def test_a_forged_release_is_seen(forgery: str) -> None:
    assert list(other_makers(snippet(forgery, DESK))) != []
    assert list(other_makers(snippet(forgery, "src/accord/release/gate.py"))) == []


@pytest.mark.parametrize(
    "copied",
    [
        "from dataclasses import replace\nother = replace(decision, contents=())",
        "import dataclasses as d\nother = d.replace(decision, contents=())",
        "from dataclasses import replace\nother = replace(decision, **{'contents': ()})",
        "from dataclasses import replace\nforge = replace\nother = forge(decision, contents=())",
        "object.__setattr__(decision, 'contents', ())",
        "other = type(decision)('kz', 'SC/7', 'x', ())",
        "other = decision.__class__('kz')",
        "other = object.__new__(kind)",
    ],
)
def test_a_copied_release_is_seen(copied: str) -> None:
    assert list(copies(snippet(copied, DESK))) != []
    assert list(copies(snippet(copied, "src/accord/ledger/tree.py"))) == [], "what cannot know a release may copy its own values"


def test_reading_a_release_is_no_forgery() -> None:
    reading = (
        "from dataclasses import replace\n"
        "from accord.release.decision import Released\n"
        "def says(decision: Released | None) -> tuple[Released, ...]:\n"
        "    match decision:\n"
        "        case Released(article=article):\n"
        "            return ()\n"
        "    kept: list[Released] = []\n"
        "    name = 'a'.replace('a', 'b')\n"
        "    log = replace(log, size=2)\n"
        "    return tuple(kept) if isinstance(decision, Released) else ()\n"
    )
    assert list(other_makers(snippet(reading, DESK))) == []
    assert list(copies(snippet(reading, DESK))) == []
