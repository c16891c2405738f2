"""Who looked at a patient's data is recorded where it is shown, and the patient reads it."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from accounts import sign_in_records
from accounts.models import AuditEntry, Person
from booking.looks import STAFF
from booking.models import Appointment
from core import clock
from core.settings import settings
from core.web.caller import ADMIN
from directory.credentials.evidence import save_evidence
from directory.models import Provider
from directory.queries import credentials_of, services_of
from tests.factories import (
    NOW,
    add_decision,
    make_appointment,
    make_patient,
    make_person,
    make_provider,
    sign_in,
)
from tests.jobs import run_jobs
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")
FORM = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def booked(session: Session, dana: Provider) -> Appointment:
    service = services_of(session, dana.id)[0]
    patient = make_patient(session, "robin@example.com")
    return make_appointment(session, service, patient, NOW + timedelta(days=3))


def as_owner(session: Session, provider: Provider) -> dict[str, str]:
    return sign_in(None, session, session.get_one(Person, provider.person_id))


def recorded(session: Session) -> list[tuple[str, object]]:
    session.rollback()
    rows = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()  # type: ignore[arg-type]
    return [(row.action, row.subject_id) for row in rows]


@pytest.mark.parametrize(
    ("method", "path", "status", "action"),
    [
        ("GET", "/provider/appointments/{id}", 200, "appointment.opened"),
        ("POST", "/provider/appointments/{id}/cancel", 422, "appointment.opened"),  # shown again
        ("POST", "/provider/appointments/{id}/outcome", 422, "appointment.opened"),
        ("GET", "/api/v1/appointments/{id}", 200, "appointment.opened"),
        ("POST", "/api/v1/appointments/{id}/excuse", 200, "appointment.opened"),
        ("GET", "/api/v1/appointments", 200, "patients.listed"),
        ("GET", "/provider", 200, ""),  # initials
        ("POST", "/api/v1/appointments/{id}/complete", 409, ""),  # says nothing of anybody
    ],
)
def test_what_a_provider_is_shown_of_a_patient_is_a_look(
    client: TestClient,
    session: Session,
    dana: Provider,
    booked: Appointment,
    method: str,
    path: str,
    status: int,
    action: str,
) -> None:
    headers = {**FORM, **as_owner(session, dana)}
    for _ in range(2):  # once an hour
        answer = client.request(method, path.format(id=booked.id), headers=headers)
        assert answer.status_code == status, answer.text
    assert recorded(session) == ([(action, booked.patient_id)] if action else [])


def test_nobody_is_told_of_their_own_look(
    client: TestClient, session: Session, booked: Appointment
) -> None:
    headers = sign_in(None, session, session.get_one(Person, booked.patient_id))
    for path in ("/api/v1/appointments", f"/api/v1/appointments/{booked.id}", "/appointments"):
        assert client.get(path, headers=headers).status_code == 200
    assert recorded(session) == []


def test_a_list_is_one_look_at_each_patient(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    other = make_patient(session)
    service = services_of(session, dana.id)[0]
    for days in (4, 5):
        make_appointment(session, service, other, NOW + timedelta(days=days))
    client.get("/api/v1/appointments", headers=as_owner(session, dana))
    assert sorted(recorded(session), key=str) == sorted(
        [("patients.listed", booked.patient_id), ("patients.listed", other.id)], key=str
    )


def test_patients_read_who_looked_by_day(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    for hours in (0, 1, 30):
        with clock.at(NOW + timedelta(hours=hours)):
            headers = as_owner(session, dana)
            client.get(f"/provider/appointments/{booked.id}", headers=headers)
    admin = make_person(session, "a@example.com", [ADMIN])
    with clock.at(NOW + timedelta(hours=31)):
        client.get("/admin/people?email=robin@example.com", headers=sign_in(None, session, admin))
    mine = sign_in(None, session, session.get_one(Person, booked.patient_id))
    items = client.get("/api/v1/me/looks", headers=mine).json()["items"]
    assert [(one["by"], one["what"]) for one in items] == [
        (STAFF, "looked up your account"),
        *[("Dana Lee", "opened your appointment")] * 3,
    ]
    page = client.get("/account/looks", headers=mine)
    assert "a@example.com" not in page.text
    words = said(page.text)
    assert re.search(
        r"November 24, 2026.*staff looked up your account.*Dana Lee opened your appointment"
        r".*November 23, 2026.*Dana Lee opened your appointment",
        words,
    ), words
    for link in ("/account", "/account/data"):
        assert 'href="/account/looks"' in client.get(link, headers=mine).text
    other = sign_in(None, session, make_patient(session))
    assert "Nobody yet" in client.get("/account/looks", headers=other).text


def test_the_page_goes_on_where_it_ended(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    for hours in range(53):
        session.add(
            AuditEntry(
                at=NOW + timedelta(hours=hours),
                actor_id=dana.person_id,
                action="appointment.opened",
                subject_kind="patient",
                subject_id=booked.patient_id,
            )
        )
    session.commit()
    mine = sign_in(None, session, session.get_one(Person, booked.patient_id))
    first = client.get("/account/looks", headers=mine).text
    (more,) = re.findall(r'href="(/account/looks\?before=\d+)"', first)
    counts = [page.count("opened your") for page in (first, client.get(more, headers=mine).text)]
    assert counts == [50, 3]
    page = client.get("/api/v1/me/looks", headers=mine).json()
    rest = client.get(f"/api/v1/me/looks?before={page['next_before']}", headers=mine).json()
    assert (len(page["items"]), len(rest["items"]), rest["next_before"]) == (50, 3, None)


def test_admins_who_open_a_case_or_its_evidence_are_recorded(
    client: TestClient, session: Session, dana: Provider
) -> None:
    admin = make_person(session, "a@example.com", [ADMIN])
    files = [save_evidence(session, "a.pdf", b"%PDF-1.4\n", admin.id, NOW) for _ in range(2)]
    add_decision(session, credentials_of(session, dana.id)[0], admin.id, files[0].id)
    headers = sign_in(None, session, admin)
    for path in (
        f"/admin/evidence/{files[1].id}",  # about nobody
        f"/admin/evidence/{files[0].id}",
        f"/admin/providers/{dana.id}",
        f"/api/v1/admin/providers/{dana.id}",
    ):
        assert client.get(path, headers=headers).status_code == 200
    found = [("evidence.opened", dana.id), ("case.opened", dana.id)]
    assert recorded(session) == found
    own = client.get("/api/v1/me/looks", headers=as_owner(session, dana)).json()["items"]
    assert [one["by"] for one in own] == [STAFF, STAFF]


def test_admins_find_looks_by_person_provider_day_and_kind(
    client: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    client.get(f"/api/v1/appointments/{booked.id}", headers=as_owner(session, dana))
    kim = make_provider(session, now=NOW, email="kim@example.com")
    service = services_of(session, kim.id)[0]
    other = make_appointment(session, service, make_patient(session), NOW + timedelta(days=3))
    client.get(f"/api/v1/appointments/{other.id}", headers=as_owner(session, kim))
    sign_in(client, session, make_person(session, "a@example.com", [ADMIN]))
    day = NOW.date().isoformat()
    for query, is_found in [
        ("subject=robin@example.com", True),
        ("subject=kim@example.com", False),
        ("actor=kim@example.com", False),
        (f"action=appointment.opened&since={day}&until={day}&subject=robin@example.com", True),
        ("until=2026-11-22", False),
        ("action=case.opened", False),
    ]:
        table = client.get(f"/admin/audit?{query}").text.partition("<tbody>")[2]
        link = f'<a href="/admin/audit?subject={booked.patient_id}">robin@example.com</a>'
        assert (link in table) is is_found, query
        found = client.get(f"/api/v1/admin/audit?{query.split('&')[-1]}")
        assert found.status_code in (200, 422)  # days are instants there
    rows = client.get("/api/v1/admin/audit?subject=robin@example.com").json()["items"]
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("appointment.opened", "robin@example.com")
    ]


def test_exports_deletions_and_new_links_are_recorded(
    client: TestClient, session: Session, dana: Provider
) -> None:
    patient = make_patient(session)
    headers = {**FORM, **sign_in(None, session, patient)}
    assert client.get("/account/data/export", headers=headers).status_code == 200
    sent = client.post("/account/data/delete", data={"sure": "yes"}, headers=headers)
    assert sent.status_code == 200
    owner = as_owner(session, dana)
    profile = client.get("/api/v1/me/provider", headers=owner).json()["profile"]
    for url in ("https://meet.example.com/other", "https://meet.example.com/other"):
        body = {**profile, "meeting_url": url}
        changed = client.put("/api/v1/me/provider", headers=owner, json=body)
        assert changed.status_code == 200, changed.text
    assert recorded(session) == [
        ("data.exported", patient.id),
        ("data.deleted", patient.id),
        ("meeting_link.changed", dana.id),
    ]


def test_refused_sign_ins_are_recorded_of_accounts_that_there_are(session: Session) -> None:
    robin = make_patient(session, "robin@example.com")
    for email in ("robin@example.com", "robin@example.com", "nobody@example.com"):
        sign_in_records.record_failure(sign_in_records.FAILED, email, NOW)
    sign_in_records.record_failure(sign_in_records.REFUSED, "robin@example.com", NOW)
    run_jobs()
    assert recorded(session) == [("sign_in.failed", robin.id), ("sign_in.refused", robin.id)]


def test_before_names_are_shown_there_is_nothing_to_record(
    client: TestClient,
    session: Session,
    dana: Provider,
    booked: Appointment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = settings().model_copy(update={"demo": False, "provider_factor_grace_days": 0})
    monkeypatch.setattr("accounts.sessions.settings", lambda: config)
    headers = as_owner(session, dana)
    assert client.get(f"/provider/appointments/{booked.id}", headers=headers).status_code == 200
    assert client.get("/api/v1/appointments", headers=headers).status_code == 200
    assert recorded(session) == []
