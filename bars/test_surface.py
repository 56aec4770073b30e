"""Bar: whatever is asked of a node's surface, the answer is one that it describes: no 5xx, no hang, and no memory that grows with what was sent.

ACCORD_EXAMPLES says how many requests of each kind (100 by default, 1,000 for the whole bar), ACCORD_SEED which. schemathesis asks every
operation as it is described and otherwise; then come cursors, questions, bodies, compressed bodies and headers made to break a reader.
"""

from __future__ import annotations

import base64
import gzip
import os
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import httpx2
import orjson
import pytest

from accord.exchange.holdings import CONTENT_OCTETS_MAX
from accord.exchange.parameters import PARAMETERS
from tests.exchange.surface import KINDS, Surface
from tests.stories.alliance import founded, indicator

EXAMPLES = int(os.environ.get("ACCORD_EXAMPLES", "100"))
SEED = int(os.environ.get("ACCORD_SEED", "20261125"))
ANSWER_SECONDS_MAX = 5.0  # Seconds. A full page takes a tenth; on a busy machine ten times that.
MEMORY_MEBIBYTES_MAX = 150  # MiB that the process may grow by in the whole bar: a few of the longest bodies at once.
PATHS = ("objects/", "manifest/", f"objects/{indicator(1)['id']}/", f"objects/{indicator(1)['id']}/versions/")
WORDS = (
    "last",
    "first",
    "all",
    "2.0",
    "2.1",
    "2026-11-23T09:00:00Z",
    "indicator",
    "0",
    "-1",
    "9" * 40,
    "1e9",
    "%",
    "'",
    '"',
    ";--",
    "../",
    "\0",
    "~",
    "é",
    "\ud800",
)


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surface]:
    with founded(tmp_path_factory.mktemp("surface"), ("KZ", "KG")) as alliance:
        alliance.publish("KZ", indicator(1), to="KG")
        alliance.sync("KG", "KZ")
        made = Surface.of(alliance)
        made.tool.post(*(indicator(number) for number in range(1, 30)))
        yield made
        alliance.check_everything()


def test_every_operation_answers_as_it_is_described(surface: Surface) -> None:
    before, began = _resident(), time.monotonic()
    for key, mode in KINDS:
        surface.hold(key, mode, examples=EXAMPLES, seeded=SEED)
    grown = _resident() - before
    print(
        f"\n{len(KINDS)} kinds of request, up to {EXAMPLES} of each, seed {SEED}, in {time.monotonic() - began:.0f} s; {grown:.0f} MiB more memory"
    )
    assert grown <= MEMORY_MEBIBYTES_MAX


def test_what_is_made_to_break_a_reader_is_answered(surface: Surface) -> None:
    chance = random.Random(SEED)
    kinds: tuple[Callable[[Surface, random.Random], httpx2.Response], ...] = (_cursor, _question, _body, _compressed, _headers)
    seen: Counter[str] = Counter()
    before, slowest = _resident(), 0.0
    for kind in kinds:
        for _ in range(EXAMPLES):
            began = time.monotonic()
            answer = kind(surface, chance)
            slowest = max(slowest, time.monotonic() - began)
            seen[f"{kind.__name__[1:]} {answer.status_code}"] += 1
            assert answer.status_code < 500, (kind.__name__, answer.request.url, answer.text)
    grown = _resident() - before
    print(f"\n{dict(sorted(seen.items()))}, seed {SEED}; slowest answer {slowest:.2f} s, {grown:.0f} MiB more memory")
    assert slowest <= ANSWER_SECONDS_MAX
    assert grown <= MEMORY_MEBIBYTES_MAX
    assert 29 == len(surface.tool.ids("?match[type]=indicator"))


