"""The routes by which a member takes its own word back, and the forms in which it travels. It translates and decides nothing.

What a member's node holds of another's word is a JSON object of signed texts; what it holds of its channel are pages as on the way there:

    {"version": 1, "given": "<checkpoint>", "receipt": "<checkpoint with cosignature>", "taken": "…", "journal": ["<checkpoint>"], "witnessed": "…"}

The first entry of a journal's later epoch is `{"version": 1, "salt": "<base64>", "entry": "<text>"}`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Response

from accord.desk import give_back, journal
from accord.desk.give_back import Word
from accord.desk.journal import Opening
from accord.desk.serve import PAGE_OBJECTS_MAX
from accord.errors import IntegrityFailure, Malformed, NotFound
from accord.exchange.guard import Door, Reader, reader_of
from accord.exchange.wire import MEDIA_TYPE, PROTOCOL_VERSION, encode_page
from accord.ledger.entry import SALT_BYTES
from accord.seal.keys import base64_text, parse_base64

NOT_KEPT = {"Cache-Control": "no-store"}
NOTES_MAX = (
    8  # Checkpoints of a member's journal that one other member remembers. A node names two: the newest seen, and the newest cosigned.
)


def routes(door: Door) -> APIRouter:
    """The routes that give a member its own back."""
    found = APIRouter(prefix="/accord/v1", tags=["given back"])
    means, who = door.means, Depends(reader_of(door))

    @found.get("/channels/{sender}/{recipient}/held")
    def held(sender: str, recipient: str, asking: Reader = who) -> Response:
        """What this node holds of the asking member's word."""
        _own(asking, sender, recipient, means.member)
        return Response(encode_word(give_back.word_for(means, asking.member)), media_type="application/json", headers=NOT_KEPT)

    @found.get("/channels/{sender}/{recipient}/held/objects")
    def objects(
        sender: str,
        recipient: str,
        first: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1)] = PAGE_OBJECTS_MAX,
        asking: Reader = who,
    ) -> Response:
        """A page of the asking member's own channel to this one."""
        _own(asking, sender, recipient, means.member)
        return Response(
            encode_page(give_back.page(means, asking.member, first=first, limit=limit)), media_type=MEDIA_TYPE, headers=NOT_KEPT
        )

    @found.get("/journal/opening")
    def opening(asking: Reader = who) -> Response:
        """The first entry of the journal's epoch, for every member of the charter."""
        return Response(encode_opening(journal.opening(means)), media_type="application/json", headers=NOT_KEPT)

    return found


def _own(asking: Reader, sender: str, recipient: str, here: str) -> None:
    if sender != asking.member or recipient != here:
        raise NotFound("no such channel")


def encode_word(word: Word) -> bytes:
    return orjson.dumps({"version": PROTOCOL_VERSION, **asdict(word)})


def decode_word(raw: bytes) -> Word:
    """Parse what a member holds of our word; an `IntegrityFailure` where it is not of this version."""
    match _value(raw):
        case {
            "version": 1,
            "given": str(given),
            "receipt": str(receipt),
            "taken": str(taken),
            "journal": list(notes),
            "witnessed": str(seen),
        }:
            if len(notes) <= NOTES_MAX and all(isinstance(note, str) for note in notes):
                return Word(given, receipt, taken, tuple(map(str, notes)), seen)
        case _:
            pass
    raise IntegrityFailure("given back", f"what came is not a member's word of protocol version {PROTOCOL_VERSION}")


def encode_opening(opening: Opening) -> bytes:
    return orjson.dumps({"version": PROTOCOL_VERSION, "salt": base64_text(opening.salt), "entry": opening.entry.decode("utf-8")})


def decode_opening(raw: bytes) -> Opening:
    """Parse the first entry of a journal's epoch; an `IntegrityFailure` where it is not of this version."""
    match _value(raw):
        case {"version": 1, "salt": str(text), "entry": str(entry)}:
            try:
                salt = parse_base64(text, what="a salt")
            except Malformed as error:
                raise IntegrityFailure("epoch", error.says) from error
            if len(salt) == SALT_BYTES:
                return Opening(salt, entry.encode("utf-8"))
        case _:
            pass
    raise IntegrityFailure("epoch", f"what came is not the first entry of a journal of protocol version {PROTOCOL_VERSION}")


def _value(raw: bytes) -> object:
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise IntegrityFailure("given back", "what came is not JSON") from None
    return value
