"""Commands about private keys: key new, replace, protect, unprotect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from accord.cli.output import JSON, answer
from accord.node import custody
from accord.node.build import utc_now
from accord.node.custody import Keyring, new_key, passphrase_from
from accord.node.founding import replace_key
from accord.node.token import TokenUri
from accord.seal.keys import Role

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")]
PassphraseFile: TypeAlias = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The file that holds the passphrase, on one line.")
]


def attach(app: typer.Typer) -> None:
    key = typer.Typer(help="Keys of a member.", no_args_is_help=True)
    key.command("new")(new_command)
    key.command("replace")(replace_command)
    key.command("protect")(protect_command)
    key.command("unprotect")(unprotect_command)
    app.add_typer(key, name="key")


def new_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the secret key is kept.")],
    passphrase_file: PassphraseFile = None,
    as_json: bool = JSON,
) -> None:
    """Make a member's root key. The file is secret and belongs offline; the public key that is printed goes into the charter."""
    box = None if passphrase_file is None else Keyring(passphrase_from(passphrase_file, of=str(path))).new_box()
    key = new_key(path, box)
    answer({"file": str(path), "public": str(key.public)}, str(key.public), as_json=as_json)


def replace_command(
    folder: Folder,
    role: Annotated[Role, typer.Option("--role", help="Whose key is replaced.")],
    root_key: Annotated[Path, typer.Option("--root-key", metavar="FILE", help="The member's root key, brought from where it is kept.")],
    stolen: Annotated[bool, typer.Option("--stolen", help="The old key may be in other hands: nothing it signed holds any more.")] = False,
    token: Annotated[str | None, typer.Option("--token", metavar="URI", help="Make the new key in a PKCS#11 token (RFC 7512).")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The file that holds the root key's passphrase.")
    ] = None,
    as_json: bool = JSON,
) -> None:
    """Replace one operational key at once; every partner learns the new one at its next contact. What the old one signed before stays good."""
    number, public = replace_key(
        folder,
        role,
        root_key=root_key,
        now=utc_now(),
        stolen=stolen,
        token=None if token is None else TokenUri.parse(token),
        root_passphrase=passphrase_file,
    )
    value = {"role": role.value, "key_file": number, "public": str(public)}
    answer(value, f"key file {number}: {role.value} is now {public}; start the node anew to use it", as_json=as_json)


def protect_command(folder: Folder, passphrase_file: PassphraseFile = None, as_json: bool = JSON) -> None:
    """Put the node's key files under a passphrase: from a file, which the settings then name, or typed now and at each start."""
    named = None if passphrase_file is None else passphrase_file.absolute()
    changed = custody.protect(folder, passphrase_from(named, of=f"the keys in {folder}", twice=True), passphrase_file=named)
    source = "typed at each start" if named is None else f"read from {named}"
    answer({"protected": [path.name for path in changed]}, f"{len(changed)} keys are under a passphrase now, {source}", as_json=as_json)


def unprotect_command(folder: Folder, passphrase_file: PassphraseFile = None, as_json: bool = JSON) -> None:
    """Take the passphrase off the node's key files."""
    ask = None if passphrase_file is None else passphrase_from(passphrase_file, of=f"the keys in {folder}")
    changed = custody.unprotect(folder, ask)
    answer({"unprotected": [path.name for path in changed]}, f"{len(changed)} keys stand open in their files now", as_json=as_json)
