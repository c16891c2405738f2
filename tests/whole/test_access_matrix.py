"""Every route × every role: who is not let in learns nothing and changes nothing."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from core.database import engine
from main import create_app
from tests.whole.routes import Route, routes_of, undeclared
from tests.whole.world import LOOKS, ROLES, World, build_world, empty_database, fingerprint

ROUTES = sorted(routes_of(create_app()), key=str)
# What a stranger would send; without it a route would refuse the form and not the stranger.
_SERVICE: dict[str, object] = {
    "title": "Talk",
    "kind": "individual",
    "minutes": 50,
    "fee_cents": 10000,
}
_PERSON: dict[str, object] = {"name": "Robin Example", "date_of_birth": "1990-01-01", "state": "WA"}
BODIES: dict[str, dict[str, object]] = {
    "POST /api/v1/appointments/{appointment_id}/reschedule": {"starts_at": "2040-01-04T18:00:00Z"},
    "POST /api/v1/holds/{hold_id}/confirm": _PERSON,
    "POST /api/v1/me/services": _SERVICE,
    "PUT /api/v1/appointments/{appointment_id}/allowance": {"most": 2},
    "PUT /api/v1/appointments/{appointment_id}/state": {"state": "OR"},
    "PUT /api/v1/me/availability": {"time_zone": "America/Los_Angeles", "weekly": []},
    "POST /api/v1/me/availability/preview": {"time_zone": "America/Los_Angeles", "weekly": []},
    "POST /api/v1/me/email": {"new_email": "new@example.com"},
    "POST /api/v1/me/email/confirm": {"old_code": "123456", "new_code": "123456"},
    "POST /api/v1/admin/people/{person_id}/factors/reset": {"reason": "I called."},
    "POST /api/v1/admin/people/{person_id}/email": {
        "new_email": "new@example.com",
        "reason": "I called.",
    },
    "POST /api/v1/auth/factor": {"totp": "123456"},
    "POST /api/v1/me/passkeys": {"credential": {}},
    "POST /api/v1/me/totp/confirm": {"code": "123456"},
    "POST /api/v1/admin/providers/{provider_id}/suspension": {"reason": "A complaint."},
}
# The GETs that may write one thing: that somebody looked, in the audit log.
LOOKS_RECORDED = {
    "GET /account/data/export",
    "GET /admin/evidence/{file_id}",
    "GET /admin/providers/{provider_id}",
    "GET /api/v1/admin/providers/{provider_id}",
    "GET /api/v1/appointments",
    "GET /api/v1/appointments/{appointment_id}",
    "GET /api/v1/me/practice/export",
    "GET /provider/appointments/{appointment_id}",
    "GET /provider/practice/export",
}
UPLOADS = {"POST /api/v1/admin/evidence", "PUT /api/v1/me/photo"}
REFUSED = {401, 403, 404}

pytestmark = pytest.mark.xdist_group("matrix")


@pytest.fixture(scope="module")
def house(database_url: str) -> Iterator[tuple[TestClient, World]]:
    """One world for all: refused requests change nothing, and the tests prove it."""
    with Session(engine(), expire_on_commit=False) as session:
        world = build_world(session)
    with TestClient(
        create_app(),
        "http://localhost",
        raise_server_exceptions=False,
        follow_redirects=False,
        client=("127.0.0.1", 50000),
    ) as client:
        yield client, world
    empty_database()


def send(client: TestClient, world: World, route: Route, role: str) -> Response:
    client.cookies.clear()
    path, headers = route.filled(world.ids), world.headers[role]
    if route.is_api and route.method not in ("GET", "DELETE") and str(route) not in UPLOADS:
        return client.request(route.method, path, headers=headers, json=BODIES.get(str(route), {}))
    return client.request(route.method, path, headers=headers)


def is_refused(answer: Response, route: Route, role: str) -> bool:
    if answer.status_code == 303 and role == "none" and not route.is_api:
        return answer.headers["location"].startswith("/sign-in")
    return answer.status_code in REFUSED


def test_every_route_says_who_may_call_it() -> None:
    left_over = {"/static", "/api/v1/openapi.json"}
    assert undeclared(create_app()) <= left_over
    assert len(ROUTES) > 40


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_who_is_not_let_in_is_refused_and_changes_nothing(
    house: tuple[TestClient, World], route: Route
) -> None:
    client, world = house
    for role in ROLES:
        if route.lets_in(role):
            continue
        before = fingerprint()
        answer = send(client, world, route, role)
        assert is_refused(answer, route, role), f"{role} got {answer.status_code}: {answer.text}"
        assert fingerprint() == before, f"{role} was refused and yet changed something"


@pytest.mark.parametrize("route", [one for one in ROUTES if one.is_read], ids=str)
def test_who_is_let_in_may_look_and_looking_changes_nothing(
    house: tuple[TestClient, World], route: Route
) -> None:
    client, world = house
    for role in ROLES:
        if not route.lets_in(role):
            continue
        before = fingerprint()
        answer = send(client, world, route, role)
        assert answer.status_code < 500, f"{role} got {answer.status_code}"
        assert answer.status_code not in REFUSED, f"{role} got {answer.status_code}"
        after = fingerprint()
        changed = {table for table, rows in after.items() if rows != before.get(table)}
        may_change = {LOOKS} if str(route) in LOOKS_RECORDED else set()
        assert changed <= may_change, f"{role} only looked and yet changed something"
