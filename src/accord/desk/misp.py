"""MISP: records as an event of MISP, and events as objects of STIX, through `misp-stix`, with a report of what each conversion lost.

The converter is the MISP project's own, an extra of this package: `pip install 'accord[misp]'`. It reads into classes that change what they
read, so every conversion is made back at once and held against what went in. What does not come back the same is counted by type and property:
`the whole record` where nothing of it came back, `id` where it came back under another identifier.
It runs in a process of its own (`desk.misp_converter`), which has the user's rights and none of the node's memory.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from accord.errors import AccordError, LimitReached, Malformed, Unready
from accord.seal.canonical import Fields
from accord.seal.canonical import read as read_json
from accord.stix.times import instant, is_timestamp

MISP_OBJECTS_MAX = 5_000  # Objects of one event: the converter holds them all, and turns about a thousand a second.
MISP_OCTETS_MAX = 64 * 2**20  # Bytes of a file of events.
EVENTS_MAX = 1_000  # Events of one file.
CONVERSION_SECONDS_MAX = 600  # Seconds for one file: 64 MiB of events take a few minutes.

WHOLE = "the whole record"
_UNKEPT = frozenset(
    {"id", "event_id", "object_id", "sharing_group_id", "template_version", "timestamp", "deleted"}
)  # Numbers of one server's rows.

Lost = Counter[tuple[str, str]]


def event_of(contents: Sequence[bytes], *, member: str, lost: Lost) -> bytes:
    """These records as one event of the member, as MISP reads it."""
    if len(contents) > MISP_OBJECTS_MAX:
        raise LimitReached("MISP_OBJECTS_MAX", f"{len(contents)} records are more than an event takes", remedy="export less at once")
    objects = [_fields(content) for content in contents]
    [answer] = _converted("records", list(objects))
    if "error" in answer:
        raise Malformed(f"misp-stix cannot convert these records: {answer['error']}")
    who = {"Orgc": {"uuid": str(uuid5(NAMESPACE_URL, f"accord member {member}")), "name": member}, "info": f"Records of {member}"}
    _compare_objects(objects, answer["back"], lost)
    return orjson.dumps({"Event": answer["event"] | who})


def objects_in(raw: bytes, *, lost: Lost) -> Iterator[Fields | AccordError]:
    """The objects of STIX that a file of events becomes, or the error that says which event could not be read."""
    if len(raw) > MISP_OCTETS_MAX:
        yield LimitReached("MISP_OCTETS_MAX", f"a file of {len(raw)} bytes", remedy="cut it by events")
        return
    try:
        events = _events(read_json(raw))
    except AccordError as error:
        yield error
        return
    for number, (event, answer) in enumerate(zip(events, _converted("events", list(events)), strict=True), start=1):
        if "error" in answer:
            yield Malformed(f"event {number}: misp-stix cannot convert it: {answer['error']}")
        elif not answer["objects"]:
            yield Malformed(f"event {number}: misp-stix finds nothing in it that it can convert")
        else:
            _compare_events(event, answer["back"], lost)
            yield from answer["objects"]


def _converted(what: str, value: list[Fields]) -> list[dict[str, Any]]:
    """Ask the converter's process, and believe only that its answer is JSON."""
    if importlib.util.find_spec("misp_stix_converter") is None:
        raise Unready("MISP needs the package misp-stix, which is not installed", remedy="pip install 'accord[misp]'")
    command = [sys.executable, "-I", "-m", "accord.desk.misp_converter", what]
    try:
        done = subprocess.run(command, input=orjson.dumps(value), capture_output=True, check=False, env={}, timeout=CONVERSION_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise LimitReached("CONVERSION_SECONDS_MAX", "misp-stix did not come to an end", remedy="hand it in in parts") from None
    try:
        answers: list[dict[str, Any]] = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        raise Malformed(f"misp-stix ended without an answer, status {done.returncode}", remedy="hand it in in parts") from None
    return answers


def _events(value: object) -> list[Fields]:
    match value:
        case {"response": list(items)} | list(items):
            pass
        case _:
            items = [value]
    events = [item["Event"] if isinstance(item, dict) and "Event" in item else item for item in items]
    if len(events) > EVENTS_MAX:
        raise LimitReached("EVENTS_MAX", f"a file of {len(events)} events", remedy="cut it into several")
    if not all(isinstance(event, dict) and "uuid" in event for event in events):
        raise Malformed('expected an event of MISP, {"Event": {…}}, or a list of them')
    return [event for event in events if isinstance(event, dict)]


def _compare_objects(before: Sequence[Fields], after: Sequence[Fields], lost: Lost) -> None:
    back = {str(item.get("id")): item for item in after}
    names = {(item.get("type"), item.get("name")) for item in after}
    for item in before:
        kind = str(item.get("type"))
        other = back.get(str(item.get("id")))
        if other is not None:
            lost.update((kind, name) for name, value in item.items() if not _is_same(value, other.get(name)))
        else:
            lost[kind, "id" if "name" in item and (kind, item["name"]) in names else WHOLE] += 1


def _compare_events(before: Mapping[str, Any], after: Mapping[str, Any], lost: Lost) -> None:
    back = {item.get("uuid"): item for _, item in _parts(after)}
    for kind, item in _parts(before):
        other = back.get(item.get("uuid"))
        if other is None:
            lost[kind, WHOLE] += 1
            continue
        lost.update(
            (kind, name)
            for name, value in item.items()
            if name not in _UNKEPT | {"Attribute"} and value not in (None, "", [], False) and other.get(name) != value
        )
    said = {"Attribute", "Object", "uuid"} | _UNKEPT
    lost.update(("event", name) for name, value in before.items() if name not in said and value and after.get(name) != value)


def _parts(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Attributes and objects of an event, those inside of objects too."""
    for attribute in event.get("Attribute", []):
        yield f"attribute {attribute.get('type')}", attribute
    for thing in event.get("Object", []):
        yield f"object {thing.get('name')}", thing
        yield from _parts({"Attribute": thing.get("Attribute", [])})


def _is_same(value: object, other: object) -> bool:
    if isinstance(value, str) and isinstance(other, str) and is_timestamp(value) and is_timestamp(other):
        return instant(value) == instant(other)
    return value == other


def _fields(content: bytes) -> Fields:
    fields = read_json(content)
    assert isinstance(fields, dict), "a record is an object"
    return fields
