"""Invented STIX 2.1 objects, as many as are asked for, the same for the same seed.

Kinds and sizes are those of what is published: about 800 bytes, most of them indicators and relationships. Every object is canonical and conforms
to the standard, so that a measurement of ingest does not measure refusals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

from accord.seal.canonical import JSON, canonical

Object: TypeAlias = dict[str, JSON]

_SAYS = (
    "Invented for a measurement. Traffic to this address was seen beside the lures of an invented campaign; the sample came as an attachment, "
    "wrote itself beside the browser's files and asked for its next orders over the same port every nine minutes. "
)
_DAYS = 28
_SEEN_FROM_YEAR = 2020


def objects(count: int, *, seed: str = "accord", first: int = 0) -> Iterator[Object]:
    """`count` objects, counted from `first`."""
    for number in range(first, first + count):
        yield _KINDS[number % len(_KINDS)](seed, number)


def contents(count: int, *, seed: str = "accord", first: int = 0) -> Iterator[bytes]:
    """The same objects as their canonical bytes."""
    return map(canonical, objects(count, seed=seed, first=first))


def batches(count: int, size: int, *, seed: str = "accord", first: int = 0) -> Iterator[list[Object]]:
    """The same objects in lists of `size`."""
    found = objects(count, seed=seed, first=first)
    while batch := list(islice(found, size)):
        yield batch


def envelope(bodies: list[bytes]) -> bytes:
    """What a tool hands in (TAXII 2.1, 3.7)."""
    return b'{"objects":[' + b",".join(bodies) + b"]}"


def _uuid(seed: str, kind: str, number: int) -> str:
    found = hashlib.blake2b(f"{seed} {kind} {number}".encode(), digest_size=16).hexdigest()
    return f"{found[:8]}-{found[8:12]}-4{found[13:16]}-a{found[17:20]}-{found[20:]}"


def _made(seed: str, kind: str, number: int) -> Object:
    moment = f"{_SEEN_FROM_YEAR + number % 6}-{number % 12 + 1:02}-{number % _DAYS + 1:02}T{number % 24:02}:{number % 60:02}:00.{number % 1000:03}Z"
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{_uuid(seed, kind, number)}",
        "created_by_ref": f"identity--{_uuid(seed, 'identity', number % 50)}",
        "created": moment,
        "modified": moment,
        "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
    }


def _indicator(seed: str, number: int) -> Object:
    value = hashlib.sha256(f"{seed} {number}".encode()).hexdigest()
    made = _made(seed, "indicator", number)
    return made | {
        "name": f"Invented indicator {number}",
        "description": _SAYS,
        "indicator_types": ["malicious-activity"],
        "pattern": f"[file:hashes.'SHA-256' = '{value}' OR domain-name:value = 'x{value[:12]}.example']",
        "pattern_type": "stix",
        "valid_from": made["created"],
        "labels": ["invented", f"batch-{number % 100}"],
        "confidence": number % 101,
    }


def _relationship(seed: str, number: int) -> Object:
    return _made(seed, "relationship", number) | {
        "relationship_type": "indicates",
        "source_ref": f"indicator--{_uuid(seed, 'indicator', number - 1)}",
        "target_ref": f"malware--{_uuid(seed, 'malware', number % 1000)}",
        "description": _SAYS[:120],
        "external_references": [{"source_name": "invented", "url": f"https://reports.example/{number}"}],
    }


def _malware(seed: str, number: int) -> Object:
    return _made(seed, "malware", number) | {
        "name": f"Invented malware {number}",
        "description": _SAYS * 3,
        "is_family": False,
        "malware_types": ["trojan"],
        "kill_chain_phases": [{"kill_chain_name": "invented-chain", "phase_name": "delivery"}],
        "external_references": [{"source_name": "invented", "external_id": f"X-{number}", "url": f"https://reports.example/{number}"}],
    }


def _address(seed: str, number: int) -> Object:
    return {
        "type": "ipv4-addr",
        "spec_version": "2.1",
        "id": f"ipv4-addr--{_uuid(seed, 'ipv4-addr', number)}",
        "value": f"198.{18 + number % 2}.{number // 256 % 256}.{number % 256}",
    }


def _sighting(seed: str, number: int) -> Object:
    made = _made(seed, "sighting", number)
    return made | {
        "sighting_of_ref": f"indicator--{_uuid(seed, 'indicator', number - 4)}",
        "where_sighted_refs": [f"identity--{_uuid(seed, 'identity', number % 50)}"],
        "first_seen": made["created"],
        "last_seen": made["created"],
        "count": number % 1000 + 1,
        "description": _SAYS,
    }


_KINDS: tuple[Callable[[str, int], Object], ...] = (
    _indicator,
    _relationship,
    _indicator,
    _relationship,
    _malware,
    _indicator,
    _relationship,
    _sighting,
    _indicator,
    _address,
)
