"""The charter: one canonical document that says who the members are, under which instruments they exchange, and which root keys speak for them.

A charter's canonical bytes are the charter; its digest is what nodes pin and name. It is written by people as TOML and signed as JSON, with the
same content in both. Version 0 is a template; version 1 is founded on one and signed by every member whose root key it pins.
Which signatures a later version needs is not judged here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from accord.charter.bodies import Body
from accord.charter.entry import Entry
from accord.charter.instruments import Basis, Instrument
from accord.charter.members import Member, Partner
from accord.charter.purposes import Purpose
from accord.charter.roles import Act, OfficerRole, read_roles
from accord.errors import CharterInvalid, LimitReached, Malformed, NotFound, SignatureInvalid
from accord.seal.canonical import (
    DEPTH_MAX,
    JSON,
    OBJECT_BYTES_MAX,
    Digest,
    Fields,
    canonical,
    digest_of,
    parse_digest,
    read,
    read_canonical,
)
from accord.seal.keys import PrivateKey, PublicKey
from accord.seal.signature import Signature, sign_fields, verify_fields

FORMAT: Final = 1  # The spelling of this document. A reader refuses what it does not know.
ID_CHARACTERS_MAX: Final = 100  # Characters of a charter's identifier, which opens the name of every log.
CONTEXT: Final = "charter"  # What a member's signature is over begins with this word, so that it holds for nothing else.

_ID: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*(/[a-z0-9]+([.-][a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True)
class Protocol:
    """The clause on which control records pass (receipts, recalls, consents, notices). It survives suspension and exit."""

    basis: Basis
    says: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an officer who publishes need not say, as written by the charter; empty or None where it says nothing."""

    tlp: str = ""
    grade: str = ""
    review_days: int | None = None


@dataclass(frozen=True, slots=True)
class Charter:
    """One version of a charter. Made from fields, TOML or signed bytes; `content` is its canonical form and everything else a view of it."""

    id: str
    version: int
    names: Mapping[str, str]
    previous: Digest | None
    protocol: Protocol
    defaults: Defaults
    roles: Mapping[OfficerRole, frozenset[Act]]
    purposes: tuple[Purpose, ...]
    members: tuple[Member, ...]
    partners: tuple[Partner, ...]
    bodies: tuple[Body, ...]
    instruments: tuple[Instrument, ...]
    sources: Mapping[str, str]
    content: bytes
    digest: Digest

    @property
    def name(self) -> str:
        return self.names["en"]

    @property
    def fields(self) -> Fields:
        """The document as JSON, a new copy each time."""
        value = read(self.content)
        assert isinstance(value, dict), "a charter was read from a table"
        return value

    def member(self, name: str) -> Member:
        """Give a member; `NotFound` for a partner too, who has no part in the exchange."""
        for member in self.members:
            if member.id == name:
                return member
        raise NotFound(f"{name} is not a member in {self.id}", remedy=f"its members are {', '.join(item.id for item in self.members)}")

    def state(self, name: str) -> Member | Partner:
        """Give a member or a partner."""
        for partner in self.partners:
            if partner.id == name:
                return partner
        return self.member(name)

    @classmethod
    def of_fields(cls, fields: Fields) -> Charter:
        """Read a charter from JSON fields. Raises `CharterInvalid` naming the path of the entry that does not hold."""
        content = canonical(fields)
        if len(content) > OBJECT_BYTES_MAX:
            raise LimitReached("OBJECT_BYTES_MAX", f"a charter of {len(content):,} bytes; at most {OBJECT_BYTES_MAX:,} are taken")
        with Entry(fields, "") as entry:
            if entry.number("format", least=1) != FORMAT:
                raise entry.fault(f"this reader knows format {FORMAT}", "format")
            charter = cls(
                id=_id(entry),
                version=entry.number("version", least=0),
                names=entry.languages("names"),
                previous=_previous(entry),
                protocol=_protocol(entry.table("protocol")),
                defaults=_defaults(entry),
                roles=read_roles(entry.table("roles")),
                purposes=tuple(Purpose.read(table) for table in entry.tables("purposes")),
                members=tuple(Member.read(table) for table in entry.tables("members")),
                partners=tuple(Partner.read(table) for table in entry.tables("partners")),
                bodies=tuple(Body.read(table) for table in entry.tables("bodies")),
                instruments=tuple(Instrument.read(table) for table in entry.tables("instruments")),
                sources=_sources(entry.table("sources")),
                content=content,
                digest=digest_of(content),
            )
            _check(charter, entry)
        _check_sources(fields, "", charter.sources)
        return charter


@dataclass(frozen=True, slots=True)
class CharterSignature:
    """One member's signature, by its root key, over the charter's canonical form in the context ``charter``."""

    member: str
    signature: Signature

    def fields(self) -> Fields:
        return {"member": self.member, **self.signature.fields()}

    @classmethod
    def parse(cls, value: JSON) -> CharterSignature:
        if not isinstance(value, dict) or not isinstance(member := value.get("member"), str):
            raise Malformed("a signature of a charter has member, algorithm, key and value")
        return cls(member, Signature.parse({name: item for name, item in value.items() if name != "member"}))


