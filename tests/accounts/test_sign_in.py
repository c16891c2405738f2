"""Signing in, as a person and as a client meet it."""

import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from accounts import codes
from accounts.codes import SUBJECT
from accounts.models import Person, PersonRole, SignInCode, SignInSession
from accounts.people import erase, make_admin
from accounts.sessions import ABSOLUTE, IDLE, forget_old
from core import clock
from core.limits import Limit
from core.mail import Mail, is_to
from core.web.caller import PATIENT, PROVIDER
from tests import factories

EMAIL = "someone@example.com"


LONG = re.compile(r"\b(?:[2-9A-Z]{4}-){2}[2-9A-Z]{4}\b")


def newest_code(session: Session, email: str = EMAIL) -> str:
    found = re.search(r"\b\d{6}\b", newest_letter(session, email))
    assert found is not None
    return found.group()


def newest_letter(session: Session, email: str = EMAIL) -> str:
    session.rollback()
    mails = select(Mail).where(is_to(email), Mail.subject == SUBJECT).order_by(col(Mail.id).desc())
    return session.exec(mails).first().text  # type: ignore[union-attr]


def ask(client: TestClient, email: str = EMAIL) -> int:
    return client.post("/api/v1/auth/code", json={"email": email}).status_code


def exchange(client: TestClient, code: str, email: str = EMAIL) -> int:
    status: int = client.post(
        "/api/v1/auth/session", json={"email": email, "code": code}
    ).status_code
    return status


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def count(session: Session, model: type[object]) -> int:
    session.rollback()
    return session.exec(select(func.count()).select_from(model)).one()


def test_a_new_address_becomes_a_patient(client: TestClient, session: Session) -> None:
    assert ask(client) == 202
    answer = client.post(
        "/api/v1/auth/session",
        json={"email": " Someone@Example.com", "code": newest_code(session)},
        headers={"User-Agent": "Firefox/145.0 (Windows)"},
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["email"], body["roles"]) == (EMAIL, ["patient"])
    assert client.cookies["session"] == body["token"]
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {body['token']}"}
    me = client.get("/api/v1/me", headers=bearer).json()
    assert me == {"person_id": body["person_id"], "email": EMAIL, "roles": ["patient"]}
    assert client.get("/api/v1/me").status_code == 401
    (place,) = client.get("/api/v1/me/sign-in-sessions", headers=bearer).json()
    assert (place["device"], place["is_this"]) == ("Firefox on Windows", True)


def test_the_cookie_is_kept_from_scripts_and_other_sites(
    client: TestClient, session: Session
) -> None:
    ask(client)
    code = newest_code(session)
    answer = client.post("/api/v1/auth/session", json={"email": EMAIL, "code": code})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_neither_token_nor_code_is_stored(client: TestClient, session: Session) -> None:
    ask(client)
    code = newest_code(session)
    assert code.encode() not in session.exec(select(SignInCode.code_hash)).one()
    assert "code" in session.exec(select(Mail.subject)).one()
    assert code not in session.exec(select(Mail.subject)).one()
    answer = client.post("/api/v1/auth/session", json={"email": EMAIL, "code": code})
    session.rollback()
    stored = session.exec(select(SignInSession.token_hash)).one()
    assert answer.json()["token"].encode() not in stored


