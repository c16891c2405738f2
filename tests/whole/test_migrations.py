"""A migration of a directory in use: people go on writing, two processes may begin at once, and
what was interrupted is done again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from core.crypto import decrypt
from core.database import dialect_url
from tests.whole.servers import ROOT, Server, database_beside

LISTINGS = 3_000
PATIENCE = 60  # seconds

pytestmark = pytest.mark.xdist_group("migrations")

_PEOPLE = (
    """
    INSERT INTO person (id, email, created_at)
    SELECT uuidv7(), uuidv7() || '@example.com', now() FROM generate_series(1, %s)
    """,
    """
    INSERT INTO provider (id, person_id, slug, profession, legal_first_name, legal_last_name,
        display_name, letters, pronouns, headline, approach, conditions, modalities, ages,
        languages, insurance, sliding_scale, accepts_new, keeps_hours, created_at, submitted_at)
    SELECT uuidv7(), id, email, 'psychologist', 'Dana', 'Lee', 'Dana Lee', '', '', '', '', '{}',
        '{}', '{}', '{}', '{}', false, true, false, now(), now() FROM person
    WHERE id NOT IN (SELECT person_id FROM provider)
    """,
    """
    INSERT INTO listing (provider_id, number, change, slug, name, sort_name, facets, states, card,
        min_fee_cents, openings, marks, starts, hours, notice_minutes, due_at, published_at)
    SELECT id, nextval('listing_number'), nextval('listing_change'), slug, 'Dana Lee', 'lee dana',
        '{}', '{}', '{}', 0, '[]', '', '', '', 0, now() + interval '1 year',
        CASE WHEN random() < 0.9 THEN now() END FROM provider
    WHERE id NOT IN (SELECT provider_id FROM listing)
    """,
)


@pytest.fixture
def before(owner_url: str) -> Iterator[str]:
    """A database of the version before, with a directory in it."""
    with database_beside(owner_url, f"migrating_{os.getpid()}") as url:
        _upgrade_to(url, "0007")
        with psycopg.connect(url, autocommit=True) as connection:
            add_people(connection, LISTINGS)
        yield url


def _upgrade_to(url: str, revision: str) -> None:
    config = Config(ROOT / "alembic.ini")
    engine = create_engine(dialect_url(url))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


@contextmanager
def migrating(url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`main.py migrate`, as an upgrade runs it; ended by force where the test fails."""
    process = subprocess.Popen(
        [sys.executable, "main.py", "migrate"], cwd=ROOT, env=Server(DATABASE_URL=url).environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)


def building(connection: psycopg.Connection) -> int | None:
    """The process of the server that builds an index and waits for older transactions."""
    row = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event = 'virtualxid' AND query LIKE 'CREATE INDEX CONCURRENTLY%'"
    ).fetchone()
    return row[0] if row else None


def version(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def invalid(connection: psycopg.Connection) -> list[str]:
    found = connection.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
    )
    return [name for (name,) in found]


