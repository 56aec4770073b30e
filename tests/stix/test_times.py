"""Timestamps: real days, and an order to any number of digits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.stix.times import instant, is_timestamp


@pytest.mark.parametrize(
    "text", ["2026-11-23T09:00:00Z", "2024-02-29T00:00:00.000Z", "2016-12-31T23:59:60Z", "2026-11-23T09:00:00.123456789012Z"]
)
def test_a_real_time_is_a_timestamp(text: str) -> None:
    assert is_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2025-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T09:00:61Z",
        "2026-11-23T09:00:00.Z",
        "2026-11-23T09:00:00+00:00",
        "2026-11-23t09:00:00z",
        "2026-11-23T09:00:00Z\n",
        "२०२६-11-23T09:00:00Z",
    ],
)
def test_another_text_is_not(text: str) -> None:
    assert not is_timestamp(text)


def test_trailing_zeros_change_no_instant() -> None:
    assert instant("2026-11-23T09:00:00Z") == instant("2026-11-23T09:00:00.000Z") == instant("2026-11-23T09:00:00.0Z")


def test_a_digit_beyond_what_a_clock_holds_still_counts() -> None:
    assert instant("2026-11-23T09:00:00.0000000001Z") > instant("2026-11-23T09:00:00Z")


MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants its bounds naive.


@given(MOMENTS, MOMENTS, st.booleans())
def test_instants_sort_as_the_moments_do(one: datetime, other: datetime, short: bool) -> None:
    left, right = f"{one:%Y-%m-%dT%H:%M:%S.%f}Z", f"{other:%Y-%m-%dT%H:%M:%S.%f}Z"
    if short:
        left = left.rstrip("Z0").rstrip(".") + "Z" if one.microsecond else left.replace(".000000", "")
    assert is_timestamp(left)
    assert (one < other) is (instant(left) < instant(right))
    assert (one == other) is (instant(left) == instant(right))
