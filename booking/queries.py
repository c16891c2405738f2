"""Reads of booking. Hot ones are Core rows; none of them decides anything."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlmodel import Session, SQLModel, col, select

from booking.models import Appointment
from booking.rules.availability import Availability
from booking.rules.slots import Interval
from booking.rules.transitions import Status
from core.errors import NotFound
from core.web.routing import Caller
from directory.models import Provider, Service

LONGEST = timedelta(hours=12)
"""No session is longer; bounds the index range of a search for overlaps."""


@dataclass(frozen=True)
class Offer:
    """A service as the calendar needs it."""

    id: UUID
    title: str
    minutes: int
    for_new: bool
    for_returning: bool
    fee_cents: int


@dataclass(frozen=True)
class Calendar:
    """All that decides a provider's slots, besides what is booked. Not for showing."""

    provider_id: UUID
    person_id: UUID
    name: str
    accepts_new: bool
    availability: Availability | None
    published_through: date | None
    openings: str | None  # as the listing has them now: JSON; None where there is no listing
    listed_hours: bytes | None  # likewise: `directory.packing.pack_hours`
    listed_notice: int | None  # likewise: the notice it goes by
    listed_until: datetime | None  # None: not published
    offers: tuple[Offer, ...]

    def offer(self, service_id: UUID) -> Offer | None:
        return next((one for one in self.offers if one.id == service_id), None)

    def is_listed(self, now: datetime) -> bool:
        return self.listed_until is not None and now < self.listed_until


_CALENDAR = text(
    """
    SELECT p.id, p.person_id, p.display_name, p.accepts_new,
           s.document::text AS document, s.published_through,
           l.openings::text AS openings, l.hours AS listed_hours,
           l.notice_minutes AS listed_notice,
           CASE WHEN l.published_at IS NOT NULL THEN l.due_at END AS listed_until,
           coalesce(
               (SELECT json_agg(
                    json_build_array(v.id, v.title, v.minutes, v.for_new, v.for_returning,
                                     v.fee_cents)
                    ORDER BY v.position, v.id)
                FROM service v WHERE v.provider_id = p.id AND v.retired_at IS NULL)::text,
               '[]') AS offers
    FROM provider p
    LEFT JOIN schedule s ON s.provider_id = p.id
    LEFT JOIN listing l ON l.provider_id = p.id
    WHERE p.id = :provider
    """
)


@lru_cache(maxsize=4096)
def _availability(document: str) -> Availability:
    return Availability.model_validate_json(document)


@lru_cache(maxsize=4096)
def _offers(rows: str) -> tuple[Offer, ...]:
    return tuple(Offer(UUID(key), *rest) for key, *rest in json.loads(rows))


def get_calendar(session: Session, provider_id: UUID) -> Calendar:
    """A provider's calendar as it is now. Raises NotFound."""
    row = session.connection().execute(_CALENDAR, {"provider": provider_id}).first()
    if row is None:
        raise NotFound
    return Calendar(
        provider_id=row.id,
        person_id=row.person_id,
        name=row.display_name,
        accepts_new=row.accepts_new,
        availability=_availability(row.document) if row.document is not None else None,
        published_through=row.published_through,
        openings=row.openings,
        listed_hours=row.listed_hours,
        listed_notice=row.listed_notice,
        listed_until=row.listed_until,
        offers=_offers(row.offers),
    )


_BUSY = text(
    """
    SELECT starts_at, ends_at FROM appointment
    WHERE provider_id = :provider AND status IN ('held', 'booked')
      AND starts_at > :earliest AND starts_at < :end AND ends_at > :start AND id <> :but
    ORDER BY starts_at
    """
)
_NOBODY = UUID(int=0)


def find_busy(
    session: Session, provider_id: UUID, span: Interval, but: UUID = _NOBODY
) -> list[Interval]:
    """What is held or booked of a provider's time within `span`, less the appointment `but`."""
    values = {
        "provider": provider_id,
        "start": span.start,
        "end": span.end,
        "earliest": span.start - LONGEST,
        "but": but,
    }
    return [Interval(*row) for row in session.connection().execute(_BUSY, values)]


_SLOTS = text(
    "SELECT starts FROM slot_day WHERE service_id = :service"
    " AND day BETWEEN :first AND :last ORDER BY day"
)


def find_slot_days(session: Session, service_id: UUID, first: date, last: date) -> list[list[int]]:
    """The cached free starts of each opening day that has any (epoch minutes, sorted)."""
    values = {"service": service_id, "first": first, "last": last}
    return [row.starts for row in session.connection().execute(_SLOTS, values) if row.starts]


_FIRST_SLOTS = text(
    """
    SELECT service_id, starts FROM slot_day
    WHERE provider_id = :provider AND service_id = ANY(:services) AND day >= :first
      AND starts <> '{}'
    ORDER BY day LIMIT :most
    """
)


def find_first_slots(
    session: Session, provider_id: UUID, services: list[UUID], first: date, most: int
) -> list[tuple[UUID, list[int]]]:
    """(service_id, starts) of the first `most` days with free starts from `first` on."""
    values = {"provider": provider_id, "services": services, "first": first, "most": most}
    rows = session.connection().execute(_FIRST_SLOTS, values)
    return [(row.service_id, row.starts) for row in rows]


_TABLE = SQLModel.metadata.tables["appointment"]
_APPOINTMENT = _TABLE.select().where(_TABLE.c.id == bindparam("key"))


def find_appointment(session: Session, appointment_id: UUID) -> Appointment | None:
    """One appointment or hold as it is now (never from the session's memory)."""
    row = session.connection().execute(_APPOINTMENT, {"key": appointment_id}).mappings().first()
    return None if row is None else Appointment(**row)


