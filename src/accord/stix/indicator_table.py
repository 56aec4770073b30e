"""Indicators as a table: one row each, for the tools that read nothing else, written so that no spreadsheet runs what a cell says.

A table holds less than a record. What it cannot hold is counted by type and property when it is written, and by column when it is read: nothing
is lost in silence. A row with a pattern is a pattern of STIX; a row with kind and value alone is read as the pattern that compares the two.
A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection), which is taken off again when it is read.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from accord.errors import AccordError, LimitReached, Malformed
from accord.seal.canonical import JSON, Fields
from accord.stix.identifier import identifier
from accord.stix.pattern import parse
from accord.stix.pattern_tree import Comparison, Constant, Kind, Observation, Operator, Pattern
from accord.stix.statement import timestamp

CELL_CHARACTERS_MAX = 131_072  # Characters of a cell: what the stdlib's reader takes; the longest public pattern has a fiftieth.
COLUMNS_MAX = 200  # Columns. A table of indicators has a dozen; more is another kind of file.

COLUMNS: Final = (
    "id",
    "created",
    "modified",
    "kind",
    "value",
    "pattern",
    "name",
    "description",
    "valid_from",
    "valid_until",
    "confidence",
    "labels",
    "indicator_types",
)
_LISTS: Final = ("labels", "indicator_types")
_SAID: Final = frozenset(
    {"type", "spec_version", "pattern_type"}
)  # What every row says by being one: an indicator of STIX 2.1, by its pattern.
_SHORT_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ipv4": "ipv4-addr:value",
        "ipv6": "ipv6-addr:value",
        "domain": "domain-name:value",
        "url": "url:value",
        "email": "email-addr:value",
        "md5": "file:hashes.MD5",
        "sha1": "file:hashes.'SHA-1'",
        "sha256": "file:hashes.'SHA-256'",
        "sha512": "file:hashes.'SHA-512'",
    }
)
_PHYSICAL_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")  # A quoted cell may hold several; the reader joins them.
_TO_QUOTE: Final = re.compile(r'[",\r\n]|^\s|\s$')
_FORMULA: Final = re.compile(r"['\s]*[=+\-@\t\r\n＝＋－＠]")


def safe(text: str) -> str:
    """A text as a cell that is no formula; `plain` is its inverse."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def head() -> bytes:
    """The first line. It begins with the mark by which spreadsheets know UTF-8."""
    return b"\xef\xbb\xbf" + _line(COLUMNS)


def row_of(fields: Fields, lost: Counter[tuple[str, str]]) -> bytes:
    """One record as a line, empty where it is no indicator by a pattern of STIX. What is left behind is added to `lost`."""
    kind = str(fields.get("type"))
    pattern = fields.get("pattern")
    if kind != "indicator" or fields.get("pattern_type") != "stix" or not isinstance(pattern, str):
        lost[kind, "the whole record"] += 1
        return b""
    cells = dict.fromkeys(COLUMNS, "")
    for name, value in fields.items():
        if name in _SAID:
            if name == "spec_version" and value != "2.1":
                lost[kind, name] += 1
        elif (cell := _cell(name, value)) is None:
            lost[kind, name] += 1
        else:
            cells[name] = cell
    cells["kind"], cells["value"] = _compared(pattern)
    return _line([safe(cells[name]) for name in COLUMNS])


