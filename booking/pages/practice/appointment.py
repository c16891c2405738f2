"""One appointment as its provider sees it: who comes, what may be said of it. No clinical notes."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from booking.appointments.bookings import Actor, cancel, complete, mark_no_show
from booking.appointments.patient_details import find_facts
from booking.appointments.queries import entry_of, get_appointment
from booking.calendar.availability import load_availability
from booking.models import Appointment, AppointmentEvent
from booking.rules.notice import Door, JoinState, join_state, may_close
from booking.rules.transitions import ActorKind, Status, may_move
from core.errors import DomainError, Invalid, NotFound, status_of
from core.web import formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import TransactionalRoute
from core.web.visit import Visit, Visiting
from directory.models import Provider
from directory.pages.application import own_practice
from directory.taxonomy import STATES

router = APIRouter(route_class=TransactionalRoute, include_in_schema=False)

HISTORY = "history"
"""The part of the page that an error points to where no field is at fault."""


@dataclass(frozen=True)
class _Own:
    provider: Provider
    appointment: Appointment
    zone: str


def _own(visit: Visit, appointment_id: UUID) -> _Own:
    """Raises NotFound for everyone but the appointment's provider."""
    provider = own_practice(visit)
    found = visit.session.get(Appointment, appointment_id)
    if found is None or found.provider_id != provider.id or found.patient_id is None:
        raise NotFound
    return _Own(provider, found, load_availability(visit.session, provider.id).time_zone)


@router.get("/provider/appointments/{appointment_id}")
@allow(PROVIDER)
def appointment(visit: Visiting, appointment_id: UUID) -> Response:
    """Who comes, when, and what may be said of it."""
    return _appointment_page(visit, _own(visit, appointment_id), "", [])


@router.post("/provider/appointments/{appointment_id}/cancel")
@allow(PROVIDER)
def cancel_appointment(
    visit: Visiting,
    appointment_id: UUID,
    reason: Annotated[str, Form(max_length=30000)] = "",
) -> Response:
    """Cancel, with the reason that the patient reads."""
    own = _own(visit, appointment_id)
    try:
        if not reason.strip():
            raise Invalid([("reason", "Say why; your patient reads this.")])
        cancel(visit.session, appointment_id, _me(visit), reason, visit.now)
    except Invalid as error:
        return _appointment_page(visit, own, reason, error.fields)
    except DomainError as error:
        return _refused(visit, own, reason, error)
    return RedirectResponse(f"/provider/appointments/{appointment_id}?notice=cancelled", 303)


