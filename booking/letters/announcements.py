"""What people are told when an appointment is made, moved or cancelled.

One job per change, written with it. It writes the letters (each once, by its key) and the
reminders; a change that a later one has overtaken says nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.models import Person
from booking.letters import invites, reminders
from booking.letters.layout import AppointmentLetter, compose_letter
from booking.models import Appointment, AppointmentEvent, Schedule
from booking.rules.availability import Availability
from booking.rules.notice import notice_rule
from booking.rules.transitions import ActorKind, Status
from core import clock
from core.database import transaction
from core.jobs import LETTERS, RETRY, jobs
from core.mail import post
from core.settings import settings
from core.web import formats
from directory.models import Provider, Service


@dataclass(frozen=True)
class LetterContext:
    """An appointment with the people it concerns."""

    appointment: Appointment
    service: Service
    provider: Provider
    patient: Person
    provider_person: Person
    schedule: Availability
    cancelled_by: str  # actor kind of the last event

    @property
    def patient_zone(self) -> str:
        return self.appointment.patient_zone or self.schedule.time_zone


@jobs.task(name="booking.notices.announce", retry=RETRY, queue=LETTERS)
def announce(appointment_id: str, version: int) -> None:
    """Tell both people how appointment `appointment_id` stands at `version`."""
    with transaction() as session:
        story = find_letter_context(session, UUID(appointment_id))
        if story is None or story.appointment.version != version:
            return
        now = clock.now()
        kind = _kind(story.appointment)
        if kind is None:
            return
        if story.patient.deleted_at is None:
            _tell_patient(session, story, kind, now)
        _tell_provider(session, story, kind)
        if kind != "cancelled":
            reminders.schedule(session, story.appointment, now)


def find_letter_context(session: Session, appointment_id: UUID) -> LetterContext | None:
    """Everything that letters say about one appointment; None where it has no patient."""
    appointment = session.get(Appointment, appointment_id)
    if appointment is None or appointment.patient_id is None:
        return None
    service = session.get_one(Service, appointment.service_id)
    provider = session.get_one(Provider, appointment.provider_id)
    last = session.exec(
        select(AppointmentEvent)
        .where(AppointmentEvent.appointment_id == appointment.id)
        .order_by(col(AppointmentEvent.id).desc())
    ).first()
    return LetterContext(
        appointment=appointment,
        service=service,
        provider=provider,
        patient=session.get_one(Person, appointment.patient_id),
        provider_person=session.get_one(Person, provider.person_id),
        schedule=Availability.model_validate(
            session.get_one(Schedule, appointment.provider_id).document
        ),
        cancelled_by=last.actor_kind if last else ActorKind.SYSTEM,
    )


def _kind(appointment: Appointment) -> str | None:
    if appointment.status == Status.CANCELLED:
        return "cancelled"
    if appointment.status == Status.BOOKED:
        return "moved" if appointment.version else "booked"
    return None


PATIENT_WORDS = {
    "booked": ("Your appointment on {day}", "You are booked"),
    "moved": ("Your appointment is now on {day}", "Your appointment has a new time"),
    "cancelled": ("Your appointment on {day} is cancelled", "Your appointment is cancelled"),
}
PROVIDER_WORDS = {
    "booked": ("New appointment on {day}", "Someone booked a time with you"),
    "moved": ("An appointment moved to {day}", "An appointment has a new time"),
    "cancelled": ("Cancelled: your appointment on {day}", "An appointment is cancelled"),
}


def _tell_patient(session: Session, story: LetterContext, kind: str, now: datetime) -> None:
    appointment = story.appointment
    subject, heading = PATIENT_WORDS[kind]
    day = formats.short_day(formats.local_date(appointment.starts_at, story.patient_zone))
    lines = []
    if kind == "cancelled":
        if story.cancelled_by == ActorKind.PROVIDER:
            lines.append(f"{story.provider.display_name} had to cancel. We are sorry.")
            if appointment.reason:
                lines.append(f"They wrote: {appointment.reason}")
        lines.append("You need not do anything. Other times are open whenever you want one.")
        action = (f"{settings().public_url}/providers/{story.provider.slug}", "See other times")
    else:
        lines.append(notice_rule(story.schedule.cancel_notice_minutes))
        lines.append("You can join from 10 minutes before it starts, from the page below.")
        action = (f"{settings().public_url}/appointments/{appointment.id}", "Open my appointment")
    method = invites.CANCEL if kind == "cancelled" else invites.REQUEST
    letter = AppointmentLetter(
        recipient=story.patient.email,
        subject=subject.format(day=day),
        heading=heading,
        facts=[
            ("With", story.provider.display_name),
            ("When", formats.when(appointment.starts_at, story.patient_zone)),
            ("Length", formats.duration(story.service.minutes)),
            ("Fee", formats.money(appointment.fee_cents)),
        ],
        lines=lines,
        action=action,
        calendar=invites.invite(appointment, story.patient.email, method, now),
        calendar_method=method,
    )
    post(
        session,
        f"{appointment.id}:{appointment.version}:{kind}:patient",
        compose_letter(letter),
    )


def _tell_provider(session: Session, story: LetterContext, kind: str) -> None:
    if kind == "cancelled" and story.cancelled_by == ActorKind.PROVIDER:
        return  # they did it themselves
    appointment = story.appointment
    zone = story.schedule.time_zone
    subject, heading = PROVIDER_WORDS[kind]
    day = formats.short_day(formats.local_date(appointment.starts_at, zone))
    letter = AppointmentLetter(
        recipient=story.provider_person.email,
        subject=subject.format(day=day),
        heading=heading,
        facts=[
            ("When", formats.when(appointment.starts_at, zone)),
            ("Session", story.service.title),
        ],
        lines=["Who it is stands on the page below, after you sign in."],
        action=(
            f"{settings().public_url}/provider/appointments/{appointment.id}",
            "Open the appointment",
        ),
    )
    post(
        session,
        f"{appointment.id}:{appointment.version}:{kind}:provider",
        compose_letter(letter),
    )
