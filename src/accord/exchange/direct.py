"""A short way through the application for the one question that tools ask all day: a page of the holdings, mostly an empty one.

It is a plain ASGI function in front of the framework, which it spares the choice of a route, parameters and a thread. Guard, gate and errors
are those of the route that stands for it in the framework: the same handler is called, and what it raises is translated by the same function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from accord.errors import AccordError

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Translation: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]


class Direct:
    """Answers GET of these paths by itself and passes everything else on."""

    def __init__(self, app: ASGIApp, *, handlers: Mapping[str, Handler], translate: Translation) -> None:
        self._app, self._handlers, self._translate = app, handlers, translate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            response = await handler(request)
        except AccordError as error:
            response = await self._translate(request, error)
        await response(scope, receive, send)
