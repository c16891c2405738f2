"""Slots and availability over JSON."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Response
from pydantic import BaseModel

from booking.calendar.availability import (
    availability_version,
    load_availability,
    save_availability,
)
from booking.calendar.free_times import concerning, days_around, free_within
from booking.calendar.queries import (
    calendar_of_provider,
    read_calendar,
    slot_days_of,
)
from booking.follow_through.calendar_changes import Times, preview_hours
from booking.rules.availability import Availability
from booking.rules.minutes import instant_of
from booking.rules.slots import Interval
from booking.visitors import known_holder
from core.database import run_together
from core.errors import Invalid, NotFound
from core.times import read_day_in_reach, read_instant, write_instant
from core.web.bodies import KB, takes_json
from core.web.caller import PROVIDER, allow, public
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.versions import IfMatch, etag
from core.web.visit import Visit, Visiting
from directory.practice import own_practice

router = Router(prefix="/api/v1", tags=["times"])

MOST_DAYS = 31
_WEEK = timedelta(days=7)
_takes_hours = takes_json(size=256 * KB, values=20_000)
"""A year of exceptions with twelve times each is the longest document there is."""


class Slot(BaseModel):
    starts_at: datetime
    ends_at: datetime


class SlotList(BaseModel):
    """Times are UTC; `time_zone` is the provider's."""

    service_id: UUID
    time_zone: str
    slots: list[Slot]


class ServiceStart(BaseModel):
    service_id: UUID
    starts_at: datetime


class OutsideAnswer(BaseModel):
    """A booked session outside the hours, and the rule that says so. `is_new`: it lies within them
    as they are now."""

    appointment_id: UUID
    starts_at: datetime
    ends_at: datetime
    service_title: str
    reason: str
    message: str
    is_new: bool


class NightAnswer(BaseModel):
    date: date
    starts: list[datetime]


class PreviewAnswer(BaseModel):
    """Slots that appear and vanish, in order, and sessions outside. `nights`: days that would be
    closed although the hours of the day before run into them, with what could be booked there."""

    appear: list[ServiceStart]
    vanish: list[ServiceStart]
    outside: list[OutsideAnswer]
    nights: list[NightAnswer]


_WHEN = "An instant with its offset, or a date in the provider's time zone"


@router.get(
    "/providers/{provider_id}/slots",
    response_model=SlotList,
    responses=problem_responses(404, 422),
)
@public
def list_slots(
    visit: Visiting,
    provider_id: UUID,
    service: Annotated[UUID, Query(description="One of the provider's services.")],
    start: Annotated[str | None, Query(alias="from", description=f"{_WHEN}. Now if left out.")] = (
        None
    ),
    end: Annotated[
        str | None,
        Query(alias="to", description=f"{_WHEN}, included. A week after `from` if left out."),
    ] = None,
    state: Annotated[
        str,
        Query(
            pattern="^([A-Z]{2})?$",
            description="Where the patient will be: only what is lawful there.",
        ),
    ] = "",
) -> Any:
    """The starts that the caller may hold now, at most 31 days of them."""
    calendars, slot_days, *of_viewer = run_together(
        visit.session,
        calendar_of_provider(provider_id),
        slot_days_of(service, *_days_asked(start, end, visit.now)),
        *concerning(provider_id, known_holder(visit), visit.now),
    )
    calendar = read_calendar(calendars)
    offer = calendar.offer(service)
    if offer is None or calendar.availability is None or not calendar.is_listed(visit.now):
        raise NotFound
    span = read_span(start, end, calendar.availability.time_zone, visit.now)
    found = free_within(
        visit.session, calendar, service, slot_days, of_viewer, span, visit.now, state
    )
    body = _slots_json(service, calendar.availability.time_zone, found, offer.minutes)
    return Response(body, media_type="application/json")


