"""TAXII 2.1 for partners' nodes, and the node's own few routes: checkpoint, cosignature, keys, charter.

It translates: request in, story called, answer or error out. It decides nothing.
Every route names who asks through `exchange.guard`, where a token becomes a member or a tool of this one; keys are public by nature.
The collection for this member's own tools is `exchange.holdings`; here it has its place among the others only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from accord.desk import introduce, serve
from accord.desk.clients import Client
from accord.desk.holdings import ALL
from accord.desk.means import Means
from accord.errors import LimitReached, NotFound, Refusal
from accord.exchange import errors, giving, holdings, logs
from accord.exchange.direct import Direct
from accord.exchange.guard import Asking, Reader, Unacceptable, asking_of, channel_reader_of, reader_of
from accord.exchange.guard import Door as Door
from accord.exchange.holdings import API_ROOT, CONTENT_OCTETS_MAX
from accord.exchange.parameters import MATCHES, asked_for, is_number, limit_of
from accord.exchange.wire import MEDIA_TYPE, collection_id, encode_page, size_text, split_receipt
from accord.stix.times import moment

BODY_OCTETS_MAX = 256 * 2**10  # Bytes of a request between nodes: a receipt or a key file. Records are fetched, never pushed.
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")
_HTTP_PORT = 80


async def _body(request: Request) -> bytes:
    """The body as it came; its length is held by `_bounded`."""
    return await request.body()


_RAW = Depends(_body)


def attach(app: FastAPI, door: Door) -> None:
    """Put the exchange's routes and its translation of errors on an application."""
    for name in (holdings.holdings_id(door.means), holdings.ALIAS):
        app.include_router(holdings.routes(door, name=name))
    app.include_router(holdings.status_route(door))
    app.include_router(_taxii(door))
    app.include_router(_not_of_channels(door))
    app.include_router(_nodes(door))
    app.include_router(logs.routes(door))
    app.include_router(giving.routes(door))
    errors.attach(app)
    app.add_middleware(_Bounded)
    app.add_middleware(Direct, handlers={holdings.objects_path(door.means): holdings.objects_of(door)}, translate=errors.refused)


