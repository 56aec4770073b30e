"""Backup and restore of a node's folder: one sealed file, made while the node runs, that only an offline key opens.

Duties of a backup:
  1. it is one consistent view of the database, with the settings, the charter and the keys in use; the root key and the backup key are not in it;
  2. nothing of it touches a disk unsealed;
  3. killed at any instant, the file is the old one or the new one, whole.
Duties of a restore:
  4. an existing node is never touched;
  5. the keys are the member's, named in its key file under the root key that the charter pins: who does not hold them cannot have made the backup;
  6. killed before its end, the folder is no node and the next restore begins anew;
  7. the node that stands there afterwards waits for every other member (`desk.rejoin`): that is kept in the act that fills the database.

The plain text, before it is sealed (`exchange.sealed`), is one line about the node and then the lines of `store.snapshot`:

    {"backup": 1, "member": "KZ", "made_at": "2026-11-23T09:00:00.000001Z", "settings": "member = …", "files": {"charter": "<base64>", …}}
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
from pydantic import ValidationError

from accord.charter.document import Charter, SignedCharter
from accord.charter.keyfile import KeyFile
from accord.errors import CharterInvalid, Malformed, Refusal, Unready
from accord.exchange import sealed
from accord.node.build import Node
from accord.node.custody import Keyring, new_key, passphrase_from, write_secret
from accord.node.founding import CHARTER_FILE, OPERATIONAL
from accord.node.settings import SETTINGS_FILE, Keys, Settings, write_settings
from accord.seal.canonical import digest_text
from accord.seal.keys import PrivateKey, PublicKey, base64_text, parse_base64
from accord.stix.statement import timestamp
from accord.store import rejoin, snapshot
from accord.store.database import open_database

BACKUP = sealed.Kind(b"accord backup 1\n", "backup")
BACKUP_KEY = Path("keys") / "backup.key"
BACKUP_PUBLIC = Path("keys") / "backup.pub"
HALF_RESTORED = "half-restored"  # Stands in the folder from the first byte of a restore to its last.
DATABASE_FILE = Path("node.sqlite")

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """A folder that waits to rejoin."""

    folder: Path
    member: str
    charter_digest: str
    made_at: str


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line of a backup."""

    member: str
    made_at: str
    settings: Settings
    files: Mapping[str, bytes]


def backup_key(node: Node) -> tuple[PublicKey, bool]:
    """The public key that backups are sealed to, and whether it was made just now. The first backup makes the pair."""
    path = node.folder / BACKUP_PUBLIC
    try:
        return PublicKey.parse(path.read_text(encoding="utf-8").strip()), False
    except FileNotFoundError:
        made = new_key(node.folder / BACKUP_KEY)
        write_secret(path, f"{made.public}\n")
        return made.public, True


def back_up(node: Node, file: Path, key: PublicKey, *, now: datetime, progress: Progress = lambda done: None) -> int:
    """Write a backup of a node to `file`, which may exist; gives its size in bytes. The node may run meanwhile."""
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=f"{file.name}.", suffix=".new", delete=False) as out:
            with sealed.sealing(out, key, BACKUP) as take:  # 2
                take(_head_of(node, now=now))
                for line in snapshot.lines_of(node.means.database, progress=progress):  # 1
                    take(line)
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(file)  # 3
        _sync_folder(file.parent)
    except OSError as error:
        raise Unready(f"{file} cannot be written: {error.strerror}", remedy="make room, or choose another place") from error
    return file.stat().st_size


def restore(
    file: Path,
    folder: Path,
    key: PrivateKey,
    *,
    charter_digest: str | None = None,
    passphrase_file: Path | None = None,
    progress: Progress = lambda done: None,
) -> Restored:
    """Make a node's folder out of a backup. Everything stands before `settings.toml` does, and without that it is no node.

    Keys that were under a passphrase are under it in the backup and afterwards; `passphrase_file` holds it, or a person types it.
    """
    ring = Keyring(passphrase_from(passphrase_file, of="the keys in the backup"))
    try:
        with file.open("rb") as opened:
            lines = sealed.lines(opened, key, BACKUP)
            head = _read_head(next(lines, b""))
            signed, digest = _checked(head, charter_digest, ring)  # 5
            _make_room(folder)  # 4, 6
            _fill(folder / DATABASE_FILE, lines, signed.charter, head.member, progress=progress)
    except FileNotFoundError:
        raise Refusal(f"there is no file {file}", remedy="name a file that `accord backup` wrote") from None
    for name, content in head.files.items():
        _write(folder / _place(name), content)
    _sync_folder(folder / "keys")
    write_settings(folder, _at_home(head.settings, passphrase_file))
    _sync_folder(folder)
    (folder / HALF_RESTORED).unlink()
    return Restored(folder, head.member, digest, head.made_at)