@contextmanager
def an_old_snapshot(url: str) -> Iterator[psycopg.Connection]:
    """Someone's long transaction, which every build waits for."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT 1")
        yield connection
        connection.rollback()


def write(url: str) -> None:
    """As someone applies, and as a booking changes a listing. Raises where it is kept waiting."""
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '1s'")
        add_people(connection, 1)
        connection.execute("UPDATE listing SET change = nextval('listing_change') WHERE number = 1")


def add_people(connection: psycopg.Connection, many: int) -> None:
    for statement in _PEOPLE:
        connection.execute(statement.replace("%s", str(many)).encode())


def check_migrated(connection: psycopg.Connection) -> None:
    assert invalid(connection) == []
    row = connection.execute(
        "SELECT (SELECT sum(change) FROM listing_count), (SELECT count(*) FROM listing),"
        " (SELECT count(*) FROM listing WHERE (published_at IS NULL) <> (submitted_at IS NOT NULL))"
    ).fetchone()
    assert row is not None
    assert row[0] == row[1] >= LISTINGS, "listings are counted, those that came meanwhile too"
    assert row[2] == 0, "who waits has a date, and nobody else"


@pytest.fixture
def watching(before: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(before, autocommit=True) as connection:
        yield connection


def test_people_apply_and_book_while_an_index_is_built(
    before: str, watching: psycopg.Connection
) -> None:
    with an_old_snapshot(before) as old, migrating(before) as process:
        wait_until(lambda: building(watching), "a build that waits")
        pid = building(watching)
        for _ in range(3):
            write(before)
        assert building(watching) == pid, "the build was to outlast the writing"
        old.rollback()
        assert process.wait(PATIENCE) == 0
    check_migrated(watching)


def test_what_a_killed_build_left_is_built_again(before: str, watching: psycopg.Connection) -> None:
    with an_old_snapshot(before), migrating(before) as process:
        wait_until(lambda: building(watching), "a build that waits")
        watching.execute("SELECT pg_terminate_backend(%s)", [building(watching)])
        assert process.wait(PATIENCE) != 0
    assert invalid(watching) != []
    assert version(watching) == "0007"
    with migrating(before) as process:
        assert process.wait(PATIENCE) == 0
    check_migrated(watching)


def test_of_two_that_begin_at_once_one_migrates_and_both_go_on(
    before: str, watching: psycopg.Connection
) -> None:
    """Whoever waits for its turn must not be what the other's build waits for."""
    asks = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND (query LIKE 'SELECT pg_try_advisory_lock%' OR query = 'COMMIT')"
    )
    with an_old_snapshot(before) as old, migrating(before) as first:
        wait_until(lambda: building(watching), "a build that waits")
        with migrating(before) as second:
            wait_until(lambda: watching.execute(asks).fetchone(), "the second to ask")
            old.rollback()
            assert first.wait(PATIENCE) == second.wait(PATIENCE) == 0
    check_migrated(watching)


def test_a_table_that_is_busy_is_left_to_the_others_and_tried_again(
    before: str, watching: psycopg.Connection
) -> None:
    waits = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE listing%'"
    )
    with psycopg.connect(before) as busy, migrating(before) as process:
        busy.execute("SELECT 1 FROM listing LIMIT 1")
        wait_until(lambda: watching.execute(waits).fetchone(), "a step that waits")
        wait_until(lambda: not watching.execute(waits).fetchone(), "it to let the others pass")
        write(before)
        assert process.poll() is None
        busy.rollback()
        assert process.wait(PATIENCE) == 0
    check_migrated(watching)


_BOOKED_BEFORE = (
    """
    INSERT INTO service (id, provider_id, title, kind, minutes, fee_cents, for_new, for_returning,
        position)
    SELECT uuidv7(), id, 'Long talk', 'individual', 50, 15000, true, true, 0 FROM provider
    """,
    """
    INSERT INTO schedule (provider_id, document, changed_at)
    SELECT id, '{"time_zone": "America/Chicago", "cancel_notice_minutes": 60}', now() FROM provider
    """,
    """
    INSERT INTO appointment (id, meeting_id, provider_id, service_id, patient_id, starts_at,
        ends_at, status, takes_time, extended, fee_cents, version, created_at, booked_at)
    SELECT uuidv7(), uuidv7(), p.id, v.id, p.person_id, '2026-12-01T15:00Z', '2026-12-01T15:50Z',
        CASE WHEN p.slug LIKE '%%0@%%' THEN 'cancelled' ELSE 'booked' END,
        p.slug NOT LIKE '%%0@%%', false, 15000, 0, now(), now()
    FROM provider p JOIN service v ON v.provider_id = p.id
    """,
    """
    INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind)
    SELECT id, '2026-11-20T12:00Z', status, starts_at, 'provider' FROM appointment
    """,
)


