"""The way out to strangers: one client that reaches public addresses, and private ones only where the operator has listed them.

An outside source names its own addresses, in a URL, in a discovery answer, in the name service. None of them may lead into the member's own
network, so the address is looked at after the name was resolved and the connection goes to that very address: a name that answers twice
differently gains nothing. Redirects are not followed, and no proxy is taken from the environment. Members' nodes are reached by
`exchange.client`, at addresses that the operator wrote.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

import httpx2

from accord.errors import PeerFault, PeerSilent, Refusal

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


def stranger(*, private: Sequence[Network], auth: httpx2.Auth | None = None) -> httpx2.Client:
    """A client for one stranger; the caller closes it."""
    return httpx2.Client(
        transport=Guarded(tuple(private)), auth=auth, headers={"Accept-Encoding": "identity"}, trust_env=False, follow_redirects=False
    )


@dataclass(frozen=True, slots=True)
class Guarded(httpx2.BaseTransport):
    """Resolves a name, looks at the address, and connects to that address; TLS still asks for the name."""

    private: tuple[Network, ...]
    _plain: httpx2.HTTPTransport = field(default_factory=lambda: httpx2.HTTPTransport(trust_env=False))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        is_sealed = request.url.scheme == "https"
        address = self._permitted(host, request.url.port or (443 if is_sealed else 80))
        if "authorization" in request.headers and not is_sealed and not self._is_listed(address):
            raise Refusal(f"the secret for {host} would cross the line in the open", remedy="give the address with https")
        there = httpx2.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,  # The header Host keeps the name.
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._plain.handle_request(there)

    def close(self) -> None:
        self._plain.close()

    def _permitted(self, host: str, port: int) -> Address:
        addresses = _resolved(host, port)
        refused = [address for address in addresses if not self.is_permitted(address)]
        if refused:
            raise Refusal(
                f"{host} is at {refused[0]}, which is no public address",
                remedy="if it is meant, list the address or its network under egress.private in settings.toml",
            )
        return addresses[0]

    def is_permitted(self, address: Address) -> bool:
        """Say whether a connection may go there: the address is public, or the operator listed it."""
        # An IPv4 address in IPv6 clothes is judged as what it is.
        bare = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
        return (bare.is_global and not bare.is_multicast) or self._is_listed(bare)

    def _is_listed(self, address: Address) -> bool:
        return any(address in network for network in self.private if network.version == address.version)


def _resolved(host: str, port: int) -> list[Address]:
    """Every address that a name has. `getaddrinfo` gives at least one or raises."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PeerSilent("contact", f"{host} has no address: {error.strerror}", remedy="check the name and the name service") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def read_bounded(answer: httpx2.Response, *, octets_max: int, seconds_max: float) -> bytes:
    """Read an answer, counting its bytes and the time it takes, and stop at the limits.

    A compressed one is not opened: a few bytes of it become any number.
    """
    if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise PeerFault("encoding", "the answer is compressed, and nothing compressed was asked for")
    parts: list[bytes] = []
    total = 0
    began = time.monotonic()
    for part in answer.iter_bytes():
        total += len(part)
        if time.monotonic() - began > seconds_max:
            raise PeerSilent("contact", f"the answer was not whole after {seconds_max:.0f} s", remedy="check the line")
        if total > octets_max:
            raise PeerFault("size", f"the answer is larger than {octets_max} bytes")
        parts.append(part)
    return b"".join(parts)
