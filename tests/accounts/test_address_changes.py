"""Another email address: proved at both ends, or given by another admin."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from accounts.address_changes import SUBJECT, forget_address_changes
from accounts.models import AddressChange, AuditEntry, Person
from core import clock
from core.database import uuid7
from core.mail import Mail, is_to
from core.web.caller import ADMIN, PROVIDER
from tests import factories
from tests.accounts.test_pages import FORM

OLD, NEW = "old@example.com", "new@example.com"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with clock.at(factories.NOW):
        yield


@pytest.fixture
def person(client: TestClient, session: Session) -> Person:
    """Signed in."""
    made = factories.make_patient(session, OLD)
    factories.sign_in(client, session, made)
    client.follow_redirects = False
    return made


def ask(client: TestClient, email: str = NEW) -> int:
    status: int = client.post("/account/email", data={"new_email": email}, headers=FORM).status_code
    return status


def code_to(session: Session, recipient: str) -> str:
    session.rollback()
    letters = select(Mail).where(is_to(recipient), Mail.subject == SUBJECT)
    found = re.search(r"Your code is (\d{6})", session.exec(letters).one().text)
    assert found is not None
    return found[1]


def confirm(client: TestClient, old: str, new: str) -> int:
    data = {"old_code": old, "new_code": new}
    status: int = client.post("/account/email/confirm", data=data, headers=FORM).status_code
    return status


def address_of(session: Session, person: Person) -> str:
    session.rollback()
    session.refresh(person)
    return person.email


def test_both_addresses_are_proved_and_told(
    client: TestClient, session: Session, person: Person
) -> None:
    elsewhere = factories.sign_in(None, session, person)
    assert ask(client) == 303
    old, new = code_to(session, OLD), code_to(session, NEW)
    assert "Code from the new address" in client.get("/account/email").text
    wrong = f"{(int(new) + 1) % 1_000_000:06d}"
    assert confirm(client, old, wrong) == 422
    assert confirm(client, new, old) == 422
    assert confirm(client, old, "12") == 422
    assert address_of(session, person) == OLD
    assert confirm(client, old, new) == 303
    assert address_of(session, person) == NEW
    assert client.get("/account").status_code == 200
    assert client.get("/api/v1/me", headers=elsewhere).status_code == 401
    told = select(Mail).where(Mail.subject == "The address of your account has changed")
    assert sorted(one.recipient for one in session.exec(told)) == [NEW, OLD]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id) == ("address.changed", person.id)
    assert confirm(client, old, new) == 422  # once


def test_a_wrong_code_is_told_above_both(
    client: TestClient, session: Session, person: Person
) -> None:
    ask(client)
    old, new = code_to(session, OLD), code_to(session, NEW)
    data = {"old_code": old, "new_code": f"{(int(new) + 1) % 1_000_000:06d}"}
    page = client.post("/account/email/confirm", data=data, headers=FORM).text
    words = "One of the two codes is not right, or no longer valid."
    assert f'<a href="#code">{words}</a>' in page
    form = page.partition('action="/account/email/confirm"')[2]
    assert words in form.partition('for="old_code"')[0]
    assert "old_code-error" not in page
    assert "new_code-error" not in page


def test_letters_to_the_old_address_are_taken_along_and_deleted(
    client: TestClient, session: Session, person: Person
) -> None:
    ask(client)
    old, new = code_to(session, OLD), code_to(session, NEW)
    stolen = client.get("/account/data/export").text
    assert SUBJECT in stolen
    assert old not in stolen  # whoever has only the session does not learn the code
    assert confirm(client, old, new) == 303
    letters = client.get("/account/data/export").json()["letters"]
    assert sorted(one["subject"] for one in letters) == [
        *["The address of your account has changed"] * 2,
        *[SUBJECT] * 2,
    ]
    session.rollback()
    told = session.exec(select(Mail).where(Mail.subject != SUBJECT)).all()
    assert sorted(one.recipient for one in told) == [NEW, OLD]  # where they go to stays
    client.post("/account/data/delete", data={"sure": "yes"}, headers=FORM)
    session.rollback()
    assert [one.subject for one in session.exec(select(Mail)).all()] == []


def test_five_wrong_tries_end_it(client: TestClient, session: Session, person: Person) -> None:
    ask(client)
    old, new = code_to(session, OLD), code_to(session, NEW)
    wrong = f"{(int(new) + 1) % 1_000_000:06d}"
    assert [confirm(client, old, wrong) for _ in range(5)] == [422] * 5
    assert confirm(client, old, new) == 422
    assert address_of(session, person) == OLD


def test_codes_run_out(client: TestClient, session: Session, person: Person) -> None:
    ask(client)
    old, new = code_to(session, OLD), code_to(session, NEW)
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert confirm(client, old, new) == 422
        forget_address_changes(session)
        session.commit()
    assert session.exec(select(AddressChange)).all() == []


def test_nobody_learns_who_has_an_account(
    client: TestClient, session: Session, person: Person
) -> None:
    factories.make_patient(session, NEW)
    assert ask(client) == 303  # as for any other address
    letters = session.exec(select(Mail.subject).where(is_to(NEW))).all()
    assert letters == ["This address is in use"]
    assert confirm(client, code_to(session, OLD), "123456") == 422
    assert address_of(session, person) == OLD


@pytest.mark.parametrize("typed", ["", "nonsense", OLD, "OLD@example.com"])
def test_what_is_no_new_address_is_said_and_kept(
    client: TestClient, session: Session, person: Person, typed: str
) -> None:
    answer = client.post("/account/email", data={"new_email": typed}, headers=FORM)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text


def test_another_admin_gives_staff_who_lost_it_another_address(
    client: TestClient, session: Session
) -> None:
    admin = factories.make_person(session, "admin@example.com", [ADMIN])
    headers = {**FORM, **factories.sign_in(None, session, admin)}
    dana = factories.make_person(session, OLD, [PROVIDER])
    hers = factories.sign_in(None, session, dana)
    patient = factories.make_patient(session)
    client.follow_redirects = False

    def give(person: Person, **data: str) -> int:
        path = f"/admin/people/{person.id}/email"
        status: int = client.post(path, data=data, headers=headers).status_code
        return status

    why = "I called the practice."
    assert give(dana, new_email=NEW) == 422
    assert give(dana, new_email="nonsense", why=why) == 422
    assert give(dana, new_email="admin@example.com", why=why) == 409
    assert give(patient, new_email=NEW, why=why) == 422
    assert give(admin, new_email=NEW, why=why) == 422
    assert give(dana, new_email=NEW, why=why) == 303
    assert address_of(session, dana) == NEW
    assert client.get("/api/v1/me", headers=hers).status_code == 401
    changed = select(AuditEntry).where(AuditEntry.action == "address.changed")
    entry = session.exec(changed).one()
    assert (entry.actor_id, entry.subject_id, entry.detail) == (admin.id, dana.id, {"how": "admin"})
    assert why in client.get(f"/admin/people?email={NEW}", headers=headers).text
    assert sorted(one.recipient for one in session.exec(select(Mail))) == [NEW, OLD]


def test_the_api_does_the_same(client: TestClient, session: Session) -> None:
    admin = factories.sign_in(
        None, session, factories.make_person(session, "admin@example.com", [ADMIN])
    )
    dana = factories.make_person(session, OLD, [PROVIDER])
    hers = factories.sign_in(None, session, dana)
    asked = client.post("/api/v1/me/email", json={"new_email": NEW}, headers=hers)
    assert (asked.status_code, asked.json()) == (202, {"expires_in": 600})
    body = {"old_code": code_to(session, OLD), "new_code": code_to(session, NEW)}
    done = client.post("/api/v1/me/email/confirm", json=body, headers=hers)
    assert (done.status_code, address_of(session, dana)) == (204, NEW)
    found = client.get(f"/api/v1/admin/people?email={NEW}", headers=admin).json()
    assert found == {
        "person_id": str(dana.id),
        "roles": ["provider"],
        "passkeys": 0,
        "totp": False,
    }
    looks = select(AuditEntry.subject_id).where(AuditEntry.action == "person.opened")
    assert session.exec(looks).all() == [dana.id]
    path = f"/api/v1/admin/people/{dana.id}"
    body = {"new_email": OLD, "reason": "I called."}
    assert client.post(f"{path}/email", json=body, headers=admin).status_code == 204
    assert address_of(session, dana) == OLD
    body = {"reason": "I called."}
    assert client.post(f"{path}/factors/reset", json=body, headers=admin).status_code == 204
    unknown = f"/api/v1/admin/people/{uuid7()}/factors/reset"
    assert client.post(unknown, json=body, headers=admin).status_code == 404
    assert client.get(f"/api/v1/admin/people?email={NEW}", headers=admin).status_code == 404
    mine = factories.sign_in(None, session, factories.make_patient(session))
    assert client.post("/api/v1/me/factors/reset", headers=mine).status_code == 409
    assert client.delete("/api/v1/me/sign-in-sessions", headers=mine).status_code == 204
    assert client.get("/api/v1/me", headers=mine).status_code == 401
