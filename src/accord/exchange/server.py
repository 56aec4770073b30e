"""TAXII 2.1 for partners' nodes, and the node's own few routes: checkpoint, cosignature, keys, charter.

It translates: request in, story called, answer or error out. It decides nothing.
Every route names who asks through `exchange.guard`, where a token becomes a member or a tool of this one; keys are public by nature.
The collection for this member's own tools is `exchange.holdings`; here it has its place among the others only.
"""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from accord.desk import introduce, serve
from accord.desk.clients import Client
from accord.desk.means import Means
from accord.errors import AccordError, LimitReached, NotFound, Refusal, Unready
from accord.exchange import holdings, logs
from accord.exchange.guard import CHALLENGE, Asking, NotAuthorised, Reader, Unacceptable, asking_of, channel_reader_of, reader_of
from accord.exchange.guard import Door as Door
from accord.exchange.holdings import API_ROOT, CONTENT_OCTETS_MAX
from accord.exchange.wire import MEDIA_TYPE, collection_id, encode_page, split_receipt
from accord.stix.times import moment

BODY_OCTETS_MAX = 256 * 2**10  # Bytes of a request between nodes: a receipt or a key file. Records are fetched, never pushed.

_LENGTH_DIGITS_MAX = 18
_log = logging.getLogger(__name__)


async def _body(request: Request) -> bytes:
    """The body as it came; its length is held by `_bounded`."""
    return await request.body()


_RAW = Depends(_body)


