"""The life of an appointment, as one table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    EXPIRED = "expired"  # the hold ran out
    RELEASED = "released"  # the hold was given back
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


class ActorKind(StrEnum):
    VISITOR = "visitor"  # a browser that nobody signed in with
    PATIENT = "patient"
    PROVIDER = "provider"
    SYSTEM = "system"


_VISITOR, _PATIENT, _PROVIDER, _SYSTEM = ActorKind

TRANSITIONS: Mapping[tuple[Status, Status], frozenset[ActorKind]] = {
    (Status.HELD, Status.BOOKED): frozenset({_PATIENT}),
    (Status.HELD, Status.RELEASED): frozenset({_VISITOR, _PATIENT}),
    (Status.HELD, Status.EXPIRED): frozenset({_SYSTEM}),
    (Status.BOOKED, Status.BOOKED): frozenset({_PATIENT, _PROVIDER}),  # moved to another time
    (Status.BOOKED, Status.CANCELLED): frozenset({_PATIENT, _PROVIDER, _SYSTEM}),
    (Status.BOOKED, Status.COMPLETED): frozenset({_PROVIDER}),
    (Status.BOOKED, Status.NO_SHOW): frozenset({_PROVIDER}),
    # A provider who pressed the wrong button can say so.
    (Status.COMPLETED, Status.NO_SHOW): frozenset({_PROVIDER}),
    (Status.NO_SHOW, Status.COMPLETED): frozenset({_PROVIDER}),
}

TAKES_TIME = frozenset({Status.HELD, Status.BOOKED})
"""The statuses that keep others out of the time; the database's constraints name the same."""

HOLD = timedelta(minutes=10)
EXTENSIONS = 1


class TransitionRefused(Exception):
    """The table has no such move, or not for this kind of actor."""

    def __init__(self, status: Status, to: Status, by: ActorKind) -> None:
        self.status, self.to, self.by = status, to, by
        super().__init__(f"{by} may not move {status} to {to}")


def may_move(status: Status, to: Status, by: ActorKind) -> bool:
    """Whether the table allows it."""
    return by in TRANSITIONS.get((status, to), frozenset())


def check_move(status: Status, to: Status, by: ActorKind) -> None:
    """Raises TransitionRefused."""
    if not may_move(status, to, by):
        raise TransitionRefused(status, to, by)


def is_expired(expires_at: datetime, now: datetime) -> bool:
    """A hold is good up to, not including, its expiry."""
    return now >= expires_at