def rows_in(raw: bytes, *, now: datetime, lost: Counter[tuple[str, str]]) -> Iterator[Fields | AccordError]:
    """The rows of a table as indicators, or the error that says in which line what is wrong. Columns that are not known are added to `lost`.

    A row without an identifier has that of its pattern, and without a time that of the import.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Malformed(f"the table is not UTF-8 from byte {error.start} on", remedy="save it as CSV UTF-8")
        return
    reader = csv.reader((found[0] for found in _PHYSICAL_LINE.finditer(text)), strict=True)
    names: list[str] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Malformed(f"line {reader.line_num}: {error}; what follows was not read")
            return
        if cells is None:
            return
        if not names:
            names = [cell.strip().casefold() for cell in cells]
            if fault := _fault_of_head(names):
                yield fault
                return
        elif any(cells):
            yield _indicator(names, cells, line=reader.line_num, now=now, lost=lost)


def _fault_of_head(names: Sequence[str]) -> AccordError | None:
    if len(names) > COLUMNS_MAX:
        return LimitReached("COLUMNS_MAX", f"the table has {len(names)} columns", remedy="keep those that describe indicators")
    known = [name for name in names if name in COLUMNS]
    if len(known) != len(set(known)):
        return Malformed("line 1: a column stands there twice")
    if "pattern" not in known and not {"kind", "value"} <= set(known):
        return Malformed("line 1: expected the names of columns, with pattern, or kind and value, among them", remedy=", ".join(COLUMNS))
    return None


def _indicator(
    names: Sequence[str], cells: Sequence[str], *, line: int, now: datetime, lost: Counter[tuple[str, str]]
) -> Fields | AccordError:
    if len(cells) != len(names):
        return Malformed(f"line {line}: {len(cells)} cells under {len(names)} columns")
    said = {name: plain(cell).strip() for name, cell in zip(names, cells, strict=True) if cell.strip()}
    try:
        pattern = said.get("pattern") or _pattern(said.get("kind", ""), said.get("value", ""))
        parse(pattern)
        fields = _times(said, now) | _texts(said)
    except AccordError as error:
        return Malformed(f"line {line}: {error.says}")
    for name in said.keys() - set(COLUMNS):
        lost["column", name] += 1
    stix_id = said.get("id") or identifier("indicator", uuid5(NAMESPACE_URL, f"accord table {pattern}"))
    return {"type": "indicator", "spec_version": "2.1", "id": stix_id, "pattern": pattern, "pattern_type": "stix", **fields}


def _times(said: Mapping[str, str], now: datetime) -> Fields:
    created = said.get("created") or said.get("valid_from") or timestamp(now.replace(microsecond=0))
    times: Fields = {"created": created, "modified": said.get("modified") or created, "valid_from": said.get("valid_from") or created}
    if "valid_until" in said:
        times["valid_until"] = said["valid_until"]
    return times


def _texts(said: Mapping[str, str]) -> Fields:
    texts: Fields = {name: said[name] for name in ("name", "description") if name in said}
    for name in _LISTS:
        if name in said:
            parts: list[JSON] = [part.strip() for part in said[name].split(";") if part.strip()]
            texts[name] = parts
    if "confidence" in said:
        if not re.fullmatch(r"[0-9]{1,3}", said["confidence"]):
            raise Malformed("confidence is a number from 0 to 100")
        texts["confidence"] = int(said["confidence"])
    return texts


def _pattern(kind: str, value: str) -> str:
    path = _SHORT_KINDS.get(kind.casefold(), kind)
    if not path or not value:
        raise Malformed("expected a pattern, or a kind and a value")
    return f"[{path} = {Constant(Kind.STRING, value)}]"


def _compared(pattern: str) -> tuple[str, str]:
    """Kind and value of a pattern that compares one path with one text; empty for any other."""
    try:
        found = parse(pattern)
    except AccordError:
        return "", ""
    match found:
        case Pattern(
            Observation(Comparison(path=path, operator=Operator.EQUAL, operands=(Constant(Kind.STRING, str(value)),), is_negated=False))
        ):
            return str(path), value
        case _:
            return "", ""


def _cell(name: str, value: JSON) -> str | None:
    """A property as the text of its column; None where no column holds it whole."""
    if name not in COLUMNS or name in {"kind", "value"}:
        return None
    if name in _LISTS:
        parts = value if isinstance(value, list) else None
        if parts is None or not all(isinstance(part, str) and part == part.strip() and part and ";" not in part for part in parts):
            return None
        return ";".join(str(part) for part in parts)
    if name == "confidence":
        return str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100 else None
    fits = isinstance(value, str) and value == value.strip() and value and len(value) < CELL_CHARACTERS_MAX and "\0" not in value
    return str(value) if fits else None


def _line(cells: Sequence[str]) -> bytes:
    return (",".join(_quoted(cell) for cell in cells) + "\r\n").encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _TO_QUOTE.search(cell) else cell
