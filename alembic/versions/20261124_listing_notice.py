"""A listing says how much notice its provider asks, so that search shows no time too soon to book;
and changes of listings are counted in 64 bits."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # At fifty bookings a second 32 bits are used up in less than two years.
    op.alter_column('listing', 'change', type_=sa.BigInteger(), existing_nullable=False)
    notice = sa.Column('notice_minutes', sa.Integer(), nullable=False, server_default='0')
    op.add_column('listing', notice)
    op.execute("""
        UPDATE listing SET notice_minutes = (s.document->>'notice_minutes')::int
        FROM schedule s WHERE s.provider_id = listing.provider_id
        AND s.document ? 'notice_minutes'
    """)
