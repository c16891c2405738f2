"""A provider sees who their patients are once they have a second factor; times, initials and the
room at any time."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts import sessions
from accounts.models import Person
from booking.appointments.bookings import cancel
from booking.appointments.moves import Actor
from booking.appointments.patient_details import PatientDetails, remembering
from booking.models import Appointment
from booking.rules.transitions import ActorKind
from core import clock
from core.database import run
from core.settings import settings
from directory.models import Provider
from directory.queries import services_of
from tests.accounts.test_factors import set_up
from tests.factories import NOW, make_appointment, make_patient, sign_in
from tests.markup import said

NAME = "Robin Sample"
pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def booked(session: Session, dana: Provider, monkeypatch: pytest.MonkeyPatch) -> Appointment:
    """With a patient of that name, outside the demo; the grace is a week."""
    config = settings().model_copy(update={"demo": False})
    monkeypatch.setattr(sessions, "settings", lambda: config)
    patient = make_patient(session)
    details = PatientDetails(NAME, clock.now().date().replace(year=1990), "WA", None)
    run(session, remembering(patient.id, details, "America/Los_Angeles", clock.now()))
    service = services_of(session, dana.id)[0]
    return make_appointment(session, service, patient, NOW + timedelta(days=8))


def page_and_answer(
    client: TestClient, headers: dict[str, str], one: Appointment
) -> tuple[str, dict[str, object]]:
    page = client.get(f"/provider/appointments/{one.id}", headers=headers)
    answer = client.get(f"/api/v1/appointments/{one.id}", headers=headers)
    assert (page.status_code, answer.status_code) == (200, 200)
    return said(page.text), answer.json()


def test_names_are_shown_for_a_week_and_then_with_a_factor(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    person = session.get_one(Person, dana.person_id)
    words, answer = page_and_answer(client, sign_in(None, session, person), booked)
    assert NAME in words
    assert "36" in words
    assert answer["state"] == "WA"
    with clock.at(NOW + timedelta(days=7, minutes=1)):
        headers = sign_in(None, session, person)
        words, answer = page_and_answer(client, headers, booked)
        assert NAME not in words
        assert "Patient R.S. Session" in words
        assert "Washington" not in words
        assert "Open my room" in words
        assert (answer["state"], answer["time_zone"], answer["reason"]) == ("", "", None)
        week = client.get("/provider?week=2026-11-30", headers=headers).text
        assert "R.S." in week
        assert NAME not in week
        assert "Set up a second step at sign-in" in week
        set_up(client, headers)
        words, answer = page_and_answer(client, headers, booked)
        assert NAME in words
        assert answer["state"] == "WA"


def test_a_setting_makes_it_immediate(
    client: TestClient,
    session: Session,
    dana: Provider,
    booked: Appointment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = settings().model_copy(update={"demo": False, "provider_factor_grace_days": 0})
    monkeypatch.setattr(sessions, "settings", lambda: config)
    headers = sign_in(None, session, session.get_one(Person, dana.person_id))
    assert NAME not in page_and_answer(client, headers, booked)[0]


def test_what_the_patient_wrote_is_not_shown_either(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    patient = booked.patient_id
    assert patient is not None
    person = session.get_one(Person, dana.person_id)
    sign_in(None, session, person)
    cancel(session, booked.id, Actor(ActorKind.PATIENT, patient), "My mother is ill", NOW)
    session.commit()
    with clock.at(NOW + timedelta(days=7, minutes=1)):
        headers = sign_in(None, session, person)
        words, answer = page_and_answer(client, headers, booked)
        assert "mother" not in words
        assert answer["reason"] is None
        own = sign_in(None, session, session.get_one(Person, patient))
        mine = client.get(f"/api/v1/appointments/{booked.id}", headers=own).json()
        assert (mine["state"], mine["reason"]) == ("WA", "My mother is ill")
