"""Commands about evidence: write down what this node holds against other members' logs, and check what another wrote down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accord.cli.officers import Dir
from accord.cli.output import JSON, answer
from accord.desk import evidence
from accord.desk.evidence import EVIDENCE_BYTES_MAX, Checked
from accord.errors import LimitReached, Refusal, counted
from accord.node.build import opened


def attach(app: typer.Typer) -> None:
    group = typer.Typer(help="Evidence against logs of other members.", no_args_is_help=True)
    group.command("write")(write_command)
    group.command("check")(check_command)
    app.add_typer(group, name="evidence")


def write_command(
    folder: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; it holds checkpoints, hashes and a key file, no content.")],
    as_json: bool = JSON,
) -> None:
    """Write down every pair of signed checkpoints that cannot both be true, for other members to check."""
    with opened(folder) as node:
        raw = evidence.written(node.means)
    pairs = len(raw.splitlines())
    if not raw:
        raise Refusal("this node holds no evidence", remedy="nothing is to be done")
    try:
        with file.open("xb") as new:
            new.write(raw)
    except OSError as error:
        raise Refusal(f"{file} cannot be written: {error.strerror}", remedy="choose a new file") from None
    answer({"file": str(file), "pairs": pairs}, f"{file} holds {counted(pairs, 'pair')} of checkpoints", as_json=as_json)


def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What another member wrote down.")],
    asking: Annotated[
        Path, typer.Option("--as", metavar="DIR", help="The folder of the member who checks: its charter pins the root keys.")
    ],
    as_json: bool = JSON,
) -> None:
    """Check another member's evidence by the charter alone, without asking any node."""
    try:
        if file.stat().st_size > EVIDENCE_BYTES_MAX:
            raise LimitReached("EVIDENCE_BYTES_MAX", f"{file} is larger than {EVIDENCE_BYTES_MAX} bytes")
        raw = file.read_bytes()
    except OSError:
        raise Refusal(f"{file} cannot be read", remedy="check the path") from None
    with opened(asking) as node:
        found = evidence.check(node.means, raw)
    value = {"evidence": [{"log": one.log, "member": one.member, "sizes": list(one.sizes), "proven": one.proven} for one in found]}
    answer(value, "\n".join(map(_sentence, found)), as_json=as_json)


def _sentence(one: Checked) -> str:
    both = f"{one.log}: {one.member} signed both checkpoints, of sizes {one.sizes[0]} and {one.sizes[1]}"
    if one.proven:
        return f"{both}; they cannot both be true"
    return f"{both}; alone they prove nothing: ask its node for the proof that the larger grew from the smaller"