def _cursor(surface: Surface, chance: random.Random) -> httpx2.Response:
    """A real cursor with something changed, or none at all."""
    real = surface.tool.get("objects/?limit=2").json()["next"]
    cut = chance.randrange(len(real))
    changed = chance.choice(
        (
            real[:cut] + chance.choice("AZaz09-_=+/%é") + real[cut + 1 :],
            real[:cut],
            real * chance.randint(2, 200),
            base64.urlsafe_b64encode(chance.randbytes(chance.randrange(60))).decode(),
            str(chance.randrange(-(10**30), 10**30)),
        )
    )
    whose = surface.tool.get if chance.random() < 0.7 else lambda path: _of_node(surface, path)
    return whose(f"{chance.choice(PATHS)}?next={quote(changed)}&limit={chance.randint(1, 5)}")


def _question(surface: Surface, chance: random.Random) -> httpx2.Response:
    """Some parameters, with some words, some of them far too many."""
    parts = []
    for _ in range(chance.randint(1, 6)):
        words = [chance.choice(WORDS) for _ in range(chance.choice((1, 1, 2, 5, 300)))]
        value = quote(",".join(words), errors="surrogatepass") if chance.random() < 0.8 else quote_from_bytes(chance.randbytes(20))
        parts.append(f"{chance.choice((*PARAMETERS, 'match[]', 'x'))}={value}")
    path = f"{chance.choice(PATHS)}?{'&'.join(parts)}"
    return surface.tool.get(path) if chance.random() < 0.7 else _of_node(surface, path)


def _body(surface: Surface, chance: random.Random) -> httpx2.Response:
    """An envelope cut, with bytes changed, nested, or with objects that are none."""
    whole = bytearray(
        orjson.dumps({"objects": [{**indicator(1), chance.choice(("type", "id", "modified", "pattern")): chance.choice(WORDS[:-1])}]})
    )
    for _ in range(chance.randint(0, 4)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    nested = chance.choice((b"[", b'{"a":')) * chance.randint(1, 100_000)
    content = chance.choice((bytes(whole), bytes(whole[: chance.randrange(len(whole))]), b'{"objects":[' + nested, chance.randbytes(200)))
    answer = surface.tool.ask("POST", "objects/", content=content)
    return answer


def _compressed(surface: Surface, chance: random.Random) -> httpx2.Response:
    """A bomb of one layer or two, a stream that is cut, or a coding that nobody knows."""
    bomb = gzip.compress(b'{"objects":[' + b" " * CONTENT_OCTETS_MAX, compresslevel=1)
    content = chance.choice((bomb, gzip.compress(bomb), bomb[:100], zlib.compress(b"x" * 10_000), b'{"objects":[]}'))
    coding = chance.choice(("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "GZIP", "x"))
    answer = surface.tool.ask("POST", "objects/", content=content, headers={"Content-Encoding": coding})
    assert 415 == answer.status_code
    return answer


def _headers(surface: Surface, chance: random.Random) -> httpx2.Response:
    """Headers of the right names and any content."""
    names = (
        "Authorization",
        "Accept",
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
        "Host",
        "Accord-Charter",
        "Range",
        "X-Forwarded-Proto",
    )
    starts = ("", "Basic ", "Bearer ", "Bearer accord-client-", "application/taxii+json;", "*/*;q=", "Bearer eyJ.")
    value = chance.choice(starts) + chance.choice(
        ("", "x" * chance.randint(1, 9_000), chance.choice(WORDS[:12]), base64.b64encode(chance.randbytes(40)).decode())
    )
    method, path = chance.choice(
        (("GET", "objects/"), ("POST", "objects/"), ("DELETE", "objects/x/"), ("GET", "/taxii2/"), ("PUT", "/accord/v1/keys/KG"))
    )
    content = b'{"objects":[]}' if method in {"POST", "PUT"} else None
    return surface.tool.ask(method, path, headers={chance.choice(names): value}, content=content)


def _of_node(surface: Surface, path: str) -> httpx2.Response:
    collection = surface.operations["GET /taxii2/accord/collections/{collection}/objects/"]
    alliance = surface.alliance
    own = alliance.doors["KZ"].get("/taxii2/accord/collections/", headers=surface.node()).json()["collections"][0]["id"]
    root = str(collection.path).format(collection=own).removesuffix("objects/")
    return alliance.doors["KZ"].get(root + path, headers=surface.node())


def _resident() -> float:
    """Memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
