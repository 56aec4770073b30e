"""The client of another member's node: one egress, with limits on time and size, no redirects, and tokens bound to the recipient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx2

from accord.desk.means import Means
from accord.errors import PeerFault, PeerSilent
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE, PAGE_WIRE_OCTETS_MAX, TOKEN_LIFE, WirePage, collection_id, decode_page, token
from accord.seal.canonical import digest_text

ANSWER_SECONDS_MAX = 30.0  # Seconds for one answer to begin or go on. A page is made in well under one.
NOTE_OCTETS_MAX = 64 * 2**10  # Bytes of a checkpoint or key file.


@dataclass(slots=True)
class PeerClient:
    """Speaks to one member's node. It is used by one thread at a time."""

    means: Means
    peer: str
    http: httpx2.Client
    clock: Callable[[], datetime]
    _token: tuple[datetime, str] | None = field(default=None, repr=False)

    def checkpoint(self) -> str:
        """The newest signed checkpoint of the peer's channel to us: the one round trip of an idle sync."""
        return self._get(f"/accord/v1/channels/{self.peer}/{self.means.member}/checkpoint", octets_max=NOTE_OCTETS_MAX).decode()

    def page(self, first: int, limit: int) -> WirePage:
        """The page of the peer's channel to us that begins at position `first`."""
        identifier = collection_id(self.means.channel_from(self.peer))
        path = f"/taxii2/accord/collections/{identifier}/objects/?limit={limit}&next={first}&match[version]=all"
        return decode_page(self._get(path, octets_max=PAGE_WIRE_OCTETS_MAX))

    def hand_over(self, note: str, line: str) -> None:
        """Hand our receipt over; done when this returns."""
        path = f"/accord/v1/channels/{self.peer}/{self.means.member}/cosignature"
        self._ask("POST", path, octets_max=NOTE_OCTETS_MAX, content=(note + line).encode(), media_type="text/plain")

    def keys(self) -> bytes:
        """The peer's key file."""
        return self._get("/accord/v1/keys", octets_max=NOTE_OCTETS_MAX)

    def introduce(self) -> None:
        """Give the peer our key file, so that it knows the key of our tokens."""
        path = f"/accord/v1/keys/{self.means.member}"
        self._ask("PUT", path, octets_max=NOTE_OCTETS_MAX, content=self.means.key_file, media_type="application/json")

    def _get(self, path: str, *, octets_max: int) -> bytes:
        return self._ask("GET", path, octets_max=octets_max)

    def _ask(self, method: str, path: str, *, octets_max: int, content: bytes | None = None, media_type: str = "") -> bytes:
        headers = {
            "Authorization": f"Bearer {self._bearer()}",
            CHARTER_HEADER: digest_text(self.means.charter.digest),
            "Accept": MEDIA_TYPE if path.startswith("/taxii2/") else "*/*",
        }
        if media_type:
            headers["Content-Type"] = media_type
        try:
            with self.http.stream(
                method, path, headers=headers, content=content, timeout=ANSWER_SECONDS_MAX, follow_redirects=False
            ) as answer:
                body = _bounded(answer, octets_max)
                status = answer.status_code
        except httpx2.HTTPError as error:
            raise PeerSilent(
                "contact", f"{self.peer} does not answer: {type(error).__name__}", remedy="check its address and the line"
            ) from error
        if status == 401:
            raise Unknown("token", f"{self.peer} does not know our keys yet")
        if status >= 300:
            raise Refused("answer", f"{self.peer} answered {status}: {body[:500].decode('utf-8', errors='replace')}")
        return body

    def _bearer(self) -> str:
        now = self.clock()
        if self._token is None or now - self._token[0] > TOKEN_LIFE / 2:
            audience = f"{self.means.charter.id}/{self.peer}"
            made = token(member=self.means.member, audience=audience, key=self.means.signers.transport, now=now)
            self._token = (now, made)
        return self._token[1]


class Unknown(PeerFault):
    """The peer does not know our keys: introduce this node and ask again."""


class Refused(PeerFault):
    """The peer answered and did not do what it was asked."""


def _bounded(answer: httpx2.Response, octets_max: int) -> bytes:
    """Read an answer, counting decompressed bytes, and stop at the limit."""
    parts: list[bytes] = []
    total = 0
    for part in answer.iter_bytes():
        total += len(part)
        if total > octets_max:
            raise PeerFault("size", f"the answer is larger than {octets_max} bytes")
        parts.append(part)
    return b"".join(parts)
