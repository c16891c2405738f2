"""The hours in which a listing has an opening, as they are packed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.listings.packed_columns import (
    HOURS,
    HOURS_BYTES,
    end_of_hours,
    pack_hours,
    repack_hours,
    unpack_hours,
)

TODAY = 20_780  # days since the epoch
FIRST = 24 * TODAY
minutes = st.integers(60 * (FIRST - 30), 60 * (FIRST + HOURS + 30) - 1)
starts = st.sets(minutes, max_size=60)


def hours_of(some: set[int]) -> list[int]:
    return sorted({one // 60 for one in some if FIRST <= one // 60 < FIRST + HOURS})


@given(starts)
def test_hours_are_read_as_they_were_packed(some: set[int]) -> None:
    packed = pack_hours(some, TODAY)
    assert unpack_hours(packed) == hours_of(some)
    assert len(packed) == (HOURS_BYTES if hours_of(some) else 0)
    assert end_of_hours(packed) == (FIRST + HOURS if packed else 0)


@given(starts, starts, st.sets(st.integers(FIRST - 30, FIRST + HOURS + 30), max_size=80))
def test_hours_found_anew_replace_those_alone(old: set[int], new: set[int], anew: set[int]) -> None:
    old.add(60 * FIRST)
    kept = {one for one in old if one // 60 not in anew}
    come = {one for one in new if one // 60 in anew}
    repacked = repack_hours(pack_hours(old, TODAY), new, anew)
    assert repacked == pack_hours(kept | come, TODAY)


def test_hours_of_no_day_cannot_be_found_anew_in_part() -> None:
    with pytest.raises(ValueError, match="from which day"):
        repack_hours(b"", [60 * FIRST], [FIRST])
