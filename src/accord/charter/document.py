"""The charter: members and their status through time, bodies, instruments, roles; one canonical document, signed by members.

People write it as TOML; it is sealed as canonical JSON, pinned by its digest, and signed. Nothing in the code knows any alliance.
Version 1 is signed by every member that has a root key in it. Who may change it is its own rule of decision (`charter.decision`, later).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from importlib.resources import files

from accord.charter.bodies import Body
from accord.charter.entry import Entry, without_empty
from accord.charter.instruments import Instrument
from accord.charter.members import Member
from accord.charter.officers import Act, OfficerRole
from accord.errors import AccordError, CharterInvalid, KeyUnknown, NotFound, SignatureInvalid
from accord.seal.canonical import JSON, Digest, Fields, canonical, digest_of, read
from accord.seal.keys import PrivateKey, PublicKey
from accord.seal.signature import sign_fields, verify_fields

CONTEXT = "charter"
CHARTER_OCTETS_MAX = 2**22  # Bytes. The SCO's is under 100 KiB; forty alliances of its size would fit.


@dataclass(frozen=True, slots=True)
class Charter:
    """One version of a charter."""

    id: str
    version: int
    name: str
    previous: str
    members: tuple[Member, ...]
    bodies: tuple[Body, ...]
    instruments: tuple[Instrument, ...]
    roles: Mapping[OfficerRole, frozenset[Act]]
    exchanging: tuple[str, ...]  # Kinds of status that take part in the exchange.
    protocol: str  # The basis on which control records pass, which survives suspension and exit.
    fields: Fields = field(init=False, compare=False, repr=False)
    digest: Digest = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Both follow from the rest and are asked for with every request between nodes.
        object.__setattr__(self, "fields", self._printed())
        object.__setattr__(self, "digest", digest_of(canonical(self.fields)))

    @classmethod
    def of_fields(cls, fields: Fields) -> Charter:
        """Read a document. `CharterInvalid` names the path of what does not hold together."""
        entry = Entry("", fields)
        exchange = entry.entry("exchange")
        charter = cls(
            id=entry.text("id"),
            version=entry.number("version"),
            name=entry.text("name"),
            previous=entry.text("previous", default=""),
            members=tuple(Member.read(item) for item in entry.entries("members")),
            bodies=tuple(Body.read(item) for item in entry.entries("bodies")),
            instruments=tuple(Instrument.read(item) for item in entry.entries("instruments")),
            roles=_roles(entry.entry("roles")),
            exchanging=exchange.names("statuses"),
            protocol=exchange.text("protocol"),
        )
        exchange.done()
        entry.done()
        _hangs_together(charter)
        return charter

    def _printed(self) -> Fields:
        return without_empty(
            {
                "id": self.id,
                "version": self.version,
                "name": self.name,
                "previous": self.previous,
                "members": [member.fields() for member in self.members],
                "bodies": [body.fields() for body in self.bodies],
                "instruments": [instrument.fields() for instrument in self.instruments],
                "roles": {role.value: [act.value for act in Act if act in acts] for role, acts in self.roles.items()},
                "exchange": {"statuses": list(self.exchanging), "protocol": self.protocol},
            }
        )

    def member(self, name: str) -> Member:
        """The member of that identifier, or `NotFound`."""
        for member in self.members:
            if member.id == name:
                return member
        raise NotFound(f"the charter knows no member {name!r}", remedy="members: " + ", ".join(member.id for member in self.members))

    def founders(self) -> tuple[Member, ...]:
        """The members that have a root key, and so a node and a signature."""
        return tuple(member for member in self.members if member.root is not None)


@dataclass(frozen=True, slots=True)
class SignedCharter:
    """A charter with its members' signatures, as it is kept and handed on."""

    charter: Charter
    signatures: tuple[JSON, ...]

    @classmethod
    def read(cls, raw: bytes) -> SignedCharter:
        """Read a charter's file. What it says is believed only after `check_founding`."""
        try:
            fields = read(raw, bytes_max=CHARTER_OCTETS_MAX)
        except AccordError as error:
            raise CharterInvalid(f"the file is not a charter: {error.says}") from error
        if not isinstance(fields, dict):
            raise CharterInvalid("the file is not a charter: expected a JSON object")
        signatures = fields.get("signatures", [])
        if not isinstance(signatures, list):
            raise CharterInvalid("signatures: expected a list")
        unsigned = {name: value for name, value in fields.items() if name != "signatures"}
        charter = Charter.of_fields(unsigned)
        if charter.fields != unsigned:
            raise CharterInvalid("the charter is not in its one canonical form", remedy="found it anew from its TOML")
        return cls(charter, tuple(signatures))

    def to_bytes(self) -> bytes:
        """The file: canonical bytes of the charter with its signatures."""
        return canonical({**self.charter.fields, "signatures": list(self.signatures)})

    def signed_by(self, member: str, key: PrivateKey) -> SignedCharter:
        """Add a member's signature, made with the root key that the charter pins for it. A member signs once."""
        if self.charter.member(member).root != key.public:
            raise CharterInvalid(
                f"the charter pins another root key for {member}", remedy="sign with the key that was given at the founding"
            )
        if member not in self.missing():
            raise CharterInvalid(f"{member} has signed this charter already")
        signed = sign_fields({**self.charter.fields, "signatures": list(self.signatures)}, context=CONTEXT, key=key)
        signatures = signed["signatures"]
        assert isinstance(signatures, list), "sign_fields makes a list"
        return replace(self, signatures=tuple(signatures))

    def missing(self) -> tuple[str, ...]:
        """The founding members that have not signed. A signature that does not hold is no signature."""
        return tuple(member.id for member in self.charter.founders() if not self._has_signed(member))

    def check_founding(self) -> None:
        """Version 1 holds when every member that has a root key in it signed it; `CharterInvalid` names who is missing."""
        if self.charter.version != 1:
            raise CharterInvalid(f"version {self.charter.version} needs its predecessors, which this release does not judge yet")
        if not self.charter.founders():
            raise CharterInvalid("the charter pins no root key: it is a template", remedy="found it with `accord charter found`")
        missing = self.missing()
        if missing:
            raise CharterInvalid(
                f"the charter lacks the signature of {', '.join(missing)}", remedy="let each sign with `accord charter sign`"
            )

    def _has_signed(self, member: Member) -> bool:
        assert member.root is not None, "founders have a root key"
        try:
            verify_fields({**self.charter.fields, "signatures": list(self.signatures)}, context=CONTEXT, keys=[member.root])
        except (SignatureInvalid, KeyUnknown):
            return False
        return True


