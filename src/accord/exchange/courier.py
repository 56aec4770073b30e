"""Courier: what a node would fetch from its partner, and what it would hand over, in a file that only the partner can read.

A line is not there, the stories are the same: what is packed comes from `desk.serve`, page by page through the gate, and what is opened goes through
`exchange.sync` into `desk.receive`. The form of the file is `exchange.courier_file`.

Duties of who packs:
  1. pages begin at the recipient's last receipt and end where a line would serve no further;
  2. the inside is sealed to the newest transport key in the recipient's key file, and the journal says that it leaves before the file is whole.
Duties of who opens:
  3. the file is for this member, under this charter, signed by the sender with a transport key that is valid now, and whole: else nothing is used;
  4. it is not older than the last one, and brings nothing twice (`desk.courier`);
  5. the receipt in it is taken, then its pages are proven and kept as from a line, then journals are witnessed;
  6. receipts and cosignatures that this makes wait here for the file that goes back, or for a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, BinaryIO

from accord.desk import courier, introduce, journal, receive, serve, witness
from accord.desk.means import Means
from accord.errors import IntegrityFailure, KeyUnknown, NotFound, Refusal, SignatureInvalid, Unready
from accord.exchange.client import Missing
from accord.exchange.courier_file import COURIER_OCTETS_MAX, INSIDE, Claimed, Digesting, Inside, Outside, line, pages, raw_line
from accord.exchange.sealed import sealing
from accord.exchange.sync import bring
from accord.exchange.wire import PAGE_WIRE_OCTETS_MAX, WirePage, decode_page, encode_page, split_receipt
from accord.ledger.witness import Taken
from accord.seal.canonical import Digest, digest_text
from accord.seal.keys import PublicKey, Role

_UNKNOWN_YET = Digest(bytes(32))


@dataclass(frozen=True, slots=True)
class Packed:
    """What a file holds: leaves of the channel from `first` to before `size`; `more` says that the channel goes on behind them."""

    recipient: str
    first: int
    size: int
    more: bool
    octets: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file brought. `size` is what is held of the sender's channel now, `receipted` how much of ours the sender has a receipt for.

    `more` says that the channel goes on behind what the file holds; `again` that it was opened before, and that nothing was done.
    """

    sender: str
    size: int
    kept: int
    declined: int
    receipted: int
    cosigned: bool
    more: bool
    again: bool


def pack(means: Means, recipient: str, file: IO[bytes], *, now: datetime) -> Packed:
    """Write a file for a member's node; `file` is empty and may be written over. It is of no use before this returns."""
    key = _sealed_to(means, recipient, now=now)
    charter = digest_text(means.charter.digest)

    def outside(digest: Digest) -> bytes:
        return Outside(charter, means.member, recipient, key.id, means.key_file, now, digest).signed(means.signers.transport)

    room = file.write(outside(_UNKNOWN_YET))  # It keeps its length, and is written over at the end.
    sink = Digesting(file)
    first, beyond = serve.span(means, recipient)
    with sealing(sink, key, INSIDE) as take:  # 2
        for content in _beside_the_channel(means, recipient, now=now):
            take(content)
        size = first
        while size < beyond and room + sink.octets + 2 * PAGE_WIRE_OCTETS_MAX < COURIER_OCTETS_MAX:  # 1
            page = serve.page(means, reader=recipient, first=size, now=now)
            take(raw_line("page", encode_page(page)))
            size = page.next
        note = serve.checkpoint(means, recipient)
        take(line("checkpoint", note))
    courier.note_packed(means, recipient, first=first, size=size, digest=sink.digest, now=now)  # 2
    file.seek(0)
    file.write(outside(sink.digest))
    return Packed(recipient, first, size, serve.size_of(note) > size, room + sink.octets, sink.digest)


def open_file(means: Means, file: BinaryIO, *, clock: Callable[[], datetime]) -> Opened:
    """Prove what a courier brought and keep it. Raises, naming the duty that failed; pages that were kept by then stay, as over a line."""
    outside, behind = _proven(means, file, now=clock())  # 3
    sender = outside.sender
    if not courier.is_new(means, sender, made_at=outside.made_at, digest=outside.digest, now=clock()):  # 4
        held = receive.position(means, sender)
        return Opened(sender, held, 0, 0, serve.span(means, sender)[0], cosigned=False, more=False, again=True)
    file.seek(behind)
    inside = Inside.read(file, means.signers.transport)
    if inside.receipt:  # 5
        note, cosignature = split_receipt(inside.receipt)
        serve.accept_receipt(means, reader=sender, note=note, line=cosignature, now=clock(), packed_at=outside.made_at)
    kept = declined = 0
    if not courier.is_behind(means, sender, inside.checkpoint, now=clock()):
        file.seek(behind)
        carried = _Carried(sender, map(decode_page, pages(file, means.signers.transport)), _by_member(means, inside.keys))
        brought = bring(means, carried, inside.checkpoint, clock=clock)  # 6
        kept, declined = brought.kept, brought.declined
    cosigned = _witness(means, sender, inside, now=clock())
    courier.note_opened(means, sender, made_at=outside.made_at, digest=outside.digest, now=clock())
    held, receipted = receive.position(means, sender), serve.span(means, sender)[0]
    more = serve.size_of(inside.checkpoint) > held
    return Opened(sender, held, kept, declined, receipted, cosigned=cosigned, more=more, again=False)


