"""What waits for the database waits with a limit, and a commit is never cut short."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from fastapi import Response
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlmodel import Session

from core import database as core_database
from core.database import REQUEST_LIMITS, request_engine, transaction, within_request
from core.web.caller import public
from core.web.transactions import Router
from core.web.visit import Visiting
from tests.small import small_app

router = Router()


@router.post("/api/v1/asks")
@public
def asks(visit: Visiting, sql: str) -> int:
    return int(visit.session.connection().execute(text(sql)).scalar_one())


@router.post("/api/v1/idles")
@public
def idles(visit: Visiting) -> int:
    visit.session.connection().execute(text("SELECT 1"))
    time.sleep(0.5)
    return int(visit.session.connection().execute(text("SELECT 1")).scalar_one())


@router.post("/api/v1/adds")
@public
def adds(visit: Visiting) -> Response:
    visit.session.connection().execute(text("INSERT INTO slow_at_commit VALUES (1)"))
    return Response(status_code=204)


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """With limits of a tenth of a second."""
    monkeypatch.setattr(core_database, "REQUEST_LIMITS", dict.fromkeys(REQUEST_LIMITS, "100ms"))
    request_engine().dispose()
    request_engine.cache_clear()
    with TestClient(small_app(router), raise_server_exceptions=False) as opened:
        yield opened
    request_engine().dispose()
    request_engine.cache_clear()


def ask(client: TestClient, sql: str) -> tuple[int, str]:
    answer = client.post("/api/v1/asks", params={"sql": sql})
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code, answer.text


def test_a_long_statement_is_503(client: TestClient) -> None:
    assert ask(client, "SELECT 1 FROM pg_sleep(20)")[0] == 503
    assert ask(client, "SELECT 7") == (200, "7")  # the connection is as good as before


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("LOCK TABLE rate_counter", "SELECT count(*) FROM rate_counter"),
        (
            "SELECT pg_advisory_xact_lock(7)",
            "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7)) AS held",
        ),
    ],
)
def test_somebody_elses_lock_is_503(
    client: TestClient, database: str, held: str, wanted: str
) -> None:
    with psycopg.connect(make_conninfo(database.replace("+psycopg", ""))) as other:
        other.execute(held.encode())
        assert ask(client, wanted)[0] == 503
        assert ask(client, "SELECT 7") == (200, "7")
    assert ask(client, wanted)[0] == 200


def test_a_transaction_that_is_left_alone_is_503(client: TestClient) -> None:
    answer = client.post("/api/v1/idles")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert ask(client, "SELECT 7") == (200, "7")


def test_a_limit_that_is_counted_apart_waits_no_longer(
    client: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with within_request(), transaction() as session:
        shown = session.connection().execute(text("SHOW lock_timeout")).scalar_one()
    assert shown == "100ms"
    with transaction() as session:
        shown = session.connection().execute(text("SHOW lock_timeout")).scalar_one()
    assert shown == "1min"  # a job's


def test_a_commit_is_never_cut_short(client: TestClient, session: Session, owner_url: str) -> None:
    """Whoever is told 503 may try again, so a commit either was or was not."""
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "CREATE TABLE slow_at_commit (n int);"
            "GRANT INSERT, SELECT ON slow_at_commit TO PUBLIC;"
            "CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow_at_commit DEFERRABLE"
            " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_time()"
        )
    try:
        assert client.post("/api/v1/adds").status_code == 204
        kept = session.connection().execute(text("SELECT count(*) FROM slow_at_commit"))
        assert kept.scalar_one() == 1
    finally:
        session.rollback()
        with psycopg.connect(owner_url) as owner:
            owner.execute("DROP TABLE slow_at_commit; DROP FUNCTION take_time()")


def test_a_full_pool_is_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = request_engine().pool
    monkeypatch.setattr(pool, "_timeout", 0.1)
    taken = []
    try:
        while pool.checkedout() < pool.size() + 4:  # type: ignore[attr-defined]  # a QueuePool's
            taken.append(request_engine().connect())
        assert ask(client, "SELECT 7")[0] == 503
    finally:
        for one in taken:
            one.close()
    assert ask(client, "SELECT 7") == (200, "7")
