"""Second factors as people meet them: setting up, signing in, confirming, losing them."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, select

from accounts import sessions
from accounts.factors.recovery import use_recovery_code
from accounts.factors.resets import reset_by_command, reset_when_due
from accounts.factors.totp import use_totp
from accounts.models import AuditEntry, Person, RecoveryCode, Totp
from booking.calendar.free_times import free_starts
from core import clock
from core.database import transaction
from core.mail import Mail, is_to
from core.settings import settings
from core.web.caller import ADMIN, PATIENT, PROVIDER
from directory.queries import services_of
from tests import factories
from tests.accounts.test_pages import FORM
from tests.accounts.test_sign_in import newest_code

EMAIL = "admin@example.com"
Headers = dict[str, str]


@pytest.fixture(autouse=True)
def real_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the demo, where staff may go on without."""
    config = settings().model_copy(update={"demo": False})
    monkeypatch.setattr(sessions, "settings", lambda: config)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with clock.at(factories.NOW):
        yield


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).at(clock.now())


def set_up(client: TestClient, headers: Headers) -> str:
    """An authenticator app; its secret."""
    secret: str = client.post("/api/v1/me/totp", headers=headers).json()["secret"]
    body = {"code": code_of(secret)}
    answer = client.post("/api/v1/me/totp/confirm", json=body, headers=headers)
    assert answer.status_code == 204, answer.text
    return secret


def show(client: TestClient, headers: Headers, **proof: Any) -> int:
    status: int = client.post("/api/v1/auth/factor", json=proof, headers=headers).status_code
    return status


def recorded(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(AuditEntry.action).order_by(AuditEntry.id)).all())  # type: ignore[arg-type]


def told(session: Session, email: str = EMAIL) -> list[str]:
    session.rollback()
    letters = select(Mail.subject).where(is_to(email)).order_by(Mail.created_at)  # type: ignore[arg-type]
    return list(session.exec(letters).all())


@pytest.fixture
def admin(session: Session) -> Person:
    return factories.make_person(session, EMAIL, [ADMIN])


def test_the_desk_opens_only_with_a_factor(
    client: TestClient, session: Session, admin: Person
) -> None:
    headers = factories.sign_in(None, session, admin)
    refused = client.get("/api/v1/admin/queue", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "factor_needed")
    page = client.get("/admin", headers=headers, follow_redirects=False)
    assert page.headers["location"] == "/account/factors?notice=factor-needed"
    assert "The desk opens once" in client.get(page.headers["location"], headers=headers).text
    secret = set_up(client, headers)
    assert client.get("/api/v1/admin/queue", headers=headers).status_code == 200
    later = factories.sign_in(None, session, admin)  # another session has not shown it
    assert client.get("/api/v1/admin/queue", headers=later).json()["code"] == "factor_needed"
    assert client.get("/api/v1/me", headers=later).json()["code"] == "factor_needed"
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert show(client, later, totp=code_of(secret)) == 204
        assert client.get("/api/v1/admin/queue", headers=later).status_code == 200
    assert recorded(session) == ["factor.added"]
    assert told(session) == ["Your sign-in has changed"]


def test_in_the_demo_staff_go_on_without_and_are_told_so(
    client: TestClient, session: Session, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    headers = factories.sign_in(None, session, admin)
    page = client.get("/admin", headers=headers)
    assert page.status_code == 200
    assert "This is the demo, so you may go on without a second step at sign-in" in page.text


def test_a_code_is_taken_once(client: TestClient, session: Session, admin: Person) -> None:
    secret = set_up(client, factories.sign_in(None, session, admin))
    headers = factories.sign_in(None, session, admin)
    assert show(client, headers, totp=code_of(secret)) == 422  # it set the app up
    with clock.at(clock.now() + timedelta(minutes=1)):
        code = code_of(secret)
        assert show(client, headers, totp=code) == 204
        assert show(client, headers, totp=code) == 422
    assert recorded(session).count("factor.refused") == 2


def test_of_two_at_once_one_is_let_in(client: TestClient, session: Session, admin: Person) -> None:
    headers = factories.sign_in(None, session, admin)
    secret = set_up(client, headers)
    made = client.post("/api/v1/me/factors/recovery-codes", headers=headers).json()
    now = clock.now() + timedelta(minutes=1)
    uses: list[Any] = [(use_totp, admin, pyotp.TOTP(secret).at(now))]
    uses += [(use_recovery_code, admin.id, made["recovery_codes"][0])]

    def use(how: Callable[..., bool], whose: object, code: str) -> bool:
        with transaction() as own:
            return how(own, whose, code, now)

    for one in uses:
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(lambda _, one=one: use(*one), range(4))) == [False] * 3 + [True]


