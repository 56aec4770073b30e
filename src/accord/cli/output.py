"""What commands print: sentences for people, one JSON object for scripts, and progress on long work."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accord.desk.watch import Evidence, convicts

JSON = typer.Option(False, "--json", help="Print one JSON object, for scripts.")


def answer(value: Mapping[str, object], sentence: str, *, as_json: bool) -> None:
    """Print an answer once, in the form that was asked for."""
    typer.echo(json.dumps(value, ensure_ascii=False) if as_json else sentence)


def kind_of(found: Evidence) -> str:
    """How evidence about a log begins: a proof against its member, or a question to it."""
    return "proof against" if convicts(found) else "question to"


@contextmanager
def counting(what: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show on the terminal how far a long work has come; silent for scripts and pipes."""
    console = Console(stderr=True)
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done: progress.update(task, completed=done)
