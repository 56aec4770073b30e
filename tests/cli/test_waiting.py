"""Commands about what waits for a person: confirm and declined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from accord.cli.app import app
from accord.desk.declined import Declined, declined
from accord.errors import Refusal
from accord.node.build import opened
from accord.store import acts
from tests.stories.alliance import START
from tests.stories.test_confirmation import PERSON

TERMS = (
    "--to",
    "KG",
    "--basis",
    "SC/7",
    "--purpose",
    "prevention of an attack",
    "--tlp",
    "amber",
    "--grade",
    "B2",
    "--category",
    "suspect",
)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    _run("init", folder, "--charter", "sco", "--member", "KZ")
    _run("officer", "add", folder, "A. Bekova", "--role", "officer")
    _run("officer", "add", folder, "D. Serik", "--role", "approver")
    return folder


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert 0 == done.exit_code, done.output
    return done.stdout


def test_a_person_is_published_by_one_officer_after_another_confirmed(node: Path, tmp_path: Path) -> None:
    report = tmp_path / "person.json"
    report.write_text(json.dumps(PERSON), encoding="utf-8")
    words = ("publish", node, report, "--as", "A. Bekova", *TERMS, "--review", "2027-06-30", "--json")
    with pytest.raises(Refusal, match="S-20"):
        _run(*words)
    with pytest.raises(Refusal, match="S-20"):
        _run("confirm", node, PERSON["id"], "--as", "A. Bekova")
    said = json.loads(_run("confirm", node, PERSON["id"], "--as", "D. Serik", "--json"))
    assert (PERSON["id"], "A. Bekova", "officer", "D. Serik") == (said["id"], said["entered_by"], said["entered_as"], said["confirmed_by"])
    assert 1 == json.loads(_run(*words))["records"]


def test_declined_records_are_listed_with_their_ground(node: Path) -> None:
    assert [] == json.loads(_run("declined", node, "--json"))["declined"]
    assert "nothing was declined" in _run("declined", node)
    with opened(node) as found:
        with found.means.database.writing() as transaction:
            acts.keep_declined(transaction, collection=found.means.channel_from("KG"), position=4, ground="S-13: no category", now=START)
        assert [Declined("KG", 4, "S-13: no category", "2026-11-23T09:00:00.000000Z")] == declined(found.means)
    assert "2026-11-23T09:00:00 from KG, position 4: S-13: no category\n" == _run("declined", node)
