"""Sealed files: lines that only the holder of one private key can read, written and read piece by piece.

A file is the first line of its kind, such as ``accord backup 1``, a stream key sealed to the public key (libsodium sealed box), the header of a secret
stream (libsodium crypto_secretstream, XChaCha20-Poly1305), then pieces of 64 KiB, each with its tag; the last one is marked as the last.
So a piece that is changed, missing, moved or too many is seen, and so is an end that is not the end.

A sealed box hides, and does not say who sealed it: whoever holds the public key can make such a file. Who made it is for the reader to check
(`node.backup`, `exchange.courier`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey as BoxPrivate
from nacl.public import PublicKey as BoxPublic
from nacl.public import SealedBox

from accord.errors import Refusal
from accord.seal.keys import PrivateKey, PublicKey

PIECE_OCTETS = 64 * 2**10
LINE_OCTETS_MAX = (
    64 * 2**20
)  # Bytes of one line. The longest are the status of a tool's submission, with 10,000 reasons, and a page of a channel.

_BOX_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES + bindings.crypto_box_SEALBYTES
_HEADER_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_TAG_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE, _FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE, bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sealed file: how it begins, newline included, and what people call it."""

    first_line: bytes
    name: str


class Sink(Protocol):
    """What takes bytes: a file, or the wrapper of a temporary one."""

    def write(self, content: bytes, /) -> int: ...


@contextmanager
def sealing(file: Sink, key: PublicKey, kind: Kind) -> Iterator[Callable[[bytes], None]]:
    """Give a function that takes lines, newline not included; the file is whole when the block ends well."""
    stream_key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, stream_key)
    box = SealedBox(BoxPublic(bindings.crypto_sign_ed25519_pk_to_curve25519(key.raw)))
    file.write(kind.first_line + box.encrypt(stream_key) + header)
    waiting = bytearray()

    def push(piece: bytes, tag: int) -> None:
        file.write(bindings.crypto_secretstream_xchacha20poly1305_push(state, piece, None, tag))

    def take(line: bytes) -> None:
        waiting.extend(line)
        waiting.extend(b"\n")
        while len(waiting) > PIECE_OCTETS:
            push(bytes(waiting[:PIECE_OCTETS]), _MESSAGE)
            del waiting[:PIECE_OCTETS]

    yield take
    push(bytes(waiting), _FINAL)


def lines(file: BinaryIO, key: PrivateKey, kind: Kind) -> Iterator[bytes]:
    """The lines of a sealed file, each as soon as its pieces hold; a `Refusal` names what does not. Whole only when this ends."""
    waiting = bytearray()
    for piece in _pieces(file, key, kind):
        waiting += piece
        if b"\n" in piece:
            *whole, waiting = waiting.split(b"\n")
            yield from map(bytes, whole)
        if len(waiting) > LINE_OCTETS_MAX:
            raise Refusal(f"a line of the {kind.name} is longer than {LINE_OCTETS_MAX} bytes (limit LINE_OCTETS_MAX)")
    if waiting:
        raise Refusal(f"the {kind.name} ends inside a line", remedy="use another copy of it")


def _pieces(file: BinaryIO, key: PrivateKey, kind: Kind) -> Iterator[bytes]:
    if file.read(len(kind.first_line)) != kind.first_line:
        raise Refusal(f"this is not a {kind.name} of version 1", remedy=f"name a {kind.name}")
    boxed, header = file.read(_BOX_OCTETS), file.read(_HEADER_OCTETS)
    if len(boxed) + len(header) < _BOX_OCTETS + _HEADER_OCTETS:
        raise Refusal(f"the {kind.name} was cut: it ends inside its header", remedy="use another copy of it")
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, _stream_key(boxed, key, kind))
    number, tag = 0, _MESSAGE
    while tag != _FINAL:
        sealed = file.read(PIECE_OCTETS + _TAG_OCTETS)
        if not sealed:
            raise Refusal(f"the {kind.name} was cut: it ends after piece {number}, which is not its last", remedy="use another copy of it")
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, sealed, None)
        except (CryptoError, RuntimeError, ValueError):
            raise Refusal(
                f"piece {number} of the {kind.name} does not hold: it was changed, cut or moved", remedy="use another copy of it"
            ) from None
        number += 1
        yield piece
    if file.read(1):
        raise Refusal(f"something stands behind the end of the {kind.name}", remedy="use another copy of it")


def _stream_key(boxed: bytes, key: PrivateKey, kind: Kind) -> bytes:
    _, secret = bindings.crypto_sign_seed_keypair(key.seed)
    try:
        return SealedBox(BoxPrivate(bindings.crypto_sign_ed25519_sk_to_curve25519(secret))).decrypt(boxed)
    except CryptoError:
        raise Refusal(
            f"the {kind.name} is not sealed to this key", remedy="bring the private key of the key that it was sealed to"
        ) from None
