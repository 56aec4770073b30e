"""A node's settings: one TOML file, complete, frozen and suspicious. Unknown or missing keys stop the start; secrets are file paths.

A whole specimen, as `accord init` writes it:

    member = "KZ"
    charter = "charter.json"
    charter_digest = "sha256:…"
    database = "node.sqlite"      # or a file ending in .dsn that holds the DSN of a PostgreSQL database

    [listen]
    host = "127.0.0.1"
    port = 8100
    metrics_port = 0

    [sync]
    interval_seconds = 5

    [egress]
    private = ["10.1.0.0/16"]

    [keys]
    key_file = "keys/keys.json"
    log = "keys/log.key"
    receipt = "keys/receipt.key"
    witness = "keys/witness.key"
    statement = "keys/statement.key"
    transport = "keys/transport.key"
    status_password = "keys/status.password"
    passphrase_file = "/run/credentials/accord.service/passphrase"    # only where the keys are under one

    [peers]
    KG = "http://127.0.0.1:8101"
"""

from __future__ import annotations

import json
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from accord.errors import Refusal, Unready
from accord.node.token import SCHEME, TokenUri

SETTINGS_FILE = "settings.toml"
INTERVAL_SECONDS_MAX = 3_600  # Seconds. A node that looks less than hourly cannot keep the protocol's clocks.


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Strict):
    """Where the node's pages and the exchange are served, and its metrics; `metrics_port` 0 serves none."""

    host: str
    port: int = Field(ge=0, le=65_535)
    metrics_port: int = Field(ge=0, le=65_535)


class Sync(_Strict):
    """How often each partner is asked for news; an answer of "nothing new" is one small round trip."""

    interval_seconds: int = Field(ge=1, le=INTERVAL_SECONDS_MAX)


class Egress(_Strict):
    """Which private addresses outside sources may be reached at; public ones always may."""

    private: tuple[IPv4Network | IPv6Network, ...]


def _place(value: object) -> object:
    if isinstance(value, str) and value.startswith(SCHEME):
        try:
            return TokenUri.parse(value)
        except Refusal as refusal:
            raise ValueError(f"{refusal.says}; {refusal.remedy}") from None
    return value


Place: TypeAlias = Annotated[TokenUri | Path, BeforeValidator(_place)]


class Keys(_Strict):
    """Where the node's keys are: paths relative to its folder, or URIs of keys in a token. The root key is not among them.

    `passphrase_file` alone may be missing, and is where no passphrase is, or a person types it: a node of the version before reads the rest.
    """

    key_file: Path
    log: Place
    receipt: Place
    witness: Place
    statement: Place
    transport: Path
    status_password: Path
    passphrase_file: Path | None = None


class Settings(_Strict):
    """The whole file."""

    member: str
    charter: Path
    charter_digest: str
    database: Path
    listen: Listen
    sync: Sync
    egress: Egress
    keys: Keys
    peers: dict[str, str]


def read_settings(folder: Path) -> Settings:
    """Read `settings.toml` of a node's folder; `Unready` names the key that is unknown, missing or wrong."""
    path = folder / SETTINGS_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Settings.model_validate(values)
    except FileNotFoundError:
        raise Unready(f"{folder} is not a node's folder: it has no {SETTINGS_FILE}", remedy="make one with `accord init`") from None
    except tomllib.TOMLDecodeError as error:
        raise Unready(f"{path} is not TOML: {error}", remedy="mend the line it names") from None
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Unready(f"{path}: {found}", remedy="compare the file with the specimen in docs/operating.md") from None


def write_settings(folder: Path, settings: Settings) -> None:
    """Write the file as a person would."""
    listen, keys = settings.listen, settings.keys
    lines = [
        "# Settings of one Accord node. Unknown or missing keys stop the start. Paths are relative to this folder.",
        f'member = "{settings.member}"',
        f'charter = "{settings.charter}"',
        f'charter_digest = "{settings.charter_digest}"',
        f'database = "{settings.database}"',
        "",
        "[listen]",
        f'host = "{listen.host}"',
        f"port = {listen.port}",
        f"metrics_port = {listen.metrics_port}",
        "",
        "[sync]",
        f"interval_seconds = {settings.sync.interval_seconds}",
        "",
        "# Networks inside which an outside source may be asked; public addresses always may.",
        "[egress]",
        f"private = [{', '.join(json.dumps(str(network)) for network in settings.egress.private)}]",
        "",
        "[keys]",
        *(f'{name} = "{place}"' for name in Keys.model_fields if (place := getattr(keys, name)) is not None),
        "",
        "# The other members' nodes: member = address.",
        "[peers]",
        *(f'{member} = "{url}"' for member, url in sorted(settings.peers.items())),
        "",
    ]
    path = folder / SETTINGS_FILE
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines), encoding="utf-8")
    beside.replace(path)  # Killed at any instruction, the file is the old one or the new one.
