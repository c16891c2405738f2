"""Days and instants as text."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from core.times import read_day, read_day_in_reach, read_instant, write_instant


@pytest.mark.parametrize(
    ("text", "day", "in_reach"),
    [
        ("2026-11-24", date(2026, 11, 24), True),
        ("2000-01-01", date(2000, 1, 1), True),
        ("1999-12-31", date(1999, 12, 31), False),  # before this century
        ("2099-12-31", date(2099, 12, 31), True),
        ("9999-12-31", date.max, False),  # a day, which no calendar reaches
        ("2026-02-30", None, False),  # no such day
        ("11/24/2026", None, False),  # as people type it: forms read that themselves
        ("", None, False),
    ],
)
def test_a_day_is_read_and_told_from_one_out_of_reach(
    text: str, day: date | None, in_reach: bool
) -> None:
    assert read_day(text) == day
    assert read_day_in_reach(text) == (day if in_reach else None)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T23:00:00Z", datetime(2026, 11, 24, 23, tzinfo=UTC)),
        ("2026-11-24T15:00:00-08:00", datetime(2026, 11, 24, 23, tzinfo=UTC)),
        (" 2026-11-25T00:00:00 01:00", datetime(2026, 11, 24, 23, tzinfo=UTC)),  # an unescaped plus
        ("2026-11-24T23:00:00", None),  # no offset: whose clock?
        ("2026-11-24", None),
        ("9999-12-31T23:59:59Z", None),  # centuries away
        ("soon", None),
    ],
)
def test_an_instant_is_read_with_its_offset_only(text: str, instant: datetime | None) -> None:
    assert read_instant(text) == instant


def test_an_instant_is_written_in_utc_to_the_second() -> None:
    at = datetime(2026, 11, 24, 15, 0, 30, 999, timezone(timedelta(hours=-8)))
    assert write_instant(at) == "2026-11-24T23:00:30Z"
