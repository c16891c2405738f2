"""Someone who goes leaves nothing that stands in others' way."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from booking.appointments.hold_caps import Asker
from booking.appointments.holds import hold_slot
from booking.calendar.free_times import free_starts
from booking.models import Appointment, Holder
from core.crypto import digest
from directory.models import Provider
from directory.queries import services_of
from tests.factories import NOW, make_patient, sign_in

pytestmark = pytest.mark.usefixtures("monday_at_ten")


def test_what_someone_held_is_free_as_soon_as_they_are_erased(
    client: TestClient, session: Session, dana: Provider
) -> None:
    service = services_of(session, dana.id)[0]
    week = (NOW, NOW + timedelta(days=7), NOW)
    before = free_starts(session, service, *week)
    patient = make_patient(session)
    for who in (Holder(digest("their browser"), patient.id), Holder(digest("another"), None)):
        hold_slot(
            session,
            service_id=service.id,
            starts_at=before[0 if who.person_id else -1],
            holder=who,
            asker=Asker("192.0.2.1"),
            now=NOW,
        )
    session.commit()
    assert before[0] not in free_starts(session, service, *week)
    sign_in(client, session, patient)
    gone = client.post("/account/data/delete", data={"sure": "yes"}, follow_redirects=False)
    assert gone.status_code == 303
    session.rollback()
    free = free_starts(session, service, *week)
    assert before[0] in free
    assert before[-1] not in free  # somebody else's
    statuses = session.exec(
        select(Appointment.status, Appointment.visitor).order_by(Appointment.starts_at)  # type: ignore[arg-type]
    ).all()
    assert statuses == [("released", None), ("held", digest("another"))]