def test_guessing_ends_soon(client: TestClient, session: Session, admin: Person) -> None:
    secret = set_up(client, factories.sign_in(None, session, admin))
    headers = factories.sign_in(None, session, admin)
    with clock.at(clock.now() + timedelta(minutes=1)):
        wrong = f"{(int(code_of(secret)) + 1) % 1_000_000:06d}"
        answers = [show(client, headers, totp=wrong) for _ in range(12)]
        assert answers == [422] * 10 + [429] * 2
        assert show(client, headers, totp=code_of(secret)) == 429  # the right one, too
    assert recorded(session).count("factor.refused") == 10


def test_the_secret_is_sealed_and_the_codes_are_hashes(
    client: TestClient, session: Session, admin: Person
) -> None:
    headers = factories.sign_in(None, session, admin)
    secret = set_up(client, headers)
    made = client.post("/api/v1/me/factors/recovery-codes", headers=headers).json()
    rows = session.connection().execute(
        text("SELECT secret::text FROM totp UNION ALL SELECT code_hash::text FROM recovery_code")
    )
    dump = " ".join(rows.scalars())
    for told_once in (secret, *made["recovery_codes"]):
        assert told_once not in dump
        assert told_once.encode().hex() not in dump


def test_a_recovery_code_stands_in_once(
    client: TestClient, session: Session, admin: Person
) -> None:
    headers = factories.sign_in(None, session, admin)
    set_up(client, headers)
    codes = client.post("/api/v1/me/factors/recovery-codes", headers=headers).json()[
        "recovery_codes"
    ]
    assert len(set(codes)) == 10
    later = factories.sign_in(None, session, admin)
    assert show(client, later, recovery_code=codes[0].upper()) == 204
    assert client.get("/api/v1/me/factors", headers=later).json()["recovery_codes"] == 9
    again = factories.sign_in(None, session, admin)
    assert show(client, again, recovery_code=codes[0]) == 422
    client.post("/api/v1/me/factors/recovery-codes", headers=later)
    assert show(client, again, recovery_code=codes[1]) == 422  # those before are void
    assert "A recovery code was used" in told(session)
    assert recorded(session).count("recovery_code.used") == 1


def test_guesses_at_the_app_do_not_lock_recovery_codes(
    client: TestClient, session: Session, admin: Person
) -> None:
    headers = factories.sign_in(None, session, admin)
    secret = set_up(client, headers)
    made = client.post("/api/v1/me/factors/recovery-codes", headers=headers).json()
    theirs = factories.sign_in(None, session, admin)
    with clock.at(clock.now() + timedelta(minutes=1)):
        wrong = f"{(int(code_of(secret)) + 1) % 1_000_000:06d}"
        assert [show(client, theirs, totp=wrong) for _ in range(11)] == [422] * 10 + [429]
        mine = factories.sign_in(None, session, admin)
        assert show(client, mine, recovery_code=made["recovery_codes"][0]) == 204
        guesses = [show(client, theirs, recovery_code="a" * 12) for _ in range(10)]
        assert guesses == [422] * 9 + [429]


@pytest.mark.parametrize(
    "proof",
    [{}, {"totp": "123456", "recovery_code": "abcd"}, {"totp": "x"}, {"passkey": {}}, {"a": "b"}],
)
def test_a_proof_is_one_thing(
    client: TestClient, session: Session, admin: Person, proof: dict[str, Any]
) -> None:
    headers = factories.sign_in(None, session, admin)
    assert show(client, headers, **proof) == 422


