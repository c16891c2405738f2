"""A provider closes their practice: patients are told, the desk sees it, they may open it again,
and then have their data deleted."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import AuditEntry, Person
from booking.appointments.patient_details import PatientDetails, remembering
from booking.models import Appointment
from core import clock
from core.database import run
from core.mail import Mail, is_to
from core.settings import settings
from core.web.caller import ADMIN, Caller
from directory.credentials.closing import close_practice, find_closing, open_practice
from directory.credentials.suspensions import open_suspensions, reinstate, suspend
from directory.models import Credential, CredentialKind, Listing, Provider
from directory.queries import credentials_of, services_of
from tests.factories import NOW, add_decision, make_appointment, make_patient, make_person, sign_in
from tests.jobs import run_jobs
from tests.markup import page, said

pytestmark = pytest.mark.usefixtures("monday_at_ten")
URL = "/provider/practice"
NAME = "Robin Sample"


@pytest.fixture
def booked(session: Session, dana: Provider) -> list[Appointment]:
    """One of each of two patients; the first said what they are called."""
    service = services_of(session, dana.id)[0]
    patients = [make_patient(session, f"{name}@example.com") for name in ("robin", "alex")]
    details = PatientDetails(NAME, NOW.date().replace(year=1990), "WA", None)
    run(session, remembering(patients[0].id, details, "America/Los_Angeles", NOW))
    return [
        make_appointment(session, service, one, NOW + timedelta(days=3 + number))
        for number, one in enumerate(patients)
    ]


@pytest.fixture
def owner(client: TestClient, session: Session, dana: Provider) -> Person:
    person = session.get_one(Person, dana.person_id)
    sign_in(client, session, person)
    return person


def is_shown(session: Session, provider: Provider) -> bool:
    session.expire_all()
    return session.get_one(Listing, provider.id).published_at is not None


def letters(session: Session, to: str) -> str:
    session.expire_all()
    return "\n".join(
        session.exec(select(Mail.text).where(is_to(to)).order_by(col(Mail.created_at)))
    )


def test_closing_says_what_it_ends_and_ends_it(
    client: TestClient, session: Session, dana: Provider, owner: Person, booked: list[Appointment]
) -> None:
    assert f'href="{URL}"' in client.get("/provider").text
    assert f'href="{URL}/close"' in client.get(URL).text
    assert "2 patients have sessions that this ends" in page(client.get(f"{URL}/close"))
    for form, status in [({"seen": "2"}, 422), ({"sure": "yes", "seen": "1"}, 409)]:
        refused = client.post(f"{URL}/close", data=form)
        assert refused.status_code == status
        assert "2 patients have sessions" in said(refused.text)
    assert is_shown(session, dana)
    for _ in range(2):  # pressed twice, once
        sent = client.post(f"{URL}/close", data={"sure": "yes", "seen": "2"})
        assert sent.status_code in (200, 409)
    assert not is_shown(session, dana)
    assert {one.status for one in session.exec(select(Appointment))} == {"cancelled"}
    run_jobs()
    told = letters(session, "robin@example.com")
    assert "This provider is not seeing people at that time." in told
    assert f"/appointments/{booked[0].id}/alternatives" in told
    assert "suspen" not in told.lower()
    own = letters(session, owner.email)
    assert "You closed your practice." in own
    assert "suspen" not in own.lower()
    home = client.get("/provider").text
    assert "The practice is closed" in home
    assert "suspended" not in home


def test_opening_again_offers_the_times_back(
    client: TestClient, session: Session, dana: Provider, owner: Person, booked: list[Appointment]
) -> None:
    closed = client.post("/api/v1/me/practice/closing")
    assert (closed.status_code, closed.json()["sessions_called_off"]) == (201, 2)
    assert client.post("/api/v1/me/practice/closing").status_code == 409
    run_jobs()
    assert "Closed since" in page(client.get(URL))
    with clock.at(NOW + timedelta(hours=1)):
        assert "open again" in page(client.post(f"{URL}/open"))
        assert is_shown(session, dana)
        run_jobs()
    assert "Your old time is still free" in letters(session, "robin@example.com")
    assert client.delete("/api/v1/me/practice/closing").status_code == 404
    assert client.post(f"{URL}/open").status_code == 200
    done = session.exec(select(AuditEntry.action, AuditEntry.actor_id)).all()
    assert done == [("practice.closed", owner.id), ("practice.opened", owner.id)]


def test_a_suspension_stays_apart(client: TestClient, session: Session, dana: Provider) -> None:
    person = make_person(session, "a@example.com", [ADMIN])
    admin = Caller(person.id, person.email, frozenset({ADMIN}))
    close_practice(session, dana.id, NOW)
    session.commit()
    sign_in(client, session, person)
    words = page(client.get(f"/admin/providers/{dana.id}"))
    assert "Closed by the provider since November 23, 2026." in words
    assert "Suspended." not in words
    assert client.delete(f"/api/v1/admin/providers/{dana.id}/suspension").status_code == 404
    suspend(session, dana.id, admin, "A complaint.", None, None, NOW)
    open_practice(session, dana.id, NOW + timedelta(hours=1))
    session.commit()
    assert len(open_suspensions(session, dana.id, NOW + timedelta(hours=1))) == 1
    assert not is_shown(session, dana)
    close_practice(session, dana.id, NOW + timedelta(hours=2))
    reinstate(session, dana.id, admin, NOW + timedelta(hours=3))
    session.commit()
    assert find_closing(session, dana.id) is not None
    assert not is_shown(session, dana)


def test_the_copy_holds_all_of_the_practice(
    client: TestClient, session: Session, dana: Provider, owner: Person, booked: list[Appointment]
) -> None:
    admin = make_person(session, "a@example.com", [ADMIN])
    claim = credentials_of(session, dana.id)[0]
    add_decision(session, claim, admin.id)
    session.commit()
    answer = client.get("/api/v1/me/practice/export").json()
    file = client.get(f"{URL}/export")
    assert file.json() == answer
    assert "attachment" in file.headers["content-disposition"]
    assert answer["profile"]["display_name"] == "Dana Lee"
    assert answer["hours"]["weekly"]
    assert [one["title"] for one in answer["services"]] == ["Individual session"]
    (decided,) = [one for one in answer["credentials"] if one["id"] == str(claim.id)]
    assert (decided["number"], decided["decisions"][0]["outcome"]) == (claim.number, "verified")
    first, second = answer["appointments"]
    assert (first["patient"], first["state"], first["status"]) == (NAME, "WA", "booked")
    assert "patient" not in second  # who never said what they are called
    assert "a@example.com" not in file.text
    session.rollback()
    told = session.exec(select(AuditEntry.action, AuditEntry.subject_id)).all()
    assert told == [("data.exported", dana.id), ("patients.exported", booked[0].patient_id)]


def test_before_names_are_seen_the_copy_names_nobody(
    client: TestClient,
    session: Session,
    owner: Person,
    booked: list[Appointment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = settings().model_copy(update={"demo": False, "provider_factor_grace_days": 0})
    monkeypatch.setattr("accounts.sessions.settings", lambda: config)
    answer = client.get("/api/v1/me/practice/export")
    assert answer.status_code == 200
    assert NAME not in answer.text
    assert {"patient", "state", "reason"}.isdisjoint(answer.json()["appointments"][0])
    session.rollback()
    assert session.exec(select(AuditEntry.action)).all() == ["data.exported"]


def test_once_it_is_closed_a_provider_may_have_their_data_deleted(
    client: TestClient, session: Session, dana: Provider, owner: Person, booked: list[Appointment]
) -> None:
    assert "Close the practice first" in page(client.get("/account/data/delete"))
    assert client.post("/account/data/delete", data={"sure": "yes"}).status_code == 409
    client.post("/api/v1/me/practice/closing")
    pending = Credential(
        **credentials_of(session, dana.id)[0].model_dump(exclude={"id", "status", "kind"}),
        kind=CredentialKind.BOARD_CERTIFICATION,
        status="pending",
    )
    session.add(pending)
    session.commit()
    assert "Of your practice: its name" in page(client.get("/account/data/delete"))
    gone = client.post("/account/data/delete", data={"sure": "yes"}, follow_redirects=False)
    assert gone.status_code == 303
    session.expire_all()
    left = session.get_one(Provider, dana.id)
    assert (left.headline, left.meeting_url, left.photo, left.conditions) == ("", None, None, [])
    assert left.display_name == "Dana Lee"  # patients' records say with whom
    assert {one.status for one in credentials_of(session, dana.id)} == {"verified"}
    assert session.get_one(Person, owner.id).deleted_at is not None
    assert owner.email.endswith("@erased.invalid")
    admin = make_person(session, "a@example.com", [ADMIN])
    headers = sign_in(None, session, admin)
    client.cookies.clear()
    assert "Dana Lee" not in client.get("/admin", headers=headers).text  # nothing to decide
    patient = sign_in(None, session, session.get_one(Person, booked[0].patient_id))
    kept = client.get("/api/v1/appointments", headers=patient).json()["items"]
    assert [one["provider_name"] for one in kept] == ["Dana Lee"]
