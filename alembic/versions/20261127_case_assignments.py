"""Which admin has a case. Decisions by day, for the desk's figures.

Yesterday's code knows nothing of the table and goes on.
"""

from alembic import op

from core.migrations import build_index

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS case_assignment (
        provider_id uuid NOT NULL CONSTRAINT pk_case_assignment PRIMARY KEY
            CONSTRAINT fk_case_assignment_provider_id_provider REFERENCES provider (id),
        admin_id uuid NOT NULL
            CONSTRAINT fk_case_assignment_admin_id_person REFERENCES person (id),
        assigned_at timestamptz NOT NULL
    )
    """,
    """
    CREATE INDEX IF NOT EXISTS ix_case_assignment_admin_id
        ON case_assignment (admin_id, assigned_at, provider_id)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    build_index('ix_credential_decision_decided_at', 'credential_decision', ['decided_at'])