def test_the_pages_set_up_an_app_and_show_recovery_codes_once(
    client: TestClient, session: Session
) -> None:
    factories.sign_in(client, session, factories.make_patient(session, EMAIL))
    page = client.post("/account/factors/totp", headers=FORM)
    key = re.search(r"Key: <code>([^<]+)</code>", page.text)
    assert key is not None
    assert "<svg" in page.text
    assert "style=" not in page.text
    wrong = client.post("/account/factors/totp/confirm", data={"code": "000000"}, headers=FORM)
    assert (wrong.status_code, 'value="000000"' in wrong.text) == (422, True)
    code = code_of(key[1].replace(" ", ""))
    done = client.post("/account/factors/totp/confirm", data={"code": code}, headers=FORM)
    assert "Make recovery codes now" in done.text
    path = "/account/factors/recovery-codes"
    answer = client.post(path, headers=FORM, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    made = client.get(path).text
    codes = re.findall(r"<li><code>([^<]+)</code></li>", made)
    assert len(codes) == 10
    assert not any(one.replace("-", "") in client.cookies["recovery-codes"] for one in codes)
    assert client.get(path).text == made  # loaded again: the same
    session.rollback()
    assert len(session.exec(select(RecoveryCode)).all()) == 10
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert client.get(path, follow_redirects=False).status_code == 303
    assert f"%0A{codes[9]}" in made
    assert not any(one in client.get("/account/factors").text for one in codes)
    assert client.get(path, follow_redirects=False).status_code == 303  # one has left the page
    assert "10 recovery codes left" in client.get("/account").text
    client.post("/account/factors/totp/remove", headers=FORM)
    session.rollback()
    assert session.exec(select(Totp)).all() == []
    assert session.exec(select(RecoveryCode)).all() == []


def test_after_the_mailed_code_the_factor_is_asked_for_on_the_way(
    client: TestClient, session: Session
) -> None:
    person = factories.make_patient(session, EMAIL)
    secret = set_up(client, factories.sign_in(client, session, person))
    client.cookies.clear()
    factories.sign_in(client, session, person)
    page = client.get("/appointments?notice=saved")
    assert "Use your app or passkey" in page.text
    assert 'name="next" value="/appointments?notice=saved"' in page.text
    with clock.at(clock.now() + timedelta(minutes=1)):
        data = {"code": code_of(secret), "next": "/appointments"}
        answer = client.post("/confirm", data=data, headers=FORM, follow_redirects=False)
        assert answer.headers["location"] == "/appointments"
        assert client.get("/appointments", follow_redirects=False).status_code == 200


def test_what_is_weighty_is_asked_for_again_and_nothing_typed_is_lost(
    client: TestClient, session: Session
) -> None:
    factories.sign_in(client, session, factories.make_patient(session, EMAIL))
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert client.get("/appointments").status_code == 200  # light things go on
        export = client.get("/account/data/export", follow_redirects=False)
        assert export.headers["location"] == "/confirm?next=/account/data/export"
        refused = client.post("/api/v1/me/totp")
        assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")
        form = {"new_email": 'new"@example.com'}
        kept = client.post("/account/email", data=form, headers=FORM)
        assert kept.status_code == 403
        assert "nothing was changed" in kept.text
        typed = re.search(r'name="typed" value="([^"]+)"', kept.text)
        assert typed is not None
        data = {"next": "/account/email", "typed": '[["new_email", "new\\"@example.com"]]'}
        assert typed[1].replace("&#34;", '"') == data["typed"]
        assert "Send me a code" in client.post("/confirm", data=data, headers=FORM).text
        client.post("/confirm", data={**data, "send": "yes"}, headers=FORM)
        wrong = client.post("/confirm", data={**data, "code": "000000"}, headers=FORM)
        assert wrong.status_code == 422
        code = newest_code(session, EMAIL)
        go_on = client.post("/confirm", data={**data, "code": code}, headers=FORM)
        assert 'action="/account/email"' in go_on.text
        assert 'name="new_email" value="new&#34;@example.com"' in go_on.text
        assert client.get("/account/data/export").status_code == 200


def test_a_confirmation_does_not_come_back_by_itself(client: TestClient, session: Session) -> None:
    headers = factories.sign_in(None, session, factories.make_patient(session, EMAIL))
    start = clock.now()
    for minutes, status in [(14, 200), (28, 200), (44, 303), (45, 303)]:
        with clock.at(start + timedelta(minutes=minutes)):
            assert client.get("/appointments", headers=headers).status_code == 200
            answer = client.get("/account/email", headers=headers, follow_redirects=False)
            assert answer.status_code == status, minutes


def test_a_confirmation_ends_after_four_hours_of_work(client: TestClient, session: Session) -> None:
    headers = factories.sign_in(None, session, factories.make_patient(session, EMAIL))
    start = clock.now()
    for minutes in range(10, 250, 10):
        with clock.at(start + timedelta(minutes=minutes)):
            answer = client.get("/account/email", headers=headers, follow_redirects=False)
            assert answer.status_code == (200 if minutes < 240 else 303), minutes


def test_a_target_elsewhere_is_not_gone_to(client: TestClient, session: Session) -> None:
    factories.sign_in(client, session, factories.make_patient(session, EMAIL))
    for target in ("https://evil.example.com", "//evil.example.com"):
        answer = client.post(
            "/confirm", data={"next": target}, headers=FORM, follow_redirects=False
        )
        assert answer.headers["location"] == "/appointments"
        data = {"next": target, "typed": '[["a", "b"]]'}
        page = client.post("/confirm", data=data, headers=FORM).text
        assert 'action="/"' in page
        assert "evil" not in page


def test_another_admin_resets_lost_factors_at_once(
    client: TestClient, session: Session, admin: Person
) -> None:
    headers = factories.sign_in(None, session, admin)
    set_up(client, headers)
    dana = factories.make_person(session, "dana@example.com", [PROVIDER])
    hers = factories.sign_in(None, session, dana)
    set_up(client, hers)
    page = client.get("/admin/people?email=Dana@example.com", headers=headers).text
    assert f'action="/admin/people/{dana.id}/factors/reset"' in page
    path = f"/admin/people/{dana.id}/factors/reset"
    assert client.post(path, headers={**FORM, **headers}).status_code == 422
    own = f"/admin/people/{admin.id}/factors/reset"
    data = {"reason": "I called her practice."}
    assert client.post(own, data=data, headers={**FORM, **headers}).status_code == 422
    client.post(path, data=data, headers={**FORM, **headers})
    assert client.get("/api/v1/me", headers=hers).status_code == 401
    fresh = factories.sign_in(None, session, dana)
    assert client.get("/api/v1/me/factors", headers=fresh).json() == {
        "totp": False,
        "passkeys": [],
        "recovery_codes": 0,
    }
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "factors.reset")).one()
    assert (entry.actor_id, entry.subject_id) == (admin.id, dana.id)
    assert entry.detail == {"how": "admin"}  # what somebody wrote is kept where it can be erased
    again = client.get("/admin/people?email=dana@example.com", headers=headers).text
    assert "second step removed: I called her practice." in again
    assert told(session, "dana@example.com")[-1] == "Your sign-in has changed"


