"""The pages' application: sign-in, security headers, templates and the sheet. It decides nothing and knows no store.

First light has one page, for the operator, behind the password that `accord init` made; officers' accounts come with their pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from jinja2 import Environment, PackageLoader, StrictUndefined

from accord.desk.means import Means
from accord.web.pages.status import status_page

OPERATOR = "operator"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def attach(app: FastAPI, means: Means, *, password: str, clock: Callable[[], datetime]) -> None:
    """Put the pages on an application."""
    templates = Environment(
        loader=PackageLoader("accord.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["moment"] = _moment
    sheet = files("accord.web").joinpath("static/accord.css").read_bytes()
    router = APIRouter(include_in_schema=False)

    @router.get("/", dependencies=[Depends(_operator(password))])
    def overview() -> HTMLResponse:
        """The status page, read-only."""
        page = status_page(means, now=clock())
        return HTMLResponse(templates.get_template("status.html").render(page=page), headers=HEADERS)

    @router.get("/static/accord.css")
    def style() -> Response:
        """The sheet, which holds nothing of anyone."""
        return Response(sheet, media_type="text/css", headers={**HEADERS, "Cache-Control": "max-age=3600"})

    app.include_router(router)


def _operator(password: str) -> Callable[[HTTPBasicCredentials], None]:
    credentials = Depends(HTTPBasic(realm="Accord"))

    def operator(given: HTTPBasicCredentials = credentials) -> None:
        # Both are compared in full, so that the time taken tells nothing.
        named = secrets.compare_digest(given.username.encode(), OPERATOR.encode())
        known = secrets.compare_digest(given.password.encode(), password.encode())
        if not (named and known):
            raise HTTPException(401, "This page needs the operator's password.", headers={"WWW-Authenticate": 'Basic realm="Accord"'})

    return operator


def _moment(text: str) -> str:
    """A stored time as people read it, to the second; all times of a node are UTC."""
    return text[:19].replace("T", " ")
