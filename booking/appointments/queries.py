"""Reads of holds and appointments. None of them decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import LONGEST, calendar_of_appointment, read_calendar
from booking.calendar.requested_time import SERVICE_COLUMNS, RequestedTime, ServiceRow
from booking.models import COLUMNS, AppointmentRow, Holder
from booking.rules.slots import Interval
from booking.rules.transitions import Status
from core.database import Statement, run, run_together
from core.errors import NotFound

_NONE: Final = UUID(int=0)
_AGREED: Final = [status.value for status in Status if status.is_agreed]


# ---------------------------------------------------------------------- one


@dataclass(frozen=True)
class AppointmentEntry:
    """An appointment as a list shows it."""

    appointment: AppointmentRow
    provider_name: str
    provider_slug: str


@dataclass(frozen=True)
class AppointmentDetails:
    """A held or booked appointment with its service, provider and calendar."""

    appointment: AppointmentRow
    time: RequestedTime

    @property
    def entry(self) -> AppointmentEntry:
        provider = self.time.provider
        return AppointmentEntry(self.appointment, provider.display_name, provider.slug)


def details_of(appointment_id: UUID) -> tuple[Statement, Statement, Statement]:
    """What `read_details` reads."""
    service = Statement(
        f"SELECT {SERVICE_COLUMNS} FROM service"
        " WHERE id = (SELECT service_id FROM appointment WHERE id = %(id)s)",
        {"id": appointment_id},
    )
    return appointment_of(appointment_id), service, calendar_of_appointment(appointment_id)


def read_details(
    appointments: list[Any], services: list[Any], calendars: list[Any]
) -> AppointmentDetails:
    """Raises NotFound where there is none."""
    if not appointments:
        raise NotFound
    appointment = AppointmentRow(*appointments[0])
    service, calendar = ServiceRow(*services[0]), read_calendar(calendars)
    return AppointmentDetails(appointment, RequestedTime(service, calendar, appointment.starts_at))


def get_details(session: Session, appointment_id: UUID) -> AppointmentDetails:
    """A held or booked appointment as it is now, in one round trip. Raises NotFound."""
    return read_details(*run_together(session, *details_of(appointment_id)))


def get_held(session: Session, hold_id: UUID, holder: Holder) -> AppointmentDetails:
    """A hold, live or over, of this visitor or person. Raises NotFound for anybody else's."""
    found = get_details(session, hold_id)
    if not is_held_by(found.appointment, holder):
        raise NotFound
    return found


def is_held_by(hold: AppointmentRow, holder: Holder) -> bool:
    """Whether the hold was made by this browser or this person."""
    if holder.visitor is not None and hold.visitor == holder.visitor:
        return True
    return holder.person_id is not None and hold.held_by == holder.person_id


def get_details_for(
    session: Session, appointment_id: UUID, person_id: UUID | None
) -> AppointmentDetails:
    """An appointment that this person is part of, as patient or provider. Raises NotFound."""
    found = get_details(session, appointment_id)
    concerned = {found.appointment.patient_id, found.time.provider.person_id}
    if found.appointment.patient_id is None or person_id not in concerned:
        raise NotFound
    return found


def get_appointment(session: Session, appointment_id: UUID) -> AppointmentRow:
    """One appointment or hold as it is now. Raises NotFound."""
    rows = run(session, appointment_of(appointment_id))
    if not rows:
        raise NotFound
    return AppointmentRow(*rows[0])


def appointment_of(appointment_id: UUID) -> Statement:
    return Statement(f"SELECT {COLUMNS} FROM appointment WHERE id = %(id)s", {"id": appointment_id})


def find_live_hold(session: Session, holder: Holder, now: datetime) -> AppointmentRow | None:
    """What this browser or person holds now, the latest first."""
    rows = run(
        session,
        Statement(
            f"SELECT {COLUMNS} FROM appointment"
            " WHERE (visitor = %(visitor)s OR held_by = %(person)s) AND expires_at > %(now)s"
            " ORDER BY created_at DESC LIMIT 1",
            {**vars(holder), "person": holder.person_id, "now": now},
        ),
    )
    return AppointmentRow(*rows[0]) if rows else None


def find_events(session: Session, appointment_id: UUID) -> list[Any]:
    """What became of a booked appointment, oldest first: (at, status, starts_at, actor_kind).
    The hold before the booking is left out."""
    return run(
        session,
        Statement(
            "SELECT at, status, starts_at, actor_kind FROM appointment_event"
            " WHERE appointment_id = %(id)s AND status = ANY(%(agreed)s) ORDER BY id",
            {"id": appointment_id, "agreed": _AGREED},
        ),
    )


# ---------------------------------------------------------------------- lists


_ENTRIES: Final = f"""
    SELECT {", ".join(f"a.{name}" for name in COLUMNS.split(", "))},
           p.display_name, p.slug
    FROM appointment a JOIN provider p ON p.id = a.provider_id
"""


def appointments_of(session: Session, person_id: UUID) -> list[AppointmentEntry]:
    """All of a person's, as patient and as provider, latest start first; at most 500."""
    return _entries(
        session,
        "a.status = ANY(%(agreed)s) AND (a.patient_id = %(person)s"
        " OR a.provider_id = (SELECT id FROM provider WHERE person_id = %(person)s))",
        "a.starts_at DESC LIMIT 500",
        {"person": person_id},
    )