def test_what_was_agreed_before_is_written_down(owner_url: str) -> None:
    with database_beside(owner_url, f"agreeing_{os.getpid()}") as url:
        _upgrade_to(url, "0010")
        with psycopg.connect(url, autocommit=True) as connection:
            add_people(connection, 60)
            for statement in _BOOKED_BEFORE:
                connection.execute(statement)
            _upgrade_to(url, "head")
            found = connection.execute(
                "SELECT DISTINCT title, kind, cancel_notice_minutes, zone, local_start,"
                " tzdata_release IS NOT NULL, late_fee_cents, status, ended_by, ended_at::date"
                " FROM appointment ORDER BY status"
            ).fetchall()
            agreed = ("Long talk", "individual", 60, "America/Chicago", "2026-12-01T09:00", True, 0)
            assert found[0][:8] == (*agreed, "booked")
            assert found[0][8:] == (None, None)
            for row in found[1:]:
                assert row[:9] == (*agreed, "cancelled", "provider")
            # yesterday's code goes on: what it holds and moves is understood
            connection.execute("UPDATE service SET title = 'Renamed'")
            connection.execute(
                "INSERT INTO appointment (id, provider_id, service_id, starts_at, ends_at, status,"
                " expires_at, extended, fee_cents, version, created_at)"
                " SELECT uuidv7(), provider_id, service_id, starts_at + interval '1 day',"
                " ends_at + interval '1 day', 'held', now(), false, 0, 0, now()"
                " FROM appointment LIMIT 1"
            )
            held = connection.execute(
                "SELECT title, zone, local_start FROM appointment WHERE status = 'held'"
            ).fetchone()
            assert held == ("Renamed", "America/Chicago", None)
            connection.execute(
                "UPDATE appointment SET starts_at = starts_at + interval '7 days',"
                " ends_at = ends_at + interval '7 days' WHERE status = 'booked'"
            )
            moved = connection.execute(
                "SELECT DISTINCT title, local_start FROM appointment WHERE status = 'booked'"
            ).fetchall()
            assert moved == [("Long talk", None)]


def test_addresses_are_sealed_and_the_audit_log_forgets_names(owner_url: str) -> None:
    with database_beside(owner_url, f"sealing_{os.getpid()}") as url:
        _upgrade_to(url, "0013")
        with psycopg.connect(url, autocommit=True) as connection:
            add_people(connection, 3)
            connection.execute(
                "INSERT INTO audit_entry (at, actor_id, actor, action, subject_kind, subject_id,"
                " subject, detail) SELECT now(), id, email, 'credential.rejected', 'person', id,"
                ' email, \'{"kind": "npi", "reason": "Dana said so"}\' FROM person'
            )
            connection.execute("SET session_replication_role = replica")  # without its credential
            connection.execute(
                "INSERT INTO credential_decision (id, credential_id, admin_id, outcome, source,"
                " seen, reason, decided_at) VALUES (uuidv7(), uuidv7(), uuidv7(), 'rejected',"
                " 'Board', 'Dana Lee, expired.', 'Expired.', now())"
            )
            connection.execute("RESET session_replication_role")
            _upgrade_to(url, "0018")
            (text,) = connection.execute("SELECT source, seen, reason FROM decision_text")
            assert [decrypt(one) for one in text] == ["Board", "Dana Lee, expired.", "Expired."]
            left = connection.execute("SELECT source || seen || reason FROM credential_decision")
            assert left.fetchall() == [("",)]
            people = connection.execute("SELECT email, sealed_email, email_hash FROM person")
            for email, sealed, found_by in people.fetchall():
                assert decrypt(sealed) == email
                assert len(found_by) == 32
            log = connection.execute("SELECT DISTINCT actor, subject, detail FROM audit_entry")
            assert log.fetchall() == [("", "", {"kind": "npi"})]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("UPDATE audit_entry SET actor = 'x'")
            add_people(connection, 2)  # as yesterday's code, for a day
            row = connection.execute("SELECT plain_until > now() FROM lookup_key").fetchone()
            assert row == (True,)
