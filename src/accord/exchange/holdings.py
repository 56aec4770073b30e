"""The collection *holdings*, in TAXII 2.1, for the tools of this member: read, searched by match, handed into, and recalled from.

It translates and decides nothing. Another member's node does not see this collection, and a tool sees no other.
A tool goes on with `next`, a position that is sealed (docs/decisions/0012): it holds for the tool and the question it was made for alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from accord.desk import discard, holdings, submit
from accord.desk.clients import Client
from accord.desk.discard import NotYours
from accord.desk.holdings import ALL, HOLDINGS_PAGE_OBJECTS_MAX, Asked, HoldingsPage, Selection
from accord.desk.means import Means
from accord.errors import LimitReached, Malformed, NotFound, Refusal
from accord.exchange.guard import Door, Unacceptable, client_of, is_taxii
from accord.exchange.parameters import SPECS, asked_for, is_number, limit_of, listed, spec_words, version_words
from accord.exchange.wire import MEDIA_TYPE, collection_id
from accord.seal.envelope import derived_key, open_sealed, seal
from accord.stix.times import moment

DISCOVERY = "/taxii2/"
API_ROOT = "/taxii2/accord/"
ALIAS = "holdings"  # A name for the collection that is the same on every node (TAXII 2.1, 5.2.1); no identifier of a collection looks so.
CONTENT_OCTETS_MAX = 16 * 2**20  # Bytes of a request. What one page of the holdings gave can be handed in again.
AT_ONCE_OBJECTS_MAX = 1_000  # Objects of a page that is read where the request is. Five milliseconds, for which other requests wait.
QUESTIONS_MAX = 100  # Combinations of what `match` names; each is a question to the database.


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks of the holdings, whose it is, and when."""

    client: Client
    now: datetime
    selection: Selection
    first: int
    limit: int
    added_after: datetime | None
    bound: bytes  # Who asks what: a cursor that was made for it opens for nothing else.


def holdings_id(means: Means) -> str:
    """The identifier of the collection: a UUID version 5, as a channel's is."""
    return collection_id(f"{means.charter.id}/{means.member}/holdings")


def collection(means: Means, client: Client) -> dict[str, object]:
    """The collection resource (TAXII 2.1, 5.2), with this tool's rights."""
    return {
        "id": holdings_id(means),
        "title": f"Holdings of {means.member}",
        "description": "What this member holds: its own, imported and received records. What is handed in is its own, and not released.",
        "alias": ALIAS,
        "can_read": client.may_read,
        "can_write": client.may_write,
        "media_types": [stix(spec) for spec in reversed(SPECS)],
    }


def routes(door: Door, *, name: str) -> APIRouter:
    """The routes of the collection under one of its two names. They stand before those of channels, whose paths are more general."""
    router = APIRouter(prefix=f"{API_ROOT}collections/{name}", tags=["TAXII 2.1"], include_in_schema=name != ALIAS)
    means, who = door.means, client_of(door)
    ask, submission = _questions(door), Depends(_submission(door))

    @router.get("/")
    def resource(request: Request) -> Response:
        """TAXII 2.1, 5.2: the collection."""
        return taxii(orjson.dumps(collection(means, who(request))))

    router.add_api_route("/objects/", objects_of(door), methods=["GET"])

    @router.post("/objects/")
    def add_objects(given: Given = submission) -> Response:
        """TAXII 2.1, 5.5: objects become the member's own records. All is done when the answer comes, so the status is complete."""
        return taxii(submit.submit(means, given.body, client=given.client, now=door.clock()), status=202)

    @router.get("/manifest/")
    def manifest(request: Request) -> Response:
        """TAXII 2.1, 5.3: what a page of objects would hold."""
        question = ask.read(request, _reading(who(request)))
        return ask.answer(question, _page(means, question), _manifest)

    @router.get("/objects/{identifier}/")
    def object_of(request: Request, identifier: str) -> Response:
        """TAXII 2.1, 5.6: one object, in the versions that are asked for."""
        question = ask.read(request, _reading(who(request)), identifier=identifier)
        return ask.answer(question, _page_of(means, question, identifier), _contents)

    @router.delete("/objects/{identifier}/")
    def delete_object(request: Request, identifier: str) -> Response:
        """TAXII 2.1, 5.7: a recall. Without match[version] it is of all versions. Who may not read learns not even what there is to delete."""
        client = _writing(_reading(who(request)))
        versions = () if "match[version]" in request.query_params else (ALL,)
        question = ask.read(request, client, identifier=identifier, versions=versions)
        try:
            discard.discard(means, question.selection, client=client, now=door.clock())
        except NotYours as refusal:
            raise Unacceptable(403, refusal.says, remedy=refusal.remedy) from None
        return taxii(b"{}")

    @router.get("/objects/{identifier}/versions/")
    def versions_of(request: Request, identifier: str) -> Response:
        """TAXII 2.1, 5.8: which versions of one object are held."""
        question = ask.read(request, _reading(who(request)), identifier=identifier, versions=(ALL,))
        return ask.answer(question, _page_of(means, question, identifier), _versions)

    return router