def get_appointment(session: Session, appointment_id: UUID) -> Appointment:
    """As `find_appointment`. Raises NotFound."""
    found = find_appointment(session, appointment_id)
    if found is None:
        raise NotFound
    return found


def get_appointment_for(session: Session, appointment_id: UUID, caller: Caller) -> Appointment:
    """An appointment that the caller is part of, as patient or provider. Raises NotFound."""
    found = get_appointment(session, appointment_id)
    if found.patient_id is None or caller.person_id is None:
        raise NotFound
    if found.patient_id != caller.person_id and not _is_provider(session, found, caller.person_id):
        raise NotFound
    return found


def _is_provider(session: Session, appointment: Appointment, person_id: UUID) -> bool:
    query = select(Provider.id).where(
        col(Provider.id) == appointment.provider_id, col(Provider.person_id) == person_id
    )
    return session.exec(query).first() is not None


def get_hold(
    session: Session, hold_id: UUID, *, visitor: bytes | None, person_id: UUID | None
) -> Appointment:
    """A hold, live or over, of this visitor or person. Raises NotFound for anybody else's."""
    found = get_appointment(session, hold_id)
    if not is_holder(found, visitor=visitor, person_id=person_id):
        raise NotFound
    return found


def is_holder(hold: Appointment, *, visitor: bytes | None, person_id: UUID | None) -> bool:
    """Whether the hold was made by this browser or this person."""
    if visitor is not None and hold.visitor == visitor:
        return True
    return person_id is not None and hold.held_by == person_id


@dataclass(frozen=True)
class Entry:
    """An appointment with the words that a list shows."""

    appointment: Appointment
    service_title: str
    provider_name: str
    provider_slug: str
    provider_person_id: UUID


_BOOKED = [Status.BOOKED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED]


_WORDS = text(
    "SELECT v.title, p.display_name, p.slug, p.person_id FROM service v"
    " JOIN provider p ON p.id = v.provider_id WHERE v.id = :service"
)


def entry_of(session: Session, appointment: Appointment) -> Entry:
    """One appointment with its words."""
    words = session.connection().execute(_WORDS, {"service": appointment.service_id}).one()
    return Entry(appointment, *words)


def appointments_of(session: Session, person_id: UUID) -> list[Entry]:
    """All of a person's, as patient and as provider, latest start first; at most 500."""
    query = (
        _entries()
        .where(
            col(Appointment.status).in_(_BOOKED),
            (col(Appointment.patient_id) == person_id) | (col(Provider.person_id) == person_id),
        )
        .order_by(col(Appointment.starts_at).desc())
        .limit(500)
    )
    return [_entry(*row) for row in session.exec(query)]


def upcoming_of_patient(session: Session, person_id: UUID, now: datetime) -> list[Entry]:
    """What is booked and not yet over, soonest first."""
    query = (
        _entries()
        .where(
            col(Appointment.patient_id) == person_id,
            col(Appointment.status) == Status.BOOKED,
            col(Appointment.ends_at) > now,
        )
        .order_by(col(Appointment.starts_at))
    )
    return [_entry(*row) for row in session.exec(query)]


def past_of_patient(session: Session, person_id: UUID, now: datetime) -> list[Entry]:
    """What is over, cancelled included, latest first."""
    query = (
        _entries()
        .where(
            col(Appointment.patient_id) == person_id,
            col(Appointment.status).in_(_BOOKED),
            (col(Appointment.status) != Status.BOOKED) | (col(Appointment.ends_at) <= now),
        )
        .order_by(col(Appointment.starts_at).desc())
        .limit(200)
    )
    return [_entry(*row) for row in session.exec(query)]


def week_of_provider(
    session: Session, provider_id: UUID, start: datetime, end: datetime
) -> list[Entry]:
    """What stands in a provider's calendar from `start` to `end`: holds, bookings, what was."""
    query = (
        _entries()
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.status).in_([*_BOOKED, Status.HELD]),
            col(Appointment.starts_at) < end,
            col(Appointment.starts_at) > start - LONGEST,
            col(Appointment.ends_at) > start,
        )
        .order_by(col(Appointment.starts_at))
    )
    return [_entry(*row) for row in session.exec(query)]


def _entries() -> Any:
    return (
        select(Appointment, Service, Provider)
        .join(Service, col(Service.id) == col(Appointment.service_id))
        .join(Provider, col(Provider.id) == col(Appointment.provider_id))
        .execution_options(populate_existing=True)
    )


def _entry(appointment: Appointment, service: Service, provider: Provider) -> Entry:
    return Entry(
        appointment, service.title, provider.display_name, provider.slug, provider.person_id
    )


_PATIENT_FACTS = text(
    """
    SELECT
      EXISTS (SELECT 1 FROM appointment WHERE patient_id = :patient AND id <> :but
                AND status IN ('held', 'booked')
                AND tstzrange(starts_at, ends_at) && tstzrange(:start, :end)) AS is_busy,
      EXISTS (SELECT 1 FROM appointment WHERE patient_id = :patient AND id <> :but
                AND provider_id = :provider AND status IN ('booked', 'completed')) AS is_known
    """
)


def patient_standing(
    session: Session, patient_id: UUID, provider_id: UUID, span: Interval, but: UUID
) -> tuple[bool, bool]:
    """(is busy elsewhere in `span`, was or will be with this provider), less appointment `but`."""
    values = {
        "patient": patient_id,
        "provider": provider_id,
        "start": span.start,
        "end": span.end,
        "but": but,
    }
    row = session.connection().execute(_PATIENT_FACTS, values).one()
    return row.is_busy, row.is_known
