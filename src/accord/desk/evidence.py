"""Evidence: what this node holds against another member's log, written down for a third member, who checks it without asking anybody.

One JSON object a line:

    {"version": 1, "log": "sco.example/TJ/journal/1", "says": "…", "found_at": "2026-11-23T09:00:00.000001Z", "key_file": {…},
     "held": "<signed note>", "offered": "<signed note>", "proof": ["<base64 of a hash>", …]}

Duties of who checks:
  1. the key file is signed by the root key that the charter pins for the member whose log it is;
  2. both notes are checkpoints of that log, signed with a log key of that file;
  3. they cannot both be true: one size has two roots, or the proof shows that the larger log has another root at the smaller size.
Where 1 or 2 fails the file is no evidence and says nothing about the member. Where only 3 stays open, because the log did not show its tiles, the two
notes are a question to that member, and no more: whoever asks its node for the proof of growth has the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from accord.charter.keyfile import KeyFile
from accord.desk.means import Means
from accord.errors import AccordError, IntegrityFailure, LimitReached, Malformed, ProofInvalid
from accord.ledger.checkpoint import Checkpoint, open_signed
from accord.ledger.tree import verify_consistency
from accord.seal.canonical import Fields, canonical, read
from accord.seal.keys import PublicKey, Role, parse_base64
from accord.store import peers, witness
from accord.store.witness import Evidence

VERSION = 1
EVIDENCE_BYTES_MAX = (
    4 * 2**20
)  # Bytes of a file of evidence. A node keeps 64 pairs of each log at most; a pair with its proof has under 16 KiB.


@dataclass(frozen=True, slots=True)
class Checked:
    """What a third found about one pair of checkpoints. `proven` says that both cannot be true, whoever asks."""

    log: str
    member: str
    sizes: tuple[int, int]
    proven: bool


def written(means: Means) -> bytes:
    """Everything that this node holds against other members' logs, one JSON object a line; empty where there is nothing."""
    with means.database.reading() as transaction:
        lines = [
            canonical(_fields(item, peers.peer_of(transaction, _member_of(means, item.origin)).key_file))
            for item in witness.evidence_all(transaction)
        ]
    return b"".join(line + b"\n" for line in lines)


def check(means: Means, raw: bytes) -> list[Checked]:
    """Check a file of evidence by the charter alone. Raises `IntegrityFailure` naming the line that is no evidence, and why."""
    if len(raw) > EVIDENCE_BYTES_MAX:
        raise LimitReached("EVIDENCE_BYTES_MAX", f"the file of evidence has {len(raw)} bytes")
    found = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            found.append(_checked(means, line))
        except AccordError as error:
            raise IntegrityFailure("evidence", f"line {number} is no evidence: {error.says}") from error
    if not found:
        raise Malformed("the file of evidence is empty")
    return found


def _checked(means: Means, line: bytes) -> Checked:
    match read(line):
        case {"version": 1, "log": str(log), "key_file": dict(key_file), "held": str(held), "offered": str(offered), "proof": list(proof)}:
            pass
        case _:
            raise Malformed("expected log, key_file, held, offered and proof of version 1")
    member = _member_of(means, log)
    keys = _log_keys(means, member, key_file)  # 1
    small, large = sorted((open_signed(note, origin=log, keys=keys) for note in (held, offered)), key=lambda note: note.size)  # 2
    hashes = [parse_base64(str(text), what="a hash of the proof") for text in proof]
    return Checked(log, member, (small.size, large.size), _contradict(small, large, hashes))


def _contradict(small: Checkpoint, large: Checkpoint, hashes: list[bytes]) -> bool:
    """Whether it is shown that these two cannot both be true. Raises where it is shown that they can, or where the proof itself is false. 3"""
    if small.size == large.size:
        if small.root == large.root:
            raise ProofInvalid("both checkpoints are one and the same")
        return True
    if not hashes:
        return False
    began, *proof = hashes
    verify_consistency(old_size=small.size, old_root=began, size=large.size, root=large.root, proof=proof)
    if began == small.root:
        raise ProofInvalid("the larger log grew from the smaller: both are true")
    return True


def _log_keys(means: Means, member: str, fields: Fields) -> list[PublicKey]:
    """The log keys of a key file, whenever they were valid: under each of them there is one history."""
    root = means.charter.member(member).root
    if root is None:
        raise Malformed(f"the charter pins no root key for {member}")
    key_file = KeyFile.read(canonical(fields), root)
    if (key_file.member, key_file.charter_id) != (member, means.charter.id):
        raise Malformed(f"the key file is for {key_file.member} in {key_file.charter_id}")
    return [entry.public for entry in key_file.keys if entry.role is Role.LOG]


def _fields(item: Evidence, key_file: bytes | None) -> Fields:
    assert key_file is not None, "a note counts only under a key that is known"
    return {
        "version": VERSION,
        "log": item.origin,
        "says": item.says,
        "found_at": item.found_at,
        "key_file": read(key_file),
        "held": item.held,
        "offered": item.offered,
        "proof": list(item.proof.splitlines()),
    }


def _member_of(means: Means, log: str) -> str:
    """Whose log a name is of: the member that signs its checkpoints."""
    for member in means.charter.members:
        if log.startswith(f"{means.charter.id}/{member.id}/"):
            return member.id
    raise Malformed(f"{log[:100]!r} is no log of a member of this charter")
