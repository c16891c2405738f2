"""Who looked: which evidence is about whom, how far the copy of the log got. Closed practices.

Yesterday's code writes suspensions of the kind that the column has by itself, and reads a closing
as a suspension, which hides the listing as well.
"""

from alembic import op

from core.migrations import build_index

revision = '0017'
down_revision = '0016'
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
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    build_index('ix_credential_decision_evidence_id', 'credential_decision', ['evidence_id'])
