"""A verifier in another language, on another library, audits a node's logs and names one altered byte.

It is built from `audit.go` with Go and `golang.org/x/mod` as the system's packages bring them, without a network. Where they are absent the tests
are skipped by name; under CI they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.desk.journal import publish_checkpoint
from accord.ledger.checkpoint import Checkpoint
from accord.ledger.tiles import bundles_of, tiles_of
from accord.seal.keys import PublicKey
from accord.seal.note import Note, NoteAlgorithm, Verifier
from tests.stories.alliance import Alliance, founded, indicator

SOURCE = Path(__file__).with_name("audit.go")
PACKAGES = Path("/usr/share/gocode")  # Where golang-golang-x-mod-dev puts its sources.
RECORDS = 299  # With their statement 300 entries: full and partial tiles, and one of level 1.


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier, built."""
    go = shutil.which("go")
    if go is None or not (PACKAGES / "src" / "golang.org" / "x" / "mod" / "sumdb").is_dir():
        says = "Go with golang.org/x/mod is not here (Debian: golang-go, golang-golang-x-mod-dev)"
        if os.environ.get("CI"):
            pytest.fail(says)
        pytest.skip(says)
    made = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOFLAGS": "",
        "GOCACHE": str(made / "cache"),
        "CGO_ENABLED": "0",
    }
    subprocess.run([go, "build", "-o", str(made / "audit"), str(SOURCE)], check=True, env=environment, cwd=made, timeout=300)
    return made / "audit"


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    with founded(tmp_path_factory.mktemp("alliance"), ("KZ", "KG")) as made:
        made.publish("KZ", *(indicator(number) for number in range(RECORDS)), to="KG")
        made.sync("KG", "KZ")
        publish_checkpoint(made.means("KZ"), now=made.clock())
        yield made


@pytest.fixture(params=["journal", "channel"])
def dump(request: pytest.FixtureRequest, alliance: Alliance, tmp_path: Path) -> tuple[Path, str]:
    """A log as its node serves it, file by file, and the key that it is signed with."""
    client = alliance.client("KG", "KZ")
    journal = request.param == "journal"
    note = client.journal_checkpoint() if journal else client.checkpoint()
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    for tile in (*tiles_of(checkpoint.size), *bundles_of(checkpoint.size)):
        path = tmp_path / str(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(client.journal_tile(tile) if journal else client.channel_tile("KZ", "KG", tile))
    key: PublicKey = alliance.means("KZ").signers.log.public
    return tmp_path, str(Verifier(checkpoint.origin, NoteAlgorithm.ED25519, key))


def said(audit: Path, folder: Path, key: str) -> tuple[int, str]:
    answer = subprocess.run([str(audit), str(folder), key], capture_output=True, text=True, timeout=60, check=False)
    return answer.returncode, answer.stdout.strip()


def test_the_verifier_holds_what_a_node_serves(audit: Path, dump: tuple[Path, str]) -> None:
    folder, key = dump
    status, says = said(audit, folder, key)
    assert 0 == status, says
    assert says.startswith("holds: sco.example/KZ/")


def test_the_verifier_names_one_altered_byte_of_every_file(audit: Path, dump: tuple[Path, str]) -> None:
    folder, key = dump
    files = [path for path in (folder / "tile").rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        for place in {0, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            status, says = said(audit, folder, key)
            assert 1 == status
            if "/entries/" not in name:
                assert f"{name}: byte {place}" == says
            elif "bytes" in says and " to " in says:  # An entry is a commitment: which of its bytes was altered cannot be known.
                first, last = map(int, says.removesuffix(": not the entry that was signed").removeprefix(f"{name}: bytes ").split(" to "))
                assert first <= place <= last
            else:
                assert says.startswith(f"{name}: "), "a length was altered"
        path.write_bytes(content)
    assert 0 == said(audit, folder, key)[0]


def test_the_verifier_refuses_an_altered_or_missing_checkpoint(audit: Path, dump: tuple[Path, str]) -> None:
    folder, key = dump
    path = folder / "checkpoint"
    note = path.read_text(encoding="utf-8")
    origin, size, rest = note.split("\n", 2)
    path.write_text(f"{origin}\n{int(size) - 1}\n{rest}", encoding="utf-8")
    status, says = said(audit, folder, key)
    assert (1, "checkpoint") == (status, says.partition(":")[0])
    path.unlink()
    assert (1, "checkpoint: missing") == said(audit, folder, key)
