"""A consent is read back as it was printed, and nothing else is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Fields
from accord.stix.consent import Consent, Use, purpose_digest
from accord.stix.control import Control, Kind, NoticeCode
from accord.stix.statement import RECIPIENTS_MAX, STATEMENT_RECORDS_MAX, UPSTREAM_DEPTH_MAX

CONSENT = Consent(
    id="accord-consent--2f0d9c1e-5a53-4b0e-8a51-6d0b1f3c7e10",
    made_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    by="KZ",
    holder="KG",
    users=("TJ", "UZ"),
    use=Use.PASSING_ON,
    statement="accord-release--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11",
    basis="SC/7",
    purpose=purpose_digest("prevention of an attack"),
    commitments=(bytes(32), bytes([1]) * 32),
)
RECALL = Control(Kind.RECALL, "accord-recall--2f0d9c1e-5a53-4b0e-8a51-6d0b1f3c7e10", CONSENT.made_at, "KZ", (bytes(32),), "withdrawn")


def test_parser_and_printer_are_inverse() -> None:
    assert CONSENT == Consent.parse(CONSENT.fields())
    assert CONSENT == Consent.parse({**CONSENT.fields(), "signatures": []})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("users", []),
        ("users", ["UZ", "TJ"]),
        ("users", ["TJ", "TJ"]),
        ("users", [1]),
        ("use", "reading"),
        ("purpose", "prevention of an attack"),
        ("commitments", []),
        ("commitments", ["AA=="]),
        ("commitments", ["*"]),
        ("statement", "report--6f1c0f5e-0d43-4d0a-9f5c-3d6f0a6f2b11"),
        ("id", "accord-recall--2f0d9c1e-5a53-4b0e-8a51-6d0b1f3c7e10"),
        ("remark", "free text"),
        ("basis", "they met on Tuesday"),
        ("holder", "K" * 41),
        ("users", ["by the river"]),
        ("spec_version", "2.0"),
    ],
)
def test_another_form_is_refused(name: str, value: JSON) -> None:
    with pytest.raises(Malformed):
        Consent.parse({**CONSENT.fields(), name: value})


def test_one_past_each_limit_is_refused_by_its_name() -> None:
    users = tuple(f"M{number:03}" for number in range(RECIPIENTS_MAX + 1))
    sealed = tuple(number.to_bytes(32) for number in range(STATEMENT_RECORDS_MAX + 1))
    for consent, limit in (
        (replace(CONSENT, users=users), "RECIPIENTS_MAX"),
        (replace(CONSENT, commitments=sealed), "STATEMENT_RECORDS_MAX"),
    ):
        with pytest.raises(LimitReached, match=limit):
            Consent.parse(consent.fields())


def test_a_consent_is_no_control_record_of_the_common_shape() -> None:
    with pytest.raises(Malformed):
        Control.parse(CONSENT.fields())


def test_a_notice_has_a_code_of_the_closed_list_and_may_name_nothing() -> None:
    notice = replace(RECALL, kind=Kind.NOTICE, id=RECALL.id.replace("recall", "notice"), code=NoticeCode.LOST.value, commitments=())
    assert notice == Control.parse(notice.fields())
    with pytest.raises(Malformed, match="closed list"):
        Control.parse(replace(notice, code="breach/other").fields())


def test_a_recall_holds_the_recalls_it_obeys_up_to_the_limit_and_nothing_else_does() -> None:
    behind: Fields = RECALL.fields()
    for _ in range(UPSTREAM_DEPTH_MAX):
        held = replace(RECALL, upstream=behind)
        assert held == Control.parse(held.fields())
        behind = held.fields()
    with pytest.raises(LimitReached, match="UPSTREAM_DEPTH_MAX"):
        Control.parse(replace(RECALL, upstream=behind).fields())
    erased = replace(RECALL, kind=Kind.ERASED, id=RECALL.id.replace("recall", "erased"), upstream=RECALL.fields())
    with pytest.raises(Malformed, match="upstream is the recall"):
        Control.parse(erased.fields())
