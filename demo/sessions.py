"""Sessions that are booked in made calendars."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any
from uuid import UUID

from booking.appointments.terms import agreed
from booking.models import Appointment, AppointmentEvent
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import instant_of, starts_within
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status
from core.database import uuid7
from demo.bulk import Record
from demo.calendars import Calendar
from demo.made import FULL, WAITING, MadeProvider
from directory.models import Service
from directory.taxonomy import STATES

_AHEAD = timedelta(days=14)
_AHEAD_IF_FULL = timedelta(days=61)
Taken = dict[UUID, list[Interval]]
"""When each patient has a session."""


def booked_sessions(
    made: MadeProvider,
    service: Service,
    calendar: Calendar,
    taken: Taken,
    rng: Random,
    now: datetime,
) -> list[tuple[UUID, Interval]]:
    """A share of the coming times of a calendar in which nothing is booked yet (all of them for
    those who shall be full), each with its patient. Nobody has two sessions at once: `taken` has
    those of every patient, and is added to."""
    found = []
    length = timedelta(minutes=service.minutes)
    after = now
    for start in _coming(made, service, calendar, now):
        if start < after or rng.random() >= made.busy:
            continue
        after = start + length
        free = [
            patient
            for patient, sessions in taken.items()
            if not any(one.overlaps(start, after) for one in sessions)
        ]
        if free:
            patient = rng.choice(free)
            taken[patient].append(Interval(start, after))
            found.append((patient, Interval(start, after)))
    return found


def session_records(
    made: MadeProvider,
    service: Service,
    availability: Availability,
    sessions: Sequence[tuple[UUID, Interval]],
    now: datetime,
) -> Iterator[Record]:
    """Appointments with their history, as patients would have booked them: from a state in which
    the provider is licensed."""
    for patient, span in sessions:
        appointment = _appointment(service, availability, patient, span, now)
        state = _state(made, span.start)
        appointment |= {"patient_state": state, "patient_zone": STATES[state].zone}
        yield Appointment, appointment
        yield AppointmentEvent, _booked(appointment, now)


def _coming(
    made: MadeProvider, service: Service, calendar: Calendar, now: datetime
) -> list[datetime]:
    if made.fate == WAITING:
        return []
    starts = sorted(chain.from_iterable(some for _, some in calendar.free(service.minutes)))
    ahead = Interval(now, now + (_AHEAD_IF_FULL if made.fate == FULL else _AHEAD))
    open_now = slots.window(calendar.availability, now)
    return [instant_of(one) for one in starts_within(starts_within(starts, ahead), open_now)]


def _state(made: MadeProvider, at: datetime) -> str:
    """Where a licence is good then; where none is, of the first: its renewal is still to come."""
    licences = [one for one in made.credentials if one.kind == "state_license" and one.verified]
    good = [one for one in licences if one.expires_on is None or one.expires_on >= at.date()]
    return (good or licences)[0].state


def _appointment(
    service: Service, availability: Availability, patient: UUID, span: Interval, now: datetime
) -> dict[str, Any]:
    key = uuid7()
    return {
        "id": key,
        "meeting_id": key,
        "provider_id": service.provider_id,
        "service_id": service.id,
        "patient_id": patient,
        "starts_at": span.start,
        "ends_at": span.end,
        "status": Status.BOOKED.value,
        "takes_time": Status.BOOKED.takes_time,
        "extended": False,
        **agreed(service.title, service.kind, service.fee_cents, availability, span.start),
        "version": 0,
        "created_at": now,
        "booked_at": now,
    }


def _booked(appointment: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "appointment_id": appointment["id"],
        "at": now,
        "status": appointment["status"],
        "starts_at": appointment["starts_at"],
        "actor_kind": ActorKind.PATIENT.value,
        "actor_id": appointment["patient_id"],
    }
