"""Places are kept in the smaller of two forms, and come back as they were put in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.store.postings import BLOCK_RECORDS, appended, mask_of, packed, places_of, unpacked

PLACES = st.sets(st.integers(0, BLOCK_RECORDS - 1), max_size=60)


@given(PLACES)
def test_places_come_back_the_last_first(places: set[int]) -> None:
    assert sorted(places, reverse=True) == list(places_of(unpacked(packed(mask_of(places)))))


@given(PLACES, st.integers(0, BLOCK_RECORDS))
def test_appending_is_packing_all_of_it(places: set[int], border: int) -> None:
    before, after = {place for place in places if place < border}, sorted(place for place in places if place >= border)
    assert packed(mask_of(places)) == appended(packed(mask_of(before)), after)


@pytest.mark.parametrize(("count", "octets"), [(0, 0), (1, 2), (1_023, 2_046), (1_024, 2_048), (BLOCK_RECORDS, 2_048)])
def test_the_form_is_the_smaller_one(count: int, octets: int) -> None:
    kept = packed(mask_of(range(count)))
    assert (octets, count) == (len(kept), unpacked(kept).bit_count())
    assert kept == appended(packed(mask_of(range(count // 2))), list(range(count // 2, count)))
