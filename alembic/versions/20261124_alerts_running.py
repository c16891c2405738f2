"""Alerts that run are found at once: every change of a listing asks whether there is one."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without it, a heap of alerts that nobody confirmed would have to be read through each time.
    op.create_index('ix_search_alert_running', 'search_alert', ['confirmed_at'],
                    postgresql_where=sa.text('confirmed_at IS NOT NULL'))
