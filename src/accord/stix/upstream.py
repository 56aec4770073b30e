"""What stands behind a statement that passes another's records on: each earlier statement and the consent beside it, as they were signed.

Commitments do not change on the way: who passes a record on uses the salt that it came under, so that what is passed on is named by the very
commitment that its originator signed. That each link was lawful is `release.onward`'s to say; that its signatures hold, `desk.onward`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from accord.errors import Malformed
from accord.seal.canonical import Fields
from accord.stix.consent import Consent
from accord.stix.statement import Statement


@dataclass(frozen=True, slots=True)
class Link:
    """One step back: the statement under which a releaser was given the records, and the originator's consent to pass them on."""

    statement: Statement
    consent: Consent
    signed_statement: Fields
    signed_consent: Fields

    def fields(self) -> Fields:
        """The link as the property `upstream` of a statement."""
        return {"statement": self.signed_statement, "consent": self.signed_consent}

    @property
    def first(self) -> Statement:
        """The statement at the end of the line, by which the originator gave the records first."""
        behind = links(self.statement)
        return behind[-1].statement if behind else self.statement


def links(statement: Statement) -> tuple[Link, ...]:
    """Every step behind a statement, the nearest first; none where the records are the releaser's own to give. `Malformed` says what cannot be read."""
    found: list[Link] = []
    behind = statement.upstream
    while behind is not None:  # Its depth was limited when the statement was read.
        signed, consent = behind.get("statement"), behind.get("consent")
        if not isinstance(signed, dict) or not isinstance(consent, dict):
            raise Malformed("upstream has exactly statement and consent")
        link = Link(Statement.parse(signed), Consent.parse(consent), signed, consent)
        found.append(link)
        behind = link.statement.upstream
    return tuple(found)
