"""Build: settings become means, means become an application. Nothing runs here; `worker` and the server do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from accord import __version__
from accord.charter.document import SignedCharter
from accord.charter.keyfile import KeyFile
from accord.desk import journal, rejoin
from accord.desk.means import Means, Signers
from accord.errors import AccordError, Unready
from accord.exchange import server
from accord.exchange.description import Described
from accord.exchange.server import Door
from accord.node import health
from accord.node.custody import signers
from accord.node.founding import OPERATIONAL
from accord.node.metrics import TimedGate, Timings, timings
from accord.node.occupied import occupied
from accord.node.settings import Settings, read_settings
from accord.release.policy import policy_of
from accord.seal.canonical import digest_text
from accord.store.database import open_database
from accord.web import app as pages


@dataclass(frozen=True, slots=True)
class Node:
    """One member's node: its folder, its settings, and what its stories need."""

    folder: Path
    settings: Settings
    means: Means
    status_password: str
    timings: Timings


def utc_now() -> datetime:
    """The clock of the doors and the worker, the only one in the house."""
    return datetime.now(UTC)


@contextmanager
def opened(folder: Path, *, alone: bool = False, rejoining: bool = False) -> Iterator[Node]:
    """Open a node's folder. Charter, keys and database are checked before anything is served; `Unready` says what is wrong.

    A restored node that has not rejoined is opened for `rejoining` alone: nothing else of the house gets hold of its keys.
    """
    with occupied(folder, alone=alone), _opened(folder, rejoining=rejoining) as node:
        yield node


@contextmanager
def _opened(folder: Path, *, rejoining: bool) -> Iterator[Node]:
    settings = read_settings(folder)
    signed = _charter(folder, settings)
    key_file = _read(folder / settings.keys.key_file)
    root = signed.charter.member(settings.member).root
    if root is None:
        raise Unready(f"the charter pins no root key for {settings.member}", remedy="use the charter that names this member's root key")
    named = KeyFile.read(key_file, root)
    with signers(folder, settings.keys) as held:
        _all_named(held, named)
        yield from _with_database(folder, settings, signed, key_file, held, rejoining=rejoining)


def _with_database(
    folder: Path, settings: Settings, signed: SignedCharter, key_file: bytes, held: Signers, *, rejoining: bool
) -> Iterator[Node]:
    database = open_database(folder / settings.database)
    counters = timings()
    means = Means(
        member=settings.member,
        charter=signed.charter,
        gate=TimedGate(policy_of(signed.charter), taken=counters.gate),
        database=database,
        signers=held,
        key_file=key_file,
        random=os.urandom,
        tiles=folder / "tiles",
        free_octets=lambda: shutil.disk_usage(folder).free,
    )
    try:
        journal.know_epochs(means)
        if not rejoining and rejoin.is_rejoining(means):
            raise rejoin.not_yet(means, str(folder))
        yield Node(folder, settings, means, _read(folder / settings.keys.status_password).decode().strip(), counters)
    finally:
        database.close()


def _all_named(held: Signers, named: KeyFile) -> None:
    """Refuse a key that the key file does not name in its role: what it signed would hold nowhere."""
    for role in OPERATIONAL:
        public = getattr(held, role.value).public
        if not any(entry.role is role and entry.public == public and entry.valid_until is None for entry in named.keys):
            raise Unready(
                f"the {role.value} key {public.id} is not the one that the key file names",
                remedy="set keys.key_file and the keys to what belongs together, or replace the key: accord key replace",
            )


def application(node: Node, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The node's one application: the exchange for nodes, the pages for people."""
    app = Described(title=f"Accord, {node.means.member}", version=__version__, docs_url=None, redoc_url=None)
    server.attach(app, Door(node.means, clock))
    pages.attach(app, node.means, password=node.status_password, clock=clock)
    health.attach(app, node.means)
    return app


def _charter(folder: Path, settings: Settings) -> SignedCharter:
    try:
        signed = SignedCharter.read(_read(folder / settings.charter))
        signed.check_founding()
    except Unready:
        raise
    except AccordError as error:
        raise Unready(f"the charter does not hold: {error.says}", remedy=error.remedy or "get it from a member you trust") from error
    digest = digest_text(signed.charter.digest)
    if digest != settings.charter_digest:
        raise Unready(
            f"the charter's digest is {digest}, settings.toml pins {settings.charter_digest}", remedy="find out who changed which"
        )
    return signed


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Unready(f"{path} cannot be read", remedy="restore it from a backup") from None
