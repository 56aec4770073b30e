"""Witnessing: whether a log may have its newest checkpoint cosigned (C2SP tlog-witness, https://c2sp.org/tlog-witness).

A witness keeps, for each log, the newest checkpoint that it cosigned, and cosigns another only when it is shown to have grown from that one.
So a log that rewrote what it once had, or that shows different histories, gets no second cosignature.

Left to the caller: to keep the checkpoint taken before its cosignature leaves, and to judge and keep in one act, so that no second request
comes between. A specimen of a request's body::

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from accord.errors import KeyUnknown, LimitReached, Malformed, ProofInvalid, SignatureInvalid
from accord.ledger.checkpoint import Checkpoint, open_signed
from accord.ledger.tree import EMPTY, HASH_BYTES, PROOF_HASHES_MAX, verify_consistency
from accord.seal.keys import PublicKey, base64_text, parse_base64

_OLD_LINE: Final = re.compile(r"old (?P<size>0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Request:
    """A log's request: the size it believes was cosigned last, the proof from there, and its signed checkpoint. Nothing of it is believed yet."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    @classmethod
    def parse(cls, body: str) -> Request:
        """Read a body as tlog-witness, add-checkpoint, writes it; `Malformed` or `LimitReached` where it does not."""
        head, blank, note = body.partition("\n\n")
        first, *lines = head.split("\n")
        old = _OLD_LINE.fullmatch(first)
        if old is None or not blank:
            raise Malformed("a request is the line `old SIZE`, proof lines, an empty line and a signed checkpoint")
        if len(lines) > PROOF_HASHES_MAX:
            raise LimitReached("PROOF_HASHES_MAX", f"a proof of {len(lines)} lines; no tree needs more than {PROOF_HASHES_MAX}")
        proof = tuple(parse_base64(line, what="a line of a consistency proof") for line in lines)
        if any(len(hashed) != HASH_BYTES for hashed in proof):
            raise Malformed(f"a line of a consistency proof is the base64 of {HASH_BYTES} bytes")
        return cls(int(old["size"]), proof, note)

    def __str__(self) -> str:
        lines = "".join(f"{base64_text(hashed)}\n" for hashed in self.proof)
        return f"old {self.old_size}\n{lines}\n{self.note}"

    @property
    def origin(self) -> str:
        """Which log this claims to be of, before any signature line is read; `Malformed` if it is no checkpoint."""
        text, _, _ = self.note.rpartition("\n\n")
        return Checkpoint.parse(f"{text}\n").origin


@dataclass(frozen=True, slots=True)
class Taken:
    """The checkpoint grew from the one cosigned before: keep it, then cosign it."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such log is witnessed here (404)."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """No key of the log signed the checkpoint (403)."""


@dataclass(frozen=True, slots=True)
class Shrinking:
    """The old size is larger than the new one, which no log can mean (400)."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another size was cosigned last: ask again from `size` (409)."""

    size: int


@dataclass(frozen=True, slots=True)
class Forked:
    """The same size was cosigned with another root (409). Both checkpoints are signed: together they are evidence against the log."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Unproven:
    """The consistency proof does not hold (422)."""

    checkpoint: Checkpoint


Verdict: TypeAlias = Taken | Unknown | Unsigned | Shrinking | Elsewhere | Forked | Unproven


def judge(request: Request, *, keys: Sequence[PublicKey] | None, latest: Checkpoint | None) -> Verdict:
    """Judge a request. `keys` are those of the log it names, None where the log is unknown; `latest` is what was cosigned last, if anything was.

    The order is that of tlog-witness, add-checkpoint: origin, signature, sizes, what was cosigned, proof.
    """
    if keys is None:
        return Unknown()
    try:
        checkpoint = open_signed(request.note, origin=request.origin, keys=keys)
    except (SignatureInvalid, KeyUnknown):
        return Unsigned()
    if request.old_size > checkpoint.size:
        return Shrinking()
    size, root = (0, EMPTY.root()) if latest is None else (latest.size, latest.root)
    if request.old_size != size:
        return Elsewhere(size)
    if checkpoint.size == size and checkpoint.root != root:
        return Forked(checkpoint)
    try:
        _check_growth(request, checkpoint, old_root=root)
    except ProofInvalid:
        return Unproven(checkpoint)
    return Taken(checkpoint)


def _check_growth(request: Request, checkpoint: Checkpoint, *, old_root: bytes) -> None:
    if request.old_size == 0:  # Every log grew from nothing; tlog-witness: the proof MUST be empty.
        if request.proof:
            raise ProofInvalid("a proof of growth from nothing has no hashes")
        return
    verify_consistency(old_size=request.old_size, old_root=old_root, size=checkpoint.size, root=checkpoint.root, proof=request.proof)
