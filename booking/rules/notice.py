"""How late is too late: to cancel, to move, to join; and how early to say how a session went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from booking.rules.transitions import ActorKind

JOIN_OPENS: Final = timedelta(minutes=10)  # before the start
JOIN_CLOSES: Final = timedelta(minutes=30)  # after the end
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True)
class Verdict:
    """`message` is a sentence for people. Codes: allowed, too_late, begun, not_begun."""

    allowed: bool
    code: str
    message: str


@dataclass(frozen=True)
class JoinState:
    """Codes: early, open, over. The door is open from `opens_at` until before `closes_at`."""

    code: str
    message: str
    opens_at: datetime
    closes_at: datetime

    @property
    def is_open(self) -> bool:
        return self.code == "open"


def notice_rule(cancel_notice_minutes: int) -> str:
    """The patient's right in plain words, said before booking and on each appointment."""
    if cancel_notice_minutes == 0:
        return "You can cancel or move this at any time until it begins."
    return f"You can cancel or move this up to {length(cancel_notice_minutes)} before it begins."


def may_cancel(
    actor: ActorKind, starts_at: datetime, cancel_notice_minutes: int, now: datetime
) -> Verdict:
    """A patient until the provider's notice before the start; others until the start."""
    return _until("cancelled", actor, starts_at, cancel_notice_minutes, now)


def may_reschedule(
    actor: ActorKind, starts_at: datetime, cancel_notice_minutes: int, now: datetime
) -> Verdict:
    """As for cancelling: moving also gives the old time up."""
    return _until("moved", actor, starts_at, cancel_notice_minutes, now)


def last_moment(starts_at: datetime, cancel_notice_minutes: int) -> datetime:
    """Until this instant, it included, a patient may cancel or move."""
    return starts_at - timedelta(minutes=cancel_notice_minutes)


def may_record_outcome(starts_at: datetime, now: datetime) -> Verdict:
    """Completed or missed: only once the session has begun."""
    if now < starts_at:
        return Verdict(False, "not_begun", "You can say how it went once the session has begun.")
    return Verdict(True, "allowed", "The session has begun.")


def join_state(starts_at: datetime, ends_at: datetime, now: datetime) -> JoinState:
    """Joining opens 10 minutes before the start and closes 30 minutes after the end."""
    opens_at, closes_at = starts_at - JOIN_OPENS, ends_at + JOIN_CLOSES
    if now < opens_at:
        wait = length(JOIN_OPENS // timedelta(minutes=1))
        return JoinState("early", f"You can join {wait} before it begins.", opens_at, closes_at)
    if now < closes_at:
        return JoinState("open", "You can join now.", opens_at, closes_at)
    return JoinState("over", "This session is over.", opens_at, closes_at)


def length(minutes: int) -> str:
    """90 minutes, 1 hour, 24 hours, 2 days: in the largest unit that is exact."""
    for size, unit in ((2 * _DAY, "day"), (_HOUR, "hour"), (1, "minute")):
        one = _DAY if unit == "day" else size
        if minutes >= size and minutes % one == 0:
            number = minutes // one
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return "0 minutes"


def _until(
    done: str, actor: ActorKind, starts_at: datetime, cancel_notice_minutes: int, now: datetime
) -> Verdict:
    if now >= starts_at:
        return Verdict(False, "begun", f"This session has begun, so it cannot be {done}.")
    notice = cancel_notice_minutes if actor == ActorKind.PATIENT else 0
    if now > last_moment(starts_at, notice):
        ago = f"until {length(notice)} before it begins"
        return Verdict(False, "too_late", f"This session could be {done} {ago}; that has passed.")
    return Verdict(True, "allowed", f"This session can be {done}.")
