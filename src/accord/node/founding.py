"""Founding a node: its keys, its key file, its folder; and a single-member charter for a trial.

The root key signs the key file and the charter and nothing else. `init` leaves it in the folder and says so: it belongs offline.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from accord.charter.document import Charter, SignedCharter, found, template
from accord.charter.keyfile import KeyFile
from accord.errors import CharterInvalid, Refusal
from accord.node.custody import ROOT_FILE, Keyring, keep_key, keyring, new_key, passphrase_from, read_key, write_secret
from accord.node.settings import Egress, Keys, Listen, Settings, Sync, read_settings, write_settings
from accord.node.token import Tokens, TokenUri
from accord.seal.canonical import digest_text
from accord.seal.keys import PrivateKey, PublicKey, Role, RoleKey
from accord.seal.passphrase import Strongbox
from accord.store.database import open_database

CHARTER_FILE = "charter.json"
KEYS = Path("keys")
STATUS_PASSWORD = "status.password"  # noqa: S105 - the name of a file.
DATABASE_FILE = Path("node.sqlite")
OPERATIONAL = (Role.LOG, Role.RECEIPT, Role.WITNESS, Role.STATEMENT, Role.TRANSPORT)
DEFAULT_PORT = 8100
SYNC_SECONDS = 5  # Seconds between two looks at a partner: a record is there within a breath, and an idle look costs one round trip.


@dataclass(frozen=True, slots=True)
class Founded:
    """A node's folder, ready to run."""

    folder: Path
    member: str
    charter_digest: str
    root: str
    settings: Settings
    status_password: str


def read_charter(source: str) -> tuple[Charter, SignedCharter | None]:
    """Read a charter: `sco` is the template that ships, a `.toml` an unsigned draft, anything else a signed charter."""
    if source == "sco":
        return template(), None
    path = Path(source)
    try:
        raw = path.read_bytes()
    except OSError:
        raise Refusal(f"there is no charter at {source}", remedy="give a charter's file, or sco for the template") from None
    if path.suffix == ".toml":
        from accord.charter.document import read_toml

        return read_toml(raw.decode("utf-8")), None
    signed = SignedCharter.read(raw)
    return signed.charter, signed


def found_node(
    folder: Path,
    *,
    charter: str,
    member: str,
    now: datetime,
    pinned: str | None = None,
    root_key: Path | None = None,
    port: int = DEFAULT_PORT,
    peers: Mapping[str, str] | None = None,
    database: Path = DATABASE_FILE,
    passphrase_file: Path | None = None,
) -> Founded:
    """Make a node's folder. An unsigned charter makes a single-member trial node; a signed one is checked and pinned by its digest.

    With `passphrase_file` no key is ever written without its passphrase.
    """
    draft, signed = read_charter(charter)
    draft.member(member)
    if (folder / "settings.toml").exists():
        raise Refusal(f"{folder} is a node's folder already", remedy="choose another folder")
    if signed is not None and signed.charter.member(member).root is None:
        raise Refusal(
            f"{member} has no node in this charter: no root key of it was given at the founding", remedy="found a charter that pins it"
        )
    ring = Keyring(passphrase_from(passphrase_file, of=str(root_key or folder)))
    box = None if passphrase_file is None else ring.new_box()
    root_path = root_key or folder / ROOT_FILE
    root = ring.read(root_path) if root_path.exists() else PrivateKey.from_seed(secrets.token_bytes(32))
    if signed is None:
        charter_of_one = found(draft, {member: root.public})
        signed = SignedCharter(charter_of_one, ()).signed_by(member, root)
    signed.check_founding()
    digest = digest_text(signed.charter.digest)
    _pinned(pinned, digest)
    if signed.charter.member(member).root != root.public:
        raise Refusal(f"the charter pins another root key for {member}", remedy="give the right key with --root-key")
    _nothing_in_the_way(folder)
    folder.mkdir(parents=True, exist_ok=True)  # Nothing is made before everything is asked.
    folder.chmod(0o700)  # Keys and content: nobody else's to read.
    if not root_path.exists():
        keep_key(root_path, root, box)
    (folder / CHARTER_FILE).write_bytes(signed.to_bytes())
    keys = _operational_keys(folder, signed.charter, member, root, box, now=now).model_copy(update={"passphrase_file": passphrase_file})
    password = secrets.token_urlsafe(18)
    write_secret(folder / keys.status_password, password + "\n")
    settings = Settings(
        member=member,
        charter=Path(CHARTER_FILE),
        charter_digest=digest,
        database=database,
        listen=Listen(host="127.0.0.1", port=port, metrics_port=0),
        sync=Sync(interval_seconds=SYNC_SECONDS),
        egress=Egress(private=()),
        keys=keys,
        peers=dict(peers or {}),
    )
    open_database(folder / settings.database).close()
    write_settings(folder, settings)
    return Founded(folder, member, digest, str(root.public), settings, password)


