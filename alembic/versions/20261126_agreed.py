"""What was agreed stays on the appointment; suspensions; the renewals that a session waits for.

Yesterday's code inserts holds without what was agreed, and moves sessions without their local start:
triggers, which a later migration may drop, write the one and forget the other. The rows there are
filled in batches while people book.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import tzdata
from alembic import op

from core.migrations import build_index

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

BATCH = 10_000

COLUMNS = (
    """
    ALTER TABLE appointment
        ADD COLUMN IF NOT EXISTS title varchar,
        ADD COLUMN IF NOT EXISTS kind varchar,
        ADD COLUMN IF NOT EXISTS cancel_notice_minutes integer,
        ADD COLUMN IF NOT EXISTS late_fee_cents integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS moves_late boolean NOT NULL DEFAULT false,
        ADD COLUMN IF NOT EXISTS zone varchar,
        ADD COLUMN IF NOT EXISTS local_start varchar,
        ADD COLUMN IF NOT EXISTS tzdata_release varchar,
        ADD COLUMN IF NOT EXISTS is_late boolean NOT NULL DEFAULT false,
        ADD COLUMN IF NOT EXISTS is_excused boolean NOT NULL DEFAULT false,
        ADD COLUMN IF NOT EXISTS ended_by varchar,
        ADD COLUMN IF NOT EXISTS ended_at timestamptz
    """,
    "ALTER TABLE schedule ADD COLUMN IF NOT EXISTS terms jsonb NOT NULL DEFAULT '{}'",
    """
    CREATE OR REPLACE FUNCTION appointment_agreed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT v.title, v.kind, coalesce((s.document->>'cancel_notice_minutes')::int, 1440),
               coalesce(s.document->>'time_zone', 'UTC')
        INTO NEW.title, NEW.kind, NEW.cancel_notice_minutes, NEW.zone
        FROM service v LEFT JOIN schedule s ON s.provider_id = v.provider_id
        WHERE v.id = NEW.service_id;
        RETURN NEW;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER appointment_agreed BEFORE INSERT ON appointment
    FOR EACH ROW WHEN (NEW.title IS NULL) EXECUTE FUNCTION appointment_agreed()
    """,
    """
    CREATE OR REPLACE FUNCTION appointment_local_start() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.local_start := NULL;
        RETURN NEW;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER appointment_local_start BEFORE UPDATE OF starts_at ON appointment
    FOR EACH ROW WHEN (NEW.starts_at <> OLD.starts_at AND NEW.local_start = OLD.local_start)
    EXECUTE FUNCTION appointment_local_start()
    """,
)
READ = """
    SELECT a.id, a.starts_at, a.status, v.title, v.kind,
           coalesce((s.document->>'cancel_notice_minutes')::int, 1440) AS notice,
           coalesce(s.document->>'time_zone', 'UTC') AS zone,
           (SELECT e.actor_kind FROM appointment_event e
            WHERE e.appointment_id = a.id AND e.status = 'cancelled' LIMIT 1) AS ended_by,
           (SELECT e.at FROM appointment_event e
            WHERE e.appointment_id = a.id AND e.status = 'cancelled' LIMIT 1) AS ended_at
    FROM appointment a JOIN service v ON v.id = a.service_id
    LEFT JOIN schedule s ON s.provider_id = a.provider_id
    WHERE a.id > :after ORDER BY a.id LIMIT :most
"""
FILL = """
    UPDATE appointment a
    SET title = coalesce(a.title, n.title), kind = coalesce(a.kind, n.kind),
        cancel_notice_minutes = coalesce(a.cancel_notice_minutes, n.notice),
        zone = coalesce(a.zone, n.zone), local_start = coalesce(a.local_start, n.local_start),
        tzdata_release = coalesce(a.tzdata_release, :release),
        ended_by = coalesce(a.ended_by, n.ended_by), ended_at = coalesce(a.ended_at, n.ended_at)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:titles AS text[]), CAST(:kinds AS text[]),
                CAST(:notices AS int[]), CAST(:zones AS text[]), CAST(:locals AS text[]),
                CAST(:enders AS text[]), CAST(:ends AS timestamptz[]))
         AS n (id, title, kind, notice, zone, local_start, ended_by, ended_at)
    WHERE a.id = n.id AND a.local_start IS NULL
"""
AGREED = ("title", "kind", "cancel_notice_minutes", "zone")
RULES = (  # the check is validated beside writers; once it is, NOT NULL need not look at the rows
    "ALTER TABLE appointment DROP CONSTRAINT IF EXISTS ck_appointment_agreed",
    "ALTER TABLE appointment ADD CONSTRAINT ck_appointment_agreed CHECK ("
    + " AND ".join(f"{name} IS NOT NULL" for name in AGREED) + ") NOT VALID",
    "ALTER TABLE appointment VALIDATE CONSTRAINT ck_appointment_agreed",
    "ALTER TABLE appointment "
    + ", ".join(f"ALTER COLUMN {name} SET NOT NULL" for name in AGREED),
    "ALTER TABLE appointment DROP CONSTRAINT ck_appointment_agreed",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in COLUMNS:
            op.execute(statement)
        fill()
        for statement in RULES:
            op.execute(statement)
    build_index(
        "ix_appointment_held_of", "appointment", ["provider_id"],
        postgresql_where=sa.text("expires_at IS NOT NULL"), if_not_exists=True,
    )
    tables()


def fill() -> None:
    """Local starts are computed here, by the pinned tzdata, as everywhere."""
    connection = op.get_bind()
    after = "00000000-0000-0000-0000-000000000000"
    while rows := connection.execute(sa.text(READ), {"after": after, "most": BATCH}).all():
        after = str(rows[-1].id)
        connection.execute(sa.text(FILL), {
            "release": tzdata.IANA_VERSION,
            "ids": [row.id for row in rows],
            "titles": [row.title for row in rows],
            "kinds": [row.kind for row in rows],
            "notices": [row.notice for row in rows],
            "zones": [row.zone for row in rows],
            "locals": [local(row.starts_at, row.zone) for row in rows],
            "enders": [row.ended_by for row in rows],
            "ends": [row.ended_at for row in rows],
        })


def local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")


def tables() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_by", sa.Uuid(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reinstated_by", sa.Uuid(), nullable=True),
        sa.Column("reinstated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"],
                                name="fk_suspension_provider_id_provider"),
        sa.ForeignKeyConstraint(["suspended_by"], ["person.id"],
                                name="fk_suspension_suspended_by_person"),
        sa.ForeignKeyConstraint(["reinstated_by"], ["person.id"],
                                name="fk_suspension_reinstated_by_person"),
        sa.PrimaryKeyConstraint("id", name="pk_suspension"),
        if_not_exists=True,
    )
    op.create_index("ix_suspension_provider_id", "suspension", ["provider_id"],
                    if_not_exists=True)
    op.create_table(
        "renewal_due",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("session_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"],
                                name="fk_renewal_due_provider_id_provider"),
        sa.PrimaryKeyConstraint("provider_id", name="pk_renewal_due"),
        if_not_exists=True,
    )
    op.create_index("ix_renewal_due_session_at", "renewal_due", ["session_at"],
                    if_not_exists=True)
