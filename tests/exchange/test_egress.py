"""The way out to strangers leads to public addresses, and to private ones only where the operator listed them."""

from __future__ import annotations

import http.server
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from threading import Thread

import pytest

from accord.errors import PeerSilent, Refusal
from accord.exchange.egress import Guarded, stranger

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class _Names(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (self.headers["Host"] + "|" + self.headers.get("Authorization", "")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *what: object) -> None:
        """Nothing is written: the test reads answers."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Names) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_private_address_is_not_reached(port: int) -> None:
    with stranger(private=()) as client:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f000001"):
            with pytest.raises((Refusal, PeerSilent)):
                client.get(f"http://{host}:{port}/")


def test_a_listed_one_is_reached_under_its_own_name(port: int) -> None:
    with stranger(private=LOOPBACK) as client:
        assert f"localhost:{port}|" == client.get(f"http://localhost:{port}/").text


def test_a_secret_does_not_cross_an_open_line_to_a_public_address() -> None:
    with stranger(private=()) as client, pytest.raises(Refusal, match="in the open"):
        client.get("http://192.0.0.9/", headers={"Authorization": "Bearer invented"})


def test_a_secret_goes_to_a_listed_address(port: int) -> None:
    with stranger(private=LOOPBACK) as client:
        assert client.get(f"http://127.0.0.1:{port}/", headers={"Authorization": "Bearer invented"}).text.endswith("|Bearer invented")


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.1.2.3", False),
        ("::ffff:9.9.9.9", True),
    ],
)
def test_which_addresses_are_public(address: str, may: bool) -> None:
    assert may == Guarded(()).is_permitted(ip_address(address))


def test_a_listed_network_lets_in_its_addresses_and_no_others() -> None:
    guarded = Guarded((ip_network("10.1.0.0/16"),))
    assert [True, True, False] == [guarded.is_permitted(ip_address(text)) for text in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1")]
