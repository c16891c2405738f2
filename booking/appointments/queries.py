"""Reads of holds and appointments. None of them decides anything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlmodel import Session, SQLModel, col, or_, select

from booking.calendar.queries import LONGEST
from booking.models import Appointment, AppointmentEvent
from booking.rules.slots import Interval
from booking.rules.transitions import Status
from core.errors import NotFound
from core.web.caller import Caller
from directory.models import Provider, Service

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
class AppointmentEntry:
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


def entry_of(session: Session, appointment: Appointment) -> AppointmentEntry:
    """One appointment with its words."""
    words = session.connection().execute(_WORDS, {"service": appointment.service_id}).one()
    return AppointmentEntry(appointment, *words)


def appointments_of(session: Session, person_id: UUID) -> list[AppointmentEntry]:
    """All of a person's, as patient and as provider, latest start first; at most 500."""
    practice = select(Provider.id).where(Provider.person_id == person_id).scalar_subquery()
    query = (
        _entries()
        .where(
            col(Appointment.status).in_(_BOOKED),
            (col(Appointment.patient_id) == person_id) | (col(Appointment.provider_id) == practice),
        )
        .order_by(col(Appointment.starts_at).desc())
        .limit(500)
    )
    return [_entry(*row) for row in session.exec(query)]


def upcoming_of_patient(session: Session, person_id: UUID, now: datetime) -> list[AppointmentEntry]:
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


def past_of_patient(session: Session, person_id: UUID, now: datetime) -> list[AppointmentEntry]:
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
) -> list[AppointmentEntry]:
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


def _entry(appointment: Appointment, service: Service, provider: Provider) -> AppointmentEntry:
    return AppointmentEntry(
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
