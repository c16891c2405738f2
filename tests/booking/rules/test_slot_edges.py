"""The two ends of every range: what begins there is in it, what ends there is not."""

from datetime import UTC, date, datetime, timedelta

import pytest

from booking.rules.availability import Availability
from booking.rules.slots import (
    Interval,
    count_by_day,
    day_starts,
    days_touched,
    local_day,
    openings,
    reach,
    refusal,
    whole_day,
    window,
)

NEW_YORK, AUCKLAND, LOS_ANGELES = "America/New_York", "Pacific/Auckland", "America/Los_Angeles"
MONDAY = date(2026, 11, 23)  # New York is 5 hours behind UTC
NOW = datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def every_day(zone: str, start: str, end: str, **rules: object) -> Availability:
    weekly = [{"weekday": day, "start": start, "end": end} for day in range(7)]
    return Availability.model_validate({"time_zone": zone, "weekly": weekly, **rules})


def utc(text: str) -> datetime:
    """Such as "23T14:30": a time of November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}Z")


def between(text: str) -> Interval:
    start, end = text.split()
    return Interval(utc(start), utc(end))


HOUR = between("23T14:00 23T15:00")


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (HOUR.start - INSTANT, False),
        (HOUR.start, True),
        (HOUR.end - INSTANT, True),
        (HOUR.end, False),
    ],
)
def test_an_interval_has_its_start_and_not_its_end(at: datetime, inside: bool) -> None:
    assert (at in HOUR) is inside


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ("23T13:00 23T14:00", False),  # ends where it starts
        ("23T13:00 23T14:01", True),
        ("23T14:00 23T15:00", True),  # the same
        ("23T14:20 23T14:30", True),  # within it
        ("23T13:00 23T16:00", True),  # all around it
        ("23T14:59 23T16:00", True),
        ("23T15:00 23T16:00", False),  # starts where it ends
        ("23T11:00 23T12:00", False),  # far before
        ("23T18:00 23T19:00", False),  # far after
    ],
)
def test_intervals_that_only_touch_do_not_overlap(other: str, overlaps: bool) -> None:
    one = between(other)
    assert HOUR.overlaps(one.start, one.end) is overlaps
    assert one.overlaps(HOUR.start, HOUR.end) is overlaps


@pytest.mark.parametrize(
    ("zone", "rules", "expected"),
    [
        (NEW_YORK, {"notice_minutes": 0, "horizon_days": 1}, "20T12:35 22T05:00"),  # a minute
        (NEW_YORK, {"notice_minutes": 90, "horizon_days": 3}, "20T14:04 24T05:00"),
        (AUCKLAND, {"notice_minutes": 1, "horizon_days": 1}, "20T12:35 22T11:00"),  # the 21st there
    ],
)
def test_the_window_is_from_the_notice_to_the_last_midnight_of_the_horizon(
    zone: str, rules: dict[str, object], expected: str
) -> None:
    assert window(every_day(zone, "09:00", "12:00", **rules), NOW) == between(expected)


CLOSED = {"date": "2026-11-23", "ranges": []}
AFTERNOON = {"date": "2026-11-23", "ranges": [{"start": "13:00", "end": "17:00"}]}


def away(text: str) -> dict[str, object]:
    one = between(text)
    return {"time_off": [{"starts_at": one.start.isoformat(), "ends_at": one.end.isoformat()}]}


REFUSALS: list[tuple[str, int, dict[str, object], list[str], str | None]] = [
    # start, minutes, rules, busy, the rule that refuses; hours are 14:00 to 17:00 UTC
    ("23T14:00", 60, {}, [], None),  # begins as the hours begin
    ("23T13:59", 60, {}, [], "outside_hours"),
    ("23T16:00", 60, {}, [], None),  # ends as the hours end
    ("23T16:30", 60, {}, [], "does_not_fit"),
    ("23T16:59", 60, {}, [], "does_not_fit"),
    ("23T17:00", 60, {}, [], "outside_hours"),  # the end is no longer in the hours
    ("23T14:00", 180, {}, [], None),  # all of the hours
    ("23T14:00", 181, {}, [], "does_not_fit"),  # though it begins with the hours
    ("23T16:10", 50, {}, [], "not_on_grid"),  # it would fit to the minute
    ("23T16:11", 50, {}, [], "does_not_fit"),
    # whole days
    ("23T14:00", 60, {"overrides": [CLOSED]}, [], "closed_day"),
    ("24T20:00", 60, {"overrides": [CLOSED]}, [], "outside_hours"),  # another day is closed
    ("23T14:00", 60, {"overrides": [AFTERNOON]}, [], "outside_hours"),  # the day has other hours
    ("23T18:00", 60, {"overrides": [AFTERNOON]}, [], None),
    # time off
    ("23T15:00", 60, away("23T14:00 23T15:00"), [], None),  # back as it begins
    ("23T15:00", 60, away("23T14:00 23T15:01"), [], "time_off"),
    ("23T15:00", 60, away("23T16:00 23T17:00"), [], None),  # away as it ends
    ("23T15:00", 60, away("23T15:59 23T17:00"), [], "time_off"),
    ("23T15:00", 60, away("23T15:20 23T15:30"), [], "time_off"),  # in its middle
    # other sessions
    ("23T15:00", 60, {}, ["23T14:00 23T15:00", "23T16:00 23T17:00"], None),  # back to back
    ("23T15:00", 60, {}, ["23T14:00 23T15:01"], "taken"),
    ("23T15:00", 60, {}, ["23T15:59 23T17:00"], "taken"),
    ("23T15:00", 60, {"buffer_before_minutes": 10}, ["23T14:00 23T14:50"], None),  # just enough
    ("23T15:00", 60, {"buffer_before_minutes": 10}, ["23T14:00 23T14:51"], "taken"),
    ("23T15:00", 60, {"buffer_before_minutes": 10}, ["23T16:09 23T17:00"], "taken"),  # its buffer
    ("23T15:00", 60, {"buffer_after_minutes": 10}, ["23T16:10 23T17:00"], None),
    ("23T15:00", 60, {"buffer_after_minutes": 10}, ["23T16:09 23T17:00"], "taken"),
    ("23T15:00", 60, {"buffer_after_minutes": 10}, ["23T14:00 23T14:51"], "taken"),
    # sessions a day, by the date in New York
    ("23T15:00", 60, {"daily_limit": 1}, [], None),
    ("23T15:00", 60, {"daily_limit": 2}, ["23T14:00 23T15:00"], None),
    ("23T15:00", 60, {"daily_limit": 2}, ["23T14:00 23T15:00", "23T16:00 23T17:00"], "day_full"),
    ("23T15:00", 60, {"daily_limit": 1}, ["24T04:00 24T05:00"], "day_full"),  # 23:00 in New York
    ("23T15:00", 60, {"daily_limit": 1}, ["23T04:00 23T05:00"], None),  # the evening before
    # the window
    ("23T15:00", 60, {"notice_minutes": 3 * 1440 + 146}, [], None),  # exactly the notice
    ("23T15:00", 60, {"notice_minutes": 3 * 1440 + 147}, [], "too_soon"),
    ("23T15:00", 60, {"horizon_days": 3}, [], None),
    ("23T15:00", 60, {"horizon_days": 2}, [], "too_far"),
    # the notice ends after the horizon, and what it allows is beyond the calendar
    ("23T15:00", 60, {"notice_minutes": 3 * 1440 + 146, "horizon_days": 1}, [], "too_far"),
    # distance is told before hours, hours before what is busy
    ("23T13:00", 60, {"horizon_days": 2}, [], "too_far"),
    ("23T13:00", 60, away("23T13:00 23T14:00"), ["23T13:00 23T14:00"], "outside_hours"),
    ("23T14:00", 60, away("23T14:00 23T15:00"), ["23T14:00 23T15:00"], "time_off"),
    ("23T14:00", 60, {"daily_limit": 1}, ["23T14:00 23T15:00"], "taken"),
]


@pytest.mark.parametrize(("start", "minutes", "rules", "taken", "code"), REFUSALS)
def test_the_rule_that_refuses_begins_to_the_minute(
    start: str, minutes: int, rules: dict[str, object], taken: list[str], code: str | None
) -> None:
    schedule = every_day(NEW_YORK, "09:00", "12:00", **rules)
    busy = [between(one) for one in taken]
    booked = count_by_day(busy, NEW_YORK)
    answer = refusal(schedule, utc(start), minutes, busy, booked, window(schedule, NOW), NOW)
    assert (answer.code if answer else None) == code
    # What is listed agrees with what is refused, but for the window, which is not its matter.
    if code not in ("too_soon", "too_far"):
        listed = day_starts(schedule, MONDAY, minutes, busy, booked)
        assert (utc(start) in listed) is (code is None)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("24T05:30", "outside_hours"),  # 21:30, before the night
        ("24T06:00", None),  # 22:00
        ("24T08:00", None),  # midnight, of Monday's hours
        ("24T08:30", "does_not_fit"),  # 00:30
        ("24T09:00", "outside_hours"),  # 01:00, the end
    ],
)
def test_hours_past_midnight_are_those_of_the_day_before(start: str, code: str | None) -> None:
    night = Availability.model_validate(
        {
            "time_zone": LOS_ANGELES,
            "weekly": [{"weekday": 0, "start": "22:00", "end": "25:00"}],
        }
    )
    answer = refusal(night, utc(start), 60, [], {}, window(night, NOW), NOW)
    assert (answer.code if answer else None) == code


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        (60, None),
        (120, None),  # on through midnight, to the end of Tuesday's early hours
        (121, "does_not_fit"),
    ],
)
def test_a_session_may_run_into_hours_that_begin_at_midnight(
    minutes: int, code: str | None
) -> None:
    weekly = [
        {"weekday": 0, "start": "22:00", "end": "24:00"},
        {"weekday": 1, "start": "00:00", "end": "01:00"},
    ]
    night = Availability.model_validate({"time_zone": LOS_ANGELES, "weekly": weekly})
    answer = refusal(night, utc("24T07:00"), minutes, [], {}, window(night, NOW), NOW)  # 23:00
    assert (answer.code if answer else None) == code


@pytest.mark.parametrize(
    ("taken", "first", "last"),
    [
        ("23T12:00 23T13:50", "23T14:00", "23T16:00"),  # ten minutes before the first: enough
        ("23T13:00 23T13:51", "23T14:30", "23T16:00"),
        ("23T17:10 23T18:00", "23T14:00", "23T16:00"),  # ten minutes after the last
        ("23T17:09 23T18:00", "23T14:00", "23T15:30"),
    ],
)
def test_sessions_around_the_hours_keep_their_distance(taken: str, first: str, last: str) -> None:
    schedule = every_day(NEW_YORK, "09:00", "12:00", buffer_before_minutes=10)
    listed = day_starts(schedule, MONDAY, 60, [between(taken)], {})
    assert (listed[0], listed[-1]) == (utc(first), utc(last))
    assert listed[0].tzinfo is UTC  # whatever the machine's zone is


@pytest.mark.parametrize(
    ("busy", "rules", "days"),
    [
        ("23T15:00 23T16:00", {}, [22, 23]),  # the night of the day before may reach it
        ("23T15:00 24T15:00", {}, [22, 23, 24]),
        ("23T05:00 23T06:00", {}, [22, 23]),  # from midnight on
        ("23T05:09 23T06:00", {"buffer_after_minutes": 10}, [21, 22, 23]),  # its room is of Sunday
        ("23T05:10 23T06:00", {"buffer_after_minutes": 10}, [22, 23]),
        ("24T04:00 24T04:49", {"buffer_before_minutes": 10}, [22, 23]),
        ("24T04:00 24T04:50", {"buffer_before_minutes": 10}, [22, 23, 24]),
    ],
)
def test_the_days_that_a_session_touches(
    busy: str, rules: dict[str, object], days: list[int]
) -> None:
    one = between(busy)
    schedule = every_day(NEW_YORK, "09:00", "12:00", **rules)
    assert [day.day for day in days_touched(schedule, one.start, one.end)] == days


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-07-01", ["2026-07-01T04:00", "2026-07-02T04:00"]),
        ("2026-11-01", ["2026-11-01T04:00", "2026-11-02T05:00"]),  # 25 hours
        ("2027-03-14", ["2027-03-14T05:00", "2027-03-15T04:00"]),  # 23 hours
    ],
)
def test_a_whole_day_is_from_midnight_to_midnight(day: str, expected: list[str]) -> None:
    found = whole_day(every_day(NEW_YORK, "00:00", "24:00"), date.fromisoformat(day))
    start, end = (datetime.fromisoformat(f"{one}Z") for one in expected)
    assert found == Interval(start, end)


def test_the_reach_of_days_is_a_day_before_the_first_and_two_after_the_last() -> None:
    days = [MONDAY, date(2026, 11, 25), date(2026, 11, 24)]
    found = reach(every_day(NEW_YORK, "09:00", "12:00"), days)
    assert found == between("22T05:00 28T05:00")
    assert found.start.tzinfo is found.end.tzinfo is UTC  # whatever the machine's zone is


def test_sessions_are_counted_on_the_local_day_on_which_they_start() -> None:
    busy = ["23T04:59 23T06:00", "23T05:00 23T06:00", "24T04:59 24T06:00"]
    counts = count_by_day([between(one) for one in busy], NEW_YORK)
    assert counts == {date(2026, 11, 22): 1, MONDAY: 2}
    assert local_day(utc("23T04:59"), NEW_YORK) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("02:15", "04:00", ["07:00", "08:00"]),  # begins as the clock has jumped to 3:00
        ("01:00", "02:45", ["06:00", "07:00"]),  # ends as it jumps
        ("02:00", "03:00", []),  # there is nothing between
        ("02:15", "02:45", []),
    ],
)
def test_an_opening_that_a_clock_change_cuts(start: str, end: str, expected: list[str]) -> None:
    found = openings(every_day(NEW_YORK, start, end), date(2027, 3, 14))
    assert [f"{at:%H:%M}" for one in found for at in (one.start, one.end)] == expected
