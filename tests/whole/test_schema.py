"""Schemathesis against a real server: nothing it can think of makes us err or break our word."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import Session

from core import clock
from core.database import engine
from core.web.caller import PATIENT
from demo.people import ADMIN_EMAIL, PATIENT_EMAIL, ensure_people
from main import create_app
from tests.whole.servers import Server
from tests.whole.world import World, build_world, empty_database, speak_for

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8  # per operation and caller; bounded so that all of it stays near a minute
schema = schemathesis.openapi.from_dict(create_app().openapi())
bounded = settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=5),
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.xdist_group("schema")


@pytest.fixture(scope="module")
def living(owner_url: str) -> Iterator[tuple[str, World]]:
    """A running server on a database where each role has something to find."""
    with Session(engine(), expire_on_commit=False) as session:
        world = build_world(session)
        ensure_people(session, (ADMIN_EMAIL, PATIENT_EMAIL), PATIENT, clock.now())
        session.commit()  # the demo starts only where its own people are
    server = Server(DATABASE_URL=owner_url, RUN_WORKER="false")
    server.start()
    yield server.url, world
    server.stop()
    empty_database()


@schema.parametrize()  # type: ignore[untyped-decorator]  # it comes without types
@bounded
def test_a_stranger_is_answered_as_described(
    case: schemathesis.Case, living: tuple[str, World]
) -> None:
    case.call_and_validate(base_url=living[0], checks=CHECKS)


@schema.parametrize()  # type: ignore[untyped-decorator]  # it comes without types
@bounded
@pytest.mark.parametrize("role", ["patient A", "provider A", "admin"])
def test_whoever_signed_in_is_answered_as_described(
    case: schemathesis.Case, living: tuple[str, World], headers: dict[str, str]
) -> None:
    """With things that exist in the path, so that more than "not found" is put to the test."""
    url, world = living
    if case.path_parameters:
        known = {name: world.ids[name] for name in case.path_parameters if name in world.ids}
        case.path_parameters.update(known)
    case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)


@pytest.fixture
def headers(living: tuple[str, World], role: str) -> dict[str, str]:
    """A sign-in session of this test's own: one of the operations ends it."""
    with Session(engine()) as session:
        spoken = speak_for(session, living[1].people[role])
        session.commit()
    return spoken