def read_toml(text: str) -> Charter:
    """Read a charter as people write it. Comments and order of keys are theirs; the canonical form has neither."""
    try:
        return Charter.of_fields(_plain(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise CharterInvalid(f"the charter is not TOML: {error}", remedy="mend the line it names") from None


def template() -> Charter:
    """The SCO template that ships: unsigned, without root keys."""
    return read_toml(files("accord.charter").joinpath("sco/charter.toml").read_text(encoding="utf-8"))


def found(draft: Charter, roots: Mapping[str, PublicKey]) -> Charter:
    """Version 1 of a charter: the draft with the founding members' root keys."""
    if not roots:
        raise CharterInvalid("nobody founds this charter", remedy="name at least one member and its root key")
    for name in roots:
        draft.member(name)
    if len({str(key) for key in roots.values()}) != len(roots):
        raise CharterInvalid("two members give the same root key", remedy="each member makes its own with `accord key new`")
    members = tuple(replace(member, root=roots.get(member.id)) for member in draft.members)
    return replace(draft, version=1, previous="", members=members)


def _roles(entry: Entry) -> dict[OfficerRole, frozenset[Act]]:
    roles = {}
    for role in OfficerRole:
        try:
            roles[role] = frozenset(Act(name) for name in entry.names(role.value))
        except ValueError as error:
            raise entry.fault(role.value, str(error)) from None
    entry.done()
    return roles


def _hangs_together(charter: Charter) -> None:
    """Identifiers are unique, and what refers to a member refers to one that exists."""
    if " " in charter.id or "+" in charter.id:
        raise CharterInvalid("id: it names logs, so it holds no space and no plus sign")
    for what, names in (
        ("members", [member.id for member in charter.members]),
        ("bodies", [body.id for body in charter.bodies]),
        ("instruments", [instrument.id for instrument in charter.instruments]),
    ):
        if len(set(names)) != len(names):
            raise CharterInvalid(f"{what}: an identifier stands twice", remedy="give each its own")
    known = {member.id for member in charter.members}
    for instrument in charter.instruments:
        named = [*(party.member for party in instrument.parties), *(item.member for item in instrument.reservations)]
        if stranger := next((name for name in named if name not in known), None):
            raise CharterInvalid(f"instruments[{instrument.id}]: {stranger} is not a member of this charter")
        articles = [article.id for article in instrument.articles]
        if len(set(articles)) != len(articles):
            raise CharterInvalid(f"instruments[{instrument.id}].articles: an article stands twice")


def _plain(value: object) -> Fields:
    plain = _plain_value(value)
    assert isinstance(plain, dict), "TOML is a table"
    return plain


def _plain_value(value: object) -> JSON:
    """TOML's dates become texts; all else is JSON already."""
    match value:
        case dict():
            return {str(name): _plain_value(item) for name, item in value.items()}
        case list():
            return [_plain_value(item) for item in value]
        case datetime() | date() | time():
            return value.isoformat()
        case bool() | int() | float() | str():
            return value
        case _:
            raise CharterInvalid(f"a value of kind {type(value).__name__} has no place in a charter")
