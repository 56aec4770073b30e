"""A record: one STIX object as its canonical bytes, with a read-only view of its properties; and the files that records come in.

"A record is its bytes": they are made once, when the object arrives, and then stored, hashed, served and relayed as they are.
Here an object only has to be able to be one: bounded, a text as `type` and as `id`. Whether it is what STIX 2.1 asks for is
judged by `schema`, for a node keeps imported objects that break the standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from accord.errors import AccordError, LimitReached, Malformed
from accord.seal.canonical import JSON, OBJECT_BYTES_MAX, Digest, Fields, canonical, digest_of, read_canonical
from accord.seal.canonical import read as read_json
from accord.stix.identifier import IDENTIFIER_CHARACTERS_MAX

FILE_BYTES_MAX: Final = 2**29  # Bytes. Three times the largest public STIX bundle; a file is held in memory as a whole while it is read.
VERSION_CHARACTERS_MAX: Final = 64  # Characters. A timestamp with nine fraction digits has 30; a version is compared and indexed as text.
_SAYS_PERSON: Final = {"identity": "identity_class", "threat-actor": "resource_level"}
_BUNDLE_PROPERTIES_MAX: Final = 100  # Properties of a bundle. It has three, and some tools add a few.


@dataclass(frozen=True, slots=True)
class Record:
    """One object. Two records are equal when their bytes are; `version` is `modified`, else `created`, else empty (TAXII 2.1, 3.4.1)."""

    content: bytes = field(repr=False)
    digest: Digest
    id: str
    type: str
    version: str
    fields: Mapping[str, JSON] = field(compare=False, repr=False)


class Unpacked(NamedTuple):
    """One object of an envelope, with its canonical form."""

    fields: Fields
    content: bytes


def read(raw: bytes) -> Record:
    """Read one object from JSON text; raises what `seal.canonical.read` raises, and what `of_fields` does."""
    value, content = read_canonical(raw)
    if not isinstance(value, dict):
        raise Malformed("a STIX object is a JSON object; this is another value")
    return _record(value, content)


def of_fields(fields: Fields) -> Record:
    """Bring an object to its canonical form, once.

    Raises `Malformed` where `type` or `id` is missing or holds a NUL, or where the object is a bundle, and `LimitReached` for what is too large.
    The mapping becomes the record's view and is not copied: the caller lets go of it.
    """
    return _record(fields, canonical(fields))


def of_canonical(content: bytes, fields: Fields, *, digest: Digest | None = None) -> Record:
    """The record of bytes that the caller has just made from these fields with `seal.canonical`; raises what `of_fields` does.

    A caller that has hashed the bytes already hands their digest on.
    """
    return _record(fields, content, digest)


def _record(fields: Fields, content: bytes, digest: Digest | None = None) -> Record:
    if len(content) > OBJECT_BYTES_MAX:
        raise LimitReached("OBJECT_BYTES_MAX", f"an object of {len(content):,} bytes; at most {OBJECT_BYTES_MAX:,} are taken")
    type_name, identifier = fields.get("type"), fields.get("id")
    if not isinstance(type_name, str) or not isinstance(identifier, str) or not type_name or not identifier:
        raise Malformed("a STIX object has a type and an id, both texts that are not empty; this has not")
    if type_name == "bundle":
        # STIX 2.1, 8: "Bundle ... is not a STIX Object"; it is a wrapping, and what it holds are the records.
        raise Malformed("a bundle is no record", remedy="hand in the objects that it holds")
    if max(len(type_name), len(identifier)) > IDENTIFIER_CHARACTERS_MAX:
        raise LimitReached("IDENTIFIER_CHARACTERS_MAX", "the type or the id of an object is too long")
    version = _version(fields)
    if len(version) > VERSION_CHARACTERS_MAX:
        raise LimitReached("VERSION_CHARACTERS_MAX", "the time of an object's version is too long")
    if "\0" in type_name or "\0" in identifier or "\0" in version:
        # STIX 2.1, 2.9, 3.1 and 3.2 allow it in none of them, and PostgreSQL keeps it in no text. Elsewhere in an object it is a character like others.
        raise Malformed("the type, the id or the time of an object's version holds the character NUL")
    return Record(content, digest or digest_of(content), identifier, type_name, version, MappingProxyType(fields))


def _version(fields: Fields) -> str:
    for name in ("modified", "created"):
        moment = fields.get(name)
        if isinstance(moment, str):
            return moment
    return ""


def concerns_person(fields: Mapping[str, JSON]) -> bool:
    """Say whether an object is about one natural person by its own words.

    The two properties are open vocabularies (STIX 2.1, 10.7 and 10.2), so spelling and case are not relied upon.
    Persons named in descriptions are not found here: that is for the officer who writes the category of data subject.
    """
    says = _SAYS_PERSON.get(str(fields.get("type")))
    kind = None if says is None else fields.get(says)
    return isinstance(kind, str) and kind.strip().casefold() == "individual"


# --- Files -------------------------------------------------------------------------------------------------------------------------

# A file is cut into its objects before any of it is parsed, so that one bad object is one bad object and nothing large is built.
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb"[^\s,\[\]{}]++")
_TO_BRACKET: Final = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+[{}\[\]]', re.DOTALL)


def unpack(raw: bytes) -> Iterator[Fields | AccordError]:
    """The objects of a file in their order: a bundle, one object, a list of objects, or one object (or bundle) a line.

    What cannot be read stands in its place as the error that says why, and reading goes on behind it. `OBJECT_BYTES_MAX` and `DEPTH_MAX`
    hold for each object, `FILE_BYTES_MAX` for the file. A file that ends in the middle is one error. An empty file yields nothing.
    """
    if len(raw) > FILE_BYTES_MAX:
        yield LimitReached(
            "FILE_BYTES_MAX", f"a file of {len(raw):,} bytes; at most {FILE_BYTES_MAX:,} are taken", remedy="hand it in in parts"
        )
        return
    start = _after_space(raw, 0)
    end = _value_end(raw, start)
    if start == len(raw):
        return
    if end is not None and _after_space(raw, end) == len(raw):
        yield from _unpack_value(raw, start, end)
    elif _is_of_lines(raw, start):
        for line in _lines(raw, start):
            yield from _unpack_value(line, 0, len(line))
    else:
        yield Malformed("the file is neither a bundle, an object, a list of objects nor one object a line; it may end too early")


def read_envelope(raw: bytes) -> Iterable[Unpacked | AccordError]:
    """What `unpack_envelope` gives and raises, each object with its canonical form. An envelope in which nothing is wrong is parsed at once."""
    found = _sound_envelope(raw)
    return map(_unpacked, unpack_envelope(raw)) if found is None else found


def _sound_envelope(raw: bytes) -> list[Unpacked | AccordError] | None:
    """The objects of an envelope that has nothing but objects; None where anything is to be told of it or of one of them."""
    if len(raw) > OBJECT_BYTES_MAX:  # Then an object might be too large as it came, which its canonical form does not show.
        return None
    try:
        match read_json(raw):
            case {"objects": list(objects), **others} if not others and all(type(fields) is dict for fields in objects):
                return [Unpacked(fields, canonical(fields)) for fields in objects if isinstance(fields, dict)]
    except AccordError:
        pass
    return None


def _unpacked(found: Fields | AccordError) -> Unpacked | AccordError:
    if isinstance(found, AccordError):
        return found
    try:
        return Unpacked(found, canonical(found))
    except AccordError as error:
        return error


def unpack_envelope(raw: bytes) -> Iterator[Fields | AccordError]:
    """The objects of a TAXII envelope in their order (TAXII 2.1, 3.7); what cannot be read stands in its place as the error that says why.

    Raises `Malformed` where the text is no envelope. Its other properties are read as strictly as an object, and said nothing of.
    """
    start = _after_space(raw, 0)
    end = _value_end(raw, start)
    if not raw.startswith(b"{", start) or end is None or _after_space(raw, end) != len(raw):
        raise Malformed("the request is not one JSON object", remedy='hand in {"objects": [...]}')
    objects = _envelope_objects(raw, start, end)
    if objects is None or not raw.startswith(b"[", objects):
        raise Malformed("the envelope has no list of objects", remedy='hand in {"objects": [...]}')
    return _elements(raw, objects)


def _envelope_objects(raw: bytes, start: int, end: int) -> int | None:
    """Where the value of `objects` begins; the whole object but for that value has to be JSON."""
    objects: int | None = None
    known: set[JSON] = set()
    position = _after_space(raw, start + 1)
    while not (raw.startswith(b"}", position) and not known):
        name = _STRING.match(raw, position, end)
        colon = end if name is None else _after_space(raw, name.end())
        value = _after_space(raw, colon + 1)
        value_end = _value_end(raw, value)
        if name is None or raw[colon : colon + 1] != b":" or value_end is None or value_end >= end:
            raise Malformed("the envelope is not JSON")
        key = read_json(name[0])
        if key in known or len(known) == _BUNDLE_PROPERTIES_MAX:
            raise Malformed("the envelope names a property twice, or far too many")
        known.add(key)
        if key == "objects":
            objects = value
        else:
            read_json(raw[value:value_end])
        position = _after_space(raw, value_end)
        if position == end - 1:
            break
        if raw[position : position + 1] != b",":
            raise Malformed("the envelope is not JSON")
        position = _after_space(raw, position + 1)
    return objects


def _unpack_value(raw: bytes, start: int, end: int) -> Iterator[Fields | AccordError]:
    """The objects of one JSON value: those of a list or bundle, else itself."""
    if raw.startswith(b"[", start):
        yield from _elements(raw, start)
        return
    objects = _bundled(raw, start, end) if raw.startswith(b"{", start) else None
    if objects is None:
        yield _read_object(raw[start:end])
    elif isinstance(objects, AccordError):
        yield objects
    else:
        yield from _elements(raw, objects)


def _read_object(raw: bytes) -> Fields | AccordError:
    try:
        value = read_json(raw)
    except AccordError as error:
        return error
    if not isinstance(value, dict):
        return Malformed("expected a JSON object; this is another value")
    return value


def _bundled(raw: bytes, start: int, end: int) -> int | AccordError | None:
    """Where the list of a bundle's objects begins; None where the object is no bundle."""
    if raw.find(b'"bundle"', start, end) < 0:
        return None
    places: dict[bytes, int] = {}
    position = _after_space(raw, start + 1)
    for _ in range(_BUNDLE_PROPERTIES_MAX):
        name = _STRING.match(raw, position, end)
        if name is None:
            break
        colon = _after_space(raw, name.end())
        value = _after_space(raw, colon + 1)
        value_end = _value_end(raw, value)
        if raw[colon : colon + 1] != b":" or value_end is None:
            return None  # Not JSON: the strict reader says what is wrong.
        if name[0] in places:
            return Malformed("the outermost object names a property twice")
        places[name[0]] = value
        comma = _after_space(raw, value_end)
        if raw[comma : comma + 1] != b",":
            break
        position = _after_space(raw, comma + 1)
    kind = places.get(b'"type"')
    if kind is None or not raw.startswith(b'"bundle"', kind):
        return None
    objects = places.get(b'"objects"')
    if objects is None:
        return Malformed("a bundle without objects")
    return objects if raw.startswith(b"[", objects) else Malformed("the objects of a bundle are a list; here they are not")