def _nothing_in_the_way(folder: Path) -> None:
    """Refuse where a key that founding makes is there already: one that was in use is never overwritten."""
    for path in (*(folder / KEYS / f"{role.value}.key" for role in OPERATIONAL), folder / KEYS / STATUS_PASSWORD):
        if path.exists():
            raise Refusal(f"{path} exists already and is not overwritten", remedy="choose another folder, or move the old file away")


def _pinned(pinned: str | None, digest: str) -> None:
    if pinned is not None and pinned != digest:
        raise CharterInvalid(
            f"the charter's digest is {digest}, expected {pinned}", remedy="get the charter and its digest from a member you trust"
        )


def _operational_keys(folder: Path, charter: Charter, member: str, root: PrivateKey, box: Strongbox | None, *, now: datetime) -> Keys:
    """Make one key a role and the key file that the root signs."""
    paths = {role: KEYS / f"{role.value}.key" for role in OPERATIONAL}
    made = {role: new_key(folder / path, box) for role, path in paths.items()}
    entries = tuple(RoleKey(role, key.public, valid_from=now, valid_until=None) for role, key in made.items())
    key_file = KeyFile(charter_id=charter.id, member=member, number=1, keys=entries, made_at=now)
    path = KEYS / "keys.json"
    (folder / path).write_bytes(key_file.sign(root))
    return Keys(
        key_file=path,
        log=paths[Role.LOG],
        receipt=paths[Role.RECEIPT],
        witness=paths[Role.WITNESS],
        statement=paths[Role.STATEMENT],
        transport=paths[Role.TRANSPORT],
        status_password=KEYS / STATUS_PASSWORD,
    )


def replace_key(
    folder: Path,
    role: Role,
    *,
    root_key: Path,
    now: datetime,
    stolen: bool = False,
    token: TokenUri | None = None,
    root_passphrase: Path | None = None,
) -> tuple[int, PublicKey]:
    """Replace one operational key: a new key, then a key file with the next number, then the settings that use both.

    The new key is made in `token`, or in a file that is under a passphrase when the node's keys are.
    Killed in between, the node goes on with the old key; the next call takes the next number. Gives number and public key.
    """
    if role not in OPERATIONAL:
        raise Refusal(f"{role.value} is not an operational key", remedy="the root key is changed by a new charter version")
    if role is Role.TRANSPORT and token is not None:
        raise Refusal("the transport key stays in a file: cursors are sealed under keys made from it", remedy="leave out --token")
    settings = read_settings(folder)
    root = read_key(root_key, root_passphrase)
    path = folder / settings.keys.key_file
    held = KeyFile.read(path.read_bytes(), root.public)
    number = held.number + 1
    place, made = _made(folder, settings.keys, _free_name(folder, f"{role.value}-{number}"), token)
    # What the old key signed stays good; for a stolen one nothing it signed does, and it is left out.
    entries = tuple(_until(entry, now) if entry.role is role else entry for entry in held.keys if not (stolen and entry.role is role))
    replaced = KeyFile(
        charter_id=held.charter_id,
        member=held.member,
        number=number,
        keys=(*entries, RoleKey(role, made, valid_from=now, valid_until=None)),
        made_at=now,
    )
    relative_file = KEYS / f"keys-{number}.json"
    (folder / relative_file).write_bytes(replaced.sign(root))
    keys = settings.keys.model_copy(update={role.value: place, "key_file": relative_file})
    write_settings(folder, settings.model_copy(update={"keys": keys}))
    return number, made


def _made(folder: Path, keys: Keys, path: Path, token: TokenUri | None) -> tuple[Path | TokenUri, PublicKey]:
    """A new key where it was asked for: its place, as the settings will name it, and its public half."""
    if token is not None:
        with closing(Tokens()) as tokens:
            return token, tokens.make(token).public
    # The transport key is always in a file, so it says whether files are under a passphrase here.
    return path, new_key(folder / path, keyring(keys, folder).box_of(folder / keys.transport)).public


def _free_name(folder: Path, name: str) -> Path:
    """A path for a new key. What a killed call left behind is not in use and is not overwritten: the next name is taken."""
    first = KEYS / f"{name}.key"
    others = (KEYS / f"{name}-{again}.key" for again in count(2))
    return next(path for path in chain([first], others) if not (folder / path).exists())


def _until(entry: RoleKey, now: datetime) -> RoleKey:
    """The entry, valid no longer than until now."""
    return entry if entry.valid_until is not None and entry.valid_until <= now else replace(entry, valid_until=now)