@router.post("/provider/appointments/{appointment_id}/outcome")
@allow(PROVIDER)
def record_outcome(
    visit: Visiting, appointment_id: UUID, outcome: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """It took place, or nobody came."""
    own = _own(visit, appointment_id)
    close = {"completed": complete, "no_show": mark_no_show}.get(outcome)
    if close is None:
        return _appointment_page(visit, own, "", [(HISTORY, "Choose what happened.")])
    try:
        close(visit.session, appointment_id, _me(visit), visit.now)
    except DomainError as error:
        return _refused(visit, own, "", error)
    return RedirectResponse(f"/provider/appointments/{appointment_id}?notice=saved", 303)


def _refused(visit: Visit, own: _Own, reason: str, error: DomainError) -> Response:
    """Something happened meanwhile: the page as it is now, its history, and why it cannot be."""
    now = get_appointment(visit.session, own.appointment.id)
    own = replace(own, appointment=now)
    return _appointment_page(visit, own, reason, [(HISTORY, error.message)], status_of(error))


def _me(visit: Visit) -> Actor:
    return Actor(ActorKind.PROVIDER, visit.person_id)


def _appointment_page(
    visit: Visit, own: _Own, reason: str, problems: list[tuple[str, str]], status: int = 422
) -> Response:
    one = own.appointment
    entry = entry_of(visit.session, one)
    state = Status(one.status)
    door = join_state(one.starts_at, one.ends_at, visit.now)
    events = _events(visit.session, one.id)
    may_record = may_close(one.starts_at, visit.now).allowed
    return render(
        visit,
        "booking/practice/appointment.html",
        status=status if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        url=f"/provider/appointments/{one.id}",
        when=formats.when(one.starts_at, own.zone),
        standing=one.status,
        facts=[*_patient_facts(visit, one, own.zone), *_session_facts(entry.service_title, one)],
        room_url=own.provider.meeting_url or "" if door.door != Door.OVER else "",
        needs_link=not own.provider.meeting_url and door.door != Door.OVER,
        door_line=_door_line(door, own),
        may_cancel=may_move(state, Status.CANCELLED, ActorKind.PROVIDER)
        and visit.now < one.starts_at,
        outcomes=[
            {"value": to, "label": label}
            for to, label in _OUTCOMES.items()
            if may_record and may_move(state, to, ActorKind.PROVIDER)
        ],
        reason=reason,
        reason_line=_reason_line(one, events),
        history=_history(events, own.zone),
    )


def _door_line(door: JoinState, own: _Own) -> str:
    if door.door == Door.OVER:
        return "The time of this session is over."
    if not own.provider.meeting_url:
        return "Your patient cannot join yet: there is no link to your room."
    if door.door == Door.OPEN:
        return "Your patient can join now."
    return f"Your patient can join from {formats.clock_time(door.opens_at, own.zone)}."


def _patient_facts(visit: Visit, one: Appointment, zone: str) -> list[dict[str, str]]:
    facts = find_facts(visit.session, one.patient_id) if one.patient_id else None
    if facts is None:
        return [{"label": "Patient", "value": "Has deleted their data"}]
    place = STATES[one.patient_state].name if one.patient_state in STATES else "Unknown"
    age = _age(facts.date_of_birth, formats.local_date(one.starts_at, zone))
    there = formats.when(one.starts_at, one.patient_zone or zone)
    if there != formats.when(one.starts_at, zone):
        place += f", where it is {there}"
    return [
        {"label": "Patient", "value": facts.name},
        {"label": "Age", "value": str(age)},
        {"label": "Will be in", "value": place},
    ]


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _session_facts(title: str, one: Appointment) -> list[dict[str, str]]:
    minutes = int((one.ends_at - one.starts_at).total_seconds()) // 60
    return [
        {"label": "Session", "value": title},
        {"label": "Length", "value": formats.duration(minutes)},
        {"label": "Fee", "value": formats.money(one.fee_cents)},
    ]


_OUTCOMES = {Status.COMPLETED: "It took place", Status.NO_SHOW: "The patient did not come"}
_SAID = {
    "booked": "Booked",
    "cancelled": "Cancelled",
    "completed": "Took place",
    "no_show": "Not attended",
}
_BY = {"provider": "you", "system": "Openchair"}


def _events(session: Session, appointment_id: UUID) -> list[AppointmentEvent]:
    """What became of it, oldest first; the hold before the booking says nothing to a provider."""
    rows = session.exec(
        select(AppointmentEvent)
        .where(
            AppointmentEvent.appointment_id == appointment_id,
            AppointmentEvent.status != Status.HELD,
        )
        .order_by(col(AppointmentEvent.id))
    )
    return list(rows)


def _reason_line(one: Appointment, events: list[AppointmentEvent]) -> str:
    if one.status != Status.CANCELLED or not one.reason:
        return ""
    is_mine = events and events[-1].actor_kind == ActorKind.PROVIDER
    return f"{'You told your patient' if is_mine else 'The reason given'}: {one.reason}"


def _history(events: list[AppointmentEvent], zone: str) -> list[dict[str, str]]:
    return [
        {
            "at": formats.short_when(one.at, zone),
            "what": f"{_SAID.get(one.status, one.status)} for "
            f"{formats.short_when(one.starts_at, zone)}",
            "by": _BY.get(one.actor_kind, "your patient"),
        }
        for one in events
    ]
