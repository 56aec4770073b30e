"""Charters for tests: invented members with keys made from their names, a writer of TOML, and strategies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from accord.charter.document import Charter, SignedCharter, found
from accord.seal.keys import PrivateKey

ARTICLE: dict[str, Any] = {
    "id": "1",
    "sphere": "security-information",
    "says": {"en": "The parties exchange information."},
    "permits": True,
    "source": "INV 1",
    "mark": "V",
}


def root_of(member: str) -> PrivateKey:
    return PrivateKey.from_seed(hashlib.sha256(f"root of {member}".encode()).digest())


def member(name: str, since: str = "2000-01-01", **changes: Any) -> dict[str, Any]:
    statuses = [{"kind": "member", "since": since, "mark": "V", "source": "INV"}]
    return {"id": name, "names": {"en": f"Land of {name}"}, "time_zone": "Asia/Almaty", "statuses": statuses, **changes}


def party(name: str, since: str | None = "2001-01-01", **changes: Any) -> dict[str, Any]:
    fact = {"mark": "gap"} if since is None else {"since": since, "mark": "V"}
    return {"member": name, **fact, "source": "INV", **changes}


def instrument(name: str, *parties: dict[str, Any], force: str | None = "2001-01-01", **changes: Any) -> dict[str, Any]:
    in_force = {"mark": "gap", "source": "INV"} if force is None else {"date": force, "mark": "V", "source": "INV"}
    fields: dict[str, Any] = {
        "id": name,
        "title": f"Invented instrument {name}",
        "signed": {"date": "2000-06-01", "mark": "V", "source": "INV"},
        "in_force": in_force,
        "articles": [ARTICLE],
    }
    return {**fields, **({"parties": list(parties)} if parties else {}), **changes}


def fields(members: list[dict[str, Any]], instruments: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "version": 0,
        "id": "invented.example",
        "names": {"en": "Invented alliance"},
        "protocol": {"basis": "CHARTER/protocol", "says": {"en": "Receipts pass."}},
        "roles": {"officer": ["publish", "read"]},
        "members": members,
        **({"instruments": instruments} if instruments else {}),
        "sources": {"INV": "invented"},
        **changes,
    }


def three() -> Charter:
    """Three invented members of one instrument, a template."""
    names = ("AA", "BB", "CC")
    return Charter.of_fields(fields([member(name) for name in names], [instrument("T1", *(party(name) for name in names))]))


def signed(charter: Charter, *signers: str) -> SignedCharter:
    """The founding on a template by these members, signed by each."""
    after = SignedCharter(found(charter, {name: root_of(name).public for name in signers}), ())
    for name in signers:
        after = after.signed_by(name, root_of(name))
    return after


def toml_of(fields: Mapping[str, Any]) -> str:
    """Write fields as a person might: plain keys, days as days, tables inline."""
    return "\n".join(f"{json.dumps(name)} = {_toml(value)}" for name, value in fields.items())


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            try:
                return date.fromisoformat(value).isoformat() if len(value) == 10 else json.dumps(value, ensure_ascii=False)
            except ValueError:
                return json.dumps(value, ensure_ascii=False)
        case list():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
        case _:
            return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(item)}" for name, item in value.items()) + " }"


def places(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table of a document with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from places(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from places(item, f"{path}[{position}]")


NAMES = ("AA", "BB", "CC", "DD")
DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31)).map(date.isoformat)
TEXTS = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12)


@st.composite
def _facts(draw: st.DrawFn, day: str) -> dict[str, Any]:
    note = {"note": draw(TEXTS)} if draw(st.booleans()) else {}
    if draw(st.integers(0, 4)) == 0:
        return {"mark": "gap", "source": "INV", **note}
    return {day: draw(DAYS), "mark": draw(st.sampled_from(["V", "P", "M"])), "source": "INV 3", **note}


@st.composite
def _members(draw: st.DrawFn) -> list[dict[str, Any]]:
    members = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        days = sorted(draw(st.lists(DAYS, min_size=1, max_size=3, unique=True)))
        kinds = ["member", *draw(st.lists(st.sampled_from(["suspended", "member", "withdrawn", "observer"]), min_size=3, max_size=3))]
        statuses = [{"kind": kind, "since": day, "mark": "P", "source": "INV"} for kind, day in zip(kinds, days, strict=False)]
        members.append(member(name, statuses=statuses, names={"en": draw(TEXTS), "ru": draw(TEXTS)}))
    return members


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of small templates that hold together."""
    members = draw(_members())
    names = [item["id"] for item in members]
    instruments = []
    for number in range(draw(st.integers(0, 3))):
        bound = draw(st.lists(st.sampled_from(names), unique=True))
        parties = [{"member": name, **draw(_facts("since"))} for name in bound]
        articles = [{**ARTICLE, "id": str(place), "permits": draw(st.booleans())} for place in range(1, draw(st.integers(1, 3)) + 1)]
        made = instrument(f"T{number}", *parties, in_force=draw(_facts("date")), articles=articles)
        reserves = draw(st.booleans())
        if bound and reserves:
            excludes = draw(st.lists(st.sampled_from([article["id"] for article in articles]), unique=True))
            says = {"en": draw(TEXTS)}
            made["reservations"] = [{"member": bound[0], "excludes": excludes, "says": says, "mark": "V", "source": "INV"}]
        instruments.append(made)
    return fields(members, instruments)
