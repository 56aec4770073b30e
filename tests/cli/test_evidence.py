"""`accord evidence`: a file written by one member is checked by another, on the command line."""

from __future__ import annotations

from pathlib import Path

from accord.desk import watch
from accord.ledger.checkpoint import Checkpoint, sign
from tests.cli.test_commands import DONE, OTHERS_TURN, REFUSED, Run, accord  # noqa: F401 - a fixture is found by its name.
from tests.stories.alliance import founded


def test_what_one_member_writes_down_another_checks(accord: Run, tmp_path: Path) -> None:  # noqa: F811 - the fixture of that name.
    file = tmp_path / "against-tj.jsonl"
    with founded(tmp_path) as alliance:
        alliance.sync("KZ", "TJ")
        means, liar = alliance.means("KZ"), alliance.means("TJ")
        assert REFUSED == accord("evidence", "write", tmp_path / "KZ", file).status
        assert not file.exists()
        first, second = (sign(Checkpoint(liar.journal, 7, bytes([number]) * 32), key=liar.signers.log) for number in (1, 2))
        with means.database.writing() as transaction:
            watch.keep_evidence(means, transaction, liar.journal, first, second, watch.SPLIT, now=alliance.clock())
    assert f"{file} holds 1 pair of checkpoints\n" == accord("evidence", "write", tmp_path / "KZ", file).out
    assert REFUSED == accord("evidence", "write", tmp_path / "KZ", file).status, "a file that exists is not overwritten"
    said = accord("evidence", "check", file, "--as", tmp_path / "KG")
    assert (DONE, f"{liar.journal}: TJ signed both checkpoints, of sizes 7 and 7; they cannot both be true\n") == (said.status, said.out)
    file.write_text(file.read_text(encoding="utf-8").replace('"log":"sco.example/TJ', '"log":"sco.example/KG'), encoding="utf-8")
    said = accord("evidence", "check", file, "--as", tmp_path / "KG")
    assert OTHERS_TURN == said.status
    assert "evidence: line 1 is no evidence" in said.err
