"""Sources: other people's TAXII 2.1 servers are found, and read to their end, also where they page badly.

Duties of a round:
  1. it goes on where the last one stopped, by the source's own cursor, or by time where the cursor is worthless;
  2. going on by time steps back to just before the last object's time: objects that share a time come again, none is passed over;
  3. a source that gives the same page again, or promises more and gives nothing, is stopped and named: no round is without end;
  4. what the manifest lists since the beginning of the round and is not held is asked for by name; what does not come then is loss, and told.
A source's answers are believed in nothing: sizes, times and types are checked here, objects where they are kept (`desk.sources`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from urllib.parse import quote

import httpx2

from accord.desk import sources
from accord.desk.means import Means
from accord.desk.sources import Mark, Source
from accord.errors import NotFound, PeerFault, PeerSilent, counted
from accord.exchange.taxii import Overloaded, envelope_of, fetched
from accord.stix.times import instant, is_timestamp, moment

SOURCE_PAGE_OBJECTS = 1_000  # Objects asked for at once; a server may give fewer.
SOURCE_PAGES_MAX = 100_000  # Pages of one round: a hundred million objects; a source that feeds us for ever is stopped.
EMPTY_PAGES_MAX = 3  # Pages in a row that promise more and hold nothing.
NAMED_OBJECTS_MAX = 1_000  # Objects asked for by name after a round. A source that loses more is read by hand.


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page as a source gave it. `last` is when its last object was added there; empty where it does not say."""

    raw: bytes
    objects: int
    more: bool
    following: str
    last: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a round brought: objects kept and refused, and how many the source lists and does not give."""

    kept: int
    refused: int
    lost: int


@dataclass(frozen=True, slots=True)
class SourceClient:
    """Speaks to one collection of one server. The caller opens and closes `http`, which is the way out to strangers (`exchange.egress`)."""

    http: httpx2.Client
    source: Source

    def page(self, *, added_after: str, following: str) -> SourcePage:
        """A page of objects, all versions, from a place on."""
        where = {"limit": str(SOURCE_PAGE_OBJECTS), "match[version]": "all"}
        if added_after:
            where["added_after"] = added_after
        if following:
            where["next"] = following
        return self._page("objects/", where)

    def object(self, identifier: str) -> SourcePage:
        """Every version of one object."""
        return self._page(f"objects/{quote(identifier, safe='')}/", {"match[version]": "all"})

    def manifest(self, *, added_after: str) -> Iterator[Mark]:
        """What the source lists from a time on."""
        following = ""
        for _ in range(SOURCE_PAGES_MAX):
            where = {"limit": str(SOURCE_PAGE_OBJECTS), "match[version]": "all", **({"added_after": added_after} if added_after else {})}
            answer = self._get("manifest/", {**where, **({"next": following} if following else {})})
            fields = envelope_of(answer[0])
            yield from _marks(fields)
            again = fields.get("next")
            if fields.get("more") is not True or not isinstance(again, str) or again in ("", following):
                return
            following = again

    def _page(self, path: str, where: dict[str, str]) -> SourcePage:
        raw, headers = self._get(path, where)
        fields = envelope_of(raw)
        objects, following = fields.get("objects"), fields.get("next")
        last = headers.get("x-taxii-date-added-last", "")
        return SourcePage(
            raw=raw,
            objects=len(objects) if isinstance(objects, list) else 0,
            more=fields.get("more") is True,
            following=following if isinstance(following, str) else "",
            last=last if is_timestamp(last) else "",
        )

    def _get(self, path: str, where: dict[str, str]) -> tuple[bytes, httpx2.Headers]:
        url = f"{self.source.api_root}collections/{quote(self.source.collection, safe='')}/{path}"
        return fetched(self.http, url, where)


def read_round(means: Means, client: SourceClient, *, clock: Callable[[], datetime]) -> Fetched:
    """Read a source to its end, check it against its own manifest, and note how it went. Raises `PeerFault`; what was kept before stays."""
    source = client.source
    try:
        place = _Place(source.added_after, source.following)
        kept, refused = _to_the_end(means, client, place, clock=clock)
        missing = _what_is_missing(means, client, clock=clock) if kept + refused else 0
        lost = max(0, missing - refused)  # What was refused here was given there.
    except PeerFault as fault:
        wait = fault.wait if isinstance(fault, Overloaded) else timedelta()
        sources.went_wrong(means, source, fault, now=clock(), wait=wait)
        raise
    sources.went_well(means, source, lost=lost, now=clock())
    return Fetched(kept, refused, lost)


@dataclass(slots=True)
class _Place:
    """Where a round stands: by time, and inside it by the source's cursor; `last` is the last time that any page told."""

    added_after: str
    following: str
    last: str = ""
    empty: int = 0
    seen: set[bytes] = field(default_factory=set)  # Digests of the pages of this round.


