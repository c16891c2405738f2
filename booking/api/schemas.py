"""The shapes booking answers in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from booking.appointments.queries import AppointmentEntry
from booking.appointments.terms import cancel_until
from booking.models import AppointmentRow
from booking.rules.transitions import Status
from core.web.caller import Caller
from core.web.problems import declare_member

declare_member("alternatives", list[dict[str, Any]])


class HoldAnswer(BaseModel):
    """A time kept until `expires_at`. `cancel_until`: up to when calling it off, once booked, does
    not count as late, besides the first hour after booking; `late_fee_cents`: what the provider
    asks after that, in US cents."""

    id: UUID
    service_id: UUID
    provider_id: UUID
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    can_extend: bool
    cancel_until: datetime
    late_fee_cents: int


class AppointmentAnswer(BaseModel):
    """A booked session, as patient or provider see it, as it was agreed. Fee in US cents.

    `cancel_until`: up to when calling off does not count as late. `is_late`: the patient called it
    off after that, and was not excused. `ended_by`: who called it off: patient, provider or system.
    """

    id: UUID
    status: Status
    role: str
    provider_id: UUID
    provider_name: str
    service_id: UUID
    service_title: str
    starts_at: datetime
    ends_at: datetime
    state: str
    time_zone: str
    fee_cents: int
    version: int
    reason: str | None
    kind: str
    minutes: int
    late_fee_cents: int
    cancel_until: datetime
    is_late: bool
    ended_by: str | None


class AppointmentList(BaseModel):
    items: list[AppointmentAnswer]


def hold_answer(hold: AppointmentRow) -> HoldAnswer:
    """A live hold, as its holder sees it."""
    if hold.expires_at is None:
        raise ValueError("only a live hold has an end")
    return HoldAnswer(
        id=hold.id,
        service_id=hold.service_id,
        provider_id=hold.provider_id,
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        expires_at=hold.expires_at,
        can_extend=not hold.extended and hold.expires_at < hold.starts_at,
        cancel_until=cancel_until(hold),
        late_fee_cents=hold.late_fee_cents,
    )


def appointment_answer(entry: AppointmentEntry, caller: Caller) -> AppointmentAnswer:
    """An appointment, as `caller` sees it: a provider without a second factor is told nothing of
    the patient (see `Caller.sees_names`)."""
    appointment = entry.appointment
    is_patient = appointment.patient_id == caller.person_id
    tells = is_patient or caller.sees_names
    return AppointmentAnswer(
        id=appointment.id,
        status=Status(appointment.status),
        role="patient" if is_patient else "provider",
        provider_id=appointment.provider_id,
        provider_name=entry.provider_name,
        service_id=appointment.service_id,
        service_title=appointment.title,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        state=(appointment.patient_state or "") if tells else "",
        time_zone=(appointment.patient_zone or "") if tells else "",
        fee_cents=appointment.fee_cents,
        version=appointment.version,
        reason=appointment.reason if tells else None,
        kind=appointment.kind,
        minutes=appointment.minutes,
        late_fee_cents=appointment.late_fee_cents,
        cancel_until=cancel_until(appointment),
        is_late=appointment.is_late,
        ended_by=appointment.ended_by,
    )
