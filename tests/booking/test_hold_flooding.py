"""Nobody takes a calendar hostage: what strangers can hold at once, and who still gets through."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import Person
from booking.calendar.free_times import free_starts
from booking.models import Appointment
from booking.rules.hold_caps import PER_ADDRESS, most_held
from core import clock
from directory.models import Provider
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider, sign_in

pytestmark = pytest.mark.usefixtures("monday_at_ten")

FORM = {"Sec-Fetch-Site": "same-origin"}
DETAILS = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, step_minutes=30)


@contextmanager
def browser(app: FastAPI, address: str) -> Iterator[TestClient]:
    """A fresh one, at that network address."""
    client = TestClient(
        app, "http://testserver", client=(address, 50000), raise_server_exceptions=False
    )
    client.follow_redirects = False
    yield client
    client.close()


def free(session: Session, provider: Provider) -> list[datetime]:
    session.rollback()
    (service,) = services_of(session, provider.id)
    now = clock.now()
    return free_starts(session, service, now, now + timedelta(days=14), now)


def hold(
    client: TestClient, session: Session, provider: Provider, headers: dict[str, str] | None = None
) -> Any:
    """Somebody's try to hold the next start that is free."""
    (service,) = services_of(session, provider.id)
    body = {"service_id": str(service.id), "starts_at": free(session, provider)[0].isoformat()}
    return client.post("/api/v1/holds", json=body, headers=headers or {})


def test_fresh_cookies_from_one_address_hold_three(
    app: FastAPI, session: Session, dana: Provider
) -> None:
    answers = []
    for _ in range(8):
        with browser(app, "203.0.113.5") as one:
            answers.append(hold(one, session, dana))
    assert [one.status_code for one in answers] == [201] * PER_ADDRESS + [401] * 5
    assert answers[-1].json()["code"] == "code_needed"
    with browser(app, "203.0.113.6") as neighbour:
        assert hold(neighbour, session, dana).status_code == 201


def test_many_addresses_hold_a_tenth_and_a_real_person_gets_through(
    app: FastAPI, session: Session, dana: Provider
) -> None:
    before = len(free(session, dana))
    held = 0
    for number in range(40):
        with browser(app, f"198.51.{number}.9") as one:
            held += hold(one, session, dana).status_code == 201
    assert held == most_held(before)
    assert len(free(session, dana)) > before / 2
    with browser(app, "192.0.2.77") as real:
        assert hold(real, session, dana).status_code == 401
        sign_in(real, session, make_patient(session))
        assert hold(real, session, dana).status_code == 201


def test_fifty_fresh_accounts_leave_half(app: FastAPI, session: Session, dana: Provider) -> None:
    known = make_patient(session)
    (service,) = services_of(session, dana.id)
    make_appointment(session, service, known, NOW - timedelta(days=7), "completed")
    session.commit()
    before = len(free(session, dana))
    answers = []
    for number in range(50):
        person = make_patient(session)
        with browser(app, f"198.51.{number}.9") as one:
            answers.append(hold(one, session, dana, sign_in(None, session, person)))
    last = answers[-1]
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 600
    assert len(free(session, dana)) >= before / 2 - 1
    with browser(app, "198.51.3.9") as one:
        assert hold(one, session, dana, sign_in(None, session, known)).status_code == 201


def test_who_signed_in_a_while_ago_proves_it_once_more(
    app: FastAPI, session: Session, dana: Provider
) -> None:
    headers = sign_in(None, session, make_patient(session))
    with clock.at(NOW + timedelta(minutes=20)):
        for _ in range(PER_ADDRESS):
            with browser(app, "203.0.113.5") as one:
                assert hold(one, session, dana).status_code == 201
        with browser(app, "203.0.113.5") as one:
            answer = hold(one, session, dana, headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")


def test_the_page_asks_for_a_code_and_leads_on(
    app: FastAPI, session: Session, dana: Provider
) -> None:
    for _ in range(PER_ADDRESS):
        with browser(app, "203.0.113.5") as one:
            hold(one, session, dana)
    (service,) = services_of(session, dana.id)
    wanted = {"service": str(service.id), "start": free(session, dana)[0].isoformat()}
    with browser(app, "203.0.113.5") as one:
        page = one.post("/book", data=wanted, headers=FORM)
        assert page.status_code == 401
        assert "Get a code by email" in page.text
        assert 'href="/sign-in?next=%2Fbook%3Fservice%3D' in page.text


@pytest.mark.parametrize("end", ["released", "booked", "expired"])
def test_where_a_hold_came_from_is_forgotten_when_it_ends(
    app: FastAPI, session: Session, dana: Provider, end: str
) -> None:
    with browser(app, "203.0.113.5") as one:
        sign_in(one, session, make_patient(session))
        made = hold(one, session, dana).json()["id"]
        stored = select(Appointment).where(col(Appointment.network).is_not(None))
        assert len(session.exec(stored).all()) == 1
        if end == "released":
            one.delete(f"/api/v1/holds/{made}")
        elif end == "booked":
            assert one.post(f"/api/v1/holds/{made}/confirm", json=DETAILS).status_code == 201
        else:
            with clock.at(NOW + timedelta(minutes=11)):
                hold(one, session, dana)
    session.rollback()
    networks = select(Appointment.network, Appointment.wide_network).where(
        col(Appointment.expires_at).is_(None)
    )
    assert session.exec(networks).all() == [(None, None)]


def test_a_patient_has_three_sessions_ahead_until_the_provider_allows_more(
    client: TestClient, session: Session, dana: Provider
) -> None:
    (service,) = services_of(session, dana.id)
    patient = make_patient(session)
    headers = sign_in(None, session, patient)
    ahead = [
        make_appointment(session, service, patient, NOW + timedelta(days=days))
        for days in (3, 4, 7)
    ]
    session.commit()
    refused = hold(client, session, dana, headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_sessions")
    assert "3 sessions ahead" in refused.json()["detail"]
    theirs = sign_in(None, session, session.get_one(Person, dana.person_id))
    url = f"/api/v1/appointments/{ahead[0].id}/allowance"
    assert client.put(url, json={"most": 4}, headers=headers).status_code == 403
    assert client.put(url, json={"most": 0}, headers=theirs).status_code == 422
    assert client.put(url, json={"most": 4}, headers=theirs).json() == {"most": 4}
    made = hold(client, session, dana, headers)
    assert made.status_code == 201
    url = f"/api/v1/holds/{made.json()['id']}/confirm"
    assert client.post(url, json=DETAILS, headers=headers).status_code == 201
    assert hold(client, session, dana, headers).status_code == 409


def test_after_the_first_session_twelve(
    client: TestClient, session: Session, dana: Provider
) -> None:
    (service,) = services_of(session, dana.id)
    patient = make_patient(session)
    make_appointment(session, service, patient, NOW - timedelta(days=7), "completed")
    for days in range(1, 12):
        make_appointment(session, service, patient, NOW + timedelta(days=7 * days))
    session.commit()
    headers = sign_in(None, session, patient)
    made = hold(client, session, dana, headers)
    url = f"/api/v1/holds/{made.json()['id']}/confirm"
    assert client.post(url, json=DETAILS, headers=headers).status_code == 201
    assert hold(client, session, dana, headers).json()["code"] == "too_many_sessions"
