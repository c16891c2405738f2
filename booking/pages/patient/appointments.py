"""One appointment of a patient: see and join."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking.appointments.queries import (
    get_details_for,
)
from booking.letters import invites
from booking.pages import presenters
from booking.pages.patient import again, changes, elsewhere, looks, overview, personal_data, where
from booking.pages.patient.changes import free_until_line
from booking.pages.patient.own_appointment import (
    OwnAppointment,
    open_own_appointment,
    page_of_provider,
    refusal_of,
    was_called_off,
)
from booking.rules.lapses import PATIENT_TOLD_BEFORE, is_lapse
from booking.rules.notice import Door, join_state, notice_rule
from booking.rules.transitions import ActorKind, Status
from core.errors import NotFound
from core.times import write_instant
from core.web import formats
from core.web.caller import signed_in, while_recovering
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.taxonomy import STATES

router = Router(include_in_schema=False)
router.include_router(overview.router)
router.include_router(again.router)
router.include_router(changes.router)
router.include_router(elsewhere.router)
router.include_router(looks.router)
router.include_router(personal_data.router)
router.include_router(where.router)


@router.get("/appointments/{appointment_id}")
@while_recovering
@signed_in
def show(visit: Visiting, appointment_id: UUID) -> Response:
    """One appointment and what may be done with it."""
    mine = open_own_appointment(visit, appointment_id)
    return page_of_provider(visit, mine) or _show(visit, mine, "booking/public/appointment.html")


@router.get("/appointments/{appointment_id}/booked")
@signed_in
def booked(visit: Visiting, appointment_id: UUID) -> Response:
    """What happens next; made to be printed."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    if not mine.is_booked:
        return RedirectResponse(mine.url, 303)
    return _show(visit, mine, "booking/public/booked.html")


def _show(visit: Visit, mine: OwnAppointment, template: str) -> Response:
    one = mine.appointment
    door = join_state(one.starts_at, one.ends_at, visit.now)
    is_over = mine.is_booked and door.door == Door.OVER
    refusal = refusal_of(visit, mine) if mine.is_booked and not is_over else ""
    again_url = _again_url(visit, mine)
    return render(
        visit,
        template,
        url=mine.url,
        facts=presenters.appointment_facts(mine.entry, mine.zone),
        when=formats.when(one.starts_at, mine.zone),
        provider_name=mine.entry.provider_name,
        profile_url=f"/providers/{mine.entry.provider_slug}",
        email=visit.caller.email,
        standing=one.status,
        is_booked=mine.is_booked and not is_over,
        door=presenters.shown_door(door, mine.zone, visit.now),
        **_what_may_be_done(mine),
        because=_PUT_RIGHT if again_url else _because(mine),
        refusal=refusal,
        waits=_waits(visit, mine) if mine.is_booked and not refusal else "",
        again_url=again_url,
        alternatives_url=f"{mine.url}/alternatives" if _needs_another(mine, refusal) else "",
    )


_PUT_RIGHT = "This session was called off. What ended it has been put right since."


def _what_may_be_done(mine: OwnAppointment) -> dict[str, Any]:
    one = mine.appointment
    return {
        "rule": notice_rule(one.cancel_notice_minutes, one.moves_late),
        "until": free_until_line(mine),
        "may_cancel": mine.cancelling.allowed,
        "moving": mine.moving,
        "state": STATES[one.patient_state].name if one.patient_state in STATES else "",
    }


def _needs_another(mine: OwnAppointment, refusal: str) -> bool:
    """Whether the patient is to be shown others who can see them."""
    one = mine.appointment
    by_system = one.status == Status.CANCELLED and one.ended_by == ActorKind.SYSTEM
    return by_system or bool(refusal)


def _again_url(visit: Visit, mine: OwnAppointment) -> str:
    """Where the old time is taken back, once what ended the session has been put right."""
    one = mine.appointment
    if not was_called_off(one, visit.now) or mine.refusal_at(one.starts_at):
        return ""
    return presenters.book_url(one.service_id, one.starts_at, {"state": one.patient_state or ""})


def _waits(visit: Visit, mine: OwnAppointment) -> str:
    """That a session ahead waits for a renewal; empty where it does not."""
    one, ground = mine.appointment, mine.details.time.calendar.ground
    is_near = one.starts_at - visit.now <= PATIENT_TOLD_BEFORE
    if not (is_near and one.starts_at > visit.now):
        return ""
    if not is_lapse(ground, one.patient_state or "", one.starts_at):
        return ""
    return (
        f"{mine.entry.provider_name} has a licence to renew before this session. If it is not"
        " renewed a day before, we call the session off and show you others who can see you."
    )


def _because(mine: OwnAppointment) -> str:
    """Who called it off, and what they said."""
    one = mine.appointment
    if one.status != Status.CANCELLED:
        return ""
    if one.ended_by == ActorKind.SYSTEM:
        return f"{one.reason or ''} So this session cannot take place. We are sorry.".strip()
    who = mine.entry.provider_name if one.ended_by == ActorKind.PROVIDER else "You"
    said = f"{who} cancelled this session" + (f": “{one.reason}”" if one.reason else ".")
    return f"{said} It counts as late." if one.is_late else said


@router.get("/appointments/{appointment_id}/calendar.ics")
@while_recovering
@signed_in
def calendar_entry(visit: Visiting, appointment_id: UUID) -> Response:
    """For the calendar of patient or provider; neutral, as in the mails."""
    found = get_details_for(visit.session, appointment_id, visit.caller.person_id).appointment
    if found.status != Status.BOOKED:
        raise NotFound("A calendar entry is there only while the session is booked.")
    entry = invites.invite(found, visit.caller.email or "", invites.PUBLISH, visit.now)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(entry, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/appointments/{appointment_id}/join")
@while_recovering
@signed_in
def join(visit: Visiting, appointment_id: UUID) -> Response:
    """The door to the session: shut, open or over; for the two people concerned."""
    mine = open_own_appointment(visit, appointment_id)
    one = mine.appointment
    door = join_state(one.starts_at, one.ends_at, visit.now)
    refusal = ""
    if mine.is_booked and door.door == Door.OPEN:
        refusal = mine.refusal_at(visit.now)
    is_open = mine.is_booked and door.door == Door.OPEN and not refusal
    is_patient = one.patient_id == visit.caller.person_id
    return render(
        visit,
        "booking/public/join.html",
        409 if refusal else 200,
        url=mine.url if is_patient else f"/provider{mine.url}",
        join_url=f"{mine.url}/join",
        is_patient=is_patient,
        facts=presenters.appointment_facts(mine.entry, mine.zone),
        is_booked=mine.is_booked,
        because=_because(mine) if is_patient else "",
        was_ended=_needs_another(mine, "") and is_patient,
        is_early=door.door == Door.EARLY,
        is_open=is_open,
        door=presenters.door_line(door, mine.zone),
        opens_at=write_instant(door.opens_at),
        now=write_instant(visit.now),
        wait=_wait(door.opens_at - visit.now),
        link=(mine.details.time.provider.meeting_url) if is_open else "",
        alternatives_url=f"{mine.url}/alternatives" if is_patient else "",
        refusal=refusal,
        state=STATES[one.patient_state].name if one.patient_state in STATES else "",
        provider_name=mine.entry.provider_name,
    )


def _wait(left: timedelta) -> str:
    """For the countdown; empty where the day says more than a number of hours."""
    minutes = max(1, int(left.total_seconds()) // 60)
    return formats.duration(minutes) if left < timedelta(hours=12) else ""
