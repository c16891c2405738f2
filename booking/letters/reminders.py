"""Reminders a day and an hour before. Each belongs to one version of the appointment: a moved
appointment has new ones, and the old find, when their time comes, that they are not wanted."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from accounts.models import Person
from booking.letters.layout import AppointmentLetter, compose_letter
from booking.models import Appointment
from booking.rules.transitions import Status
from core import clock
from core.database import transaction
from core.jobs import LETTERS, RETRY, defer, jobs
from core.mail import post
from core.settings import settings
from core.web import formats
from directory.models import Provider

BEFORE_HOURS = (24, 1)


def schedule(session: Session, appointment: Appointment, now: datetime) -> None:
    """Write the reminder jobs whose time is still to come."""
    for hours in BEFORE_HOURS:
        at = appointment.starts_at - timedelta(hours=hours)
        if at > now:
            defer(
                session,
                remind,
                at=at,
                appointment_id=str(appointment.id),
                version=appointment.version,
                hours=hours,
            )


@jobs.task(name="booking.reminders.remind", retry=RETRY, queue=LETTERS)
def remind(appointment_id: str, version: int, hours: int) -> None:
    """Remind the patient, if this is still the appointment they have."""
    with transaction() as session:
        appointment = session.get(Appointment, UUID(appointment_id))
        if appointment is None or appointment.patient_id is None:
            return
        wanted = appointment.status == Status.BOOKED and appointment.version == version
        if not wanted or appointment.starts_at <= clock.now():
            return
        patient = session.get_one(Person, appointment.patient_id)
        provider = session.get_one(Provider, appointment.provider_id)
        zone = appointment.patient_zone or appointment.zone
        time = formats.clock_time(appointment.starts_at, zone)
        letter = AppointmentLetter(
            recipient=patient.email,
            subject=f"Reminder: your appointment at {time}",
            heading="Your appointment is soon" if hours == 1 else "Your appointment is tomorrow",
            facts=[
                ("With", provider.display_name),
                ("When", formats.when(appointment.starts_at, zone)),
            ],
            lines=["You can join from 10 minutes before it starts."],
            action=(f"{settings().public_url}/appointments/{appointment.id}", "Open and join"),
        )
        key = f"{appointment.id}:{version}:remind:{hours}"
        post(session, key, compose_letter(letter))
