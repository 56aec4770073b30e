"""The command `accord`: its commands put together, and errors turned into words and exit statuses.

Exit status: 0 done, 1 refused (the officer has to act), 2 wrong call, 3 another node or the operator has to act.
"""

from __future__ import annotations

import sys

import typer

from accord import __version__
from accord.cli import (
    backups,
    charters,
    clients,
    consents,
    couriers,
    demo,
    evidence,
    exporting,
    keys,
    moving,
    nodes,
    officers,
    reading,
    sources,
    standing,
    waiting,
)
from accord.errors import AccordError, PeerFault, Refusal, StandardBroken, Unready

REFUSED, OTHERS_TURN = 1, 3

app = typer.Typer(
    name="accord",
    help="Members of an alliance exchange security information under their treaties, and prove it.\n\n"
    "Begin with `accord demo`. A node of your own is made with `accord init`, run with `accord run`, and used with `accord publish`, "
    "`accord sync`, `accord search` and `accord show`. Every command has --help and, for scripts, --json.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
charters.attach(app)
keys.attach(app)
nodes.attach(app)
backups.attach(app)
officers.attach(app)
consents.attach(app)
clients.attach(app)
sources.attach(app)
standing.attach(app)
reading.attach(app)
exporting.attach(app)
waiting.attach(app)
evidence.attach(app)
moving.attach(app)
couriers.attach(app)
demo.attach(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"accord {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and stop.")) -> None:
    """Options that stand before a command."""


def main() -> None:
    """Run the command line. An error of ours is not caught: it is a mistake and shows where it was made."""
    try:
        app()
    except AccordError as error:
        _tell(error)
        sys.exit(REFUSED if isinstance(error, Refusal) else OTHERS_TURN)
    except BrokenPipeError:
        sys.exit(0)  # The reader of our output has gone; there is nobody left to tell.


def _tell(error: AccordError) -> None:
    """Say what happened, whose turn it is, and what to do next."""
    match error:
        case Refusal():
            turn = "refused"
        case PeerFault():
            turn = "another node has to act"
        case Unready():
            turn = "the operator has to act"
        case _:
            turn = "does not hold"
    print(f"{turn}: {error.says}", file=sys.stderr)
    if isinstance(error, StandardBroken):
        for fault in error.faults[1:]:
            print(f"  {fault}", file=sys.stderr)
    if error.remedy:
        print(f"what to do: {error.remedy}", file=sys.stderr)
