"""TAXII 2.1 asked of strangers: one bounded GET, and the way from an address to a collection (TAXII 2.1, sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import httpx2
import orjson

from accord.errors import NotFound, PeerFault, PeerSilent, Refusal
from accord.exchange.egress import read_bounded

ACCEPT = "application/taxii+json;version=2.1"
SOURCE_PAGE_OCTETS_MAX = 64 * 2**20  # Bytes of an answer. A thousand objects of public sources have one MB.
SOURCE_SECONDS_MAX = 60.0  # Seconds for an answer to begin or go on; some servers take half a minute for a page.
SOURCE_ANSWER_SECONDS_MAX = 600.0  # Seconds for a whole answer, however slowly it drips.
RETRY_SECONDS_MAX = 86_400  # Seconds that a source may ask to be left alone. A day; then it is asked again whatever it said.
COLLECTIONS_TOLD_MAX = 20  # Collections named in a refusal.


class Overloaded(PeerFault):
    """The source asks to be left alone; `wait` is for how long."""

    def __init__(self, says: str, *, wait: timedelta) -> None:
        super().__init__("source", says)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collection is: its API root, with a slash at the end, and its identifier."""

    api_root: str
    collection: str


def find(http: httpx2.Client, url: str, *, collection: str = "") -> Place:
    """The collection behind an address: a collection's own, an API root's, or a discovery's.

    Where several could be meant, `Refusal` names them; `collection` chooses.
    """
    root, named = _split(url)
    if named:
        return Place(root, named)
    answer = _resource(http, root)
    roots = answer.get("api_roots")
    if isinstance(roots, list):
        root = f"{urljoin(root, _one_root(answer, roots)).rstrip('/')}/"
    return Place(root, collection or _one_collection(_resource(http, f"{root}collections/")))


def fetched(http: httpx2.Client, url: str, where: Mapping[str, str] | None = None) -> tuple[bytes, httpx2.Headers]:
    """One GET with limits on time and size. `NotFound` for 404, `Overloaded` for 429 and 503, `PeerFault` for anything else but 200."""
    host = urlsplit(url).netloc
    try:
        with http.stream("GET", url, params=dict(where or {}), headers={"Accept": ACCEPT}, timeout=SOURCE_SECONDS_MAX) as answer:
            body = read_bounded(answer, octets_max=SOURCE_PAGE_OCTETS_MAX, seconds_max=SOURCE_ANSWER_SECONDS_MAX)
            _served(answer, body, host)
            return body, answer.headers
    except httpx2.InvalidURL:
        raise Refusal(f"{url[:200]!r} is not an address", remedy="give it as https://taxii.example/taxii2/") from None
    except httpx2.HTTPError as error:
        raise PeerSilent("contact", f"{host} does not answer: {type(error).__name__}", remedy="check the address and the line") from error


def envelope_of(raw: bytes) -> dict[str, object]:
    """A body as the JSON object that TAXII says it is; an empty body is an empty one."""
    try:
        value = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        raise PeerFault("source", f"the answer is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise PeerFault("source", "the answer is not a JSON object")
    return value


def _split(url: str) -> tuple[str, str]:
    """An address as API root, or what may be one, and collection; the second is empty where the address names none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal(f"{url[:200]!r} is not an address", remedy="give it as https://taxii.example/taxii2/")
    root, _, rest = url.partition("/collections/")
    return f"{root.rstrip('/')}/", rest.partition("/")[0]


def _resource(http: httpx2.Client, url: str) -> dict[str, object]:
    return envelope_of(fetched(http, url)[0])


def _one_root(discovery: Mapping[str, object], roots: list[object]) -> str:
    default = discovery.get("default")
    named = [root for root in roots if isinstance(root, str)]
    if isinstance(default, str) and default:
        return default
    if len(named) == 1:
        return named[0]
    raise Refusal(
        f"the server has {len(named)} API roots and no default: {', '.join(named[:COLLECTIONS_TOLD_MAX])}", remedy="give one of them"
    )


def _one_collection(answer: Mapping[str, object]) -> str:
    listed = answer.get("collections")
    readable = [item for item in (listed if isinstance(listed, list) else []) if isinstance(item, dict) and item.get("can_read") is True]
    if len(readable) == 1:
        return str(readable[0].get("id"))
    if not readable:
        raise Refusal(
            "the API root has no collection that may be read with these credentials", remedy="ask the source for the right to read"
        )
    told = "; ".join(f"{item.get('id')} ({item.get('title')})" for item in readable[:COLLECTIONS_TOLD_MAX])
    raise Refusal(f"the API root has {len(readable)} collections: {told}", remedy="choose one with --collection")


def _served(answer: httpx2.Response, body: bytes, host: str) -> None:
    says = f"{host} answered {answer.status_code}: {body[:300].decode('utf-8', errors='replace')}"
    match answer.status_code:
        case 200:
            return
        case 404:
            raise NotFound(says)
        case 429 | 503:
            raise Overloaded(says, wait=_wait(answer.headers.get("retry-after", "")))
        case 301 | 302 | 303 | 307 | 308:
            there = answer.headers.get("location", "")[:200]
            raise PeerFault(
                "source", f"{host} sends us on to {there!r}, and redirects are not followed", remedy="give that address, if it is right"
            )
        case 401 | 403:
            raise PeerFault("source", says, remedy="check user name and secret: accord source remove, then add")
        case _:
            raise PeerFault("source", says)


def _wait(text: str) -> timedelta:
    """How long a source asks for, where it says it in seconds."""
    return timedelta(seconds=min(int(text), RETRY_SECONDS_MAX)) if text.isdecimal() and len(text) < 10 else timedelta()
