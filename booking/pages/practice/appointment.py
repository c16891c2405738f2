"""One appointment as its provider sees it: who comes, what may be said of it. No clinical notes."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments.allowances import allow_sessions, sessions_allowed
from booking.appointments.bookings import cancel, complete, excuse, mark_no_show, reschedule
from booking.appointments.moves import Actor
from booking.appointments.queries import AppointmentDetails, find_events, get_details_for
from booking.looks import OPENED, saw_patients
from booking.pages.practice.appointment_lines import (
    OUTCOMES,
    door_line,
    history,
    late_line,
    other_times,
    outside_line,
    patient_facts,
    reason_line,
    refusal_line,
    session_facts,
)
from booking.rules.hold_caps import MOST_SESSIONS
from booking.rules.notice import Door, join_state, may_close
from booking.rules.transitions import ActorKind, Status, may_move
from core.errors import DomainError, Invalid, NotFound, status_of
from core.numbers import read_whole
from core.times import read_instant
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting

router = Router(include_in_schema=False)

CANCELLED = flash.declare("cancelled", "Cancelled.")
MOVED = flash.declare("moved-by-provider", "Moved. Your patient is told.")
EXCUSED = flash.declare("excused", "Excused: it does not count as late.")

HISTORY = "history"
"""The part of the page that an error points to where no field is at fault."""


def _own(visit: Visit, appointment_id: UUID) -> AppointmentDetails:
    """Raises NotFound for everyone but the appointment's provider."""
    found = get_details_for(visit.session, appointment_id, visit.person_id)
    if found.time.provider.person_id != visit.person_id:
        raise NotFound
    return found


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
    return RedirectResponse(f"/provider/appointments/{appointment_id}{CANCELLED}", 303)


@router.post("/provider/appointments/{appointment_id}/move")
@allow(PROVIDER)
def move_appointment(
    visit: Visiting, appointment_id: UUID, to: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Move it to one of the times that the page offers."""
    own = _own(visit, appointment_id)
    at = read_instant(to)
    if at is None:
        return _appointment_page(visit, own, "", [("to", "Choose a time to move it to.")])
    try:
        if at != own.appointment.starts_at:  # pressed twice, it is moved once
            reschedule(visit.session, appointment_id, at, _me(visit), visit.now)
    except DomainError as error:
        return _refused(visit, own, "", error)
    return RedirectResponse(f"/provider/appointments/{appointment_id}{MOVED}", 303)


@router.post("/provider/appointments/{appointment_id}/excuse")
@allow(PROVIDER)
def excuse_appointment(visit: Visiting, appointment_id: UUID) -> Response:
    """Calling it off does not count as late, before it is done or after."""
    own = _own(visit, appointment_id)
    try:
        excuse(visit.session, appointment_id, _me(visit))
    except DomainError as error:
        return _refused(visit, own, "", error)
    return RedirectResponse(f"/provider/appointments/{appointment_id}{EXCUSED}", 303)


@router.post("/provider/appointments/{appointment_id}/allowance")
@allow(PROVIDER)
def allow_more_sessions(
    visit: Visiting, appointment_id: UUID, most: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """How many sessions ahead this patient may have."""
    own = _own(visit, appointment_id)
    try:
        number = read_whole(most.strip(), MOST_SESSIONS) or 0
        allow_sessions(visit.session, own.appointment, number, visit.now)
    except Invalid as error:
        return _appointment_page(visit, own, "", error.fields, most=most)
    return RedirectResponse(f"/provider/appointments/{appointment_id}{flash.SAVED}", 303)


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
    return RedirectResponse(f"/provider/appointments/{appointment_id}{flash.SAVED}", 303)


def _refused(visit: Visit, own: AppointmentDetails, reason: str, error: DomainError) -> Response:
    """Something happened meanwhile: the page as it is now, its history, and why it cannot be."""
    own = _own(visit, own.appointment.id)
    return _appointment_page(visit, own, reason, [(HISTORY, error.message)], status_of(error))


def _me(visit: Visit) -> Actor:
    return Actor(ActorKind.PROVIDER, visit.person_id)


def _appointment_page(
    visit: Visit,
    own: AppointmentDetails,
    reason: str,
    problems: list[tuple[str, str]],
    status: int = 422,
    most: str | None = None,
) -> Response:
    one = own.appointment
    saw_patients(visit, OPENED, [own.entry])
    if most is None and one.patient_id is not None:
        most = str(sessions_allowed(visit.session, one.provider_id, one.patient_id, visit.now))
    state = Status(one.status)
    door = join_state(one.starts_at, one.ends_at, visit.now)
    events = find_events(visit.session, one.id)
    may_record = may_close(one.starts_at, visit.now).allowed
    return render(
        visit,
        "booking/practice/appointment.html",
        status=status if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        url=f"/provider/appointments/{one.id}",
        when=formats.when(one.starts_at, own.time.zone),
        standing=one.status,
        facts=[
            *patient_facts(visit, one, own.time.zone),
            *session_facts(one),
        ],
        room_url=own.time.provider.meeting_url if door.door != Door.OVER else "",
        needs_link=not own.time.provider.meeting_url and door.door != Door.OVER,
        door_line=door_line(door, own),
        times=other_times(visit, own),
        may_cancel=may_move(state, Status.CANCELLED, ActorKind.PROVIDER)
        and visit.now < one.starts_at,
        outcomes=[
            {"value": to, "label": label}
            for to, label in OUTCOMES.items()
            if may_record and may_move(state, to, ActorKind.PROVIDER)
        ],
        late_line=late_line(one, visit.now),
        may_excuse=not one.is_excused
        and (one.is_late or (one.status == Status.BOOKED and visit.now < one.starts_at)),
        outside=outside_line(one, own),
        refusal=refusal_line(one, own, visit.now) if visit.caller.sees_names else "",
        most=most,
        reason=reason,
        reason_line=reason_line(one, events) if visit.caller.sees_names else "",
        needs_factor=not visit.caller.sees_names,
        history=history(events, own.time.zone),
    )
