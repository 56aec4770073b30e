"""A node behind nginx with TLS, by the file that ships in `deploy/`: nodes and tools pass through it, tiles are kept there, content is not."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from taxii2client.v21 import Server

from accord.desk import clients, publish
from accord.exchange.client import PeerClient
from accord.exchange.sync import synchronise
from accord.ledger.tiles import Tile
from accord.node.build import opened, utc_now
from accord.stix.marking import Tlp
from bars.road import OFFICER, Road
from tests.house.sources import ROOT
from tests.stories.alliance import indicator, offer

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
RECORDS = 300  # More than the 256 leaves of a full tile.
SECONDS_MAX = 60


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = utc_now()
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - timedelta(hours=1), now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "localhost.pem", folder / "localhost.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return pem, secret


@contextmanager
def proxied(folder: Path, url: str) -> Iterator[tuple[str, Path]]:
    """nginx by the shipped file, before the node at `url`: its address and the certificate to trust."""
    assert NGINX is not None
    pem, secret = certificate(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shipped = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in {
        "127.0.0.1:8100": url.removeprefix("http://"),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "accord.kz.example": "localhost",
        "/etc/nginx/accord.pem": str(pem),
        "/etc/nginx/accord.key": str(secret),
        "/var/cache/nginx/accord": str(folder / "cache"),
    }.items():
        assert there in shipped
        shipped = shipped.replace(there, here)
    temporary = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    head = f"daemon off; pid {folder / 'nginx.pid'}; error_log {folder / 'error.log'};\nevents {{}}\nhttp {{\naccess_log off;\n"
    (folder / "nginx.conf").write_text(f"{head}{temporary}{shipped}}}\n", encoding="utf-8")
    folder.chmod(0o755)
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), *user])
    try:
        _until_listening(port, process)
        yield f"https://localhost:{port}", pem
    finally:
        process.terminate()
        process.wait(SECONDS_MAX)


def _until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS_MAX * 10):
        assert process.poll() is None, "nginx ended at its start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            _wait(process)
        else:
            return
    raise AssertionError("nginx does not listen")


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: apt-get install nginx-light)")
def test_nodes_and_tools_pass_through_nginx_and_only_tiles_are_kept_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    road = Road.build(tmp_path / "nodes")
    giver, receiver = road.stage["KZ"], road.stage["KG"]
    with opened(giver.folder) as node:
        raw = orjson.dumps([indicator(number) for number in range(RECORDS)])
        publish.publish(node.means, [raw], officer=OFFICER, offer=offer("KG"), now=utc_now())
        tool = clients.add_client(node.means, name="tool", may_read=True, may_write=True, clearance=Tlp.RED, now=utc_now())
    (tmp_path / "proxy").mkdir()
    road.start("KZ")
    try:
        with proxied(tmp_path / "proxy", giver.url) as (url, pem):
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))  # The tool's library lets the environment go before its argument.
            _tools_work(url, pem, tool)
            # As `exchange.client.connection`, which trusts what the system trusts.
            trusted = ssl.create_default_context(cafile=str(pem))
            with opened(receiver.folder) as node, httpx2.Client(base_url=url, verify=trusted, trust_env=False) as http:
                peer = PeerClient(node.means, "KZ", http, utc_now)
                assert RECORDS == synchronise(node.means, peer, clock=utc_now).kept
                tile = peer.channel_tile("KZ", "KG", Tile(level=0, index=0))
                page = f"{url}/taxii2/accord/collections/holdings/objects/?limit=5"
                assert 200 == http.get(page, auth=(tool.name, tool.password)).status_code
                road.stop()
                assert tile == peer.channel_tile("KZ", "KG", Tile(level=0, index=0)), "the tile was not kept"
                assert 502 == http.get(page, auth=(tool.name, tool.password)).status_code, "content was kept"
        kept = [path.read_bytes() for path in (tmp_path / "proxy" / "cache").rglob("*") if path.is_file()]
        assert kept
        assert not any(b"grey-lantern" in content for content in kept)
        print(f"\n{RECORDS} records synchronised through nginx with TLS; {len(kept)} tile kept there, no content")
    finally:
        road.stop()


def _tools_work(url: str, pem: Path, tool: clients.Credentials) -> None:
    server = Server(f"{url}/taxii2/", user=tool.name, password=tool.password, verify=str(pem))
    [collection] = [found for found in server.default.collections if found.can_write]
    assert collection.url.startswith(url), "the API root is not named as the tool reaches it"
    large = [
        {**indicator(RECORDS + number), "description": "x" * 100_000} for number in range(30)
    ]  # 3 MB: more than nginx takes by itself.
    assert "complete" == collection.add_objects({"objects": large}).status
    assert 5 == len(collection.get_objects(limit=5)["objects"])
    server.close()
