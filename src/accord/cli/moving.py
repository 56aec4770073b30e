"""The command that moves a node to another database."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli.officers import Dir
from accord.cli.output import JSON, answer, counting
from accord.node.moving import move


def attach(app: typer.Typer) -> None:
    app.command("move")(move_command)


def move_command(
    folder: Dir,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="DSN|FILE", help="A file of SQLite's, a file ending in .dsn with a DSN, or a DSN; as in settings.toml."
        ),
    ],
    as_json: bool = JSON,
) -> None:
    """Move a stopped node to another database, empty so far. Killed at any instant, the same command goes on; the old database stays."""
    with counting("rows copied", quiet=as_json) as progress:
        moved = move(folder, to, progress=lambda _, rows: progress(rows))
    rows = sum(table.rows for table in moved.tables)
    value = {
        "left": str(moved.left),
        "database": str(moved.now),
        "tables": {table.name: {"rows": table.rows, "digest": table.digest.hex()} for table in moved.tables},
        "logs": {log.name: {"size": log.size, "root": log.root.hex()} for log in moved.logs},
    }
    answer(
        value,
        f"{rows:,} rows in {len(moved.tables)} tables are the same on both sides, and {len(moved.logs)} logs hold in the new database.\n"
        f"settings.toml names {moved.now} now.\n"
        f"{moved.left} stays as it was and holds content: destroy it when the node has run well, and never start a node on it again.",
        as_json=as_json,
    )
