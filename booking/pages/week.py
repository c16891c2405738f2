"""A provider's week: what is booked, held and free, what needs doing, and each appointment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from booking import queries, schedules
from booking.appointments import Actor, cancel, complete, mark_no_show
from booking.calendar_view import Placed, monday_of, week_view
from booking.models import Appointment, AppointmentEvent, Patient
from booking.patients import find_facts
from booking.rules.availability import Availability
from booking.rules.notice import join_state, may_close
from booking.rules.transitions import ActorKind, Status, may_move
from core.errors import DomainError, Invalid, NotFound, status_of
from core.web import words
from core.web.routing import PROVIDER, HouseRoute, Visit, Visiting, allow, signed_in
from core.web.templates import render
from directory.applications import lacks
from directory.models import Listing, Provider
from directory.pages.application import own_practice
from directory.queries import credentials_of, find_provider_of, services_of
from directory.rules.requirements import attestation_due
from directory.taxonomy import CREDENTIAL_KINDS, STATES

router = APIRouter(route_class=HouseRoute, include_in_schema=False)

QUARTER = timedelta(minutes=15)
CONFIRM_WITHIN = timedelta(days=14)
EXPIRES_WITHIN = timedelta(days=60)
STATUS_KINDS = {Status.HELD: "held", Status.BOOKED: "booked"}

_MENDS = {
    "no_services": "/provider/services",
    "no_hours": "/provider/hours",
    "no_meeting_link": "/provider/profile#meeting_url",
    "not_attested": "/provider/attest",
}


@router.get("/provider")
@signed_in
def week(visit: Visiting, week: str = "") -> Response:
    """The week that was asked for, this one by default; before that, what is left to do."""
    provider = find_provider_of(visit.session, visit.person_id)
    if provider is None:
        return RedirectResponse("/provider/apply", 303)
    availability = schedules.load(visit.session, provider.id)
    zone = availability.time_zone
    today = visit.now.astimezone(ZoneInfo(zone)).date()
    monday = monday_of(_asked(week) or today)
    listing = visit.session.get(Listing, provider.id)
    is_shown = listing is not None and listing.published_at is not None
    return render(
        visit,
        "booking/practice/week.html",
        name=provider.display_name,
        is_shown=is_shown,
        public_url=f"/providers/{provider.slug}",
        lacks=[
            {"text": lack.message, "url": _MENDS.get(lack.code, "/provider/credentials")}
            for lack in lacks(visit.session, provider, visit.now)
        ],
        todo=_todo(visit.session, provider, visit.now) if is_shown else [],
        heading=f"{words.short_day(monday)} to {words.short_day(monday + timedelta(days=6))}",
        zone_line=f"Times are in your own zone, {zone.replace('_', ' ')}.",
        previous_url=_week_url(monday - timedelta(days=7)),
        next_url=_week_url(monday + timedelta(days=7)),
        is_this_week=monday == monday_of(today),
        **week_view(
            availability,
            monday,
            _placed(visit, provider, availability, monday),
            visit.now,
        ),
    )


def _asked(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def _week_url(monday: date) -> str:
    return f"/provider?week={monday.isoformat()}"


def _placed(
    visit: Visit, provider: Provider, availability: Availability, monday: date
) -> list[Placed]:
    zone = ZoneInfo(availability.time_zone)
    start = datetime.combine(monday, time(), zone).astimezone(UTC)
    end = datetime.combine(monday + timedelta(days=7), time(), zone).astimezone(UTC)
    entries = queries.week_of_provider(visit.session, provider.id, start, end)
    names = _names(visit.session, [one.appointment.patient_id for one in entries])
    placed = [_session(one.appointment, names, visit.now) for one in entries]
    services = services_of(visit.session, provider.id)
    if services:
        step = availability.step_minutes * timedelta(minutes=1)
        starts = schedules.free_starts(visit.session, services[0], start, end, visit.now)
        placed += [Placed(at, at + max(QUARTER, step), "slot", "Free") for at in starts]
    return placed


def _names(session: Session, patients: list[UUID | None]) -> dict[UUID, str]:
    known = [one for one in patients if one is not None]
    rows = session.exec(select(Patient).where(col(Patient.person_id).in_(known)))
    return {row.person_id: row.name for row in rows}


def _session(one: Appointment, names: dict[UUID, str], now: datetime) -> Placed:
    if one.status == Status.HELD:
        left = (one.expires_at or now) - now
        minutes = max(1, -(-int(left.total_seconds()) // 60))
        return Placed(one.starts_at, one.ends_at, "held", f"Held, {minutes} min left")
    name = names.get(one.patient_id) if one.patient_id else None
    label = "".join(part[0].upper() + "." for part in name.split()) if name else "Booked"
    if one.status == Status.NO_SHOW:
        label += " Not attended"
    return Placed(one.starts_at, one.ends_at, "booked", label, f"/provider/appointments/{one.id}")


def _todo(session: Session, provider: Provider, now: datetime) -> list[dict[str, str]]:
    """What soon needs a minute, for someone who is listed."""
    found = []
    due = attestation_due(provider.attested_at) if provider.attested_at else now
    if due - now <= CONFIRM_WITHIN:
        text = f"Confirm your listing by {words.short_day(due.date())}"
        found.append({"text": text, "url": "/provider/attest"})
    for one in credentials_of(session, provider.id):
        if one.expires_on and one.expires_on - now.date() <= EXPIRES_WITHIN:
            name = CREDENTIAL_KINDS[one.kind] + (f", {one.state}" if one.state else "")
            text = f"{name} runs out {words.short_day(one.expires_on)}"
            found.append({"text": text, "url": "/provider/credentials"})
    return found


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
    return _Own(provider, found, schedules.load(visit.session, provider.id).time_zone)


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
        return _appointment_page(visit, own, reason, [("reason", error.message)], status_of(error))
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
        return _appointment_page(visit, own, "", [("outcome", "Choose what happened.")])
    try:
        close(visit.session, appointment_id, _me(visit), visit.now)
    except DomainError as error:
        return _appointment_page(visit, own, "", [("outcome", error.message)], status_of(error))
    return RedirectResponse(f"/provider/appointments/{appointment_id}?notice=saved", 303)


def _me(visit: Visit) -> Actor:
    return Actor(ActorKind.PROVIDER, visit.person_id)


def _appointment_page(
    visit: Visit, own: _Own, reason: str, problems: list[tuple[str, str]], status: int = 422
) -> Response:
    one = own.appointment
    entry = queries.entry_of(visit.session, one)
    state = Status(one.status)
    door = join_state(one.starts_at, one.ends_at, visit.now)
    may_record = may_close(one.starts_at, visit.now).allowed
    return render(
        visit,
        "booking/practice/appointment.html",
        status=status if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        url=f"/provider/appointments/{one.id}",
        when=words.when(one.starts_at, own.zone),
        standing=one.status,
        facts=[*_patient_facts(visit, one), *_session_facts(entry.service_title, one)],
        room_url=own.provider.meeting_url or "",
        door_line=f"The patient can join from {words.clock_time(door.opens_at, own.zone)}.",
        may_cancel=may_move(state, Status.CANCELLED, ActorKind.PROVIDER)
        and visit.now < one.starts_at,
        outcomes=[
            {"value": to, "label": label}
            for to, label in (
                (Status.COMPLETED, "It took place"),
                (Status.NO_SHOW, "The patient did not come"),
            )
            if may_record and may_move(state, to, ActorKind.PROVIDER)
        ],
        reason=reason,
        told=one.reason or "",
        history=_history(visit.session, one.id, own.zone),
    )


def _patient_facts(visit: Visit, one: Appointment) -> list[dict[str, str]]:
    facts = find_facts(visit.session, one.patient_id) if one.patient_id else None
    if facts is None:
        return [{"label": "Patient", "value": "Has deleted their data"}]
    place = STATES[one.patient_state].name if one.patient_state in STATES else "Unknown"
    return [
        {"label": "Patient", "value": facts.name},
        {"label": "Age", "value": str(_age(facts.date_of_birth, one.starts_at.date()))},
        {"label": "Will be in", "value": place},
    ]


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _session_facts(title: str, one: Appointment) -> list[dict[str, str]]:
    minutes = int((one.ends_at - one.starts_at).total_seconds()) // 60
    return [
        {"label": "Session", "value": title},
        {"label": "Length", "value": words.duration(minutes)},
        {"label": "Fee", "value": words.money(one.fee_cents)},
    ]


_SAID = {
    "booked": "Booked",
    "held": "Held",
    "cancelled": "Cancelled",
    "completed": "Took place",
    "no_show": "Not attended",
}


def _history(session: Session, appointment_id: UUID, zone: str) -> list[dict[str, str]]:
    rows = session.exec(
        select(AppointmentEvent)
        .where(AppointmentEvent.appointment_id == appointment_id)
        .order_by(col(AppointmentEvent.id))
    )
    return [
        {
            "at": words.short_when(row.at, zone),
            "what": f"{_SAID.get(row.status, row.status)} for "
            f"{words.short_when(row.starts_at, zone)}",
            "by": row.actor_kind,
        }
        for row in rows
    ]
