"""Every route that is weighty, and every route at all to who owes a second factor: refused, and
nothing changes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session, col, select, update

from accounts import sessions
from accounts.models import SignInSession, Totp
from core import clock
from core.database import engine, transaction
from core.settings import settings
from main import create_app
from tests.whole.routes import Route
from tests.whole.test_access_matrix import ROUTES, send
from tests.whole.world import World, build_world, empty_database, fingerprint

pytestmark = pytest.mark.xdist_group("matrix")

CONFIRMED = """
GET /account/data/delete
GET /account/data/export
GET /account/email
GET /account/factors/recovery-codes
GET /account/factors/totp
GET /admin/evidence/{file_id}
GET /admin/providers/{provider_id}/suspension
GET /api/v1/me/practice/export
GET /provider/practice/close
GET /provider/practice/export
DELETE /api/v1/admin/providers/{provider_id}/suspension
DELETE /api/v1/me/factors/passkeys/{passkey_id}
DELETE /api/v1/me/factors/totp
POST /account/data/delete
POST /account/email
POST /account/email/confirm
POST /account/factors/passkeys/{passkey_id}/remove
POST /account/factors/recovery-codes
POST /account/factors/totp
POST /account/factors/totp/confirm
POST /account/factors/totp/remove
POST /admin/credentials/{credential_id}/decision
POST /admin/identity-requests/{identity_request_id}/decision
POST /admin/people/{person_id}/email
POST /admin/people/{person_id}/factors/reset
POST /admin/providers/{provider_id}/suspension
POST /admin/providers/{provider_id}/suspension/end
POST /api/v1/admin/credentials/{credential_id}/decision
POST /api/v1/admin/evidence
POST /api/v1/admin/identity-requests/{identity_request_id}/decision
POST /api/v1/admin/providers/{provider_id}/suspension
POST /api/v1/admin/people/{person_id}/email
POST /api/v1/admin/people/{person_id}/factors/reset
POST /api/v1/me/email
POST /api/v1/me/email/confirm
POST /api/v1/me/factors/recovery-codes
POST /api/v1/me/passkeys
POST /api/v1/me/practice/closing
POST /provider/practice/close
POST /api/v1/me/passkeys/options
POST /api/v1/me/totp
POST /api/v1/me/totp/confirm
"""
"""Decisions, evidence, suspension, export, deletion, factors, addresses. (Roles are given by the
command line; a meeting link is asked about within its form.)"""

ROLES = {"admin": "admin", "provider": "provider A"}


@pytest.fixture(scope="module")
def house(database_url: str) -> Iterator[tuple[TestClient, World]]:
    with Session(engine(), expire_on_commit=False) as session:
        world = build_world(session)
    with TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client, world
    empty_database()


@pytest.fixture(autouse=True)
def real_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings().model_copy(update={"demo": False, "rate_limits": False})
    monkeypatch.setattr(sessions, "settings", lambda: config)


def role_for(route: Route) -> str:
    return next((ROLES[role] for role in ROLES if role in route.access.roles), "patient A")


def with_totp(world: World, factor_shown: bool) -> None:
    """Everyone has an app; their sessions have shown it or not."""
    at = clock.now()
    with transaction() as session:
        for person in world.people.values():
            if session.get(Totp, person) is None:
                session.add(Totp(person_id=person, secret="A", created_at=at, confirmed_at=at))
        shown = at if factor_shown else None
        session.exec(update(SignInSession).values(factor_at=shown))


def is_asked_who(answer: Response, route: Route, code: str) -> bool:
    if route.is_api:
        return answer.status_code == 403 and answer.json()["code"] == code
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/confirm?next=")
    return answer.status_code == 403 and 'action="/confirm"' in answer.text


def test_these_routes_ask_for_a_confirmation() -> None:
    named = {line for line in CONFIRMED.splitlines() if line}
    assert {str(one) for one in ROUTES if one.access.confirmed} == named


def test_after_a_pause_what_is_weighty_is_refused(house: tuple[TestClient, World]) -> None:
    client, world = house
    with_totp(world, factor_shown=True)
    with transaction() as session:
        long_ago = clock.now() - timedelta(hours=5)
        session.exec(update(SignInSession).values(confirmed_at=long_ago))
    for route in (one for one in ROUTES if one.access.confirmed):
        before = fingerprint()
        answer = send(client, world, route, role_for(route))
        assert is_asked_who(answer, route, "confirmation_needed"), f"{route}: {answer.status_code}"
        assert fingerprint() == before, route


OPEN_BEFORE = {
    "GET /confirm",
    "POST /confirm",
    "GET /account/factors/lost",
    "POST /account/factors/lost",
    "POST /api/v1/auth/factor",
    "POST /api/v1/me/factors/reset",
    "POST /api/v1/auth/factor/options",
}


def test_who_owes_a_factor_is_let_in_nowhere(house: tuple[TestClient, World]) -> None:
    client, world = house
    with_totp(world, factor_shown=False)
    asked = [one for one in ROUTES if not one.access.anyone]
    assert {str(one) for one in asked if one.access.before_factor} == OPEN_BEFORE
    for route in (one for one in asked if not one.access.before_factor):
        before = fingerprint()
        answer = send(client, world, route, role_for(route))
        if route.method == "POST" and not route.is_api:
            assert answer.headers["location"] == "/confirm?next=/", route
        assert is_asked_who(answer, route, "factor_needed"), f"{route}: {answer.status_code}"
        assert fingerprint() == before, route


def test_without_a_factor_no_admin_route_opens(house: tuple[TestClient, World]) -> None:
    client, world = house
    with transaction() as session:
        admin = session.get(Totp, world.people["admin"])
        if admin is not None:
            session.delete(admin)
        session.exec(update(SignInSession).values(factor_at=None))
    for route in (one for one in ROUTES if one.access.roles == {"admin"}):
        answer = send(client, world, route, "admin")
        if route.is_api:
            assert (answer.status_code, answer.json()["code"]) == (403, "factor_needed"), route
        else:
            assert answer.headers["location"].startswith("/account/factors?"), route


def test_public_pages_show_nothing_to_who_owes_a_factor(house: tuple[TestClient, World]) -> None:
    client, world = house
    with_totp(world, factor_shown=False)
    client.cookies.clear()
    headers = world.headers["patient A"]
    assert "My appointments" not in client.get("/find", headers=headers).text
    way = client.get("/sign-in?next=/account", headers=headers).headers["location"]
    assert way == "/confirm?next=%2Faccount"
    client.post("/sign-out", headers=headers)  # which ends the session all the same
    with Session(engine()) as session:
        ended = select(SignInSession).where(
            SignInSession.person_id == world.people["patient A"],
            col(SignInSession.revoked_at).is_not(None),
        )
        assert len(session.exec(ended).all()) == 1
