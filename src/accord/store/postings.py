"""Places of a term in one block of positions: as an integer with a bit for each place while it is counted with, and in octets as it is kept.

A block has 16,384 positions. A term that occurs at less than 1,024 of them is kept as its places, two octets each, little end first; any other as
2,048 octets with a bit for each place. The length says which of the two it is. Rare words cost what they weigh, and common ones are one
operation of the processor's to bring together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

BLOCK_RECORDS: Final = 16_384
_OCTETS: Final = BLOCK_RECORDS // 8
_PLACES_LISTED: Final = _OCTETS // 2 - 1  # As many places take fewer octets as a list.


def mask_of(places: Iterable[int]) -> int:
    """The integer with a bit for each of these places."""
    marks = bytearray(_OCTETS)
    for place in places:
        marks[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(marks, "little")


def places_of(mask: int) -> Iterator[int]:
    """The places of a mask, the last one first."""
    while mask:
        place = mask.bit_length() - 1
        yield place
        mask ^= 1 << place


def packed(mask: int) -> bytes:
    """A mask in octets; none for no place."""
    if mask.bit_count() > _PLACES_LISTED:
        return mask.to_bytes(_OCTETS, "little")
    places = sorted(places_of(mask))
    return struct.pack(f"<{len(places)}H", *places)


def unpacked(kept: bytes) -> int:
    """The mask that was packed."""
    if len(kept) == _OCTETS:
        return int.from_bytes(kept, "little")
    return mask_of(struct.unpack(f"<{len(kept) // 2}H", kept))


def appended(kept: bytes, places: list[int]) -> bytes:
    """What is kept with more places, each of them beyond those before, in their order."""
    if len(kept) // 2 + len(places) <= _PLACES_LISTED:
        return kept + struct.pack(f"<{len(places)}H", *places)
    return packed(unpacked(kept) | mask_of(places))
