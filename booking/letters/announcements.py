"""What people are told when an appointment is made, moved or cancelled.

One job per change, written with it. It writes the letters (each once, by its key) and the
reminders; a change that a later one has overtaken says nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from accounts.models import Person
from booking.letters import invites, reminders
from booking.letters.layout import AppointmentLetter, compose_letter
from booking.models import Appointment
from booking.rules.notice import cancel_until, is_soon_late, notice_rule
from booking.rules.transitions import ActorKind, Status
from core import clock
from core.database import transaction
from core.jobs import LETTERS, RETRY, jobs
from core.mail import post
from core.settings import settings
from core.web import formats
from directory.models import Provider


@dataclass(frozen=True)
class LetterContext:
    """An appointment with the people it concerns."""

    appointment: Appointment
    provider: Provider
    patient: Person
    provider_person: Person

    @property
    def patient_zone(self) -> str:
        return self.appointment.patient_zone or self.appointment.zone


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
    provider = session.get_one(Provider, appointment.provider_id)
    return LetterContext(
        appointment=appointment,
        provider=provider,
        patient=session.get_one(Person, appointment.patient_id),
        provider_person=session.get_one(Person, provider.person_id),
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
    page = f"{settings().public_url}/appointments/{appointment.id}"
    if kind != "cancelled":
        lines += _rules(appointment, now)
        lines.append("You can join from 10 minutes before it starts, from the page below.")
        action = (page, "Open my appointment")
    elif appointment.ended_by == ActorKind.SYSTEM:
        lines.append(f"{appointment.reason} So this session cannot take place. We are sorry.")
        lines.append("On the page below are others who may see you, with times you can take now.")
        action = (f"{page}/alternatives", "See who can see you")
    else:
        if appointment.ended_by == ActorKind.PROVIDER:
            lines.append(f"{story.provider.display_name} had to cancel. We are sorry.")
            if appointment.reason:
                lines.append(f"They wrote: {appointment.reason}")
        if appointment.is_late:
            lines.append("It was less than the notice before the start, so it counts as late.")
        lines.append("You need not do anything. Other times are open whenever you want one.")
        action = (f"{settings().public_url}/providers/{story.provider.slug}", "See other times")
    method = invites.CANCEL if kind == "cancelled" else invites.REQUEST
    letter = AppointmentLetter(
        recipient=story.patient.email,
        subject=subject.format(day=day),
        heading=heading,
        facts=[
            ("With", story.provider.display_name),
            ("When", formats.when(appointment.starts_at, story.patient_zone)),
            ("Length", formats.duration(minutes_of(appointment))),
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


def _rules(appointment: Appointment, now: datetime) -> list[str]:
    """What was agreed about cancelling; of what the provider changed, that it is never late."""
    if appointment.is_excused:
        return ["You can cancel it until it starts. That does not count as late."]
    lines = [notice_rule(appointment.cancel_notice_minutes, appointment.moves_late)]
    until = cancel_until(
        appointment.starts_at,
        appointment.cancel_notice_minutes,
        appointment.booked_at,
        appointment.is_excused,
    )
    if is_soon_late(appointment.starts_at, until, now):
        since = "an hour after booking" if now <= until else "by now"
        lines.append(f"It starts so soon that cancelling it counts as late {since}.")
    if appointment.late_fee_cents:
        fee = formats.money(appointment.late_fee_cents)
        lines.append(f"This provider asks {fee} for a late one. Openchair charges nothing.")
    return lines


def minutes_of(appointment: Appointment) -> int:
    """How long it lasts, as was agreed."""
    return int((appointment.ends_at - appointment.starts_at).total_seconds()) // 60


def _tell_provider(session: Session, story: LetterContext, kind: str) -> None:
    appointment = story.appointment
    if kind == "cancelled" and appointment.ended_by == ActorKind.PROVIDER:
        return  # they did it themselves
    is_of_many = appointment.ended_by == ActorKind.SYSTEM and story.patient.deleted_at is None
    if kind == "cancelled" and is_of_many:
        return  # one letter tells them of all such sessions
    zone = appointment.zone
    subject, heading = PROVIDER_WORDS[kind]
    day = formats.short_day(formats.local_date(appointment.starts_at, zone))
    letter = AppointmentLetter(
        recipient=story.provider_person.email,
        subject=subject.format(day=day),
        heading=heading,
        facts=[
            ("When", formats.when(appointment.starts_at, zone)),
            ("Session", appointment.title),
            *([("Cancelled", "Late, inside your notice")] if appointment.is_late else []),
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