@dataclass(frozen=True, slots=True)
class SignedCharter:
    """A charter with its members' signatures, in the order of the members' identifiers, each once."""

    charter: Charter
    signatures: tuple[CharterSignature, ...]

    def to_bytes(self) -> bytes:
        """Write ``{"charter": {…}, "signatures": [{"member": "KZ", "algorithm": …, "key": …, "value": …}]}`` in canonical form."""
        return canonical({"charter": self.charter.fields, "signatures": [item.fields() for item in self.signatures]})

    @classmethod
    def read(cls, raw: bytes) -> SignedCharter:
        """Read what `to_bytes` writes, and only that. Whether the signatures hold and suffice is `check_founding`."""
        value, written = read_canonical(raw)
        match value:
            case {"charter": dict(fields), "signatures": list(entries), **rest} if not rest:
                signed = cls(Charter.of_fields(fields), tuple(CharterSignature.parse(entry) for entry in entries))
            case _:
                raise Malformed("a signed charter has exactly charter and signatures")
        signers = [item.member for item in signed.signatures]
        if signers != sorted(set(signers)):
            raise Malformed("the signatures of a charter stand in the order of the members' identifiers, each once")
        if written != raw:
            raise Malformed("a signed charter is in canonical form", remedy="do not edit the file; get it again from a member you trust")
        return signed

    def signed_by(self, member: str, key: PrivateKey) -> SignedCharter:
        """Add a member's signature. A member signs a version once, with the root key that this very charter pins for it."""
        root = self.charter.member(member).root
        if root is None:
            raise CharterInvalid(f"the charter pins no root key for {member}", remedy="found it with that member's public key")
        if root != key.public:
            raise CharterInvalid(f"the charter pins root key {root.id} for {member}, this is {key.public.id}", remedy="use that key")
        if any(item.member == member for item in self.signatures):
            raise CharterInvalid(f"{member} has signed this charter already")
        made = sign_fields(self.charter.fields, context=CONTEXT, key=key)["signatures"]
        assert isinstance(made, list)
        added = CharterSignature(member, Signature.parse(made[0]))
        return SignedCharter(self.charter, tuple(sorted((*self.signatures, added), key=lambda item: item.member)))

    def missing(self) -> tuple[str, ...]:
        """The members that have a root key and did not sign, in the order of the charter."""
        signers = {item.member for item in self.signatures}
        return tuple(member.id for member in self.charter.members if member.root is not None and member.id not in signers)

    def check_founding(self) -> None:
        """Hold a first version to its rule: every member whose root key it pins has signed it, and nobody else.

        Raises `CharterInvalid` naming who is missing or does not belong, and `SignatureInvalid` naming whose signature does not hold.
        """
        if self.charter.version != 1:
            raise CharterInvalid(f"version {self.charter.version} is not a founding", remedy="found version 1 on a template")
        for item in self.signatures:
            root = self.charter.member(item.member).root
            if root is None:
                raise CharterInvalid(f"{item.member} signed, and the charter pins no root key for it")
            self._check_signature(item, root)
        if missing := self.missing():
            raise CharterInvalid(f"the charter is not signed by {', '.join(missing)}", remedy="ask them to sign with `accord charter sign`")

    def _check_signature(self, item: CharterSignature, root: PublicKey) -> None:
        if (item.signature.algorithm, item.signature.key) != (root.algorithm, root.id):
            raise SignatureInvalid(f"the signature of {item.member} names another key than the charter pins for it")
        try:
            verify_fields({**self.charter.fields, "signatures": [item.signature.fields()]}, context=CONTEXT, keys=[root])
        except SignatureInvalid as fault:
            raise SignatureInvalid(f"the signature of {item.member} does not hold over this charter") from fault


