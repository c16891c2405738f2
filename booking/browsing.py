"""Reads that patients' pages need: the hold one has now, the times of a service, who called off."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from booking import queries, schedules
from booking.models import Appointment, AppointmentEvent
from booking.queries import Calendar
from booking.rules.slots import Interval
from booking.rules.transitions import Status
from core.errors import NotFound
from directory.models import Provider, Service
from directory.queries import get_provider, get_service

AHEAD = timedelta(days=62)
"""As far as any calendar is open, and a day to spare."""


@dataclass(frozen=True)
class Wanted:
    """A start of a service that someone may want."""

    service: Service
    provider: Provider
    calendar: Calendar
    starts_at: datetime

    @property
    def zone(self) -> str:
        """The provider's own."""
        available = self.calendar.availability
        return available.time_zone if available else "UTC"

    @property
    def cancel_notice_minutes(self) -> int:
        available = self.calendar.availability
        return available.cancel_notice_minutes if available else 0


def get_wanted(session: Session, service_id: UUID, starts_at: datetime) -> Wanted:
    """The service with its provider, listed or not. Raises NotFound."""
    service = get_service(session, service_id)
    provider = get_provider(session, service.provider_id)
    return Wanted(service, provider, queries.get_calendar(session, provider.id), starts_at)


def get_bookable(session: Session, service_id: UUID, starts_at: datetime, now: datetime) -> Wanted:
    """As `get_wanted`; NotFound too where the service cannot be booked at all."""
    wanted = get_wanted(session, service_id, starts_at)
    if wanted.calendar.offer(service_id) is None or not wanted.calendar.is_listed(now):
        raise NotFound("This session cannot be booked at the moment.")
    return wanted


def is_free(session: Session, wanted: Wanted, now: datetime) -> bool:
    """Whether exactly that start may be held now."""
    span = Interval(wanted.starts_at, wanted.starts_at + timedelta(minutes=1))
    return wanted.calendar.is_listed(now) and bool(
        schedules.free_minutes(session, wanted.calendar, wanted.service.id, span, now)
    )


def nearest_times(session: Session, wanted: Wanted, now: datetime) -> list[datetime]:
    """Up to three free starts near the one wanted, soonest first."""
    if not wanted.calendar.is_listed(now):
        return []
    near = min(max(wanted.starts_at, now), now + AHEAD)
    found = schedules.alternatives(session, wanted.calendar, wanted.service.id, near, now)
    return [datetime.fromisoformat(one["starts_at"]) for one in found]


def times_from(
    session: Session, calendar: Calendar, service_id: UUID, start: datetime, now: datetime
) -> Iterator[datetime]:
    """All free starts from `start` to the end of the calendar, in order."""
    span = Interval(max(start, now), now + AHEAD)
    found = schedules.free_minutes(session, calendar, service_id, span, now)
    return (datetime.fromtimestamp(minute * 60, UTC) for minute in found)


def find_live_hold(
    session: Session, visitor: bytes | None, person_id: UUID | None, now: datetime
) -> Appointment | None:
    """What this browser or person holds now, the latest first."""
    mine = []
    if visitor is not None:
        mine.append(col(Appointment.visitor) == visitor)
    if person_id is not None:
        mine.append(col(Appointment.held_by) == person_id)
    if not mine:
        return None
    query = (
        select(Appointment)
        .where(Appointment.status == Status.HELD, col(Appointment.expires_at) > now, or_(*mine))
        .order_by(col(Appointment.created_at).desc())
        .execution_options(populate_existing=True)
    )
    return session.exec(query).first()


def find_canceller(session: Session, appointment_id: UUID) -> str | None:
    """patient, provider or system: who called it off, if someone did."""
    query = (
        select(AppointmentEvent.actor_kind)
        .where(
            AppointmentEvent.appointment_id == appointment_id,
            AppointmentEvent.status == Status.CANCELLED,
        )
        .order_by(col(AppointmentEvent.id).desc())
    )
    return session.exec(query).first()
