"""Commands of the operator: init, run, sync, peer, status."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from accord.cli.keys import PassphraseFile
from accord.cli.officers import Dir
from accord.cli.output import JSON, answer, kind_of
from accord.desk.status import status
from accord.desk.stuck import stuck
from accord.desk.watch import convicts
from accord.errors import PeerFault, Refusal, counted
from accord.exchange.client import PeerClient, connection
from accord.node import logbook, metrics, serving, worker
from accord.node.build import Node, opened, utc_now
from accord.node.founding import DATABASE_FILE, DEFAULT_PORT, found_node
from accord.node.lease import clear_lease
from accord.node.logbook import LogForm
from accord.node.occupied import occupied, served
from accord.node.rejoin import rejoin_now
from accord.node.serving import PROCESSES_MAX
from accord.node.settings import read_settings, write_settings


def attach(app: typer.Typer) -> None:
    app.command("init")(init_command)
    app.command("run")(run_command)
    app.command("sync")(sync_command)
    app.command("status")(status_command)
    peer = typer.Typer(help="The other members' nodes.", no_args_is_help=True)
    peer.command("add")(peer_command)
    app.add_typer(peer, name="peer")


def init_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    charter: Annotated[str, typer.Option("--charter", metavar="FILE|sco", help="A charter's file, or sco for the template that ships.")],
    member: Annotated[str, typer.Option("--member", metavar="ID", help="The member whose node this is, for example KZ.")],
    charter_digest: Annotated[
        str | None, typer.Option("--charter-digest", metavar="D", help="The digest you were told; another one is refused.")
    ] = None,
    root_key: Annotated[
        Path | None, typer.Option("--root-key", metavar="FILE", help="The member's root key, when the charter pins one already.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Where the node will serve.")] = DEFAULT_PORT,
    dsn: Annotated[
        Path | None,
        typer.Option("--database", metavar="FILE.dsn", help="A file with the DSN of an empty PostgreSQL database, instead of SQLite."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: bool = JSON,
) -> None:
    """Make a node's folder: settings.toml, keys and database. On an unsigned charter it is a single-member trial node."""
    founded = found_node(
        folder,
        charter=charter,
        member=member,
        now=utc_now(),
        pinned=charter_digest,
        root_key=root_key,
        port=port,
        database=dsn.resolve() if dsn else DATABASE_FILE,
        passphrase_file=passphrase_file.absolute() if passphrase_file else None,
    )
    value = {
        "dir": str(folder),
        "member": member,
        "charter_digest": founded.charter_digest,
        "root_key": founded.root,
        "url": f"http://{founded.settings.listen.host}:{port}/",
        "username": "operator",
        "password": founded.status_password,
    }
    answer(
        value,
        f"{folder} is ready as the node of {member} under charter {founded.charter_digest}.\n"
        f"Keep {root_key or folder / 'keys' / 'root.key'} offline: it signs this member's key files and its charter changes.\n"
        f"Next: accord officer add {folder} NAME --role officer, then accord run {folder}",
        as_json=as_json,
    )


def run_command(
    folder: Dir,
    port: Annotated[int | None, typer.Option("--port", help="Serve here instead of where settings.toml says.")] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, max=PROCESSES_MAX, help="How many processes serve, for machines with several cores."),
    ] = 1,
    log: Annotated[LogForm, typer.Option("--log", help="How the log on the standard error is written.")] = LogForm.TEXT,
    as_json: bool = JSON,
) -> None:
    """Serve this node until it is stopped: pages, TAXII, exchange, and the worker that looks at the other members."""
    logbook.begin(log)
    listen = read_settings(folder).listen
    with occupied(folder, alone=False), served(folder), ExitStack() as alone:
        node = alone.enter_context(opened(folder, rejoining=True))
        rejoin_now(node)  # Comes back when nothing is left to be done.
        clear_lease(node.means.database)
        if workers == 1:
            alone.enter_context(metrics.serving(node.means, node.timings, listen))
        with serving.bound(listen.host, listen.port if port is None else port) as door:
            url = f"http://{listen.host}:{door.getsockname()[1]}/"
            answer({"member": node.means.member, "url": url}, f"{node.means.member} serves {url}", as_json=as_json)
            sys.stdout.flush()
            if workers == 1:
                serving.serve(node, door)
                return
            alone.close()  # Each process opens the node for itself.
            serving.serve_together(folder, door, processes=workers, log=log)


