"""A provider's home: what is left before patients find them; then the week and what needs doing."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from booking.appointments.patient_details import find_names
from booking.appointments.queries import AppointmentEntry, week_of_provider
from booking.calendar.availability import load_availability
from booking.calendar.queries import get_calendar
from booking.calendar.requested_time import free_of_any
from booking.follow_through.calendar_changes import find_outside
from booking.models import AppointmentRow
from booking.pages.practice.initials import initials
from booking.pages.practice.review import outside_lines
from booking.pages.practice.week_grid import QUARTER, Placed, monday_of, week_view
from booking.rules.availability import Availability
from booking.rules.notice import Door, join_state
from booking.rules.slots import Interval
from booking.rules.transitions import Status, is_expired
from core.times import read_day_in_reach
from core.web import formats
from core.web.caller import Caller, signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.credentials.applications import lacks
from directory.models import Credential, CredentialStatus, Provider
from directory.presenters import short_credential_title
from directory.queries import credentials_of, find_listing, find_provider_of
from directory.rules.requirements import attestation_due
from directory.taxonomy import CREDENTIAL_KINDS

router = Router(include_in_schema=False)

WEEK = timedelta(days=7)
LOOKS_BACK = timedelta(days=30)
LOOKS_AHEAD = timedelta(days=60)
CONFIRM_WITHIN = timedelta(days=14)
EXPIRES_WITHIN = timedelta(days=60)
MOST_UNTOLD = 3
MOST_OUTSIDE = 5

_MENDS = {
    "no_services": "/provider/services",
    "no_hours": "/provider/hours",
    "no_meeting_link": "/provider/profile#meeting_url",
    "not_attested": "/provider/attest",
    "closed": "/provider/practice",
}


@router.get("/provider")
@signed_in
def week(visit: Visiting, week: str = "") -> Response:
    """The week that was asked for, this one by default; before that, what is left to do."""
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
    placed = _placed(visit, provider, availability, monday)
    credentials = credentials_of(session, provider.id)
    return render(
        visit,
        "booking/practice/week.html",
        name=provider.display_name,
        is_shown=is_shown,
        public_url=f"/providers/{provider.slug}",
        has_week=is_shown or availability.has_hours or bool(near or placed),
        **_checklist(visit, provider, credentials),
        next_session=_next(visit, provider, near, zone),
        todo=[
            *_untold(near, zone, now),
            *_outside(visit, provider, availability),
            *(_due(provider, credentials, now) if is_shown else []),
            *_factor_due(visit.caller),
        ],
        heading=f"{formats.short_day(monday)} to {formats.short_day(monday + timedelta(days=6))}",
        zone_line=f"Times are in your own zone, {zone.replace('_', ' ')}.",
        previous_url=_week_url(monday - WEEK),
        next_url=_week_url(monday + WEEK),
        is_this_week=monday == monday_of(today),
        **week_view(availability, monday, placed, now),
    )


def _week_url(monday: date) -> str:
    return f"/provider?week={monday.isoformat()}"


def _checklist(visit: Visit, provider: Provider, credentials: list[Credential]) -> dict[str, Any]:
    """What the provider has to do, what we have to check, and where each credential stands."""
    found = lacks(visit.session, provider, visit.now)
    waiting = [lack for lack in found if lack.code.endswith("_pending")]
    return {
        "lacks": [
            {"text": lack.message, "url": _mend(lack.code)} for lack in found if lack not in waiting
        ],
        "waiting": [lack.message for lack in waiting],
        "credentials": [
            {"title": short_credential_title(one), "status": one.status, "reason": one.reason}
            for one in credentials
        ],
    }


def _mend(code: str) -> str:
    """The page that puts an end to a lack."""
    kind, _, what = code.rpartition("_")
    if what == "missing" and kind in CREDENTIAL_KINDS:
        return f"/provider/credentials/add?kind={kind}"
    return _MENDS.get(code, "/provider/credentials")


def _placed(
    visit: Visit, provider: Provider, availability: Availability, monday: date
) -> list[Placed]:
    """Sessions, holds and free times of the week. What was cancelled takes no time."""
    zone = ZoneInfo(availability.time_zone)
    start = datetime.combine(monday, time(), zone).astimezone(UTC)
    end = datetime.combine(monday + WEEK, time(), zone).astimezone(UTC)
    entries = week_of_provider(visit.session, provider.id, start, end)
    sessions = [one.appointment for one in entries if _takes_time(one.appointment, visit.now)]
    names = find_names(visit.session, [one.patient_id for one in sessions])
    return [
        *(_session(one, names, visit.now) for one in sessions),
        *_free(visit.session, provider, Interval(start, end), visit.now),
    ]


def _takes_time(one: AppointmentRow, now: datetime) -> bool:
    if one.status == Status.HELD:
        return one.expires_at is not None and not is_expired(one.expires_at, now)
    return one.status != Status.CANCELLED


def _free(session: Session, provider: Provider, span: Interval, now: datetime) -> list[Placed]:
    """Where any service can begin; the outline is as long as the step, or the shortest service.
    Of starts within one quarter-hour the first is drawn."""
    calendar = get_calendar(session, provider.id)
    if calendar.availability is None or not calendar.offers:
        return []
    shortest = min(offer.minutes for offer in calendar.offers)
    long = timedelta(minutes=max(QUARTER, min(calendar.availability.step_minutes, shortest)))
    starts = free_of_any(session, calendar, span, now)
    drawn = {start // QUARTER: start for start in reversed(starts)}
    found = [datetime.fromtimestamp(start * 60, UTC) for start in sorted(drawn.values())]
    return [Placed(start, start + long, "slot", "Free") for start in found]


def _session(one: AppointmentRow, names: dict[UUID, str], now: datetime) -> Placed:
    if one.status == Status.HELD:
        left = (one.expires_at or now) - now
        minutes = max(1, -(-int(left.total_seconds()) // 60))
        return Placed(one.starts_at, one.ends_at, "held", f"Held, {minutes} min")
    label = initials(names.get(one.patient_id, "")) if one.patient_id else "Booked"
    if one.status == Status.NO_SHOW:
        label += " Not attended"
    return Placed(one.starts_at, one.ends_at, "booked", label, _url(one))


def _url(one: AppointmentRow) -> str:
    return f"/provider/appointments/{one.id}"


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
        "url": _url(one),
        "room_url": provider.meeting_url if door == Door.OPEN else None,
    }


def _untold(near: list[AppointmentEntry], zone: str, now: datetime) -> list[dict[str, str]]:
    """Sessions that are over, of which nobody said whether they took place; latest first."""
    over = [
        one.appointment
        for one in reversed(near)
        if one.appointment.status == Status.BOOKED and one.appointment.ends_at <= now
    ]
    return [
        {"text": f"Did it take place? {formats.short_when(one.starts_at, zone)}", "url": _url(one)}
        for one in over[:MOST_UNTOLD]
    ]


def _outside(visit: Visit, provider: Provider, availability: Availability) -> list[dict[str, str]]:
    """Sessions that stay booked outside the hours, the next ones."""
    found = find_outside(visit.session, provider.id, availability, visit.now)[:MOST_OUTSIDE]
    lines = outside_lines(visit.session, found, availability.time_zone)
    return [{**one, "text": f"Outside your hours: {one['text']}"} for one in lines]


def _factor_due(caller: Caller) -> list[dict[str, str]]:
    if caller.has_factor or caller.goes_without:
        return []
    text = "Set up a second factor: patients' names are shown only with one"
    if caller.sees_names:
        text = "Set up a second factor: soon patients' names are shown only with one"
    return [{"text": text, "url": "/account/factors"}]


def _due(provider: Provider, credentials: list[Credential], now: datetime) -> list[dict[str, str]]:
    """What soon needs a minute, for someone who is listed."""
    found = []
    due = attestation_due(provider.attested_at) if provider.attested_at else now
    if due - now <= CONFIRM_WITHIN:
        text = f"Confirm your listing by {formats.short_day(due.date())}"
        found.append({"text": text, "url": "/provider/attest"})
    for one in _expiring(credentials, now):
        day = formats.full_date(one.expires_on) if one.expires_on else ""
        found.append(
            {
                "text": f"{short_credential_title(one)} runs out {day}",
                "url": "/provider/credentials",
            }
        )
    return found


def _expiring(credentials: list[Credential], now: datetime) -> list[Credential]:
    """Verified ones that end soon, of which no renewal waits to be checked."""
    renewed = {
        (one.kind, one.state) for one in credentials if one.status == CredentialStatus.PENDING
    }
    return [
        one
        for one in credentials
        if one.status == CredentialStatus.VERIFIED
        and one.expires_on
        and one.expires_on - now.date() <= EXPIRES_WITHIN
        and (one.kind, one.state) not in renewed
    ]
