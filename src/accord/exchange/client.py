"""The client of another member's node: one egress, with limits on time and size, no redirects, and tokens bound to the recipient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2
import orjson

from accord.desk.give_back import Word
from accord.desk.journal import Opening
from accord.desk.means import Means
from accord.errors import NotFound, PeerFault, PeerSilent
from accord.exchange.egress import read_bounded
from accord.exchange.giving import decode_opening, decode_word
from accord.exchange.wire import (
    CHARTER_HEADER,
    MEDIA_TYPE,
    PAGE_WIRE_OCTETS_MAX,
    TOKEN_LIFE,
    WirePage,
    collection_id,
    decode_page,
    read_size,
    token,
)
from accord.ledger.tiles import Tile
from accord.seal.canonical import digest_text

WHOLE_ANSWER_SECONDS_MAX = 300.0  # Seconds for a whole answer, however slowly it drips. A full page takes under ten on a slow line.
ANSWER_SECONDS_MAX = 30.0  # Seconds for one answer to begin or go on. A page is made in well under one.
NOTE_OCTETS_MAX = 64 * 2**10  # Bytes of a checkpoint or key file.
WORD_OCTETS_MAX = (
    2 * 2**20
)  # Bytes of what a peer holds of our word: a few notes; or of a journal's opening: one or two for each of 250 members.
TILE_OCTETS_MAX = 16 * 2**10  # Bytes of a tile or bundle: 256 hashes, or as many commitments with their lengths, have under 9 KiB.
SEEN_OCTETS_MAX = 2**20  # Bytes of all checkpoints that a peer has seen: one for each of 250 members, cosignatures included.

Answer = TypeVar("Answer")


def connection(url: str) -> httpx2.Client:
    """Open connections to one address, and to no proxy that the environment names; the caller closes them."""
    return httpx2.Client(base_url=url, trust_env=False)


@dataclass(slots=True)
class PeerClient:
    """Speaks to one member's node. It is used by one thread at a time."""

    means: Means
    peer: str
    http: httpx2.Client
    clock: Callable[[], datetime]
    ahead: int = 0  # Seconds that the peer's clock was ahead of ours when it last answered, by its HTTP Date.
    _token: tuple[datetime, str] | None = field(default=None, repr=False)

    def checkpoint(self) -> str:
        """The newest signed checkpoint of the peer's channel to us: the one round trip of an idle sync."""
        return self._get(f"/accord/v1/channels/{self.peer}/{self.means.member}/checkpoint", octets_max=NOTE_OCTETS_MAX).decode(
            "utf-8", errors="replace"
        )

    def page(self, first: int, limit: int) -> WirePage:
        """The page of the peer's channel to us that begins at position `first`."""
        identifier = collection_id(self.means.channel_from(self.peer))
        path = f"/taxii2/accord/collections/{identifier}/objects/?limit={limit}&next={first}&match[version]=all"
        return decode_page(self._get(path, octets_max=PAGE_WIRE_OCTETS_MAX))

    def hand_over(self, note: str, line: str) -> int:
        """Hand our receipt over; gives the size that the peer holds a receipt for, which is less where an older one came in its place."""
        path = f"/accord/v1/channels/{self.peer}/{self.means.member}/cosignature"
        answer = self._ask("POST", path, octets_max=NOTE_OCTETS_MAX, content=(note + line).encode(), media_type="text/plain")
        return read_size(answer.decode("utf-8", errors="replace"))

    def journal_checkpoint(self) -> str:
        """The published checkpoint of the peer's journal, with the cosignatures over it."""
        return self._get("/accord/v1/journal/checkpoint", octets_max=NOTE_OCTETS_MAX).decode("utf-8", errors="replace")

    def journal_tile(self, tile: Tile) -> bytes:
        """A tile of the peer's journal; `NotFound` where it has none."""
        return self._tile(f"/accord/v1/journal/{tile}")

    def channel_tile(self, sender: str, recipient: str, tile: Tile) -> bytes:
        """A tile of a channel between the peer and us; `NotFound` where it has none."""
        return self._tile(f"/accord/v1/channels/{sender}/{recipient}/{tile}")

    def journals_seen(self) -> dict[str, str]:
        """The newest checkpoint of every journal that the peer knows, by member. Nothing of it is believed yet."""
        try:
            seen = orjson.loads(self._get("/accord/v1/journal/seen", octets_max=SEEN_OCTETS_MAX))
        except orjson.JSONDecodeError:
            seen = None
        if not isinstance(seen, dict) or not all(isinstance(note, str) for note in seen.values()):
            raise PeerFault("journal", f"what {self.peer} has seen is not a map of members to checkpoints")
        return seen

    def add_checkpoint(self, body: str) -> tuple[int, str]:
        """Ask the peer to cosign our journal (tlog-witness); gives the status and the answer, whatever it is."""
        status, answer = self._exchange(
            "POST", "/accord/v1/add-checkpoint", octets_max=NOTE_OCTETS_MAX, content=body.encode(), media_type="text/plain"
        )
        return status, answer.decode("utf-8", errors="replace")

    def keys(self) -> bytes:
        """The peer's key file."""
        return self._get("/accord/v1/keys", octets_max=NOTE_OCTETS_MAX)

    def keys_of(self, member: str) -> bytes:
        """Another member's key file, as the peer has it; it proves itself."""
        return self._get(f"/accord/v1/keys/{member}", octets_max=NOTE_OCTETS_MAX)

    def own_key_file(self) -> bytes:
        """Our own key file as the peer knows it; `NotFound` where it knows none. No token is asked for, since ours may be of a key that was replaced."""
        try:
            return self._get(f"/accord/v1/keys/{self.means.member}", octets_max=NOTE_OCTETS_MAX)
        except Missing as missing:
            raise NotFound(missing.says) from missing

    def word(self) -> Word:
        """What the peer holds of our word: checkpoints and cosignatures that we signed. Nothing of it is believed yet."""
        path = f"/accord/v1/channels/{self.means.member}/{self.peer}/held"
        return decode_word(self._get(path, octets_max=WORD_OCTETS_MAX))

    def given_back(self, first: int, limit: int) -> WirePage:
        """A page of our own channel to the peer, from position `first` on, as the peer holds it."""
        path = f"/accord/v1/channels/{self.means.member}/{self.peer}/held/objects?first={first}&limit={limit}"
        return decode_page(self._get(path, octets_max=PAGE_WIRE_OCTETS_MAX))

    def journal_opening(self) -> Opening:
        """The first entry of the peer's journal, which names the epoch before."""
        return decode_opening(self._get("/accord/v1/journal/opening", octets_max=WORD_OCTETS_MAX))

    def introduced(self, ask: Callable[[], Answer]) -> Answer:
        """Ask, and introduce this node first where the peer does not know it yet."""
        try:
            return ask()
        except Unknown:
            self.introduce()
            return ask()

    def introduce(self) -> None:
        """Give the peer our key file, so that it knows the key of our tokens."""
        path = f"/accord/v1/keys/{self.means.member}"
        self._ask("PUT", path, octets_max=NOTE_OCTETS_MAX, content=self.means.key_file, media_type="application/json")

    def _tile(self, path: str) -> bytes:
        try:
            return self._get(path, octets_max=TILE_OCTETS_MAX)
        except Missing as missing:
            raise NotFound(missing.says) from missing

    def _get(self, path: str, *, octets_max: int) -> bytes:
        return self._ask("GET", path, octets_max=octets_max)

    def _ask(self, method: str, path: str, *, octets_max: int, content: bytes | None = None, media_type: str = "") -> bytes:
        status, body = self._exchange(method, path, octets_max=octets_max, content=content, media_type=media_type)
        if status == 401:
            raise Unknown("token", f"{self.peer} does not know our keys yet")
        says = f"{self.peer} answered {status}: {body[:500].decode('utf-8', errors='replace')}"
        if status == 404:
            raise Missing("answer", says)
        if status >= 300:
            raise Refused("answer", says)
        return body

    def _exchange(
        self, method: str, path: str, *, octets_max: int, content: bytes | None = None, media_type: str = ""
    ) -> tuple[int, bytes]:
        now = self.clock()
        headers = {
            "Authorization": f"Bearer {self._bearer(now)}",
            CHARTER_HEADER: digest_text(self.means.charter.digest),
            "Accept": MEDIA_TYPE if path.startswith("/taxii2/") else "*/*",
            "Accept-Encoding": "identity",
        }
        if media_type:
            headers["Content-Type"] = media_type
        try:
            with self.http.stream(
                method, path, headers=headers, content=content, timeout=ANSWER_SECONDS_MAX, follow_redirects=False
            ) as answer:
                self.ahead = seconds_ahead(answer.headers.get("Date", ""), now)
                return answer.status_code, read_bounded(answer, octets_max=octets_max, seconds_max=WHOLE_ANSWER_SECONDS_MAX)
        except httpx2.HTTPError as error:
            raise PeerSilent(
                "contact", f"{self.peer} does not answer: {type(error).__name__}", remedy="check its address and the line"
            ) from error

    def _bearer(self, now: datetime) -> str:
        if self._token is None or now - self._token[0] > TOKEN_LIFE / 2:
            audience = f"{self.means.charter.id}/{self.peer}"
            made = token(member=self.means.member, audience=audience, key=self.means.signers.transport, now=now)
            self._token = (now, made)
        return self._token[1]


def seconds_ahead(date: str, now: datetime) -> int:
    """How far an HTTP Date (RFC 9110, 6.6.1) is ahead of `now`, in whole seconds; 0 where there is none that can be read."""
    try:
        return round((parsedate_to_datetime(date) - now).total_seconds())
    except (TypeError, ValueError):
        return 0


class Unknown(PeerFault):
    """The peer does not know our keys: introduce this node and ask again."""


class Refused(PeerFault):
    """The peer answered and did not do what it was asked."""


class Missing(Refused):
    """The peer has no such thing, or not for us."""
