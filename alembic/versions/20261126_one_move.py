"""Whether an appointment takes time is a column, and meetings may be shared.

The constraints that keep times apart no longer name statuses, so that a new one needs no migration.
Yesterday's code does not know the new columns: what it inserts is a hold, which the defaults fit,
and what it ends is noticed by a trigger, which a later migration may drop.

The rows are filled in batches while people book. Only the last step locks the table, while the
indexes are built.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

BATCH = 20_000

COLUMNS = (
    """
    ALTER TABLE appointment
        ADD COLUMN IF NOT EXISTS takes_time boolean NOT NULL DEFAULT true,
        ADD COLUMN IF NOT EXISTS meeting_id uuid
    """,
    "ALTER TABLE appointment ALTER COLUMN meeting_id SET DEFAULT gen_random_uuid()",
    """
    CREATE OR REPLACE FUNCTION appointment_gives_time_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.takes_time := false;
        RETURN NEW;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER appointment_gives_time_back BEFORE UPDATE OF status ON appointment
    FOR EACH ROW WHEN (NEW.takes_time AND NEW.status IN
        ('expired', 'released', 'cancelled', 'completed', 'no_show'))
    EXECUTE FUNCTION appointment_gives_time_back()
    """,
)
FILL = """
    WITH batch AS (
        SELECT id FROM appointment WHERE id > :after ORDER BY id LIMIT :most
    ), filled AS (
        UPDATE appointment a
        SET meeting_id = a.id, takes_time = a.status IN ('held', 'booked')
        FROM batch WHERE a.id = batch.id AND a.meeting_id IS NULL
    )
    SELECT max(id::text)::uuid FROM batch
"""
RULES = (
    "LOCK TABLE appointment IN ACCESS EXCLUSIVE MODE",
    """
    ALTER TABLE appointment
        ALTER COLUMN meeting_id SET NOT NULL,
        DROP CONSTRAINT ex_appointment_provider,
        DROP CONSTRAINT ex_appointment_patient,
        DROP CONSTRAINT ck_appointment_status,
        DROP CONSTRAINT ck_appointment_hold_expires,
        DROP CONSTRAINT ck_appointment_booked_for_someone,
        ADD CONSTRAINT ck_appointment_only_holds_expire CHECK (expires_at IS NULL OR takes_time),
        ADD CONSTRAINT ck_appointment_kept_for_someone
            CHECK (NOT takes_time OR expires_at IS NOT NULL OR patient_id IS NOT NULL),
        ADD CONSTRAINT ex_appointment_provider
            EXCLUDE USING gist (provider_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
            WHERE (takes_time),
        ADD CONSTRAINT ex_appointment_patient
            EXCLUDE USING gist (patient_id WITH =, meeting_id WITH <>,
                                tstzrange(starts_at, ends_at) WITH &&)
            WHERE (takes_time AND patient_id IS NOT NULL)
    """,
    "DROP INDEX ix_appointment_held_expires_at",
    """
    CREATE INDEX ix_appointment_expires_at ON appointment (expires_at)
    WHERE expires_at IS NOT NULL
    """,
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in COLUMNS:
            op.execute(statement)
        after = "00000000-0000-0000-0000-000000000000"
        while after is not None:
            found = op.get_bind().execute(sa.text(FILL), {"after": after, "most": BATCH})
            after = found.scalar_one()
    for statement in RULES:
        op.execute(statement)
