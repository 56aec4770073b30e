"""The form of the file that a courier brings, version 1. What goes into one, and what is done with it, is `exchange.courier`.

A file is the line ``accord courier 1``, the outside, and the sealed inside (`exchange.sealed`). The outside is one line of canonical JSON, signed with
a transport key of the sender, which the key file in it names:

    {"charter": "sha256:…", "digest": "sha256:…", "from": "KZ", "key": "<id of the recipient's transport key>", "key_file": {…},
     "made_at": "2026-11-23T09:00:00.000001Z", "signatures": […], "to": "KG"}

`digest` is that of every byte behind the outside, so that one signature covers the file.
Inside each line is a word and a JSON value: `keys` and a key file for each other member that is known; `receipt`, `journal` and `cosigned` with a text,
where there is one; a `page` for each page of the channel, as the wire has it; and last `checkpoint` with the channel's newest, as a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, BinaryIO

import orjson

from accord.errors import IntegrityFailure, LimitReached, Malformed, Refusal
from accord.exchange.client import NOTE_OCTETS_MAX
from accord.exchange.sealed import Kind, lines
from accord.seal.canonical import Digest, Fields, canonical, digest_text, parse_digest, read_canonical
from accord.seal.keys import PrivateKey, PublicKey
from accord.seal.signature import sign_fields, verify_fields
from accord.stix.statement import read_timestamp, timestamp

CONTEXT = "courier"
COURIER_OCTETS_MAX = 2**32 - 1  # Bytes of a file: file systems of the sticks that couriers carry take no longer one.
OUTSIDE_OCTETS_MAX = 2 * NOTE_OCTETS_MAX  # Bytes of the outside: a key file, and a few hundred bytes more.
COURIER_LINES_MAX = 20_000  # Lines inside: a page for each of 10,000 objects beyond a receipt, a key file for each member, and room.
INSIDE = Kind(b"", "inside of the courier's file")

_BEGINS = b"accord courier "
_FIRST_LINE = _BEGINS + b"1\n"
_NAMES = frozenset({"charter", "digest", "from", "key", "key_file", "made_at", "signatures", "to"})
_TEXTS = frozenset({"receipt", "journal", "cosigned", "checkpoint"})
_READ_OCTETS = 2**20


@dataclass(frozen=True, slots=True)
class Outside:
    """What stands on a file, signed or not yet proven. `key_file` is the sender's, in canonical form."""

    charter: str
    sender: str
    recipient: str
    key: str
    key_file: bytes
    made_at: datetime
    digest: Digest

    def signed(self, key: PrivateKey) -> bytes:
        """The first two lines of a file. Their length does not depend on the digest."""
        fields: Fields = {
            "charter": self.charter,
            "digest": digest_text(self.digest),
            "from": self.sender,
            "key": self.key,
            "key_file": read_canonical(self.key_file)[0],
            "made_at": timestamp(self.made_at),
            "to": self.recipient,
        }
        return _FIRST_LINE + canonical(sign_fields(fields, context=CONTEXT, key=key)) + b"\n"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The outside of a file as it was read, with what it takes to prove it. The file stands behind it."""

    outside: Outside
    fields: Fields

    @classmethod
    def read(cls, file: BinaryIO) -> Claimed:
        """Read the first two lines of a file; a `Refusal` or `IntegrityFailure` says what they are instead."""
        first = file.readline(len(_FIRST_LINE))
        if first != _FIRST_LINE:
            version = first.removeprefix(_BEGINS).strip().decode("ascii", errors="replace")
            says = f"a courier's file of version {version}" if first.startswith(_BEGINS) else "no courier's file"
            raise Refusal(f"this is {says}; this node reads version 1", remedy="name a file that `accord courier pack` wrote")
        line = file.readline(OUTSIDE_OCTETS_MAX + 1)
        if len(line) > OUTSIDE_OCTETS_MAX:
            raise LimitReached("OUTSIDE_OCTETS_MAX", f"the outside has more than {OUTSIDE_OCTETS_MAX} bytes")
        try:
            fields, written = read_canonical(line.removesuffix(b"\n"))
            if not isinstance(fields, dict) or fields.keys() != _NAMES or written + b"\n" != line:
                raise Malformed(f"it is not one line of canonical JSON with {', '.join(sorted(_NAMES))}")
            outside = _outside(fields)
        except (Malformed, LimitReached) as error:
            raise IntegrityFailure("courier", f"the outside of the file: {error.says}") from error
        return cls(outside, fields)

    def prove(self, file: BinaryIO, keys: Sequence[PublicKey]) -> None:
        """Check that one of these keys signed the outside, and that the rest of the file, read to its end, is what it names."""
        verify_fields(self.fields, context=CONTEXT, keys=keys)
        digest, octets = hashlib.sha256(), 0
        while part := file.read(_READ_OCTETS):
            digest.update(part)
            octets += len(part)
            if octets > COURIER_OCTETS_MAX:
                raise LimitReached("COURIER_OCTETS_MAX", f"the file has more than {COURIER_OCTETS_MAX} bytes")
        if digest.digest() != self.outside.digest:
            raise IntegrityFailure("courier", "the file is not what its sender signed: it was changed or cut on the way")


@dataclass(slots=True)
class Digesting:
    """Writes to a file, and keeps the digest and the length of what was written."""

    file: IO[bytes]
    octets: int = 0
    _sum: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    def write(self, content: bytes, /) -> int:
        self._sum.update(content)
        self.octets += len(content)
        return self.file.write(content)

    @property
    def digest(self) -> Digest:
        return Digest(self._sum.digest())


@dataclass(frozen=True, slots=True)
class Inside:
    """What a file holds beside its pages. Texts that do not stand in it are empty; nothing of it is believed yet."""

    keys: tuple[bytes, ...]
    receipt: str
    journal: str
    cosigned: str
    checkpoint: str

    @classmethod
    def read(cls, file: BinaryIO, key: PrivateKey) -> Inside:
        """Read everything but the pages; the file stands behind its outside."""
        texts = dict.fromkeys(_TEXTS, "")
        keys = []
        last = ""
        for number, (word, value) in enumerate(_lines(file, key)):
            if number >= COURIER_LINES_MAX:
                raise LimitReached("COURIER_LINES_MAX", f"the file has more than {COURIER_LINES_MAX} lines inside")
            if word in _TEXTS and not texts[word]:
                texts[word] = _text(word, value)
            elif word == "keys":
                keys.append(value)
            elif word != "page":
                raise IntegrityFailure("courier", f"inside stands {word[:20]!r}, which version 1 has not, or not twice")
            last = word
        if last != "checkpoint":
            raise IntegrityFailure("courier", "the inside ends without the channel's checkpoint")
        return cls(tuple(keys), texts["receipt"], texts["journal"], texts["cosigned"], texts["checkpoint"])


def line(word: str, text: str) -> bytes:
    """A line of the inside that holds a text."""
    return word.encode() + b" " + orjson.dumps(text)


def raw_line(word: str, value: bytes) -> bytes:
    """A line of the inside that holds JSON as it is: a key file or a page, neither of which has a line end."""
    return word.encode() + b" " + value


def pages(file: BinaryIO, key: PrivateKey) -> Iterator[bytes]:
    """The pages of a file, one after the other; the file stands behind its outside."""
    return (value for word, value in _lines(file, key) if word == "page")


def _lines(file: BinaryIO, key: PrivateKey) -> Iterator[tuple[str, bytes]]:
    for content in lines(file, key, INSIDE):
        word, _, value = content.partition(b" ")
        yield word.decode("ascii", errors="replace"), value


def _text(word: str, value: bytes) -> str:
    try:
        text = orjson.loads(value) if len(value) <= 2 * NOTE_OCTETS_MAX else None
    except orjson.JSONDecodeError:
        text = None
    if not isinstance(text, str) or not text:
        raise IntegrityFailure("courier", f"inside stands a {word} that is no text, or too long")
    return text


def _outside(fields: Fields) -> Outside:
    match fields:
        case {
            "charter": str(charter),
            "from": str(sender),
            "to": str(recipient),
            "key": str(key),
            "key_file": dict(key_file),
            "made_at": str(made_at),
            "digest": str(digest),
        }:
            return Outside(charter, sender, recipient, key, canonical(key_file), read_timestamp(made_at), parse_digest(digest))
        case _:
            raise Malformed("it has a property of another kind than it must be")
