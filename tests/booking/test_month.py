"""The month on a profile: days with times are links, and so are the months that have some."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.pages.booking.month import month_of

TODAY = date(2026, 11, 27)
DAYS = st.lists(st.integers(0, 61), unique=True, min_size=1).map(
    lambda numbers: [TODAY + timedelta(days=one) for one in sorted(numbers)]
)


def test_weeks_begin_on_sunday_and_those_that_are_over_are_left_out() -> None:
    shown = month_of(TODAY, [TODAY], TODAY, date.isoformat)
    numbers = [[day.number if day else None for day in week] for week in shown.weeks]
    assert numbers == [[22, 23, 24, 25, 26, 27, 28], [29, 30, None, None, None, None, None]]
    assert shown.title == "November 2026"


def test_the_ways_lead_to_the_first_day_with_times_of_the_next_month_that_has_some() -> None:
    free = [TODAY, date(2026, 12, 7), date(2026, 12, 9), date(2027, 1, 20)]
    december = month_of(free[1], free, TODAY, date.isoformat)
    assert december.earlier_url == "2026-11-27"
    assert december.later_url == "2027-01-20"
    january = month_of(free[3], free, TODAY, date.isoformat)
    assert january.earlier_url == "2026-12-07"
    assert january.later_url == ""


@given(DAYS)
def test_any_day_with_times_is_three_presses_away(free: list[date]) -> None:
    at = free[0]
    for wanted in free:
        presses, shown = 0, month_of(at, free, TODAY, date.isoformat)
        while wanted.isoformat() not in {
            day.url for week in shown.weeks for day in week if day is not None
        }:
            shown = month_of(date.fromisoformat(shown.later_url), free, TODAY, date.isoformat)
            presses += 1
        assert presses + 1 <= 3
