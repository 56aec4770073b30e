"""Outside sources, wired: where each one's secret lies, and one round with those that are due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx2

from accord.desk import sources
from accord.desk.sources import Source
from accord.errors import AccordError, Refusal, Unready
from accord.exchange import egress
from accord.exchange.source import Fetched, SourceClient, read_round
from accord.node.build import Node, utc_now
from accord.node.custody import write_secret

_log = logging.getLogger(__name__)


@contextmanager
def reached(node: Node, *, username: str = "", secret: str = "") -> Iterator[httpx2.Client]:
    """The way to one stranger, with HTTP Basic where there is a user name, with a bearer token where there is a secret alone."""
    with egress.stranger(private=node.settings.egress.private) as http:
        if username:
            http.auth = httpx2.BasicAuth(username, secret)
        elif secret:
            http.headers["Authorization"] = f"Bearer {secret}"
        yield http


def keep_secret(node: Node, name: str, secret: str) -> None:
    """Keep a source's secret beside the node's keys."""
    write_secret(_secret_path(node, name), secret + "\n")


def forget_secret(node: Node, name: str) -> None:
    _secret_path(node, name).unlink(missing_ok=True)


def round_with_source(node: Node, source: Source, *, clock: Callable[[], datetime] = utc_now) -> Fetched:
    """One round with one source; raises `PeerFault`, and the fault is noted."""
    secret = _read_secret(node, source) if source.has_secret else ""
    with reached(node, username=source.username, secret=secret) as http:
        return read_round(node.means, SourceClient(http, source), clock=clock)


def read_due(node: Node, *, clock: Callable[[], datetime] = utc_now) -> None:
    """One round with every source that is due; one that fails holds up no other."""
    for source in sources.list_sources(node.means):
        if not sources.is_due(source, now=clock()):
            continue
        try:
            done = round_with_source(node, source, clock=clock)
        except AccordError as error:
            _log.warning("%s: %s", source.name, error.says)
        else:
            if done.lost:
                _log.error("%s lists %d objects that it does not give", source.name, done.lost)


def _read_secret(node: Node, source: Source) -> str:
    try:
        return _secret_path(node, source.name).read_text(encoding="utf-8").strip()
    except OSError:
        raise Unready(f"the secret of {source.name} cannot be read", remedy="accord source remove, then add it anew") from None


def _secret_path(node: Node, name: str) -> Path:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise Refusal(f"{name!r} is no name for a source that is read by itself", remedy="choose letters, digits, - and _")
    return node.folder / "keys" / f"source-{name}.secret"
