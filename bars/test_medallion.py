"""A real server of others as a source: medallion 3.0.0, whose cursors are used up by use and whose batches share one time.

It is installed into an environment of its own: it is no dependency of Accord, and its pins are its own affair.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2

from accord.desk import sources
from accord.desk.sources import Source
from accord.exchange.egress import stranger
from accord.exchange.source import SourceClient, read_round
from accord.exchange.taxii import find
from accord.store import records
from tests.stories.alliance import OFFICER, founded, indicator

USER, PASSWORD = "reader", "an invented password"
ROOT, COLLECTION = "trustgroup1", "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
START_SECONDS_MAX = 120
TAXII = {"Accept": "application/taxii+json;version=2.1", "Content-Type": "application/taxii+json;version=2.1"}


def _settings(folder: Path) -> Path:
    """medallion's own file of settings, with one collection in memory."""
    shelf: dict[str, Any] = {
        "/discovery": {"title": "Invented server", "default": f"/{ROOT}/", "api_roots": [f"/{ROOT}/"]},
        ROOT: {
            "information": {"title": "Invented", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 104_857_600},
            "status": [],
            "collections": [
                {
                    "id": COLLECTION,
                    "title": "Invented",
                    "can_read": True,
                    "can_write": True,
                    "media_types": ["application/stix+json;version=2.1"],
                    "objects": [],
                    "manifest": [],
                }
            ],
        },
    }
    (folder / "data.json").write_text(json.dumps(shelf), encoding="utf-8")
    path = folder / "medallion.json"
    settings = {
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": str(folder / "data.json")},
        "users": {USER: PASSWORD},
        "taxii": {"max_page_size": 50},
    }
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


@contextmanager
def medallion(folder: Path) -> Iterator[str]:
    """A running medallion; gives its address."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "medallion==3.0.0"], check=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [folder / "env" / "bin" / "medallion", "--host", "127.0.0.1", "--port", str(port), _settings(folder)]
    with (folder / "medallion.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(base, process)
            yield base
        finally:
            process.terminate()


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while True:
        try:
            httpx2.get(f"{base}/taxii2/", auth=(USER, PASSWORD), headers=TAXII, trust_env=False)
        except httpx2.HTTPError:
            assert process.poll() is None, "medallion ended by itself"
            assert time.monotonic() - began < START_SECONDS_MAX, "medallion does not answer"
            time.sleep(0.2)
        else:
            return


def test_every_object_of_a_real_medallion_is_held_and_what_it_loses_is_told(tmp_path: Path) -> None:
    with founded(tmp_path, ("KZ", "KG")) as alliance, medallion(tmp_path) as base:
        private = [ip_network("127.0.0.0/8")]
        with stranger(private=private, auth=httpx2.BasicAuth(USER, PASSWORD)) as http:
            place = find(http, f"{base}/taxii2/")
            assert (f"{base}/{ROOT}/", COLLECTION) == (place.api_root, place.collection)
            source = Source("medallion", place.api_root, place.collection, USER, has_secret=True, every_seconds=60)
            sources.add_source(alliance.means("KZ"), source, officer=OFFICER, now=alliance.clock())
            given: set[str] = set()
            told = []
            for batch in range(4):  # Each batch shares one time.
                items = [indicator(batch * 100 + number) for number in range(120)]
                given |= {item["id"] for item in items}
                where = f"{place.api_root}collections/{COLLECTION}/objects/"
                http.post(where, json={"objects": items}, headers=TAXII).raise_for_status()
                [state] = sources.list_sources(alliance.means("KZ"))
                told.append(read_round(alliance.means("KZ"), SourceClient(http, state), clock=alliance.clock))
        with alliance.means("KZ").database.reading() as transaction:
            page = records.from_source(transaction, came=records.Came.IMPORT, source="medallion", first=0, count=1_000)
        held = {item.stix_id for item in page}
        lost = sum(done.lost for done in told)
        print(f"\nmedallion: {len(given)} objects given, {len(held)} held, {lost} told as lost; by round {told}")
        assert given - held == set() if not lost else len(given - held) == lost
