"""Slots over clock changes, midnight and everything else that a calendar can do to them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.availability import Availability
from booking.rules.slots import (
    Interval,
    count_by_day,
    day_starts,
    days_touched,
    hours_refusal,
    openings,
    refusal,
    whole_day,
    window,
)

NEW_YORK, PHOENIX, HONOLULU = "America/New_York", "America/Phoenix", "Pacific/Honolulu"
AUCKLAND, LORD_HOWE, LOS_ANGELES = "Pacific/Auckland", "Australia/Lord_Howe", "America/Los_Angeles"


def hours(zone: str, *ranges: tuple[int, str, str], **rules: object) -> Availability:
    weekly = [{"weekday": d, "start": s, "end": e} for d, s, e in ranges]
    return Availability.model_validate({"time_zone": zone, "weekly": weekly, **rules})


def every_day(zone: str, start: str, end: str, **rules: object) -> Availability:
    return hours(zone, *((d, start, end) for d in range(7)), **rules)


def utc(text: str) -> list[str]:
    return text.split()


def listed(availability: Availability, day: str, minutes: int = 60) -> list[str]:
    starts = day_starts(availability, date.fromisoformat(day), minutes, [], {})
    return [f"{s:%d-%H:%M}" for s in starts]


CASES = [
    # zone, start, end, day, the starts in UTC as day-hour:minute; why
    (NEW_YORK, "09:00", "11:00", "2026-11-23", "23-14:00 23-15:00"),  # an ordinary winter day
    (NEW_YORK, "09:00", "11:00", "2026-07-01", "01-13:00 01-14:00"),  # and a summer one
    (NEW_YORK, "01:00", "04:00", "2027-03-14", "14-06:00 14-07:00"),  # 2:00 does not exist
    (NEW_YORK, "02:00", "03:00", "2027-03-14", ""),  # the whole opening is skipped
    (NEW_YORK, "00:00", "03:00", "2026-11-01", "01-04:00 01-05:00 01-06:00 01-07:00"),  # 1:00 twice
    (PHOENIX, "01:00", "04:00", "2027-03-14", "14-08:00 14-09:00 14-10:00"),  # no clock change
    (HONOLULU, "09:00", "10:00", "2026-03-08", "08-19:00"),  # none here either
    (AUCKLAND, "01:00", "04:00", "2026-09-27", "26-13:00 26-14:00"),  # spring in the south
    (AUCKLAND, "01:00", "04:00", "2026-04-05", "04-12:00 04-13:00 04-14:00 04-15:00"),  # and autumn
    (LORD_HOWE, "01:00", "04:00", "2026-10-04", "03-14:30 03-16:00"),  # half an hour is skipped
    (LOS_ANGELES, "22:00", "25:00", "2026-11-23", "24-06:00 24-07:00 24-08:00"),  # past midnight
    (LOS_ANGELES, "22:00", "27:00", "2027-03-13", "14-06:00 14-07:00 14-08:00 14-09:00"),
    # past midnight into the clock change: 2:00 to 3:00 is swallowed, so 26:00 does not exist
    (NEW_YORK, "09:00", "10:00", "2028-02-29", "29-14:00"),  # a leap day is a day
]


@pytest.mark.parametrize(("zone", "start", "end", "day", "expected"), CASES)
def test_starts_walk_wall_time(zone: str, start: str, end: str, day: str, expected: str) -> None:
    assert listed(every_day(zone, start, end, step_minutes=60), day) == utc(expected)


def test_a_session_lasts_real_minutes_when_the_clock_goes_back() -> None:
    open_hours = every_day(NEW_YORK, "00:00", "02:00", step_minutes=30)
    # From midnight EDT to 2:00 EST three real hours pass.
    (opening,) = openings(open_hours, date(2026, 11, 1))
    assert opening.end - opening.start == timedelta(hours=3)
    assert "01-05:30" in listed(open_hours, "2026-11-01", 90)


SUNDAY_NIGHT = hours(LOS_ANGELES, (6, "22:00", "25:00"), (0, "09:00", "17:00"))
WHOLE = [
    # availability, local day, its first and last instant in UTC, or nothing; why
    (every_day(LOS_ANGELES, "09:00", "17:00"), "2026-11-23", "23T08 24T08"),
    (every_day(LOS_ANGELES, "09:00", "24:00"), "2026-11-23", "23T08 24T08"),  # up to midnight
    (every_day(LOS_ANGELES, "09:00", "17:00"), "2026-11-01", "01T07 02T08"),  # 25 hours
    (every_day(LOS_ANGELES, "09:00", "17:00"), "2027-03-14", "14T08 15T07"),  # 23 hours
    (SUNDAY_NIGHT, "2026-11-22", ""),  # its own hours go on into the next day
    (SUNDAY_NIGHT, "2026-11-23", ""),  # and so Monday begins with what is Sunday's
    (SUNDAY_NIGHT, "2026-11-24", "24T08 25T08"),
]


@pytest.mark.parametrize(("availability", "day", "expected"), WHOLE)
def test_a_whole_day_holds_no_other_days_hours(
    availability: Availability, day: str, expected: str
) -> None:
    found = whole_day(availability, date.fromisoformat(day))
    ends = [] if found is None else [found.start, found.end]
    assert [f"{end:%dT%H}" for end in ends] == expected.split()


def test_an_override_replaces_the_day() -> None:
    changed = every_day(
        NEW_YORK,
        "09:00",
        "12:00",
        step_minutes=60,
        overrides=[
            {"date": "2026-11-26", "ranges": []},
            {"date": "2026-11-27", "ranges": [{"start": "13:00", "end": "14:00"}]},
        ],
    )
    assert listed(changed, "2026-11-26") == []
    assert listed(changed, "2026-11-27") == ["27-18:00"]
    assert len(listed(changed, "2026-11-28")) == 3


def test_adjacent_hours_are_one_opening() -> None:
    joined = hours(NEW_YORK, (0, "09:00", "10:00"), (0, "10:00", "11:00"), step_minutes=30)
    assert listed(joined, "2026-11-23", 90) == ["23-14:00", "23-14:30"]


def test_hours_that_touch_at_midnight_are_one_opening() -> None:
    night = hours(NEW_YORK, (3, "23:00", "24:00"), (4, "00:00", "01:00"), step_minutes=30)
    assert listed(night, "2026-11-26") == ["27-04:00", "27-04:30"]  # 23:00 and 23:30
    assert listed(night, "2026-11-27") == ["27-05:00"]  # midnight belongs to Friday


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday; New York is 5 hours behind


def at(clock: str, day: datetime = DAY) -> datetime:
    hour, minute = clock.split(":")
    return day + timedelta(hours=int(hour), minutes=int(minute))


REFUSALS = [
    # start (UTC), rules, busy, the rule that refuses
    ("14:00", {}, [], None),
    ("14:10", {}, [], "not_on_grid"),  # inside the hours, between two starts
    ("16:30", {}, [], "does_not_fit"),  # 60 minutes do not fit before 17:00 UTC
    ("13:00", {}, [], "outside_hours"),
    ("14:00", {"overrides": [{"date": "2026-11-23", "ranges": []}]}, [], "closed_day"),
    (
        "14:00",
        {"time_off": [{"starts_at": "2026-11-23T14:30Z", "ends_at": "2026-11-24T00:00Z"}]},
        [],
        "time_off",
    ),
    ("14:00", {}, [("14:30", "15:00")], "taken"),
    ("14:00", {}, [("15:00", "16:00")], None),  # back to back is fine
    ("14:00", {"buffer_after_minutes": 10}, [("15:00", "16:00")], "taken"),  # no room between
    ("15:30", {"buffer_before_minutes": 30}, [("14:00", "15:00")], None),
    ("15:00", {"daily_limit": 1}, [("14:00", "15:00")], "day_full"),
    ("14:00", {"notice_minutes": 14 * 24 * 60}, [], "too_soon"),
    ("14:00", {"horizon_days": 1}, [], "too_far"),
    ("14:00", {"horizon_days": 3}, [], None),  # the last day counts
]


@pytest.mark.parametrize(("clock", "rules", "taken", "code"), REFUSALS)
def test_the_validator_names_the_rule(
    clock: str, rules: dict[str, object], taken: list[tuple[str, str]], code: str | None
) -> None:
    schedule = every_day(NEW_YORK, "09:00", "12:00", **rules)
    busy = [Interval(at(start), at(end)) for start, end in taken]
    booked, allowed = count_by_day(busy, NEW_YORK), window(schedule, NOW)
    answer = refusal(schedule, at(clock), 60, busy, booked, allowed, NOW)
    assert (answer.code if answer else None) == code


def test_a_session_between_two_starts_is_outside_its_hours_all_the_same_in_time_off() -> None:
    away = {"starts_at": "2026-11-23T14:30Z", "ends_at": "2026-11-24T00:00Z"}
    schedule = every_day(NEW_YORK, "09:00", "12:00", time_off=[away])
    assert hours_refusal(schedule, at("14:10"), 15) is None
    found = hours_refusal(schedule, at("14:10"), 60)
    assert found is not None
    assert found.code == "time_off"


ZONES = st.sampled_from([NEW_YORK, PHOENIX, AUCKLAND, LORD_HOWE, LOS_ANGELES, HONOLULU])
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def schedules(draw: st.DrawFn) -> Availability:
    start = draw(st.integers(0, 22))
    end = draw(st.integers(start + 1, min(start + 9, 30)))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    wide = end > 24 + start  # would meet the next day's hours
    chosen = sorted(days)[:1] if wide else sorted(days)
    return hours(
        draw(ZONES),
        *((d, f"{start:02d}:00", f"{end:02d}:00") for d in chosen),
        step_minutes=draw(st.sampled_from([15, 30, 60])),
        buffer_before_minutes=draw(st.sampled_from([0, 10])),
        buffer_after_minutes=draw(st.sampled_from([0, 15])),
        notice_minutes=draw(st.sampled_from([0, 720])),
        daily_limit=draw(st.sampled_from([None, 1, 3])),
    )


@settings(max_examples=50)  # each asks for every five minutes of five days
@given(
    schedules(),
    MOMENTS,
    st.lists(st.tuples(st.integers(0, 14 * 96), st.integers(1, 8)), max_size=6),
    st.sampled_from([30, 50, 60, 90]),
)
def test_what_is_listed_may_be_booked_and_nothing_else(
    schedule: Availability, now: datetime, taken: list[tuple[int, int]], minutes: int
) -> None:
    quarter = timedelta(minutes=15)
    busy = [Interval(now + q * quarter, now + (q + n) * quarter) for q, n in taken]
    booked = count_by_day(busy, schedule.time_zone)
    first = now.date() - timedelta(days=2)
    found, allowed = set(), window(schedule, now)
    for n in range(9):
        day = first + timedelta(days=n)
        found |= {s for s in day_starts(schedule, day, minutes, busy, booked) if s in allowed}
    step = timedelta(minutes=5)
    for k in range(5 * 288):
        start = now + k * step
        answer = refusal(schedule, start, minutes, busy, booked, window(schedule, now), now)
        assert (answer is None) == (start in found), (start, answer)
        assert answer is None or answer.message.endswith(".")
    for start in found:
        assert refusal(schedule, start, minutes, busy, booked, window(schedule, now), now) is None


@given(schedules(), MOMENTS, st.integers(1, 8), st.sampled_from([30, 60]))
def test_only_the_days_touched_change(
    schedule: Availability, start: datetime, quarters: int, minutes: int
) -> None:
    end = start + quarters * timedelta(minutes=15)
    touched = set(days_touched(schedule, start, end))
    busy = [Interval(start, end)]
    for n in range(-4, 5):
        day = start.date() + timedelta(days=n)
        free = day_starts(schedule, day, minutes, [], {})
        left = day_starts(schedule, day, minutes, busy, count_by_day(busy, schedule.time_zone))
        assert day in touched or free == left
