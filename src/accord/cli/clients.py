"""Commands about the member's own TAXII tools: client add, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from accord.cli.officers import Dir
from accord.cli.output import JSON, answer
from accord.desk import clients
from accord.exchange.holdings import API_ROOT, DISCOVERY, holdings_id
from accord.node.build import opened, utc_now
from accord.stix.marking import Tlp

Name = Annotated[str, typer.Argument(metavar="NAME", help="The tool's name, which is also its user name.")]


def attach(app: typer.Typer) -> None:
    client = typer.Typer(help="The member's own TAXII tools.", no_args_is_help=True)
    client.command("add")(add_command)
    client.command("list")(list_command)
    client.command("remove")(remove_command)
    app.add_typer(client, name="client")


def add_command(
    folder: Dir,
    name: Name,
    read: Annotated[bool, typer.Option("--read", help="It may read the holdings.")] = False,
    write: Annotated[bool, typer.Option("--write", help="It may hand in objects, and take back the member's own.")] = False,
    tlp: Annotated[str, typer.Option("--tlp", metavar="LEVEL", help="The highest level that it may read.")] = clients.CLEARANCE.value,
    as_json: bool = JSON,
) -> None:
    """Let a TAXII 2.1 tool in, and print what it needs. The secrets are shown this once; the node keeps their digests."""
    clearance = Tlp.parse(tlp)
    with opened(folder) as node:
        made = clients.add_client(node.means, name=name, may_read=read, may_write=write, clearance=clearance, now=utc_now())
        listen = node.settings.listen
        base = f"http://{listen.host}:{listen.port}"
        collection = holdings_id(node.means)
    value = {
        "url": base + DISCOVERY,
        "api_root": base + API_ROOT,
        "collection": collection,
        "username": made.name,
        "password": made.password,
        "bearer": made.bearer,
    }
    lines = [f"{key:10} {text}" for key, text in value.items()]
    lines.append(
        f"{name} {_rights(read, write)} the holdings, up to TLP {clearance.value}. Either username and password or the bearer token; keep them, they are not shown again."
    )
    answer(value, "\n".join(lines), as_json=as_json)


def list_command(folder: Dir, as_json: bool = JSON) -> None:
    """List the tools that are let in, with their rights."""
    with opened(folder) as node:
        found = clients.list_clients(node.means)
    value = {
        "clients": [
            {
                "username": item.name,
                "can_read": item.may_read,
                "can_write": item.may_write,
                "tlp": item.clearance.value,
                "added_at": item.added_at,
            }
            for item in found
        ]
    }
    lines = [
        f"{item.name}: {_rights(item.may_read, item.may_write)} the holdings, up to TLP {item.clearance.value}, since {item.added_at}"
        for item in found
    ]
    answer(value, "\n".join(lines) or "no tool is let in; add one with accord client add", as_json=as_json)


def remove_command(folder: Dir, name: Name, as_json: bool = JSON) -> None:
    """Let a tool in no longer, from its next request on."""
    with opened(folder) as node:
        clients.remove_client(node.means, name=name, now=utc_now())
    answer({"removed": name}, f"{name} is let in no longer", as_json=as_json)


def _rights(read: bool, write: bool) -> str:
    return "reads and writes" if read and write else "reads" if read else "writes" if write else "may neither read nor write"
