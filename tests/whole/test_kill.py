"""kill -9 of the application or of PostgreSQL in the middle of bookings: what was promised is kept,
and search goes on.

An answer of 201 is a promise. After the restart every promised booking is there, no two overlap,
and every promised letter has reached the mail server once or more.
"""

import base64
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import procrastinate
import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import create_engine
from sqlmodel import Session

from accounts.sessions import start_session
from booking.calendar.free_times import free_starts
from core import clock
from core.database import dialect_url
from core.settings import settings
from directory.queries import services_of
from tests.factories import make_patient, make_provider
from tests.whole.servers import Cluster, Server, free_port

CLIENTS = 6
PROVIDERS = 3
BEFORE = 20  # bookings acknowledged before the blow
AFTER = 10  # and after it
PATIENCE = 60  # seconds

pytestmark = [pytest.mark.race, pytest.mark.xdist_group("race")]


class Sink:
    """A mail server that keeps the Message-ID of everything it took."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(  # noqa: N802  # named by aiosmtpd
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        for line in content.decode("utf-8", "replace").splitlines():
            if line.lower().startswith("message-id:"):
                self.taken.append(line.partition(":")[2].strip())
        return "250 OK"


@dataclass
class Booked:
    """What clients were told by a 201, and other answers by status (0: none came)."""

    promised: dict[str, str] = field(default_factory=dict)
    other: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """A cluster, a server on it, a mail sink, times to book and people who book."""

    cluster: Cluster
    server: Server
    sink: Sink
    times: list[tuple[str, datetime]]
    tokens: list[str]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="openchair-kill-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        cluster = Cluster(folder)
        cluster.start()
        sink = Sink()
        mail_port = free_port()
        controller = Controller(sink, "127.0.0.1", mail_port)
        controller.start()
        server = Server(
            DATA_DIR=str(folder),
            DATABASE_URL=cluster.url,
            SECRET_KEYS=",".join(
                base64.b64encode(k).decode() for k in settings().encryption_keys()
            ),
            SMTP_URL=f"smtp+plain://127.0.0.1:{mail_port}",
            RUN_WORKER="true",
            DEMO="false",
        )
        server.run("migrate")
        times, tokens = _people(cluster.url)
        server.start()
        yield Stage(cluster, server, sink, times, tokens)
        server.stop()
        controller.stop()
        cluster.stop()


def _keys() -> str:
    """This process' own, with which the people of the stage are written."""
    return ",".join(base64.b64encode(key).decode() for key in settings().encryption_keys())


def _people(url: str) -> tuple[list[tuple[str, datetime]], list[str]]:
    """Times of a few providers, the same for all clients, and one token a client."""
    engine = create_engine(dialect_url(url))
    now = clock.now()
    times: list[tuple[str, datetime]] = []
    with Session(engine, expire_on_commit=False) as session:
        for _ in range(PROVIDERS):
            provider = make_provider(session, now=now)
            service = services_of(session, provider.id)[0]
            starts = free_starts(session, service, now, now + timedelta(days=40), now)
            times += [(str(service.id), start) for start in starts]
        people = [make_patient(session) for _ in range(CLIENTS)]
        tokens = [start_session(session, person.id, now) for person in people]
        session.commit()
    engine.dispose()
    return times, tokens


@contextmanager
def crowd(stage: Stage) -> Iterator[Booked]:
    """Clients who hold and confirm until the block ends, whatever happens to the server."""
    booked, enough = Booked(), threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [
            pool.submit(_keep_booking, stage, token, seed, booked, enough)
            for seed, token in enumerate(stage.tokens)
        ]
        try:
            yield booked
        finally:
            enough.set()
        for client in clients:
            client.result()


def _keep_booking(
    stage: Stage, token: str, seed: int, booked: Booked, enough: threading.Event
) -> None:
    chance = random.Random(seed)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=stage.server.url, headers=headers, timeout=5) as client:
        while not enough.is_set():
            service, start = chance.choice(stage.times)
            try:
                _book(client, service, start, booked)
            except httpx2.TransportError:
                booked.other.append(0)
                time.sleep(0.1)


def _book(client: httpx2.Client, service: str, start: datetime, booked: Booked) -> None:
    held = client.post(
        "/api/v1/holds", json={"service_id": service, "starts_at": start.isoformat()}
    )
    if held.status_code != 201:
        booked.other.append(held.status_code)
        return
    confirmed = client.post(
        f"/api/v1/holds/{held.json()['id']}/confirm",
        headers={"Idempotency-Key": str(uuid4())},
        json={"name": "Robin Example", "date_of_birth": "1990-01-01", "state": "WA"},
    )
    if confirmed.status_code == 201:
        booked.promised[confirmed.json()["id"]] = confirmed.json()["starts_at"]
    else:
        booked.other.append(confirmed.status_code)


def wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)


def test_the_application_dies_while_people_book(stage: Stage) -> None:
    with crowd(stage) as booked:
        wait_for(lambda: len(booked.promised) >= BEFORE, "the first bookings")
        stage.server.kill()
        time.sleep(0.3)
        stage.server.start()
        enough = len(booked.promised) + AFTER
        wait_for(lambda: len(booked.promised) >= enough, "bookings after the restart")
    check_promises(stage, booked)


def test_postgresql_dies_while_people_book(stage: Stage) -> None:
    with crowd(stage) as booked:
        wait_for(lambda: len(booked.promised) >= BEFORE, "the first bookings")
        stage.cluster.kill()
        time.sleep(0.3)
        stage.cluster.start()
        stage.server.wait_until_ready()
        enough = len(booked.promised) + AFTER
        wait_for(lambda: len(booked.promised) >= enough, "bookings after the restart")
    check_promises(stage, booked)


def test_search_goes_on_while_postgresql_is_dead_and_then_catches_up(stage: Stage) -> None:
    """Marked as of when; what changes before the feed listens again is not missed."""
    with httpx2.Client(base_url=stage.server.url, timeout=5) as client:

        def found() -> tuple[int, bool]:
            answer = client.get("/api/v1/providers?state=WA&sort=fee")
            assert answer.status_code == 200, answer.text
            return answer.json()["total"], answer.json()["as_of"] is not None

        assert client.get("/find?state=WA").status_code == 200  # its cards are at hand from now on
        assert found() == (PROVIDERS, False)
        stage.cluster.kill()
        wait_for(lambda: found() == (PROVIDERS, True), "the answer to say as of when")
        page = client.get("/find?state=WA")
        assert page.status_code == 200
        assert "Openings as of" in page.text
        assert page.text.count('class="provider-card"') == PROVIDERS
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        stage.cluster.start()
        with psycopg.connect(stage.cluster.url, autocommit=True) as connection:
            connection.execute(_HIDE_ONE)
        wait_for(lambda: found() == (PROVIDERS - 1, False), "the change made meanwhile")
        assert "Openings as of" not in client.get("/find?state=WA").text


_HIDE_ONE = """
    UPDATE listing SET published_at = NULL, change = nextval('listing_change')
    WHERE number = (SELECT min(number) FROM listing)
"""


def check_promises(stage: Stage, booked: Booked) -> None:
    assert 500 not in booked.other, "an answer blamed us"
    with psycopg.connect(stage.cluster.url, autocommit=True) as connection:
        rows = connection.execute("SELECT id::text, status, starts_at FROM appointment").fetchall()
        there = {key: (status, start) for key, status, start in rows}
        for key, start in booked.promised.items():
            assert there.get(key) == ("booked", datetime.fromisoformat(start))
        assert _overlaps(connection) == []
        _let_stalled_jobs_be_found(connection, stage.cluster.url)
        wait_for(lambda: _unsent(connection, stage.sink) == set(), "the promised letters")
        told = {row[0] for row in connection.execute("SELECT key FROM mail")}
    for key in booked.promised:
        assert any(key in one for one in told), f"nobody was told of {key}"


def _overlaps(connection: psycopg.Connection) -> list[object]:
    return connection.execute(
        """
        SELECT a.id, b.id FROM appointment a JOIN appointment b ON a.id < b.id
         AND (a.provider_id = b.provider_id OR a.patient_id = b.patient_id)
         AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.status IN ('held', 'booked') AND b.status IN ('held', 'booked')
        """
    ).fetchall()  # type: ignore[return-value]  # rows are tuples


def _let_stalled_jobs_be_found(connection: psycopg.Connection, url: str) -> None:
    """What the next five minutes would bring: the dead worker's silence is noticed."""
    connection.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
    )
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    with app.open():
        app.configure_task("core.jobs.retry_stalled").defer(timestamp=0)


def _unsent(connection: psycopg.Connection, sink: Sink) -> set[str]:
    """Letters that were promised and that no mail server has taken; and jobs that would write
    letters and have not run."""
    mails = {row[0] for row in connection.execute("SELECT id::text FROM mail")}
    waiting = connection.execute(
        "SELECT id::text FROM procrastinate_jobs"
        " WHERE status IN ('todo', 'doing')"
        " AND coalesce(scheduled_at, now()) < now() + interval '2 minutes'"
    )
    taken = {one.strip("<>").partition("@")[0] for one in sink.taken}
    return (mails - taken) | {row[0] for row in waiting}
