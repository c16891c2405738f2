"""A patient will be in another state, or needs somebody else: lawful choices, one press each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments import bookings
from booking.appointments.bookings import NotPossible, TooLate
from booking.appointments.eligibility import LicenceRefused
from booking.appointments.moves import Actor
from booking.follow_through.alternatives import Alternative, find_alternatives
from booking.pages.patient.own_appointment import (
    OwnAppointment,
    open_own_appointment,
    page_of_provider,
)
from booking.rules.transitions import ActorKind
from core.errors import DomainError, status_of
from core.times import write_instant
from core.web import flash, formats
from core.web.caller import signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import zone_line
from directory.provider_cards import fee_line
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

CHANGED = flash.declare("state", "Saved. Your session stays booked.")


@router.get("/appointments/{appointment_id}/state")
@signed_in
def ask_state(visit: Visiting, appointment_id: UUID) -> Response:
    """Where will you be?"""
    mine = open_own_appointment(visit, appointment_id)
    if not mine.is_booked:
        return RedirectResponse(mine.url, 303)
    return page_of_provider(visit, mine) or _state_page(
        visit, mine, mine.appointment.patient_state or ""
    )


@router.post("/appointments/{appointment_id}/state")
@signed_in
def change_state(
    visit: Visiting, appointment_id: UUID, state: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Check it at once; where the answer is no, nothing changes and the page says what can be
    done."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    actor = Actor(ActorKind.PATIENT, visit.person_id)
    try:
        bookings.change_state(visit.session, appointment_id, state, actor, visit.now)
    except (LicenceRefused, NotPossible, TooLate) as error:
        return _state_page(visit, mine, state, error)
    return RedirectResponse(f"{mine.url}{CHANGED}", 303)


def _state_page(
    visit: Visit, mine: OwnAppointment, state: str, error: DomainError | None = None
) -> Response:
    message = error.message if error else ""
    if state not in STATES and error:
        message = "Choose the state where you will be during the session."
    is_elsewhere = isinstance(error, LicenceRefused) and state in STATES
    return render(
        visit,
        "booking/public/state.html",
        status_of(error) if error else 200,
        url=mine.url,
        when=formats.when(mine.appointment.starts_at, mine.zone),
        provider_name=mine.entry.provider_name,
        state=state,
        states=[(code, one.name) for code, one in STATES.items()],
        errors=[{"field": "state", "message": message}] if message and not is_elsewhere else [],
        there=STATES[state].name if is_elsewhere else "",
        refusal=message,
        alternatives_url=f"{mine.url}/alternatives?state={state}" if is_elsewhere else "",
        may_move=mine.moving.allowed,
        may_cancel=mine.cancelling.allowed,
    )


@router.get("/appointments/{appointment_id}/alternatives")
@signed_in
def alternatives(visit: Visiting, appointment_id: UUID, state: str = "") -> Response:
    """Who can see the patient instead, as of now, in the state of the session or in `state`."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    there = state if state in STATES else mine.appointment.patient_state or ""
    same, others = find_alternatives(
        visit.request.app.state, visit.session, mine.details, there, visit.now
    )
    one = mine.appointment
    return render(
        visit,
        "booking/public/alternatives.html",
        url=mine.url,
        when=formats.when(one.starts_at, mine.zone),
        provider_name=mine.entry.provider_name,
        state=STATES[there].name if there in STATES else "",
        same=[_time(str(one.service_id), at, there, mine.zone) for at in same],
        others=[_other(one, there, mine.zone) for one in others],
        zone_line=zone_line(mine.zone, visit.now),
        find_url=f"/find?state={there}",
    )


def _other(one: Alternative, state: str, zone: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "letters": one.card["letters"],
        "profession": one.card["profession"],
        "line": f"{one.offer.title}, {formats.duration(one.offer.minutes)} ·"
        f" {formats.money(one.offer.fee_cents)}",
        "fee": fee_line(one.card),
        "url": f"/providers/{one.slug}?state={state}",
        "times": [_time(str(one.offer.id), at, state, zone) for at in one.times],
    }


def _time(service: str, at: Any, state: str, zone: str) -> dict[str, Any]:
    """A button that holds this time."""
    return {
        "label": formats.short_when(at, zone),
        "hidden": {"service": service, "start": write_instant(at), "state": state, "zone": zone},
    }