def objects_path(means: Means) -> str:
    """Where the objects of the collection are."""
    return f"{API_ROOT}collections/{holdings_id(means)}/objects/"


def objects_of(door: Door) -> Callable[[Request], Awaitable[Response]]:
    """The handler of a page of objects. What is quick is answered at once, without a thread; other requests wait for it.

    Where the database is another process, nothing is: one that hangs must not hold up the whole node.
    """
    means, who, ask = door.means, client_of(door), _questions(door)
    at_hand = means.database.is_at_hand

    def asked(request: Request) -> Question:
        return ask.read(request, _reading(who(request)))

    async def objects(request: Request) -> Response:
        """TAXII 2.1, 5.4: a page of objects, as they are kept."""
        question = asked(request) if at_hand else await run_in_threadpool(asked, request)
        quick = at_hand and _is_quick(question)
        page = holdings.page_without_persons(means, question.client, _asked(question)) if quick else None
        if page is None:
            page = await run_in_threadpool(_page, means, question)
        return ask.answer(question, page, _contents)

    return objects


def status_route(door: Door) -> APIRouter:
    """What became of a request (TAXII 2.1, 4.3): a client sees its own."""
    router = APIRouter(prefix=API_ROOT + "status", tags=["TAXII 2.1"])
    means, who = door.means, client_of(door)

    @router.get("/{identifier}/")
    def status(request: Request, identifier: str) -> Response:
        """TAXII 2.1, 4.3: the status of a request."""
        body = holdings.status(means, client=who(request).name, identifier=_kept(identifier))
        if body is None:
            raise NotFound("no such status")
        return taxii(body)

    return router


@dataclass(frozen=True, slots=True)
class Given:
    """What a client handed in."""

    client: Client
    body: bytes


def _submission(door: Door) -> Callable[[Request], Awaitable[Given]]:
    """The guard of handing in: who, whether it may, the media type, and only then the body, counted while it comes."""
    who = client_of(door)

    async def submission(request: Request) -> Given:
        client = await run_in_threadpool(who, request)
        _writing(client)
        if not is_taxii(request.headers.get("content-type", "")):
            raise Unacceptable(415, "what is handed in is application/taxii+json;version=2.1", remedy="say so in Content-Type")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Unacceptable(415, "what is handed in is not compressed", remedy="leave Content-Encoding out", accepts="identity")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Unacceptable(400, "Content-Length is a number of bytes", remedy="leave it to the library that speaks HTTP")
        if not is_number(length) or int(length) > CONTENT_OCTETS_MAX:
            raise _too_long()
        parts, total = [], 0
        async for part in request.stream():
            parts.append(part)
            if (total := total + len(part)) > CONTENT_OCTETS_MAX:
                raise _too_long()
        return Given(client, b"".join(parts))

    return submission


def _too_long() -> LimitReached:
    return LimitReached("CONTENT_OCTETS_MAX", f"a request of more than {CONTENT_OCTETS_MAX:,} bytes", remedy="hand it in in parts")


