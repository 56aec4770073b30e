"""Commands about the charter: found, sign, check, show, diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from accord.charter.amendment import check_successor, differences
from accord.charter.document import Charter, SignedCharter, found
from accord.cli.keys import PassphraseFile
from accord.cli.output import JSON, answer
from accord.errors import CharterInvalid, Refusal
from accord.node.custody import read_key
from accord.node.founding import read_charter
from accord.seal.canonical import digest_text
from accord.seal.keys import PublicKey

SHOWN_CHARACTERS_MAX = 100  # Characters of a value in a list of differences; --json shows all of it.

File = Annotated[str, typer.Argument(metavar="FILE|sco", help="A charter's file, or sco for the template that ships.")]


def attach(app: typer.Typer) -> None:
    charter = typer.Typer(help="The charter: found it, sign it, check it, read it.", no_args_is_help=True)
    charter.command("found")(found_command)
    charter.command("sign")(sign_command)
    charter.command("check")(check_command)
    charter.command("show")(show_command)
    charter.command("diff")(diff_command)
    app.add_typer(charter, name="charter")


def diff_command(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The version in force.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The version to compare.")],
    as_json: bool = JSON,
) -> None:
    """Say what changes from one version of a charter to another, and whether the second may follow the first."""
    before, after = (_signed(path) for path in (old, new))
    found = differences(before, after)
    try:
        check_successor(before, after)
        says = f"version {after.charter.version} follows version {before.charter.version}"
    except CharterInvalid as error:
        says = error.says
    changes = [{"path": item.path, "was": item.was, "becomes": item.becomes} for item in found]
    lines = [f"  {item.path}: {_short(item.was)} -> {_short(item.becomes)}" for item in found]
    answer({"differences": changes, "says": says}, "\n".join([*(lines or ["  nothing differs"]), says]), as_json=as_json)


def _signed(path: Path) -> SignedCharter:
    _, signed = read_charter(str(path))
    if signed is None:
        raise Refusal(f"{path} is a draft, not a founded charter", remedy="compare charters that `accord charter found` made")
    return signed


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"


def found_command(
    file: File,
    member: Annotated[
        list[str], typer.Option("--member", metavar="ID=PUBKEY", help="A founding member and its root public key; once for each.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="CHARTER", help="Where the charter is written.")],
    as_json: bool = JSON,
) -> None:
    """Make version 1 of a charter with the founding members' root keys. Every one of them then signs it with `accord charter sign`."""
    template, _ = read_charter(file)
    roots: dict[str, PublicKey] = {}
    for item in member:
        name, equals, text = item.partition("=")
        if not equals or name in roots:
            raise Refusal(
                f"{item!r} is not ID=PUBKEY, once for each member", remedy="make a key with `accord key new`, for example KZ=ed25519:…"
            )
        roots[name] = PublicKey.parse(text)
    charter = found(template, roots)
    if out.exists():
        raise Refusal(f"{out} exists already and is not overwritten", remedy="choose another path")
    out.write_bytes(SignedCharter(charter, ()).to_bytes())
    value = {"charter": str(out), "digest": digest_text(charter.digest), "members": sorted(roots)}
    answer(
        value,
        f"{out} is version 1 of {charter.id}, digest {digest_text(charter.digest)}; {', '.join(sorted(roots))} sign it next",
        as_json=as_json,
    )


def sign_command(
    file: Annotated[Path, typer.Argument(metavar="CHARTER")],
    member: Annotated[str, typer.Option("--member", metavar="ID", help="The member that signs.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Its root key.")],
    passphrase_file: PassphraseFile = None,
    as_json: bool = JSON,
) -> None:
    """Add a member's signature to a charter. A member signs one successor of a version and never two."""
    _, signed = read_charter(str(file))
    if signed is None:
        raise Refusal(f"{file} is a draft, not a founded charter", remedy="found it first with `accord charter found`")
    after = signed.signed_by(member, read_key(key, passphrase_file))
    file.write_bytes(after.to_bytes())
    missing = after.missing()
    value = {"charter": str(file), "digest": digest_text(after.charter.digest), "signed_by": member, "missing": list(missing)}
    rest = f"still to sign: {', '.join(missing)}" if missing else "every founding member has signed"
    answer(value, f"{member} signed {digest_text(after.charter.digest)}; {rest}", as_json=as_json)


def check_command(file: File, as_json: bool = JSON) -> None:
    """Check that a charter holds together and, when it is a founded one, that every founding member signed it."""
    charter, signed = read_charter(file)
    if signed is not None:
        signed.check_founding()
    state = "a draft without signatures" if signed is None else "signed by every founding member"
    value = {"id": charter.id, "version": charter.version, "digest": digest_text(charter.digest), "signed": signed is not None}
    answer(value, f"{charter.id} version {charter.version} holds together: {state}; digest {digest_text(charter.digest)}", as_json=as_json)


def show_command(file: File, as_json: bool = JSON) -> None:
    """Show a charter: members and their status, instruments with articles, dates and how sure they are."""
    charter, _ = read_charter(file)
    answer(dict(charter.fields), "\n".join(_lines(charter)), as_json=as_json)


def _lines(charter: Charter) -> list[str]:
    lines = [f"{charter.id}, version {charter.version}: {charter.name}", f"digest {digest_text(charter.digest)}", "", "members"]
    for member in charter.members:
        latest = member.statuses[-1]
        node = "has a node" if member.root is not None else "no node yet"
        lines.append(f"  {member.id:4} {latest.kind} since {latest.since or 'unknown'} [{latest.mark}], {node}")
    lines += ["", "instruments"]
    for instrument in charter.instruments:
        force = instrument.in_force
        lines.append(f"  {instrument.id:5} {instrument.title}; in force {force.date or 'unknown'} [{force.mark}]")
        lines += [f"        {instrument.id}/{article.id}: {article.says['en']}" for article in instrument.articles if article.permits]
    return lines
