"""A real PostgreSQL for every test that asks for one, built by the migrations."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import hypothesis
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, SQLModel

# Settings are read once: the tests' own come before any module of ours asks.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_FOLDER = Path(tempfile.gettempdir()) / f"openchair-test-data-{os.environ.get('USER', 'user')}"
os.environ.update(
    DATA_DIR=str(_FOLDER / _WORKER),  # the database is shared, files are not
    DEMO="true",
    RUN_WORKER="false",
    LOG_LEVEL="WARNING",
    SMTP_URL="",
    BASE_URL="",
)

from accounts.models import Person  # noqa: E402
from core import clock, limits, mail  # noqa: E402
from core.database import engine, request_engine  # noqa: E402
from core.migrations import migrate  # noqa: E402
from core.postgres import ensure_database  # noqa: E402
from core.roles import grant, make_application  # noqa: E402
from core.settings import settings  # noqa: E402
from directory.models import Provider  # noqa: E402
from tests.factories import NOW, STAYS, make_provider, sign_in  # noqa: E402
from tests.whole.servers import database_named  # noqa: E402

_ = (limits, mail)


# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


JOBS = ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A fresh database for this test process, migrated, as the application; dropped at the end."""
    server = os.environ.get("TEST_DATABASE_URL") or ensure_database(_FOLDER)
    name = f"test_{_WORKER}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        if "TEST_DATABASE_URL" not in os.environ:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {name}")
    owner_url = database_named(server, name)
    os.environ["DATABASE_OWNER_URL"] = owner_url
    os.environ["DATABASE_URL"] = make_application(owner_url)
    settings.cache_clear()
    settings().make_key()
    engine.cache_clear()
    request_engine.cache_clear()
    migrate()
    grant(owner_url, os.environ["DATABASE_URL"])
    yield os.environ["DATABASE_URL"]
    engine().dispose()
    request_engine().dispose()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def owner_url(database_url: str) -> str:
    """The same database, as the superuser who owns it: for what no application may do."""
    return settings().owner_url


@pytest.fixture
def database(database_url: str, owner_url: str) -> Iterator[str]:
    """The database, empty; emptied again afterwards. Commits are real."""
    yield database_url
    # Of a few rows DELETE is a hundred times faster than TRUNCATE, which makes new files.
    tables = {*SQLModel.metadata.tables, *JOBS} - STAYS
    with psycopg.connect(owner_url) as connection:
        # replica: neither the append-only triggers nor foreign keys are looked at
        connection.execute("SET session_replication_role = replica")
        connection.execute(";".join(f'DELETE FROM "{table}"' for table in tables))  # noqa: S608  # our own names


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A session on the empty database; commit where another connection must see it."""
    with Session(engine(), expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def app(database: str) -> FastAPI:
    """The whole application on the empty database."""
    from main import create_app

    return create_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client without cookies yet; answers 500 instead of raising, as people would see."""
    with TestClient(app, "http://testserver", raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def monday_at_ten() -> Iterator[None]:
    """It is `NOW`, and time runs on from there."""
    with clock.at(NOW):
        yield


@pytest.fixture
def dana(session: Session) -> Provider:
    """A listed clinical social worker in Washington."""
    return make_provider(session, now=NOW)


@pytest.fixture
def speaks(client: TestClient, session: Session, dana: Provider) -> TestClient:
    """A browser in which Dana is signed in; it follows no redirects."""
    sign_in(client, session, session.get_one(Person, dana.person_id))
    client.follow_redirects = False
    return client


@pytest.fixture
def running_server(database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a real server on the test database; one process, or as many as
    `parametrize("running_server", [2], indirect=True)` says. Rate limits are off."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "main:create_app", "--factory"]
    command += ["--http", "core.web.connections:Connection"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    workers = ["--workers", str(getattr(request, "param", 1))]
    environment = {**os.environ, "RATE_LIMITS": "false", "PORT": str(port)}
    server = subprocess.Popen(  # noqa: S603  # our own program
        [*command, *options, *workers], cwd=Path(__file__).parents[1], env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(server, url)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline, last = time.monotonic() + 60, "no answer"
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server stopped by itself with {server.returncode}")
        try:
            with urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310  # our own address
                if answer.status == 200:
                    return
        except (URLError, OSError) as error:
            last = str(error)
            time.sleep(0.05)
    raise RuntimeError(f"the server was not ready within a minute: {last}")