def read_toml(text: str) -> Charter:
    """Read a charter as people write it. A day is a TOML date; times and fractions are refused, for no charter needs them.

    For a person's own draft: the parser of TOML is slow on dotted keys of absurd length. Between nodes a charter travels as JSON.
    """
    if len(text.encode("utf-8", "replace")) > OBJECT_BYTES_MAX:
        raise LimitReached("OBJECT_BYTES_MAX", "the text of a charter is too long")
    try:
        table: Mapping[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Malformed(f"not TOML: {fault}", remedy="correct that line") from fault
    return Charter.of_fields({name: _plain(value, name) for name, value in table.items()})


def template() -> Charter:
    """The charter of the Shanghai Cooperation Organisation as a template: no root keys, no signatures, every day with its mark and source."""
    return read_toml(files("accord.charter").joinpath("sco", "charter.toml").read_text(encoding="utf-8"))


def found(template: Charter, roots: Mapping[str, PublicKey]) -> Charter:
    """Make version 1 of a template with the founding members' root keys. The others have their place and no node yet."""
    if template.version != 0:
        raise CharterInvalid(f"{template.id} is version {template.version} already", remedy="found a template, which is version 0")
    if not roots:
        raise CharterInvalid("a charter is founded by at least one member", remedy="name the members and their public root keys")
    for member in roots:
        template.member(member)
    fields = template.fields
    fields["version"] = 1
    entries = fields["members"]
    assert isinstance(entries, list)
    for entry in entries:
        assert isinstance(entry, dict)
        if (name := entry["id"]) in roots:
            entry["root"] = str(roots[str(name)])
    return Charter.of_fields(fields)


def _id(entry: Entry) -> str:
    name = entry.text("id")
    if not _ID.fullmatch(name) or len(name) > ID_CHARACTERS_MAX:
        raise entry.fault("expected lower-case words with dots, hyphens and slashes between them, such as sco.example", "id")
    return name


def _previous(entry: Entry) -> Digest | None:
    if not entry.has("previous"):
        return None
    try:
        return parse_digest(entry.text("previous"))
    except Malformed as fault:
        raise entry.fault(fault.says, "previous") from fault


def _protocol(entry: Entry) -> Protocol:
    with entry:
        try:
            basis = Basis.parse(entry.text("basis"))
        except Malformed as fault:
            raise entry.fault(fault.says, "basis") from fault
        return Protocol(basis, entry.languages("says"))


def _defaults(entry: Entry) -> Defaults:
    if not entry.has("defaults"):
        return Defaults()
    with entry.table("defaults") as table:
        if not table.left():
            raise table.fault("an empty table; leave it out")
        days = table.number("review_days", least=1) if table.has("review_days") else None
        return Defaults(table.text_if_any("tlp"), table.text_if_any("grade"), days)


def _sources(entry: Entry) -> Mapping[str, str]:
    with entry:
        return MappingProxyType({name: entry.text(name) for name in entry.left()})


def _check(charter: Charter, entry: Entry) -> None:
    """Hold the parts of a charter to one another."""
    roots = [member.root for member in charter.members if member.root is not None]
    rules = {0: not roots and charter.previous is None, 1: bool(roots) and charter.previous is None}
    if not rules.get(charter.version, bool(roots) and charter.previous is not None):
        raise entry.fault("0 is a template without root keys, 1 has root keys, and every later version names the one before it", "version")
    if not charter.members:
        raise entry.fault("a charter has members", "members")
    states: tuple[Member | Partner, ...] = (*charter.members, *charter.partners)
    _check_distinct([state.id.lower() for state in states], entry, "members")
    _check_distinct(roots, entry, "members")
    _check_distinct([item.id for item in charter.purposes], entry, "purposes")
    _check_distinct([item.id for item in charter.bodies], entry, "bodies")
    instruments = {item.id for item in charter.instruments}
    _check_distinct([item.id for item in charter.instruments], entry, "instruments")
    if charter.protocol.basis.instrument in instruments:
        raise entry.fault("the clause is this charter's own and has not the name of an instrument", "protocol.basis")
    members = {item.id for item in charter.members}
    for position, instrument in enumerate(charter.instruments):
        if strangers := [party.member for party in instrument.parties if party.member not in members]:
            raise entry.fault(f"{strangers[0]} is not among the members", f"instruments[{position}].parties")
    for position, body in enumerate(charter.bodies):
        if body.instrument not in instruments:
            raise entry.fault(f"{body.instrument} is not among the instruments", f"bodies[{position}].basis")
        if body.reports_to and body.reports_to not in {item.id for item in charter.bodies}:
            raise entry.fault(f"{body.reports_to} is not among the bodies", f"bodies[{position}].reports_to")


def _check_distinct(names: Sequence[object], entry: Entry, where: str) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            raise entry.fault(f"{name} stands twice", where)


def _check_sources(value: JSON, path: str, sources: Mapping[str, str]) -> None:
    """Every `source` begins with a key of the table of sources: ``SC 18`` is article 18 of what stands there under SC."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "source" and isinstance(item, str) and item.partition(" ")[0] not in sources:
                raise CharterInvalid(f"{path}.source: {item.partition(' ')[0]} does not stand among the sources")
            _check_sources(item, f"{path}.{name}" if path else name, sources)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check_sources(item, f"{path}[{position}]", sources)


def _plain(value: object, path: str, depth: int = 1) -> JSON:
    """Turn what TOML knows into JSON: a date becomes its text, and nothing else changes."""
    if depth > DEPTH_MAX:
        raise LimitReached("DEPTH_MAX", f"tables and lists more than {DEPTH_MAX} deep")
    match value:
        case bool() | int() | str():
            return value
        case dict():
            return {str(name): _plain(item, f"{path}.{name}" if path else str(name), depth + 1) for name, item in value.items()}
        case list():
            return [_plain(item, f"{path}[{position}]", depth + 1) for position, item in enumerate(value)]
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            raise CharterInvalid(f"{path}: expected a text, a whole number, true or false, a day, a list or a table")
