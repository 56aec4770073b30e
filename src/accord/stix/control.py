"""Control records: recall, erased, accepted, declined, handled. Closed shapes without free text, that pass on the charter's protocol clause.

A control record is a leaf of a channel by itself; no release statement covers it. It names other leaves by their commitments, so that nothing can
be guessed from it once content and salt are gone, and it is signed with the statement key of the member that makes it.

    {"type": "accord-recall", "spec_version": "2.1", "id": "accord-recall--6f1c…", "created": "2026-11-23T09:00:00.000001Z",
     "modified": "2026-11-23T09:00:00.000001Z", "extensions": {"extension-definition--…": {"extension_type": "new-sdo"}},
     "by": "KZ", "code": "mistaken-identity", "commitments": ["<base64 of 32 bytes>", …], "signatures": [{"algorithm": "ed25519", …}]}

An answer (erased, accepted, declined, handled) also names what it answers: `"answers": "accord-recall--6f1c…"`.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import Fields
from accord.stix.extensions import EXTENSION_OF
from accord.stix.identifier import Identifier
from accord.stix.statement import COMMITMENT_BYTES, STATEMENT_RECORDS_MAX, read_timestamp, timestamp

CODE_CHARACTERS_MAX = 40  # Characters. The identifier of a rule or reason; a sentence does not fit, which is the point.

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]*")


class Kind(StrEnum):
    """The control records of this version, by their STIX type. Each type is also the context of its signature."""

    RECALL = "accord-recall"
    ERASED = "accord-erased"
    ACCEPTED = "accord-accepted"
    DECLINED = "accord-declined"
    HANDLED = "accord-handled"


class RecallReason(StrEnum):
    """Why a record is taken back. What it means for persons is in requirements S-08 and S-14."""

    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    NARROWED = "narrowed"
    EXPIRED = "expired"
    CASE_CLOSED = "case-closed"
    MISTAKEN_IDENTITY = "mistaken-identity"
    UNLAWFUL = "unlawful"


KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Control:
    """A control record without its signatures; `made_at` is aware and in UTC."""

    kind: Kind
    id: str
    made_at: datetime
    by: str
    commitments: tuple[bytes, ...]
    code: str = ""  # Of a recall its reason, of a decline its ground; empty otherwise.
    answers: str = ""  # What it answers: a recall or a release statement by its identifier.

    def fields(self) -> Fields:
        """The record as a STIX object, without `signatures`."""
        time = timestamp(self.made_at)
        fields: Fields = {
            "type": self.kind.value,
            "spec_version": "2.1",
            "id": self.id,
            "created": time,
            "modified": time,
            "extensions": {EXTENSION_OF[self.kind.value]: {"extension_type": "new-sdo"}},
            "by": self.by,
            "commitments": [base64.b64encode(commitment).decode() for commitment in self.commitments],
        }
        if self.code:
            fields["code"] = self.code
        if self.answers:
            fields["answers"] = self.answers
        return fields

    @classmethod
    def parse(cls, fields: Fields) -> Control:
        """Read a control record back; `Malformed` or `LimitReached` says what is wrong. Its signatures are left to the caller."""
        unsigned = {name: value for name, value in fields.items() if name != "signatures"}
        match unsigned:
            case {"type": str(kind), "id": str(identifier), "created": str(created), "by": str(by), "commitments": list(named)} if (
                kind in KINDS
            ):
                pass
            case _:
                raise Malformed("a control record has type, id, created, by and commitments")
        code, answers = unsigned.get("code", ""), unsigned.get("answers", "")
        if not isinstance(code, str) or not isinstance(answers, str) or (code and not _CODE.fullmatch(code)):
            raise Malformed("control record: code is the identifier of a rule or reason, answers that of a record")
        if len(code) > CODE_CHARACTERS_MAX or len(answers) > CODE_CHARACTERS_MAX * 2:
            raise LimitReached("CODE_CHARACTERS_MAX", "control record: the code is too long")
        if Identifier.parse(identifier).type != kind:
            raise Malformed("control record: its id is of its own type")
        if answers:
            Identifier.parse(answers)
        if not named or len(named) > STATEMENT_RECORDS_MAX:
            raise LimitReached("STATEMENT_RECORDS_MAX", f"control record: {len(named)} commitments")
        control = cls(Kind(kind), identifier, read_timestamp(created), by, tuple(_commitment(item) for item in named), code, answers)
        # Parser and printer are inverse: nothing unread hides in a signed record.
        if control.fields() != unsigned:
            raise Malformed("control record: expected exactly the properties of protocol version 1, each in its one form")
        return control


def _commitment(value: object) -> bytes:
    try:
        raw = base64.b64decode(str(value), validate=True)
    except ValueError:
        raise Malformed("control record: a commitment is not base64") from None
    if len(raw) != COMMITMENT_BYTES:
        raise Malformed(f"control record: a commitment has {COMMITMENT_BYTES} bytes")
    return raw
