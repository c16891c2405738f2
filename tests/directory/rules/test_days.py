"""Which day it is where a licence counts, and where one day ends and the next begins."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.days import day_in_words, end_of_day, local_day, working_days_after
from directory.taxonomy import STATES

INSTANT = timedelta(microseconds=1)
LAST_OF_FEBRUARY = date(2027, 2, 28)


@pytest.mark.parametrize(
    ("state", "at", "day"),
    [
        ("WA", datetime(2027, 3, 1, 7, 59, tzinfo=UTC), LAST_OF_FEBRUARY),  # 23:59 in Seattle
        ("WA", datetime(2027, 3, 1, 8, 0, tzinfo=UTC), date(2027, 3, 1)),
        ("GU", datetime(2027, 2, 28, 14, 0, tzinfo=UTC), date(2027, 3, 1)),  # Guam is ahead of UTC
        ("", datetime(2027, 3, 1, 10, 59, tzinfo=UTC), LAST_OF_FEBRUARY),  # American Samoa
        ("", datetime(2027, 3, 1, 11, 0, tzinfo=UTC), date(2027, 3, 1)),
        ("XX", datetime(2027, 3, 1, 10, 59, tzinfo=UTC), LAST_OF_FEBRUARY),  # as with none
    ],
)
def test_the_day_is_the_states_own(state: str, at: datetime, day: date) -> None:
    assert local_day(state, at) == day


def test_an_instant_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match=r"^an instant must know its zone$"):
        local_day("WA", datetime(2027, 3, 1))  # noqa: DTZ001  # the fault under test


@pytest.mark.parametrize(
    ("state", "day", "end"),
    [
        ("WA", LAST_OF_FEBRUARY, datetime(2027, 3, 1, 8, tzinfo=UTC)),  # into the next month
        ("WA", date(2027, 12, 31), datetime(2028, 1, 1, 8, tzinfo=UTC)),  # into the next year
        ("WA", date(2027, 3, 14), datetime(2027, 3, 15, 7, tzinfo=UTC)),  # a day of 23 hours
        ("GU", LAST_OF_FEBRUARY, datetime(2027, 2, 28, 14, tzinfo=UTC)),
        ("", LAST_OF_FEBRUARY, datetime(2027, 3, 1, 11, tzinfo=UTC)),  # when it ends everywhere
        ("XX", LAST_OF_FEBRUARY, datetime(2027, 3, 1, 11, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_day_is_the_states_own_midnight(state: str, day: date, end: datetime) -> None:
    assert end_of_day(state, day) == end


@given(st.sampled_from(["", *STATES]), st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_day_lasts_until_its_end_and_not_an_instant_longer(state: str, day: date) -> None:
    end = end_of_day(state, day).astimezone(UTC)
    assert local_day(state, end - INSTANT) == day
    assert local_day(state, end) == day + timedelta(days=1)


MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days_on", "count", "expected"),
    [
        (0, 0, 0),
        (0, 1, 1),  # Monday → Tuesday
        (0, 4, 4),  # Monday → Friday
        (0, 5, 7),  # Monday → Monday: five working days are a week
        (3, 1, 4),  # Thursday → Friday
        (3, 2, 7),  # Thursday → Monday, over the weekend
        (4, 1, 7),  # Friday → Monday
        (5, 1, 7),  # Saturday → Monday
        (6, 1, 7),  # Sunday → Monday
        (5, 0, 5),  # no working day later is the same day, whichever it is
        (4, 10, 18),  # two weeks
    ],
)
def test_working_days_leave_out_weekends(days_on: int, count: int, expected: int) -> None:
    start, end = MONDAY + timedelta(days=days_on), MONDAY + timedelta(days=expected)
    assert working_days_after(start, count) == end


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def test_a_day_is_said_in_english() -> None:
    firsts = [day_in_words(date(2027, month, 1)) for month in range(1, 13)]
    assert firsts == [f"1 {word} 2027" for word in MONTHS]
    assert day_in_words(date(2028, 2, 29)) == "29 February 2028"
