"""Indexes for what admins, profiles and jobs look for; and listings are counted as they come."""

import sqlalchemy as sa
from alembic import op

from core.migrations import build_index

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

# How long an applicant has waited is told by the listing, beside whether it is shown.
_NOTE_SUBMISSION = """
    CREATE OR REPLACE FUNCTION note_submission() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.submitted_at := CASE WHEN NEW.published_at IS NULL THEN
            (SELECT submitted_at FROM provider WHERE id = NEW.provider_id) END;
        RETURN NEW;
    END $$
"""
_ON_LISTING = """
    CREATE OR REPLACE TRIGGER listing_note_submission
    BEFORE INSERT OR UPDATE OF published_at ON listing
    FOR EACH ROW EXECUTE FUNCTION note_submission()
"""
_AT_ONCE = 1_000
_HIDDEN = sa.text("""
    SELECT l.provider_id, p.submitted_at FROM listing l JOIN provider p ON p.id = l.provider_id
    WHERE l.published_at IS NULL AND l.submitted_at IS NULL AND p.submitted_at IS NOT NULL
    AND l.provider_id > :after ORDER BY l.provider_id LIMIT :most
""")
_FILL = sa.text("""
    UPDATE listing SET submitted_at = p.submitted_at FROM provider p
    WHERE p.id = listing.provider_id AND listing.published_at IS NULL
    AND listing.provider_id = ANY(:ids)
""")

# A row for each statement, so that nobody waits for another's.
_COUNT = """
    CREATE OR REPLACE FUNCTION count_listings() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO listing_count (change)
        SELECT CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed
        HAVING count(*) > 0;
        RETURN NULL;
    END $$
"""
_ON_COMING = """
    CREATE OR REPLACE TRIGGER listing_count_added AFTER INSERT ON listing
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listings()
"""
_ON_GOING = """
    CREATE OR REPLACE TRIGGER listing_count_removed AFTER DELETE ON listing
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_listings()
"""
# In one statement, so of one moment. The trigger counts all that comes after those before it.
_COUNT_THE_REST = """
    INSERT INTO listing_count (change)
    SELECT count(*) - (SELECT coalesce(sum(change), 0) FROM listing_count) FROM listing
"""


def upgrade() -> None:
    op.execute("ALTER TABLE listing ADD COLUMN IF NOT EXISTS submitted_at timestamptz")
    op.execute("""
        CREATE TABLE IF NOT EXISTS listing_count (
            id bigserial CONSTRAINT pk_listing_count PRIMARY KEY, change bigint NOT NULL
        )
    """)
    for statement in (_NOTE_SUBMISSION, _ON_LISTING, _COUNT, _ON_COMING, _ON_GOING):
        op.execute(statement)
    _build_indexes()
    _fill()
    op.execute(_COUNT_THE_REST)


def _build_indexes() -> None:
    is_open = sa.text("status = 'pending' AND withdrawn_at IS NULL")
    build_index('ix_credential_open', 'credential', ['submitted_at', 'provider_id'],
                postgresql_where=is_open)
    build_index('ix_credential_open_provider_id', 'credential', ['provider_id'],
                postgresql_where=is_open)
    build_index('ix_credential_verified_expires_on', 'credential', ['expires_on', 'provider_id'],
                postgresql_where=sa.text("status = 'verified' AND withdrawn_at IS NULL"))
    build_index('ix_provider_attested_at_id', 'provider', ['attested_at', 'id'])
    build_index('ix_listing_slug', 'listing', ['slug'])
    build_index('ix_listing_everyone', 'listing',
                [sa.text('(published_at IS NULL)'), 'sort_name', 'provider_id'],
                postgresql_include=['published_at'])
    build_index('ix_listing_applied', 'listing', ['submitted_at', 'provider_id'],
                postgresql_where=sa.text("submitted_at IS NOT NULL"))
    build_index('ix_listing_applied_provider_id', 'listing', ['provider_id'],
                postgresql_where=sa.text("submitted_at IS NOT NULL"))
    build_index('ix_search_alert_news', 'search_alert', ['news_at'],
                postgresql_where=sa.text("news_at IS NOT NULL"))
    build_index('ix_mail_created_at_id', 'mail', ['created_at', 'id'])
    build_index('ix_sign_in_code_expires_at', 'sign_in_code', ['expires_at'])
    for column in ('actor', 'subject'):
        build_index(f'ix_audit_entry_{column}_trgm', 'audit_entry', [column],
                    postgresql_using='gin', postgresql_ops={column: 'gin_trgm_ops'})
    build_index('ix_procrastinate_jobs_ended', 'procrastinate_jobs', ['id'],
                postgresql_where=sa.text("status IN ('failed', 'cancelled', 'aborted')"))


def _fill() -> None:
    """A few at a time, each committed, so that no booking waits long for its listing."""
    with op.get_context().autocommit_block():
        connection, after = op.get_bind(), '00000000-0000-0000-0000-000000000000'
        while rows := connection.execute(_HIDDEN, {"after": after, "most": _AT_ONCE}).all():
            connection.execute(_FILL, {"ids": [row.provider_id for row in rows]})
            after = rows[-1].provider_id
