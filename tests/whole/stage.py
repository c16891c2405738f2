"""A server on which many people book at once while things go wrong, and what they were promised.

An answer of 201 is a promise. Whatever dies meanwhile, every promised booking is there afterwards,
no two overlap, and every promised letter has reached the mail server once or more.
"""

import base64
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import procrastinate
import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import create_engine
from sqlmodel import Session

from accounts.sessions import start_session
from booking.calendar.free_times import free_starts
from booking.models import SessionAllowance
from booking.rules.hold_caps import MOST_SESSIONS
from core import clock
from core.database import dialect_url
from core.settings import settings
from directory.queries import services_of
from tests.factories import make_patient, make_provider
from tests.whole.servers import Cluster, Server, free_port, lookup_key_of

CLIENTS = 6
PROVIDERS = 3
PATIENCE = 60  # seconds


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


@contextmanager
def staged(**environment: str) -> Iterator[Stage]:
    """A server with a worker, on a PostgreSQL that keeps what it commits."""
    with ExitStack() as ends:
        made = tempfile.TemporaryDirectory(prefix="openchair-kill-", ignore_cleanup_errors=True)
        folder = Path(ends.enter_context(made))
        cluster = Cluster(folder)
        ends.callback(cluster.stop)
        cluster.start()
        sink = Sink()
        mail_port = free_port()
        controller = Controller(sink, "127.0.0.1", mail_port)
        ends.callback(controller.stop)
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
            **environment,
        )
        server.run("migrate")
        times, tokens = _people(cluster.url)
        ends.callback(server.stop)
        server.start()
        yield Stage(cluster, server, sink, times, tokens)


def _people(url: str) -> tuple[list[tuple[str, datetime]], list[str]]:
    """Times of a few providers, the same for all clients, and one token a client; with each
    provider each may have as many sessions ahead as there can be."""
    engine = create_engine(dialect_url(url))
    now = clock.now()
    times: list[tuple[str, datetime]] = []
    with lookup_key_of(url), Session(engine, expire_on_commit=False) as session:
        people = [make_patient(session) for _ in range(CLIENTS)]
        for _ in range(PROVIDERS):
            provider = make_provider(session, now=now)
            service = services_of(session, provider.id)[0]
            starts = free_starts(session, service, now, now + timedelta(days=40), now)
            times += [(str(service.id), start) for start in starts]
            session.add_all(
                SessionAllowance(
                    provider_id=provider.id, patient_id=one.id, most=MOST_SESSIONS, changed_at=now
                )
                for one in people
            )
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


def wait_for_more(booked: Booked, bookings: int) -> None:
    enough = len(booked.promised) + bookings
    wait_for(lambda: len(booked.promised) >= enough, "more bookings")


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