def test_the_only_admin_uses_the_command(
    client: TestClient, session: Session, admin: Person
) -> None:
    set_up(client, factories.sign_in(None, session, admin))
    assert "no second step at sign-in now" in reset_by_command(" Admin@Example.com")
    assert recorded(session)[-1] == "factors.reset"
    assert session.exec(select(Totp)).all() == []
    fresh = factories.sign_in(None, session, admin)
    assert client.get("/api/v1/me", headers=fresh).status_code == 200


def test_a_patient_waits_three_days_and_sees_their_sessions_meanwhile(
    client: TestClient, session: Session
) -> None:
    person = factories.make_patient(session, EMAIL)
    set_up(client, factories.sign_in(None, session, person))
    factories.sign_in(client, session, person)
    shut = client.get("/appointments", follow_redirects=False)
    assert shut.headers["location"] == "/confirm?next=/appointments"
    waiting = client.post("/account/factors/lost", headers=FORM)
    assert "Your passkeys, app and recovery codes are removed" in waiting.text
    assert client.get("/appointments", follow_redirects=False).status_code == 200
    assert client.get("/api/v1/appointments").status_code == 200
    for path in ("/account", "/account/data/export", "/account/factors", "/account/email"):
        answer = client.get(path, follow_redirects=False)
        assert answer.headers["location"].startswith("/confirm"), path
    reset_when_due(str(person.id))  # too early
    assert client.get("/account", follow_redirects=False).status_code == 303
    with clock.at(clock.now() + timedelta(hours=72)):
        reset_when_due(str(person.id))
        factories.sign_in(client, session, person)
        assert client.get("/account", follow_redirects=False).status_code == 200
    assert recorded(session) == ["factor.added", "factors.reset_asked", "factors.reset"]


def test_whoever_reads_the_letter_can_stop_it(client: TestClient, session: Session) -> None:
    person = factories.make_patient(session, EMAIL)
    set_up(client, factories.sign_in(None, session, person))
    factories.sign_in(client, session, person)
    client.post("/account/factors/lost", headers=FORM)
    letter = session.exec(select(Mail).where(Mail.subject.contains("will be removed"))).one()  # type: ignore[attr-defined]
    link = re.search(r"/factor-reset/\S+", letter.text)
    assert link is not None
    client.cookies.clear()
    assert "Keep your passkeys, app and recovery codes?" in client.get(link[0]).text
    assert "Stopped" in client.post(link[0], headers=FORM).text
    assert client.get(link[0]).status_code == 404
    with clock.at(clock.now() + timedelta(hours=72)):
        reset_when_due(str(person.id))
    session.rollback()
    assert len(session.exec(select(Totp)).all()) == 1
    assert recorded(session)[-1] == "factors.reset_stopped"


def test_staff_do_not_reset_themselves_by_waiting(
    client: TestClient, session: Session, admin: Person
) -> None:
    set_up(client, factories.sign_in(None, session, admin))
    factories.sign_in(client, session, admin)
    answer = client.post("/account/factors/lost", headers=FORM)
    assert answer.status_code == 403
    assert "Another admin" in answer.text
    assert client.get("/admin", follow_redirects=False).headers["location"].startswith("/confirm")


