"""The table of transitions, the notice rule, and the door to the session."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules.notice import Door, join_state, may_close, notice_rule
from booking.rules.transitions import (
    TRANSITIONS,
    ActorKind,
    Status,
    TransitionRefused,
    check_move,
    may_move,
)

START = datetime(2026, 11, 24, 15, tzinfo=UTC)
END = START + timedelta(minutes=50)


def test_what_is_over_stays_over() -> None:
    for status in (Status.EXPIRED, Status.RELEASED, Status.CANCELLED):
        assert not any(start == status for start, _ in TRANSITIONS)


@pytest.mark.parametrize(
    ("status", "to", "by", "allowed"),
    [
        (Status.HELD, Status.BOOKED, ActorKind.PATIENT, True),
        (Status.HELD, Status.BOOKED, ActorKind.PROVIDER, False),  # nobody books for a patient
        (Status.HELD, Status.RELEASED, ActorKind.VISITOR, True),
        (Status.BOOKED, Status.CANCELLED, ActorKind.PROVIDER, True),
        (Status.BOOKED, Status.NO_SHOW, ActorKind.PATIENT, False),
        (Status.CANCELLED, Status.BOOKED, ActorKind.PATIENT, False),
        (Status.BOOKED, Status.HELD, ActorKind.SYSTEM, False),
    ],
)
def test_the_table_decides(status: Status, to: Status, by: ActorKind, allowed: bool) -> None:
    assert may_move(status, to, by) is allowed
    if not allowed:
        with pytest.raises(TransitionRefused):
            check_move(status, to, by)


def test_the_rule_is_told_in_words() -> None:
    assert "24 hours" in notice_rule(24 * 60)
    assert "2 days" in notice_rule(48 * 60)
    assert "90 minutes" in notice_rule(90)
    assert "until it starts" in notice_rule(0)


@pytest.mark.parametrize(
    ("at", "door"),
    [
        (START - timedelta(minutes=10, seconds=1), Door.EARLY),
        (START - timedelta(minutes=10), Door.OPEN),
        (END, Door.OPEN),  # sessions run over
        (END + timedelta(minutes=30), Door.OVER),
    ],
)
def test_the_door_opens_ten_minutes_before(at: datetime, door: Door) -> None:
    assert join_state(START, END, at).door is door


def test_a_session_is_closed_only_after_it_began() -> None:
    assert not may_close(START, START - timedelta(seconds=1)).allowed
    assert may_close(START, START).allowed
