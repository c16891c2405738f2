"""Extra hours and time off on one day, as a document in and a document out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from booking.rules.availability import DAY, Availability
from booking.rules.day_changes import with_hours, with_time_off
from booking.rules.open_hours import open_spans, unbooked_minutes
from booking.rules.slots import Interval

ZONE = "America/Los_Angeles"
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEKLY = [
    {"weekday": 0, "start": "09:00", "end": "12:00"},
    {"weekday": 0, "start": "13:00", "end": "17:00"},
    {"weekday": 1, "start": "22:00", "end": "25:30"},
]


def hours(**more: Any) -> Availability:
    return Availability.model_validate({"time_zone": ZONE, "weekly": WEEKLY, **more})


def spans(availability: Availability, day: date) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in availability.spans(day)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("start", "end", "then"),
    [
        (18 * 60, 19 * 60, [(540, 720), (780, 1020), (1080, 1140)]),  # apart from the others
        (17 * 60, 18 * 60, [(540, 720), (780, 1080)]),  # touching: one
        (11 * 60, 14 * 60, [(540, 1020)]),  # over a pause
        (10 * 60, 11 * 60, [(540, 720), (780, 1020)]),  # open already
        (23 * 60, 25 * 60, [(540, 720), (780, 1020), (1380, 1500)]),  # past midnight
    ],
)
def test_extra_hours_join_those_of_the_day(
    start: int, end: int, then: list[tuple[int, int]]
) -> None:
    after = with_hours(hours(), MONDAY, start, end, NOW)
    assert spans(after, MONDAY) == then
    assert spans(after, MONDAY + timedelta(days=7)) == [(540, 720), (780, 1020)]  # once only


def test_extra_hours_join_what_stands_for_the_date_already() -> None:
    override = {"date": "2026-11-25", "ranges": [{"start": "08:00", "end": "09:00"}]}
    day = date(2026, 11, 25)
    after = with_hours(hours(overrides=[override]), day, 600, 660, NOW)
    assert spans(after, day) == [(480, 540), (600, 660)]


def test_time_off_gives_way_to_extra_hours() -> None:
    away = {"starts_at": "2026-11-22T08:00Z", "ends_at": "2026-11-28T08:00Z"}
    after = with_hours(hours(time_off=[away]), MONDAY, 600, 660, NOW)
    assert [(one.starts_at, one.ends_at) for one in after.time_off] == [
        (utc("2026-11-22T08:00"), utc("2026-11-23T18:00")),  # until 10:00 am there
        (utc("2026-11-23T19:00"), utc("2026-11-28T08:00")),
    ]


def test_extra_hours_that_meet_the_night_before_are_refused() -> None:
    with pytest.raises(ValidationError, match="overlap"):
        with_hours(hours(), date(2026, 11, 25), 60, 120, NOW)  # Tuesday is open until 1:30


@pytest.mark.parametrize(
    ("known", "start", "end", "then"),
    [
        ([], 600, 660, [("2026-11-23T18:00", "2026-11-23T19:00")]),
        ([], 0, DAY, [("2026-11-23T08:00", "2026-11-24T08:00")]),  # a whole day
        (
            [("2026-11-23T19:00", "2026-11-23T20:00")],  # touching: one
            600,
            660,
            [("2026-11-23T18:00", "2026-11-23T20:00")],
        ),
        (
            [("2026-11-23T21:00", "2026-11-23T22:00")],  # apart
            600,
            660,
            [("2026-11-23T18:00", "2026-11-23T19:00"), ("2026-11-23T21:00", "2026-11-23T22:00")],
        ),
        (
            [("2026-10-01T00:00", "2026-10-02T00:00")],  # over long ago: no week draws it
            600,
            660,
            [("2026-11-23T18:00", "2026-11-23T19:00")],
        ),
    ],
)
def test_blocked_time_is_time_off(
    known: list[tuple[str, str]], start: int, end: int, then: list[tuple[str, str]]
) -> None:
    off = [{"starts_at": f"{begin}Z", "ends_at": f"{until}Z"} for begin, until in known]
    after = with_time_off(hours(time_off=off), MONDAY, start, end, NOW)
    found = [(one.starts_at, one.ends_at) for one in after.time_off]
    assert found == [(utc(begin), utc(until)) for begin, until in then]


def test_what_is_open_and_free_is_counted_to_the_minute() -> None:
    away = {"starts_at": "2026-11-23T21:00Z", "ends_at": "2026-11-23T22:00Z"}  # 1 to 2 pm
    found = open_spans(hours(time_off=[away]), MONDAY, 1)
    nine, midnight = utc("2026-11-23T17:00"), utc("2026-11-24T08:00")
    session = Interval(nine, nine + timedelta(minutes=50))
    assert unbooked_minutes(found, [], nine, midnight) == 6 * 60
    assert unbooked_minutes(found, [session], nine, midnight) == 6 * 60 - 50
    assert unbooked_minutes(found, [session], nine + timedelta(minutes=70), midnight) == 290
    assert unbooked_minutes(found, [session], midnight, midnight) == 0