def _elements(raw: bytes, start: int) -> Iterator[Fields | AccordError]:
    position = _after_space(raw, start + 1)
    while not raw.startswith(b"]", position):
        end = _value_end(raw, position)
        if end is None:
            yield Malformed("a list of objects holds what is no JSON value; what follows was not read")
            return
        yield _read_object(raw[position:end])
        position = _after_space(raw, end)
        if raw.startswith(b",", position):
            position = _after_space(raw, position + 1)
        elif not raw.startswith(b"]", position):
            yield Malformed("a list of objects lacks a comma; what follows was not read")
            return


def _value_end(raw: bytes, start: int) -> int | None:
    """Where the JSON value that begins here ends, by its brackets alone; None where it does not end. What is inside is not checked."""
    if not raw.startswith((b"{", b"["), start):
        found = _STRING.match(raw, start) or _SCALAR.match(raw, start)
        return found.end() if found else None
    depth = 0
    position = start
    match_bracket = _TO_BRACKET.match
    while (found := match_bracket(raw, position)) is not None:
        position = found.end()
        depth += 1 if raw[position - 1] in b"{[" else -1
        if depth == 0:
            return position
    return None


def _after_space(raw: bytes, position: int) -> int:
    space = _SPACE.match(raw, position)
    return space.end() if space else position


def _is_of_lines(raw: bytes, start: int) -> bool:
    """Say whether one of the first two lines is a whole object: a broken first line is then one bad object and not a bad file."""
    return any(line.startswith(b"{") and _value_end(line, 0) == len(line) for line in islice(_lines(raw, start), 2))


def _lines(raw: bytes, start: int) -> Iterator[bytes]:
    position = start
    while position < len(raw):
        end = raw.find(b"\n", position)
        end = len(raw) if end < 0 else end
        line = raw[position:end].strip()
        if line:
            yield line
        position = end + 1
