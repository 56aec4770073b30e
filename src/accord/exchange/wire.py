"""The wire between nodes, protocol version 1: pages of a channel, receipts, and bearer tokens.

A page is a TAXII 2.1 envelope with one more property, `x_accord`, which nodes read and other tools ignore:

    {"more": true, "next": "1001", "objects": [{…}, …],
     "x_accord": {"version": 1, "first": 0, "leaves": ["<base64 salt>", …], "checkpoint": "<signed note at the page's end>"}}

`leaves` has one entry a position: the salt, or {"erased": "<base64 commitment>"} where the object is gone.
A receipt is the checkpoint's signed note with the cosignature line behind it, as C2SP writes a cosigned checkpoint.
A token is a JSON Web Token (RFC 7519) signed with the sender's transport key (RFC 8037, algorithm name of RFC 9864), bound to its recipient.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from accord.desk.prove import Gone, Parcel
from accord.desk.serve import PAGE_OBJECTS_MAX, Page
from accord.errors import IntegrityFailure, Malformed, SignatureInvalid, counted
from accord.ledger.entry import SALT_BYTES
from accord.seal.keys import PublicKey, Signer
from accord.stix.statement import COMMITMENT_BYTES

PROTOCOL_VERSION = 1
MEDIA_TYPE = "application/taxii+json;version=2.1"
CHARTER_HEADER = "Accord-Charter"  # The digest of the charter that the asking node judges under.
PAGE_WIRE_OCTETS_MAX = 48 * 2**20  # Bytes of one page as received: the sender's 16 MiB of objects, their salts, and room to spare.
TOKEN_LIFE = timedelta(minutes=5)  # Short, so that a stolen token is soon worthless; long enough for one round of a slow line.
TOKEN_CLOCK_DIFFERENCE_MAX = timedelta(minutes=5)  # As for receipts.
TOKEN_CHARACTERS_MAX = 2_048  # Characters. Ours have about 300.
TOKEN_ALGORITHM = "Ed25519"  # noqa: S105 - the name of an algorithm (RFC 9864), not a secret.

_SIZE = re.compile(r"(0|[1-9][0-9]{0,15})\n")
_COLLECTIONS = uuid.UUID("5f6d5c1e-6c0e-5d0b-9a55-0d3c6f7d4a11")


@dataclass(frozen=True, slots=True)
class WirePage:
    """A page as it was received, parsed and not yet believed."""

    first: int
    parcels: tuple[Parcel | Gone, ...]
    checkpoint: str


def collection_id(origin: str) -> str:
    """The TAXII identifier of a channel: a UUID version 5 of its origin, the same on every node (TAXII 2.1, 5.2)."""
    return str(uuid.uuid5(_COLLECTIONS, origin))


def encode_page(page: Page) -> bytes:
    """Join stored bytes into an envelope; no object is parsed or written anew."""
    contents = [content for released in page.released for content in released.contents]
    leaves: list[object] = [
        base64.b64encode(leaf.salt).decode()
        if leaf.salt is not None and leaf.body is not None
        else {"erased": base64.b64encode(leaf.commitment).decode()}
        for leaf in page.leaves
    ]
    ours = {"version": PROTOCOL_VERSION, "first": page.first, "leaves": leaves, "checkpoint": page.checkpoint}
    more = b"true" if page.more else b"false"
    following = b',"next":"%d"' % page.next if page.more else b""
    objects = b',"objects":[' + b",".join(contents) + b"]" if contents else b""
    return b'{"more":' + more + following + objects + b',"x_accord":' + orjson.dumps(ours) + b"}"


def decode_page(raw: bytes) -> WirePage:
    """Parse a page. Whatever is not a page of protocol version 1 is an `IntegrityFailure`: nothing of it is used."""
    try:
        envelope = orjson.loads(raw)
        ours, objects = envelope["x_accord"], envelope.get("objects", [])
        version, first, leaves, checkpoint = ours["version"], ours["first"], ours["leaves"], ours["checkpoint"]
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        raise IntegrityFailure("page", "it is not an envelope with x_accord") from None
    if version != PROTOCOL_VERSION:
        raise IntegrityFailure("page", f"x_accord of protocol version {str(version)[:20]!r} came, this node speaks {PROTOCOL_VERSION}")
    if not isinstance(first, int) or not isinstance(checkpoint, str):
        raise IntegrityFailure("page", f"x_accord is not what it is in protocol version {PROTOCOL_VERSION}")
    if not isinstance(objects, list) or not isinstance(leaves, list) or len(leaves) > PAGE_OBJECTS_MAX:
        raise IntegrityFailure("page", f"it must be a list of at most {PAGE_OBJECTS_MAX} objects with as many leaves")
    kept = sum(1 for leaf in leaves if isinstance(leaf, str))
    if len(objects) != kept:
        raise IntegrityFailure(
            "page", f"{counted(len(objects), 'object')} came with {counted(kept, 'salt')}: an object is missing or too many"
        )
    following = iter(objects)
    parcels = tuple(_parcel(next(following), leaf) if isinstance(leaf, str) else _gone(leaf) for leaf in leaves)
    return WirePage(first, parcels, checkpoint)


def _parcel(fields: object, leaf: str) -> Parcel:
    if not isinstance(fields, dict):
        raise IntegrityFailure("page", "an object is not what it must be")
    return Parcel(fields, _bytes(leaf, SALT_BYTES, "a salt"))


def _gone(leaf: object) -> Gone:
    match leaf:
        case {"erased": str(text), **others} if not others:
            return Gone(_bytes(text, COMMITMENT_BYTES, "a commitment"))
        case _:
            raise IntegrityFailure("page", "a leaf is neither a salt nor an erased commitment")


def _bytes(text: str, length: int, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityFailure("page", f"{what} is not base64") from None
    if len(raw) != length:
        raise IntegrityFailure("page", f"{what} has {len(raw)} bytes, expected {length}")
    return raw


def split_receipt(text: str) -> tuple[str, str]:
    """Take a cosigned checkpoint apart: the note as its log signed it, and the last line."""
    head, newline, last = text.rstrip("\n").rpartition("\n")
    if not newline or not last.startswith("— "):
        raise Malformed("a receipt is a signed checkpoint with the cosignature as its last line")
    return head + "\n", last + "\n"


def size_text(size: int) -> str:
    """The answer to a receipt: the size that is receipted now, in decimal, and a newline."""
    return f"{size}\n"


def read_size(text: str) -> int:
    """Read what `size_text` writes, and only that."""
    if not _SIZE.fullmatch(text):
        raise IntegrityFailure("receipt", "the answer to a receipt does not say which size is receipted")
    return int(text)


def token(*, member: str, audience: str, key: Signer, now: datetime) -> str:
    """A bearer token of `member` for one recipient; `audience` is charter id / member of that recipient."""
    header = {"typ": "JWT", "alg": TOKEN_ALGORITHM}
    claims = {"iss": member, "aud": audience, "iat": int(now.timestamp()), "exp": int((now + TOKEN_LIFE).timestamp())}
    # RFC 7515, 5.1: what is signed is the text of the two parts. The key signs by itself, so that it need not give out its seed.
    signed = f"{_url64(orjson.dumps(header))}.{_url64(orjson.dumps(claims))}"
    return f"{signed}.{_url64(key.sign(signed.encode()))}"


def issuer_of(text: str) -> str:
    """Whose token this claims to be, not believed before `check_token`."""
    if len(text) > TOKEN_CHARACTERS_MAX:
        raise SignatureInvalid(f"a token has at most {TOKEN_CHARACTERS_MAX} characters")
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        issuer = claims["iss"]
    except (IndexError, binascii.Error, ValueError, TypeError, KeyError):
        raise SignatureInvalid("the bearer token is not a signed token between nodes") from None
    if not isinstance(issuer, str):
        raise SignatureInvalid("the bearer token names no issuer")
    return issuer


def check_token(text: str, *, audience: str, keys: Sequence[PublicKey], now: datetime) -> None:
    """Hold a token against the issuer's transport keys, its recipient and the time; `SignatureInvalid` says which failed."""
    for key in keys:
        try:
            checked = jwt.decode(
                text, OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _url64(key.raw)}), algorithms=[TOKEN_ALGORITHM]
            )
        except (JoseError, ValueError, TypeError):  # A header of the wrong kinds makes the library stumble; it is no token.
            continue
        claims = checked.claims
        issued, expires = claims.get("iat"), claims.get("exp")
        if claims.get("aud") != audience:
            raise SignatureInvalid("the token is for another recipient")
        if not isinstance(issued, int) or not isinstance(expires, int) or expires - issued > TOKEN_LIFE.total_seconds():
            raise SignatureInvalid("the token lives too long")
        skew = TOKEN_CLOCK_DIFFERENCE_MAX.total_seconds()
        if not issued - skew <= now.timestamp() <= expires + skew:
            raise SignatureInvalid("the token is not valid now; both nodes' clocks must agree")
        return
    raise SignatureInvalid("the token is not signed with a transport key of its issuer")


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