def upcoming_of_patient(session: Session, person_id: UUID, now: datetime) -> list[AppointmentEntry]:
    """What is booked and not yet over, soonest first."""
    return _entries(
        session,
        "a.patient_id = %(person)s AND a.status = 'booked' AND a.ends_at > %(now)s",
        "a.starts_at",
        {"person": person_id, "now": now},
    )


def past_of_patient(session: Session, person_id: UUID, now: datetime) -> list[AppointmentEntry]:
    """What is over, cancelled included, latest first."""
    return _entries(
        session,
        "a.patient_id = %(person)s AND a.status = ANY(%(agreed)s)"
        " AND (a.status <> 'booked' OR a.ends_at <= %(now)s)",
        "a.starts_at DESC LIMIT 200",
        {"person": person_id, "now": now},
    )


def week_of_provider(
    session: Session, provider_id: UUID, start: datetime, end: datetime
) -> list[AppointmentEntry]:
    """What stands in a provider's calendar from `start` to `end`: holds, bookings, what was."""
    return _entries(
        session,
        "a.provider_id = %(provider)s AND (a.takes_time OR a.status = ANY(%(agreed)s))"
        " AND a.starts_at < %(end)s AND a.starts_at > %(earliest)s AND a.ends_at > %(start)s",
        "a.starts_at",
        {"provider": provider_id, "start": start, "end": end, "earliest": start - LONGEST},
    )


def first_sessions(
    session: Session, provider_id: UUID, people: Sequence[UUID | None]
) -> dict[UUID, datetime]:
    """When each of these patients had, or will have, the first session with a provider."""
    rows = run(
        session,
        Statement(
            "SELECT patient_id, min(starts_at) FROM appointment"
            " WHERE provider_id = %(provider)s AND patient_id = ANY(%(people)s)"
            " AND status IN ('booked', 'completed') GROUP BY patient_id",
            {"provider": provider_id, "people": [one for one in people if one is not None]},
        ),
    )
    return {row[0]: row[1] for row in rows}


def _entries(
    session: Session, which: str, order: str, values: dict[str, Any]
) -> list[AppointmentEntry]:
    query = Statement(f"{_ENTRIES} WHERE {which} ORDER BY {order}", {**values, "agreed": _AGREED})
    return [AppointmentEntry(AppointmentRow(*row[:-2]), *row[-2:]) for row in run(session, query)]


def booked_ahead(session: Session, provider_id: UUID, now: datetime) -> list[AppointmentRow]:
    """A provider's sessions that are booked and have not begun, soonest first."""
    rows = run(
        session,
        Statement(
            f"SELECT {COLUMNS} FROM appointment WHERE provider_id = %(provider)s"
            " AND status = 'booked' AND starts_at > %(now)s ORDER BY starts_at",
            {"provider": provider_id, "now": now},
        ),
    )
    return [AppointmentRow(*row) for row in rows]


def called_off_since(
    session: Session, provider_id: UUID, since: datetime, now: datetime
) -> list[AppointmentRow]:
    """Sessions ahead that the system called off after `since`, soonest first."""
    rows = run(
        session,
        Statement(
            f"SELECT {COLUMNS} FROM appointment WHERE provider_id = %(provider)s"
            " AND starts_at > %(now)s AND status = 'cancelled' AND ended_by = 'system'"
            " AND ended_at > %(since)s AND patient_id IS NOT NULL ORDER BY starts_at",
            {"provider": provider_id, "now": now, "since": since},
        ),
    )
    return [AppointmentRow(*row) for row in rows]


# ---------------------------------------------------------------------- a patient


def standing_of(
    patient_id: UUID | None, provider_id: UUID, span: Interval, now: datetime, but: UUID = _NONE
) -> Statement:
    """One row, of everything but the appointment `but`. is_busy: elsewhere within `span`; is_known:
    was or will be with this provider; is_seen: had a session with anybody; has_been: with this
    provider; ahead: how many they have with this provider; allowed: how many these let them have.
    Of nobody, all are false, none or 0."""
    return Statement(
        """
        SELECT
          EXISTS (SELECT 1 FROM appointment WHERE patient_id = %(patient)s::uuid AND id <> %(but)s
                    AND takes_time
                    AND tstzrange(starts_at, ends_at) && tstzrange(%(start)s, %(end)s)) AS is_busy,
          EXISTS (SELECT 1 FROM appointment WHERE patient_id = %(patient)s::uuid AND id <> %(but)s
                    AND provider_id = %(provider)s
                    AND status IN ('booked', 'completed')) AS is_known,
          EXISTS (SELECT 1 FROM appointment WHERE patient_id = %(patient)s::uuid
                    AND starts_at <= %(now)s AND status IN ('booked', 'completed')) AS is_seen,
          EXISTS (SELECT 1 FROM appointment WHERE patient_id = %(patient)s::uuid
                    AND provider_id = %(provider)s
                    AND starts_at <= %(now)s AND status IN ('booked', 'completed')) AS has_been,
          (SELECT count(*) FROM appointment WHERE patient_id = %(patient)s::uuid
             AND provider_id = %(provider)s AND id <> %(but)s
             AND starts_at > %(now)s AND status = 'booked') AS ahead,
          (SELECT most FROM session_allowance WHERE patient_id = %(patient)s::uuid
             AND provider_id = %(provider)s) AS allowed
        """,
        {
            "patient": patient_id,
            "provider": provider_id,
            "start": span.start,
            "end": span.end,
            "but": but,
            "now": now,
        },
    )
