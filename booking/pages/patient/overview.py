"""What a patient has booked, with whom, and what they asked to be told of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Response

from booking.appointments.patient_details import find_details
from booking.appointments.queries import (
    AppointmentEntry,
    past_of_patient,
    upcoming_of_patient,
)
from booking.models import AppointmentRow
from booking.pages import presenters
from booking.pages.patient.my_providers import my_providers
from booking.pages.patient.own_appointment import (
    open_own_appointment,
    refusal_ahead,
    refusal_of,
    was_called_off,
)
from booking.pages.search_context import zone_of
from booking.rules.notice import join_state
from core.web.caller import signed_in, while_recovering
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import zone_line
from directory import alerts
from directory.presenters import shown_alert
from directory.queries import Portrait, grounds_of, portraits_of
from directory.rules.grounds import Ground

router = Router(include_in_schema=False)


@router.get("/appointments")
@while_recovering
@signed_in
def list_appointments(visit: Visiting) -> Response:
    """What cannot take place, the next one large, what follows, who looks after them, and what
    was."""
    facts = find_details(visit.session, visit.person_id)
    zone = zone_of(visit, facts.time_zone if facts else None)
    upcoming = upcoming_of_patient(visit.session, visit.person_id, visit.now)
    past = past_of_patient(visit.session, visit.person_id, visit.now)
    ended = [one for one in past if was_called_off(one.appointment, visit.now)]
    grounds = grounds_of(
        visit.session, (one.appointment.provider_id for one in (*upcoming, *ended))
    )
    called_off = [
        one
        for one in ended  # what has been put right since stands with what was
        if not _is_lawful(grounds[one.appointment.provider_id], one.appointment)
    ]
    portraits = portraits_of(
        visit.session, (one.appointment.provider_id for one in (*upcoming, *past))
    )

    def refusal(one: AppointmentRow) -> str:
        return refusal_ahead(grounds[one.provider_id], one, visit.now)

    return render(
        visit,
        "booking/public/appointments.html",
        called_off=[_called_off(one, zone) for one in reversed(called_off)],
        upcoming=_next(visit, upcoming[0], portraits, zone) if upcoming else None,
        later=[
            {**presenters.listed_appointment(one, zone), "refusal": refusal(one.appointment)}
            for one in upcoming[1:]
        ],
        providers=my_providers(upcoming, past, portraits, zone),
        alerts=[
            shown_alert(one)
            for one in alerts.running_of(visit.session, visit.caller.email or "", visit.now)
        ],
        past=[presenters.listed_appointment(one, zone) for one in past if one not in called_off],
        zone_line=zone_line(zone, visit.now),
    )


def _is_lawful(ground: Ground, one: AppointmentRow) -> bool:
    return ground.verdict(one.patient_state or "", one.starts_at).allowed


def _called_off(entry: AppointmentEntry, zone: str) -> dict[str, Any]:
    return {**presenters.listed_appointment(entry, zone), "reason": entry.appointment.reason or ""}


def _alerts(visit: Visit) -> list[dict[str, Any]]:
    running = alerts.running_of(visit.session, visit.caller.email or "", visit.now)
    return [shown_alert(one) for one in running]


def _next(
    visit: Visit, entry: AppointmentEntry, portraits: Mapping[UUID, Portrait], zone: str
) -> dict[str, Any]:
    mine = open_own_appointment(visit, entry.appointment.id)
    door = join_state(entry.appointment.starts_at, entry.appointment.ends_at, visit.now)
    return {
        **presenters.listed_appointment(entry, zone),
        "portrait": portraits[entry.appointment.provider_id],
        "door": presenters.shown_door(door, zone, visit.now),
        "refusal": refusal_of(visit, mine),
        "may_move": mine.moving.allowed,
    }
