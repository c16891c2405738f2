"""Twenty thousand listings with all that people leave behind, written in seconds: one thousand are
made as `demo.country` makes them, and the database repeats them under other ids."""

from typing import Any

import psycopg
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from accounts.models import Person, PersonRole
from booking.models import Schedule, SlotDay
from demo.bulk import hold_triggers_back
from demo.country import CHUNK, Country, write_chunk
from directory.models import Credential, Listing, Provider, Service

TIMES = 20
DAYS = 5

# Column → what it is in the copy; ids keep their order within a copy.
_ID = "overlay({0}::text placing lpad(to_hex(copy), 2, '0') from 1 for 2)::uuid"
_COPIED: dict[type[SQLModel], dict[str, str]] = {
    Person: {"id": _ID, "email_hash": "{0} || decode(lpad(to_hex(copy), 2, '0'), 'hex')"},
    PersonRole: {"person_id": _ID},
    Provider: {"id": _ID, "person_id": _ID, "slug": "{0} || copy"},
    Credential: {
        "id": _ID,
        "provider_id": _ID,
        "number_digest": "{0} || decode(lpad(to_hex(copy), 2, '0'), 'hex')",
    },
    Service: {"id": _ID, "provider_id": _ID},
    Schedule: {"provider_id": _ID},
    SlotDay: {"service_id": _ID, "provider_id": _ID},
    Listing: {
        "provider_id": _ID,
        "number": f"{{0}} + copy * {CHUNK}",
        "change": f"{{0}} + copy * {CHUNK}",
        "slug": "{0} || copy",
        "name": "{0} || ' ' || chr(97 + copy)",
    },
}

# The periodic jobs have just run: there is little for them to do.
_UP_TO_DATE = (
    "UPDATE schedule SET published_through = current_date + 100",
    """
    INSERT INTO calendar_due (provider_id, at)
    SELECT provider_id, now() + random() * interval '1 day' FROM schedule ON CONFLICT DO NOTHING
    """,
    "UPDATE listing SET next_opening = now() + interval '5 days'",
    "UPDATE listing SET due_at = now() + interval '5 days'",
)

