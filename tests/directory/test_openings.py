"""Which openings a listing keeps whole: the soonest, and some of each of the next days."""

from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from directory.listings.openings import CARD_DAYS, MOST_OPENINGS, OF_A_DAY, first_of_days, is_full

ZONES = ("America/New_York", "Pacific/Honolulu", "Asia/Kathmandu", "Australia/Lord_Howe")
START = int(datetime(2026, 10, 28, tzinfo=UTC).timestamp()) // 60  # before the clocks go back


def day_of(minute: int, zone: str) -> date:
    return datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).date()


@given(
    st.sets(st.integers(0, 20 * 24 * 4), max_size=120),
    st.sampled_from(ZONES),
)
def test_the_soonest_and_the_first_of_each_of_the_next_days(quarters: set[int], zone: str) -> None:
    starts = sorted(START + 15 * quarter for quarter in quarters)
    by_day = groupby(starts, lambda at: day_of(at, zone))
    first = [at for _, day in islice(by_day, CARD_DAYS) for at in islice(day, OF_A_DAY)]

    assert first_of_days(starts, zone) == sorted({*starts[:MOST_OPENINGS], *first})


def test_later_days_can_change_something_until_there_are_enough_openings_on_enough_days() -> None:
    day = date(2026, 11, 27)
    days = [day + timedelta(days=n) for n in range(20)]

    assert is_full([one for one in days[:5] for _ in range(3)])
    assert is_full(days[:12])
    assert not is_full([day] * 12), "a card shows more days than this one"
    assert not is_full(days[:11])
