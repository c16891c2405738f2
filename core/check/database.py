"""The database: reachable, of a version that does, migrated, with the right roles, and in time."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from cryptography.exceptions import InvalidTag

from core import clock
from core.check.findings import Finding, good, warning, wrong
from core.crypto import decrypt
from core.postgres import (
    NoDatabase,
    check_database,
    check_replica_address,
    ensure_database,
    is_made,
)
from core.roles import make_application, missing, standing
from core.schema_version import is_current
from core.settings import Settings

OLDEST: Final = 150_000  # PostgreSQL 15, as server_version_num says it
SKEW: Final = 2.0
"""Seconds between the clocks of the two machines that are worth a thought."""
WAITING: Final = 10
"""Minutes a job may be due before someone should ask whether a worker runs."""

_SERVER: Final = """
    SELECT current_setting('server_version_num')::int, current_setting('server_version'),
        current_setting('server_encoding'),
        current_setting('fsync')::bool AND current_setting('full_page_writes')::bool,
        current_setting('max_connections')::int, pg_is_in_recovery(),
        extract(epoch FROM clock_timestamp())::float8
"""
_EXTENSIONS: Final = """
    SELECT name FROM unnest(ARRAY['btree_gist', 'pg_trgm', 'unaccent']) AS name
    WHERE name NOT IN (SELECT extname FROM pg_extension)
        AND name NOT IN (SELECT name FROM pg_available_extensions)
"""
_JOBS: Final = f"""
    SELECT count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'todo'
        AND coalesce(scheduled_at, deferred_at) < now() - interval '{WAITING} minutes')
    FROM procrastinate_jobs LEFT JOIN LATERAL (
        SELECT at AS deferred_at FROM procrastinate_events
        WHERE job_id = procrastinate_jobs.id AND type = 'deferred' ORDER BY id LIMIT 1
    ) AS event ON true
"""  # noqa: S608  # a number of our own
_PROBE: Final = "SELECT sealed FROM lookup_key"


def look_at_database(config: Settings) -> Iterator[Finding]:
    try:
        found_at = addresses(config)
    except NoDatabase as error:
        yield wrong(str(error), "See Settings in docs/operations.md: DATABASE_URL, DATA_DIR.")
        return
    if found_at is None:
        yield good("The embedded database is made by the first start.")
        return
    url, owner_url = found_at
    found = [*_of_server(config, url), *_of_schema(config, url, owner_url)]
    yield from found or [good("The database answers, is up to date, and keeps its history.")]


def addresses(config: Settings) -> tuple[str, str] | None:
    """As the application and as the owner; None where the first start makes the embedded one.
    Raises NoDatabase."""
    if config.database_replica_url:
        check_replica_address(config.database_replica_url)
    if not config.database_url:
        if not is_made(config.data_dir):
            return None
        owner_url = ensure_database(config.data_dir)
        return make_application(owner_url), owner_url
    check_database(config.database_url)
    if config.database_owner_url:
        check_database(config.database_owner_url, "DATABASE_OWNER_URL")
    return config.database_url, config.owner_url


def _of_server(config: Settings, url: str) -> Iterator[Finding]:
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        before = clock.now().timestamp()
        number, version, encoding, is_safe, most, is_replica, at = _row(connection, _SERVER)
        skew = abs(at - (before + clock.now().timestamp()) / 2)
        absent = [name for (name,) in connection.execute(_EXTENSIONS).fetchall()]
    if number < OLDEST:
        yield wrong(f"PostgreSQL is {version}.", "Openchair needs 15 or newer.")
    if encoding != "UTF8":
        yield wrong(f"The database's encoding is {encoding}.", "Make it anew with ENCODING 'UTF8'.")
    if absent:
        yield wrong(
            f"PostgreSQL lacks {', '.join(absent)}.",
            "Install its contrib package.",
        )
    if is_replica:
        yield wrong("DATABASE_URL names a replica.", "Set it to the primary.")
    if not is_safe:
        yield wrong(
            "fsync or full_page_writes is off: a power cut can destroy the database.",
            "Turn both on: ALTER SYSTEM RESET fsync; ALTER SYSTEM RESET full_page_writes; "
            "SELECT pg_reload_conf();",
        )
    if skew > SKEW:
        yield warning(
            f"The clocks of this machine and the database's differ by {skew:.0f} seconds.",
            "Let both follow a time server (NTP).",
        )
    wanted = (config.database_pool + 4) * config.workers + 6
    if wanted > most:
        yield warning(
            f"This process may open {wanted} connections, and PostgreSQL allows {most} in all.",
            "Lower DATABASE_POOL or WORKERS, or raise max_connections.",
        )


def _of_schema(config: Settings, url: str, owner_url: str) -> Iterator[Finding]:
    ours, owners = standing(url), standing(owner_url)
    if ours.is_owner:
        yield warning(
            f"The application's user, {ours.user}, owns its tables and could rewrite history.",
            "Give it a role of its own: see Two roles in docs/operations.md.",
        )
    if not is_current(owner_url):
        advice = "Run python main.py migrate"
        if not owners.may_migrate:
            advice += " with DATABASE_OWNER_URL set to the owner of the tables"
        yield wrong("The database does not have this version's tables.", advice + ".")
        return
    if ours.excess and not ours.is_owner:
        yield wrong(
            f"The application's user, {ours.user}, may do too much: {'; '.join(ours.excess)}.",
            "Run python main.py migrate with DATABASE_OWNER_URL set, and see Two roles in "
            "docs/operations.md.",
        )
    if lacking := missing(url):
        yield wrong(
            f"The application's user, {ours.user}, lacks rights on {', '.join(lacking)}.",
            "Run python main.py migrate with DATABASE_OWNER_URL set.",
        )
        return
    yield from _of_rows(config, url)


def _of_rows(config: Settings, url: str) -> Iterator[Finding]:
    """Of the key, and of jobs."""
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        probe = connection.execute(_PROBE).fetchone()
        failed, late = _row(connection, _JOBS)
    if not config.has_keys:
        yield wrong(
            f"The key is missing: SECRET_KEYS is not set, and {config.key_file} is not there.",
            "Set SECRET_KEYS to the key with which the database was made, or put the file back.",
        )
    elif probe is None or not _opens(probe[0]):
        yield wrong(
            "The keys do not open what is stored: names, birth dates and letters cannot be read.",
            "Set SECRET_KEYS to the keys it was written with, the newest first.",
        )
    if failed:
        yield warning(
            f"{failed} jobs failed for good.",
            "See Worker in docs/operations.md for which they are.",
        )
    if late:
        yield warning(
            f"{late} jobs are due for more than {WAITING} minutes.",
            "Does a worker run? python main.py worker, or RUN_WORKER=true in one of the servers.",
        )


def _opens(sealed: bytes) -> bool:
    try:
        decrypt(sealed)
    except (ValueError, InvalidTag):
        return False
    return True


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def _row(connection: psycopg.Connection[Any], query: str) -> Any:
    return connection.execute(query.encode()).fetchall()[0]
