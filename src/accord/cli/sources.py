"""Commands about outside sources: other people's TAXII 2.1 servers that this node reads by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx2
import typer

from accord.cli.officers import As, Dir
from accord.cli.output import JSON, answer
from accord.desk import sources
from accord.desk.sources import EVERY_SECONDS_MAX, Source
from accord.errors import NotFound, PeerFault, Refusal, counted
from accord.exchange.taxii import Place, find
from accord.node import strangers
from accord.node.build import Node, opened, utc_now

EVERY_MINUTES = 15  # Between two looks, where nothing else is said: often enough for indicators, seldom enough for other people's servers.

Name = Annotated[str, typer.Argument(metavar="NAME", help="The source's name.")]


def attach(app: typer.Typer) -> None:
    source = typer.Typer(help="Outside sources that this node reads by itself.", no_args_is_help=True)
    source.command("add")(add_command)
    source.command("list")(list_command)
    source.command("fetch")(fetch_command)
    source.command("remove")(remove_command)
    app.add_typer(source, name="source")


def add_command(
    folder: Dir,
    url: Annotated[str, typer.Argument(metavar="URL", help="A TAXII 2.1 server, API root or collection.")],
    officer: As,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it; its host's name, unless you say.")] = "",
    collection: Annotated[str, typer.Option("--collection", metavar="ID", help="Which collection, where there are several.")] = "",
    username: Annotated[
        str, typer.Option("--username", metavar="NAME", help="For HTTP Basic. Without it the secret is a bearer token.")
    ] = "",
    secret_file: Annotated[
        Path | None, typer.Option("--secret", metavar="FILE", help="A file that holds the password or token; it is copied to the keys.")
    ] = None,
    every: Annotated[
        int, typer.Option("--every", metavar="MINUTES", min=1, max=EVERY_SECONDS_MAX // 60, help="How often.")
    ] = EVERY_MINUTES,
    as_json: bool = JSON,
) -> None:
    """Read a TAXII 2.1 server from now on. What it gives is kept as received, and leaves only when an officer releases it.

    accord source add node https://taxii.example/taxii2/ --as "A. Bekova" --name example-feed
    """
    secret = _secret(secret_file)
    with opened(folder) as node:
        known = name or (urlsplit(url).hostname or "").replace(".", "-")
        with strangers.reached(node, username=username, secret=secret) as http:
            place = _found(http, url, collection)
        source = Source(known, place.api_root, place.collection, username, has_secret=bool(secret), every_seconds=every * 60)
        if secret:
            strangers.keep_secret(node, known, secret)
        try:
            sources.add_source(node.means, source, officer=officer, now=utc_now())
        except Refusal:
            if secret:
                strangers.forget_secret(node, known)
            raise
    value = {"name": known, "api_root": place.api_root, "collection": place.collection, "every_seconds": source.every_seconds}
    sentence = (
        f"{known} is read every {every} min from collection {place.collection} of {place.api_root} while the node runs; "
        f"accord source fetch {folder} {known} reads it now"
    )
    answer(value, sentence, as_json=as_json)


def list_command(folder: Dir, as_json: bool = JSON) -> None:
    """List the sources: how far each was read, what it lost, and how the last contact went."""
    with opened(folder) as node:
        found = sources.list_sources(node.means)
    value = {
        "sources": [
            {
                "name": item.name,
                "api_root": item.api_root,
                "collection": item.collection,
                "added_after": item.added_after,
                "lost": item.lost,
                "fault": item.fault,
                "contacted_at": item.contacted_at,
                "retry_at": item.retry_at,
            }
            for item in found
        ]
    }
    answer(value, "\n".join(map(_state, found)) or "no source is read; add one with accord source add", as_json=as_json)


def fetch_command(folder: Dir, name: Name, as_json: bool = JSON) -> None:
    """Read one source to its end, now. Stopped half way, it goes on from there."""
    with opened(folder) as node:
        done = strangers.round_with_source(node, _named(node, name))
    value = {"name": name, "kept": done.kept, "refused": done.refused, "lost": done.lost}
    loss = f"; {done.lost} that it lists did not come: tell its operator" if done.lost else ""
    answer(value, f"{name}: kept {done.kept}, refused {done.refused}{loss}", as_json=as_json)


def remove_command(folder: Dir, name: Name, officer: As, as_json: bool = JSON) -> None:
    """Read a source no longer. What it gave stays in the holdings."""
    with opened(folder) as node:
        known = _named(node, name)
        sources.remove_source(node.means, name, officer=officer, now=utc_now())
        if known.has_secret:
            strangers.forget_secret(node, name)
    answer({"removed": name}, f"{name} is read no longer; what it gave stays", as_json=as_json)


def _found(http: httpx2.Client, url: str, collection: str) -> Place:
    try:
        return find(http, url, collection=collection)
    except NotFound as error:
        raise PeerFault("source", error.says, remedy="give the address of a TAXII 2.1 server, API root or collection") from error


def _named(node: Node, name: str) -> Source:
    found = next((item for item in sources.list_sources(node.means) if item.name == name), None)
    if found is None:
        raise NotFound(f"there is no source named {name!r}", remedy=f"see accord source list {node.folder}")
    return found


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        raise Refusal(f"{path} cannot be read", remedy="write the password or token into a file that only you can read") from None


def _state(source: Source) -> str:
    read = f"read to {source.added_after}" if source.added_after else "not read yet"
    lost = f", {counted(source.lost, 'object')} lost" if source.lost else ""
    fault = f"; {source.fault} (next try {source.retry_at})" if source.fault else ""
    return f"{source.name}: {source.api_root}, collection {source.collection}, {read}{lost}{fault}"
