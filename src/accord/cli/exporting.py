"""Commands for records that leave in a file: export, and approve for a large one."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, assert_never
from uuid import UUID

import typer

from accord.cli.officers import Dir
from accord.cli.output import JSON, answer, counting
from accord.cli.reading import Case, For, Reads
from accord.desk import export, misp, read
from accord.desk.export import Approval, Batch, Form
from accord.desk.read import Asked
from accord.errors import Refusal, Unready, counted
from accord.node.build import Node, opened, utc_now
from accord.release.decision import Ground
from accord.seal.canonical import Fields
from accord.seal.canonical import read as read_json
from accord.stix import indicator_table

Lost = Counter[tuple[str, str]]


def attach(app: typer.Typer) -> None:
    app.command("export")(export_command)
    app.command("approve")(approve_command)


def export_command(
    folder: Dir,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What leaves, as `accord search` finds it.")] = "",
    whole: Annotated[bool, typer.Option("--all", help="Everything that the officer may read.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to make; one that exists is left alone.")] = Path(),
    form: Annotated[Form, typer.Option("--format", help="STIX whole, or less of it for tools that read nothing else.")] = Form.STIX,
    officer: Reads = "",
    purpose: For = "",
    case: Case = "",
    approved_by: Annotated[str, typer.Option("--approved-by", metavar="OFFICER", help="Who approved it, where it is large.")] = "",
    approval: Annotated[str, typer.Option("--approval", metavar="CODE", help="The code that `accord approve` gave.")] = "",
    as_json: bool = JSON,
) -> None:
    """Write what a query finds into a file, for the member's own people and tools. A large export needs a second officer's approval (S-20).

    accord export node "type:indicator from:KG" --out indicators.csv --format csv --as "A. Bekova" --purpose "prevention of an attack"
    """
    if bool(query.strip()) == whole:
        raise Refusal("name what leaves: a query, or --all", remedy="accord export DIR QUERY --out FILE")
    given = Approval(approved_by, approval) if approved_by or approval else None
    withheld: Counter[Ground] = Counter()
    lost: Lost = Counter()
    records = 0
    with opened(folder) as node, _new_file(out) as file, counting("records written", quiet=as_json) as progress:
        catch_up(node)
        batches = export.export(node.means, query, asked=Asked(officer, purpose, case), form=form, now=utc_now(), approval=given)

        def contents() -> Iterator[bytes]:
            nonlocal records
            for batch in batches:
                withheld.update(batch.withheld)
                yield from _contents(batch)
                records += len(batch.released)
                progress(records)

        for piece in _written(form, contents(), member=node.means.member, random=node.means.random, lost=lost):
            file.write(piece)
    _report(out, form, records, withheld, lost, as_json=as_json)


def approve_command(
    folder: Dir,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What the other officer will export.")] = "",
    whole: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    officer: Reads = "",
    exporter: Annotated[str, typer.Option("--for", metavar="OFFICER", help="Who will export it.")] = "",
    purpose: For = "",
    as_json: bool = JSON,
) -> None:
    """Approve another officer's large export of what a query finds, for a purpose, within a day (S-20). Search first: you answer for it."""
    if bool(query.strip()) == whole:
        raise Refusal("name what may leave: a query, or --all", remedy="accord approve DIR QUERY --as OFFICER --for OFFICER --purpose TEXT")
    with opened(folder) as node:
        catch_up(node)
        done = export.approve(node.means, query, officer=officer, exporter=exporter, purpose=purpose, now=utc_now())
    until = done.until.isoformat()
    value = {"approval": done.code, "approved_by": officer, "until": until, "records": done.total, "facets": done.facets}
    answer(
        value,
        f'{counted(done.total, "record")}, until {until}\nexport with --approved-by "{officer}" --approval {done.code}',
        as_json=as_json,
    )


def catch_up(node: Node) -> None:
    """Index what has come, so that nothing is left out unseen."""
    while read.catch_up(node.means):
        pass


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, and readable by its owner alone."""
    if path == Path() or path.exists():
        raise Refusal(f"{path} exists, or is no file", remedy="name a new file: --out FILE")
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}", remedy="check the folder") from None
    written = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        written.rename(path)
    except OSError as error:
        raise Unready(f"{path} could not be written to its end: {error.strerror}", remedy="make room, then export again") from error
    finally:
        written.unlink(missing_ok=True)


def _contents(batch: Batch) -> Iterator[bytes]:
    for released in batch.released:
        yield from released.contents


def _written(form: Form, contents: Iterator[bytes], *, member: str, random: Callable[[int], bytes], lost: Lost) -> Iterator[bytes]:
    """The file, piece by piece. What the form cannot hold is counted."""
    match form:
        case Form.STIX:
            yield from _bundle(contents, UUID(bytes=random(16), version=4))
        case Form.CSV:
            yield indicator_table.head()
            yield from (indicator_table.row_of(_fields(content), lost) for content in contents)
        case Form.MISP:
            # An event is one piece: one record more than it takes is enough to be refused.
            yield misp.event_of(list(islice(contents, misp.MISP_OBJECTS_MAX + 1)), member=member, lost=lost)
        case _:
            assert_never(form)


def _bundle(contents: Iterator[bytes], identifier: UUID) -> Iterator[bytes]:
    """A bundle of the bytes as they are kept."""
    yield f'{{"type":"bundle","id":"bundle--{identifier}","objects":['.encode()
    for number, content in enumerate(contents):
        yield b",\n" + content if number else b"\n" + content
    yield b"\n]}\n"


def _fields(content: bytes) -> Fields:
    fields = read_json(content)
    assert isinstance(fields, dict), "a record is an object"
    return fields


def _losses(lost: Lost) -> list[dict[str, object]]:
    """What was left behind, the most frequent first."""
    return [{"type": kind, "property": name, "count": count} for (kind, name), count in lost.most_common()]


def _report(out: Path, form: Form, records: int, withheld: Counter[Ground], lost: Lost, *, as_json: bool) -> None:
    value = {
        "file": str(out),
        "format": form.value,
        "records": records,
        "withheld": [{"ground": str(ground), "records": count} for ground, count in withheld.most_common()],
        "lost": _losses(lost),
    }
    lines = [f"{counted(records, 'record')} read out into {out} as {form.value}"]
    lines += [f"  {count} withheld: {ground}" for ground, count in withheld.most_common()]
    lines += [f"  left behind: {name} of {kind}, {counted(count, 'time')}" for (kind, name), count in lost.most_common()]
    answer(value, "\n".join(lines), as_json=as_json)
