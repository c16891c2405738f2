"""The words of the notice rule and the exact minutes at which it and the door change."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules.notice import (
    Door,
    JoinState,
    cancel_until,
    join_state,
    may_cancel,
    may_close,
    may_move,
    notice_rule,
    span_in_words,
)

START = datetime(2026, 11, 24, 15, tzinfo=UTC)
END = START + timedelta(minutes=50)
INSTANT = timedelta(microseconds=1)
DAY = 24 * 60


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (59, "59 minutes"),
        (60, "1 hour"),
        (61, "61 minutes"),  # no unit but the minute is exact
        (120, "2 hours"),
        (DAY, "24 hours"),  # days begin with two
        (DAY + 60, "25 hours"),
        (2 * DAY, "2 days"),
        (2 * DAY + 1, "2881 minutes"),
        (14 * DAY, "14 days"),
    ],
)
def test_a_span_is_said_in_its_largest_exact_unit(minutes: int, words: str) -> None:
    assert span_in_words(minutes) == words


@pytest.mark.parametrize(
    ("notice", "moves_late", "rule"),
    [
        (0, False, "You can cancel or move this until it starts."),
        (
            60,
            False,
            "You can move this up to 1 hour before, and cancel it until it starts; cancelling less"
            " than 1 hour before is late.",
        ),
        (
            DAY,
            True,
            "You can cancel or move this until it starts; less than 24 hours before is late.",
        ),
    ],
)
def test_the_rule_as_it_is_told_before_booking(notice: int, moves_late: bool, rule: str) -> None:
    assert notice_rule(notice, moves_late) == rule


LONG_AGO = START - timedelta(days=30)


@pytest.mark.parametrize(
    ("notice", "booked_at", "is_excused", "until"),
    [
        (DAY, LONG_AGO, False, START - timedelta(days=1)),
        (0, LONG_AGO, False, START),
        (DAY, None, False, START - timedelta(days=1)),  # held, not booked yet
        (DAY, START - timedelta(hours=3), False, START - timedelta(hours=2)),  # the hour of grace
        (DAY, START - timedelta(hours=24.5), False, START - timedelta(hours=23.5)),
        (DAY, START - timedelta(minutes=20), False, START),  # never past the start
        (DAY, LONG_AGO, True, START),  # changed by the provider or the system, or excused
        (14 * DAY, LONG_AGO, False, START - timedelta(days=14)),
    ],
)
def test_up_to_when_calling_off_is_free(
    notice: int, booked_at: datetime | None, is_excused: bool, until: datetime
) -> None:
    assert cancel_until(START, notice, booked_at, is_excused) == until


@pytest.mark.parametrize(
    ("now", "allowed"),
    [(START - timedelta(days=9), True), (START - INSTANT, True), (START, False), (END, False)],
)
def test_a_session_can_be_called_off_until_it_starts(now: datetime, allowed: bool) -> None:
    answer = may_cancel(START, now)
    assert answer.allowed is allowed
    assert answer.message == ("" if allowed else BEGUN)


BEGUN = "This session has begun, so it can no longer be changed here."
UNTIL = START - timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "moves_late", "allowed", "words"),
    [
        (UNTIL, False, True, ""),  # exactly the notice is enough
        (UNTIL + INSTANT, False, False, "asks for that much notice"),
        (UNTIL + INSTANT, True, True, ""),
        (START - INSTANT, True, True, ""),
        (START, True, False, BEGUN),
        (START, False, False, BEGUN),  # begun, rather than late
    ],
)
def test_until_when_a_session_may_be_moved(
    now: datetime, moves_late: bool, allowed: bool, words: str
) -> None:
    answer = may_move(START, UNTIL, DAY, moves_late, now)
    assert answer.allowed is allowed
    assert words in answer.message


def test_a_session_can_be_closed_from_the_instant_it_starts() -> None:
    early, begun = may_close(START, START - INSTANT), may_close(START, START)
    assert (early.allowed, early.message) == (
        False,
        "This can be said once the session has started.",
    )
    assert (begun.allowed, begun.message) == (True, "")


OPENS, CLOSES = START - timedelta(minutes=10), END + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("now", "door"),
    [
        (OPENS - INSTANT, Door.EARLY),
        (OPENS, Door.OPEN),
        (CLOSES - INSTANT, Door.OPEN),
        (CLOSES, Door.OVER),  # half-open, like everything else
    ],
)
def test_the_door_is_open_from_ten_minutes_before_to_thirty_after(
    now: datetime, door: Door
) -> None:
    assert join_state(START, END, now) == JoinState(door, OPENS, CLOSES)
