"""Backup, restore and rejoin by the command line; a node that has not rejoined refuses every command with one message."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from accord.node.backup import BACKUP_KEY
from tests.cli.test_commands import DONE, OTHERS_TURN, REFUSED, TERMS, Run
from tests.cli.test_commands import accord as accord
from tests.cli.test_commands import nodes as nodes
from tests.cli.test_commands import publication as publication
from tests.stories.alliance import OFFICER, indicator

ONE_MESSAGE = "has not rejoined; awaited: KG"


@pytest.fixture
def restored(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> Path:
    """KZ as it stands up from its backup; nobody of the others is reached."""
    made = accord("backup", nodes["KZ"], tmp_path / "kz.backup", "--json")
    assert (DONE, str(nodes["KZ"] / BACKUP_KEY)) == (made.status, made.json["made_key"])
    assert accord("backup", nodes["KZ"], tmp_path / "kz.backup", "--json").json["made_key"] is None
    shutil.move(nodes["KZ"] / BACKUP_KEY, tmp_path / "backup.key")
    shutil.rmtree(nodes["KZ"])
    words = (tmp_path / "kz.backup", nodes["KZ"], "--key", tmp_path / "backup.key")
    assert "It has still to rejoin" in accord("restore", *words).out
    again = accord("restore", *words)
    assert (REFUSED, True) == (again.status, "is a node's folder already" in again.err)
    return nodes["KZ"]


EVERY_OTHER_COMMAND: tuple[tuple[str, ...], ...] = (
    ("sync", "DIR"),
    ("status", "DIR"),
    ("audit", "DIR"),
    ("publish", "DIR", "FILE", "--as", OFFICER, "--to", "KG", *TERMS),
    ("recall", "DIR", indicator(1)["id"], "--as", OFFICER, "--reason", "withdrawn"),
    ("recalls", "DIR"),
    ("import", "DIR", "FILE", "--source", "Feed"),
    ("release", "DIR", "--source", "Feed", "--as", OFFICER, "--to", "KG", *TERMS),
    ("confirm", "DIR", indicator(1)["id"], "--as", OFFICER),
    ("officer", "add", "DIR", "N. Sadyrov", "--role", "officer"),
    ("client", "add", "DIR", "tool", "--read"),
    ("declined", "DIR"),
    ("backup", "DIR", "FILE"),
)


def test_a_node_that_has_not_rejoined_does_nothing_else(accord: Run, restored: Path, publication: Path) -> None:
    places = {"DIR": restored, "FILE": publication}
    for words in EVERY_OTHER_COMMAND:
        said = accord(*(places.get(word, word) for word in words))
        assert (OTHERS_TURN, "", True) == (said.status, said.out, ONE_MESSAGE in said.err), words[0]


def test_it_does_not_serve_either_and_names_who_is_awaited(accord: Run, restored: Path) -> None:
    for command in ("run", "rejoin"):
        said = accord(command, restored)
        assert (OTHERS_TURN, "") == (said.status, said.out)
        assert "KG is awaited: contact: no address of KG is known" in said.err
    assert DONE == accord("peer", "add", restored, "KG", "http://127.0.0.1:9").status
    assert "KG does not answer" in accord("rejoin", restored).err


def test_a_member_that_is_gone_is_recorded_by_name_and_the_node_opens(accord: Run, restored: Path, publication: Path) -> None:
    nameless = accord("rejoin", restored, "--gone", "KG")
    assert (REFUSED, True) == (nameless.status, "--as NAME" in nameless.err)
    done = accord("rejoin", restored, "--gone", "KG", "--as", OFFICER, "--json")
    assert (DONE, {"member": "KZ", "journal": "sco.example/KZ/journal/2", "waits_for": ["KG"]}) == (done.status, done.json)
    refused = accord("publish", restored, publication, "--as", OFFICER, "--to", "KG", *TERMS)
    assert (REFUSED, True) == (refused.status, "KG has not given back yet" in refused.err)
    assert DONE == accord("audit", restored).status


def test_the_wrong_key_opens_nothing(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> None:
    assert DONE == accord("backup", nodes["KZ"], tmp_path / "b").status
    said = accord("restore", tmp_path / "b", tmp_path / "again", "--key", tmp_path / "KZ.key")
    assert (REFUSED, True) == (said.status, "not sealed to this key" in said.err)
    assert not (tmp_path / "again").exists()