def _days_asked(start: str | None, end: str | None, now: datetime) -> tuple[date, date]:
    """All days that may be meant, before the provider's zone is known."""
    try:
        first = now if start is None else _read("from", start, "UTC", 0)
        last = first + _WEEK if end is None else _read("to", end, "UTC", 1)
    except Invalid:
        first = last = now  # it is refused as soon as the provider is known
    day = timedelta(days=1)
    most = first + (MOST_DAYS + 2) * day
    return days_around(Interval(first - day, min(max(first, last), most) + day))


def read_span(start: str | None, end: str | None, zone: str, now: datetime) -> Interval:
    """What `from` and `to` mean. Raises Invalid."""
    first = now if start is None else _read("from", start, zone, 0)
    last = first + _WEEK if end is None else _read("to", end, zone, 1)
    if last < first:
        raise Invalid([("to", "It lies before `from`.")])
    if last - first > timedelta(days=MOST_DAYS, hours=2):  # days are longer when clocks go back
        raise Invalid([("to", f"At most {MOST_DAYS} days at a time.")])
    return Interval(first, last)


def _read(name: str, text: str, zone: str, days: int) -> datetime:
    """An instant, or the local midnight `days` after a date."""
    if at := read_instant(text):
        return at
    if len(text) == len("2026-11-24") and (day := read_day_in_reach(text)):
        day += timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    raise Invalid([(name, "Give a date, or an instant with its offset.")])


@lru_cache(maxsize=50_000)
def _slot_json(start: int, minutes: int) -> str:
    starts_at, ends_at = (write_instant(instant_of(one)) for one in (start, start + minutes))
    return f'{{"starts_at":"{starts_at}","ends_at":"{ends_at}"}}'


def _slots_json(service_id: UUID, zone: str, starts: list[int], minutes: int) -> str:
    """SlotList written by hand: a month has hundreds of slots, and this is ten times faster."""
    slots = ",".join([_slot_json(start, minutes) for start in starts])
    return f'{{"service_id":"{service_id}","time_zone":"{zone}","slots":[{slots}]}}'


@router.get(
    "/me/availability",
    response_model=Availability,
    responses=problem_responses(401, 403, 404),
)
@allow(PROVIDER)
def get_availability(visit: Visiting) -> Availability:
    """The caller's own hours; ETag says which version."""
    return _tagged(visit, load_availability(visit.session, own_practice(visit).id))


@router.post(
    "/me/availability/preview",
    response_model=PreviewAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(PROVIDER)
@_takes_hours
def preview_availability(visit: Visiting, availability: Availability) -> PreviewAnswer:
    """What these hours would do, were they saved. Changes nothing."""
    provider_id = own_practice(visit).id
    found = preview_hours(visit.session, provider_id, availability, visit.now)
    return PreviewAnswer(
        appear=_starts(found.appear),
        vanish=_starts(found.vanish),
        outside=[
            OutsideAnswer(
                appointment_id=one.appointment.id,
                starts_at=one.appointment.starts_at,
                ends_at=one.appointment.ends_at,
                service_title=one.appointment.title,
                reason=one.refusal.code,
                message=one.refusal.message,
                is_new=one.is_new,
            )
            for one in found.outside
        ],
        nights=[NightAnswer(date=day, starts=starts) for day, starts in found.nights],
    )


def _starts(times: Times) -> list[ServiceStart]:
    found = [(at, service_id) for service_id, starts in times.items() for at in starts]
    return [ServiceStart(service_id=one, starts_at=at) for at, one in sorted(found)]


@router.put(
    "/me/availability",
    response_model=Availability,
    responses=problem_responses(401, 403, 404, 412, 422),
)
@allow(PROVIDER)
@_takes_hours
def put_availability(
    visit: Visiting, availability: Availability, expected: IfMatch
) -> Availability:
    """Replace the caller's hours. Booked sessions stay, whatever the new hours say."""
    provider = own_practice(visit)
    save_availability(visit.session, provider.id, availability, visit.now, expected)
    return _tagged(visit, availability)


def _tagged(visit: Visit, availability: Availability) -> Availability:
    visit.response.headers["ETag"] = etag(availability_version(availability))
    return availability
