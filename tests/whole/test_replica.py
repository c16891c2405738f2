"""A real PostgreSQL and a real replica that streams from it: who answers, and what if one dies."""

import base64
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import create_engine
from sqlmodel import Session

from accounts.sessions import start_session
from booking.calendar.free_times import free_starts
from core import clock
from core.database import dialect_url
from core.replica import BEHIND
from core.settings import settings
from directory.queries import services_of
from tests.factories import make_patient, make_provider
from tests.whole.replicas import Standby
from tests.whole.servers import Cluster, Server

PATIENCE = 60  # seconds
SOON = BEHIND / 2  # what was certain a quarter of a second ago is still read after this

pytestmark = pytest.mark.xdist_group("replica")


@dataclass(frozen=True)
class Stage:
    """A primary, its replica, a server that knows both, and a provider with their free times."""

    cluster: Cluster
    standby: Standby
    server: Server
    slug: str
    provider_id: str
    service_id: str
    starts: list[datetime]
    tokens: list[str]

    def profile(self, **headers: str) -> str:
        """The provider's page, as a stranger sees it unless `headers` say more."""
        answer = httpx2.get(f"{self.server.url}/providers/{self.slug}", headers=headers)
        assert answer.status_code == 200
        return answer.text

    def reads(self, database: str) -> float:
        """How many of the reads that may go to a replica this one has answered."""
        measured = httpx2.get(f"{self.server.url}/metrics").text
        found = re.search(rf'openchair_reads_total{{database="{database}"}} (\S+)', measured)
        return float(found[1]) if found else 0.0

    def is_read_from(self, database: str) -> bool:
        before = self.reads(database)
        self.profile()
        return self.reads(database) > before

    def shows(self, name: str) -> bool:
        """On the page that comes from the replica."""
        return name in self.profile() and self.is_read_from("replica")

    def rename(self, name: str) -> None:
        """The provider's page is headed so from now on."""
        with psycopg.connect(self.cluster.url, autocommit=True) as connection:
            connection.execute("UPDATE provider SET display_name = %s", [name])

    def hold(self, token: str, start: datetime) -> httpx2.Response:
        return httpx2.post(
            f"{self.server.url}/api/v1/holds",
            headers={"Authorization": f"Bearer {token}"},
            json={"service_id": self.service_id, "starts_at": start.isoformat()},
        )

    def confirm(self, token: str, hold_id: str) -> httpx2.Response:
        return httpx2.post(
            f"{self.server.url}/api/v1/holds/{hold_id}/confirm",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())},
            json={"name": "Robin Example", "date_of_birth": "1990-01-01", "state": "WA"},
        )


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="openchair-two-", ignore_cleanup_errors=True)
            )
        )
        folder.chmod(0o755)  # the database's user goes through it
        cluster = Cluster(folder / "primary")
        stack.callback(cluster.stop)
        cluster.start()
        standby = Standby(folder / "standby", cluster.url)
        server = Server(
            DATA_DIR=str(folder / "primary"),
            DATABASE_URL=cluster.url,
            DATABASE_REPLICA_URL=standby.url,
            SECRET_KEYS=_keys(),
            SMTP_URL="smtp+plain://127.0.0.1:9",
            DEMO="false",
        )
        server.run("migrate")
        people = _people(cluster.url)
        stack.callback(standby.stop)
        standby.make()
        standby.start()
        stack.callback(server.stop)
        server.start()
        yield Stage(cluster, standby, server, *people)


def _keys() -> str:
    """This process' own, with which the people of the stage are written."""
    return ",".join(base64.b64encode(key).decode() for key in settings().encryption_keys())


def _people(url: str) -> tuple[str, str, str, list[datetime], list[str]]:
    engine = create_engine(dialect_url(url))
    now = clock.now()
    with Session(engine, expire_on_commit=False) as session:
        provider = make_provider(session, now=now)
        service = services_of(session, provider.id)[0]
        starts = free_starts(session, service, now, now + timedelta(days=20), now)
        tokens = [start_session(session, make_patient(session).id, now) for _ in "AB"]
        session.commit()
    engine.dispose()
    return provider.slug, str(provider.id), str(service.id), starts, tokens


@pytest.fixture(autouse=True)
def in_use(stage: Stage) -> Iterator[None]:
    """Each test begins and ends with a replica that is read from."""
    wait_until(lambda: stage.is_read_from("replica"))
    yield
    wait_until(lambda: stage.is_read_from("replica"))


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s"
        time.sleep(0.1)


@pytest.fixture
def paused(stage: Stage) -> Iterator[None]:
    """What is committed meanwhile does not show on the replica."""
    stage.standby.pause()
    yield
    stage.standby.resume()


def test_a_page_comes_from_the_replica(stage: Stage) -> None:
    assert stage.standby.ask("SELECT pg_is_in_recovery()")
    seen = stage.standby.ask(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = '' AND pid <> pg_backend_pid()"
    )
    assert seen >= 1  # besides the watch's connection


def test_strangers_see_it_and_who_did_something_here_does_not(stage: Stage) -> None:
    for attempt in range(10):
        old, new = f"Dana Old {attempt}", f"Dana New {attempt}"
        stage.rename(old)
        wait_until(partial(stage.shows, old))
        stage.standby.pause()
        began = time.monotonic()
        stage.rename(new)
        stranger, patient = stage.profile(), stage.profile(Cookie="session=abc")
        was_soon = time.monotonic() - began < SOON
        time.sleep(BEHIND)
        later = stage.profile()
        stage.standby.resume()
        assert new in patient
        assert new in later  # too far behind by now: the primary answers
        if was_soon:  # or a busy machine was slow, and the server has rightly asked the primary
            assert old in stranger
            return
    pytest.fail("the machine was never fast enough to see the difference")


@pytest.mark.usefixtures("paused")
def test_what_decides_a_booking_reads_from_the_primary(stage: Stage) -> None:
    first, second = stage.tokens
    start = stage.starts[0]
    slots = f"{stage.server.url}/api/v1/providers/{stage.provider_id}/slots"
    asked = {"service": stage.service_id, "from": start.isoformat()}
    held = stage.hold(first, start)
    assert held.status_code == 201
    assert stage.hold(second, start).status_code == 409
    left = [one["starts_at"] for one in httpx2.get(slots, params=asked).json()["slots"]]
    assert left
    assert datetime.fromisoformat(left[0]) > start
    assert stage.confirm(first, held.json()["id"]).status_code == 201
    assert stage.standby.ask("SELECT count(*) FROM appointment WHERE status = 'booked'") == 0


def test_a_replica_that_dies_is_not_missed(stage: Stage) -> None:
    stage.standby.kill()
    began = time.monotonic()
    for _ in range(20):
        stage.profile()
    assert time.monotonic() - began < PATIENCE / 10
    assert stage.is_read_from("primary")
    assert stage.hold(stage.tokens[1], stage.starts[-1]).status_code == 201
    wait_until(lambda: not stage.is_read_from("replica"))
    stage.standby.start()


def test_the_application_starts_while_the_replica_is_away(stage: Stage) -> None:
    stage.server.stop()
    stage.standby.stop()
    stage.server.start()
    assert stage.is_read_from("primary")
    stage.standby.start()