def _taxii(door: Door) -> APIRouter:
    router = APIRouter(prefix="/taxii2", tags=["TAXII 2.1"])
    means, who, anyone = door.means, Depends(channel_reader_of(door)), Depends(asking_of(door))

    @router.get("/")
    def discovery(request: Request, asking: Asking = anyone) -> Response:
        """TAXII 2.1, 4.1: the server and its API root."""
        root = _address(request) + API_ROOT
        return _taxii_json({"title": f"Accord, {means.member}", "default": root, "api_roots": [root]})

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
    def objects(request: Request, collection: str, asking: Reader = who) -> Response:
        """TAXII 2.1, 5.4: a page of the channel. Statements and records stand in it once each, so every version is given."""
        _own_channel(means, asking, collection)
        asked = _asked_of_channel(request)
        first = asked.first
        if first is None:
            after = 0 if asked.added_after is None else serve.position_after(means, reader=asking.member, added_at=asked.added_after)
            if after is None:
                return _taxii_json({"more": False})
            first = after
        page = serve.page(means, reader=asking.member, first=first, limit=asked.limit, now=asking.now)
        headers = {"Cache-Control": "no-store"}
        if page.leaves:  # TAXII 2.1, 3.2: when the first and the last object of the page were added.
            headers["X-TAXII-Date-Added-First"] = page.leaves[0].added_at
            headers["X-TAXII-Date-Added-Last"] = page.leaves[-1].added_at
        return Response(encode_page(page), media_type=MEDIA_TYPE, headers=headers)

    return router


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request asks of a channel. `first` is the position that it goes on from; None where it names none."""

    first: int | None
    limit: int
    added_after: datetime | None


def _asked_of_channel(request: Request) -> _Asked:
    """Read a question to a channel. It is a log, proven whole, so no match is answered but the one that leaves nothing out."""
    asked = asked_for(request.query_params)
    if narrowing := [name for name in MATCHES if name in asked and (name, asked[name]) != ("match[version]", ALL)]:
        raise Refusal(
            f"a channel is read whole, and {narrowing[0]} would leave something out", remedy="ask again with match[version]=all alone"
        )
    following, after = asked.get("next"), asked.get("added_after")
    if following is not None and not is_number(following):
        raise Refusal("next is a position of the channel", remedy="begin again without next, or take the one that came with a page")
    return _Asked(
        first=None if following is None else int(following),
        limit=limit_of(asked.get("limit"), otherwise=serve.PAGE_OBJECTS_MAX),
        added_after=None if after is None else moment(after),
    )


def _not_of_channels(door: Door) -> APIRouter:
    """What TAXII asks of a collection and a channel does not do; the answer says why (docs/decisions/0031)."""
    router = APIRouter(prefix="/taxii2/accord/collections/{collection}", tags=["TAXII 2.1"])
    means, who, anyone = door.means, Depends(channel_reader_of(door)), Depends(asking_of(door))

    @router.post("/objects/")
    @router.delete("/objects/{identifier}/")
    def change(collection: str, identifier: str = "", asking: Asking = anyone) -> Response:
        """TAXII 2.1, 5.5 and 5.7, for a channel: nobody changes it from outside."""
        _channel_of_ours(means, collection)
        raise Unacceptable(403, "a channel only grows, by its sender's acts", remedy="what was released is recalled with `accord recall`")

    @router.get("/manifest/")
    @router.get("/objects/{identifier}/")
    @router.get("/objects/{identifier}/versions/")
    def part(collection: str, identifier: str = "", asking: Reader = who) -> Response:
        """TAXII 2.1, 5.3, 5.6 and 5.8, for a channel: it is proven whole, so no part of it is given alone."""
        _own_channel(means, asking, collection)
        raise Unacceptable(403, "a channel is read whole", remedy="ask for its objects with match[version]=all")

    return router


def _channel_of_ours(means: Means, collection: str) -> None:
    if collection not in {collection_id(means.channel_to(member)) for member in means.partners()}:
        raise NotFound("no such collection")


def _nodes(door: Door) -> APIRouter:
    router = APIRouter(prefix="/accord/v1", tags=["between nodes"])
    means, who = door.means, Depends(reader_of(door))

    @router.get("/keys")
    def keys() -> Response:
        """This member's key file: public, and proven by the root key that the charter pins."""
        return Response(means.key_file, media_type="application/json")

    @router.get("/keys/{member}")
    def keys_of(member: str) -> Response:
        """Another member's key file, for a member that never met it and was given records that it gave first. It proves itself.

        A restored node asks for its own, and its token may be of a key that was replaced: no token is asked for.
        """
        return Response(introduce.key_file_of(means, member), media_type="application/json")

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

    @router.post("/channels/{sender}/{recipient}/cosignature")
    def cosignature(sender: str, recipient: str, raw: bytes = _RAW, asking: Reader = who) -> PlainTextResponse:
        """The recipient hands over its receipt: the checkpoint with its cosignature (C2SP tlog-cosignature). The answer says how far it is receipted."""
        _between(means, asking, sender, recipient)
        note, line = split_receipt(raw.decode("utf-8", errors="replace"))
        receipt = serve.accept_receipt(means, reader=asking.member, note=note, line=line, now=asking.now)
        return PlainTextResponse(size_text(receipt.size), headers={"Cache-Control": "no-store"})

    return router


def _address(request: Request) -> str:
    """Where the client found this node, as far as it is certain; empty, so that addresses are relative, where it is not.

    Some clients follow absolute addresses alone. One that a proxy did not say it was asked by could lead a client off TLS, with its password.
    """
    host, own = request.headers.get("host", ""), request.scope.get("server")
    is_direct = own is not None and host in ({f"{own[0]}:{own[1]}"} | ({own[0]} if own[1] == _HTTP_PORT else set()))
    is_secure = request.scope["scheme"] == "https" and _HOST.fullmatch(host) is not None
    return f"{request.scope['scheme']}://{host}" if is_direct or is_secure else ""


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


class _Bounded:
    """Refuses a body over the limit before it is read; a body without a length is not taken.

    What is handed into the holdings has a limit of its own, and is counted while it comes (`exchange.holdings`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("POST", "PUT") and not scope["path"].startswith("/taxii2/"):
            length = dict(scope["headers"]).get(b"content-length", b"").decode("latin-1")
            if not is_number(length) or int(length) > BODY_OCTETS_MAX:
                error = LimitReached("BODY_OCTETS_MAX", "the request needs a content-length within the limit")
                await (await errors.refused(Request(scope), error))(scope, receive, send)
                return
        await self.app(scope, receive, send)
