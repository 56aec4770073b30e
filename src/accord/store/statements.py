"""The SQL that ships with the house: named statements and numbered migrations, one text for every engine.

A statement is written for SQLite and for PostgreSQL alike; `tests/house/test_portable_sql.py` says what neither may use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_CREATE = re.compile(r"create\s+table\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+)")
_FILL = re.compile(r"insert\s+into\s+(?P<name>\w+)\s*\([^)]*\)\s*values\b", re.IGNORECASE)
_DROP = re.compile(r"drop\s+table\s+(?:if\s+exists\s+)?(?P<name>\w+)")
_RENAME = re.compile(r"alter\s+table\s+(?P<name>\w+)\s+rename\s+to\s+(?P<to>\w+)")
_KEY = re.compile(r"primary\s+key\s*\((?P<several>[^)]*)\)|(?P<one>\w+)\s+\w+\s+not\s+null\s+primary\s+key")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema. Never edited once it is released."""

    number: int
    name: str
    definitions: tuple[str, ...]


@cache
def statements() -> Mapping[str, str]:
    """Every named statement of `queries/`. A name given twice is a mistake of ours."""
    found: dict[str, str] = {}
    for _, text in _shipped("queries"):
        for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
            name, _, body = part.partition("\n")
            assert name.strip() not in found, f"two statements are named {name}"
            found[name.strip()] = body.strip()
    return found


@cache
def migrations() -> tuple[Migration, ...]:
    """Every migration, in the order in which they are applied."""
    return tuple(Migration(int(name.partition("_")[0]), name, _split(text)) for name, text in _shipped("migrations"))


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its name and the columns of its primary key."""

    name: str
    key: tuple[str, ...]


def newest_migration() -> int:
    """The number of the last migration that ships."""
    return migrations()[-1].number


@cache
def tables(*, through: int | None = None) -> tuple[Table, ...]:
    """Every table of data that the migrations leave behind, all of them or those `through` one, in the order of their names.

    One that a migration fills with constants is there and full wherever that migration ran: it is no data, and neither moved nor kept.
    """
    found: dict[str, Table] = {}
    applied = [migration for migration in migrations() if through is None or migration.number <= through]
    for definition in (definition for migration in applied for definition in migration.definitions):
        if gone := _DROP.match(definition) or _FILL.match(definition):
            found.pop(gone["name"], None)
        elif renamed := _RENAME.match(definition):
            found[renamed["to"]] = Table(renamed["to"], found.pop(renamed["name"]).key)
        elif made := _CREATE.match(definition):
            key = _KEY.search(definition)
            assert key is not None, f"{made['name']} has no primary key"
            found[made["name"]] = Table(made["name"], tuple(re.split(r",\s*", key["several"] or key["one"])))
    return tuple(found[name] for name in sorted(found))


def _shipped(folder: str) -> list[tuple[str, str]]:
    resources = sorted(files("accord.store").joinpath(folder).iterdir(), key=lambda item: item.name)
    return [(resource.name, resource.read_text(encoding="utf-8")) for resource in resources if resource.name.endswith(".sql")]


def _split(text: str) -> tuple[str, ...]:
    """A migration's statements; a semicolon ends one, and comments hold none."""
    bare = re.sub(r"--[^\n]*", "", text)
    return tuple(statement for part in bare.split(";") if (statement := part.strip()))
