"""One appointment as its provider sees it: who comes, what may be said of it. No clinical notes."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments.allowances import allow_sessions, sessions_allowed
from booking.appointments.bookings import cancel, complete, excuse, mark_no_show
from booking.appointments.moves import Actor
from booking.appointments.patient_details import find_details
from booking.appointments.queries import AppointmentDetails, find_events, get_details_for
from booking.appointments.terms import cancel_until
from booking.looks import OPENED, saw_patients
from booking.models import AppointmentRow
from booking.pages.practice.initials import shown_name
from booking.rules import slots
from booking.rules.hold_caps import MOST_SESSIONS
from booking.rules.notice import Door, JoinState, join_state, may_close
from booking.rules.transitions import ActorKind, Status, may_move
from core.errors import DomainError, Invalid, NotFound, status_of
from core.numbers import read_whole
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

CANCELLED = flash.declare("cancelled", "Cancelled.")
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
            *_patient_facts(visit, one, own.time.zone),
            *_session_facts(one),
        ],
        room_url=own.time.provider.meeting_url if door.door != Door.OVER else "",
        needs_link=not own.time.provider.meeting_url and door.door != Door.OVER,
        door_line=_door_line(door, own),
        may_cancel=may_move(state, Status.CANCELLED, ActorKind.PROVIDER)
        and visit.now < one.starts_at,
        outcomes=[
            {"value": to, "label": label}
            for to, label in _OUTCOMES.items()
            if may_record and may_move(state, to, ActorKind.PROVIDER)
        ],
        late_line=_late_line(one, visit.now),
        may_excuse=not one.is_excused
        and (one.is_late or (one.status == Status.BOOKED and visit.now < one.starts_at)),
        outside=_outside(one, own),
        refusal=_refusal(one, own, visit.now) if visit.caller.sees_names else "",
        most=most,
        reason=reason,
        reason_line=_reason_line(one, events) if visit.caller.sees_names else "",
        needs_factor=not visit.caller.sees_names,
        history=_history(events, own.time.zone),
    )


def _outside(one: AppointmentRow, own: AppointmentDetails) -> str:
    """That a booked session lies outside the hours as they are now."""
    availability = own.time.calendar.availability
    if availability is None or one.status != Status.BOOKED:
        return ""
    found = slots.hours_refusal(availability, one.starts_at, one.minutes)
    return "" if found is None else "This session lies outside your hours as they are now."


def _refusal(one: AppointmentRow, own: AppointmentDetails, now: datetime) -> str:
    """Why it cannot take place as things stand; empty where it can."""
    if one.status != Status.BOOKED or one.ends_at <= now:
        return ""
    at = max(one.starts_at, now)
    verdict = own.time.calendar.ground.verdict(one.patient_state or "", at, now)
    return "" if verdict.allowed else verdict.reason


def _door_line(door: JoinState, own: AppointmentDetails) -> str:
    if door.door == Door.OVER:
        return "The time of this session is over."
    if not own.time.provider.meeting_url:
        return "Your patient cannot join yet: there is no link to your room."
    if door.door == Door.OPEN:
        return "Your patient can join now."
    return f"Your patient can join from {formats.clock_time(door.opens_at, own.time.zone)}."


def _patient_facts(visit: Visit, one: AppointmentRow, zone: str) -> list[dict[str, str]]:
    facts = find_details(visit.session, one.patient_id) if one.patient_id else None
    if facts is None:
        return [{"label": "Patient", "value": "Has deleted their data"}]
    if not visit.caller.sees_names:
        return [{"label": "Patient", "value": shown_name(visit.caller, facts.name)}]
    place = STATES[one.patient_state].name if one.patient_state in STATES else "Unknown"
    age = _age(facts.date_of_birth, formats.local_date(one.starts_at, zone))
    there = formats.when(one.starts_at, one.patient_zone or zone)
    if there != formats.when(one.starts_at, zone):
        place += f"; by their clock it is {there}"
    return [
        {"label": "Patient", "value": shown_name(visit.caller, facts.name)},
        {"label": "Age", "value": str(age)},
        {"label": "Will be in", "value": place},
    ]


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _session_facts(one: AppointmentRow) -> list[dict[str, str]]:
    """As it was agreed."""
    facts = [
        {"label": "Session", "value": one.title},
        {"label": "Length", "value": formats.duration(one.minutes)},
        {"label": "Fee", "value": formats.money(one.fee_cents)},
    ]
    if one.status == Status.BOOKED:
        until = formats.when(cancel_until(one), one.zone)
        facts.append({"label": "Free to cancel until", "value": until})
    return facts


def _late_line(one: AppointmentRow, now: datetime) -> str:
    """What counts as late here; empty where nothing does."""
    if one.is_excused:
        return "You excused it: cancelling does not count as late." if _is_own_excuse(one) else ""
    if one.is_late:
        return "Your patient cancelled late, inside your notice."
    if one.status == Status.BOOKED and cancel_until(one) < now < one.starts_at:
        return "From now on cancelling counts as late."
    return ""


def _is_own_excuse(one: AppointmentRow) -> bool:
    return one.ended_by != ActorKind.SYSTEM


_OUTCOMES = {Status.COMPLETED: "It took place", Status.NO_SHOW: "The patient did not come"}
_SAID = {
    "booked": "Booked",
    "cancelled": "Cancelled",
    "completed": "Took place",
    "no_show": "Not attended",
}
_BY = {"provider": "you", "system": "Openchair"}


def _reason_line(one: AppointmentRow, events: list[Any]) -> str:
    if one.status != Status.CANCELLED or not one.reason:
        return ""
    if one.ended_by == ActorKind.SYSTEM:
        return (
            f"Openchair called it off. Your patient was told: “{one.reason}” They were shown others"
            " who can see them."
        )
    is_mine = events and events[-1].actor_kind == ActorKind.PROVIDER
    return f"{'You told your patient' if is_mine else 'The reason given'}: {one.reason}"


def _history(events: list[Any], zone: str) -> list[dict[str, str]]:
    return [
        {
            "at": formats.short_when(one.at, zone),
            "what": f"{_SAID.get(one.status, one.status)} for "
            f"{formats.short_when(one.starts_at, zone)}",
            "by": _BY.get(one.actor_kind, "your patient"),
        }
        for one in events
    ]
