"""Backups of one node: whole or not there, refused when they are not the member's, and never restored over anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from accord.charter.officers import OfficerRole
from accord.desk import office
from accord.errors import AccordError, CharterInvalid, Malformed, Refusal, Unready
from accord.exchange import sealed
from accord.node.backup import BACKUP, BACKUP_KEY, HALF_RESTORED, back_up, backup_key, restore
from accord.node.build import Node, opened
from accord.node.custody import new_key, passphrase_from, protect, read_key
from accord.node.founding import found_node
from accord.node.rejoin import rejoin_now
from accord.node.settings import read_settings, write_settings
from accord.node.token import TokenUri
from accord.seal.keys import PrivateKey, base64_text
from tests.stories.alliance import OFFICER, START


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found_node(tmp_path / "kz", charter="sco", member="KZ", now=START)
    with opened(tmp_path / "kz") as found:
        office.add_officer(found.means, name=OFFICER, role=OfficerRole.OFFICER, now=START)
        yield found


def made(node: Node, file: Path) -> PrivateKey:
    key, _ = backup_key(node)
    back_up(node, file, key, now=START)
    return read_key(node.folder / BACKUP_KEY)


def rewritten(file: Path, key: PrivateKey, **changes: object) -> Path:
    """A backup that somebody else sealed, with another first line: the public key is enough to make one."""
    with file.open("rb") as opened_file:
        head, *rest = sealed.lines(opened_file, key, BACKUP)
    values = orjson.loads(head)
    values["files"] |= changes.pop("files", {})
    out = io.BytesIO()
    with sealed.sealing(out, key.public, BACKUP) as take:
        for line in (orjson.dumps({**values, **changes}), *rest):
            take(line)
    other = file.with_name("forged")
    other.write_bytes(out.getvalue())
    return other


def test_a_member_that_is_alone_rejoins_at_once_in_a_new_epoch(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    restored = restore(tmp_path / "b", tmp_path / "again", key)
    assert "KZ" == restored.member
    with pytest.raises(Unready, match="has not rejoined"), opened(tmp_path / "again"):
        pass
    with opened(tmp_path / "again", rejoining=True) as again:
        rejoin_now(again)
        assert again.means.journal != node.means.journal
    with opened(tmp_path / "again") as again, again.means.database.reading() as transaction:
        assert [(OFFICER, "officer")] == [(row[0], row[1]) for row in transaction.all("officers")]


def test_the_first_backup_makes_the_key_and_the_next_ones_use_it(node: Node) -> None:
    first, made_now = backup_key(node)
    assert made_now
    assert (first, False) == backup_key(node)
    assert first == read_key(node.folder / BACKUP_KEY).public


def test_a_backup_replaces_an_older_one_and_leaves_nothing_beside_it(node: Node, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"the old one")
    made(node, tmp_path / "b")
    assert ["b", "kz"] == sorted(path.name for path in tmp_path.iterdir())
    assert 0o600 == (tmp_path / "b").stat().st_mode & 0o777


def test_a_backup_to_a_place_that_is_not_there_is_the_operators_turn(node: Node, tmp_path: Path) -> None:
    key, _ = backup_key(node)
    with pytest.raises(Unready, match="cannot be written"):
        back_up(node, tmp_path / "nowhere" / "b", key, now=START)


def test_neither_root_key_nor_backup_key_is_in_a_backup(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    with (tmp_path / "b").open("rb") as file:
        content = b"\n".join(sealed.lines(file, key, BACKUP))
    for path in (node.folder / "keys").iterdir():
        secret = base64_text(path.read_bytes()).encode()
        assert (secret in content) == (path.name not in ("root.key", "backup.key")), path.name


def test_an_existing_node_and_any_other_folder_are_left_alone(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    with pytest.raises(Refusal, match="is a node's folder already"):
        restore(tmp_path / "b", node.folder, key)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter").write_text("mine")
    with pytest.raises(Refusal, match="holds something already"):
        restore(tmp_path / "b", tmp_path / "other", key)
    assert ["letter"] == [path.name for path in (tmp_path / "other").iterdir()]


def test_a_restore_that_was_killed_is_no_node_and_the_next_one_begins_anew(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    cut = tmp_path / "cut"
    cut.write_bytes((tmp_path / "b").read_bytes()[:-1])
    with pytest.raises(Refusal, match="does not hold"):
        restore(cut, tmp_path / "again", key)
    (tmp_path / "again").mkdir(exist_ok=True)
    (tmp_path / "again" / HALF_RESTORED).touch()
    (tmp_path / "again" / "node.sqlite").write_bytes(b"half a database")
    with pytest.raises(Unready, match="not a node's folder"), opened(tmp_path / "again"):
        pass
    restore(tmp_path / "b", tmp_path / "again", key)
    with opened(tmp_path / "again", rejoining=True):
        assert not (tmp_path / "again" / HALF_RESTORED).exists()


def test_a_backup_that_somebody_else_made_is_refused(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    foreign = base64_text(new_key(tmp_path / "foreign.key").secret_text().encode())
    with pytest.raises(Refusal, match="log key in the backup is not KZ's"):
        restore(rewritten(tmp_path / "b", key, files={"log": foreign}), tmp_path / "again", key)
    with pytest.raises(Refusal, match="log key in the backup is no key"):
        restore(rewritten(tmp_path / "b", key, files={"log": base64_text(b"nothing")}), tmp_path / "again", key)
    with pytest.raises(CharterInvalid, match="pins no root key for KG"):
        restore(rewritten(tmp_path / "b", key, member="KG"), tmp_path / "again", key)
    with pytest.raises(CharterInvalid, match="expected sha256:0"):
        restore(tmp_path / "b", tmp_path / "again", key, charter_digest="sha256:0")
    with pytest.raises(AccordError):
        restore(rewritten(tmp_path / "b", key, files={"key_file": base64_text(b"{}")}), tmp_path / "again", key)
    assert not (tmp_path / "again").exists(), "nothing was begun"


def test_keys_under_a_passphrase_are_under_it_in_the_backup_and_after_the_restore(node: Node, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("four invented words here\n")
    plain = (node.folder / "keys" / "log.key").read_bytes()
    protect(node.folder, passphrase_from(passphrase, of="keys"), passphrase_file=passphrase)
    key = made(node, tmp_path / "b")
    with (tmp_path / "b").open("rb") as file:
        assert base64_text(plain).encode() not in b"\n".join(sealed.lines(file, key, BACKUP))
    with pytest.raises(Unready, match="a passphrase is needed for the keys in the backup"):
        restore(tmp_path / "b", tmp_path / "again", key)
    restore(tmp_path / "b", tmp_path / "again", key, passphrase_file=passphrase)
    with opened(tmp_path / "again", rejoining=True) as again:
        assert node.means.signers == again.means.signers


def test_a_key_in_a_token_is_in_no_backup_and_its_place_is(node: Node, tmp_path: Path) -> None:
    uri = TokenUri("accord", "log", tmp_path / "module.so", tmp_path / "pin")
    keys = node.settings.keys.model_copy(update={"log": uri})
    write_settings(node.folder, node.settings.model_copy(update={"keys": keys}))
    key = made(node, tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again", key)
    assert uri == read_settings(tmp_path / "again").keys.log
    assert not (tmp_path / "again" / "keys" / "log.key").exists()


def test_a_first_line_that_is_none_is_refused(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    with pytest.raises(Malformed, match="does not begin with"):
        restore(rewritten(tmp_path / "b", key, backup=2), tmp_path / "again", key)


def test_no_path_out_of_a_backup_is_written_to(node: Node, tmp_path: Path) -> None:
    key = made(node, tmp_path / "b")
    with (tmp_path / "b").open("rb") as file:
        settings = orjson.loads(next(sealed.lines(file, key, BACKUP)))["settings"]
    elsewhere = settings.replace('"node.sqlite"', f'"{tmp_path}/elsewhere.sqlite"')
    assert elsewhere != settings
    restore(rewritten(tmp_path / "b", key, settings=elsewhere), tmp_path / "again", key)
    assert not (tmp_path / "elsewhere.sqlite").exists()
    assert (tmp_path / "again" / "node.sqlite").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="there is no file"):
        restore(tmp_path / "none", tmp_path / "again", PrivateKey.from_seed(b"k" * 32))
