"""A verified identity is changed by asking, and names are found however their words are joined."""

import sqlalchemy as sa
from alembic import op

from core.migrations import build_index

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

# Run again where the index was interrupted.
STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS identity_request (
        id uuid CONSTRAINT pk_identity_request PRIMARY KEY,
        provider_id uuid NOT NULL
            CONSTRAINT fk_identity_request_provider_id_provider REFERENCES provider (id),
        legal_first_name varchar,
        legal_last_name varchar,
        display_name varchar,
        letters varchar,
        asked_at timestamptz NOT NULL,
        outcome varchar,
        decided_by uuid
            CONSTRAINT fk_identity_request_decided_by_person REFERENCES person (id),
        ended_at timestamptz,
        reason bytea,
        CONSTRAINT ck_identity_request_outcome
            CHECK (outcome IN ('accepted', 'declined', 'withdrawn')),
        CONSTRAINT ck_identity_request_ended CHECK ((outcome IS NULL) = (ended_at IS NULL)),
        CONSTRAINT ck_identity_request_asks CHECK
            (num_nonnulls(legal_first_name, legal_last_name, display_name, letters) > 0)
    )
    """,
    """
    CREATE INDEX IF NOT EXISTS ix_identity_request_provider_id ON identity_request (provider_id)
    """,
    """
    CREATE UNIQUE INDEX IF NOT EXISTS uq_identity_request_open ON identity_request (provider_id)
    WHERE ended_at IS NULL
    """,
    """
    CREATE INDEX IF NOT EXISTS ix_identity_request_open ON identity_request (asked_at, provider_id)
    WHERE ended_at IS NULL
    """,
    # The words of a name, each with all that stand behind it: " toddobrien obrien brien". As
    # `directory.rules.names` parts them, but that an apostrophe parts words, too, so that the
    # second half is found; what is typed is looked for joined and apart.
    """
    CREATE OR REPLACE FUNCTION name_beginnings(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
    DECLARE
        words text[] := string_to_array(translate(
            translate(public.plain(name), U&'\\200C\\200D', ''),
            '-‐‑–—.,()"“”·''’ʼ‘`´', repeat(' ', 19)), ' ');
        behind text := '';
        found text := '';
    BEGIN
        FOR i IN REVERSE cardinality(words)..1 LOOP
            CONTINUE WHEN words[i] = '';
            behind := words[i] || behind;
            found := ' ' || behind || found;
        END LOOP;
        RETURN found;
    END $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    build_index(
        'ix_listing_name_beginnings_trgm',
        'listing',
        [sa.text('name_beginnings(name) gin_trgm_ops')],
        postgresql_using='gin',
    )
