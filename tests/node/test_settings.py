"""Settings: complete, frozen and suspicious; written and read they are the same."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from accord.errors import Unready
from accord.node.settings import SETTINGS_FILE, Egress, Keys, Listen, Settings, Sync, read_settings, write_settings

WHOLE = Settings(
    member="KZ",
    charter=Path("charter.json"),
    charter_digest="sha256:" + "0" * 64,
    database=Path("node.sqlite"),
    listen=Listen(host="127.0.0.1", port=8100, metrics_port=9100),
    sync=Sync(interval_seconds=5),
    egress=Egress(private=(IPv4Network("10.1.0.0/16"), IPv6Network("fd00::/8"))),
    keys=Keys(
        key_file=Path("keys/keys.json"),
        log=Path("keys/log.key"),
        receipt=Path("keys/receipt.key"),
        witness=Path("keys/witness.key"),
        statement=Path("keys/statement.key"),
        transport=Path("keys/transport.key"),
        status_password=Path("keys/status.password"),
    ),
    peers={"KG": "http://127.0.0.1:8101"},
)


def test_settings_written_and_read_are_the_same(tmp_path: Path) -> None:
    write_settings(tmp_path, WHOLE)
    assert WHOLE == read_settings(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('member = "KZ"', 'member = "KZ"\ncolour = "red"', "colour"),
        ('member = "KZ"\n', "", "member"),
        ("port = 8100", "port = 81000", "listen.port"),
        ("interval_seconds = 5", "interval_seconds = 0", "sync.interval_seconds"),
        ("[sync]", "[sink]", "sync"),
        ("10.1.0.0/16", "10.1.0.0/99", "egress.private"),
        ('member = "KZ"', "member = KZ", "TOML"),
    ],
)
def test_a_wrong_unknown_or_missing_key_stops_the_start_by_name(tmp_path: Path, old: str, new: str, named: str) -> None:
    write_settings(tmp_path, WHOLE)
    path = tmp_path / SETTINGS_FILE
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(Unready, match=named):
        read_settings(tmp_path)


def test_a_folder_without_settings_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Unready, match="not a node's folder") as error:
        read_settings(tmp_path)
    assert "accord init" in error.value.remedy
