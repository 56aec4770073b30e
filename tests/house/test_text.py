"""What is written in comments, strings and templates: reasons where a check is silenced, no to-dos, SQL in one room, nothing unescaped."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.sources import PACKAGE, ROOT, Source, all_sources, complaints, package_sources, snippet

# Put together here so that a search for open ends does not find its own searcher.
OPEN_ENDS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
SILENCED = re.compile(r"type:\s*ignore")
SILENCED_WITH_REASON = re.compile(r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  # \S.{9,}")
UNCHECKED = re.compile(r"\bnoqa\b")
UNCHECKED_WITH_REASON = re.compile(r"noqa: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*\s+(#|-|:) ?\S.{9,}")
SQL = re.compile(
    r"\s*(select\s.+\sfrom\s+\w|insert\s+(or\s+\w+\s+)?into\s+\w|update\s+\w+\s+set\s|delete\s+from\s+\w|with\s+\w+\s+as\s*\(|"
    r"(create|drop|alter)\s+(unique\s+)?(table|index|view|trigger)\s|pragma\s+\w+|begin\s+(immediate|exclusive|deferred)|vacuum\b)",
    re.IGNORECASE | re.DOTALL,
)
UNESCAPED = re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false|\bMarkup\(")
TEMPLATE_SUFFIXES = frozenset({".html", ".jinja", ".j2", ".txt", ".xml", ".svg"})
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle\s*=|\son[a-z]+\s*=", re.IGNORECASE)


def silenced_without_reason(source: Source) -> Iterator[str]:
    for line, comment in _comments(source):
        if SILENCED.search(comment) and not SILENCED_WITH_REASON.search(comment):
            yield f"{source.place}:{line}: `type: ignore[code]  # reason`, not {comment!r}"
        if UNCHECKED.search(comment) and not UNCHECKED_WITH_REASON.search(comment):
            yield f"{source.place}:{line}: `noqa: CODE - reason`, not {comment!r}"


def open_ends(source: Source) -> Iterator[str]:
    for line, comment in _comments(source):
        if OPEN_ENDS.search(comment):
            yield f"{source.place}:{line}: what is left to do belongs into an issue or, as a known weakness, into a sentence: {comment!r}"


def sql_outside_the_store(source: Source) -> Iterator[str]:
    if source.room == "store":
        return
    documentation = _docstrings(source.tree)
    for node in ast.walk(source.tree):
        match node:
            case ast.Constant(str(text)) if node not in documentation and SQL.match(text):
                yield source.at(node, "SQL text; statements live in accord/store")


def pasted_sql(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.JoinedStr(values=[ast.Constant(str(text)), *others]) if SQL.match(text + "x from x"):
                # A constant of the module may stand where SQL takes no bound value (a pragma); nothing else may.
                pasted = [other.value for other in others if isinstance(other, ast.FormattedValue)]
                if not all(isinstance(value, ast.Name) and value.id.isupper() for value in pasted):
                    yield source.at(node, "values are bound to SQL, never pasted")


def unescaped(place: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if UNESCAPED.search(line):
            yield f"{place}:{number}: nothing is shown unescaped: {line.strip()!r}"


def inline(place: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if INLINE.search(line):
            yield f"{place}:{number}: no inline script or style: {line.strip()!r}"


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def _shipped(*suffixes: str) -> list[tuple[str, str]]:
    places = [place for place in sorted(PACKAGE.rglob("*")) if place.suffix in suffixes and "static" not in place.parts]
    return [(place.relative_to(ROOT).as_posix(), place.read_text(encoding="utf-8")) for place in places]


def test_a_silenced_check_has_its_code_and_its_reason() -> None:
    assert complaints(silenced_without_reason, all_sources()) == []


def test_nothing_is_left_to_do_in_a_comment() -> None:
    assert complaints(open_ends, all_sources()) == []
    others = [line for place, text in _shipped(".html", ".sql", ".css", ".toml") for line in text.splitlines() if OPEN_ENDS.search(line)]
    assert others == []


def test_sql_text_lives_in_the_store_alone() -> None:
    assert complaints(sql_outside_the_store, package_sources()) == []
    assert [place for place, _ in _shipped(".sql") if not place.startswith("src/accord/store/")] == []


def test_values_are_bound_to_sql_never_pasted() -> None:
    assert complaints(pasted_sql, package_sources()) == []


def test_no_template_shows_anything_unescaped_or_inline() -> None:
    found = [complaint for place, text in _shipped(*TEMPLATE_SUFFIXES) for complaint in (*unescaped(place, text), *inline(place, text))]
    assert found == []


def test_no_module_declares_text_safe_to_show() -> None:
    assert [complaint for source in package_sources() for complaint in unescaped(source.place, source.text)] == []


@pytest.mark.parametrize(
    "comment",
    ["# type: " + "ignore", "# type: " + "ignore[arg-type]", "# type: " + "ignore[arg-type] # x", "# no" + "qa", "# no" + "qa: S608"],
)
def test_a_check_silenced_without_reason_is_seen(comment: str) -> None:
    assert len(list(silenced_without_reason(snippet(f"x = 1  {comment}\n")))) == 1


@pytest.mark.parametrize(
    "comment",
    ["# type: " + "ignore[arg-type]  # The driver's stub forgets bytes.", "# no" + "qa: BLE001 - the worker's outermost loop"],
)
def test_a_check_silenced_with_its_reason_passes(comment: str) -> None:
    assert list(silenced_without_reason(snippet(f"x = 1  {comment}\n"))) == []


def test_an_open_end_is_seen_in_a_comment_and_not_in_a_string() -> None:
    word = "TO" + "DO"
    assert len(list(open_ends(snippet(f"x = 1  # {word} later\n")))) == 1
    assert list(open_ends(snippet(f"x = '{word} later'\n"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "select id from record where id = :id",
        "  INSERT INTO record (id) values (:id)",
        "insert or ignore into record values (:id)",
        "update channel set size = :size",
        "delete from record",
        "create table record (id text)",
        "pragma journal_mode = wal",
        "begin immediate",
        "with page as (select 1)",
    ],
)
def test_sql_outside_the_store_is_seen(text: str) -> None:
    assert len(list(sql_outside_the_store(snippet(f"TEXT = {text!r}", "src/accord/desk/publish.py")))) == 1
    assert list(sql_outside_the_store(snippet(f"TEXT = {text!r}", "src/accord/store/records.py"))) == []


@pytest.mark.parametrize(
    "text", ["select a member", "Update the key file, then start again", "from", "create a charter", "begin with `accord init`"]
)
def test_a_sentence_is_not_mistaken_for_sql(text: str) -> None:
    assert list(sql_outside_the_store(snippet(f"TEXT = {text!r}", "src/accord/desk/publish.py"))) == []


def test_pasted_sql_is_seen() -> None:
    assert len(list(pasted_sql(snippet("def find(name):\n    return f'select id from record where id = {name}'\n")))) == 1
    assert len(list(pasted_sql(snippet("def find(table):\n    return f'delete from {table}'\n")))) == 1
    assert list(pasted_sql(snippet("def open():\n    return f'pragma cache_size = -{CACHE_KIBIBYTES}'\n"))) == []
    assert list(pasted_sql(snippet("def says(name):\n    return f'no record {name}'\n"))) == []


@pytest.mark.parametrize("line", ["{{ name|safe }}", "{{ name | safe }}", "{% autoescape false %}", "Markup(name)"])
def test_what_is_shown_unescaped_is_seen(line: str) -> None:
    assert len(list(unescaped("page.html", line))) == 1
    assert list(unescaped("page.html", "{{ name }} is safe")) == []


@pytest.mark.parametrize("line", ["<script>go()</script>", "<p style='x'>", "<style>", '<a onclick="go()">'])
def test_inline_script_and_style_are_seen(line: str) -> None:
    assert len(list(inline("page.html", line))) == 1
    assert list(inline("page.html", '<script src="/static/page.js" defer></script><link rel="stylesheet" href="/static/x.css">')) == []


def test_templates_and_statements_are_found_where_they_are_kept() -> None:
    # The web room ships pages; were they moved or renamed, the test on templates would pass on nothing.
    assert [place for place, _ in _shipped(".html")] != []
    assert [place for place, _ in _shipped(".sql")] != []