def test_a_new_device_is_told_of(client: TestClient, session: Session) -> None:
    def enter(agent: str) -> None:
        client.post("/api/v1/auth/code", json={"email": EMAIL})
        body = {"email": EMAIL, "code": newest_code(session, EMAIL)}
        headers = {"User-Agent": agent}
        assert client.post("/api/v1/auth/session", json=body, headers=headers).status_code == 201

    enter("Firefox/145.0 (Windows)")
    enter("Firefox/146.0 (Windows)")
    assert "A new sign-in" not in told(session)
    enter("Chrome/140 (Android)")
    assert told(session).count("A new sign-in") == 1


def test_signing_out_everywhere_means_here_too(client: TestClient, session: Session) -> None:
    person = factories.make_person(session, EMAIL, [PATIENT])
    elsewhere = factories.sign_in(None, session, person)
    factories.sign_in(client, session, person)
    client.post("/account/sign-ins/end-all", headers=FORM)
    assert client.get("/account", follow_redirects=False).status_code == 303
    assert client.get("/api/v1/me", headers=elsewhere).status_code == 401


def test_a_new_meeting_link_is_asked_about_and_nothing_else_of_the_profile(
    client: TestClient, session: Session
) -> None:
    dana = factories.make_provider(session, now=clock.now())
    headers = factories.sign_in(None, session, session.get_one(Person, dana.person_id))
    answer = client.get("/api/v1/me/provider", headers=headers)
    tag, profile = (
        {"If-Match": answer.headers["etag"]},
        client.get("/provider/profile", headers=headers),
    )
    assert profile.status_code == 200
    with clock.at(clock.now() + timedelta(minutes=16)):
        form = {"meeting_url": "https://meet.example.com/other", "headline": "Calm."}
        kept = client.post("/provider/profile", data=form, headers={**FORM, **headers})
        assert kept.status_code == 403
        assert "meet.example.com/other" in kept.text
        form["meeting_url"] = "https://meet.example.com/room"
        assert (
            client.post("/provider/profile", data=form, headers={**FORM, **headers}).status_code
            == 422
        )
        body = {
            "meeting_url": "https://meet.example.com/other",
            "display_name": "Dana Lee",
            "letters": "LCSW",
        }
        refused = client.put("/api/v1/me/provider", json=body, headers={**headers, **tag})
        assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")


def test_who_has_a_factor_books_after_showing_it(client: TestClient, session: Session) -> None:
    person = factories.make_patient(session, EMAIL)
    secret = set_up(client, factories.sign_in(None, session, person))
    dana = factories.make_provider(session, now=clock.now())
    service = services_of(session, dana.id)[0]
    start = free_starts(
        session, service, clock.now(), clock.now() + timedelta(days=3), clock.now()
    )[0]
    held = client.post(
        "/book",
        data={"service": str(service.id), "start": start.isoformat(), "state": "WA"},
        headers=FORM,
        follow_redirects=False,
    )
    at = held.headers["location"].rsplit("/", 1)[0]
    form = {"name": "Robin Sample", "email": EMAIL, "date_of_birth": "1990-01-01", "state": "WA"}
    client.post(f"{at}/you", data=form, headers=FORM)
    code = {"code": newest_code(session, EMAIL)}
    asked = client.post(f"{at}/code", data=code, headers=FORM)
    assert "Use your app or passkey" in asked.text
    assert f'name="next" value="{at}/check"' in asked.text
    with clock.at(clock.now() + timedelta(minutes=1)):
        proof = {"code": code_of(secret), "next": f"{at}/check"}
        check = client.post("/confirm", data=proof, headers=FORM)
        assert "Robin Sample" in check.text
        booked = client.post(f"{at}/check", headers=FORM, follow_redirects=False)
        assert booked.headers["location"].endswith("/booked")


def test_a_button_without_fields_is_pressed_once_more(client: TestClient, session: Session) -> None:
    secret = set_up(client, factories.sign_in(client, session, factories.make_patient(session)))
    with clock.at(clock.now() + timedelta(minutes=16)):
        kept = client.post("/account/factors/totp/remove", headers=FORM)
        assert kept.status_code == 403
        data = {"next": "/account/factors/totp/remove", "typed": "[]", "code": code_of(secret)}
        go_on = client.post("/confirm", data=data, headers=FORM)
        assert 'action="/account/factors/totp/remove"' in go_on.text
        assert "Removed." in client.post("/account/factors/totp/remove", headers=FORM).text
