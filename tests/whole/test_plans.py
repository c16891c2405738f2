"""Nothing scans: among twenty thousand listings, no statement reads a table or an index whole."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking import periodic
from booking.calendar.free_times import free_starts
from core import clock, retention
from core.database import engine
from directory.alerts import delivery
from directory.queries import services_of
from main import create_app
from tests.whole.crowd import make_crowd, make_room
from tests.whole.plans import Said, faults, listening
from tests.whole.routes import routes_of
from tests.whole.test_access_matrix import BODIES, send
from tests.whole.world import ROLES, World, build_world, empty_database

pytestmark = pytest.mark.xdist_group("plans")

ROUTES = sorted(routes_of(create_app()), key=lambda route: (not route.is_read, str(route)))
MORE_READS: dict[str, tuple[str, ...]] = {
    "none": (
        "/find?state=WA&condition=anxiety",
        "/find?q=dana",
        "/find?q=dana+whitaker&state=WA",
        "/find?state=WA&sort=name&weekday=tue&time=evening",
        "/api/v1/providers?state=WA&condition=anxiety&limit=100",
        "/api/v1/providers?q=whitakr",
        "/api/v1/providers?q=1234567893",
        "/api/v1/suggest?q=wh",
        "/api/v1/suggest?q=danna",
        "/compare?id={provider_id}",
        "/demo/mailbox?to=someone7@example.com",
    ),
    "admin": (
        *(
            f"/admin?view={view}"
            for view in ("ours", "mine", "theirs", "expiring", "overdue", "everyone")
        ),
        "/admin?view=expiring&days=90",
        *(f"/admin?sort={sort}" for sort in ("-place", "name", "profession", "-state", "who")),
        "/admin?view=theirs&profession=psychologist&state=WA&who=nobody",
        *(f"/admin?q={typed}" for typed in ("dana", "1234567893", "someone7@example.com")),
        *(f"/api/v1/admin/queue?view={view}" for view in ("waiting", "expiring", "everyone")),
        "/admin/people?email=desk@example.com",
        "/admin/audit?action=credential.verified",
        "/admin/audit?actor=admin@example.com",
        "/admin/audit?subject=dana",
        "/admin/audit?subject=someone7@example.com",
        "/admin/audit?action=appointment.opened",
        "/admin/audit?since=2026-01-01&until=2026-01-02",
    ),
}
# A part of the statement → why it may read what grows.
BY_DESIGN = {
    # At start.
    "FROM (SELECT * FROM listing WHERE number >=": "the index is loaded, a batch at a time",
    "jsonb_object_keys(states) AS code": "the index is loaded: where each listing is at home",
    "string_agg(int8send(change), '') FROM listing": "the index catches up after a break",
    # For machines.
    "SELECT slug FROM listing WHERE number >=": "a part of the sitemap: so many at most, always",
    # Every few minutes.
    "FROM listing_before ORDER BY number": "what has changed since the last look; then it is gone",
    "FROM renewal_due": "those few whose renewal decides about a session within 72 hours",
    "FROM credential_decision WHERE decided_at >=": "decisions of two weeks, each made by hand",
    # At start, and nightly.
    "FROM lookup_key": "it has one row",
    # Nightly.
    "DELETE FROM sign_in_session": "nightly; an index on the last visit would cost every visit",
    "SELECT provider.photo FROM provider": "nightly: each file is held against all that are named",
    "SELECT evidence_file.id FROM evidence_file": "nightly: likewise",
}


JOBS = (
    periodic.expire_holds,
    periodic.follow_the_clock,
    periodic.advance_calendars,
    periodic.follow_lapses,
    periodic.warn_of_expiry,
    delivery.look_for_news,
)


@pytest.fixture(scope="module")
def world(owner_url: str) -> Iterator[World]:
    with Session(engine(), expire_on_commit=False) as session:
        make_room(session)
        world = build_world(session)
    make_crowd(owner_url)
    yield world
    empty_database()


@pytest.fixture(scope="module")
def heard(world: World) -> dict[str, Said]:
    """All that the application asks of the database: to start, for every route and whoever may
    call it, and in its periodic jobs."""
    with listening() as heard:
        with TestClient(
            create_app(),
            "http://localhost",
            raise_server_exceptions=False,
            client=("127.0.0.1", 50000),
        ) as client:
            client.follow_redirects = False
            _read(client, world)
            for job in JOBS:
                job(timestamp=0)
            _book(client, world)
            _write(client, world)
        retention.drop_what_ran_out(timestamp=0)
    return heard


def _read(client: TestClient, world: World) -> None:
    for route in (one for one in ROUTES if one.is_read):
        for role in (role for role in ROLES if route.lets_in(role)):
            assert send(client, world, route, role).status_code < 500, str(route)
    for role, paths in MORE_READS.items():
        for path in paths:
            answer = client.get(path.format(**world.ids), headers=world.headers[role])
            assert answer.status_code == 200, f"{path}: {answer.text}"


def _book(client: TestClient, world: World) -> None:
    """Hold, confirm, move and cancel a time."""
    now = clock.now()
    with Session(engine()) as session:
        service = services_of(session, UUID(world.ids["provider_id"]))[0]
        starts = free_starts(
            session, service, now + timedelta(days=3), now + timedelta(days=30), now
        )
    headers = world.headers["patient B"]
    held = client.post(
        "/api/v1/holds",
        headers=headers,
        json={"service_id": world.ids["service_id"], "starts_at": starts[3].isoformat()},
    )
    assert held.status_code == 201, held.text
    body = BODIES["POST /api/v1/holds/{hold_id}/confirm"]
    path = f"/api/v1/holds/{held.json()['id']}/confirm"
    booked = client.post(path, headers={**headers, "Idempotency-Key": "plans"}, json=body)
    assert booked.status_code == 201, booked.text
    path = f"/api/v1/appointments/{booked.json()['id']}"
    moved = client.post(
        f"{path}/reschedule", headers=headers, json={"starts_at": starts[6].isoformat()}
    )
    assert moved.status_code == 200, moved.text
    assert client.post(f"{path}/cancel", headers=headers, json={}).status_code == 200


def _write(client: TestClient, world: World) -> None:
    """Every other route once, as who may call it; accounts are deleted last."""
    last = [route for route in ROUTES if not route.is_read and "delete" in str(route).lower()]
    for route in [one for one in ROUTES if not one.is_read and one not in last] + last:
        for role in [role for role in ROLES if route.lets_in(role)][:1]:
            assert send(client, world, route, role).status_code < 500, str(route)


def test_no_statement_reads_what_grows_with_the_directory(
    heard: dict[str, Said], database_url: str
) -> None:
    found = {}
    with psycopg.connect(database_url) as connection:
        connection.execute("SET jit = off")
        for statement, said in heard.items():
            if not any(part in statement for part in BY_DESIGN):
                found[statement] = faults(connection, said)
    assert len(found) > 100, "few statements were heard"
    told = [
        f"{', '.join(problems)}:\n    {statement}"
        for statement, problems in found.items()
        if problems
    ]
    assert not told, "\n".join(told)


def test_every_exception_is_needed(heard: dict[str, Said]) -> None:
    for part in BY_DESIGN:
        assert any(part in statement for statement in heard) or "catches up" in BY_DESIGN[part]
