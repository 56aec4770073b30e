"""The one egress against a node that means harm: what it may answer is bounded before it is held."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx2
import pytest

from accord.errors import PeerFault
from accord.exchange.client import NOTE_OCTETS_MAX, PeerClient
from tests.stories.alliance import Alliance, founded


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("client"), ("KZ", "KG")) as found:
        yield found


def _client(alliance: Alliance, answer: httpx2.Response, asked: list[httpx2.Request]) -> PeerClient:
    def hostile(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answer

    http = httpx2.Client(transport=httpx2.MockTransport(hostile), base_url="http://kz.invalid")
    return PeerClient(alliance.means("KG"), "KZ", http, alliance.clock)


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "x-unknown"])
def test_a_compressed_answer_is_not_opened(alliance: Alliance, encoding: str) -> None:
    bomb = httpx2.ByteStream(gzip.compress(gzip.compress(bytes(NOTE_OCTETS_MAX * 64))))
    asked: list[httpx2.Request] = []
    with pytest.raises(PeerFault, match="encoding: the answer is compressed"):
        _client(alliance, httpx2.Response(200, headers={"Content-Encoding": encoding}, stream=bomb), asked).keys()
    assert ["identity"] == [request.headers["accept-encoding"] for request in asked]


def test_an_answer_beyond_its_limit_is_not_held(alliance: Alliance) -> None:
    long = httpx2.ByteStream(bytes(NOTE_OCTETS_MAX + 1))
    with pytest.raises(PeerFault, match="size: the answer is larger"):
        _client(alliance, httpx2.Response(200, stream=long), []).keys()
    assert NOTE_OCTETS_MAX == len(_client(alliance, httpx2.Response(200, stream=httpx2.ByteStream(bytes(NOTE_OCTETS_MAX))), []).keys())
