"""The release statement, `accord-release`: what a releaser says, and signs, about the records that follow it in a channel.

One statement covers up to 1,000 records, named by their commitments, so that nothing can be guessed from it once their salts are erased.
It lists its recipients one by one; they see one another, and an empty list is nobody.
This module holds the shape and its two-way reading. Signing is `seal.signature`; whether it may be made is `release.gate`.

A whole specimen, as it stands in a channel (canonical form sorts the keys and has no spaces):

    {"type": "accord-release", "spec_version": "2.1", "id": "accord-release--6f1c…", "created": "2026-11-23T09:00:00.000001Z",
     "modified": "2026-11-23T09:00:00.000001Z", "extensions": {"extension-definition--…": {"extension_type": "new-sdo"}},
     "charter": "sha256:…", "releaser": "KZ", "originator": {"member": "KZ"}, "recipients": ["KG", "TJ"], "basis": "SC/7",
     "purpose": "prevention of an attack", "handling": {"tlp": "amber"}, "grade": "B2", "review": "2027-11-23",
     "commitments": ["<base64 of 32 bytes>", …], "as_received": false, "signatures": [{"algorithm": "ed25519", …}]}

Where the records were another member's, `"upstream": {"statement": {…}, "consent": {…}}` holds what it signed: the statement under which the releaser was
given them, and the originator's consent. Where it replaces an earlier statement of the same channel, `"supersedes": "accord-release--…"` names that one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Digest, Fields, digest_text, parse_digest
from accord.stix.extensions import EXTENSION_OF
from accord.stix.identifier import Identifier
from accord.stix.marking import Grade, Handling, SubjectCategory

TYPE = "accord-release"
CONTEXT = "statement"  # The signature's context: a signature on a statement is valid for nothing else.
STATEMENT_RECORDS_MAX = 1_000  # Records. A statement then stays under 64 KiB and a page of a channel can always end behind one.
STATEMENT_OCTETS_MAX = 8 * 2**20  # Bytes of records. One statement with its records always fits one page of the exchange.
RECIPIENTS_MAX = 250  # Members. More than there are states; an audience beyond it is a mistake.
PURPOSE_CHARACTERS_MAX = 500  # Characters. A purpose is a sentence, not a report.
COMMITMENT_BYTES = 32
UPSTREAM_DEPTH_MAX = (
    4  # Statements behind one another. Four hands beyond the originator's own; eight statements with consents stay below 1 MiB.
)


@dataclass(frozen=True, slots=True)
class Originator:
    """Whose information it is: a member, or a source outside the alliance that a member passes on."""

    name: str
    is_member: bool

    def fields(self) -> Fields:
        return {"member" if self.is_member else "source": self.name}

    @classmethod
    def parse(cls, value: JSON) -> Originator:
        match value:
            case {"member": str(name), **others} if not others and "\0" not in name:
                return cls(name, is_member=True)
            case {"source": str(name), **others} if not others and "\0" not in name:
                return cls(name, is_member=False)
            case _:
                raise Malformed('originator: expected {"member": …} or {"source": …}, without the character NUL')

    def __str__(self) -> str:
        return self.name if self.is_member else f"source {self.name}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what conditions records are released: chosen by the officer, judged by the gate, signed in the statement."""

    recipients: tuple[str, ...]
    basis: str
    purpose: str
    handling: Handling
    grade: Grade
    review: date
    category: SubjectCategory | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A release statement without its signatures; `made_at` is aware and in UTC."""

    id: str
    made_at: datetime
    charter: Digest
    releaser: str
    originator: Originator
    terms: Terms
    commitments: tuple[bytes, ...]
    as_received: bool = (
        False  # Imported content, kept as its source wrote it, with an officer's recorded word for what breaks the standard.
    )
    upstream: Fields | None = None  # What was signed before, where this passes on another's records; `stix.upstream` reads it.
    supersedes: str = ""  # The statement that this one replaces for the records that both name, or for their earlier versions.

    def fields(self) -> Fields:
        """The statement as a STIX object, without `signatures`."""
        time = timestamp(self.made_at)
        terms = self.terms
        fields: Fields = {
            "type": TYPE,
            "spec_version": "2.1",
            "id": self.id,
            "created": time,
            "modified": time,
            "extensions": {EXTENSION_OF[TYPE]: {"extension_type": "new-sdo"}},
            "charter": digest_text(self.charter),
            "releaser": self.releaser,
            "originator": self.originator.fields(),
            "recipients": list(terms.recipients),
            "basis": terms.basis,
            "purpose": terms.purpose,
            "handling": terms.handling.fields(),
            "grade": str(terms.grade),
            "review": terms.review.isoformat(),
            "commitments": [base64.b64encode(commitment).decode() for commitment in self.commitments],
            "as_received": self.as_received,
        }
        if terms.category is not None:
            fields["category"] = terms.category.value
        if self.upstream is not None:
            fields["upstream"] = self.upstream
        if self.supersedes:
            fields["supersedes"] = self.supersedes
        return fields

    @classmethod
    def parse(cls, fields: Fields) -> Statement:
        """Read a statement back; `Malformed` or `LimitReached` names the property. Its signatures are left to the caller."""
        unsigned = {name: value for name, value in fields.items() if name != "signatures"}
        category = unsigned.get("category")
        terms = Terms(
            recipients=_names(unsigned, "recipients"),
            basis=_text(unsigned, "basis"),
            purpose=_text(unsigned, "purpose"),
            handling=Handling.parse(unsigned.get("handling")),
            grade=Grade.parse(_text(unsigned, "grade")),
            review=_date(unsigned, "review"),
            category=None if category is None else _category(category),
        )
        statement = cls(
            id=_text(unsigned, "id"),
            made_at=read_timestamp(_text(unsigned, "created")),
            charter=parse_digest(_text(unsigned, "charter")),
            releaser=_text(unsigned, "releaser"),
            originator=Originator.parse(unsigned.get("originator")),
            terms=terms,
            commitments=_commitments(unsigned),
            as_received=unsigned.get("as_received") is True,
            upstream=_upstream(unsigned.get("upstream")),
            supersedes="" if unsigned.get("supersedes") is None else _text(unsigned, "supersedes"),
        )
        for named in (statement.id, statement.supersedes or statement.id):
            if Identifier.parse(named).type != TYPE:
                raise Malformed("release statement: its id, and what it supersedes, are of its own type")
        # Parser and printer are inverse: what the printer would not print is refused, so nothing unread hides in a signed statement.
        if statement.fields() != unsigned:
            raise Malformed("release statement: expected exactly the properties of protocol version 1, each in its one form")
        return statement


def timestamp(moment: datetime) -> str:
    """Write an aware moment as a STIX timestamp with six fraction digits, always in UTC (STIX 2.1, 3.2)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_timestamp(text: str) -> datetime:
    """Read what `timestamp` writes, and only that."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Malformed(f"{text[:40]!r} is not a time such as 2026-11-23T09:00:00.000001Z") from None


def read_commitment(value: object, *, what: str) -> bytes:
    """One commitment as objects other than statements name it; `what` says in which kind of object it stands."""
    try:
        raw = base64.b64decode(str(value), validate=True)
    except ValueError:
        raise Malformed(f"{what}: a commitment is not base64") from None
    if len(raw) != COMMITMENT_BYTES:
        raise Malformed(f"{what}: a commitment has {COMMITMENT_BYTES} bytes")
    return raw


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"release statement: {name} must be a text that is not empty")
    if len(value) > PURPOSE_CHARACTERS_MAX:
        raise LimitReached("PURPOSE_CHARACTERS_MAX", f"release statement: {name} has {len(value)} characters")
    if "\0" in value:
        raise Malformed(f"release statement: {name} holds the character NUL")
    return value


def _names(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise Malformed(f"release statement: {name} must be a list of member identifiers")
    if len(value) > RECIPIENTS_MAX:
        raise LimitReached("RECIPIENTS_MAX", f"release statement: {len(value)} recipients")
    names = tuple(item for item in value if isinstance(item, str))
    if len(names) != len(value) or list(names) != sorted(set(names)):
        raise Malformed(f"release statement: {name} must be member identifiers, sorted, each once")
    return names


def _upstream(value: JSON) -> Fields | None:
    """What stands behind a statement, one level read: how deep it goes, and that it is a statement and a consent. The rest is `stix.upstream`'s."""
    depth, behind = 0, value
    while behind is not None:
        match behind:
            case {"statement": dict() as statement, "consent": dict(), **others} if not others:
                depth, behind = depth + 1, statement.get("upstream")
            case _:
                raise Malformed("release statement: upstream has exactly statement and consent")
        if depth > UPSTREAM_DEPTH_MAX:
            raise LimitReached("UPSTREAM_DEPTH_MAX", f"release statement: more than {UPSTREAM_DEPTH_MAX} statements stand behind it")
    assert value is None or isinstance(value, dict), "read above"
    return value


def _date(fields: Fields, name: str) -> date:
    try:
        return date.fromisoformat(_text(fields, name))
    except ValueError:
        raise Malformed(f"release statement: {name} must be a date such as 2027-11-23") from None


def _category(value: JSON) -> SubjectCategory:
    try:
        return SubjectCategory(str(value))
    except ValueError:
        raise Malformed("release statement: category is not one of the categories of data subjects") from None


def _commitments(fields: Fields) -> tuple[bytes, ...]:
    value = fields.get("commitments")
    if not isinstance(value, list) or not value:
        raise Malformed("release statement: commitments must be a list that is not empty")
    if len(value) > STATEMENT_RECORDS_MAX:
        raise LimitReached("STATEMENT_RECORDS_MAX", f"release statement: {len(value)} records")
    try:
        commitments = tuple(base64.b64decode(str(item), validate=True) for item in value)
    except ValueError:
        raise Malformed("release statement: a commitment is not base64") from None
    if any(len(commitment) != COMMITMENT_BYTES for commitment in commitments) or len(set(commitments)) != len(commitments):
        raise Malformed("release statement: each commitment must be 32 bytes, each once")
    return commitments
