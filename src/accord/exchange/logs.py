"""The logs of a node at its door: tiles (C2SP tlog-tiles), the journal, and witnessing (C2SP tlog-witness). It translates and decides nothing."""

from __future__ import annotations

from typing import assert_never

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from accord.desk import journal, tiles, watch, witness
from accord.exchange.guard import Door, Reader, reader_of
from accord.ledger.tiles import Tile
from accord.ledger.witness import Elsewhere, Forked, Shrinking, Taken, Unknown, Unproven, Unsigned, Verdict

# A tile never changes under its name, the width of a partial one being part of it; `public`, since it is fetched with a token and holds hashes alone.
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
NOT_KEPT = {"Cache-Control": "no-store"}
SIZE_TYPE = "text/x.tlog.size"


async def _body(request: Request) -> bytes:
    """The body as it came; its length is held by the application."""
    return await request.body()


_RAW = Depends(_body)


def routes(door: Door) -> APIRouter:
    """The routes that give tiles and checkpoints, and the one that takes a checkpoint."""
    found = APIRouter(prefix="/accord/v1", tags=["logs"])
    means, who = door.means, Depends(reader_of(door))

    @found.get("/channels/{sender}/{recipient}/tile/{name:path}")
    def channel_tile(sender: str, recipient: str, name: str, asking: Reader = who) -> Response:
        """A tile of a channel, for its two members."""
        tile = Tile.parse(f"tile/{name}")
        return _tile(tiles.channel_tile(means, reader=asking.member, sender=sender, recipient=recipient, tile=tile))

    @found.get("/journal/checkpoint")
    def checkpoint(asking: Reader = who) -> Response:
        """The journal's published checkpoint with the cosignatures over it, for every member of the charter."""
        note, cosignatures = journal.published(means)
        return PlainTextResponse(note + "".join(item.line for item in cosignatures), headers=NOT_KEPT)

    @found.get("/journal/tile/{name:path}")
    def journal_tile(name: str, asking: Reader = who) -> Response:
        """A tile of the journal, for every member of the charter."""
        return _tile(tiles.journal_tile(means, Tile.parse(f"tile/{name}")))

    @found.get("/journal/seen")
    def seen(asking: Reader = who) -> Response:
        """The newest checkpoint of every other member's journal that this node knows, so that members can compare what they were shown."""
        return JSONResponse(dict(watch.seen(means)), headers=NOT_KEPT)

    @found.post("/add-checkpoint")
    def add_checkpoint(raw: bytes = _RAW) -> Response:
        """A member asks to have its journal cosigned (tlog-witness, add-checkpoint). The checkpoint proves itself, so no token is asked for."""
        answer = witness.add_checkpoint(means, raw.decode("utf-8", errors="replace"), now=door.clock())
        return _answer(answer.verdict, answer.line)

    return found


def _tile(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream", headers=IMMUTABLE)


def _answer(verdict: Verdict, line: str) -> Response:
    """Translate a witness's verdict into the statuses of tlog-witness, add-checkpoint."""
    match verdict:
        case Taken():
            return PlainTextResponse(line, headers=NOT_KEPT)
        case Shrinking():
            status, says = 400, "the old size is larger than the checkpoint's"
        case Unsigned():
            status, says = 403, "no key of this log that is known here signed the checkpoint"
        case Unknown():
            status, says = 404, "this log is not witnessed here"
        case Elsewhere(size):
            return Response(f"{size}\n", status_code=409, media_type=SIZE_TYPE, headers=NOT_KEPT)
        case Forked():
            status, says = 409, "another root is known for this size; both checkpoints are kept as evidence"
        case Unproven():
            status, says = 422, "the consistency proof does not hold"
        case _:
            assert_never(verdict)
    return PlainTextResponse(f"{says}\n", status_code=status, headers=NOT_KEPT)
