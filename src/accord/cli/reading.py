"""Commands that look: search, searches, show, law, audit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from accord.charter.force import Law, law_between
from accord.cli.officers import Dir
from accord.cli.output import JSON, answer, counting, kind_of
from accord.desk import audit, read, searches, watch
from accord.desk.introduce import whose
from accord.desk.read import Asked
from accord.desk.told import Told, told_of
from accord.errors import NotFound, Refusal, counted
from accord.exchange.client import PeerClient, connection
from accord.exchange.outside import audit_node
from accord.node.build import opened, utc_now
from accord.seal.canonical import digest_text
from accord.store.records import Held

WRONG_CALL = 2
FACET_VALUES = 6  # Values of a facet on the terminal: one line. `--json` has all of them.

Reads = Annotated[str, typer.Option("--as", metavar="OFFICER", help="The officer who reads.")]
For = Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What it is read for, beginning with a word of the charter's list.")]
Case = Annotated[str, typer.Option("--case", metavar="TEXT", help="The case it is read in; kept with the reason for three years.")]


def attach(app: typer.Typer) -> None:
    app.command("search")(search_command)
    app.command("searches")(searches_command)
    app.command("show")(show_command)
    app.command("law")(law_command)
    app.command("audit")(audit_command)


def search_command(
    folder: Dir,
    query: Annotated[str, typer.Argument(metavar="QUERY", help='Words, beginnings*, "phrases" and filters such as type:indicator.')],
    officer: Reads = "",
    purpose: For = "",
    case: Case = "",
    after: Annotated[str, typer.Option("--after", metavar="CURSOR", help="Go on where the page with this cursor ended.")] = "",
    save: Annotated[str, typer.Option("--save", metavar="NAME", help="Keep the search: accord searches says what came since.")] = "",
    as_json: bool = JSON,
) -> None:
    """Search the member's holdings, its own and received: words in any language, addresses, hashes, two-character Chinese words.

    accord search node lantern --as "A. Bekova" --purpose "prevention of an attack"
    """
    with opened(folder) as node:
        with counting("records indexed", quiet=as_json) as progress:
            done = 0
            while indexed := read.catch_up(node.means):
                done += indexed
                progress(done)
        findings = read.search(node.means, query, asked=Asked(officer, purpose, case), now=utc_now(), after=after)
        if save:
            searches.save(node.means, query, name=save, officer=officer, now=utc_now())
    value = {
        "query": query,
        "found": [{**_held(item.held), "name": item.name} for item in findings.found],
        "withheld": [{"ground": str(ground), "records": count} for ground, count in findings.withheld],
        "total": findings.total,
        "facets": findings.facets,
        "next": findings.following,
    }
    lines = [f"{item.held.stix_id}  {item.name}  ({_origin(item.held)})" for item in findings.found] or ["nothing found"]
    lines += [f"{count} withheld: {ground}" for ground, count in findings.withheld]
    if findings.following:
        lines += [f"{findings.total} in all", *_facets(findings.facets), f"more: --after {findings.following}"]
    answer(value, "\n".join(lines), as_json=as_json)


def searches_command(
    folder: Dir,
    officer: Reads = "",
    drop: Annotated[str, typer.Option("--drop", metavar="NAME", help="Forget this search.")] = "",
    as_json: bool = JSON,
) -> None:
    """List an officer's saved searches and how many records came since. Searching again with --save NAME notes that you have looked."""
    with opened(folder) as node:
        if drop:
            searches.drop(node.means, name=drop, officer=officer, now=utc_now())
        found = searches.saved(node.means, officer=officer)
    value = {"searches": [{"name": one.name, "query": one.query, "saved_at": one.saved_at, "new": one.new} for one in found]}
    lines = [f"{one.new:>7} new  {one.name}: {one.query}  (since {one.saved_at[:19]})" for one in found]
    answer(value, "\n".join(lines) or "no search is saved", as_json=as_json)


