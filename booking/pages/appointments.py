"""A patient's own appointments: see, join, move, cancel."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from booking import appointments, browsing, calendars, presenters, queries
from booking.appointments import Actor, NotPossible, TooLate
from booking.browsing import Wanted
from booking.holds import NotListed, SlotRefused
from booking.models import Appointment
from booking.pages import data
from booking.pages.book import read_slot
from booking.pages.carried import zone_of
from booking.patients import find_facts
from booking.queries import Entry
from booking.rules.notice import Answer, Door, join_state, may_change, notice_rule
from booking.rules.transitions import ActorKind, Status
from core.errors import Conflict, DomainError, Invalid, NotFound, status_of
from core.web import words
from core.web.routing import HouseRoute, Visit, Visiting, signed_in
from core.web.templates import render
from directory.taxonomy import STATES

router = APIRouter(route_class=HouseRoute, include_in_schema=False)
router.include_router(data.router)

Text = Annotated[str, Form(max_length=4000)]
DAYS = 5
"""How many days with times the page for moving shows."""


@dataclass(frozen=True)
class Mine:
    """An appointment of the patient who asks, with what its pages say."""

    entry: Entry
    wanted: Wanted
    zone: str
    change: Answer

    @property
    def appointment(self) -> Appointment:
        return self.entry.appointment

    @property
    def url(self) -> str:
        return f"/appointments/{self.appointment.id}"

    @property
    def is_booked(self) -> bool:
        return self.appointment.status == Status.BOOKED


def _open(visit: Visit, appointment_id: UUID) -> Mine:
    """Raises NotFound for everyone but its patient and its provider."""
    found = queries.get_appointment_for(visit.session, appointment_id, visit.caller)
    wanted = browsing.get_wanted(visit.session, found.service_id, found.starts_at)
    return Mine(
        entry=queries.entry_of(visit.session, found),
        wanted=wanted,
        zone=zone_of(visit, found.patient_zone),
        change=may_change(found.starts_at, wanted.cancel_notice_minutes, visit.now),
    )


def _page_of_provider(visit: Visit, mine: Mine) -> Response | None:
    """Providers have their own page of a session; None for the patient."""
    if mine.appointment.patient_id == visit.caller.person_id:
        return None
    return RedirectResponse(f"/provider{mine.url}", 303)


@router.get("/appointments")
@signed_in
def list_appointments(visit: Visiting) -> Response:
    """The next one large, what follows, and what was."""
    facts = find_facts(visit.session, visit.person_id)
    zone = zone_of(visit, facts.time_zone if facts else None)
    upcoming = queries.upcoming_of_patient(visit.session, visit.person_id, visit.now)
    past = queries.past_of_patient(visit.session, visit.person_id, visit.now)
    return render(
        visit,
        "booking/public/appointments.html",
        upcoming=_next(visit, upcoming[0], zone) if upcoming else None,
        later=[presenters.listed_appointment(one, zone) for one in upcoming[1:]],
        past=[presenters.listed_appointment(one, zone) for one in past],
        zone_line=presenters.zone_line(zone, visit.now),
    )


def _next(visit: Visit, entry: Entry, zone: str) -> dict[str, Any]:
    door = join_state(entry.appointment.starts_at, entry.appointment.ends_at, visit.now)
    listed = presenters.listed_appointment(entry, zone)
    is_open = door.door == Door.OPEN
    return {**listed, "is_open": is_open, "door": presenters.door_line(door, zone)}


@router.get("/appointments/{appointment_id}")
@signed_in
def show(visit: Visiting, appointment_id: UUID) -> Response:
    """One appointment and what may be done with it."""
    mine = _open(visit, appointment_id)
    return _page_of_provider(visit, mine) or _show(visit, mine, "booking/public/appointment.html")


@router.get("/appointments/{appointment_id}/booked")
@signed_in
def booked(visit: Visiting, appointment_id: UUID) -> Response:
    """What happens next; made to be printed."""
    mine = _open(visit, appointment_id)
    if instead := _page_of_provider(visit, mine):
        return instead
    if not mine.is_booked:
        return RedirectResponse(mine.url, 303)
    return _show(visit, mine, "booking/public/booked.html")


def _show(visit: Visit, mine: Mine, template: str) -> Response:
    one = mine.appointment
    door = join_state(one.starts_at, one.ends_at, visit.now)
    is_over = mine.is_booked and door.door == Door.OVER
    return render(
        visit,
        template,
        url=mine.url,
        facts=presenters.appointment_facts(mine.entry, mine.zone),
        when=words.when(one.starts_at, mine.zone),
        provider_name=mine.entry.provider_name,
        profile_url=f"/providers/{mine.entry.provider_slug}",
        email=visit.caller.email,
        standing=one.status,
        is_booked=mine.is_booked and not is_over,
        is_open=mine.is_booked and door.door == Door.OPEN,
        door=presenters.door_line(door, mine.zone),
        change=mine.change,
        rule=notice_rule(mine.wanted.cancel_notice_minutes),
        because=_because(visit, mine),
    )


def _because(visit: Visit, mine: Mine) -> str:
    """Who called it off, and what they said."""
    if mine.appointment.status != Status.CANCELLED:
        return ""
    by = browsing.find_canceller(visit.session, mine.appointment.id)
    who = mine.entry.provider_name if by == ActorKind.PROVIDER else "You"
    reason = mine.appointment.reason
    return f"{who} cancelled this session" + (f": “{reason}”" if reason else ".")


@router.get("/appointments/{appointment_id}/calendar.ics")
@signed_in
def calendar_entry(visit: Visiting, appointment_id: UUID) -> Response:
    """For the calendar of patient or provider; neutral, as in the mails."""
    found = queries.get_appointment_for(visit.session, appointment_id, visit.caller)
    if found.status != Status.BOOKED:
        raise NotFound("A calendar entry is there only while the session is booked.")
    entry = calendars.invite(found, visit.caller.email or "", calendars.PUBLISH, visit.now)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(entry, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/appointments/{appointment_id}/join")
@signed_in
def join(visit: Visiting, appointment_id: UUID) -> Response:
    """The door to the session: shut, open or over; for the two people concerned."""
    mine = _open(visit, appointment_id)
    one = mine.appointment
    door = join_state(one.starts_at, one.ends_at, visit.now)
    refusal = ""
    if mine.is_booked and door.door == Door.OPEN:
        refusal = _licence_refusal(visit, one)
    is_open = mine.is_booked and door.door == Door.OPEN and not refusal
    is_patient = one.patient_id == visit.caller.person_id
    return render(
        visit,
        "booking/public/join.html",
        409 if refusal else 200,
        url=mine.url if is_patient else f"/provider{mine.url}",
        join_url=f"{mine.url}/join",
        facts=presenters.appointment_facts(mine.entry, mine.zone),
        is_booked=mine.is_booked,
        is_early=door.door == Door.EARLY,
        is_open=is_open,
        door=presenters.door_line(door, mine.zone),
        opens_at=presenters.instant(door.opens_at),
        now=presenters.instant(visit.now),
        wait=words.duration(max(1, int((door.opens_at - visit.now).total_seconds()) // 60)),
        link=(mine.wanted.provider.meeting_url or "") if is_open else "",
        refusal=refusal,
        state=STATES[one.patient_state].name if one.patient_state in STATES else "",
        provider_name=mine.entry.provider_name,
    )


def _licence_refusal(visit: Visit, one: Appointment) -> str:
    """Asked once more at the door: a licence may have ended since. Empty: all is well."""
    try:
        appointments.check_licence(
            visit.session, one.provider_id, one.patient_state or "", visit.now
        )
    except Invalid as error:
        return error.message
    return ""


@router.get("/appointments/{appointment_id}/cancel")
@signed_in
def ask_cancel(visit: Visiting, appointment_id: UUID) -> Response:
    """The rule, and one button."""
    mine = _open(visit, appointment_id)
    return _page_of_provider(visit, mine) or _cancel_page(visit, mine)


@router.post("/appointments/{appointment_id}/cancel")
@signed_in
def cancel(visit: Visiting, appointment_id: UUID, reason: Text = "") -> Response:
    """Call it off. Pressed twice, it is called off once."""
    mine = _open(visit, appointment_id)
    if instead := _page_of_provider(visit, mine):
        return instead
    if mine.appointment.status != Status.CANCELLED:
        try:
            appointments.cancel(visit.session, appointment_id, _actor(visit), reason, visit.now)
        except (Invalid, TooLate, NotPossible) as error:
            return _cancel_page(visit, mine, reason, error)
    return RedirectResponse(f"{mine.url}?notice=cancelled", 303)


def _cancel_page(
    visit: Visit, mine: Mine, reason: str = "", error: DomainError | None = None
) -> Response:
    may = mine.change if mine.is_booked else Answer(False, "This session is not booked any more.")
    return render(
        visit,
        "booking/public/cancel.html",
        status_of(error) if error else 200,
        **_common(mine),
        may=may,
        reason=reason,
        errors=_errors(error, "reason") if may.allowed else [],
    )


@router.get("/appointments/{appointment_id}/move")
@signed_in
def ask_move(
    visit: Visiting, appointment_id: UUID, start: Annotated[str, Query(alias="from")] = ""
) -> Response:
    """Other times of the same session."""
    mine = _open(visit, appointment_id)
    return _page_of_provider(visit, mine) or _move_page(visit, mine, start)


@router.post("/appointments/{appointment_id}/move")
@signed_in
def move(
    visit: Visiting, appointment_id: UUID, starts_at: Text = "", shown_from: Text = ""
) -> Response:
    """Move it to the time chosen. Pressed twice, it is moved once."""
    mine = _open(visit, appointment_id)
    if instead := _page_of_provider(visit, mine):
        return instead
    slot = read_slot(str(mine.appointment.service_id), starts_at)
    if slot is None:
        error = Invalid([("starts_at", "Choose a time.")])
        return _move_page(visit, mine, shown_from, error)
    if slot[1] != mine.appointment.starts_at or not mine.is_booked:
        try:
            appointments.reschedule(
                visit.session, appointment_id, slot[1], _actor(visit), visit.now
            )
        except (Invalid, SlotRefused, Conflict, NotListed) as error:
            return _move_page(visit, mine, shown_from, error)
    return RedirectResponse(f"{mine.url}?notice=moved", 303)


def _move_page(visit: Visit, mine: Mine, start: str, error: DomainError | None = None) -> Response:
    may = mine.change if mine.is_booked else Answer(False, "This session is not booked any more.")
    days = _days(visit, mine) if may.allowed else []
    first = _place(days, start)
    shown, rest = days[first : first + DAYS], days[first + DAYS :]
    address = f"{mine.url}/move"
    return render(
        visit,
        "booking/public/move.html",
        status_of(error) if error else 200,
        **_common(mine),
        may=may,
        days=shown,
        later_url=f"{address}?{urlencode({'from': rest[0].day.isoformat()})}" if rest else "",
        first_url=address if first else "",
        shown_from=start,
        zone_line=presenters.zone_line(mine.zone, mine.appointment.starts_at),
        errors=_errors(error, "starts_at") if may.allowed else [],
    )


def _days(visit: Visit, mine: Mine) -> list[presenters.DayOfTimes]:
    found = browsing.times_from(
        visit.session, mine.wanted.calendar, mine.wanted.service.id, visit.now, visit.now
    )

    def choice(start: datetime) -> dict[str, str]:
        return {"value": presenters.instant(start)}

    days = presenters.days(found, mine.zone, words.local_date(visit.now, mine.zone), choice)
    return [replace(day, slots=[*day.slots, *day.more], more=[]) for day in days]


def _place(days: list[presenters.DayOfTimes], start: str) -> int:
    """Where among `days` to begin; at the first where the date cannot be read or is past all."""
    try:
        wanted = date.fromisoformat(start)
    except ValueError:
        return 0
    return next((place for place, day in enumerate(days) if day.day >= wanted), 0)


def _common(mine: Mine) -> dict[str, Any]:
    return {
        "url": mine.url,
        "facts": presenters.appointment_facts(mine.entry, mine.zone),
        "provider_name": mine.entry.provider_name,
        "rule": notice_rule(mine.wanted.cancel_notice_minutes),
    }


def _errors(error: DomainError | None, field: str) -> list[dict[str, str]]:
    """The refusal as one message of the form."""
    if error is None:
        return []
    message = error.fields[0][1] if isinstance(error, Invalid) else error.message
    return [{"field": field, "message": message}]


def _actor(visit: Visit) -> Actor:
    return Actor(ActorKind.PATIENT, visit.person_id)
