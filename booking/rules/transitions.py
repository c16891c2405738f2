"""The life of an appointment: which status may follow which, who may bring it about; and holds.

When an outcome may be recorded, or a session still be cancelled, is for `booking.rules.notice`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

HOLD_MINUTES: Final = 10
EXTENSIONS: Final = 1  # a hold can be extended so many times, by HOLD_MINUTES each


class Status(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    EXPIRED = "expired"  # a hold ran out
    RELEASED = "released"  # a hold was given back
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


class ActorKind(StrEnum):
    VISITOR = "visitor"  # not signed in; known by their browser's cookie
    PATIENT = "patient"
    PROVIDER = "provider"
    ADMIN = "admin"
    SYSTEM = "system"


_V, _PT, _PR, _A, _S = ActorKind
_H, _B = Status.HELD, Status.BOOKED

# An appointment that stands keeps its time from everyone else.
STANDING: Final = frozenset({_H, _B})

TRANSITIONS: Final[Mapping[tuple[Status, Status], frozenset[ActorKind]]] = {
    # from, to: who may
    (_H, _B): frozenset({_V, _PT}),
    (_H, Status.RELEASED): frozenset({_V, _PT, _S}),
    (_H, Status.EXPIRED): frozenset({_S}),
    (_B, _B): frozenset({_PT}),  # moved to another time
    (_B, Status.CANCELLED): frozenset({_PT, _PR, _A, _S}),
    (_B, Status.COMPLETED): frozenset({_PR, _S}),
    (_B, Status.NO_SHOW): frozenset({_PR}),
    # The provider pressed the wrong button.
    (Status.COMPLETED, Status.NO_SHOW): frozenset({_PR}),
    (Status.NO_SHOW, Status.COMPLETED): frozenset({_PR}),
}

_IS: Final = {
    Status.HELD: "is only held",
    Status.BOOKED: "is booked",
    Status.EXPIRED: "was held, and the hold ran out",
    Status.RELEASED: "was held, and the hold was given back",
    Status.CANCELLED: "is cancelled",
    Status.COMPLETED: "took place",
    Status.NO_SHOW: "was missed",
}
_BECOME: Final = {
    Status.HELD: "be held",
    Status.BOOKED: "be booked or moved",
    Status.EXPIRED: "run out",
    Status.RELEASED: "be given back",
    Status.CANCELLED: "be cancelled",
    Status.COMPLETED: "be marked as completed",
    Status.NO_SHOW: "be marked as missed",
}


class TransitionRefused(Exception):
    """`code` is `not_possible` (no such move for anyone) or `not_yours` (others may)."""

    def __init__(self, status: Status, to: Status, actor: ActorKind, code: str) -> None:
        self.status, self.to, self.actor, self.code = status, to, actor, code
        self.message = (
            "That is for someone else to do."
            if code == "not_yours"
            else f"This appointment {_IS[status]}, so it cannot {_BECOME[to]}."
        )
        super().__init__(self.message)


def may_move(status: Status, to: Status, actor: ActorKind) -> bool:
    """Whether the table lets this actor bring an appointment from `status` to `to`."""
    return actor in TRANSITIONS.get((status, to), frozenset())


def check_move(status: Status, to: Status, actor: ActorKind) -> None:
    """Nothing when `may_move`; otherwise raises TransitionRefused."""
    if not may_move(status, to, actor):
        code = "not_yours" if (status, to) in TRANSITIONS else "not_possible"
        raise TransitionRefused(status, to, actor, code)


def is_final(status: Status) -> bool:
    """Whether nobody can move it on."""
    return not any(before == status for before, _ in TRANSITIONS)


def hold_expiry(now: datetime) -> datetime:
    """When a hold that begins now runs out."""
    return now + timedelta(minutes=HOLD_MINUTES)


def is_expired(expires_at: datetime, now: datetime) -> bool:
    """A hold is over at the instant of its expiry."""
    return expires_at <= now


def may_extend(expires_at: datetime, times_extended: int, now: datetime) -> bool:
    """Once, and only while the hold still stands."""
    return times_extended < EXTENSIONS and not is_expired(expires_at, now)


def extended_expiry(expires_at: datetime) -> datetime:
    """The time left is kept: the extension begins where the hold would have ended."""
    return expires_at + timedelta(minutes=HOLD_MINUTES)