def show_command(
    folder: Dir,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A STIX identifier, or a digest sha256:….")],
    officer: Reads = "",
    purpose: For = "",
    case: Case = "",
    as_json: bool = JSON,
) -> None:
    """Show a record: its content, where it came from, under which article and for what, and its other versions."""
    with opened(folder) as node:
        shown = read.show(node.means, record, asked=Asked(officer, purpose, case), now=utc_now())
        told = told_of(node.means, shown.held.digest)
    content = json.loads(shown.content)
    value = {
        **_held(shown.held),
        "given_for": list(shown.given_for),
        "content": content,
        "versions": [digest_text(item.digest) for item in shown.versions],
        "told": [_told(item) for item in told],
    }
    lines = [
        json.dumps(content, ensure_ascii=False, indent=2),
        f"digest   {digest_text(shown.held.digest)}",
        f"came     {_origin(shown.held)}, {shown.held.added_at}",
        *(f"given    for {sentence}" for sentence in shown.given_for),
        *(f"breaks   {fault}" for fault in shown.held.faults),
        f"versions {len(shown.versions)}",
        *(line for item in told for line in _told_lines(item)),
    ]
    answer(value, "\n".join(lines), as_json=as_json)


def law_command(
    folder: Dir,
    sender: Annotated[str, typer.Option("--from", metavar="ID", help="Who would give.")],
    recipient: Annotated[str, typer.Option("--to", metavar="ID", help="Who would receive.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="On which day; today when not given.")] = None,
    as_json: bool = JSON,
) -> None:
    """Say what one member may give another on a day, under which articles, and what stands in the way."""
    try:
        day = utc_now().date() if on is None else date.fromisoformat(on)
    except ValueError:
        raise Refusal(f"{on!r} is not a date", remedy="write it as year-month-day, for example 2024-07-05") from None
    with opened(folder) as node:
        try:
            law = law_between(node.means.charter, sender=sender, recipient=recipient, on=day)
        except NotFound as error:
            typer.echo(f"wrong call: {error.says}", err=True)
            raise typer.Exit(WRONG_CALL) from None
    value = {
        "from": sender,
        "to": recipient,
        "on": day.isoformat(),
        "permits": [
            {"instrument": item.basis.instrument, "article": item.basis.article, "sphere": item.sphere, "says": item.says}
            for item in law.permits
        ],
        "forbids": [{"rule": item.rule, "says": item.says} for item in law.forbids],
    }
    answer(value, _law(law), as_json=as_json)


def audit_command(
    where: Annotated[str, typer.Argument(metavar="DIR|URL", help="The folder of this member's node, or the address of another member's.")],
    asking: Annotated[Path | None, typer.Option("--as", metavar="DIR", help="With a URL: the folder of the member who asks.")] = None,
    as_json: bool = JSON,
) -> None:
    """Recompute logs and hold them against what was signed: the first thing that does not hold, or "holds".

    Of a folder: every channel, the journal and all receipts, and evidence against other members. Of another member's address: its journal with its
    cosignatures, and both channels between the two members.
    """
    if where.startswith(("http://", "https://")):
        if asking is None:
            raise Refusal("another member's node answers members only", remedy="say which folder asks: --as DIR")
        _audit_address(where, asking, as_json=as_json)
    else:
        _audit_folder(Path(where), as_json=as_json)


def _audit_folder(folder: Path, *, as_json: bool) -> None:
    with opened(folder) as node, counting("leaves checked", quiet=as_json) as progress:
        report = audit.audit(node.means, progress=progress)
        evidence = watch.evidence(node.means)
    value = {
        "holds": True,
        "logs": [{"name": item.name, "size": item.size, "root": item.root.hex(), "receipts": item.receipts} for item in report],
        "evidence": [
            {
                "log": item.origin,
                "says": item.says,
                "convicts": watch.convicts(item),
                "found_at": item.found_at,
                "held": item.held,
                "offered": item.offered,
            }
            for item in evidence
        ],
    }
    lines = [
        f"  {item.name}: {counted(item.size, 'leaf', 'leaves')}, root {item.root.hex()[:16]}…, {counted(item.receipts, 'receipt')}"
        for item in report
    ]
    for item in evidence:
        lines += [f"{kind_of(item)} {item.origin}, found {item.found_at}: {item.says}", *_noted(item.held), "  and", *_noted(item.offered)]
    answer(value, "\n".join([*lines, "holds"]), as_json=as_json)


def _audit_address(url: str, folder: Path, *, as_json: bool) -> None:
    with opened(folder) as node, connection(url.rstrip("/")) as http:
        member = whose(node.means, PeerClient(node.means, url, http, utc_now).keys())
        report = audit_node(node.means, PeerClient(node.means, member, http, utc_now), clock=utc_now)
    value = {
        "holds": True,
        "member": member,
        "logs": [{"name": item.name, "size": item.size, "cosigned_by": list(item.cosigned_by)} for item in report],
    }
    lines = [
        f"  {item.name}: {counted(item.size, 'leaf', 'leaves')}"
        + (f", cosigned by {', '.join(item.cosigned_by)}" if item.cosigned_by else "")
        + (f", held against {item.remembered} remembered" if item.remembered else "")
        for item in report
    ]
    answer(value, "\n".join([*lines, "holds"]), as_json=as_json)


def _facets(facets: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The values that narrow an answer, the most frequent of each kind."""
    return [
        f"  {kind}: " + ", ".join(f"{value} {number}" for value, number in islice(values.items(), FACET_VALUES))
        for kind, values in facets.items()
        if len(values) > 1
    ]


def _noted(note: str) -> list[str]:
    return [f"    {line}" for line in note.rstrip("\n").split("\n")]


def _law(law: Law) -> str:
    lines = [f"from {law.sender} to {law.recipient} on {law.on}:"]
    lines += [
        f"  permits {item.basis} ({item.sphere}): {item.says} In force between them since {item.since} [{item.mark}]"
        for item in law.permits
    ]
    lines += [f"  forbids {item.rule}: {item.says}" for item in law.forbids]
    return "\n".join(lines if law.permits else [*lines, "  nothing is permitted"])


def _held(held: Held) -> dict[str, object]:
    return {
        "id": held.stix_id,
        "type": held.stix_type,
        "version": held.version,
        "digest": digest_text(held.digest),
        "came": held.came.value,
        "source": held.source,
        "originator": held.originator.name,
        "article": held.article,
        "faults": list(held.faults),
        "added_at": held.added_at,
    }


def _told(item: Told) -> dict[str, object]:
    return {
        "member": item.member,
        "given": item.given,
        "statement": item.statement.id,
        "supersedes": item.statement.supersedes,
        "line": list(item.line),
        "tlp": item.statement.terms.handling.tlp.value,
        "review": item.statement.terms.review.isoformat(),
        "consents": [{"consent": one.id, "holder": one.holder, "users": list(one.users)} for one in item.consents],
        "answers": [{"kind": one.kind, "code": one.code, "said_at": one.said_at} for one in item.answers],
    }


def _told_lines(item: Told) -> list[str]:
    terms, line = item.statement.terms, f", first given by {' and then by '.join(item.line)}" if item.line else ""
    replaces = f", which replaces {item.statement.supersedes}" if item.statement.supersedes else ""
    which = f"{'given to' if item.given else 'given by'} {item.member}{line}"
    return [
        f"{which}: TLP {terms.handling.tlp.value}, review {terms.review}, {item.statement.id}{replaces}",
        *(f"  {one.id}: {one.holder} may pass it on to {', '.join(one.users)}" for one in item.consents),
        *(f"  {one.kind.removeprefix('accord-')}{one.code and f' ({one.code})'} {one.said_at[:19]}" for one in item.answers),
    ]


def _origin(held: Held) -> str:
    under = f" under {held.article}" if held.article else ""
    return f"{held.came.value} from {held.source}{under}"
