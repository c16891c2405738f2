"""What people are told of their appointments: once, in time, and nothing to a shoulder's eyes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import text
from sqlmodel import Session, select

from accounts.models import Person
from booking.appointments.bookings import cancel, reschedule
from booking.appointments.moves import Actor
from booking.appointments.queries import get_appointment
from booking.letters.announcements import announce
from booking.letters.reminders import remind
from booking.models import Appointment
from booking.rules.transitions import ActorKind
from core import clock
from core.database import engine
from core.mail import Mail, compose, is_to
from directory.models import Provider
from directory.queries import services_of
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS
from tests.factories import make_appointment, make_patient, make_provider
from tests.jobs import run_jobs

NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)  # Monday, 8:00 am in Washington
START = datetime(2026, 11, 25, 18, tzinfo=UTC)  # Wednesday, 10:00 am


@pytest.fixture
def booked(session: Session) -> Appointment:
    with clock.at(NOW):
        provider = make_provider(session, now=NOW)
        patient = make_patient(session, "robin@example.com")
        service = services_of(session, provider.id)[0]
        made = make_appointment(session, service, patient, START)
        made.patient_zone = "America/Los_Angeles"
        session.add(made)
        session.commit()
        return made


def letters(to: str) -> list[Mail]:
    with Session(engine()) as fresh:
        rows = fresh.exec(select(Mail).where(is_to(to)).order_by(text("created_at")))
        return list(rows)


def entry_of(letter: Mail) -> Any:
    return Calendar.from_ical(letter.calendar or "").walk("VEVENT")[0]


def provider_email(session: Session, appointment: Appointment) -> str:
    provider = session.get_one(Provider, appointment.provider_id)
    return session.get_one(Person, provider.person_id).email


def tell(appointment_id: UUID, version: int) -> None:
    with clock.at(NOW):
        announce(str(appointment_id), version)


def test_both_are_told_once_however_often_the_job_runs(
    session: Session, booked: Appointment
) -> None:
    tell(booked.id, 0)
    tell(booked.id, 0)
    (to_patient,) = letters("robin@example.com")
    (to_provider,) = letters(provider_email(session, booked))
    assert "Wed, Nov 25" in to_patient.subject
    assert "10:00 am PST" in to_patient.text
    assert "robin" not in (to_provider.subject + to_provider.text).lower()


def test_the_calendar_entry_is_an_invitation_with_a_stable_uid(booked: Appointment) -> None:
    tell(booked.id, 0)
    (letter,) = letters("robin@example.com")
    entry = entry_of(letter)
    assert entry["UID"].startswith(str(booked.id))
    assert entry["SEQUENCE"] == 0
    assert entry.decoded("DTSTART") == START
    assert str(entry["ATTENDEE"]) == "mailto:robin@example.com"
    kinds = [part.get_content_type() for part in compose(letter).walk()]
    assert kinds.count("text/calendar") == 1
    assert {"text/plain", "text/html", "application/ics"} <= set(kinds)


def test_moving_replaces_and_cancelling_removes_the_entry(
    session: Session, booked: Appointment
) -> None:
    actor = Actor(ActorKind.PATIENT, booked.patient_id)
    with clock.at(NOW):
        moved = reschedule(session, booked.id, START + timedelta(hours=2), actor, NOW)
        session.commit()
        tell(booked.id, 0)  # overtaken: says nothing
        tell(booked.id, moved.version)
        cancel(session, booked.id, actor, None, NOW)
        session.commit()
        tell(booked.id, get_appointment(session, booked.id).version)
    sent = {letter.calendar_method: letter for letter in letters("robin@example.com")}
    assert sent.keys() == {"REQUEST", "CANCEL"}
    entries = [entry_of(sent["REQUEST"]), entry_of(sent["CANCEL"])]
    assert entries[0]["UID"] == entries[1]["UID"]
    assert entries[0]["SEQUENCE"] < entries[1]["SEQUENCE"]
    assert entries[1]["STATUS"] == "CANCELLED"


def test_the_patient_reads_why_the_provider_cancelled(
    session: Session, booked: Appointment
) -> None:
    with clock.at(NOW):
        actor = Actor(ActorKind.PROVIDER, None)
        cancel(session, booked.id, actor, "I am ill. I am sorry.", NOW)
        session.commit()
    tell(booked.id, 1)
    (letter,) = letters("robin@example.com")
    assert "I am ill. I am sorry." in letter.text
    assert "ill" not in letter.subject
    assert letters(provider_email(session, booked)) == []


def test_subjects_and_entries_are_neutral(booked: Appointment) -> None:
    tell(booked.id, 0)
    (letter,) = letters("robin@example.com")
    seen = f"{letter.subject} {letter.calendar}".lower()
    tables = (PROFESSIONS, CONDITIONS, MODALITIES)
    for title in (one.title.lower() for table in tables for one in table.values()):
        assert title not in seen
    assert "therap" not in seen


def reminder_jobs() -> list[tuple[datetime, int]]:
    with engine().connect() as connection:
        rows = connection.execute(
            text(
                "SELECT scheduled_at, (args->>'hours')::int FROM procrastinate_jobs"
                " WHERE task_name LIKE '%remind' ORDER BY scheduled_at"
            )
        )
        return [(row[0], row[1]) for row in rows]


def test_reminders_are_set_a_day_and_an_hour_before(booked: Appointment) -> None:
    tell(booked.id, 0)
    assert reminder_jobs() == [
        (START - timedelta(hours=24), 24),
        (START - timedelta(hours=1), 1),
    ]


def test_a_reminder_of_a_moved_or_cancelled_appointment_is_not_sent(
    session: Session, booked: Appointment
) -> None:
    with clock.at(START - timedelta(hours=24)):
        remind(str(booked.id), 7, 24)  # another version
        assert letters("robin@example.com") == []
        remind(str(booked.id), 0, 24)
        remind(str(booked.id), 0, 24)
        assert len(letters("robin@example.com")) == 1
    with clock.at(START + timedelta(minutes=1)):
        remind(str(booked.id), 0, 1)  # late: it has begun
        assert len(letters("robin@example.com")) == 1


def test_a_change_defers_its_announcement_with_it(session: Session, booked: Appointment) -> None:
    with clock.at(NOW):
        cancel(session, booked.id, Actor(ActorKind.PATIENT, booked.patient_id), None, NOW)
        session.commit()
        run_jobs()
    assert letters("robin@example.com")[0].calendar_method == "CANCEL"
