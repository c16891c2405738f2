"""A licence with booked sessions, a real server with its worker, and a mail server; to revoke."""

import base64
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from uuid import UUID

import procrastinate
import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import create_engine
from sqlmodel import Session

from accounts.models import Person
from booking import web
from booking.calendar.free_times import free_starts
from core import clock
from core.database import dialect_url
from core.settings import settings
from core.web.caller import ADMIN, Caller
from directory.credentials.decisions import DecisionForm, decide
from directory.queries import credentials_of, services_of
from tests.factories import make_appointment, make_patient, make_person, make_provider
from tests.whole.servers import Cluster, Server, free_port, lookup_key_of

_ = web  # booking says what follows
PATIENCE = 60  # seconds
AT_ONCE = 2
"""So many letters a worker hands over at a time."""


class Sink:
    """A mail server that keeps the letters about sessions that were called off: when each came (by
    the monotonic clock), to whom, and its Message-ID."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, str, str]] = []

    async def handle_DATA(  # noqa: N802  # named by aiosmtpd
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content)
        if "cancelled" in letter["Subject"] or "called off" in letter["Subject"]:
            (person,) = envelope.rcpt_tos
            self.taken.append((time.monotonic(), person, letter["Message-ID"]))
        return "250 OK"

    def told(self) -> Counter[str]:
        """How many letters each person has. One that was handed over in the instant of a kill may
        come again: it has the same Message-ID, by which it is one letter."""
        return Counter(person for person, _ in {one[1:] for one in self.taken})

    def repeated(self) -> int:
        return len(self.taken) - len({one[1:] for one in self.taken})


@dataclass(frozen=True)
class Stage:
    """`expected`: the addresses of the patients and of the provider."""

    cluster: Cluster
    server: Server
    sink: Sink
    admin: Caller
    licence: UUID
    expected: list[str]


@contextmanager
def staged(sessions: int) -> Iterator[Stage]:
    """So many booked sessions of one provider in one state, a patient each."""
    with tempfile.TemporaryDirectory(prefix="openchair-revoke-", ignore_cleanup_errors=True) as at:
        folder = Path(at)
        cluster = Cluster(folder)
        cluster.start()
        sink, mail_port = Sink(), free_port()
        controller = Controller(sink, "127.0.0.1", mail_port)
        controller.start()
        keys = settings().encryption_keys()
        server = Server(
            DATA_DIR=at,
            DATABASE_URL=cluster.url,
            SECRET_KEYS=",".join(base64.b64encode(key).decode() for key in keys),
            SMTP_URL=f"smtp+plain://127.0.0.1:{mail_port}",
            RUN_WORKER="true",
            DEMO="false",
        )
        try:
            server.run("migrate")
            admin, licence, expected = _book(cluster.url, sessions)
            server.start()
            yield Stage(cluster, server, sink, admin, licence, expected)
        finally:
            server.stop()
            controller.stop()
            cluster.stop()


def _book(url: str, sessions: int) -> tuple[Caller, UUID, list[str]]:
    engine, now = create_engine(dialect_url(url)), clock.now()
    with lookup_key_of(url), Session(engine, expire_on_commit=False) as session:
        provider = make_provider(session, now=now)
        service = services_of(session, provider.id)[0]
        soonest, last = now + timedelta(days=2), now + timedelta(days=50)
        starts = free_starts(session, service, soonest, last, now)
        patients = [make_patient(session) for _ in range(sessions)]
        for patient, start in zip(patients, starts[::2], strict=False):
            make_appointment(session, service, patient, start)
        admin = make_person(session, "admin@example.com", [ADMIN])
        (licence,) = (
            one.id for one in credentials_of(session, provider.id) if one.kind == "state_license"
        )
        emails = [one.email for one in patients]
        emails.append(session.get_one(Person, provider.person_id).email)
    engine.dispose()
    return Caller(admin.id, admin.email, frozenset({ADMIN})), licence, emails


def revoke_with(stage: Stage, kill_after: int | None) -> None:
    """Revoke the licence, and wait until everybody has been told. `kill_after`: so many letters
    after which the app dies and is started again."""
    engine = create_engine(dialect_url(stage.cluster.url))
    form = DecisionForm(
        outcome="revoked", source="State board", seen="Revoked.", reason="As the board said."
    )
    with lookup_key_of(stage.cluster.url), Session(engine) as session:
        decide(session, stage.licence, stage.admin, form, None, clock.now())
        session.commit()
    engine.dispose()
    told = stage.sink.told
    if kill_after is not None:
        wait_for(lambda: len(told()) >= kill_after, "the first letters")
        stage.server.kill()
        assert len(told()) < len(stage.expected), "it was killed too late to mean anything"
        stage.server.start()
        let_stalled_jobs_be_found(stage.cluster.url)
    wait_for(lambda: set(stage.expected) <= set(told()), "everybody's letter")
    wait_for(lambda: _is_done(stage.cluster.url), "the end of all work")


def _is_done(url: str) -> bool:
    """Nothing that could still send is left."""
    waiting = (
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        " AND coalesce(scheduled_at, now()) <= now() AND task_name LIKE '%letters%'"
        " OR status IN ('todo', 'doing') AND task_name = 'core.mail.send'"
    )
    with psycopg.connect(url) as connection:
        return connection.execute(waiting).fetchone() == (0,)


def let_stalled_jobs_be_found(url: str) -> None:
    """What the next five minutes would bring: the dead worker's silence is noticed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
        )
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    with app.open():
        app.configure_task("core.jobs.retry_stalled").defer(timestamp=0)


def wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.02)
