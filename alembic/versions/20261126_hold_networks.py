"""Holds of people unknown keep where they come from, hashed; patients may have so many sessions
ahead with a provider. New columns without values: nothing is rewritten."""

from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE appointment
        ADD COLUMN IF NOT EXISTS network bytea, ADD COLUMN IF NOT EXISTS wide_network bytea
    """,
    """
    CREATE TABLE IF NOT EXISTS session_allowance (
        provider_id uuid NOT NULL
            CONSTRAINT fk_session_allowance_provider_id_provider REFERENCES provider (id),
        patient_id uuid NOT NULL
            CONSTRAINT fk_session_allowance_patient_id_person REFERENCES person (id),
        most integer NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_session_allowance PRIMARY KEY (provider_id, patient_id)
    )
    """,
    """
    CREATE INDEX IF NOT EXISTS ix_session_allowance_patient_id ON session_allowance (patient_id)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
