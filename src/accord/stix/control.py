"""Control records: recall, erased, accepted, declined, handled, notice. Closed shapes without free text, that pass on the charter's protocol clause.

A control record is a leaf of a channel by itself; no release statement covers it. It names other leaves by their commitments, so that nothing can
be guessed from it once content and salt are gone, and it is signed with the statement key of the member that makes it.

    {"type": "accord-recall", "spec_version": "2.1", "id": "accord-recall--6f1c…", "created": "2026-11-23T09:00:00.000001Z",
     "modified": "2026-11-23T09:00:00.000001Z", "extensions": {"extension-definition--…": {"extension_type": "new-sdo"}},
     "by": "KZ", "code": "mistaken-identity", "commitments": ["<base64 of 32 bytes>", …], "signatures": [{"algorithm": "ed25519", …}]}

An answer (erased, accepted, declined, handled) also names what it answers: `"answers": "accord-recall--6f1c…"`.
A recall by who passed the records on holds the recall that it obeys, as that was signed: `"upstream": {"type": "accord-recall", …}`.
Consent has a shape of its own and stands in `stix.consent`.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Fields
from accord.stix.extensions import EXTENSION_OF
from accord.stix.identifier import Identifier
from accord.stix.statement import STATEMENT_RECORDS_MAX, UPSTREAM_DEPTH_MAX, read_commitment, read_timestamp, timestamp

CODE_CHARACTERS_MAX = 40  # Characters. The identifier of a rule or reason; a sentence does not fit, which is the point.

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]*")


class Kind(StrEnum):
    """The control records of this version, by their STIX type. Each type is also the context of its signature."""

    RECALL = "accord-recall"
    ERASED = "accord-erased"
    ACCEPTED = "accord-accepted"
    DECLINED = "accord-declined"
    HANDLED = "accord-handled"
    NOTICE = "accord-notice"
    CONSENT = "accord-consent"


class RecallReason(StrEnum):
    """Why a record is taken back. What it means for persons is in requirements S-08 and S-14."""

    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    NARROWED = "narrowed"
    EXPIRED = "expired"
    CASE_CLOSED = "case-closed"
    MISTAKEN_IDENTITY = "mistaken-identity"
    UNLAWFUL = "unlawful"


class NoticeCode(StrEnum):
    """What a notice is about: a breach of the rules for what was given (requirement INF-12), the charter, or keys."""

    PASSED_ON = "breach/passed-on"
    OTHER_PURPOSE = "breach/other-purpose"
    LEVEL_LOWERED = "breach/level-lowered"
    DISCLOSED = "breach/disclosed"
    LOST = "breach/lost"
    CHARTER_VERSION = "charter/version"
    CHARTER_STATUS = "charter/status"
    KEYS_REPLACED = "keys/replaced"
    KEYS_LOST = "keys/lost"


BELOW = "below"  # The code of a confirmation while somebody further down the line has not confirmed.
KINDS = frozenset(kind.value for kind in Kind)
_NOTICES = frozenset(code.value for code in NoticeCode)


@dataclass(frozen=True, slots=True)
class Control:
    """A control record without its signatures; `made_at` is aware and in UTC."""

    kind: Kind
    id: str
    made_at: datetime
    by: str
    commitments: tuple[bytes, ...]
    code: str = ""  # Of a recall its reason, of a decline its ground, of a notice what it is about, `below` of an erased; empty otherwise.
    answers: str = ""  # What it answers: a recall or a release statement by its identifier.
    upstream: Fields | None = None  # Of a recall: the signed recall that it obeys.

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
        if self.upstream is not None:
            fields["upstream"] = self.upstream
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
        if (not named and kind != Kind.NOTICE) or len(named) > STATEMENT_RECORDS_MAX:
            raise LimitReached("STATEMENT_RECORDS_MAX", f"control record: {len(named)} commitments")
        if kind == Kind.CONSENT or (kind == Kind.NOTICE and code not in _NOTICES):
            raise Malformed("control record: the code of a notice is one of its closed list, and a consent has a shape of its own")
        sealed, upstream = tuple(read_commitment(item, what="control record") for item in named), _upstream(kind, unsigned.get("upstream"))
        control = cls(Kind(kind), identifier, read_timestamp(created), by, sealed, code, answers, upstream)
        # Parser and printer are inverse: nothing unread hides in a signed record.
        if control.fields() != unsigned:
            raise Malformed("control record: expected exactly the properties of protocol version 1, each in its one form")
        return control


def _upstream(kind: str, value: JSON) -> Fields | None:
    """The recall behind a recall, and how deep that goes. It only tells whose recall it is: a recall is obeyed without it too."""
    behind, depth = value, 0
    while behind is not None:
        depth += 1
        if kind != Kind.RECALL or not isinstance(behind, dict):
            raise Malformed("control record: upstream is the recall that a recall obeys")
        if depth > UPSTREAM_DEPTH_MAX:
            raise LimitReached("UPSTREAM_DEPTH_MAX", f"control record: more than {UPSTREAM_DEPTH_MAX} recalls stand behind it")
        behind = behind.get("upstream")
    assert value is None or isinstance(value, dict), "read above"
    return value