def _fill(path: Path, lines: Iterator[bytes], charter: Charter, member: str, *, progress: Progress) -> None:
    """Fill a new database, and note in the same act whom the node awaits; then bring it to the newest migration. 7"""
    first = next(lines, b"")
    migration = snapshot.migration_of(first)
    database = open_database(path, through=migration)
    with database.writing() as transaction:
        snapshot.fill(transaction, lines, through=migration, progress=progress)
        if next(lines, None) is not None:
            raise Malformed("something stands behind the end of the snapshot")
        rejoin.await_members(transaction, member, [other.id for other in charter.members if other.root is not None and other.id != member])
    database.close()
    open_database(path).close()


def _make_room(folder: Path) -> None:
    """Begin a folder, or begin anew where an earlier restore did not end. Any other folder that holds something is left alone."""
    if (folder / SETTINGS_FILE).exists():
        raise Refusal(f"{folder} is a node's folder already", remedy="choose another folder; two copies of one node convict its member")
    if (folder / HALF_RESTORED).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise Refusal(f"{folder} holds something already", remedy="choose an empty folder, or one that does not exist")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / HALF_RESTORED).touch()


def _head_of(node: Node, *, now: datetime) -> bytes:
    # What the file says now, also where a key was replaced while the node runs: settings and keys belong together.
    settings = (node.folder / SETTINGS_FILE).read_text(encoding="utf-8")
    said = Settings.model_validate(tomllib.loads(settings))
    paths = {"charter": said.charter, "backup_public": BACKUP_PUBLIC, **_files_of(said.keys)}
    files = {name: base64_text((node.folder / path).read_bytes()) for name, path in paths.items()}
    return orjson.dumps({"backup": 1, "member": node.means.member, "made_at": timestamp(now), "settings": settings, "files": files})


def _read_head(line: bytes) -> _Head:
    try:
        match orjson.loads(line):
            case {"backup": 1, "member": str(member), "made_at": str(made_at), "settings": str(settings), "files": dict(files)}:
                read = {str(name): parse_base64(str(content), what=f"the file {name}") for name, content in files.items()}
                said = Settings.model_validate(tomllib.loads(settings))
                if read.keys() == {"charter", "backup_public", *_files_of(said.keys)}:
                    return _Head(member, made_at, said, read)
            case _:
                pass
    except (orjson.JSONDecodeError, tomllib.TOMLDecodeError, ValidationError):
        pass
    raise Malformed("the backup does not begin with what `accord backup` writes", remedy="restore it with the Accord that made it")


def _checked(head: _Head, pinned: str | None, ring: Keyring) -> tuple[SignedCharter, str]:
    """The charter, which holds, and has the digest that the settings and the operator expect; and the keys that it leads to."""
    signed = SignedCharter.read(head.files["charter"])
    signed.check_founding()
    digest = digest_text(signed.charter.digest)
    for expected in (head.settings.charter_digest, pinned or digest):
        if digest != expected:
            raise CharterInvalid(
                f"the charter in the backup has the digest {digest}, expected {expected}", remedy="find out who changed which"
            )
    root = signed.charter.member(head.member).root
    if root is None or head.settings.member != head.member:
        raise CharterInvalid(f"the charter in the backup pins no root key for {head.member}", remedy="find out who made this backup")
    named = {(entry.role, entry.public) for entry in KeyFile.read(head.files["key_file"], root).keys}
    for role in OPERATIONAL:
        if role.value not in head.files:
            continue  # It is in a token, and is held against the key file when the node is opened.
        try:
            key = ring.parse(head.files[role.value].decode("utf-8").strip())
        except (Malformed, UnicodeDecodeError):
            raise Refusal(f"the {role.value} key in the backup is no key", remedy="find out who made this backup") from None
        if (role, key.public) not in named:
            raise Refusal(f"the {role.value} key in the backup is not {head.member}'s", remedy="find out who made this backup")
    return signed, digest


def _files_of(keys: Keys) -> dict[str, Path]:
    """What of the keys stands in files of the folder: not a key in a token, and never the passphrase."""
    places = {name: getattr(keys, name) for name in Keys.model_fields if name != "passphrase_file"}
    return {name: place for name, place in places.items() if isinstance(place, Path)}


def _at_home(settings: Settings, passphrase_file: Path | None) -> Settings:
    """The settings with every file where a restore puts it: no path out of a backup is ever written to."""
    places = {name: _place(name) for name in _files_of(settings.keys)}
    keys = settings.keys.model_copy(update={**places, "passphrase_file": passphrase_file})
    return settings.model_copy(update={"charter": Path(CHARTER_FILE), "database": DATABASE_FILE, "keys": keys})


def _place(name: str) -> Path:
    match name:
        case "charter":
            return Path(CHARTER_FILE)
        case "backup_public":
            return BACKUP_PUBLIC
        case "key_file":
            return Path("keys") / "keys.json"
        case "status_password":
            return Path("keys") / "status.password"
        case _:
            return Path("keys") / f"{name}.key"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the folder's names on disk too: a file that was moved into place is there after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
