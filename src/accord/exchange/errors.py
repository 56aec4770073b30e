"""Errors at the door: whose turn it is becomes a status of HTTP, and what was said an error resource of TAXII 2.1 (3.6).

    {"title": "Refusal", "description": "limit comes twice", "http_status": "400", "details": {"remedy": "give it once"}}

A mistake of ours is a 500 that tells nothing of itself; it is logged whole.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from accord.errors import AccordError, LimitReached, NotFound, Refusal, Unready
from accord.exchange.guard import CHALLENGE, NotAuthorised, Unacceptable
from accord.exchange.wire import MEDIA_TYPE, PROTOCOL_VERSION

BODY_LIMITS = frozenset({"BODY_OCTETS_MAX", "CONTENT_OCTETS_MAX"})  # What a body passes is 413; for every other limit that is not said.

_VERSION = re.compile(r"/accord/v(?P<version>[0-9]{1,9})(?:/|$)")

_log = logging.getLogger(__name__)


def attach(app: FastAPI) -> None:
    """Put the translation on an application."""
    app.add_exception_handler(AccordError, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(Exception, _mistake)


async def refused(request: Request, error: Exception) -> Response:
    """Whose turn it is, as a status, and what to do as a detail."""
    assert isinstance(error, AccordError)
    match error:
        case NotAuthorised():
            status = 401
        case Unacceptable():
            status = error.status
        case NotFound():
            status = 404
        case LimitReached():
            status = 413 if error.limit in BODY_LIMITS else 422  # 4.2.1: a body below max_content_length is never a 413.
        case Refusal():
            status = 400
        case Unready():
            status = 503
        case _:
            status = 422
    headers = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    if isinstance(error, Unacceptable) and error.accepts:
        headers["Accept-Encoding"] = error.accepts
    return _resource(status, type(error).__name__, error.says, remedy=error.remedy, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """A parameter that is not what it must be is the asker's turn."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _resource(400, "Malformed", f"{where}: {first['msg']}")


async def _not_served(request: Request, error: Exception) -> Response:
    """A path or method that is not served below the exchange's paths is an error resource too."""
    assert isinstance(error, HTTPException)
    if not request.scope["path"].startswith(("/taxii2/", "/accord/")):
        return await http_exception_handler(request, error)
    asked = _VERSION.match(request.scope["path"])
    if asked is not None and asked["version"] != str(PROTOCOL_VERSION):
        says = f"version {asked['version']} of the protocol between nodes is not spoken here"
        return _resource(404, "NotServed", says, remedy=f"ask in version {PROTOCOL_VERSION}")
    return _resource(error.status_code, "NotServed", str(error.detail), headers=error.headers)


async def _mistake(request: Request, error: Exception) -> Response:
    """A mistake of ours: whoever asked learns that it was one, the operator's log the rest."""
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return _resource(500, "Mistake", "this node made a mistake", remedy="try again later, and tell its operator")


def _resource(status: int, title: str, says: str, *, remedy: str = "", headers: Mapping[str, str] | None = None) -> Response:
    body: dict[str, object] = {"title": title, "description": says, "http_status": str(status)}
    if remedy:
        body["details"] = {"remedy": remedy}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