def sync_command(
    folder: Dir,
    peer: Annotated[str | None, typer.Option("--peer", metavar="ID", help="This member only.")] = None,
    as_json: bool = JSON,
) -> None:
    """Look at the other members' nodes once, now, and bring what is new."""
    with opened(folder) as node, ExitStack() as stack:
        chosen = _chosen(node, peer)
        results, faults, answering, sentences = [], [], [], []
        for name, url in chosen.items():
            http = stack.enter_context(connection(url))
            client = PeerClient(node.means, name, http, utc_now)
            outcome = worker.round_with(node, client)
            if isinstance(outcome, PeerFault):
                faults.append(outcome)
                sentences.append(f"{name}: {outcome.says}")
                results.append({"peer": name, "ok": False, "duty": outcome.duty, "says": outcome.says})
            else:
                answering.append(client)
                came = "nothing new" if outcome.idle else f"kept {counted(outcome.kept, 'record')}"
                sentences.append(f"{name}: {came}, {counted(outcome.size, 'object')} verified")
                results.append(
                    {
                        "peer": name,
                        "ok": True,
                        "size": outcome.size,
                        "kept": outcome.kept,
                        "declined": outcome.declined,
                        "idle": outcome.idle,
                    }
                )
        evidence = worker.watch_all(node, answering)
        sentences += [f"{kind_of(item)} {item.origin}: {item.says}; see accord audit {folder}" for item in evidence]
        value = {
            "peers": results,
            "evidence": [{"log": item.origin, "says": item.says, "convicts": convicts(item)} for item in evidence],
        }
        answer(value, "\n".join(sentences) or "no other node is known; add one with accord peer add", as_json=as_json)
    if faults:
        raise faults[0]


def status_command(folder: Dir, as_json: bool = JSON) -> None:
    """Say where this node stands: holdings, channels, receipts, partners. Counts and times only."""
    with opened(folder) as node:
        found, waiting = status(node.means), stuck(node.means, now=utc_now())
    value = {
        "member": found.member,
        "charter": found.charter,
        "journal": found.journal_size,
        "holdings": [{"came": item.came.value, "source": item.source, "records": item.records} for item in found.holdings],
        "outgoing": [{"to": item.partner, "size": item.size, "receipted": item.receipted} for item in found.outgoing],
        "incoming": [
            {"from": item.partner, "size": item.size, "receipted": item.receipted, "declined": item.declined} for item in found.incoming
        ],
        "stuck": [{"to": one.partner, "statement": one.statement, "grounds": list(one.grounds), "remedy": one.remedy} for one in waiting],
        "suspected": list(found.suspected),
        "questioned": list(found.questioned),
        "peers": [
            {"member": item.member, "contacted_at": item.contacted_at, "fault": item.fault, "clock_ahead": item.clock_ahead}
            for item in found.peers
        ],
    }
    lines = [
        f"node of {found.member}, charter {found.charter} version {found.charter_version}, {counted(found.journal_size, 'entry', 'entries')} in the journal"
    ]
    lines += [f"  holds {counted(item.records, 'record')} ({item.came.value}, {item.source})" for item in found.holdings]
    lines += [f"  to {item.partner}: {counted(item.size, 'object')}, {item.receipted} receipted" for item in found.outgoing]
    lines += [f"  from {item.partner}: {counted(item.size, 'object')}, {item.declined} declined" for item in found.incoming]
    lines += [f"  {item.member}: {item.fault}" for item in found.peers if item.fault]
    lines += [
        f"  {item.member}: clock differs by {abs(item.clock_ahead)} s, ours is {'behind' if item.clock_ahead > 0 else 'ahead'}; set both by NTP"
        for item in found.peers
        if item.clock_differs
    ]
    lines += [
        f"  the channel to {one.partner} waits: {one.statement} may no longer go ({'; '.join(one.grounds)}); take it back: {one.remedy}"
        for one in waiting
    ]
    lines += [f"  proof against {log}: see accord audit {folder}" for log in found.suspected]
    lines += [f"  question to {log}: two checkpoints do not agree; audit that member's address" for log in found.questioned]
    answer(value, "\n".join(lines), as_json=as_json)


def peer_command(
    folder: Dir,
    member: Annotated[str, typer.Argument(metavar="ID", help="The other member.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Its node's address.")],
    as_json: bool = JSON,
) -> None:
    """Say where another member's node is. A running node reads it at its next start."""
    if not url.startswith(("http://", "https://")):
        raise Refusal(f"{url!r} is not an address", remedy="give it as https://node.example")
    with opened(folder, rejoining=True) as node:  # Whom a restored node has to hear may have moved.
        if node.means.charter.member(member).root is None:
            raise Refusal(f"the charter pins no root key for {member}: it has no node yet", remedy="wait for the charter version that does")
        settings = read_settings(folder)
        write_settings(folder, settings.model_copy(update={"peers": {**settings.peers, member: url.rstrip("/")}}))
    answer({"member": member, "url": url}, f"{member} is reached at {url}", as_json=as_json)


def _chosen(node: Node, peer: str | None) -> dict[str, str]:
    peers = node.settings.peers
    if peer is None:
        return dict(sorted(peers.items()))
    if peer not in peers:
        raise Refusal(f"no node of {peer} is known", remedy=f"say where it is: accord peer add {node.folder} {peer} URL")
    return {peer: peers[peer]}
