"""The words of the notice rule and the exact minutes at which it and the door change."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules.notice import (
    Door,
    JoinState,
    join_state,
    may_change,
    may_close,
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
    ("notice", "rule"),
    [
        (0, "You can cancel or move this until it starts."),
        (1, "You can cancel or move this up to 1 minute before."),
        (DAY, "You can cancel or move this up to 24 hours before."),
    ],
)
def test_the_rule_as_it_is_told_before_booking(notice: int, rule: str) -> None:
    assert notice_rule(notice) == rule


BEGUN = "This session has begun, so it can no longer be changed here."
LATE = (
    "It starts in less than 24 hours, and this provider asks for that much notice, "
    "so it can no longer be changed here."
)


@pytest.mark.parametrize(
    ("now", "notice", "allowed", "message"),
    [
        (START - timedelta(days=1), DAY, True, notice_rule(DAY)),  # exactly the notice is enough
        (START - timedelta(days=1) + INSTANT, DAY, False, LATE),
        (START - INSTANT, DAY, False, LATE),
        (START - INSTANT, 0, True, notice_rule(0)),  # to the last instant, without notice
        (START, 0, False, BEGUN),
        (START, DAY, False, BEGUN),  # begun, rather than late
    ],
)
def test_until_when_a_session_may_be_changed(
    now: datetime, notice: int, allowed: bool, message: str
) -> None:
    answer = may_change(START, notice, now)
    assert (answer.allowed, answer.message) == (allowed, message)


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
