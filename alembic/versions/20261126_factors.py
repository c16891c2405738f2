"""Second factors: authenticator apps, passkeys, recovery codes; confirmation within a session.

Yesterday's code knows none of it: sessions that it starts have shown no factor and confirmed
nothing. New columns are without defaults, so no table is written anew.
"""

from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE sign_in_session
        ADD COLUMN factor_at timestamptz,
        ADD COLUMN confirmed_at timestamptz
    """,
    "ALTER TABLE person_role ADD COLUMN first_signed_in_at timestamptz",
    """
    CREATE TABLE totp (
        person_id uuid NOT NULL CONSTRAINT pk_totp PRIMARY KEY
            CONSTRAINT fk_totp_person_id_person REFERENCES person ON DELETE CASCADE,
        secret bytea NOT NULL,
        created_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        last_step bigint NOT NULL
    )
    """,
    """
    CREATE TABLE passkey (
        id uuid NOT NULL CONSTRAINT pk_passkey PRIMARY KEY,
        person_id uuid NOT NULL
            CONSTRAINT fk_passkey_person_id_person REFERENCES person ON DELETE CASCADE,
        credential_id bytea NOT NULL CONSTRAINT uq_passkey_credential_id UNIQUE,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        label varchar NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX ix_passkey_person_id ON passkey (person_id)",
    """
    CREATE TABLE passkey_challenge (
        challenge_hash bytea NOT NULL CONSTRAINT pk_passkey_challenge PRIMARY KEY,
        purpose varchar NOT NULL,
        bound_to bytea NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_passkey_challenge_expires_at ON passkey_challenge (expires_at)",
    """
    CREATE TABLE recovery_code (
        person_id uuid NOT NULL
            CONSTRAINT fk_recovery_code_person_id_person REFERENCES person ON DELETE CASCADE,
        code_hash bytea NOT NULL,
        used_at timestamptz,
        CONSTRAINT pk_recovery_code PRIMARY KEY (person_id, code_hash)
    )
    """,
    """
    CREATE TABLE factor_reset (
        person_id uuid NOT NULL CONSTRAINT pk_factor_reset PRIMARY KEY
            CONSTRAINT fk_factor_reset_person_id_person REFERENCES person ON DELETE CASCADE,
        token_hash bytea NOT NULL CONSTRAINT uq_factor_reset_token_hash UNIQUE,
        asked_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE account_recovery (
        id uuid NOT NULL CONSTRAINT pk_account_recovery PRIMARY KEY,
        person_id uuid NOT NULL
            CONSTRAINT fk_account_recovery_person_id_person REFERENCES person ON DELETE CASCADE,
        admin_id uuid CONSTRAINT fk_account_recovery_admin_id_person REFERENCES person,
        kind varchar NOT NULL,
        reason bytea NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_account_recovery_person_id ON account_recovery (person_id)",
    "CREATE INDEX ix_account_recovery_admin_id ON account_recovery (admin_id)",
    """
    CREATE TABLE address_change (
        person_id uuid NOT NULL CONSTRAINT pk_address_change PRIMARY KEY
            CONSTRAINT fk_address_change_person_id_person REFERENCES person ON DELETE CASCADE,
        new_email bytea NOT NULL,
        old_code_hash bytea NOT NULL,
        new_code_hash bytea NOT NULL,
        attempts integer NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_address_change_expires_at ON address_change (expires_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
