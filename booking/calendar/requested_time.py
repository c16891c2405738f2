"""A start of a service that someone asks for: whether it is free, and what is near it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.free_times import (
    ANYBODY,
    Viewer,
    free_minutes,
    nearest_free_times,
)
from booking.calendar.queries import (
    Calendar,
    ProviderRow,
    calendar_of_service,
    read_calendar,
)
from booking.rules.minutes import instant_of
from booking.rules.notice import notice_rule
from booking.rules.slots import Interval
from core.database import Statement, run_together
from core.errors import NotFound

AHEAD = timedelta(days=62)
"""As far as any calendar is open, and a day to spare."""


@dataclass(frozen=True)
class ServiceRow:
    """A service, offered still or not. Fee in US cents."""

    id: UUID
    title: str
    minutes: int
    fee_cents: int
    for_new: bool


@dataclass(frozen=True)
class RequestedTime:
    """A start of a service that someone may want."""

    service: ServiceRow
    calendar: Calendar
    starts_at: datetime

    @property
    def provider(self) -> ProviderRow:
        return self.calendar.provider

    @property
    def zone(self) -> str:
        """The provider's own."""
        available = self.calendar.availability
        return available.time_zone if available else "UTC"

    @property
    def notice_rule(self) -> str:
        """What is told about cancelling before it is held."""
        available = self.calendar.availability
        if available is None:
            return ""
        return notice_rule(available.cancel_notice_minutes, available.moves_late)


SERVICE_COLUMNS: Final = "id, title, minutes, fee_cents, for_new"


def get_requested_time(session: Session, service_id: UUID, starts_at: datetime) -> RequestedTime:
    """The service with its provider, listed or not. Raises NotFound."""
    service = Statement(
        f"SELECT {SERVICE_COLUMNS} FROM service WHERE id = %(id)s",
        {"id": service_id},
    )
    rows, calendar = run_together(session, service, calendar_of_service(service_id))
    if not rows:
        raise NotFound
    return RequestedTime(ServiceRow(*rows[0]), read_calendar(calendar), starts_at)


def get_bookable_time(
    session: Session, service_id: UUID, starts_at: datetime, now: datetime
) -> RequestedTime:
    """As `get_requested_time`; NotFound too where the service cannot be booked at all."""
    wanted = get_requested_time(session, service_id, starts_at)
    if wanted.calendar.offer(service_id) is None or not wanted.calendar.is_listed(now):
        raise NotFound("This session cannot be booked at the moment.")
    return wanted


def is_time_free(
    session: Session, wanted: RequestedTime, now: datetime, viewer: Viewer = ANYBODY
) -> bool:
    """Whether exactly that start may be held now."""
    span = Interval(wanted.starts_at, wanted.starts_at + timedelta(minutes=1))
    return wanted.calendar.is_listed(now) and bool(
        free_minutes(session, wanted.calendar, wanted.service.id, span, now, viewer)
    )


def nearest_times(
    session: Session, wanted: RequestedTime, now: datetime, viewer: Viewer = ANYBODY
) -> list[datetime]:
    """Up to three free starts near the one wanted, soonest first."""
    if not wanted.calendar.is_listed(now):
        return []
    near = min(max(wanted.starts_at, now), now + AHEAD)
    return nearest_free_times(session, wanted.calendar, wanted.service.id, near, now, viewer)


def times_from(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    start: datetime,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> Iterator[datetime]:
    """All free starts from `start` to the end of the calendar, in order."""
    span = Interval(max(start, now), now + AHEAD)
    found = free_minutes(session, calendar, service_id, span, now, viewer)
    return (instant_of(minute) for minute in found)
