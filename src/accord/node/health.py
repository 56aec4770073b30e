"""Health: does the process answer, and may it be given work. For whoever starts, stops and watches a node; without sign-in, and without a word of content.

`/livez` answers while the process does; `/readyz` says whether requests can be served, and names what is missing by its kind alone.
How the node fares in numbers is `node.metrics`, on a port of its own.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from accord.desk.means import Means
from accord.desk.room import has_room
from accord.errors import Unready


def attach(app: FastAPI, means: Means) -> None:
    """Put the two addresses on an application."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    def alive() -> JSONResponse:
        """The process answers."""
        return _answer(200, {"alive": True})

    @router.get("/readyz")
    def ready() -> JSONResponse:
        """Everything that a request needs is there; 503 with the kinds of what is not."""
        waits_for = missing(means)
        return _answer(503 if waits_for else 200, {"ready": not waits_for, "waits_for": waits_for})

    app.include_router(router)


def missing(means: Means) -> list[str]:
    """What stands in the way of serving: `database`, `disk`; nothing when the node is ready."""
    found = []
    if not _database_answers(means):
        found.append("database")
    if not has_room(means):
        found.append("disk")
    return found


def _database_answers(means: Means) -> bool:
    try:
        with means.database.reading():
            return True
    except Unready:
        return False


def _answer(status: int, body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