@dataclass(slots=True)
class _Carried:
    """The line that a file is: its pages in order, each read when it is asked for."""

    peer: str
    coming: Iterator[WirePage]
    keys: Mapping[str, bytes]

    def page(self, first: int, _limit: int, /) -> WirePage | None:
        """What the file holds from position `first` on, as far as the page reaches that holds it. What is held already is passed over."""
        for page in self.coming:
            held = first - page.first
            if held <= 0:
                return page
            if held < len(page.parcels):
                return WirePage(first, page.parcels[held:], page.checkpoint)
        return None

    def keys_of(self, member: str) -> bytes:
        if member not in self.keys:
            raise Missing("answer", f"the file of {self.peer} holds no key file of {member}")
        return self.keys[member]


def _sealed_to(means: Means, recipient: str, *, now: datetime) -> PublicKey:
    """The newest transport key of the member that a file is for."""
    if recipient not in means.partners():
        raise Refusal(f"{recipient} is not another member of this charter", remedy="name one with --to")
    try:
        introduce.key_file_of(means, recipient)
    except NotFound:
        raise Refusal(
            f"the keys of {recipient} are not known here, so nothing can be sealed to it",
            remedy="let it bring keys/keys.json out of its node's folder, and give that to `accord courier meet`",
        ) from None
    keys = _transport_keys(means, recipient, now=now)
    if not keys:
        raise Refusal(f"no transport key of {recipient} is valid now", remedy="ask it for its newest key file")
    return keys[-1]


def _transport_keys(means: Means, member: str, *, now: datetime) -> tuple[PublicKey, ...]:
    with means.database.reading() as transaction:
        return tuple(introduce.keys_of(means, transaction, member, Role.TRANSPORT, now=now))


def _beside_the_channel(means: Means, recipient: str, *, now: datetime) -> Iterator[bytes]:
    """Key files, our receipt for the recipient's channel, our journal to be cosigned, and its journal as we cosigned it."""
    for member in means.partners():
        if member != recipient:
            with suppress(NotFound):
                yield raw_line("keys", introduce.key_file_of(means, member))
    receipt = receive.pending_receipt(means, recipient, now=now)
    if receipt is not None:
        yield line("receipt", receipt.checkpoint + receipt.cosignature)
    journal.publish_due(means, now=now)
    request = witness.request_for(means, recipient)
    if request is not None:
        yield line("journal", str(request))
    if cosigned := witness.carried(means, recipient, now=now):
        yield line("cosigned", cosigned)


def _proven(means: Means, file: BinaryIO, *, now: datetime) -> tuple[Outside, int]:
    """The outside of a file, after it and the whole file proved to be the sender's and for this member; and where the inside begins. 3"""
    claimed = Claimed.read(file)
    outside, behind = claimed.outside, file.tell()
    if outside.recipient != means.member or outside.sender not in means.partners():
        raise Refusal(f"the file is from {outside.sender[:40]} to {outside.recipient[:40]}, and this is the node of {means.member}")
    ours = digest_text(means.charter.digest)
    if outside.charter != ours:
        raise Unready(
            f"this node judges under charter {ours}, the file was packed under {outside.charter[:80]}",
            remedy="whoever is behind catches up first",
        )
    introduce.meet(means, outside.sender, outside.key_file, now=now)
    try:
        claimed.prove(file, _transport_keys(means, outside.sender, now=now))
    except (SignatureInvalid, KeyUnknown) as error:
        raise IntegrityFailure(
            "courier", f"{outside.sender} did not sign the file with a key that is valid now: {error.says}", remedy="let it be packed anew"
        ) from error
    if outside.key != means.signers.transport.public.id:
        raise Refusal(
            f"the file is sealed to the key {outside.key[:16]}, and this node uses another",
            remedy=f"give {outside.sender} the newest key file, and let it pack anew",
        )
    return outside, behind


def _by_member(means: Means, files: tuple[bytes, ...]) -> dict[str, bytes]:
    """The key files by whose they are; each is proven again when it is kept."""
    found = {}
    for raw in files:
        with suppress(NotFound):  # Of a member without a root key in this charter.
            found[introduce.whose(means, raw)] = raw
    return found


def _witness(means: Means, sender: str, inside: Inside, *, now: datetime) -> bool:
    """Cosign the sender's journal where it asks, and keep its cosignature over ours. Says whether its journal was cosigned now. 5, 6"""
    if inside.cosigned:
        note, cosignature = split_receipt(inside.cosigned)
        witness.keep_carried(means, sender, note, cosignature, now=now)
    if not inside.journal:
        return False
    return isinstance(witness.add_checkpoint(means, inside.journal, now=now).verdict, Taken)
