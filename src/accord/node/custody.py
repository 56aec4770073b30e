"""Custody of the node's private keys: files that only their owner reads, under a passphrase or not, and keys in a token.

Duties:
  1. a secret is on disk before anything depends on it, and a file that exists is never overwritten but by its own key;
  2. the passphrase is asked for once, and only where a key needs it: from the file that is named, or at the terminal, never from the environment;
  3. killed at any instruction, every key is readable, and the same command goes on.
What a passphrase does is `seal.passphrase`; what a token does, `node.token`.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from accord.desk.means import Signers
from accord.errors import Refusal, Unready
from accord.node.settings import Keys, read_settings, write_settings
from accord.node.token import Tokens, TokenUri
from accord.seal.keys import PrivateKey, Signer
from accord.seal.passphrase import NONCE_BYTES, SALT_BYTES, ProtectedKey, Stretching, Strongbox, is_protected

PASSPHRASE_OCTETS_MAX = 4_096  # Bytes of a passphrase's file: the longest passphrase in UTF-8.
ROOT_FILE = Path("keys") / "root.key"

Ask: TypeAlias = Callable[[], str]  # Gives the passphrase; `Unready` where nobody can.


def passphrase_from(file: Path | None, *, of: str, twice: bool = False) -> Ask:
    """The file's one line, or what a person types; `twice` for a new one, which has to be typed the same way again."""
    if file is not None:
        return lambda: _line(file)
    return lambda: _typed(of, twice=twice)


def _line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(PASSPHRASE_OCTETS_MAX + 1).decode("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        raise Unready(
            f"the passphrase cannot be read from {file}", remedy="put it there, one line of UTF-8 that the node may read"
        ) from None
    if len(text) > PASSPHRASE_OCTETS_MAX or "\n" in text:
        raise Unready(f"{file} is not a passphrase: it has more than one line", remedy="put the passphrase there, on one line")
    return text


def _typed(of: str, *, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise Unready(
            f"a passphrase is needed for {of}, and nobody is here to type it",
            remedy="name a file that holds it: keys.passphrase_file in settings.toml, or --passphrase-file",
        )
    typed = getpass.getpass(f"passphrase of {of}: ")
    if twice and getpass.getpass("the same again: ") != typed:
        raise Refusal("the two differ", remedy="type the same passphrase twice")
    return typed


class Keyring:
    """Opens key files; the passphrase is asked for when the first protected one is met, and stretched once for all that share a salt."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._passphrase: str | None = None
        self._boxes: dict[Stretching, Strongbox] = {}

    def read(self, path: Path) -> PrivateKey:
        """Read a private key's file."""
        return self.parse(_text(path))

    def parse(self, text: str) -> PrivateKey:
        """Read a private key as it stands in its file."""
        if not is_protected(text):
            return PrivateKey.parse(text)
        protected = ProtectedKey.parse(text)
        return self._box(protected.stretching).open(protected)

    def box_of(self, path: Path) -> Strongbox | None:
        """What the key in this file is protected by; None where it is not."""
        text = _text(path)
        return self._box(ProtectedKey.parse(text).stretching) if is_protected(text) else None

    def new_box(self) -> Strongbox:
        """The passphrase, under a salt of its own."""
        return self._box(Stretching(secrets.token_bytes(SALT_BYTES)))

    def _box(self, stretching: Stretching) -> Strongbox:
        if stretching not in self._boxes:
            if self._passphrase is None:
                self._passphrase = self._ask()  # 2
            self._boxes[stretching] = stretching.stretch(self._passphrase)
        return self._boxes[stretching]


def keyring(keys: Keys, folder: Path) -> Keyring:
    """The keyring of a node's folder, by its settings."""
    file = None if keys.passphrase_file is None else folder / keys.passphrase_file
    return Keyring(passphrase_from(file, of=f"the keys in {folder}"))


@contextmanager
def signers(folder: Path, keys: Keys) -> Iterator[Signers]:
    """The operational keys, from their files and tokens; the tokens' sessions end with the block."""
    ring = keyring(keys, folder)
    with ExitStack() as stack:
        tokens = stack.enter_context(closing(Tokens()))

        def held(place: TokenUri | Path) -> Signer:
            return tokens.key(place) if isinstance(place, TokenUri) else ring.read(folder / place)

        yield Signers(
            log=held(keys.log),
            receipt=held(keys.receipt),
            witness=held(keys.witness),
            statement=held(keys.statement),
            transport=ring.read(folder / keys.transport),
        )


def read_key(path: Path, passphrase: Path | None = None) -> PrivateKey:
    """Read one private key's file, such as a root key's; `passphrase` is the file that holds its passphrase."""
    return Keyring(passphrase_from(passphrase, of=str(path))).read(path)


def new_key(path: Path, box: Strongbox | None = None) -> PrivateKey:
    """Make an Ed25519 key and keep it in a file that only its owner reads; a file that exists is never overwritten."""
    key = PrivateKey.from_seed(secrets.token_bytes(32))
    keep_key(path, key, box)
    return key


def keep_key(path: Path, key: PrivateKey, box: Strongbox | None) -> None:
    """Keep a key in a new file, under the passphrase where there is one."""
    write_secret(path, _written(key, box))


def protect(folder: Path, ask: Ask, *, passphrase_file: Path | None) -> list[Path]:
    """Put the keys of a folder under a passphrase. Those that are under it already stay; under another one, nothing is done."""
    ring = Keyring(ask)
    box = ring.new_box()  # Refuses a passphrase that protects nothing, before a file is touched.
    return _rewritten(folder, ring, box, passphrase_file)


def unprotect(folder: Path, ask: Ask | None = None) -> list[Path]:
    """Take the passphrase off the keys of a folder."""
    ring = keyring(read_settings(folder).keys, folder) if ask is None else Keyring(ask)
    return _rewritten(folder, ring, None, None)


def _rewritten(folder: Path, ring: Keyring, box: Strongbox | None, passphrase_file: Path | None) -> list[Path]:
    """Write each key anew, then the settings; killed in between, the same command finds the rest to do (3)."""
    settings = read_settings(folder)
    paths = _key_files(folder, settings.keys)
    read = {path: ring.read(path) for path in paths}
    changed = [path for path in paths if is_protected(_text(path)) is (box is None)]
    for path in changed:
        _replace_secret(path, _written(read[path], box))
    keys = settings.keys.model_copy(update={"passphrase_file": passphrase_file})
    write_settings(folder, settings.model_copy(update={"keys": keys}))
    return changed


def _key_files(folder: Path, keys: Keys) -> list[Path]:
    places = [keys.log, keys.receipt, keys.witness, keys.statement, keys.transport, ROOT_FILE]
    paths = [folder / place for place in places if isinstance(place, Path)]
    return [path for path in paths if path.exists() or path != folder / ROOT_FILE]


def _written(key: PrivateKey, box: Strongbox | None) -> str:
    text = key.secret_text() if box is None else str(box.protect(key, nonce=secrets.token_bytes(NONCE_BYTES)))
    return text + "\n"


def write_secret(path: Path, text: str) -> None:
    """Write a secret so that it is on disk before anything depends on it (1)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(f"{path} exists already and is not overwritten", remedy="choose another path, or move the old file away") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _replace_secret(path: Path, text: str) -> None:
    """Put a secret in the place of itself in another form; at every instant one of the two is there whole."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)  # What a killed call left behind.
    write_secret(beside, text)
    beside.replace(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise Unready(f"the key {path} is missing", remedy="restore it, or issue a new key file with the root key") from None
