"""Passkeys against an authenticator of our own: what is taken, and every trick that is not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from accounts.factors.passkeys import forget_challenges
from accounts.models import AuditEntry, Passkey, PasskeyChallenge, Person
from core import clock
from core.mail import Mail, is_to
from tests import factories
from tests.accounts.authenticator import PRESENT, Authenticator, to_text

EMAIL = "someone@example.com"
Headers = dict[str, str]


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with clock.at(factories.NOW):
        yield


@pytest.fixture
def person(session: Session) -> Person:
    return factories.make_patient(session, EMAIL)


@pytest.fixture
def headers(session: Session, person: Person) -> Headers:
    return factories.sign_in(None, session, person)


def post(client: TestClient, path: str, headers: Headers | None = None, **body: Any) -> Any:
    client.cookies.clear()
    return client.post(f"/api/v1{path}", json=body, headers=headers or {})


def options(client: TestClient, headers: Headers) -> dict[str, Any]:
    answer = post(client, "/me/passkeys/options", headers)
    found: dict[str, Any] = answer.json()["public_key"]
    return found


def register(client: TestClient, headers: Headers, device: Authenticator) -> int:
    credential = device.create(options(client, headers))
    status: int = post(
        client, "/me/passkeys", headers, credential=credential, label="My key"
    ).status_code
    return status


def sign_in(client: TestClient, device: Authenticator) -> Any:
    asked = post(client, "/auth/passkey/options").json()
    credential = device.get(asked["public_key"])
    return post(client, "/auth/passkey", request_id=asked["request_id"], credential=credential)


def test_a_passkey_replaces_the_code_and_is_a_second_factor(
    client: TestClient, session: Session, person: Person, headers: Headers
) -> None:
    device = Authenticator(counter=0)
    assert register(client, headers, device) == 201
    for _ in range(2):
        answer = sign_in(client, device)
        assert answer.status_code == 201, answer.text
        assert answer.json()["person_id"] == str(person.id)
        speaks = {"Authorization": f"Bearer {answer.json()['token']}"}
        (known,) = client.get("/api/v1/me/factors", headers=speaks).json()["passkeys"]
        assert known["label"] == "My key"
    told = session.exec(select(Mail.subject).where(is_to(EMAIL))).all()
    assert "Your sign-in has changed" in told


def test_a_browser_is_asked_for_a_key_that_it_keeps_and_unlocks(
    client: TestClient, headers: Headers
) -> None:
    asked = options(client, headers)
    assert asked["rp"] == {"name": "Openchair", "id": "localhost"}
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert post(client, "/auth/passkey/options").json()["public_key"]["allowCredentials"] == []


TRICKS = [
    {"origin": "http://localhost:8001"},  # another site, same name
    {"origin": "https://localhost:8000"},
    {"origin": "http://localhost.evil.example.com:8000"},
    {"rp_id": "evil.example.com"},  # made for another name
    {"flags": PRESENT},  # not unlocked by its person
    {"flags": 0},
]


@pytest.mark.parametrize("trick", TRICKS)
def test_what_is_not_for_us_is_neither_set_up_nor_let_in(
    client: TestClient, headers: Headers, trick: dict[str, Any]
) -> None:
    assert register(client, headers, Authenticator(**trick)) == 422
    device = Authenticator()
    assert register(client, headers, device) == 201
    for name, value in trick.items():
        setattr(device, name, value)
    refused = sign_in(client, device)
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_factor")


def test_an_answer_counts_once(client: TestClient, headers: Headers) -> None:
    device = Authenticator()  # which never counts
    assert register(client, headers, device) == 201
    asked = post(client, "/auth/passkey/options").json()
    body = {"request_id": asked["request_id"], "credential": device.get(asked["public_key"])}
    assert post(client, "/auth/passkey", **body).status_code == 201
    assert post(client, "/auth/passkey", **body).status_code == 422
    again = device.create(options(client, headers))
    assert post(client, "/me/passkeys", headers, credential=again).status_code == 409
    assert post(client, "/me/passkeys", headers, credential=again).status_code == 422


def test_a_challenge_is_used_up_by_a_wrong_answer_too(client: TestClient, headers: Headers) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    asked = post(client, "/auth/passkey/options").json()
    right = device.get(asked["public_key"])
    wrong = {**right, "response": {**right["response"], "signature": to_text(b"no")}}
    for credential in (wrong, right):
        body = {"request_id": asked["request_id"], "credential": credential}
        assert post(client, "/auth/passkey", **body).status_code == 422


@pytest.mark.parametrize("minutes", [4, 6])
def test_a_challenge_lasts_five_minutes(client: TestClient, headers: Headers, minutes: int) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    asked = post(client, "/auth/passkey/options").json()
    credential = device.get(asked["public_key"])
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        body = {"request_id": asked["request_id"], "credential": credential}
        expected = 201 if minutes < 5 else 422
        assert post(client, "/auth/passkey", **body).status_code == expected


def test_a_challenge_of_our_own_making_or_of_another_page_is_refused(
    client: TestClient, session: Session, headers: Headers
) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    asked, other = (post(client, "/auth/passkey/options").json() for _ in "ab")
    invented = device.get({"challenge": to_text(b"0" * 64)})
    swapped = device.get(asked["public_key"])
    for credential in (invented, swapped):
        body = {"request_id": other["request_id"], "credential": credential}
        assert post(client, "/auth/passkey", **body).status_code == 422
    # one for signing in is not good for showing a factor, nor the other way round
    shown = post(client, "/auth/factor", headers, passkey=device.get(asked["public_key"]))
    assert shown.status_code == 422
    here = post(client, "/auth/factor/options", headers).json()["public_key"]
    body = {"request_id": asked["request_id"], "credential": device.get(here)}
    assert post(client, "/auth/passkey", **body).status_code == 422


def test_a_challenge_belongs_to_its_session_and_a_key_to_its_person(
    client: TestClient, session: Session, person: Person, headers: Headers
) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    mine = factories.sign_in(None, session, person)
    asked = post(client, "/auth/factor/options", mine).json()["public_key"]
    credential = device.get(asked)
    assert post(client, "/auth/factor", headers, passkey=credential).status_code == 422
    asked = post(client, "/auth/factor/options", mine).json()["public_key"]
    assert post(client, "/auth/factor", mine, passkey=device.get(asked)).status_code == 204
    assert client.get("/api/v1/me", headers=mine).status_code == 200
    stranger = factories.sign_in(None, session, factories.make_patient(session))
    asked = post(client, "/auth/factor/options", stranger).json()["public_key"]
    assert post(client, "/auth/factor", stranger, passkey=device.get(asked)).status_code == 422


def test_a_copy_is_refused_recorded_and_told(
    client: TestClient, session: Session, headers: Headers
) -> None:
    device = Authenticator(counter=0)
    assert register(client, headers, device) == 201
    for _ in range(3):
        assert sign_in(client, device).status_code == 201
    device.counter = 1  # the copy was made before
    assert sign_in(client, device).status_code == 422
    actions = session.exec(select(AuditEntry.action)).all()
    assert "passkey.copied" in actions
    letters = select(Mail).where(Mail.subject == "A passkey was refused")
    assert [one.recipient for one in session.exec(letters)] == [EMAIL]
    device.counter = 3
    assert sign_in(client, device).status_code == 201  # the real one goes on


def test_a_key_answers_for_nobody_else(
    client: TestClient, session: Session, headers: Headers
) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    device.user_handle = factories.make_patient(session).id.bytes
    assert sign_in(client, device).status_code == 422
    forged = Authenticator(credential_id=device.credential_id)  # another key, the same name
    assert sign_in(client, forged).status_code == 422


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "a", "rawId": "a", "type": "public-key", "response": {}},
        {"rawId": 1, "response": {"clientDataJSON": "e30"}},
        {"response": {"clientDataJSON": "W10"}},
        {"response": {"clientDataJSON": "é"}},
        {"response": None},
    ],
)
def test_nonsense_is_a_wrong_factor(
    client: TestClient, headers: Headers, credential: dict[str, Any]
) -> None:
    for path, more in [("/auth/passkey", {"request_id": "a"}), ("/me/passkeys", {})]:
        answer = post(client, path, headers, credential=credential, **more)
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_factor")


def test_malformed_signatures_of_a_real_challenge_are_wrong_factors(
    client: TestClient, headers: Headers
) -> None:
    device = Authenticator()
    assert register(client, headers, device) == 201
    for broken in ("authenticatorData", "signature", "userHandle"):
        asked = post(client, "/auth/passkey/options").json()
        credential = device.get(asked["public_key"])
        credential["response"][broken] = "AAAA"
        body = {"request_id": asked["request_id"], "credential": credential}
        assert post(client, "/auth/passkey", **body).status_code == 422, broken
    made = device.create(options(client, headers))
    made["response"]["attestationObject"] = "AAAA"
    assert post(client, "/me/passkeys", headers, credential=made).status_code == 422


def test_a_key_is_removed_by_its_owner_only(
    client: TestClient, session: Session, headers: Headers
) -> None:
    assert register(client, headers, Authenticator()) == 201
    (row,) = session.exec(select(Passkey)).all()
    path = f"/api/v1/me/factors/passkeys/{row.id}"
    stranger = factories.sign_in(None, session, factories.make_patient(session))
    assert client.delete(path, headers=stranger).status_code == 404
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get("/api/v1/me/factors", headers=headers).json()["passkeys"] == []


def test_challenges_that_ran_out_are_dropped(client: TestClient, session: Session) -> None:
    post(client, "/auth/passkey/options")
    with clock.at(clock.now() + timedelta(minutes=6)):
        post(client, "/auth/passkey/options")
        forget_challenges(session)
    assert len(session.exec(select(PasskeyChallenge)).all()) == 1
