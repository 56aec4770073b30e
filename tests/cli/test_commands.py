"""The command line as people and scripts use it: an alliance founded and used by commands alone; exit statuses; words that say what to do."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
import uvicorn

from accord.cli.app import main
from accord.node.build import application, opened
from tests.stories.alliance import OFFICER, indicator

DONE, REFUSED, WRONG_CALL, OTHERS_TURN = 0, 1, 2, 3
TERMS = ("--basis", "SC/7", "--purpose", "prevention of an attack", "--tlp", "amber", "--grade", "B2", "--review", "2027-06-30")
READING = ("--as", OFFICER, "--purpose", "prevention of an attack")


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def accord(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["accord", *map(str, words)])
        try:
            main()
            status = DONE
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else DONE
        out, err = capsys.readouterr()
        return Said(status, out, err)

    return run


@pytest.fixture
def nodes(accord: Run, tmp_path: Path) -> dict[str, Path]:
    """Two nodes founded as the README says."""
    publics = {name: accord("key", "new", tmp_path / f"{name}.key", "--json").json["public"] for name in ("KZ", "KG")}
    charter = tmp_path / "charter.json"
    members = [word for name, public in publics.items() for word in ("--member", f"{name}={public}")]
    digest = accord("charter", "found", "sco", *members, "--out", charter, "--json").json["digest"]
    for name in publics:
        assert DONE == accord("charter", "sign", charter, "--member", name, "--key", tmp_path / f"{name}.key").status
    assert DONE == accord("charter", "check", charter).status
    folders = {}
    for name in publics:
        folder = tmp_path / name
        words = ("--charter", charter, "--member", name, "--charter-digest", digest, "--root-key", tmp_path / f"{name}.key")
        assert DONE == accord("init", folder, *words).status
        assert DONE == accord("officer", "add", folder, OFFICER, "--role", "officer").status
        folders[name] = folder
    return folders


@pytest.fixture
def publication(tmp_path: Path) -> Path:
    path = tmp_path / "indicator.json"
    path.write_text(json.dumps(indicator(1)), encoding="utf-8")
    return path


def test_an_alliance_is_founded_and_used_by_commands_alone(accord: Run, nodes: dict[str, Path], publication: Path) -> None:
    node = nodes["KZ"]
    preview = accord("publish", node, publication, "--as", OFFICER, "--to", "KG", *TERMS, "--preview", "--json")
    assert (DONE, [{"recipient": "KG", "article": "SC/7"}]) == (preview.status, preview.json["released"])
    assert [] == accord("status", node, "--json").json["holdings"]

    published = accord("publish", node, publication, "--as", OFFICER, "--to", "KG", *TERMS, "--json").json
    assert (1, preview.json["released"]) == (published["records"], published["released"])
    assert indicator(1)["id"] == accord("search", node, "lantern", *READING, "--json").json["found"][0]["id"]
    assert indicator(1) == accord("show", node, indicator(1)["id"], *READING, "--json").json["content"]
    assert {"sco.example/KZ/KG/1": 2}.items() <= {log["name"]: log["size"] for log in accord("audit", node, "--json").json["logs"]}.items()
    assert "holds" in accord("audit", node).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--as OFFICER"),
        (("--as", OFFICER), "beginning with one of identification, prevention, suppression"),
        (("--as", OFFICER, "--purpose", "curiosity"), "S-01/listed"),
    ],
)
def test_who_reads_says_who_and_what_for(accord: Run, nodes: dict[str, Path], publication: Path, words: tuple[str, ...], said: str) -> None:
    assert DONE == accord("publish", nodes["KZ"], publication, "--as", OFFICER, "--to", "KG", *TERMS).status
    refused = accord("show", nodes["KZ"], indicator(1)["id"], *words)
    assert (REFUSED, "") == (refused.status, refused.out)
    assert said in refused.err


def test_the_law_is_explained_with_its_articles(accord: Run, nodes: dict[str, Path]) -> None:
    told = accord("law", nodes["KZ"], "--from", "KZ", "--to", "BY", "--on", "2024-07-05", "--json").json
    assert {"SC/7"} <= {f"{item['instrument']}/{item['article']}" for item in told["permits"]}
    before = accord("law", nodes["KZ"], "--from", "KZ", "--to", "BY", "--on", "2024-07-03", "--json").json
    assert [] == before["permits"]
    assert before["forbids"]
    assert {"from", "to", "on", "permits", "forbids"} == set(told)


def test_an_unknown_member_of_a_law_question_is_a_wrong_call(accord: Run, nodes: dict[str, Path]) -> None:
    assert WRONG_CALL == accord("law", nodes["KZ"], "--from", "KZ", "--to", "ZZ").status


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "KG", "--basis", "DB/3"), "DB/3"),
        (("--to", ""), "an empty audience is nobody"),
        (("--to", "ZZ"), "ZZ"),
        (("--to", "KG", "--tlp", "purple"), "TLP"),
        (("--to", "KG", "--grade", "Q9"), "grade"),
        (("--to", "KG", "--review", "soon"), "date"),
        (("--to", "KG", "--category", "alien"), "category"),
        (("--to", "KG", "--handling", "H9"), "handling"),
    ],
)
def test_a_refusal_is_status_1_says_why_and_what_to_do(
    accord: Run, nodes: dict[str, Path], publication: Path, words: tuple[str, ...], said: str
) -> None:
    refused = accord("publish", nodes["KZ"], publication, "--as", OFFICER, *TERMS, *words)
    assert (REFUSED, "") == (refused.status, refused.out)
    assert said.lower() in refused.err.lower()
    assert "Traceback" not in refused.err


def test_a_file_that_breaks_the_standard_is_refused_with_path_and_clause(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps({**indicator(1), "valid_from": "yesterday"}), encoding="utf-8")
    refused = accord("publish", nodes["KZ"], path, "--as", OFFICER, "--to", "KG", *TERMS)
    assert REFUSED == refused.status
    assert "valid_from" in refused.err
    assert "STIX 2.1" in refused.err
    assert "accord import" in refused.err


def test_an_import_is_released_on_an_officers_word(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "feed.ndjson"
    path.write_text("\n".join(json.dumps(item) for item in (indicator(1), {**indicator(2), "labels": []})), encoding="utf-8")
    imported = accord("import", nodes["KZ"], path, "--source", "Invented feed", "--json").json
    assert (2, 1) == (imported["kept"], imported["annotated"])
    words = ("release", nodes["KZ"], "--source", "Invented feed", "--as", OFFICER, "--to", "KG", *TERMS)
    assert REFUSED == accord(*words).status
    assert 2 == accord(*words, "--word", "seen and wanted", "--json").json["records"]


def test_a_peer_that_is_silent_is_status_3_and_named(accord: Run, nodes: dict[str, Path]) -> None:
    assert DONE == accord("peer", "add", nodes["KZ"], "KG", "http://127.0.0.1:9").status
    silent = accord("sync", nodes["KZ"], "--json")
    assert (OTHERS_TURN, False, "contact") == (silent.status, silent.json["peers"][0]["ok"], silent.json["peers"][0]["duty"])


def test_a_wrong_call_is_status_2(accord: Run) -> None:
    assert WRONG_CALL == accord("publish").status
    assert WRONG_CALL == accord("no-such-command").status


def test_a_folder_that_is_no_node_is_the_operators_turn(accord: Run, tmp_path: Path) -> None:
    said = accord("status", tmp_path)
    assert OTHERS_TURN == said.status
    assert "accord init" in said.err


def test_a_charter_that_is_not_the_one_pinned_stops_init(accord: Run, tmp_path: Path) -> None:
    trial = accord("init", tmp_path / "trial", "--charter", "sco", "--member", "KZ", "--json")
    assert (DONE, "KZ") == (trial.status, trial.json["member"])
    other = tmp_path / "trial" / "charter.json"
    refused = accord("init", tmp_path / "again", "--charter", other, "--member", "KZ", "--charter-digest", "sha256:" + "0" * 64)
    assert REFUSED == refused.status
    assert "digest" in refused.err


def test_an_init_that_is_refused_leaves_nothing_behind(accord: Run, nodes: dict[str, Path], tmp_path: Path) -> None:
    charter, folder = tmp_path / "charter.json", tmp_path / "new"
    for words, said in (
        (("--charter", charter, "--member", "KZ"), "another root key"),
        (("--charter", charter, "--member", "KZ", "--root-key", tmp_path / "KG.key"), "another root key"),
        (("--charter", charter, "--member", "KG", "--root-key", tmp_path / "KG.key", "--charter-digest", "sha256:" + "0" * 64), "digest"),
        (("--charter", charter, "--member", "UZ"), "no root key"),
        (("--charter", "sco", "--member", "KZ", "--charter-digest", "sha256:" + "0" * 64), "digest"),
    ):
        refused = accord("init", folder, *words)
        assert REFUSED == refused.status
        assert said in refused.err
        assert not folder.exists()


def test_an_init_over_a_key_that_was_in_use_is_refused_and_changes_nothing(accord: Run, tmp_path: Path) -> None:
    key = tmp_path / "node" / "keys" / "witness.key"
    key.parent.mkdir(parents=True)
    key.write_text("in use\n", encoding="utf-8")
    refused = accord("init", tmp_path / "node", "--charter", "sco", "--member", "KZ")
    assert REFUSED == refused.status
    assert "not overwritten" in refused.err
    assert [key] == [path for path in (tmp_path / "node").rglob("*") if path.is_file()]
    assert "in use\n" == key.read_text(encoding="utf-8")


def test_a_demo_whose_port_is_taken_leaves_nothing_behind(accord: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = accord("demo", "--once", "--dir", tmp_path / "demo", "--port", taken.getsockname()[1])
    assert OTHERS_TURN == said.status
    assert "is in use" in said.err
    assert not (tmp_path / "demo").exists()


def test_one_thing_is_said_as_one(accord: Run, nodes: dict[str, Path], publication: Path) -> None:
    said = accord("publish", nodes["KZ"], publication, "--as", OFFICER, "--to", "KG", *TERMS)
    assert said.out.startswith("published 1 record in 1 statement\n")
    lines = [line.strip() for line in accord("status", nodes["KZ"]).out.splitlines()]
    assert ["holds 1 record (own, KZ)", "to KG: 2 objects, 0 receipted", "from KG: 0 objects, 0 declined"] == lines[1:]


def test_help_teaches_and_names_every_command(accord: Run) -> None:
    said = accord("--help").out
    for command in ("demo", "init", "run", "publish", "import", "release", "sync", "search", "show", "law", "audit", "charter", "officer"):
        assert command in said
    assert "--preview" in accord("publish", "--help").out


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A node on a free port of this machine."""
    with opened(folder) as node:
        config = uvicorn.Config(application(node), host="127.0.0.1", port=0, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                sleep(0.01)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_another_members_node_is_audited_from_outside(accord: Run, nodes: dict[str, Path], publication: Path) -> None:
    assert DONE == accord("publish", nodes["KZ"], publication, "--as", OFFICER, "--to", "KG", *TERMS).status
    with served(nodes["KZ"]) as url:
        assert DONE == accord("peer", "add", nodes["KG"], "KZ", url).status
        synced = accord("sync", nodes["KG"], "--json")
        assert (DONE, []) == (synced.status, synced.json["evidence"])
        said = accord("audit", url, "--as", nodes["KG"], "--json")
        assert (DONE, True, "KZ") == (said.status, said.json["holds"], said.json["member"])
        logs = {log["name"]: log["size"] for log in said.json["logs"]}
        assert 2 == logs["sco.example/KZ/KG/1"]
        assert "sco.example/KZ/journal/1" in logs
        assert accord("audit", url, "--as", nodes["KG"]).out.endswith("holds\n")
        assert REFUSED == accord("audit", url).status
    assert OTHERS_TURN == accord("audit", url, "--as", nodes["KG"]).status
    own = accord("audit", nodes["KG"], "--json").json
    assert ([], {"sco.example/KZ/KG/1": 1}) == (own["evidence"], {log["name"]: log["receipts"] for log in own["logs"] if log["receipts"]})


def test_a_node_whose_port_is_taken_does_not_say_that_it_serves(accord: Run, nodes: dict[str, Path]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = accord("run", nodes["KZ"], "--port", port)
    assert (OTHERS_TURN, "") == (said.status, said.out)
    assert f"port {port} on 127.0.0.1 cannot be used" in said.err
    assert "choose another port with --port" in said.err
