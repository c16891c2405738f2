"""What listings were like before they changed, so that alerts can tell what is new."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# Kept only while someone has an alert: every booking changes a listing, and most of the time
# nobody waits to hear of it. Each change has a number of its own, so no two rows ever meet, and no
# booking waits for the job that takes these rows away.
_KEEP = """
    CREATE FUNCTION keep_listing_before() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM search_alert WHERE confirmed_at IS NOT NULL) THEN
            INSERT INTO listing_before (number, change, is_published, min_fee_cents, marks, starts)
            VALUES (OLD.number, OLD.change, OLD.published_at IS NOT NULL, OLD.min_fee_cents,
                    OLD.marks, OLD.starts)
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
"""
_ON_CHANGE = """
    CREATE TRIGGER listing_keep_before AFTER UPDATE ON listing FOR EACH ROW
    WHEN (OLD.starts IS DISTINCT FROM NEW.starts OR OLD.marks IS DISTINCT FROM NEW.marks
          OR OLD.min_fee_cents <> NEW.min_fee_cents
          OR (OLD.published_at IS NULL) <> (NEW.published_at IS NULL))
    EXECUTE FUNCTION keep_listing_before()
"""


def upgrade() -> None:
    op.create_table('listing_before',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('change', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('is_published', sa.Boolean(), nullable=False),
    sa.Column('min_fee_cents', sa.Integer(), nullable=False),
    sa.Column('marks', sa.LargeBinary(), nullable=False),
    sa.Column('starts', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number', 'change', name=op.f('pk_listing_before'))
    )
    op.add_column('search_alert', sa.Column('news_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(_KEEP)
    op.execute(_ON_CHANGE)
