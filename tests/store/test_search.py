"""A search is read once and written back as it was read; what cannot be looked for is refused with its part."""

from __future__ import annotations

from datetime import date

import pytest

from accord.errors import LimitReached, Malformed
from accord.store.search import QUERY_CHARACTERS_MAX, QUERY_TERMS_MAX, Search

INDICATOR = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Search()),
        ("Grey lantern", Search(terms=("grey", "lantern"))),
        ("网络攻击", Search(terms=("攻击", "络攻", "网络"))),
        ("lant* 网*", Search(beginnings=("lant", "网"))),
        ('"Grey  Lantern"', Search(terms=("grey", "lantern"), phrases=("grey lantern",))),
        ('type:indicator from:"Invented feed" from:KG', Search(traits=(("from", "Invented feed"), ("from", "KG"), ("type", "indicator")))),
        (f"{INDICATOR} id:{INDICATOR}", Search(ids=(INDICATOR,))),
        ("since:2026-11-01 until:2026-11-30", Search(since=date(2026, 11, 1), until=date(2026, 11, 30))),
        ("https://a[.]example", Search(terms=("a", "a.example", "example", "https"))),
    ],
)
def test_a_search_is_read_and_written(text: str, expected: Search) -> None:
    assert expected == Search.parse(text)
    assert expected == Search.parse(str(expected))


@pytest.mark.parametrize(
    "text",
    [
        "two* since:yesterday",
        "网络* ",
        "a.b/c*",
        "x" * (QUERY_CHARACTERS_MAX + 1),
        " ".join(f"w{number}" for number in range(QUERY_TERMS_MAX + 1)),
    ],
)
def test_what_cannot_be_looked_for_is_refused(text: str) -> None:
    with pytest.raises((Malformed, LimitReached)):
        Search.parse(text)
