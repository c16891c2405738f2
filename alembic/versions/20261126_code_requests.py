"""Sign-in codes belong to the browser that asked. Those under way, and those of yesterday's code,
are open: good without their request. Tries without it have a counter of their own. A column with a default is not written into rows."""

from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE sign_in_code
            ADD COLUMN IF NOT EXISTS request_hash bytea,
            ADD COLUMN IF NOT EXISTS is_open boolean NOT NULL DEFAULT true,
            ADD COLUMN IF NOT EXISTS open_attempts integer NOT NULL DEFAULT 0
        """
    )
