"""Audit from outside: what another member's node shows of its logs is recomputed and held against what this one remembers.

Duties: 1. the checkpoint is signed with the member's log key, and each cosignature by a member whose key is known holds; 2. the entries make every tile,
and the tiles the root; 3. the log began with every checkpoint of it that is remembered here. The first thing that does not hold is raised, with its
place. `fetch` asks the node for one tile and raises `NotFound` where it has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.errors import AccordError, IntegrityFailure, KeyUnknown, Malformed, NotFound, PeerFault
from accord.ledger.checkpoint import Checkpoint, open_signed, verify_cosignature
from accord.ledger.entry import leaf_hashes
from accord.ledger.tiles import TILE_WIDTH, Tile, bundles_of, content_of, entries_of, tile_root, tiles_of
from accord.ledger.tree import EMPTY, Frontier
from accord.seal.keys import Role
from accord.seal.note import Note
from accord.store import acts, logs, witness

Fetch = Callable[[Tile], bytes]


@dataclass(frozen=True, slots=True)
class Shown:
    """A log of another node that holds, who cosigned its checkpoint, and how many remembered checkpoints it was held against."""

    name: str
    size: int
    cosigned_by: tuple[str, ...]
    remembered: int


def remembered_journal(means: Means, member: str) -> dict[int, bytes]:
    """Sizes and roots of a member's journal that this node saw or cosigned. To be read before the journal is asked for."""
    with means.database.reading() as transaction:
        notes = [witness.seen_of(transaction, member), witness.cosigned_note(transaction, means.journal_of(member))]
    return _roots(notes)


def audit_journal(means: Means, member: str, note: str, *, remembered: Mapping[int, bytes], fetch: Fetch, now: datetime) -> Shown:
    """Audit another member's journal under its published checkpoint."""
    checkpoint = _opened(means, member, means.journal_of(member), note, now=now)  # 1
    cosigned_by = _cosigners(means, note, now=now)
    _rebuild(checkpoint, remembered, fetch)  # 2, 3
    return Shown(checkpoint.origin, checkpoint.size, cosigned_by, len(remembered))


def audit_given(means: Means, member: str, note: str, *, fetch: Fetch, now: datetime) -> Shown:
    """Audit the other member's channel to us against every checkpoint of it that we gave a receipt for."""
    checkpoint = _opened(means, member, means.channel_from(member), note, now=now)  # 1
    with means.database.reading() as transaction:
        remembered = _roots([receipt.checkpoint for receipt in acts.receipts_of(transaction, checkpoint.origin)])
    _rebuild(checkpoint, remembered, fetch)  # 2, 3
    return Shown(checkpoint.origin, checkpoint.size, (), len(remembered))


def audit_taken(means: Means, member: str, *, fetch: Fetch) -> Shown | None:
    """Audit what the other member holds of our channel to it, as far as it gave receipts; None while it gave none."""
    name = means.channel_to(member)
    with means.database.reading() as transaction:
        receipt = acts.last_receipt(transaction, name)
        boundary = None if receipt is None else logs.boundary_at(transaction, name, receipt.size)
    if boundary is None:
        return None
    _rebuild(Checkpoint(name, boundary.size, boundary.root), {}, fetch)  # 2
    return Shown(name, boundary.size, (), 1)


def _opened(means: Means, member: str, origin: str, note: str, *, now: datetime) -> Checkpoint:
    with means.database.reading() as transaction:
        keys = keys_of(means, transaction, member, Role.LOG, now=now)
    try:
        return open_signed(note, origin=origin, keys=keys)
    except AccordError as error:
        raise IntegrityFailure("checkpoint", f"{origin}: the checkpoint does not hold: {error.says}") from error


