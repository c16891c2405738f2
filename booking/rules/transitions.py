"""The life of an appointment, as one table.

`booking.appointments.moves` writes only what this table holds. A new status is one more row of
`Status`, and a row of `TRANSITIONS` for each way in and out of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self


class Status(StrEnum):
    # What follows from each. (A docstring would be the API's description.)
    takes_time: bool  # the time is nobody else's
    is_agreed: bool  # both people know of it: each further move is a new version of what they know

    def __new__(cls, value: str, takes_time: bool = False, is_agreed: bool = False) -> Self:
        status = str.__new__(cls, value)
        status._value_ = value
        status.takes_time, status.is_agreed = takes_time, is_agreed
        return status

    HELD = "held", True, False
    BOOKED = "booked", True, True
    EXPIRED = "expired", False, False  # the hold ran out
    RELEASED = "released", False, False  # the hold was given back
    CANCELLED = "cancelled", False, True
    COMPLETED = "completed", False, True
    NO_SHOW = "no_show", False, True


class ActorKind(StrEnum):
    VISITOR = "visitor"  # a browser that nobody signed in with
    PATIENT = "patient"
    PROVIDER = "provider"
    SYSTEM = "system"


_VISITOR, _PATIENT, _PROVIDER, _SYSTEM = ActorKind

TRANSITIONS: Mapping[tuple[Status | None, Status], frozenset[ActorKind]] = {
    (None, Status.HELD): frozenset({_VISITOR, _PATIENT}),
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

HOLD_MINUTES = 10  # some sentences spell it out: search templates/booking for "ten minutes"
HOLD = timedelta(minutes=HOLD_MINUTES)


class TransitionRefused(Exception):
    """The table has no such move, or not for this kind of actor."""

    def __init__(self, status: Status | None, to: Status, by: ActorKind) -> None:
        self.status, self.to, self.by = status, to, by
        super().__init__(f"{by} may not move {status} to {to}")


def may_move(status: Status | None, to: Status, by: ActorKind) -> bool:
    """Whether the table allows it; `status` None for an appointment that is not there yet."""
    return by in TRANSITIONS.get((status, to), frozenset())


def check_move(status: Status | None, to: Status, by: ActorKind) -> None:
    """Raises TransitionRefused."""
    if not may_move(status, to, by):
        raise TransitionRefused(status, to, by)


def origins(to: Status, by: ActorKind) -> list[Status]:
    """The statuses from which `by` may move an appointment to `to`. Raises TransitionRefused where
    there is none: no moment makes such a move right."""
    found = [status for status in Status if may_move(status, to, by)]
    if not found:
        raise TransitionRefused(None, to, by)
    return found


def hold_until(starts_at: datetime, now: datetime) -> datetime:
    """When a hold made, or made longer, at `now` runs out: it never outlives the start."""
    return min(now + HOLD, starts_at)


def is_expired(expires_at: datetime, now: datetime) -> bool:
    """A hold is good up to, not including, its expiry."""
    return now >= expires_at
