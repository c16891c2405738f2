"""Where things stand on the week's grid: midnight, time off, clocks that go forth and back."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.pages.practice.week_grid import (
    LONG,
    USUAL,
    Placed,
    monday_of,
    week_view,
)
from booking.rules.availability import Availability

ZONE = "America/Los_Angeles"
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # Monday 10:00 am there


def hours(*weekly: tuple[int, str, str], **more: Any) -> Availability:
    ranges = [{"weekday": day, "start": start, "end": end} for day, start, end in weekly]
    return Availability.model_validate({"time_zone": ZONE, "weekly": ranges, **more})


def session(start: datetime, minutes: int = 50) -> Placed:
    return Placed(start, start + timedelta(minutes=minutes), "booked", "R.E.", "Individual")


def local(day: date, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    at = datetime(day.year, day.month, day.day, hour, minute, fold=fold, tzinfo=ZoneInfo(ZONE))
    return at.astimezone(UTC)


def test_hours_and_sessions_stand_at_their_quarter_hours() -> None:
    view = week_view(
        hours((0, "09:00", "12:00")), MONDAY, [session(local(MONDAY, 9), 60)], NOW, USUAL
    )
    monday = view["days"][0]
    assert view["hours"][0]["label"] == "8 am"
    assert monday["bands"] == [{"row": 4, "span": 12}]
    assert (monday["items"][0]["row"], monday["items"][0]["span"]) == (4, 4)
    assert monday["items"][0]["time"] == "9:00"
    assert monday["items"][0]["half"] == "am"
    assert monday["items"][0]["is_past"]
    assert monday["is_today"]
    assert monday["now_row"] == 8


def test_sessions_that_follow_one_another_never_overlap() -> None:
    starts = [local(MONDAY, 9) + timedelta(minutes=50 * n) for n in range(6)]
    view = week_view(hours(), MONDAY, [session(one) for one in starts], NOW, USUAL)
    items = view["days"][0]["items"]
    for before, after in pairwise(items):
        assert before["row"] + before["span"] <= after["row"]


def test_hours_past_midnight_go_on_the_next_day_also_from_the_week_before() -> None:
    view = week_view(hours((6, "22:00", "25:30")), MONDAY, [], NOW, USUAL)
    assert view["days"][6]["bands"] == [{"row": 88, "span": 8}]  # from 22:00, first hour 0
    assert view["days"][0]["bands"] == [{"row": 0, "span": 6}]
    assert view["days"][0]["line"] == "Open 12:00 am to 1:30 am"


def test_a_whole_day_is_drawn_in_pieces_that_the_classes_know() -> None:
    view = week_view(hours((2, "00:00", "24:00")), MONDAY, [], NOW, USUAL)
    assert view["days"][2]["bands"] == [{"row": 0, "span": 64}, {"row": 64, "span": 32}]


def test_time_off_is_cut_out_of_the_hours() -> None:
    away = {"starts_at": local(MONDAY, 10).isoformat(), "ends_at": local(MONDAY, 11).isoformat()}
    view = week_view(hours((0, "09:00", "12:00"), time_off=[away]), MONDAY, [], NOW, USUAL)
    assert view["days"][0]["bands"] == [{"row": 4, "span": 4}, {"row": 12, "span": 4}]
    assert "9:00 am to 10:00 am and 11:00 am to 12:00 pm" in view["days"][0]["line"]


def test_the_line_says_the_day_in_words() -> None:
    days = week_view(hours((0, "09:00", "12:00")), MONDAY, [], NOW, USUAL)["days"]
    assert days[0]["line"] == "Open 9:00 am to 12:00 pm"
    assert days[1]["line"] == "Closed"


@pytest.mark.parametrize(
    ("start", "end", "drawn"),
    [
        (local(MONDAY, 13), local(MONDAY, 15), [(0, 20, 8, "1:00 pm to 3:00 pm")]),
        (
            local(MONDAY, 16),
            local(date(2026, 11, 25), 9),
            # as far as the hours shown go, each day with its own words
            [(0, 32, 8, "from 4:00 pm"), (1, 0, 40, "all day"), (2, 0, 4, "to 9:00 am")],
        ),
        (local(MONDAY, 5), local(MONDAY, 7), []),  # before the first hour shown
        (local(date(2026, 11, 20), 9), local(date(2026, 11, 22), 9), []),  # the week before
    ],
)
def test_time_off_is_drawn_and_named(
    start: datetime, end: datetime, drawn: list[tuple[int, int, int, str]]
) -> None:
    away = {"starts_at": start.isoformat(), "ends_at": end.isoformat()}
    days = week_view(hours(time_off=[away]), MONDAY, [], NOW, USUAL)["days"]
    found = [
        (n, one["row"], one["span"], one["label"])
        for n, day in enumerate(days)
        for one in day["away"]
    ]
    assert found == drawn


def test_all_hours_from_six_to_ten_are_shown_where_asked_for() -> None:
    labels = [one["label"] for one in week_view(hours(), MONDAY, [], NOW, LONG)["hours"]]
    assert (labels[0], labels[-1], len(labels)) == ("6 am", "9 pm", 16)


def test_two_within_one_quarter_hour_stand_side_by_side() -> None:
    starts = [local(MONDAY, 9) + timedelta(minutes=10 * n) for n in range(3)]
    view = week_view(hours(), MONDAY, [session(one, 10) for one in starts], NOW, USUAL)
    places = [(one["row"], one["side"]) for one in view["days"][0]["items"]]
    assert places == [(4, ""), (5, "left"), (5, "right")]


@pytest.mark.parametrize(
    "sunday", [date(2026, 3, 8), date(2026, 11, 1)], ids=["spring forward", "fall back"]
)
def test_a_week_in_which_the_clocks_change(sunday: date) -> None:
    noon = session(local(sunday, 12))
    view = week_view(hours((6, "09:00", "17:00")), monday_of(sunday), [noon], NOW, USUAL)
    last = view["days"][6]
    assert last["heading"].startswith("Sun")
    assert last["bands"] == [{"row": 4, "span": 32}]
    assert last["items"][0]["row"] == 16


def test_a_session_over_the_hour_that_comes_twice_is_as_long_as_it_lasts() -> None:
    sunday = date(2026, 11, 1)
    view = week_view(hours(), monday_of(sunday), [session(local(sunday, 1, 30))], NOW, USUAL)
    (item,) = view["days"][6]["items"]
    assert (item["row"], item["span"]) == (2, 3)  # the first hour shown is 1 am


def test_a_session_over_the_hour_that_is_skipped_reaches_the_time_at_which_it_ends() -> None:
    sunday = date(2026, 3, 8)
    view = week_view(hours(), monday_of(sunday), [session(local(sunday, 1, 30), 60)], NOW, USUAL)
    (item,) = view["days"][6]["items"]
    assert (item["row"], item["span"]) == (2, 8)  # 1:30 am to 3:30 am, as the clocks read