@dataclass(frozen=True, slots=True)
class _Questions:
    """Reads questions and gives answers that say where to go on."""

    key: bytes
    clock: Callable[[], datetime]

    def read(self, request: Request, client: Client, *, identifier: str = "", versions: tuple[str, ...] = ()) -> Question:
        """The question of a request; `Refusal` names the parameter that is not what it must be (TAXII 2.1, 3.4)."""
        asked = asked_for(request.query_params)
        selection = Selection(
            ids=(_kept(identifier),) if identifier else listed(asked.get("match[id]")),
            types=() if identifier else listed(asked.get("match[type]")),
            versions=versions or version_words(asked.get("match[version]")),
            specs=spec_words(asked.get("match[spec_version]")),
        )
        if selection.questions > QUESTIONS_MAX:
            raise Refusal(f"match names more than {QUESTIONS_MAX} combinations (limit QUESTIONS_MAX)", remedy="ask for fewer at once")
        bound = orjson.dumps([client.name, request.scope["path"], selection.ids, selection.types, selection.versions, selection.specs])
        following, after = asked.get("next"), asked.get("added_after")
        return Question(
            client,
            self.clock(),
            selection,
            first=0 if following is None else self._position(following, bound),
            limit=limit_of(asked.get("limit"), otherwise=HOLDINGS_PAGE_OBJECTS_MAX),
            added_after=None if after is None else moment(after),
            bound=bound,
        )

    def answer(self, question: Question, page: HoldingsPage, body: Callable[[HoldingsPage], bytes]) -> Response:
        """A page with its cursor and its two times (TAXII 2.1, 3.4 and 3.7)."""
        following = b""
        if page.following is not None:
            cursor = seal(page.following.to_bytes(8, "big"), key=self.key, bound=question.bound)
            following = b',"next":"' + cursor.encode() + b'"'
        headers = {"Cache-Control": "no-store"}
        if page.marks:
            headers["X-TAXII-Date-Added-First"] = page.marks[0].added_at
            headers["X-TAXII-Date-Added-Last"] = page.marks[-1].added_at
        return taxii(b'{"more":' + (b"true" if following else b"false") + following + body(page) + b"}", headers=headers)

    def _position(self, cursor: str, bound: bytes) -> int:
        try:
            return int.from_bytes(open_sealed(cursor, key=self.key, bound=bound), "big")
        except Malformed:
            raise Refusal(
                "next is not one that was given for this question to this client", remedy="begin again without next, or keep the same match"
            ) from None


def _kept(identifier: str) -> str:
    """An identifier as it stands in a path. One that holds the character NUL names nothing: no database keeps it."""
    if "\0" in identifier:
        raise NotFound("no such object")
    return identifier


def _questions(door: Door) -> _Questions:
    return _Questions(derived_key(door.means.signers.transport, purpose="cursor of the holdings"), door.clock)


def _page(means: Means, question: Question) -> HoldingsPage:
    return holdings.page(means, question.client, _asked(question), now=question.now)


def _asked(question: Question) -> Asked:
    return Asked(question.selection, question.first, question.limit, question.added_after)


def _is_quick(question: Question) -> bool:
    """A short page of what tools ask for most, and a poll: one run along an index, a few milliseconds at most."""
    return question.selection == Selection() and question.limit <= AT_ONCE_OBJECTS_MAX


def _page_of(means: Means, question: Question, identifier: str) -> HoldingsPage:
    page = _page(means, question)
    if not page.marks and not holdings.is_held(means, question.client, identifier):
        raise NotFound("no such object")
    return page


def _reading(client: Client) -> Client:
    if not client.may_read:
        raise Unacceptable(403, f"{client.name} may not read the holdings", remedy="ask the operator for a client with --read")
    return client


def _writing(client: Client) -> Client:
    if not client.may_write:
        raise Unacceptable(403, f"{client.name} may not change the holdings", remedy="ask the operator for a client with --write")
    return client


def _contents(page: HoldingsPage) -> bytes:
    contents = [content for released in page.released for content in released.contents]
    return b',"objects":[' + b",".join(contents) + b"]" if contents else b""


def _manifest(page: HoldingsPage) -> bytes:
    marks = [
        {"id": mark.stix_id, "date_added": mark.added_at, "version": mark.version, "media_type": stix(mark.spec)} for mark in page.marks
    ]
    return b',"objects":' + orjson.dumps(marks) if marks else b""


def _versions(page: HoldingsPage) -> bytes:
    return b',"versions":' + orjson.dumps([mark.version for mark in page.marks]) if page.marks else b""


def stix(spec: str) -> str:
    """The media type of objects of one version of STIX (TAXII 2.1, 1.6.8)."""
    return f"application/stix+json;version={spec}"


def taxii(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