def test_known_and_unknown_addresses_get_the_same(client: TestClient, session: Session) -> None:
    factories.make_person(session, EMAIL, [PATIENT])
    known = client.post("/api/v1/auth/code", json={"email": EMAIL})
    unknown = client.post("/api/v1/auth/code", json={"email": "nobody@example.com"})
    assert (known.status_code, known.headers.keys()) == (202, unknown.headers.keys())
    told, untold = known.json(), unknown.json()
    assert len(told.pop("request_id")) == len(untold.pop("request_id"))
    assert told == untold
    for email in (EMAIL, "nobody@example.com"):
        wrong = other_than(newest_code(session, email))
        answer = client.post("/api/v1/auth/session", json={"email": email, "code": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_code")
    never_asked = {"email": "third@example.com", "code": "123456"}
    assert client.post("/api/v1/auth/session", json=never_asked).json()["code"] == "wrong_code"


def test_a_code_works_once(client: TestClient, session: Session) -> None:
    ask(client)
    code = newest_code(session)
    assert exchange(client, code) == 201
    assert exchange(client, code) == 422


def test_a_newer_code_replaces_the_older(client: TestClient, session: Session) -> None:
    ask(client)
    older = newest_code(session)
    ask(client)
    newer = newest_code(session)
    if older != newer:
        assert exchange(client, older) == 422
    assert exchange(client, newer) == 201


def test_a_code_runs_out_after_ten_minutes(client: TestClient, session: Session) -> None:
    ask(client)
    code = newest_code(session)
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        assert exchange(client, code) == 422


def test_wrong_tries_count_although_they_fail(client: TestClient, session: Session) -> None:
    ask(client)
    code = newest_code(session)
    for _ in range(5):
        assert exchange(client, other_than(code)) == 422
    assert exchange(client, code) == 422  # the right one, too late


def test_a_code_belongs_to_its_address(client: TestClient, session: Session) -> None:
    ask(client)
    ask(client, "other@example.com")
    code = newest_code(session)
    if code != newest_code(session, "other@example.com"):
        assert exchange(client, code, "other@example.com") == 422
    assert exchange(client, code) == 201


def test_codes_of_an_account_become_long_and_slow(client: TestClient, session: Session) -> None:
    start = datetime.fromisoformat("2026-11-26T10:00:00Z")
    with clock.at(start):
        assert [ask(client) for _ in range(5)] == [202] * 5
        assert ask(client) == 202
        assert LONG.search(newest_letter(session))
        assert ask(client) == 429
        assert ask(client, "other@example.com") == 202
    with clock.at(start + timedelta(minutes=15)):
        assert ask(client) == 202
        assert not LONG.search(newest_letter(session))


@pytest.mark.parametrize("limit", ["CODES_PER_SITE", "TRIES_PER_SITE"])
def test_a_network_of_strangers_is_limited(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(codes, limit, Limit("few", 2, timedelta(minutes=15), "Wait."))
    done = [
        ask(client, f"p{number}@example.com") if "CODES" in limit else exchange(client, "123456")
        for number in range(3)
    ]
    assert done[-1] == 429
    assert 429 not in done[:2]


def test_limits_keep_no_address(client: TestClient, session: Session) -> None:
    ask(client)
    keys = session.connection().execute(text("SELECT string_agg(key, ' ') FROM rate_counter"))
    assert "someone" not in keys.scalar_one()


def test_signing_out_ends_the_session_on_the_server(client: TestClient, session: Session) -> None:
    headers = factories.sign_in(None, session, factories.make_patient(session))
    assert client.delete("/api/v1/auth/session", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert client.delete("/api/v1/auth/session", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("later", "status"),
    [
        (IDLE - timedelta(hours=1), 200),
        (IDLE + timedelta(minutes=1), 401),  # not used for too long
        (ABSOLUTE + timedelta(minutes=1), 401),
    ],
)
def test_sessions_end_by_themselves(
    client: TestClient, session: Session, later: timedelta, status: int
) -> None:
    headers = factories.sign_in(None, session, factories.make_patient(session))
    with clock.at(clock.now() + later):
        assert client.get("/api/v1/me", headers=headers).status_code == status


def test_a_session_in_use_ends_after_sixty_days_all_the_same(
    client: TestClient, session: Session
) -> None:
    headers = factories.sign_in(None, session, factories.make_patient(session))
    start = clock.now()
    for days in range(10, 60, 10):
        with clock.at(start + timedelta(days=days)):
            assert client.get("/api/v1/me", headers=headers).status_code == 200
    with clock.at(start + timedelta(days=61)):
        assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_nobody_ends_another_persons_session(client: TestClient, session: Session) -> None:
    mine = factories.sign_in(None, session, factories.make_patient(session))
    other = factories.sign_in(None, session, factories.make_patient(session))
    (place,) = client.get("/api/v1/me/sign-in-sessions", headers=other).json()
    address = f"/api/v1/me/sign-in-sessions/{place['id']}"
    assert client.delete(address, headers=mine).status_code == 404
    assert client.delete(address, headers=other).status_code == 204
    assert client.get("/api/v1/me", headers=other).status_code == 401


def test_someone_erased_is_forgotten_and_may_come_back(
    client: TestClient, session: Session
) -> None:
    person = factories.make_patient(session, EMAIL)
    headers = factories.sign_in(None, session, person)
    ask(client)
    session.rollback()
    erase(session, person.id, clock.now())
    session.commit()
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert count(session, SignInCode) == 0
    assert EMAIL not in [one.email for one in session.exec(select(Person))]
    ask(client)
    assert exchange(client, newest_code(session)) == 201
    assert count(session, Person) == 2


def test_admins_are_made_by_command_and_that_is_recorded(
    client: TestClient, session: Session
) -> None:
    assert "is an admin now" in make_admin("Boss@Example.com")
    assert "already" in make_admin("boss@example.com")
    assert session.exec(select(PersonRole.role)).all() == ["admin"]
    ask(client, "boss@example.com")
    assert exchange(client, newest_code(session, "boss@example.com"), "boss@example.com") == 201
    entries = client.get("/api/v1/admin/audit").json()["items"]
    assert [entry["action"] for entry in entries] == ["admin.signed_in", "role.granted"]
    assert entries[1]["actor"] == "command"


def test_what_ended_long_ago_is_dropped(client: TestClient, session: Session) -> None:
    ask(client)
    factories.sign_in(None, session, factories.make_patient(session))
    forget_old(session)
    session.commit()
    assert (count(session, SignInCode), count(session, SignInSession)) == (1, 1)
    with clock.at(clock.now() + ABSOLUTE + timedelta(days=31)):
        forget_old(session)
        session.commit()
    assert (count(session, SignInCode), count(session, SignInSession)) == (0, 0)


def test_a_provider_stays_what_they_are(client: TestClient, session: Session) -> None:
    factories.make_person(session, EMAIL, [PROVIDER])
    ask(client)
    code = newest_code(session)
    answer = client.post("/api/v1/auth/session", json={"email": EMAIL, "code": code})
    assert answer.json()["roles"] == ["provider"]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nonsense"},
        {"email": "a\u0000@example.com"},
        {"email": EMAIL, "extra": 1},
        {"email": None},
        {},
        [],
    ],
)
def test_nonsense_is_refused_with_a_problem(client: TestClient, body: object) -> None:
    answer = client.post("/api/v1/auth/code", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]
