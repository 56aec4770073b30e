"""Language codes: the grammar of RFC 5646 and the languages of ISO 639."""

from __future__ import annotations

import pytest

from accord.stix.language import is_language_code, is_language_tag


@pytest.mark.parametrize(
    "tag",
    [
        "ru",
        "en",
        "EN-us",
        "kk-Cyrl",
        "zh-Hans-CN",
        "zh-cmn-Hans",
        "es-419",
        "de-CH-1996",
        "sl-rozaj-biske",
        "kok",
        "uz-Latn-UZ-x-office",
        "en-u-ca-islamic",
        "qaa",
    ],
)
def test_a_code_is_recognised(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "xx", "bbb", "eng", "russian", "ru_RU", "ru-", "-ru", "r", "ru--RU", "ru-RUS1", "рус", "ru\n", "x-private", "en" + "-aaaaa" * 20],
)
def test_another_text_is_none(tag: str) -> None:
    assert not is_language_tag(tag)


def test_software_may_name_its_languages_in_the_older_way() -> None:
    assert [True, True, True, False] == [is_language_code(text) for text in ("eng", "RUS", "ru", "bbb")]