def _to_the_end(means: Means, client: SourceClient, place: _Place, *, clock: Callable[[], datetime]) -> tuple[int, int]:
    kept = refused = 0
    for _ in range(SOURCE_PAGES_MAX):
        page = _next_page(client, place)
        place.last = max(place.last, page.last, key=lambda text: instant(text) if text else "")
        _onward(place, page)
        if page.objects:
            done = sources.keep_page(
                means, client.source.name, page.raw, added_after=place.added_after, following=place.following, now=clock()
            )
            kept, refused = kept + done.kept, refused + done.refused
        if not page.more:
            return kept, refused
    raise PeerFault("source", f"{client.source.name} gave {SOURCE_PAGES_MAX} pages and promises more")


def _next_page(client: SourceClient, place: _Place) -> SourcePage:
    """The next page; where the source refuses its own cursor, the one that goes on by time. 1"""
    try:
        return client.page(added_after=place.added_after, following=place.following)
    except (PeerSilent, Overloaded):
        raise
    except PeerFault:
        if not place.following:
            raise
        place.following, place.added_after = "", _just_before(place.last) or place.added_after
        return client.page(added_after=place.added_after, following="")


def _onward(place: _Place, page: SourcePage) -> None:
    """Move the place behind a page. 2, 3"""
    digest = sha256(page.raw).digest()
    is_new = digest not in place.seen
    place.seen.add(digest)
    place.empty = place.empty + 1 if page.more and not page.objects else 0
    if place.empty > EMPTY_PAGES_MAX:
        raise PeerFault("source", f"{counted(place.empty, 'page')} in a row promise more and hold nothing")
    if not page.more:
        place.added_after, place.following = place.last or place.added_after, ""
    elif page.following and is_new:  # Some servers give one cursor again and move it on themselves: a page that is new is the way on.
        place.following = page.following
    else:
        behind = _just_before(place.last)
        if not behind or behind == place.added_after:
            raise PeerFault(
                "source",
                f"it promises more behind {place.added_after or 'the beginning'} and gives no way on: no cursor, and no later time",
                remedy="tell its operator; objects that share one time cannot be paged there",
            )
        place.added_after, place.following = behind, ""


def _what_is_missing(means: Means, client: SourceClient, *, clock: Callable[[], datetime]) -> int:
    """How many of the listed versions are not held, after asking for each by name. 4"""
    missing: list[Mark] = []
    listed = client.manifest(added_after=_just_before(client.source.added_after))
    try:
        while portion := list(islice(listed, SOURCE_PAGE_OBJECTS)):
            missing += sources.not_held(means, portion)
    except NotFound:  # A source may keep its manifest to itself; then there is nothing to hold it against.
        return 0
    for identifier in list(dict.fromkeys(mark.id for mark in missing))[:NAMED_OBJECTS_MAX]:
        try:
            page = client.object(identifier)
        except NotFound:
            continue
        if page.objects:
            known = _now(means, client.source.name)
            sources.keep_page(means, client.source.name, page.raw, added_after=known.added_after, following=known.following, now=clock())
    return len(sources.not_held(means, missing))


def _now(means: Means, name: str) -> Source:
    return next(item for item in sources.list_sources(means) if item.name == name)


def _marks(manifest: dict[str, object]) -> Iterator[Mark]:
    listed = manifest.get("objects")
    for item in listed if isinstance(listed, list) else []:
        match item:
            case {"id": str(identifier), "version": str(version)}:
                yield Mark(identifier, version)
            case _:  # No entry of a manifest: it lists nothing that could be missed.
                continue


def _just_before(text: str) -> str:
    """The time a microsecond earlier, so that asking for what was added after it gives again what was added then."""
    if not text:
        return ""
    return (moment(text) - timedelta(microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