def _cosigners(means: Means, note: str, *, now: datetime) -> tuple[str, ...]:
    """The members whose cosignature on a checkpoint holds; one that is of a known key and does not hold is a failure."""
    found = []
    lines = {signature.name: f"{signature}\n" for signature in Note.parse(note).signatures}
    for member in (means.member, *means.partners()):
        name = means.witness_name(member)
        if name not in lines:
            continue
        try:
            with means.database.reading() as transaction:
                keys = keys_of(means, transaction, member, Role.WITNESS, now=now)
            verify_cosignature(note, lines[name], name=name, keys=keys)
        except IntegrityFailure:
            raise
        except (KeyUnknown, PeerFault):
            continue  # Its key is not known here, so its line says nothing here.
        except AccordError as error:
            raise IntegrityFailure("cosignature", f"that of {member} does not hold: {error.says}") from error
        found.append(member)
    return tuple(found)


def _rebuild(checkpoint: Checkpoint, remembered: Mapping[int, bytes], fetch: Fetch) -> None:
    """Recompute a log from its entries: every tile, the root, and the roots that are remembered of it."""
    for size in remembered:
        if size > checkpoint.size:
            raise IntegrityFailure("growth", f"{checkpoint.origin} ends at {checkpoint.size}, {size} is remembered: the log shrank")
    frontier = EMPTY
    roots: list[bytes] = []  # Of the full tiles of level 0.
    for bundle in bundles_of(checkpoint.size):
        hashes = _bundle(checkpoint.origin, bundle, fetch)
        for size in sorted(size for size in remembered if frontier.size < size <= frontier.size + len(hashes)):
            grown = frontier.extend(hashes[: size - frontier.size])
            _same(checkpoint.origin, grown, remembered[size], "is not the one that is remembered: the log was rewritten")
        frontier = frontier.extend(hashes)
        if bundle.is_full:
            roots.append(tile_root(hashes))
    _upper_tiles(checkpoint, roots, fetch)
    if frontier.root() != checkpoint.root:
        raise IntegrityFailure("root", f"{checkpoint.origin}: the entries below {checkpoint.size} do not make the root that was signed")


def _bundle(name: str, bundle: Tile, fetch: Fetch) -> list[bytes]:
    try:
        hashes = leaf_hashes(entries_of(_fetched(name, bundle, fetch), width=bundle.width))
    except Malformed as error:
        raise IntegrityFailure("tile", f"{name}: {bundle} is not a bundle: {error.says}") from error
    _same_tile(name, Tile(0, bundle.index, bundle.width), hashes, fetch)
    return hashes


def _upper_tiles(checkpoint: Checkpoint, roots: list[bytes], fetch: Fetch) -> None:
    level, above = 1, [tile for tile in tiles_of(checkpoint.size) if tile.level]
    while roots:
        row = [tile for tile in above if tile.level == level]
        for tile in row:
            _same_tile(checkpoint.origin, tile, roots[tile.first : tile.first + tile.width], fetch)
        roots = [tile_root(roots[tile.first : tile.first + TILE_WIDTH]) for tile in row if tile.is_full]
        level += 1


def _same_tile(name: str, tile: Tile, hashes: Sequence[bytes], fetch: Fetch) -> None:
    if _fetched(name, tile, fetch) != content_of(hashes):
        raise IntegrityFailure("tile", f"{name}: {tile} does not hold the hashes of what is below it")


def _fetched(name: str, tile: Tile, fetch: Fetch) -> bytes:
    try:
        return fetch(tile)
    except NotFound:
        raise IntegrityFailure("tile", f"{name}: {tile} is missing") from None


def _same(name: str, frontier: Frontier, root: bytes, says: str) -> None:
    if frontier.root() != root:
        raise IntegrityFailure("growth", f"{name}: the root at size {frontier.size} {says}")


def _roots(notes: Sequence[str]) -> dict[int, bytes]:
    """Sizes and roots of notes that were opened when they were kept."""
    checkpoints = [Checkpoint.parse(Note.parse(note).text) for note in notes if note]
    return {checkpoint.size: checkpoint.root for checkpoint in checkpoints if checkpoint.size}
