"""What may still be done to a booked session, and when the door to it opens.

A patient can always call off before the start. After `cancel_until` that counts as late: a mark
that the provider sees; nothing is charged.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

OPENS_BEFORE = timedelta(minutes=10)
STAYS_OPEN = timedelta(minutes=30)
GRACE: Final = timedelta(hours=1)
"""For so long after booking nothing counts as late."""
BEGUN: Final = "This session has begun, so it can no longer be changed here."


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


def notice_rule(cancel_notice_minutes: int, moves_late: bool = False) -> str:
    """The rule as it is told before booking."""
    if cancel_notice_minutes == 0:
        return "You can cancel or move this until it starts."
    span = span_in_words(cancel_notice_minutes)
    if moves_late:
        return f"You can cancel or move this until it starts; less than {span} before is late."
    return (
        f"You can move this up to {span} before, and cancel it until it starts; cancelling less"
        f" than {span} before is late."
    )


def cancel_until(
    starts_at: datetime,
    cancel_notice_minutes: int,
    booked_at: datetime | None,
    is_excused: bool = False,
) -> datetime:
    """Up to this instant, itself included, calling off does not count as late: the notice before
    the start, an hour after booking, or the start where the provider or the system changed the
    session or the provider excused it. `booked_at` None: not booked yet."""
    if is_excused:
        return starts_at
    free = starts_at - timedelta(minutes=cancel_notice_minutes)
    if booked_at is not None:
        free = max(free, booked_at + GRACE)
    return min(free, starts_at)


def is_soon_late(starts_at: datetime, until: datetime, now: datetime) -> bool:
    """Whether calling off counts as late within the hour, before the session starts. `until`: its
    `cancel_until`."""
    return until < starts_at and until <= now + GRACE


def may_cancel(starts_at: datetime, now: datetime) -> Permission:
    """Whether a session can still be called off: until it starts."""
    return Permission(False, BEGUN) if now >= starts_at else Permission(True, "")


def may_move(
    starts_at: datetime,
    until: datetime,
    cancel_notice_minutes: int,
    moves_late: bool,
    now: datetime,
) -> Permission:
    """Whether the patient may still move it. `until`: the `cancel_until` of the session."""
    if now >= starts_at:
        return Permission(False, BEGUN)
    if now > until and not moves_late:
        return Permission(
            False,
            f"It starts in less than {span_in_words(cancel_notice_minutes)}, and this provider"
            " asks for that much notice, so it can no longer be moved here. You can still"
            " cancel it.",
        )
    return Permission(True, "")


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
