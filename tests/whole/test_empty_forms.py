"""Nothing that can be sent is answered with our own mistake, least of all an empty form."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from main import create_app
from tests.whole.routes import Route, routes_of
from tests.whole.world import ROLES, build_world

CHANGING = sorted((one for one in routes_of(create_app()) if not one.is_read), key=str)


@pytest.mark.parametrize("route", CHANGING, ids=str)
def test_an_empty_form_is_answered(session: Session, client: TestClient, route: Route) -> None:
    world = build_world(session)
    role = next(role for role in reversed(ROLES) if route.lets_in(role))
    path = route.filled(world.ids)
    empty = client.request(route.method, path, headers=world.headers[role], follow_redirects=False)
    assert empty.status_code < 500
