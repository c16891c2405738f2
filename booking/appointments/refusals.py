"""Why a time cannot be held, kept or booked, with what is free instead."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.free_times import ANYBODY, Viewer, nearest_free_times
from booking.calendar.queries import Calendar, busy_of, idle_holds_of, read_busy
from booking.rules import slots
from booking.rules.slots import Interval, Refusal
from core.database import run_together
from core.errors import Conflict, Gone, NotFound
from core.times import write_instant

FARTHEST: Final = timedelta(days=400)
"""Beyond any calendar; what lies further ahead is not even looked up."""


class SlotRefused(Conflict):
    """The rules refuse that start. `reason` names the rule; `alternatives` are free starts."""

    code = "slot_refused"

    def __init__(self, refusal: Refusal, alternatives: list[dict[str, str]]) -> None:
        super().__init__(refusal.message, reason=refusal.code, alternatives=alternatives)
        self.refusal, self.free = refusal, alternatives


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


class AlreadyBooked(Conflict):
    code = "already_booked"
    message = "This time is booked already."


class PatientBusy(Conflict):
    code = "patient_busy"
    message = "You have another session at that time."


def refusal_of(
    calendar: Calendar,
    start: datetime,
    minutes: int,
    busy: list[Interval],
    now: datetime,
    *,
    is_held: bool = False,
) -> Refusal | None:
    """What the one validator says of a start: the provider's rules, then their ground, in any
    state. `is_held`: notice and horizon were asked when it was held."""
    availability = calendar.availability
    if availability is None:
        return slots.OUTSIDE_HOURS
    if start > now + FARTHEST:
        return slots.TOO_FAR
    allowed = slots.held_window(now) if is_held else slots.window(availability, now)
    booked = slots.count_by_day(busy, availability.time_zone)
    found = slots.refusal(availability, start, minutes, busy, booked, allowed, now)
    if found is None and not calendar.ground.allows(start):
        return slots.NO_GROUND
    return found


def find_refusal(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    start: datetime,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> Refusal | None:
    """Why `viewer` may not hold a start of a service now; None where they may."""
    offer, availability = calendar.offer(service_id), calendar.availability
    if offer is None:
        return slots.NOT_OFFERED
    found = refusal_of(calendar, start, offer.minutes, [], now)
    if found is not None or availability is None:
        return found
    span = Interval(start, start + timedelta(minutes=offer.minutes))
    reach = slots.reach(availability, slots.days_touched(availability, span.start, span.end))
    taken, idle = run_together(
        session,
        busy_of(calendar.provider_id, reach),
        idle_holds_of(calendar.provider_id, now, viewer.holder),
    )
    free = [Interval(row.starts_at, row.ends_at) for row in idle]
    busy = [one for one in read_busy(taken) if one not in free]
    return refusal_of(calendar, start, offer.minutes, busy, now)


def refused(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    wanted: datetime,
    refusal: Refusal,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> SlotRefused:
    """The error for a refusal, with what is free near the time that was wanted; of a service that
    is no longer offered, times of the others."""
    near = min(max(wanted, now), now + FARTHEST)
    offered = [service_id] if calendar.offer(service_id) else [one.id for one in calendar.offers]
    free = [
        (start, one)
        for one in offered
        if calendar.is_listed(now)
        for start in nearest_free_times(session, calendar, one, near, now, viewer)
    ]
    nearest = sorted(free, key=lambda pair: abs(pair[0] - near))[:3]
    return slot_refused(refusal, sorted(nearest))


def slot_refused(refusal: Refusal, free: Iterable[tuple[datetime, UUID]]) -> SlotRefused:
    """`free`: starts with their services, to be offered instead."""
    kind = SlotTaken if refusal == slots.TAKEN else SlotRefused
    alternatives = [
        {"service_id": str(service_id), "starts_at": write_instant(start)}
        for start, service_id in free
    ]
    return kind(refusal, alternatives)