def attach(app: FastAPI, door: Door) -> None:
    """Put the exchange's routes and its translation of errors on an application."""
    app.include_router(holdings.routes(door))
    app.include_router(holdings.status_route(door))
    app.include_router(_taxii(door))
    app.include_router(_unchanged(door))
    app.include_router(_nodes(door))
    app.include_router(logs.routes(door))
    app.add_exception_handler(AccordError, _error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(_Bounded)


def _taxii(door: Door) -> APIRouter:
    router = APIRouter(prefix="/taxii2", tags=["TAXII 2.1"])
    means, who, anyone = door.means, Depends(channel_reader_of(door)), Depends(asking_of(door))

    @router.get("/")
    def discovery(asking: Asking = anyone) -> Response:
        """TAXII 2.1, 4.1: the server and its API root."""
        return _taxii_json({"title": f"Accord, {means.member}", "default": API_ROOT, "api_roots": [API_ROOT]})

    @router.get("/accord/")
    def api_root(asking: Asking = anyone) -> Response:
        """TAXII 2.1, 4.2: the one API root."""
        return _taxii_json({"title": f"Accord, {means.member}", "versions": [MEDIA_TYPE], "max_content_length": CONTENT_OCTETS_MAX})

    @router.get("/accord/collections/")
    def collections(asking: Asking = anyone) -> Response:
        """TAXII 2.1, 5.1: the one collection of whoever asks: a member's channel, or the holdings for a tool of this member."""
        own = holdings.collection(means, asking) if isinstance(asking, Client) else _collection(means, asking.member)
        return _taxii_json({"collections": [own]})

    @router.get("/accord/collections/{collection}/")
    def collection(collection: str, asking: Reader = who) -> Response:
        """TAXII 2.1, 5.2: one collection."""
        _own_channel(means, asking, collection)
        return _taxii_json(_collection(means, asking.member))

    @router.get("/accord/collections/{collection}/objects/")
    def objects(
        collection: str,
        limit: Annotated[int, Query(ge=1)] = serve.PAGE_OBJECTS_MAX,
        following: Annotated[int | None, Query(alias="next", ge=0)] = None,
        added_after: str | None = None,
        version: Annotated[str, Query(alias="match[version]")] = "all",
        asking: Reader = who,
    ) -> Response:
        """TAXII 2.1, 5.4: a page of the channel. Statements and records stand in it once each, so every version is given."""
        _own_channel(means, asking, collection)
        if version != "all":
            raise Refusal("a channel is read with match[version]=all", remedy="ask again with match[version]=all")
        first = following or 0
        if added_after is not None and following is None:
            after = serve.position_after(means, reader=asking.member, added_at=moment(added_after))
            if after is None:
                return _taxii_json({"more": False})
            first = after
        page = serve.page(means, reader=asking.member, first=first, limit=limit, now=asking.now)
        headers = {"Cache-Control": "no-store"}
        if page.leaves:  # TAXII 2.1, 3.4: when the first and the last object of the page were added.
            headers["X-TAXII-Date-Added-First"] = page.leaves[0].added_at
            headers["X-TAXII-Date-Added-Last"] = page.leaves[-1].added_at
        return Response(encode_page(page), media_type=MEDIA_TYPE, headers=headers)

    return router


def _unchanged(door: Door) -> APIRouter:
    router = APIRouter(prefix="/taxii2", tags=["TAXII 2.1"])
    means, anyone = door.means, Depends(asking_of(door))

    @router.post("/accord/collections/{collection}/objects/")
    @router.delete("/accord/collections/{collection}/objects/{identifier}/")
    def change(collection: str, identifier: str = "", asking: Asking = anyone) -> Response:
        """TAXII 2.1, 5.5 and 5.7, for a channel: nobody changes it from outside."""
        if collection in {collection_id(means.channel_to(member)) for member in means.partners()}:
            raise Unacceptable(
                403, "a channel only grows, by its sender's acts", remedy="what was released is recalled with `accord recall`"
            )
        raise NotFound("no such collection")

    return router


def _nodes(door: Door) -> APIRouter:
    router = APIRouter(prefix="/accord/v1", tags=["between nodes"])
    means, who = door.means, Depends(reader_of(door))

    @router.get("/keys")
    def keys() -> Response:
        """This member's key file: public, and proven by the root key that the charter pins."""
        return Response(means.key_file, media_type="application/json")

    @router.put("/keys/{member}", status_code=204)
    def meet(member: str, raw: bytes = _RAW) -> Response:
        """Another member introduces its node. The file proves itself, so no token is asked for."""
        introduce.meet(means, member, raw, now=door.clock())
        return Response(status_code=204)

    @router.get("/channels/{sender}/{recipient}/checkpoint")
    def checkpoint(sender: str, recipient: str, asking: Reader = who) -> PlainTextResponse:
        """The newest signed checkpoint of the channel to the member that asks (C2SP tlog-checkpoint)."""
        _between(means, asking, sender, recipient)
        return PlainTextResponse(serve.checkpoint(means, asking.member), headers={"Cache-Control": "no-store"})

    @router.post("/channels/{sender}/{recipient}/cosignature", status_code=204)
    def cosignature(sender: str, recipient: str, raw: bytes = _RAW, asking: Reader = who) -> Response:
        """The recipient hands over its receipt: the checkpoint with its cosignature (C2SP tlog-cosignature)."""
        _between(means, asking, sender, recipient)
        note, line = split_receipt(raw.decode("utf-8", errors="replace"))
        serve.accept_receipt(means, reader=asking.member, note=note, line=line, now=asking.now)
        return Response(status_code=204)

    return router


def _collection(means: Means, member: str) -> dict[str, object]:
    origin = means.channel_to(member)
    return {
        "id": collection_id(origin),
        "title": f"Channel {means.member} to {member}",
        "description": origin,
        "can_read": True,
        "can_write": False,
        "media_types": ["application/stix+json;version=2.1"],
    }


def _own_channel(means: Means, asking: Reader, collection: str) -> None:
    if collection != collection_id(means.channel_to(asking.member)):
        raise NotFound("no such collection")


def _between(means: Means, asking: Reader, sender: str, recipient: str) -> None:
    if sender != means.member or recipient != asking.member:
        raise NotFound("no such channel")


def _taxii_json(body: dict[str, object]) -> Response:
    return JSONResponse(body, media_type=MEDIA_TYPE)


async def _error(request: Request, error: Exception) -> Response:
    """Translate: whose turn it is becomes a status, and the message a TAXII error resource (TAXII 2.1, 3.6)."""
    assert isinstance(error, AccordError)
    match error:
        case NotAuthorised():
            status = 401
        case Unacceptable():
            status = error.status
        case NotFound():
            status = 404
        case LimitReached():
            status = 413
        case Refusal():
            status = 400
        case Unready():
            status = 503
        case _:
            status = 422
    headers = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    body = {"title": type(error).__name__, "description": error.says, "http_status": str(status)}
    if error.remedy:
        body["details"] = error.remedy
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """A parameter that is not what it must be is the asker's turn (TAXII 2.1, 3.6)."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse(
        {"title": "Malformed", "description": f"{where}: {first['msg']}", "http_status": "400"}, status_code=400, media_type=MEDIA_TYPE
    )


async def _not_served(request: Request, error: Exception) -> Response:
    """A path or method that is not served below TAXII's paths is an error resource too (TAXII 2.1, 3.6)."""
    assert isinstance(error, HTTPException)
    if not request.url.path.startswith("/taxii2/"):
        return await http_exception_handler(request, error)
    body = {"title": "NotServed", "description": str(error.detail), "http_status": str(error.status_code)}
    return JSONResponse(body, status_code=error.status_code, media_type=MEDIA_TYPE, headers=error.headers)


class _Bounded:
    """Refuses a body over the limit before it is read; a body without a length is not taken.

    What is handed into the holdings has a limit of its own, and is counted while it comes (`exchange.holdings`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("POST", "PUT") and not scope["path"].startswith("/taxii2/"):
            length = dict(scope["headers"]).get(b"content-length", b"")
            if not length.isdigit() or len(length) > _LENGTH_DIGITS_MAX or int(length) > BODY_OCTETS_MAX:
                error = LimitReached("BODY_OCTETS_MAX", "the request needs a content-length within the limit")
                await (await _error(Request(scope), error))(scope, receive, send)
                return
        await self.app(scope, receive, send)
