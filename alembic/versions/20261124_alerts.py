"""Alerts for saved searches, letters that can be ended with one click, and states by index."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('search_alert',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.LargeBinary(), nullable=False),
    sa.Column('email_digest', sa.LargeBinary(), nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=False),
    sa.Column('search', sa.LargeBinary(), nullable=False),
    sa.Column('zone', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('memory', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_alert')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_search_alert_token_digest'))
    )
    op.create_index(op.f('ix_search_alert_email_digest'), 'search_alert', ['email_digest'])
    op.create_index(op.f('ix_search_alert_ends_at'), 'search_alert', ['ends_at'])
    op.add_column('mail', sa.Column('unsubscribe_url', sa.LargeBinary(), nullable=True))
    # An alert looks at one state's listings and not at all of them. Bookings do not touch states,
    # so their updates of a listing still need no index.
    op.create_index('ix_listing_states', 'listing', ['states'], postgresql_using='gin')
