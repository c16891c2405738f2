"""A letter may have an end after which it is not sent, and may be refused for good."""

import sqlalchemy as sa
from alembic import op

from core.migrations import build_index

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE mail
            ADD COLUMN IF NOT EXISTS expires_at timestamptz,
            ADD COLUMN IF NOT EXISTS refused_at timestamptz,
            ADD COLUMN IF NOT EXISTS refusal_code integer
    """)
    build_index('ix_mail_refused_at', 'mail', ['refused_at'],
                postgresql_where=sa.text("refused_at IS NOT NULL"))