# What people did, for each listing. `n` counts them.
_LEFT_BEHIND = (
    """
    CREATE TEMPORARY TABLE one AS SELECT row_number() OVER () AS n, p.id AS provider_id,
        p.person_id, uuidv7() AS patient_id,
        (SELECT min(id::text)::uuid FROM service WHERE provider_id = p.id) AS service_id,
        (SELECT min(id::text)::uuid FROM credential WHERE provider_id = p.id) AS credential_id
    FROM provider p JOIN listing l ON l.provider_id = p.id AND l.number <= %s
    """,
    """
    INSERT INTO person (id, email_hash, created_at)
    SELECT patient_id, sha256(convert_to('someone' || n, 'UTF8')), now() FROM one
    """,
    "INSERT INTO person_role (person_id, role) SELECT patient_id, 'patient' FROM one",
    """
    INSERT INTO patient (person_id, name, date_of_birth, state, time_zone, changed_at)
    SELECT patient_id, '', '', 'WA', 'America/Los_Angeles', now() FROM one
    """,
    """
    INSERT INTO appointment (id, provider_id, service_id, patient_id, starts_at, ends_at, status,
        expires_at, extended, visitor, held_by, patient_state, patient_zone, title, kind, zone,
        cancel_notice_minutes, fee_cents, version, ended_by, ended_at, created_at, booked_at)
    SELECT uuidv7(), provider_id, service_id, patient_id, at, at + interval '50 minutes', status,
        CASE WHEN status = 'held' THEN now() + interval '1 day' END, false,
        sha256(convert_to(n || status, 'UTF8')), patient_id, 'WA', 'America/Los_Angeles',
        'Individual session', 'individual', 'America/Los_Angeles', 1440, 15000, 1,
        CASE WHEN status = 'cancelled' THEN 'system' END,
        CASE WHEN status = 'cancelled' THEN now() END, now(), now()
    FROM one, LATERAL (VALUES
        ('completed', now() - interval '9 days'), ('cancelled', now() - interval '2 days'),
        ('expired', now() - interval '1 day'), ('booked', now() + interval '9 days'),
        ('booked', now() + interval '16 days'), ('held', now() + interval '23 days')
    ) AS had (status, at)
    WHERE status <> 'held' OR n % 20 = 0
    """,
    """
    INSERT INTO suspension (id, provider_id, reason, starts_at, ends_at, suspended_by, suspended_at)
    SELECT uuidv7(), provider_id, '', now() - interval '9 days', now() - interval '8 days',
        person_id, now() FROM one WHERE n % 10 = 0
    """,
    """
    INSERT INTO case_assignment (provider_id, admin_id, assigned_at)
    SELECT provider_id, person_id, now() FROM one
    """,
    """
    INSERT INTO renewal_due (provider_id, session_at)
    SELECT provider_id, now() + make_interval(hours => (n % 72)::int) FROM one WHERE n % 500 = 0
    """,
    """
    INSERT INTO session_allowance (provider_id, patient_id, most, changed_at)
    SELECT provider_id, patient_id, 5, now() FROM one
    """,
    """
    INSERT INTO appointment_event (id, appointment_id, at, status, starts_at, actor_kind)
    SELECT nextval(pg_get_serial_sequence('appointment_event', 'id')), id, created_at, 'held',
        starts_at, 'visitor' FROM appointment
    """,
    """
    INSERT INTO mail (id, key, sealed_recipient, recipient_hash, subject, text, html, created_at,
        sent_at)
    SELECT uuidv7(), 'crowd:' || n, sealed_recipient,
        sha256(convert_to('someone' || n, 'UTF8')), subject, text, html,
        now() - make_interval(mins => n::int), now() - make_interval(mins => n::int)
    FROM one, (SELECT * FROM mail LIMIT 1) AS m
    """,
    """
    INSERT INTO audit_entry (at, actor_id, actor, action, subject_kind, subject_id, subject, detail)
    SELECT now() - make_interval(mins => n::int), person_id, '',
        (ARRAY['credential.verified', 'credential.rejected', 'person.deleted'])[1 + n % 3],
        'provider', provider_id, '', '{}' FROM one
    """,
    """
    INSERT INTO audit_entry
        (at, actor_id, actor, action, subject_kind, subject_id, subject, detail, hour)
    SELECT now() - make_interval(hours => hours), person_id, '', 'appointment.opened', 'patient',
        patient_id, '', '{}', date_trunc('hour', now()) - make_interval(hours => hours)
    FROM one, generate_series(1, 2) AS hours
    """,
    """
    INSERT INTO audit_copy (destination, through)
    SELECT 'file:/' || n, n FROM one
    """,
    """
    INSERT INTO sign_in_session
        (id, token_hash, person_id, created_at, last_seen_at, expires_at, device)
    SELECT uuidv7(), sha256(convert_to('session' || n, 'UTF8')), patient_id, now(), now(),
        now() + make_interval(mins => n::int), '' FROM one
    """,
    """
    INSERT INTO sign_in_code (id, email_hash, code_hash, created_at, expires_at, attempts)
    SELECT uuidv7(), sha256(convert_to('someone' || n, 'UTF8')),
        sha256(convert_to('code' || n, 'UTF8')),
        now() + make_interval(mins => n::int), now() + make_interval(mins => n::int), 0 FROM one
    """,
    """
    INSERT INTO totp (person_id, secret, created_at, confirmed_at, last_step)
    SELECT patient_id, '', now(), now(), 0 FROM one
    """,
    """
    INSERT INTO passkey
        (id, person_id, credential_id, public_key, sign_count, label, created_at)
    SELECT uuidv7(), patient_id, sha256(convert_to('key' || n, 'UTF8')), '', 0, 'Phone', now()
    FROM one
    """,
    """
    INSERT INTO passkey_challenge (challenge_hash, purpose, bound_to, expires_at)
    SELECT sha256(convert_to('challenge' || n, 'UTF8')), 'sign_in', '',
        now() + make_interval(mins => n::int) FROM one
    """,
    """
    INSERT INTO recovery_code (person_id, code_hash)
    SELECT patient_id, sha256(convert_to('recovery' || n, 'UTF8')) FROM one
    """,
    """
    INSERT INTO factor_reset (person_id, token_hash, asked_at, due_at)
    SELECT patient_id, sha256(convert_to('reset' || n, 'UTF8')), now(), now() FROM one
    """,
    """
    INSERT INTO account_recovery (id, person_id, kind, reason, at)
    SELECT uuidv7(), patient_id, 'factors', '', now() FROM one
    """,
    """
    INSERT INTO address_change (person_id, new_email, old_code_hash, new_code_hash, attempts,
        expires_at)
    SELECT patient_id, '', '', '', 0, now() + make_interval(mins => n::int) FROM one
    """,
    """
    INSERT INTO search_alert (id, email, email_digest, token, token_digest, search, zone,
        created_at, confirmed_at, ends_at, memory)
    SELECT uuidv7(), email, sha256(convert_to('alert' || n, 'UTF8')), token,
        sha256(convert_to('token' || n, 'UTF8')), search, zone, now(),
        CASE WHEN n % 50 = 0 THEN now() END, now() + make_interval(mins => n::int), memory
    FROM one, (SELECT * FROM search_alert LIMIT 1) AS a
    """,
    """
    INSERT INTO listing_before
        (number, change, is_published, min_fee_cents, marks, starts, hours)
    SELECT number, change, true, 0, '', '', '' FROM listing WHERE number % 100 = 0
    """,
    """
    INSERT INTO evidence_file (id, name, content_type, size, sha256, uploaded_by, uploaded_at)
    SELECT provider_id, 'seen.pdf', 'application/pdf', 1, '', person_id, now() FROM one
    """,
    """
    INSERT INTO credential_decision
        (id, credential_id, admin_id, outcome, evidence_id, decided_at)
    SELECT uuidv7(), credential_id, person_id, 'verified', provider_id, now() FROM one
    """,
    """
    INSERT INTO decision_text (decision_id, source, seen, reason)
    SELECT d.id, sealed, sealed, sealed
    FROM credential_decision d, (SELECT source AS sealed FROM decision_text LIMIT 1) AS t
    WHERE NOT EXISTS (SELECT FROM decision_text WHERE decision_id = d.id)
    """,
    """
    INSERT INTO identity_request
        (id, provider_id, display_name, asked_at, outcome, decided_by, ended_at)
    SELECT uuidv7(), provider_id, 'Name ' || n, now() - make_interval(mins => n::int),
        CASE WHEN n % 100 > 0 THEN 'accepted' END, CASE WHEN n % 100 > 0 THEN person_id END,
        CASE WHEN n % 100 > 0 THEN now() END FROM one
    """,
    """
    INSERT INTO rate_counter (key, window_start, hits)
    SELECT 'crowd:' || n, now() - make_interval(secs => n::int), 1 FROM one
    """,
    """
    INSERT INTO idempotency_key (scope, key, body_hash, status, answer, created_at)
    SELECT sha256(convert_to('scope' || n, 'UTF8')), 'key', '', 200, '',
        now() - make_interval(secs => n::int) FROM one
    """,
    """
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, scheduled_at)
    SELECT 'notices', 'reminder', 'appointment:' || n, '{}',
        (CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'todo' END)::procrastinate_job_status,
        now() + make_interval(mins => n::int) FROM one
    """,
    """
    INSERT INTO procrastinate_events (job_id, type)
    SELECT id, 'deferred' FROM procrastinate_jobs
    """,
    # One thousand was counted as it was made.
    "INSERT INTO listing_count (change) SELECT count(*) - 1000 FROM listing WHERE number <= %s",
)


