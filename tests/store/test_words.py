"""Search terms: folded, refanged, in pieces where a person would look for a piece, and two Chinese characters are a word."""

from __future__ import annotations

import pytest

from accord.seal.canonical import Fields
from accord.store.words import TERM_CHARACTERS_MAX, TERMS_PER_RECORD_MAX, beginning_of, terms_of, terms_of_record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Фишинг", ["фишинг"]),
        ("电网", ["电网"]),
        ("电", ["电"]),
        ("网络攻击", ["网络", "络攻", "攻击"]),
        ("relay[.]example", ["relay.example", "relay", "example"]),
        ("hxxp://a[.]example", ["http", "a.example", "a", "example"]),
        ("a.b-c.example", ["a.b-c.example", "b-c.example", "a", "b", "c", "example"]),
        ("192.0.2.7", ["192.0.2.7", "192", "0", "2", "7"]),
        ("hxxps[://]a(dot)example", ["https", "a.example", "a", "example"]),
        ("clerk[at]a[.]example", ["clerk", "a.example", "a", "example"]),
        ("ＦＵＬＬ Width", ["full", "width"]),
        ("8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", ["8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]),
        ("x" * 128, ["x" * TERM_CHARACTERS_MAX]),
        ("", []),
        ("— … !", []),
    ],
)
def test_terms_of_a_text(text: str, expected: list[str]) -> None:
    assert expected == list(terms_of(text))


def test_terms_of_a_record_are_those_of_its_texts_without_keys_times_and_its_own_name() -> None:
    record: Fields = {
        "type": "note",
        "id": "note--00000001-0000-4000-8000-000000000000",
        "spec_version": "2.1",
        "created": "2026-11-23T09:00:00.000Z",
        "content": "Lantern",
        "labels": ["grey"],
        "x": {"deep": [{"type": "kept"}], "number": 7},
        "object_refs": ["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"],
    }
    assert {"lantern", "grey", "kept", "indicator", "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"} == terms_of_record(record)


def test_a_record_of_more_words_than_the_limit_is_found_by_some_of_them() -> None:
    found = terms_of_record({"texts": [f"word{number}" for number in range(TERMS_PER_RECORD_MAX + 50)]})
    assert TERMS_PER_RECORD_MAX == len(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Lant", "lant"), ("relay[.]gr", "relay.gr"), ("网", "网"), ("网络", None), ("two words", None), ("", None), ("…", None)],
)
def test_the_beginning_of_a_word(text: str, expected: str | None) -> None:
    assert expected == beginning_of(text)
