"""Every limit of the hours' document: the last value that is accepted, the first that is not."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from booking.rules.availability import Availability, Range, Span, minutes_of

DAY = 24 * 60
HOURS = [{"start": f"{hour:02d}:00", "end": f"{hour:02d}:30"} for hour in range(13)]
SOME_DAY = date(2026, 11, 24)  # a Tuesday


def document(**fields: object) -> Availability:
    return Availability.model_validate({"time_zone": "America/Chicago", **fields})


def week(*ranges: str) -> list[dict[str, object]]:
    """Such as "0 09:00 12:00": Monday's morning."""
    parts = [one.split() for one in ranges]
    return [{"weekday": int(day), "start": start, "end": end} for day, start, end in parts]


def override(on: date, *ranges: str) -> dict[str, object]:
    parts = [one.split() for one in ranges]
    return {
        "date": on.isoformat(),
        "ranges": [{"start": start, "end": end} for start, end in parts],
    }


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:00", 0),
        ("00:01", 1),
        ("09:59", 599),
        ("24:00", 1440),
        ("29:59", 1799),
        ("30:00", 1800),  # the latest end
    ],
)
def test_a_time_is_minutes_after_midnight(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text", ["30:01", "31:00", "40:00", "9:00", "09:60", "0900", "09:00 ", "-1:00", "", "009:00"]
)
def test_what_is_no_time_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time") as refused:
        minutes_of(text)
    assert str(refused.value) == (
        f"“{text}” is not a time. Write it like 09:00; the latest end is 30:00."
    )


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [
        ("buffer_before_minutes", 0, 120),
        ("buffer_after_minutes", 0, 120),
        ("notice_minutes", 0, 14 * DAY),
        ("horizon_days", 1, 60),
        ("daily_limit", 1, 40),
        ("step_minutes", 5, 120),
        ("cancel_notice_minutes", 0, 14 * DAY),
        ("late_fee_cents", 0, 500_000),
    ],
)
def test_a_number_is_kept_within_its_limits(field: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        assert getattr(document(**{field: value}), field) == value
    for wrong in (lowest - 1, highest + 1, str(lowest), float(lowest), True):
        with pytest.raises(ValidationError, match=field):
            document(**{field: wrong})


def test_the_rules_of_booking_that_hold_until_others_are_given() -> None:
    assert Availability.empty("America/Chicago").model_dump() == {
        "time_zone": "America/Chicago",
        "weekly": [],
        "overrides": [],
        "time_off": [],
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "notice_minutes": 12 * 60,
        "horizon_days": 60,
        "daily_limit": None,
        "step_minutes": 30,
        "cancel_notice_minutes": DAY,
        "late_fee_cents": 0,
        "moves_late": False,
    }


def test_a_document_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        document().step_minutes = 15  # type: ignore[misc]  # the fault under test


DAYS = [SOME_DAY + timedelta(days=n) for n in range(367)]
OFFS = [
    {"starts_at": f"2026-11-24T10:{n % 60:02d}:{n // 60:02d}Z", "ends_at": "2026-11-25T10:00Z"}
    for n in range(101)
]


@pytest.mark.parametrize(
    ("field", "most", "entries"),
    [
        ("weekly", 84, [{"weekday": n % 7, **HOURS[n // 7]} for n in range(85)]),
        ("overrides", 366, [override(day) for day in DAYS]),
        ("time_off", 100, OFFS),
    ],
)
def test_a_list_has_a_longest_length(field: str, most: int, entries: list[object]) -> None:
    assert len(getattr(document(**{field: entries[:most]}), field)) == most
    with pytest.raises(ValidationError, match=f"at most {most} items"):
        document(**{field: entries[: most + 1]})


def test_an_override_has_twelve_ranges_at_most() -> None:
    on = {"date": "2026-11-24"}
    assert document(overrides=[on | {"ranges": HOURS[:12]}]).has_hours
    with pytest.raises(ValidationError, match="at most 12 items"):
        document(overrides=[on | {"ranges": HOURS}])


@pytest.mark.parametrize(
    ("weekday", "accepted"),
    [(-1, False), (0, True), (6, True), (7, False), ("0", False), (1.0, False), (True, False)],
)
def test_weekdays_are_numbered_from_monday(weekday: object, accepted: bool) -> None:
    weekly = [{"weekday": weekday, "start": "09:00", "end": "10:00"}]
    if accepted:
        assert document(weekly=weekly).has_hours
    else:
        with pytest.raises(ValidationError, match="weekday"):
            document(weekly=weekly)


@pytest.mark.parametrize("written", [0, 20_261_126, 1.5, True, None])
def test_a_date_is_written_out(written: object) -> None:
    with pytest.raises(ValidationError) as refused:
        document(overrides=[{"date": written}])
    (error,) = refused.value.errors()
    assert error["msg"] == "Value error, Write the date out, like 2026-11-26."


@pytest.mark.parametrize(
    ("year", "accepted"), [(1999, False), (2000, True), (2099, True), (2100, False)]
)
def test_years_are_of_this_century(year: int, accepted: bool) -> None:
    off = {"starts_at": f"{year}-05-05T10:00Z", "ends_at": f"{year}-05-05T11:00Z"}
    fields: list[dict[str, Any]] = [
        {"overrides": [{"date": f"{year}-05-05"}]},
        {"time_off": [off]},
    ]
    for field in fields:
        if accepted:
            assert document(**field)
        else:
            with pytest.raises(ValidationError, match=f"The year {year} is out of reach"):
                document(**field)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("23:59", "24:00", None),  # the last minute that can begin a range
        ("24:00", "25:00", "Hours start on their own day, before 24:00, not at 24:00."),
        ("09:00", "09:01", None),
        ("09:00", "09:00", "09:00–09:00 ends before it starts. For hours past midnight"),
        ("00:00", "24:00", None),  # a whole day
        ("06:00", "30:00", None),  # also a whole day
        ("00:00", "24:01", "00:00–24:01 is longer than a day."),
        ("05:59", "30:00", "05:59–30:00 is longer than a day."),
    ],
)
def test_a_range_ends_after_it_starts_and_within_a_day(
    start: str, end: str, words: str | None
) -> None:
    if words is None:
        assert str(Range(start=start, end=end)) == f"{start}–{end}"
    else:
        with pytest.raises(ValidationError, match=words):
            Range(start=start, end=end)


@pytest.mark.parametrize(
    ("ends_at", "accepted"),
    [("10:00:00.000001", True), ("10:00:00", False), ("09:59:59", False)],
)
def test_time_off_ends_after_it_starts(ends_at: str, accepted: bool) -> None:
    off = {"starts_at": "2026-11-24T10:00:00Z", "ends_at": f"2026-11-24T{ends_at}Z"}
    if accepted:
        assert document(time_off=[off])
    else:
        with pytest.raises(ValidationError, match="Time off ends after it starts"):
            document(time_off=[off])


WEEKS = [
    # weekly hours and overrides; the two that overlap, or none; why
    (week("0 09:00 10:00", "0 10:00 11:00"), [], None),  # they touch
    (
        week("0 09:00 10:01", "0 10:00 11:00"),
        [],
        "Monday 09:00–10:01 and Monday 10:00–11:00 overlap. Change one of them.",
    ),
    (week("0 09:00 10:00", "1 09:00 10:00"), [], None),  # the same hours of two days
    (week("0 22:00 25:00", "1 01:00 02:00"), [], None),  # they touch past midnight
    (week("0 22:00 25:01", "1 01:00 02:00"), [], "Monday 22:00–25:01 and Tuesday 01:00"),
    (week("6 22:00 25:00", "0 01:00 02:00"), [], None),  # they touch past Sunday's midnight
    (week("6 22:00 25:01", "0 01:00 02:00"), [], "Sunday 22:00–25:01 and Monday 01:00"),
    (week("6 22:00 30:00", "0 05:59 07:00", "0 00:00 01:00"), [], "Sunday 22:00–30:00 and Monday"),
    (week("6 09:00 12:00", "0 09:00 12:00"), [], None),
    ([], [override(SOME_DAY, "09:00 10:00", "10:00 11:00")], None),
    ([], [override(SOME_DAY, "09:00 10:01", "10:00 11:00")], "09:00–10:01 and 10:00–11:00"),
    # the night before an override
    (week("0 22:00 25:00"), [override(SOME_DAY, "01:00 03:00")], None),
    (
        week("0 22:00 25:05"),
        [override(SOME_DAY, "01:04 03:00")],
        "2026-11-23 22:00–25:05 and 2026-11-24 01:04–03:00 overlap. Change one of them.",
    ),
    # the morning after one
    (week("2 01:00 03:00"), [override(SOME_DAY, "22:00 25:00")], None),
    (
        week("2 01:00 03:00"),
        [override(SOME_DAY, "22:00 25:01")],
        "2026-11-24 22:00–25:01 and 2026-11-25 01:00–03:00 overlap. Change one of them.",
    ),
    # an override takes the place of the hours, so these are not in its way
    (week("1 09:00 12:00"), [override(SOME_DAY, "10:00 13:00")], None),
    (
        [],
        [override(SOME_DAY, "22:00 26:00"), override(date(2026, 11, 25), "01:00 03:00")],
        "2026-11-24 22:00–26:00 and 2026-11-25 01:00–03:00 overlap. Change one of them.",
    ),
]


@pytest.mark.parametrize(("weekly", "overrides", "words"), WEEKS)
def test_hours_may_touch_and_not_overlap(
    weekly: list[object], overrides: list[object], words: str | None
) -> None:
    if words is None:
        assert document(weekly=weekly, overrides=overrides).has_hours
    else:
        with pytest.raises(ValidationError, match=words):
            document(weekly=weekly, overrides=overrides)


def test_hours_and_overrides_are_kept_in_order() -> None:
    kept = document(
        weekly=week("1 09:00 10:00", "0 13:00 14:00", "0 09:00 10:00"),
        overrides=[override(DAYS[2]), override(DAYS[0]), override(DAYS[1])],
    )
    assert [(r.weekday, r.start) for r in kept.weekly] == [(0, "09:00"), (0, "13:00"), (1, "09:00")]
    assert [one.date for one in kept.overrides] == DAYS[:3]
    with pytest.raises(ValidationError, match=r"2026-11-24 is there twice\. Put its hours"):
        document(overrides=[override(DAYS[0]), override(DAYS[1]), override(DAYS[0])])


SPANS = [
    # weekly hours, overrides, what opens on the Tuesday; why
    ([], [], []),
    (week("0 09:00 12:00"), [], []),  # Monday's
    (week("1 09:00 12:00"), [], [(540, 720, 720)]),
    (week("1 09:00 10:00", "1 10:00 11:00", "1 11:00 12:00"), [], [(540, 720, 720)]),  # joined
    (week("1 09:00 10:00", "1 10:01 11:00"), [], [(540, 600, 600), (601, 660, 660)]),  # a break
    (week("1 22:00 25:00"), [], [(1320, 1500, 1500)]),
    (week("1 22:00 24:00"), [], [(1320, 1440, 1440)]),  # nothing opens at midnight
    (week("1 22:00 24:00", "2 00:00 01:00"), [], [(1320, 1440, 1500)]),  # it goes on
    (week("1 22:00 24:00", "2 00:01 01:00"), [], [(1320, 1440, 1440)]),  # a minute too late
    (week("1 22:00 23:59", "2 00:00 01:00"), [], [(1320, 1439, 1439)]),  # a minute too soon
    (week("1 00:00 01:00", "2 00:00 01:00"), [], [(0, 60, 60)]),
    (
        week("1 09:00 10:00", "1 22:00 24:00", "2 00:00 01:00", "2 01:00 02:00"),
        [],
        [(540, 600, 600), (1320, 1440, 1560)],  # the last goes on, into what is joined
    ),
    (week("1 22:00 24:00", "2 00:00 01:00"), [override(date(2026, 11, 25))], [(1320, 1440, 1440)]),
    (week("1 09:00 12:00"), [override(SOME_DAY)], []),  # closed
    (week("1 09:00 12:00"), [override(SOME_DAY, "13:00 14:00")], [(780, 840, 840)]),
]


@pytest.mark.parametrize(("weekly", "overrides", "expected"), SPANS)
def test_what_opens_on_a_day(
    weekly: list[object], overrides: list[object], expected: list[tuple[int, int, int]]
) -> None:
    kept = document(weekly=weekly, overrides=overrides)
    assert kept.spans(SOME_DAY) == tuple(Span(*one) for one in expected)


@pytest.mark.parametrize(("before", "after", "gap"), [(0, 0, 0), (10, 20, 20), (20, 10, 20)])
def test_the_gap_is_the_longer_of_the_two_buffers(before: int, after: int, gap: int) -> None:
    kept = document(buffer_before_minutes=before, buffer_after_minutes=after)
    assert kept.gap_minutes == gap


@pytest.mark.parametrize(
    ("fields", "has_hours"),
    [
        ({}, False),
        ({"weekly": week("0 09:00 12:00")}, True),
        ({"overrides": [override(SOME_DAY)]}, False),  # closed days are no hours
        ({"overrides": [override(SOME_DAY, "09:00 12:00")]}, True),
        ({"overrides": [override(SOME_DAY), override(DAYS[1], "09:00 12:00")]}, True),
        ({"weekly": week("0 09:00 12:00"), "overrides": [override(SOME_DAY)]}, True),
    ],
)
def test_hours_are_weekly_or_of_one_day(fields: dict[str, Any], has_hours: bool) -> None:
    assert document(**fields).has_hours is has_hours
