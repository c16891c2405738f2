"""When: availability, cached slots, appointments with their history, patients' own facts."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from core.crypto import Encrypted, decrypt
from core.database import Json, uuid7


class Schedule(SQLModel, table=True):
    """A provider's availability document (`booking.rules.availability.Availability`)."""

    __tablename__ = "schedule"

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    document: dict[str, Any] = Field(sa_type=Json)
    terms: dict[str, Any] = Field(  # the document's newest fields, which yesterday's code refuses
        default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": text("'{}'")}
    )
    changed_at: datetime
    published_through: date | None = None  # last local day that slot_day holds


class CalendarDue(SQLModel, table=True):
    """When the clock alone next changes a calendar: its first opening goes by, or its day ends.

    Triggers put a new calendar on the list, and one that opens or closes for new patients at once.
    """

    __tablename__ = "calendar_due"

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    at: datetime = Field(index=True)


class SlotDay(SQLModel, table=True):
    """The free starts of one service on one local day of its provider: a cache of the rules.

    `starts`: epoch minutes (UTC), sorted, before notice and horizon are applied.
    """

    __tablename__ = "slot_day"
    __table_args__ = (Index("ix_slot_day_provider_id_day", "provider_id", "day"),)

    service_id: UUID = Field(foreign_key="service.id", primary_key=True)
    day: date = Field(primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id")
    starts: list[int] = Field(sa_type=ARRAY(BigInteger))


class Patient(SQLModel, table=True):
    """What a patient told us once, so that they need not again. Same id as the person."""

    __tablename__ = "patient"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    name: str = Field(sa_type=Encrypted)
    date_of_birth: str = Field(sa_type=Encrypted)  # ISO date
    state: str  # where they usually are
    time_zone: str
    changed_at: datetime


@dataclass(frozen=True)
class Holder:
    """Whose hold it is: this browser's (the hash of its cookie), this person's, or both."""

    visitor: bytes | None
    person_id: UUID | None


NOBODY: Final = Holder(None, None)


class Appointment(SQLModel, table=True):
    """The truth about a provider's time. A hold is an appointment with an expiry.

    It keeps what was agreed when it was held (`title` to `tzdata_release`, and the fee): nothing
    looks that up later. `local_start`: the wall time in the provider's `zone` then, ISO, and the
    release of the time zones by which it was that.

    `is_late`: the patient called off after the time up to which that is free; `is_excused`: that
    it does not count. `ended_by`: the kind of actor who called it off.

    `booking.appointments.moves` alone writes where it stands. `takes_time` follows from the status
    (`booking.rules.transitions`); where it is set, the migration's two EXCLUDE constraints over
    tstzrange(starts_at, ends_at) keep times apart: a provider's, and a patient's of different
    meetings. `meeting_id`: its own id, unless it shares a meeting. `version` grows when the time
    or status changes after booking and is the calendar's SEQUENCE. `visitor`: hash of the
    browser's cookie that holds it. `network`, `wide_network`: keyed hashes of where a hold of
    somebody unknown comes from, while it lasts.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("expires_at IS NULL OR takes_time", name="only_holds_expire"),
        CheckConstraint(
            "NOT takes_time OR expires_at IS NOT NULL OR patient_id IS NOT NULL",
            name="kept_for_someone",
        ),
        Index(
            "ix_appointment_expires_at",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        Index(
            "ix_appointment_held_of",
            "provider_id",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        Index("ix_appointment_provider_starts_at", "provider_id", "starts_at"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    meeting_id: UUID = Field(sa_column_kwargs={"server_default": text("gen_random_uuid()")})
    provider_id: UUID = Field(foreign_key="provider.id")
    service_id: UUID = Field(foreign_key="service.id", index=True)
    patient_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    starts_at: datetime
    ends_at: datetime
    status: str
    takes_time: bool = Field(sa_column_kwargs={"server_default": text("true")})
    expires_at: datetime | None = None
    extended: bool = False
    visitor: bytes | None = Field(default=None, index=True)
    held_by: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    network: bytes | None = None
    wide_network: bytes | None = None
    patient_state: str | None = None  # where the patient will be
    patient_zone: str | None = None  # the zone they read times in
    title: str
    kind: str
    fee_cents: int = 0
    cancel_notice_minutes: int
    late_fee_cents: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    moves_late: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    zone: str
    local_start: str | None = None
    tzdata_release: str | None = None
    version: int = 0
    reason: str | None = Field(default=None, sa_type=Encrypted)  # of a cancellation
    is_late: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    is_excused: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    ended_by: str | None = None
    ended_at: datetime | None = None
    created_at: datetime
    booked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One appointment or hold as the database has it (`Appointment`), frozen."""

    id: UUID
    meeting_id: UUID
    provider_id: UUID
    service_id: UUID
    patient_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    status: str
    expires_at: datetime | None
    extended: bool
    visitor: bytes | None
    held_by: UUID | None
    patient_state: str | None
    patient_zone: str | None
    title: str
    kind: str
    fee_cents: int
    cancel_notice_minutes: int
    late_fee_cents: int
    moves_late: bool
    zone: str
    version: int
    sealed_reason: bytes | None
    is_late: bool
    is_excused: bool
    ended_by: str | None
    ended_at: datetime | None
    created_at: datetime
    booked_at: datetime | None

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def reason(self) -> str | None:
        """Of a cancellation."""
        return None if self.sealed_reason is None else decrypt(self.sealed_reason)


COLUMNS: Final = ", ".join(
    "reason AS sealed_reason" if one.name == "sealed_reason" else one.name
    for one in fields(AppointmentRow)
)
"""What a query selects to make an `AppointmentRow` of each of its rows."""


class AppointmentEvent(SQLModel, table=True):
    """One move of an appointment's status (or time), attributed. Append-only."""

    __tablename__ = "appointment_event"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    appointment_id: UUID = Field(foreign_key="appointment.id", index=True)
    at: datetime
    status: str
    starts_at: datetime
    actor_kind: str  # visitor, patient, provider, admin, system
    actor_id: UUID | None = None


class SessionAllowance(SQLModel, table=True):
    """How many sessions ahead a provider lets a patient have."""

    __tablename__ = "session_allowance"

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    patient_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    most: int
    changed_at: datetime


class IdempotencyKey(SQLModel, table=True):
    """An answer that was given, so that the same request again gives it again."""

    __tablename__ = "idempotency_key"

    scope: bytes = Field(primary_key=True)  # hash of who asked and where
    key: str = Field(primary_key=True)
    body_hash: bytes
    status: int
    answer: str = Field(sa_type=Encrypted)
    created_at: datetime = Field(index=True)
