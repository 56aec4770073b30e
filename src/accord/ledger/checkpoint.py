"""Checkpoints: what a log was at a size, signed by its owner and cosigned by those who hold or watch it.

Formats: C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint) and tlog-cosignature. The name of the log's key is the log's origin.
Whether a log only grew is judged with `ledger.tree`; that nothing is signed before it is on disk is for the caller.

A specimen of the text that is signed::

    sco.example/kz/kg/1
    48211
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from accord.errors import Malformed, SignatureInvalid
from accord.ledger.tree import HASH_BYTES, SIZE_MAX
from accord.seal import note
from accord.seal.keys import PublicKey, Signer, base64_text, parse_base64

_SIZE_TEXT: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_BODY_LINES: Final = 3
_RESERVED: Final = frozenset({"journal", "receipt", "witness"})  # They stand where the name of a member would, so no member may have them.
_EPOCH_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of the log that `origin` names."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        note.check_name(self.origin)
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise Malformed(f"a checkpoint has a size of 0 to {SIZE_MAX} (SIZE_MAX) and a root of {HASH_BYTES} bytes")

    def body(self) -> str:
        """Write the text that is signed (tlog-checkpoint, Note text): three lines, no extension line."""
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n"

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """Read what `body` writes, and only that. Extension lines are refused: no monitor could audit them."""
        lines = body.split("\n")
        if len(lines) != _BODY_LINES + 1 or lines[_BODY_LINES] or not _SIZE_TEXT.fullmatch(lines[1]):
            raise Malformed("a checkpoint is three lines: origin, size in decimal, root in base64")
        return cls(lines[0], int(lines[1]), parse_base64(lines[2], what="the root of a checkpoint"))


def channel_origin(*, charter_id: str, sender: str, recipient: str, epoch: int) -> str:
    """Name the log of what `sender` gives to `recipient`: ``sco.example/kz/kg/1``."""
    return f"{_checked(charter_id)}/{_member(sender)}/{_member(recipient)}/{_epoch(epoch)}"


def journal_origin(*, charter_id: str, member: str, epoch: int) -> str:
    """Name the log of a member's own acts: ``sco.example/kz/journal/1``."""
    return f"{_checked(charter_id)}/{_member(member)}/journal/{_epoch(epoch)}"


def receipt_name(*, charter_id: str, member: str) -> str:
    """Name the key under which a member cosigns what it received: ``sco.example/kz/receipt``."""
    return f"{_checked(charter_id)}/{_member(member)}/receipt"


def witness_name(*, charter_id: str, member: str) -> str:
    """Name the key under which a member cosigns the journals of others: ``sco.example/kz/witness``."""
    return f"{_checked(charter_id)}/{_member(member)}/witness"


def sign(checkpoint: Checkpoint, *, key: Signer) -> str:
    """Give the signed note of a checkpoint, signed under the log's own name. Left to the caller: what is signed is already on disk."""
    body = checkpoint.body()
    return str(note.Note(body, (note.sign(body, name=checkpoint.origin, key=key),)))


def open_signed(note_text: str, *, origin: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """Give the checkpoint of a note that one of the log's keys signed; lines of other signers are passed over.

    Raises `SignatureInvalid` (also where the checkpoint is of another log), `KeyUnknown` and `Malformed`.
    """
    signed = note.Note.parse(note_text)
    note.verify(signed, [note.Verifier(origin, note.NoteAlgorithm.ED25519, key) for key in keys])
    checkpoint = Checkpoint.parse(signed.text)
    if checkpoint.origin != origin:
        raise SignatureInvalid("the signature holds, but over the checkpoint of another log")
    return checkpoint


def cosign(note_text: str, *, name: str, key: Signer, at: datetime) -> str:
    """Give the cosignature line, newline included, of a signed checkpoint; `at` is cut to the second.

    Left to the caller: to have opened the checkpoint, to hold every leaf below its size (a receipt) or to have seen it grow (a witness).
    """
    body = note.Note.parse(note_text).text
    Checkpoint.parse(body)
    return f"{note.cosign(body, name=name, key=key, at=_seconds(at))}\n"


def verify_cosignature(note_text: str, line: str, *, name: str, keys: Sequence[PublicKey]) -> datetime:
    """Give the time, in UTC, at which `name` cosigned this checkpoint. Left to the caller: to open the checkpoint and to judge the time.

    Raises `SignatureInvalid`, `KeyUnknown` if the line is by another signer, `Malformed` if it is not one line.
    """
    body = note.Note.parse(note_text).text
    Checkpoint.parse(body)
    if not line.endswith("\n"):
        raise Malformed("a cosignature is one line, newline included")
    cosigned = note.Note(body, (note.NoteSignature.parse(line[:-1]),))
    verified = note.verify(cosigned, [note.Verifier(name, note.NoteAlgorithm.COSIGNATURE_V1, key) for key in keys])
    at = verified[0].at
    assert at is not None  # Every verifier above is of a kind that states a time.
    try:
        return _EPOCH_START + timedelta(seconds=at)
    except OverflowError as beyond:
        raise Malformed("the time of a cosignature is beyond the year 9999") from beyond


def _seconds(at: datetime) -> int:
    if at.utcoffset() != timedelta(0):
        raise ValueError("the time of a cosignature is aware and in UTC")
    return (at - _EPOCH_START) // timedelta(seconds=1)


def _checked(part: str) -> str:
    note.check_name(part)
    return part


def _member(name: str) -> str:
    if "/" in name or name in _RESERVED:
        raise Malformed("the name of a member in the origin of a log has no slash and is none of journal, receipt and witness")
    return _checked(name)


def _epoch(number: int) -> int:
    if not 0 <= number <= SIZE_MAX:
        raise ValueError("an epoch is a number from 0")
    return number
