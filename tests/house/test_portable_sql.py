"""One SQL text runs on SQLite 3.40 and PostgreSQL 15, and can move to a distributed PostgreSQL (Citus, YugabyteDB).

Each rule says in one sentence what to write instead. The six rules for the schema:
  1. a table begins with `collection` and its primary key with it, or is one of the few small ones that every server would hold whole;
  2. no sequence and no identity: positions come from a counter row;
  3. a foreign key contains `collection`;
  4. no generated column, trigger, advisory lock or extension;
  5. nothing depends on notifications;
  6. a statement over a big table names its `collection`, or is one of the few that look at all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from accord.store.statements import migrations, statements

# Tables without `collection`: one row a member, officer, client, clearance, channel, log, work, saved search, source outside or lease. None grows with the records.
SMALL = frozenset(
    {
        "collection",
        "peer",
        "officer",
        "progress",
        "witnessed",
        "cosignature",
        "seen",
        "evidence",
        "client",
        "clearance",
        "held_back",
        "status",
        "saved_search",
        "source",
        "standing_release",
        "lease",
        "held",
        "epoch",
        "rejoin",
        "courier",
    }
)
# Statements that look at every collection: the house's own round over all channels, and an index that is made anew.
OVER_ALL = frozenset({"expiry_due", "recall_forget", "index_clear"})

PORTABLE = {
    r"\bautoincrement\b|\bserial\b|\bidentity\b|\bsequence\b|\bnextval\b": "positions come from the collection's counter row",
    r"\browid\b|\bctid\b|\boid\b": "a row is named by its primary key",
    r"\binsert\s+or\b|\breplace\s+into\b|\bon\s+conflict\s+(?!do\b|\()": "write `on conflict (…) do nothing` or `do update`",
    r"\bglob\b|\bregexp\b|\bilike\b|\bsimilar\s+to\b|~\*|!~": "compare with a range, or do it in Python; `like` minds case on one engine only",
    r"\blike\b(?=[^;]*:\w)": "`like` on a bound value minds case on one engine only; compare with a range",
    r"\bjson\w*\s*\(|->": "columns are taken out in Python when a record is kept",
    r"::": "write `cast(x as type)`",
    r"\bgroup_concat\b|\bstring_agg\b|\barray\b|\bunnest\b|\bany\s*\(": "join texts in Python; a list is a link table or `in (:values)`",
    r"\bifnull\b|\bnvl\b|\biif\s*\(": "write `coalesce` or `case`",
    r"\bgreatest\b|\bleast\b|\b(?:max|min)\s*\([^()]*,": "write `case`; `max` of two values is an aggregate on one engine",
    r"\bdatetime\s*\(|\bstrftime\b|\bnow\s*\(|\bcurrent_(?:date|time\w*)\b|\bjulianday\b": "times are texts that the caller binds",
    r"\btotal\s*\(|\binstr\s*\(|\bprintf\s*\(|\btypeof\s*\(|\bhex\s*\(|\brandomblob\b|\bunixepoch\b": "this function is SQLite's own",
    r"\bboolean\b|\btimestamptz?\b|\bjsonb?\b|\bvarchar\b|\bdatetime\b|\breal\b|\bnumeric\b|\binteger\b|\bint\b": "types are text, bigint, smallint and blob",
    r"\bfor\s+(?:update|share)\b|\bskip\s+locked\b|\block\s+table\b|\badvisory\b": "a writing transaction is alone already",
    r"\bgenerated\b|\btrigger\b|\bextension\b|\bcreate\s+function\b": "the schema is tables, indexes and views alone",
    r"\blisten\b|\bnotify\b": "nothing depends on notifications: ask for what comes after your position",
    r"\bwithout\s+rowid\b|\bstrict\b\s*$|\bpragma\b|\bvacuum\b|\battach\b": "this belongs to one engine: its module, not the shared text",
    r'"|`|\[': "names are plain words without quotes, texts stand in single ones",
    r"\?|\$\d|%s": "values are bound by name, `:name`",
    r"\bx'": "bytes are bound",
}
_NEVER = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), instead) for pattern, instead in PORTABLE.items()]
_TABLE = re.compile(r"create\s+table\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+)\s*\((?P<columns>.*)\)\s*$", re.IGNORECASE | re.DOTALL)
_UNIQUE = re.compile(r"create\s+unique\s+index\s+\w+\s+on\s+(?P<table>\w+)\s*\((?P<columns>[^)]*)\)", re.IGNORECASE)
_USED = re.compile(r"\b(?:from|join|update|into)\s+(?P<table>[a-z_]+)", re.IGNORECASE)


def not_portable(place: str, text: str) -> Iterator[str]:
    """What of a statement does not run on both engines, with what to write instead."""
    bare = re.sub(r"--[^\n]*", "", text)
    without_texts = re.sub(r"'[^']*'", "''", bare)
    for pattern, instead in _NEVER:
        if found := pattern.search(without_texts):
            yield f"{place}: {' '.join(found[0].split())!r} is not portable: {instead}"


def unfit_tables(place: str, definition: str) -> Iterator[str]:
    """What of a table or index would keep it from moving to a server of its own (rules 1 and 3)."""
    if found := _TABLE.match(definition):
        columns = found["columns"].strip()
        keyed = re.search(r"primary\s+key\s*\(\s*collection\s*,", columns, re.IGNORECASE)
        if found["name"] not in SMALL and not (columns.lower().startswith("collection text not null") and keyed):
            yield f"{place}: {found['name']} has to begin with `collection text not null` and its primary key with `collection`, or be small and listed"
        if found["name"] in SMALL and "primary key" not in columns.lower():
            yield f"{place}: {found['name']} has no primary key"
        for key in re.findall(r"foreign\s+key\s*\(([^)]*)\)|\breferences\b", columns, re.IGNORECASE):
            if "collection" not in key:
                yield f"{place}: a foreign key of {found['name']} has to contain `collection`"
        for name in re.findall(r"(?:^|,)\s*(blob|text|user|order|group|end|limit|offset)\s", columns, re.IGNORECASE):
            yield f"{place}: a column of {found['name']} cannot be named {name}"
    if (found := _UNIQUE.match(definition)) and found["table"] not in SMALL and not found["columns"].lower().startswith("collection"):
        yield f"{place}: a unique index on {found['table']} has to begin with `collection`"


def scattered(name: str, text: str) -> Iterator[str]:
    """A statement over a big table that does not say which collection it means (rule 6)."""
    bare = re.sub(r"--[^\n]*", "", text)
    big = {found["table"] for found in _USED.finditer(bare)} - SMALL - {"migration", "set"}
    if big and name not in OVER_ALL and not re.search(r"\bcollection\s*(?:=|>=|in\b)|\(collection\b", bare, re.IGNORECASE):
        yield f"{name}: a statement over {', '.join(sorted(big))} names its collection, or is listed as one that looks at all of them"


def _migrations() -> list[tuple[str, str]]:
    return [(migration.name, definition) for migration in migrations() for definition in migration.definitions]


def test_every_statement_runs_on_both_engines() -> None:
    assert [complaint for name, text in statements().items() for complaint in not_portable(name, text)] == []


def test_every_migration_runs_on_both_engines() -> None:
    assert [complaint for place, text in _migrations() for complaint in not_portable(place, text)] == []


def test_every_table_can_move_to_a_server_of_its_own() -> None:
    assert [complaint for place, text in _migrations() for complaint in unfit_tables(place, text)] == []


def test_every_statement_over_a_big_table_names_its_collection() -> None:
    assert [complaint for name, text in statements().items() for complaint in scattered(name, text)] == []


def test_what_is_listed_exists() -> None:
    tables = {found["name"] for _, text in _migrations() if (found := _TABLE.match(text))}
    assert set() == SMALL - tables
    assert set() == OVER_ALL - set(statements())


@pytest.mark.parametrize(
    "text",
    [
        "create table a (collection text not null, position integer primary key autoincrement)",
        "insert or ignore into a values (:b)",
        "insert or replace into a values (:b)",
        "select body ->> 'id' from a where collection = :c",
        "select json_extract(body, '$.id') from a",
        "select cast(b as text), b::text from a",
        "select rowid from a",
        "select b from a where b glob :c",
        "select b from a where b like :c",
        "select max(b, :c) from a",
        "select ifnull(b, 0) from a",
        "select b from a for update",
        "select b from a where c = ?",
        'select "b" from a',
        "select datetime('now')",
        "create trigger a after insert on b begin select 1; end",
        "select group_concat(b) from a",
    ],
)
def test_a_construct_of_one_engine_is_seen(text: str) -> None:
    assert [] != list(not_portable("x", text))


def test_a_text_that_only_looks_like_one_is_not() -> None:
    text = "-- It says: insert or replace, rowid?\nselect max(position), '[?] -> rowid' from a where b is null and kind in (:values) limit :count"
    assert [] == list(not_portable("x", text))


@pytest.mark.parametrize(
    "definition",
    [
        "create table fresh (position bigint not null primary key)",
        "create table fresh (collection text not null, position bigint not null, primary key (position, collection))",
        "create table fresh (collection text not null, a bigint not null, primary key (collection, a), foreign key (a) references b (a))",
        "create table fresh (collection text not null, text text not null, primary key (collection, text))",
        "create unique index fresh_a on fresh (a)",
    ],
)
def test_a_table_that_cannot_move_is_seen(definition: str) -> None:
    assert [] != list(unfit_tables("x", definition))


def test_a_statement_over_every_collection_is_seen() -> None:
    assert [] != list(scattered("x", "select position from leaf where digest = :digest"))
    assert [] == list(scattered("x", "select position from leaf where collection = :collection"))
    assert [] == list(scattered("x", "select name from officer order by name"))
