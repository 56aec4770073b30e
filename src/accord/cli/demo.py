"""The command `accord demo`: three members on this machine play the story, then serve their pages."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.cli.output import JSON
from accord.desk import clients
from accord.node.build import Node, utc_now
from accord.node.founding import DEFAULT_PORT
from accord.node.stage import Staged, raise_stage, served
from accord.node.story import PURPOSE, Act, Cast, enlist, play


def attach(app: typer.Typer) -> None:
    app.command("demo")(demo_command)


def demo_command(
    once: Annotated[bool, typer.Option("--once", help="Play and stop; ports are chosen freely unless --port is given.")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", metavar="DIR", help="Keep the nodes here; a new or empty folder.")] = None,
    port: Annotated[int | None, typer.Option("--port", help=f"The first of three ports; {DEFAULT_PORT} when serving.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Play on this STIX bundle, list or one object a line.")
    ] = None,
    as_json: bool = JSON,
) -> None:
    """Three members found an alliance on this machine and play the main job: preview, refusal, publication, sync, receipt, search.

    Everybody in it is invented. Afterwards the nodes keep serving until Ctrl-C, and their addresses and passwords are printed.
    """
    content = None if data is None else data.read_bytes()
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    cast = Cast()
    with _folder(folder) as place:
        console.print("[bold]Accord demo.[/bold] Three invented officers at three members of an alliance founded on the SCO template.")
        console.print("Founding the alliance, starting three nodes …")
        stage = raise_stage(place, cast.members, port=port if port is not None or once else DEFAULT_PORT)
        with served(stage) as nodes:
            for node in nodes.values():
                enlist(node, cast)
            failed = _show(play(nodes, cast, data=content, progress=_progress(console)), console, as_json=as_json)
            if failed:
                raise typer.Exit(1)
            if not once:
                _invite(stage, nodes[cast.receiver], cast, console)
                _until_stopped()


def _show(acts: Iterator[Act], console: Console, *, as_json: bool) -> list[Act]:
    failed = []
    for act in acts:
        if as_json:
            print(json.dumps(asdict(act), ensure_ascii=False), flush=True)
        else:
            sign = "[green]✓[/green]" if act.ok else "[red]✗ failed[/red]"
            console.print(f"{sign} [bold]{act.member}[/bold] {act.act}: ", end="")
            console.print(act.says, markup=False)
        if not act.ok:
            failed.append(act)
    return failed


def _progress(console: Console) -> Callable[[str, int, int], None]:
    """Tell how far a long act has come, now and then, and only to a person."""
    told: dict[str, int] = {}

    def tell(what: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and done - told.get(what, 0) >= 5_000:
            told[what] = done
            console.print(f"  … {what} {done:,}" + (f" of {total:,}" if total else ""))

    return tell


def _invite(stage: list[Staged], receiver: Node, cast: Cast, console: Console) -> None:
    """Print where the nodes are, how to get in, and what to try."""
    table = Table("member", "status page", "user", "password", "folder", title="The nodes keep serving. Ctrl-C stops them.")
    for staged in stage:
        table.add_row(staged.member, f"{staged.url}/", "operator", staged.password, str(staged.folder))
    Console(stderr=console.stderr, width=max(console.width, 140), highlight=False).print(table)
    tool = clients.add_client(receiver.means, name="demo-tool", may_read=True, may_write=False, now=utc_now())
    holder = next(staged for staged in stage if staged.member == receiver.means.member)
    command = Path(sys.argv[0]).name if shutil.which("accord") else sys.argv[0]
    lines = [
        f"A TAXII 2.1 tool may read what {holder.member} holds: {holder.url}/taxii2/ as {tool.name}, password {tool.password}",
        "Look around from another terminal, for example:",
        f"  {command} law {stage[0].folder} --from KZ --to KG",
        f'  {command} search {holder.folder} lantern --as "{cast.officer(holder.member)}" --purpose "{PURPOSE}"',
        f"  {command} audit {holder.folder}",
    ]
    console.print("\n".join(lines), markup=False)
    sys.stdout.flush()


def _until_stopped() -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    """The folder asked for, which the stage makes and which stays; or a temporary one, which goes with the demo."""
    if chosen is not None:
        yield chosen
        return
    made = Path(tempfile.mkdtemp(prefix="accord-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
