"""Why a time cannot be held, kept or booked, with what is free instead."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import Calendar
from booking.calendar.slot_cache import nearest_free_times
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.slots import Interval, Refusal
from core.errors import Conflict, Gone, NotFound
from core.times import write_instant

FARTHEST: Final = timedelta(days=400)
"""Beyond any calendar; what lies further ahead is not even looked up."""


class SlotRefused(Conflict):
    """The rules refuse that start. `reason` names the rule; `alternatives` are free starts."""

    code = "slot_refused"

    def __init__(self, refusal: Refusal, alternatives: list[dict[str, str]]) -> None:
        super().__init__(refusal.message, reason=refusal.code, alternatives=alternatives)


class SlotTaken(SlotRefused):
    """Somebody has that time."""

    code = "slot_taken"


class NotListed(NotFound):
    code = "not_listed"
    message = "This provider cannot be booked at the moment."


class HoldOver(Gone):
    """The hold ran out, was given back or became a booking."""

    code = "hold_over"
    message = "We no longer keep that time for you. Please choose a time again."


class AlreadyExtended(Conflict):
    code = "already_extended"
    message = "A time can be kept longer once only."


def refusal_of(
    availability: Availability,
    start: datetime,
    minutes: int,
    busy: list[Interval],
    now: datetime,
) -> Refusal | None:
    """What the one validator says of a start; for dates past any calendar, that it is too far."""
    if start > now + FARTHEST:
        return slots.TOO_FAR
    booked = slots.count_by_day(busy, availability.time_zone)
    return slots.refusal(availability, start, minutes, busy, booked, now)


def refused(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    wanted: datetime,
    refusal: Refusal,
    now: datetime,
) -> SlotRefused:
    """The error for a refusal, with what is free near the time that was wanted."""
    near = min(max(wanted, now), now + FARTHEST)
    free = nearest_free_times(session, calendar, service_id, near, now)
    kind = SlotTaken if refusal == slots.TAKEN else SlotRefused
    alternatives = [
        {"service_id": str(service_id), "starts_at": write_instant(start)} for start in free
    ]
    return kind(refusal, alternatives)
