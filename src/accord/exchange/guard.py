"""Who asks: another member's node, or a tool of this member; and whether an answer in TAXII's media type is one that it can read.

This is the one place where a token or password becomes a name. Which of the two kinds may see what is each route's own affair.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from fastapi import Request

from accord.desk import introduce
from accord.desk.clients import BEARER_PREFIX, Client, client_by_bearer, client_by_password
from accord.desk.means import Means
from accord.errors import AccordError, KeyUnknown, NotFound, PeerFault, Refusal, SignatureInvalid, Unready
from accord.exchange.wire import CHARTER_HEADER, check_token, issuer_of
from accord.seal.canonical import digest_text
from accord.seal.keys import Role

CHALLENGE = 'Basic realm="Accord", charset="UTF-8", Bearer'
ACCEPTS_REMEMBERED_MAX = 256  # Headers of Accept. A tool sends the same one always.
AUTHORIZATION_CHARACTERS_MAX = 8_192  # Characters of the header; servers before us allow about as much for all headers together.
TAXII = "application/taxii+json"
TAXII_VERSION = "2.1"


class NotAuthorised(AccordError):
    """The request carries no token or password that holds."""


class Unacceptable(Refusal):
    """The request is understood and not taken, with a status of HTTP that says why more closely than 400."""

    def __init__(self, status: int, says: str, *, remedy: str = "", accepts: str = "") -> None:
        super().__init__(says, remedy=remedy)
        self.status = status
        self.accepts = accepts  # The content codings that would have been taken (RFC 9110, 15.5.16).


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes need: the node's means and a clock, read once a request."""

    means: Means
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Reader:
    """The member whose node asks, and the time of the request."""

    member: str
    now: datetime


Asking: TypeAlias = Reader | Client


def reader_of(door: Door) -> Callable[[Request], Reader]:
    """The guard of nodes: a token that holds, from a member of this charter, that judges under the same version of it."""
    means = door.means
    audience = f"{means.charter.id}/{means.member}"

    def reader(request: Request) -> Reader:
        now = door.clock()
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise NotAuthorised("this needs the bearer token of a member's node")
        try:
            member = issuer_of(text)
            with means.database.reading() as transaction:
                keys = introduce.keys_of(means, transaction, member, Role.TRANSPORT, now=now)
            check_token(text, audience=audience, keys=keys, now=now)
        except (SignatureInvalid, KeyUnknown, PeerFault, NotFound) as error:
            raise NotAuthorised(error.says, remedy="introduce the node with PUT /accord/v1/keys/{member}") from error
        theirs = request.headers.get(CHARTER_HEADER, "")
        ours = digest_text(means.charter.digest)
        if theirs != ours:
            raise Unready(
                f"this node judges under charter {ours}, the asking one under {theirs or 'none'}",
                remedy="whoever is behind catches up first",
            )
        return Reader(member, now)

    return reader


def asking_of(door: Door) -> Callable[[Request], Asking]:
    """The guard of TAXII: a member's node or a tool of this member, which can read what TAXII answers."""
    reader = reader_of(door)

    def asking(request: Request) -> Asking:
        found = _client(door.means, request.headers.get("authorization", "")) or reader(request)
        if not _accepts(tuple(request.headers.getlist("accept"))):
            raise Unacceptable(406, f"answers here are {TAXII};version={TAXII_VERSION}", remedy="name that media type in Accept")
        return found

    return asking


def channel_reader_of(door: Door) -> Callable[[Request], Reader]:
    """The guard of the channels' collections: for a tool of this member there are none."""
    asking = asking_of(door)

    def reader(request: Request) -> Reader:
        found = asking(request)
        if isinstance(found, Client):
            raise NotFound("no such collection")
        return found

    return reader


def client_of(door: Door) -> Callable[[Request], Client]:
    """The guard of the holdings: for another member's node there are none."""
    asking = asking_of(door)

    def client(request: Request) -> Client:
        found = asking(request)
        if isinstance(found, Reader):
            raise NotFound("no such collection")
        return found

    return client


def _client(means: Means, authorization: str) -> Client | None:
    """The tool that a header names; None where it is not of a tool, and no way on where it is and does not hold (RFC 7617, RFC 6750)."""
    scheme, _, text = authorization[:AUTHORIZATION_CHARACTERS_MAX].partition(" ")
    text = text.strip()
    match scheme.lower():
        case "basic":
            name, password = _user(text)
            found = client_by_password(means, name=name, password=password)
        case "bearer" if text.startswith(BEARER_PREFIX):
            found = client_by_bearer(means, text)
        case _:
            return None
    if found is None:
        raise NotAuthorised("no client has this name with this password, or this token", remedy="see `accord client list`")
    return found


def _user(text: str) -> tuple[str, str]:
    try:
        name, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise NotAuthorised("this is not a user name and password of HTTP") from None
    if not colon:
        raise NotAuthorised("this is not a user name and password of HTTP")
    return name, password


@lru_cache(maxsize=ACCEPTS_REMEMBERED_MAX)
def _accepts(accept: tuple[str, ...]) -> bool:
    return accepts_taxii(list(accept))


def accepts_taxii(accept: list[str]) -> bool:
    """Say whether a client can read TAXII's media type (RFC 9110, 12.5.1; TAXII 2.1, 1.6.8). Nothing said is everything.

    Of the ranges that match, the most specific one decides: `application/taxii+json;q=0, */*` wants anything but this.
    """
    ranges = [item for line in accept for item in line.split(",") if item.strip()]
    matching = [media for item in ranges if (media := _Media.parse(item)).includes_taxii]
    return not ranges or (bool(matching) and max(matching, key=lambda media: media.precision).is_wanted)


def is_taxii(text: str) -> bool:
    """Say whether a media type is TAXII's, of this version where it names one."""
    media = _Media.parse(text)
    return media.name == TAXII and media.includes_taxii


@dataclass(frozen=True, slots=True)
class _Media:
    """A media type, or a range of them, with the parameters that matter here."""

    name: str
    version: str
    is_wanted: bool

    @classmethod
    def parse(cls, text: str) -> _Media:
        name, *rest = (part.strip().lower() for part in text.split(";"))
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in (part.partition("=") for part in rest)}
        # A weight of nothing is `0`, with up to three zeros behind a point.
        return cls(name, parameters.get("version", ""), is_wanted=parameters.get("q", "1").rstrip("0") not in {"", "0."})

    @property
    def precision(self) -> tuple[int, bool]:
        return ("*/*", "application/*", TAXII).index(self.name), bool(self.version)

    @property
    def includes_taxii(self) -> bool:
        return self.name in {"*/*", "application/*", TAXII} and self.version in {"", TAXII_VERSION}
