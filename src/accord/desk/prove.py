"""Prove: every object of a page is bound to its commitment and to what covers it, before anything else is asked of it.

A record is covered by the release statement before it, which the sender signed and which names us.
A control record covers itself: it is signed by the sender and stands alone.
A position without content keeps its commitment; a recall that comes under the same checkpoint has to explain it (`desk.receive`).
Whatever fails here is an `IntegrityFailure` by its duty, and nothing of the page is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.serve import CLOCK_DIFFERENCE_MAX
from accord.errors import AccordError, IntegrityFailure, counted
from accord.ledger.entry import commitment
from accord.seal.canonical import Fields, canonical, digest_of
from accord.seal.keys import PublicKey, Role
from accord.seal.signature import verify_fields
from accord.stix.consent import Consent
from accord.stix.control import KINDS, Control, Kind
from accord.stix.statement import CONTEXT, TYPE, Statement, read_timestamp
from accord.store import logs
from accord.store.database import Transaction
from accord.store.logs import Log, NewLeaf


class Parcel(NamedTuple):
    """One object of a page as it came over the wire, with its salt."""

    fields: Fields
    salt: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """A position whose content the sender no longer serves."""

    commitment: bytes


class Proven(NamedTuple):
    """One position of a page, proven. `meaning` is the statement that covers a record or that it is, the control that it is, or None where it is gone."""

    fields: Fields
    content: bytes
    leaf: NewLeaf
    meaning: Statement | Control | Consent | None

    @property
    def is_record(self) -> bool:
        return isinstance(self.meaning, Statement) and self.fields.get("type") != TYPE


@dataclass(slots=True)
class _Cover:
    """The statement that covers what comes next, and what it still waits for."""

    number: int = -1
    statement: Statement | None = None
    missing: set[bytes] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)  # Everything that this page brought so far.


@dataclass(frozen=True, slots=True)
class _KeysInTime:
    """The sender's statement keys, by the moment at which an object says it was signed.

    What was given before a key was replaced still holds. The moment is the signer's own word: a stolen key is left out of the next
    key file, and so is valid at no time.
    """

    means: Means
    transaction: Transaction
    sender: str
    _known: dict[str, Sequence[PublicKey]] = field(default_factory=dict)

    def when(self, fields: Fields, now: datetime) -> Sequence[PublicKey]:
        """Keys valid at its `created`; one from the future, beyond what two clocks may differ, was signed by no key."""
        said = str(fields.get("created"))
        if said not in self._known:
            try:
                moment = read_timestamp(said)
            except AccordError as error:
                raise IntegrityFailure("statement", f"{fields.get('id')} does not say when it was made: {error.says}") from error
            if moment > now + CLOCK_DIFFERENCE_MAX:
                raise IntegrityFailure("statement", f"{fields.get('id')} says it was made at {said}, which has not come yet")
            self._known[said] = keys_of(self.means, self.transaction, self.sender, Role.STATEMENT, now=moment)
        return self._known[said]


def prove(
    means: Means,
    transaction: Transaction,
    log: Log,
    sender: str,
    parcels: Sequence[Parcel | Gone],
    *,
    recipient: str | None = None,
    now: datetime,
) -> list[Proven]:
    """Prove a page that begins where `log` ends; its statements name `recipient`, which is this member unless it takes its own channel back."""
    keys = _KeysInTime(means, transaction, sender)
    cover = _Cover()
    proven: list[Proven] = []
    for number, parcel in enumerate(parcels):
        position = log.size + number
        if isinstance(parcel, Gone):
            proven.append(Proven({}, b"", _gone(cover, parcel.commitment, number), None))
            continue
        content = _content(parcel, position)
        sealed = commitment(salt=parcel.salt, content=content)
        kind = str(parcel.fields.get("type"))
        if kind == TYPE or kind in KINDS:
            _all_came(transaction, log, cover)
            valid = keys.when(parcel.fields, now)
            meaning = (
                _statement(sender, recipient or means.member, parcel.fields, valid)
                if kind == TYPE
                else _control(sender, parcel.fields, valid)
            )
            named = set(meaning.commitments) if isinstance(meaning, Statement) else set()
            cover = _Cover(number, meaning if isinstance(meaning, Statement) else None, named, cover.seen)
            cover.seen.add(sealed)
            proven.append(Proven(parcel.fields, content, NewLeaf(sealed, parcel.salt, digest_of(content), number, len(content)), meaning))
        else:
            statement = _covering(cover, sealed, position)
            leaf = NewLeaf(sealed, parcel.salt, digest_of(content), cover.number, len(content))
            proven.append(Proven(parcel.fields, content, leaf, statement))
    _all_came(transaction, log, cover)
    return proven


def _content(parcel: Parcel, position: int) -> bytes:
    try:
        return canonical(parcel.fields)
    except AccordError as error:
        raise IntegrityFailure("bytes", f"position {position} is not canonical: {error.says}") from error


def _gone(cover: _Cover, sealed: bytes, number: int) -> NewLeaf:
    """The leaf of what is gone, record or statement. Nothing covers it here: the recall that has to explain it names it, or the channel stops."""
    cover.missing.discard(sealed)
    cover.seen.add(sealed)
    return NewLeaf(sealed, None, None, cover.number if cover.statement is not None else number, 0)


def _covering(cover: _Cover, sealed: bytes, position: int) -> Statement:
    """The statement before a record, which has to name it."""
    if cover.statement is None or sealed not in cover.missing:
        raise IntegrityFailure("commitment", f"position {position} is not covered by the statement before it")
    cover.missing.discard(sealed)
    cover.seen.add(sealed)
    return cover.statement


def _all_came(transaction: Transaction, log: Log, cover: _Cover) -> None:
    """Every record that a statement names follows it or stands in the channel already."""
    missing = cover.missing - cover.seen
    if cover.statement is None or not missing:
        return
    absent = missing - logs.known_commitments(transaction, log.name, sorted(missing))
    if absent:
        raise IntegrityFailure("commitment", f"{cover.statement.id} names {counted(len(absent), 'record')} that did not come")


def _statement(sender: str, recipient: str, fields: Fields, keys: Sequence[PublicKey]) -> Statement:
    """Read a statement and check its signature; that it is the sender's own and names the recipient is part of its integrity."""
    try:
        verify_fields(fields, context=CONTEXT, keys=keys)
        statement = Statement.parse(fields)
    except AccordError as error:
        raise IntegrityFailure("statement", f"{fields.get('id')} does not hold: {error.says}") from error
    if statement.releaser != sender:
        raise IntegrityFailure("statement", f"{statement.id} is by {statement.releaser}, on the channel of {sender}")
    if recipient not in statement.terms.recipients:
        raise IntegrityFailure("audience", f"{statement.id} does not name {recipient}")
    return statement


def _control(sender: str, fields: Fields, keys: Sequence[PublicKey]) -> Control | Consent:
    """Read a control record and check its signature; it is the sender's own word."""
    try:
        verify_fields(fields, context=str(fields.get("type")), keys=keys)
        control = Consent.parse(fields) if fields.get("type") == Kind.CONSENT else Control.parse(fields)
    except AccordError as error:
        raise IntegrityFailure("control", f"{fields.get('id')} does not hold: {error.says}") from error
    if control.by != sender:
        raise IntegrityFailure("control", f"{control.id} is by {control.by}, on the channel of {sender}")
    return control
