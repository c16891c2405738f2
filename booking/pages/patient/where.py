"""Where a patient usually is, and what that means for the sessions they have booked."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments.patient_details import PatientDetails, find_details, remembering
from booking.appointments.queries import AppointmentEntry, upcoming_of_patient
from booking.pages.search_context import zone_of
from core.database import run
from core.errors import NotFound
from core.web import flash, formats
from core.web.caller import signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import DEFAULT, is_zone, zone_choices
from directory.queries import grounds_of
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

URL = "/account/where"
Text = Annotated[str, Form(max_length=100)]


@router.get(URL)
@signed_in
def show(visit: Visiting) -> Response:
    """The state and the zone, and the booked sessions for which another state was said."""
    return _page(visit, find_details(visit.session, visit.person_id), [])


@router.post(URL)
@signed_in
def save(visit: Visiting, state: Text = "", time_zone: Text = "") -> Response:
    """Keep them for what is booked next; what is booked stays as it is."""
    details = find_details(visit.session, visit.person_id)
    if details is None:
        raise NotFound
    errors = []
    if state not in STATES:
        errors.append(("state", "Choose the state where you usually are."))
    if not is_zone(time_zone):
        errors.append(("time_zone", "Choose a time zone such as America/Chicago."))
    if errors:
        return _page(visit, replace(details, state=state, time_zone=time_zone), errors)
    moved = replace(details, state=state, time_zone=time_zone)
    run(visit.session, remembering(visit.person_id, moved, time_zone, visit.now))
    return RedirectResponse(f"{URL}{flash.SAVED}", 303)


def _page(visit: Visit, details: PatientDetails | None, errors: list[tuple[str, str]]) -> Response:
    state = details.state if details else ""
    zone = (details.time_zone if details else None) or DEFAULT
    refused, others = ([], []) if errors else _elsewhere(visit, state)
    return render(
        visit,
        "booking/public/where.html",
        422 if errors else 200,
        is_known=details is not None,
        state=state,
        state_name=STATES[state].name if state in STATES else "",
        states=[(code, one.name) for code, one in STATES.items()],
        zone=zone,
        zones=zone_choices(zone if is_zone(zone) else DEFAULT),
        errors=[{"field": field, "message": message} for field, message in errors],
        refused=[_line(visit, one, zone) for one in refused],
        others=[_line(visit, one, zone) for one in others],
    )


def _elsewhere(visit: Visit, state: str) -> tuple[list[AppointmentEntry], list[AppointmentEntry]]:
    """Of the sessions ahead those in which the provider may not see somebody in `state`, and of
    the rest those for which another state was said."""
    if not state:
        return [], []
    upcoming = upcoming_of_patient(visit.session, visit.person_id, visit.now)
    grounds = grounds_of(visit.session, (entry.appointment.provider_id for entry in upcoming))
    refused, others = [], []
    for entry in upcoming:
        one = entry.appointment
        if one.starts_at <= visit.now:
            continue
        if not grounds[one.provider_id].verdict(state, one.starts_at, visit.now).allowed:
            refused.append(entry)
        elif one.patient_state != state:
            others.append(entry)
    return refused, others


def _line(visit: Visit, entry: AppointmentEntry, zone: str) -> dict[str, Any]:
    one = entry.appointment
    return {
        "url": f"/appointments/{one.id}",
        "when": formats.when(one.starts_at, zone_of(visit, one.patient_zone or zone)),
        "with": entry.provider_name,
        "said": STATES[one.patient_state].name if one.patient_state in STATES else "",
    }
