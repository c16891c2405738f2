"""What may still be done to a booked session, and when the door to it opens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_BEFORE = timedelta(minutes=10)
STAYS_OPEN = timedelta(minutes=30)


@dataclass(frozen=True)
class Permission:
    """Yes or no, with the sentence that says why."""

    allowed: bool
    message: str


class Door(StrEnum):
    EARLY = "early"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True)
class JoinState:
    door: Door
    opens_at: datetime
    closes_at: datetime


def span_in_words(minutes: int) -> str:
    """24 hours, 2 days, 30 minutes: the largest unit that is exact (days from two on)."""
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        count, rest = divmod(minutes, size)
        if rest == 0 and count and not (unit == "day" and count == 1):
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "0 minutes"


def notice_rule(cancel_notice_minutes: int) -> str:
    """The rule as it is told before booking."""
    if cancel_notice_minutes == 0:
        return "You can cancel or move this until it starts."
    return f"You can cancel or move this up to {span_in_words(cancel_notice_minutes)} before."


def may_change(starts_at: datetime, cancel_notice_minutes: int, now: datetime) -> Permission:
    """Whether the patient may still cancel or move a session that starts at `starts_at`."""
    if now >= starts_at:
        return Permission(False, "This session has begun, so it can no longer be changed here.")
    if now > starts_at - timedelta(minutes=cancel_notice_minutes):
        span = span_in_words(cancel_notice_minutes)
        return Permission(
            False,
            f"It starts in less than {span}, and this provider asks for that much notice, "
            "so it can no longer be changed here.",
        )
    return Permission(True, notice_rule(cancel_notice_minutes))


def may_close(starts_at: datetime, now: datetime) -> Permission:
    """Whether the provider may say that it took place, or that nobody came."""
    if now < starts_at:
        return Permission(False, "This can be said once the session has started.")
    return Permission(True, "")


def join_state(starts_at: datetime, ends_at: datetime, now: datetime) -> JoinState:
    """The door opens 10 minutes before the start and closes 30 minutes after the end."""
    opens_at, closes_at = starts_at - OPENS_BEFORE, ends_at + STAYS_OPEN
    if now < opens_at:
        return JoinState(Door.EARLY, opens_at, closes_at)
    return JoinState(Door.OPEN if now < closes_at else Door.OVER, opens_at, closes_at)
