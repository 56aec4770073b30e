"""Custody: keys under a passphrase open with it and not without, and a command that was killed half-way goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from accord.desk import status
from accord.errors import Refusal, Unready
from accord.node import custody
from accord.node.build import opened, utc_now
from accord.node.custody import new_key, passphrase_from, read_key
from accord.node.founding import found_node, replace_key
from accord.node.settings import read_settings
from accord.seal.keys import Role
from accord.seal.passphrase import is_protected
from tests.databases import new_path

WORDS = "four invented words here"
OPERATIONAL = ["log.key", "receipt.key", "witness.key", "statement.key", "transport.key"]


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(WORDS + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return founded(tmp_path / "kz")


def founded(folder: Path, passphrase_file: Path | None = None) -> Path:
    folder.mkdir()
    database = new_path(folder).relative_to(folder)
    found_node(folder, charter="sco", member="KZ", now=utc_now(), database=database, passphrase_file=passphrase_file)
    return folder


def protect(folder: Path, passphrase: Path) -> list[Path]:
    return custody.protect(folder, passphrase_from(passphrase, of="keys"), passphrase_file=passphrase)


def protected(folder: Path) -> dict[str, bool]:
    return {path.name: is_protected(path.read_text()) for path in sorted((folder / "keys").glob("*.key"))}


def signs_as(folder: Path) -> list[str]:
    """The public keys that the node signs with."""
    with opened(folder) as node:
        held = node.means.signers
        assert "KZ" == status.status(node.means).member
        return [str(key.public) for key in (held.log, held.receipt, held.witness, held.statement, held.transport)]


def test_a_protected_node_opens_with_its_passphrase_and_signs_with_the_same_keys(folder: Path, passphrase: Path) -> None:
    before = signs_as(folder)
    assert [*OPERATIONAL, "root.key"] == [path.name for path in protect(folder, passphrase)]
    assert dict.fromkeys(sorted([*OPERATIONAL, "root.key"]), True) == protected(folder)
    assert before == signs_as(folder)


def test_no_file_of_a_protected_node_holds_a_seed(folder: Path, passphrase: Path) -> None:
    seeds = [path.read_text().strip().partition(":")[2] for path in (folder / "keys").glob("*.key")]
    protect(folder, passphrase)
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file() and path.suffix in {".key", ".toml", ".json", ".new"}]
    assert [] == [seed for seed in seeds if any(seed in text for text in texts)]


def test_a_node_founded_under_a_passphrase_never_wrote_a_plain_key(tmp_path: Path, passphrase: Path) -> None:
    folder = founded(tmp_path / "kz", passphrase)
    assert dict.fromkeys(sorted([*OPERATIONAL, "root.key"]), True) == protected(folder)
    assert 5 == len(signs_as(folder))


@pytest.mark.parametrize("other", ["another passphrase", "four invented words here too"])
def test_another_passphrase_opens_no_node(folder: Path, passphrase: Path, other: str) -> None:
    protect(folder, passphrase)
    passphrase.write_text(other, encoding="utf-8")
    with pytest.raises(Refusal, match="does not open"), opened(folder):
        pass


def test_without_a_file_and_a_person_the_node_does_not_start_and_says_where_the_passphrase_belongs(folder: Path, passphrase: Path) -> None:
    custody.protect(folder, passphrase_from(passphrase, of="keys"), passphrase_file=None)
    with pytest.raises(Unready, match="nobody is here to type it") as caught, opened(folder):
        pass
    assert "keys.passphrase_file" in caught.value.remedy


def test_a_passphrase_file_that_is_gone_is_named(folder: Path, passphrase: Path) -> None:
    protect(folder, passphrase)
    passphrase.unlink()
    with pytest.raises(Unready, match=f"cannot be read from {passphrase}"), opened(folder):
        pass


@pytest.mark.parametrize("done", range(7))
def test_a_protect_killed_after_any_key_leaves_a_node_that_the_same_command_completes(folder: Path, passphrase: Path, done: int) -> None:
    before, plain = signs_as(folder), folder.with_name("plain")
    shutil.copytree(folder, plain)
    changed = protect(folder, passphrase)
    for path in changed[done:]:  # These were not reached; the settings are written last.
        shutil.copy(plain / "keys" / path.name, path)
    shutil.copy(plain / "settings.toml", folder / "settings.toml")
    (folder / "keys" / "log.key.new").write_text("ed25519-pro")  # Cut off in the middle of a write.
    assert [path.name for path in changed[done:]] == [path.name for path in protect(folder, passphrase)]
    assert before == signs_as(folder)


def test_keys_under_one_passphrase_are_not_put_under_another(folder: Path, passphrase: Path, tmp_path: Path) -> None:
    protect(folder, passphrase)
    other = tmp_path / "other"
    other.write_text("quite another passphrase")
    with pytest.raises(Refusal, match="does not open"):
        protect(folder, other)
    assert passphrase == read_settings(folder).keys.passphrase_file


def test_a_passphrase_that_is_too_short_touches_nothing(folder: Path, passphrase: Path) -> None:
    passphrase.write_text("short")
    with pytest.raises(Refusal, match="PASSPHRASE_CHARACTERS_MIN"):
        protect(folder, passphrase)
    assert {False} == set(protected(folder).values())


def test_unprotect_is_the_way_back(folder: Path, passphrase: Path) -> None:
    before = {path.name: path.read_text() for path in (folder / "keys").glob("*.key")}
    settings = (folder / "settings.toml").read_bytes()
    protect(folder, passphrase)
    custody.unprotect(folder)
    assert before == {path.name: path.read_text() for path in (folder / "keys").glob("*.key")}
    assert settings == (folder / "settings.toml").read_bytes()


def test_a_replaced_key_is_under_the_passphrase_of_the_others(folder: Path, passphrase: Path) -> None:
    protect(folder, passphrase)
    _, public = replace_key(folder, Role.LOG, root_key=folder / "keys" / "root.key", root_passphrase=passphrase, now=utc_now())
    assert protected(folder)["log-2.key"]
    assert str(public) == signs_as(folder)[0]


def test_a_root_key_is_kept_under_a_passphrase_of_its_own(tmp_path: Path, passphrase: Path) -> None:
    path = tmp_path / "root.key"
    ring = custody.Keyring(passphrase_from(passphrase, of="root"))
    key = new_key(path, ring.new_box())
    assert key == read_key(path, passphrase)
    assert 0o600 == os.stat(path).st_mode & 0o777
    with pytest.raises(Unready, match="nobody is here"):
        read_key(path)


def test_a_key_that_the_key_file_does_not_name_stops_the_start(folder: Path) -> None:
    (folder / "keys" / "log.key").unlink()
    new_key(folder / "keys" / "log.key")
    with pytest.raises(Unready, match=r"the log key [0-9a-f]{16} is not the one that the key file names"), opened(folder):
        pass


@pytest.mark.parametrize("content", [b"two\nlines of it here", b"\xff\xfe", b"x" * 5000])
def test_what_is_no_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(content)
    with pytest.raises(Unready):
        passphrase_from(path, of="keys")()
