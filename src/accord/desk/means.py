"""What a story has at hand: this member's charter, gate, database and keys. Doors hold it too, and nothing else of the node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from accord.charter.document import Charter
from accord.ledger.checkpoint import channel_origin, journal_origin, receipt_name, witness_name
from accord.release.gate import Gate
from accord.seal.keys import PrivateKey, Signer
from accord.store.acts import ReadEntry
from accord.store.database import Database
from accord.store.together import Together

CHANNEL_EPOCH = 1  # Of every channel: what its sender lost its recipient gives back, so a channel is always completed (decision 0017).
FIRST_EPOCH = 1  # Of every journal. After a restore it goes on in the next.


@dataclass(frozen=True, slots=True)
class Signers:
    """The node's operational keys, one a role. The root key is not among them: it belongs in a safe.

    What only signs may live in a token. Transport's seed is here: cursors and codes of approvals are sealed under keys made from it.
    """

    log: Signer
    receipt: Signer
    witness: Signer
    statement: Signer
    transport: PrivateKey


@dataclass(frozen=True, slots=True)
class Means:
    """Everything a story needs besides its arguments. `now` is always an argument; `random` gives that many random bytes."""

    member: str
    charter: Charter
    gate: Gate
    database: Database
    signers: Signers
    key_file: bytes
    random: Callable[[int], bytes]
    tiles: Path  # The folder of full tiles, as files.
    free_octets: Callable[[], int]  # Bytes free on the node's disk.
    reads: Together[ReadEntry] = field(default_factory=Together, repr=False, compare=False)  # Where reads meet before they are noted.
    epochs: dict[str, int] = field(default_factory=dict)  # Of each member's journal that is not in its first, as the store keeps it.

    def channel_to(self, recipient: str) -> str:
        """The origin of this member's channel to another, which is also its name in the store."""
        return channel_origin(charter_id=self.charter.id, sender=self.member, recipient=recipient, epoch=CHANNEL_EPOCH)

    def channel_from(self, sender: str) -> str:
        return channel_origin(charter_id=self.charter.id, sender=sender, recipient=self.member, epoch=CHANNEL_EPOCH)

    @property
    def journal(self) -> str:
        return self.journal_of(self.member)

    def journals(self) -> tuple[str, ...]:
        """The origins of this member's journal in every epoch, the newest last: texts of the older ones stand in the store too."""
        return tuple(self.journal_in(self.member, epoch) for epoch in range(FIRST_EPOCH, self.epochs.get(self.member, FIRST_EPOCH) + 1))

    def journal_of(self, member: str) -> str:
        """The origin of a member's journal of acts, in the epoch that is known here."""
        return self.journal_in(member, self.epochs.get(member, FIRST_EPOCH))

    def journal_in(self, member: str, epoch: int) -> str:
        """The origin of a member's journal in one epoch."""
        return journal_origin(charter_id=self.charter.id, member=member, epoch=epoch)

    def witness_name(self, member: str) -> str:
        return witness_name(charter_id=self.charter.id, member=member)

    def receipt_name(self, member: str) -> str:
        return receipt_name(charter_id=self.charter.id, member=member)

    def partners(self) -> tuple[str, ...]:
        """Every other member of the charter, in the order of their identifiers."""
        return tuple(sorted(member.id for member in self.charter.members if member.id != self.member))
