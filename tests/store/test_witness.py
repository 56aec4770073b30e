"""Evidence remembered: enough of each kind, so that what a hostile line brings about takes no place from what convicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from accord.store import witness
from accord.store.database import Database, open_database
from accord.store.witness import EVIDENCE_PER_LOG_MAX, Evidence


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "node.sqlite")) as opened:
        yield opened


def found(number: int, says: str, proof: str = "") -> Evidence:
    return Evidence("sco.example/KZ/journal/1", "held", f"offered {number}", says, f"2026-11-23T09:00:00.{number:06d}Z", proof)


def test_questions_beyond_the_limit_are_not_kept_and_a_proof_still_is(database: Database) -> None:
    questions = [found(number, "shrank") for number in range(EVIDENCE_PER_LOG_MAX + 1)]
    proofs = [found(100, "rewritten", "a proof"), found(101, "split")]
    with database.writing() as transaction:
        assert [True] * EVIDENCE_PER_LOG_MAX + [False] == [witness.keep_evidence(transaction, item) for item in questions]
        assert [False, True, True] == [witness.keep_evidence(transaction, item) for item in (questions[0], *proofs)]
        assert [*questions[:-1], *proofs] == witness.evidence_all(transaction)
