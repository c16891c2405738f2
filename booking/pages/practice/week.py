"""A provider's home: what is left before patients find them; then the week and what needs doing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from booking.appointments.patient_details import find_names
from booking.appointments.queries import AppointmentEntry, first_sessions, week_of_provider
from booking.calendar.availability import load_availability
from booking.models import AppointmentRow
from booking.pages.practice.day_form import blank_day
from booking.pages.practice.initials import initials
from booking.pages.practice.things_to_do import appointment_url, checklist, things_to_do
from booking.pages.practice.week_grid import LONG, USUAL, Hours, Placed, monday_of, week_view
from booking.pages.practice.week_numbers import is_first_visit, week_numbers
from booking.rules.availability import Availability
from booking.rules.notice import Door, join_state
from booking.rules.open_hours import open_spans, unbooked_minutes
from booking.rules.slots import Interval
from booking.rules.transitions import Status, is_expired
from core.times import read_day_in_reach
from core.web import formats
from core.web.caller import signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.models import Provider
from directory.queries import credentials_of, find_listing, find_provider_of

router = Router(include_in_schema=False)

WEEK = timedelta(days=7)
LOOKS_BACK = timedelta(days=30)
LOOKS_AHEAD = timedelta(days=60)
ALL_HOURS = "all"
SHORT_KINDS: Final = {
    "consultation": "First talk",
    "individual": "Individual",
    "couples": "Couples",
    "family": "Family",
    "group": "Group",
    "psychiatric_evaluation": "Evaluation",
    "medication_management": "Medication",
    "psychological_testing": "Testing",
    "tms_consultation": "TMS talk",
    "ect_consultation": "ECT talk",
    "esketamine_consultation": "Esketamine talk",
}
"""Kinds of session in so few letters that they fit into a block of the week."""


@router.get("/provider")
@signed_in
def week(visit: Visiting, week: str = "", hours: str = "") -> Response:
    """The week that was asked for, this one by default; before that, what is left to do. `hours`:
    "all" shows the early and late ones, too."""
    provider = find_provider_of(visit.session, visit.person_id)
    if provider is None:
        return RedirectResponse("/provider/apply", 303)
    session, now = visit.session, visit.now
    availability = load_availability(session, provider.id)
    zone = availability.time_zone
    today = formats.local_date(now, zone)
    monday = monday_of(read_day_in_reach(week) or today)
    listing = find_listing(session, provider.id)
    is_shown = listing is not None and listing.published_at is not None
    near = week_of_provider(session, provider.id, now - LOOKS_BACK, now + LOOKS_AHEAD)
    rows = _of_week(session, provider, zone, monday)
    credentials = credentials_of(session, provider.id)
    todo = things_to_do(visit, provider, near, credentials if is_shown else [], availability)
    shows_all = hours == ALL_HOURS
    return render(
        visit,
        "booking/practice/week.html",
        name=provider.display_name,
        is_shown=is_shown,
        public_url=f"/providers/{provider.slug}",
        has_week=is_shown or availability.has_hours or bool(near or rows),
        **checklist(visit, provider, credentials),
        next_session=_next(visit, provider, near, zone),
        todo=todo,
        heading=formats.days(monday, monday + timedelta(days=6)),
        zone_line=zone.replace("_", " "),
        previous_url=_week_url(monday - WEEK, hours),
        next_url=_week_url(monday + WEEK, hours),
        hours_url=_week_url(monday, "" if shows_all else ALL_HOURS),
        shows_all=shows_all,
        is_this_week=monday == monday_of(today),
        typed=blank_day(max(monday, today)),
        **_drawn(visit, provider, availability, monday, rows, LONG if shows_all else USUAL),
    )


def _week_url(monday: date, hours: str) -> str:
    kept = f"&hours={ALL_HOURS}" if hours == ALL_HOURS else ""
    return f"/provider?week={monday.isoformat()}{kept}"


def _of_week(session: Session, provider: Provider, zone: str, monday: date) -> list[AppointmentRow]:
    span = _span(monday, zone)
    entries = week_of_provider(session, provider.id, span.start, span.end)
    return [one.appointment for one in entries]


def _span(monday: date, zone: str) -> Interval:
    """Seven local days."""
    start, end = (
        datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        for day in (monday, monday + WEEK)
    )
    return Interval(start, end)


def _drawn(
    visit: Visit,
    provider: Provider,
    availability: Availability,
    monday: date,
    rows: list[AppointmentRow],
    at_least: Hours,
) -> dict[str, Any]:
    """The grid and its numbers. What was cancelled takes no time."""
    people = [one.patient_id for one in rows]
    names = find_names(visit.session, people)
    firsts = first_sessions(visit.session, provider.id, people)
    taken = [one for one in rows if _takes_time(one, visit.now)]
    placed = [_placed(one, names, firsts, visit.now) for one in taken]
    span = _span(monday, availability.time_zone)
    left = unbooked_minutes(
        open_spans(availability, monday, 7),
        [Interval(one.starts_at, one.ends_at) for one in taken],
        max(span.start, visit.now),
        span.end,
    )
    begun = [one for one in rows if one.starts_at >= span.start]
    return {
        "numbers": week_numbers(begun, firsts, left),
        **week_view(availability, monday, placed, visit.now, at_least),
    }


def _takes_time(one: AppointmentRow, now: datetime) -> bool:
    if one.status == Status.HELD:
        return one.expires_at is not None and not is_expired(one.expires_at, now)
    return one.status != Status.CANCELLED


def _placed(
    one: AppointmentRow,
    names: Mapping[UUID, str],
    firsts: Mapping[UUID, datetime],
    now: datetime,
) -> Placed:
    if one.status == Status.HELD:
        left = (one.expires_at or now) - now
        minutes = max(1, -(-int(left.total_seconds()) // 60))
        return Placed(one.starts_at, one.ends_at, "held", "Held", f"{minutes} min left")
    who = initials(names.get(one.patient_id, "")) if one.patient_id else "Booked"
    what = SHORT_KINDS.get(one.kind, one.title)
    if one.status == Status.NO_SHOW:
        what = "Not attended"
    is_first = is_first_visit(one, firsts)
    return Placed(one.starts_at, one.ends_at, "booked", who, what, appointment_url(one), is_first)


def _next(
    visit: Visit, provider: Provider, near: list[AppointmentEntry], zone: str
) -> dict[str, Any] | None:
    """The session that goes on or comes next; the room's link while its door is open."""
    coming = (one for one in near if one.appointment.status == Status.BOOKED)
    entry = next((one for one in coming if one.appointment.ends_at > visit.now), None)
    if entry is None:
        return None
    one = entry.appointment
    names = find_names(visit.session, [one.patient_id])
    door = join_state(one.starts_at, one.ends_at, visit.now).door
    return {
        "when": formats.short_when(one.starts_at, zone),
        "who": initials(names.get(one.patient_id, "")) if one.patient_id else "Booked",
        "service": one.title,
        "url": appointment_url(one),
        "room_url": provider.meeting_url if door == Door.OPEN else None,
    }
