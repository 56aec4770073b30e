"""Consent, `accord-consent`: who first gave records lets a holder pass them on, in writing, for named items, users, use and purpose.

Requirement INF-04; Shanghai Convention, article 13(3): what was given is not passed on "without the prior written consent" of who gave it.
Like every control record it has no free text: the purpose is named by the digest of its text, which stands in the statements that it ties.

    {"type": "accord-consent", "spec_version": "2.1", "id": "accord-consent--6f1c…", "created": "2026-11-23T09:00:00.000001Z",
     "modified": "2026-11-23T09:00:00.000001Z", "extensions": {"extension-definition--…": {"extension_type": "new-sdo"}},
     "by": "KZ", "holder": "KG", "users": ["TJ"], "use": "passing-on", "statement": "accord-release--6f1c…", "basis": "SC/7",
     "purpose": "sha256:…", "commitments": ["<base64 of 32 bytes>", …], "signatures": [{"algorithm": "ed25519", …}]}

`basis` is the article under which its maker could give the same to each user itself. Whether it may be given is `release.gate`'s to say.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Digest, Fields, digest_of, digest_text, parse_digest
from accord.stix.control import CODE_CHARACTERS_MAX, Kind
from accord.stix.extensions import EXTENSION_OF
from accord.stix.identifier import Identifier
from accord.stix.statement import RECIPIENTS_MAX, STATEMENT_RECORDS_MAX, TYPE, read_commitment, read_timestamp, timestamp


class Use(StrEnum):
    """What is consented to; a closed list."""

    PASSING_ON = "passing-on"


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent without its signatures; `made_at` is aware and in UTC."""

    id: str
    made_at: datetime
    by: str
    holder: str  # Who may pass the records on.
    users: tuple[str, ...]  # To whom: sorted, each once, never empty.
    use: Use
    statement: str  # The maker's own statement under which it gave the records first.
    basis: str
    purpose: Digest  # Of the purpose's text.
    commitments: tuple[bytes, ...]

    def fields(self) -> Fields:
        """The consent as a STIX object, without `signatures`."""
        time = timestamp(self.made_at)
        return {
            "type": Kind.CONSENT.value,
            "spec_version": "2.1",
            "id": self.id,
            "created": time,
            "modified": time,
            "extensions": {EXTENSION_OF[Kind.CONSENT.value]: {"extension_type": "new-sdo"}},
            "by": self.by,
            "holder": self.holder,
            "users": list(self.users),
            "use": self.use.value,
            "statement": self.statement,
            "basis": self.basis,
            "purpose": digest_text(self.purpose),
            "commitments": [base64.b64encode(commitment).decode() for commitment in self.commitments],
        }

    @classmethod
    def parse(cls, fields: Fields) -> Consent:
        """Read a consent back; `Malformed` or `LimitReached` says what is wrong. Its signatures are left to the caller."""
        unsigned = {name: value for name, value in fields.items() if name != "signatures"}
        match unsigned:
            case {
                "id": str(identifier),
                "created": str(created),
                "by": str(by),
                "holder": str(holder),
                "use": Use.PASSING_ON.value,
                "statement": str(statement),
                "basis": str(basis),
                "purpose": str(purpose),
            }:
                pass
            case _:
                raise Malformed("a consent has id, created, by, holder, users, use, statement, basis, purpose and commitments")
        users = _texts(unsigned.get("users"), "users", RECIPIENTS_MAX)
        named = _texts(unsigned.get("commitments"), "commitments", STATEMENT_RECORDS_MAX)
        if Identifier.parse(identifier).type != Kind.CONSENT or Identifier.parse(statement).type != TYPE:
            raise Malformed("consent: its id is of its own type, and it names a release statement")
        if not all(map(_is_name, (by, holder, basis, *users))):
            raise Malformed(f"consent: members and article are named without spaces, in at most {CODE_CHARACTERS_MAX} characters")
        if list(users) != sorted(set(users)) or len(set(named)) != len(named):
            raise Malformed("consent: users are sorted, each once, and so are commitments each once")
        consent = cls(
            id=identifier,
            made_at=read_timestamp(created),
            by=by,
            holder=holder,
            users=users,
            use=Use.PASSING_ON,
            statement=statement,
            basis=basis,
            purpose=parse_digest(purpose),
            commitments=tuple(read_commitment(item, what="consent") for item in named),
        )
        # Parser and printer are inverse: nothing unread hides in a signed record.
        if consent.fields() != unsigned:
            raise Malformed("consent: expected exactly the properties of protocol version 1, each in its one form")
        return consent


def purpose_digest(purpose: str) -> Digest:
    """The digest by which a consent names a purpose: of its text in UTF-8."""
    return digest_of(purpose.encode())


def _is_name(text: str) -> bool:
    """No sentence fits: what passes on the protocol clause carries no text of its own."""
    return 0 < len(text) <= CODE_CHARACTERS_MAX and not any(character.isspace() for character in text)


def _texts(value: JSON, name: str, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Malformed(f"consent: {name} must be a list that is not empty")
    if len(value) > most:
        raise LimitReached("RECIPIENTS_MAX" if name == "users" else "STATEMENT_RECORDS_MAX", f"consent: {len(value)} {name}")
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise Malformed(f"consent: {name} must be texts")
    return texts
