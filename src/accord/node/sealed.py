"""Sealed files: a stream that only the holder of an offline key can open, written and read piece by piece.

The file is ``accord backup 1`` and a newline, a stream key sealed to the public key (libsodium sealed box), the header of a secret stream
(libsodium crypto_secretstream, XChaCha20-Poly1305), then pieces of 64 KiB, each with its tag; the last one is marked as the last.
So a piece that is changed, missing, moved or too many is seen, and so is an end that is not the end.

A sealed box hides, and does not say who sealed it: whoever holds the public key can make such a file. That what is in it is the member's own is for
the reader to check (`node.restore`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey as BoxPrivate
from nacl.public import PublicKey as BoxPublic
from nacl.public import SealedBox

from accord.errors import Refusal
from accord.seal.keys import PrivateKey, PublicKey

FIRST_LINE = b"accord backup 1\n"
PIECE_OCTETS = 64 * 2**10
LINE_OCTETS_MAX = 64 * 2**20  # Bytes of one line. The longest is the status of a tool's submission: 10,000 objects with a reason each.

_BOX_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES + bindings.crypto_box_SEALBYTES
_HEADER_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_TAG_OCTETS = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE, _FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE, bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class Sink(Protocol):
    """What takes bytes: a file, or the wrapper of a temporary one."""

    def write(self, content: bytes, /) -> int: ...


@contextmanager
def sealing(file: Sink, key: PublicKey) -> Iterator[Callable[[bytes], None]]:
    """Give a function that takes lines, newline not included; the file is whole when the block ends well."""
    stream_key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, stream_key)
    box = SealedBox(BoxPublic(bindings.crypto_sign_ed25519_pk_to_curve25519(key.raw)))
    file.write(FIRST_LINE + box.encrypt(stream_key) + header)
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


def lines(file: BinaryIO, key: PrivateKey) -> Iterator[bytes]:
    """The lines of a sealed file, each as soon as its pieces hold; a `Refusal` names what does not. Whole only when this ends."""
    waiting = b""
    for piece in _pieces(file, key):
        *whole, waiting = (waiting + piece).split(b"\n")
        if len(waiting) > LINE_OCTETS_MAX:
            raise Refusal(f"a line of the backup is longer than {LINE_OCTETS_MAX} bytes (limit LINE_OCTETS_MAX)")
        yield from whole
    if waiting:
        raise Refusal("the backup ends inside a line", remedy="use another copy of it")


def _pieces(file: BinaryIO, key: PrivateKey) -> Iterator[bytes]:
    if file.read(len(FIRST_LINE)) != FIRST_LINE:
        raise Refusal("this is not a backup of version 1", remedy="name a file that `accord backup` wrote")
    boxed, header = file.read(_BOX_OCTETS), file.read(_HEADER_OCTETS)
    if len(boxed) + len(header) < _BOX_OCTETS + _HEADER_OCTETS:
        raise Refusal("the backup was cut: it ends inside its header", remedy="use another copy of it")
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, _stream_key(boxed, key))
    number, tag = 0, _MESSAGE
    while tag != _FINAL:
        sealed = file.read(PIECE_OCTETS + _TAG_OCTETS)
        if not sealed:
            raise Refusal(f"the backup was cut: it ends after piece {number}, which is not its last", remedy="use another copy of it")
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, sealed, None)
        except (CryptoError, RuntimeError, ValueError):
            raise Refusal(
                f"piece {number} of the backup does not hold: it was changed, cut or moved", remedy="use another copy of it"
            ) from None
        number += 1
        yield piece
    if file.read(1):
        raise Refusal("something stands behind the end of the backup", remedy="use another copy of it")


def _stream_key(boxed: bytes, key: PrivateKey) -> bytes:
    _, secret = bindings.crypto_sign_seed_keypair(key.seed)
    try:
        return SealedBox(BoxPrivate(bindings.crypto_sign_ed25519_sk_to_curve25519(secret))).decrypt(boxed)
    except CryptoError:
        raise Refusal("the backup is not sealed to this key", remedy="give the private key of the backup key that the node had") from None
