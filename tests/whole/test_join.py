"""The door to a session opens ten minutes before it begins, and for two people only."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.calendar.free_times import free_starts
from core import clock
from directory.queries import services_of
from tests.factories import make_appointment, make_patient, make_provider, sign_in

LINK = "https://meet.example.com/room"

CASES = [
    (timedelta(minutes=-11), False),  # eleven minutes before: a little early
    (timedelta(minutes=-10) + timedelta(seconds=1), True),  # the door has just opened
    (timedelta(0), True),  # it begins
    (timedelta(minutes=49), True),  # nearly over
    (timedelta(days=1), False),  # long over
]


@pytest.mark.parametrize(("after_start", "is_open"), CASES)
def test_the_door(
    session: Session, client: TestClient, after_start: timedelta, is_open: bool
) -> None:
    now = clock.now()
    provider = make_provider(session, now=now)
    service = services_of(session, provider.id)[0]
    start = free_starts(session, service, now, now + timedelta(days=5), now)[-1]
    patient, stranger = make_patient(session), make_patient(session)
    appointment = make_appointment(session, service, patient, start)
    path = f"/appointments/{appointment.id}/join"
    with clock.at(start + after_start):
        seen = client.get(path, headers=sign_in(None, session, patient))
        refused = client.get(path, headers=sign_in(None, session, stranger))
        nobody = client.get(path, follow_redirects=False)
    assert seen.status_code == 200
    assert (LINK in seen.text) is is_open
    assert refused.status_code == 404
    assert nobody.status_code == 303
    assert LINK not in refused.text + nobody.text
