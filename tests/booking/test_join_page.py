"""The door, in words for whoever stands before it."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from core import clock
from directory.models import Provider
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, sign_in
from tests.markup import page


@pytest.mark.parametrize(
    ("is_patient", "words"),
    [
        (True, "This holds while you are in Washington."),
        (False, "This holds while the patient is in Washington."),
    ],
)
def test_each_reads_where_the_patient_must_be(
    client: TestClient, session: Session, dana: Provider, is_patient: bool, words: str
) -> None:
    patient = make_patient(session)
    starts_at = NOW.replace(day=24)
    booked = make_appointment(session, services_of(session, dana.id)[0], patient, starts_at)
    reader = patient if is_patient else session.get_one(Person, dana.person_id)
    with clock.at(starts_at):
        sign_in(client, session, reader)
        assert words in page(client.get(f"/appointments/{booked.id}/join"))