def make_room(session: Session) -> None:
    """Listings made from now on have numbers above the crowd's."""
    session.connection().execute(text(f"SELECT setval('listing_number', {CHUNK * (TIMES + 1)})"))


def make_crowd(url: str) -> None:
    """Commits, into a database with the tests' world in it."""
    write_chunk(Country(CHUNK, seed=1, days=DAYS), 0)
    with psycopg.connect(url) as connection:
        hold_triggers_back(connection)
        for statement in _UP_TO_DATE:
            connection.execute(statement.encode())
        for model, changed in _COPIED.items():
            _repeat(connection, model, changed)
        for statement in _LEFT_BEHIND:
            connection.execute(statement.replace("%s", str(CHUNK * TIMES)).encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _repeat(
    connection: psycopg.Connection[Any], model: type[SQLModel], changed: dict[str, str]
) -> None:
    columns = [column.name for column in model.metadata.tables[str(model.__tablename__)].columns]
    values = [changed.get(name, "{0}").format(name) for name in columns]
    key = next(iter(changed))
    connection.execute(
        f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608  # names of models
        f" FROM {model.__tablename__}, generate_series(1, {TIMES - 1}) AS copy"
        f" WHERE {key} < '00010000-0000-0000-0000-000000000000'".encode()
    )
