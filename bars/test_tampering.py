"""Bar: the whole matrix of tampering, each cell in a scene of its own, and one bit flipped at every byte of every part that is a text."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from accord.desk import watch
from accord.errors import PeerFault
from tests.stories.tampering import Act, Part, Scene, staged
from tests.stories.test_tampering_matrix import MATRIX, PARTS, check, named

TEXTS = ("checkpoint", "key file", "journal checkpoint", "tile", "receipt", "witness answer")
BODY_BYTES = 68  # Of the receipt in the scene: the three lines of the checkpoint, and the empty one.
LAST_LINE_BYTES = 132  # And the cosignature.


@pytest.mark.parametrize("cell", sorted(MATRIX, key=named), ids=named)
def test_every_cell_in_a_scene_of_its_own(tmp_path: Path, cell: tuple[str, Act]) -> None:
    with staged(tmp_path) as scene:
        check(scene, cell)


@pytest.mark.parametrize("name", TEXTS)
def test_any_flipped_byte_is_named_and_keeps_nothing(tmp_path: Path, name: str) -> None:
    part = PARTS[name]
    with staged(tmp_path) as scene:
        length, unnoticed = _length(scene, part), []
        before = scene.state(
            part
        )  # With what a round keeps before the part travels: the leaves that a receipt is for, the other's journal.
        for place in _places(name, length):

            def flip(_: Scene, request: httpx2.Request, body: bytes, place: int = place) -> bytes:
                return body[:place] + bytes([body[place] ^ 1 << (place % 7)]) + body[place + 1 :] if place < len(body) else body

            try:
                scene.go(part, flip)
            except PeerFault:
                assert before[:3] == scene.state(part)[:3]
            else:
                unnoticed.append(place)
            assert () == watch.evidence(scene.means)
        print(f"{name}: {length} bytes, one bit each, unnoticed at {unnoticed}")
        assert [] == unnoticed


def _places(name: str, length: int) -> list[int]:
    """Every byte; of a receipt all but the sender's own signature, which it does not ask for: it knows what it signed."""
    return list(range(length)) if name != "receipt" else [*range(BODY_BYTES), *range(length - LAST_LINE_BYTES, length)]


def _length(scene: Scene, part: Part) -> int:
    found: list[int] = []

    def listen(_: Scene, request: httpx2.Request, body: bytes) -> bytes:
        found.append(len(body))
        return b""

    with pytest.raises(PeerFault):
        scene.go(part, listen)
    return found[0]
