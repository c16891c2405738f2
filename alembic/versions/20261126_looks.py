"""Who looked: which evidence is about whom, how far the copy of the log got. Closed practices.

Yesterday's code writes suspensions of the kind that the column has by itself, and reads a closing
as a suspension, which hides the listing as well.
"""

from alembic import op

from core.migrations import build_index

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE suspension
        ADD COLUMN IF NOT EXISTS kind varchar DEFAULT 'suspension' NOT NULL
    """,
    """
    CREATE TABLE IF NOT EXISTS audit_copy (
        destination varchar NOT NULL CONSTRAINT pk_audit_copy PRIMARY KEY,
        through integer NOT NULL
    )
    """,
    # Whoever writes shares this lock until they commit: so is known when nobody does.
    """
    CREATE OR REPLACE FUNCTION share_audit_writing() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(7036002);
        RETURN NULL;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER audit_entry_writing BEFORE INSERT ON audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION share_audit_writing()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    build_index('ix_credential_decision_evidence_id', 'credential_decision', ['evidence_id'])
