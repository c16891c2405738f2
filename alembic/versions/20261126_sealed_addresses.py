"""Addresses are sealed, and found by a digest whose key the database keeps, sealed.

The columns that hold them plainly stay for yesterday's code, which looks for them there: for a day
what is new is written to both, then a nightly job empties them, and a later migration may drop
them. A database without people has no yesterday. The lookup key of one that has people is their
newest key of SECRET_KEYS, by which their digests were made.

The audit log keeps ids and codes only: names that were written into it go.
"""

import base64
import hmac
import secrets

import sqlalchemy as sa
from alembic import op

from core.crypto import decrypt, encrypt
from core.migrations import build_index
from core.settings import settings

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

BATCH = 2_000
COLUMNS = (
    """
    CREATE TABLE IF NOT EXISTS lookup_key (
        id integer CONSTRAINT pk_lookup_key PRIMARY KEY,
        sealed bytea NOT NULL,
        plain_until timestamptz,
        CONSTRAINT ck_lookup_key_one CHECK (id = 1)
    )
    """,
    """
    ALTER TABLE person
        ADD COLUMN IF NOT EXISTS sealed_email bytea,
        ADD COLUMN IF NOT EXISTS email_hash bytea,
        ALTER COLUMN email DROP NOT NULL
    """,
    """
    ALTER TABLE mail
        ADD COLUMN IF NOT EXISTS sealed_recipient bytea,
        ADD COLUMN IF NOT EXISTS recipient_hash bytea,
        ALTER COLUMN recipient DROP NOT NULL
    """,
    """
    ALTER TABLE sign_in_code
        ADD COLUMN IF NOT EXISTS email_hash bytea,
        ALTER COLUMN email DROP NOT NULL
    """,
    """
    ALTER TABLE audit_entry
        ADD COLUMN IF NOT EXISTS hour timestamptz,
        ALTER COLUMN actor SET DEFAULT '',
        ALTER COLUMN subject SET DEFAULT ''
    """,
)
READ = """
    SELECT id, email FROM person
    WHERE id > :after AND email_hash IS NULL ORDER BY id LIMIT :most
"""
FILL = """
    UPDATE person p SET sealed_email = n.sealed, email_hash = n.hash
    FROM unnest(CAST(:ids AS uuid[]), CAST(:emails AS text[]), CAST(:sealed AS bytea[]),
                CAST(:hashes AS bytea[])) AS n (id, email, sealed, hash)
    WHERE p.id = n.id AND p.email = n.email
"""
SAMPLES = """
    (SELECT name FROM patient LIMIT 1) UNION ALL (SELECT number FROM credential LIMIT 1)
    UNION ALL (SELECT text FROM mail ORDER BY created_at DESC LIMIT 1)
"""
NAMES = """
    UPDATE audit_entry
    SET actor = CASE WHEN actor_id IS NULL THEN actor ELSE '' END,
        subject = CASE WHEN subject_id IS NULL THEN subject ELSE '' END,
        detail = detail - '{source,reason}'::text[]
    WHERE id > :after AND id <= :after + :most
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in COLUMNS:
            op.execute(statement)
        key = make_key()
        fill(key)
        digest_anew(key)
        forget_names()
    build_index('ix_person_email_hash', 'person', ['email_hash'], unique=True)
    build_index('ix_mail_recipient_hash', 'mail', ['recipient_hash'])
    build_index('ix_sign_in_code_email_hash', 'sign_in_code', ['email_hash'])
    build_index(
        'uq_audit_entry_once_an_hour', 'audit_entry', ['subject_id', 'actor_id', 'action', 'hour'],
        unique=True, postgresql_where=sa.text('hour IS NOT NULL'),
        postgresql_nulls_not_distinct=True,
    )


def make_key() -> bytes:
    """The one that is there already, where this was interrupted."""
    connection = op.get_bind()
    for sealed in connection.execute(sa.text(SAMPLES)).scalars():
        decrypt(bytes(sealed))  # raises WrongKey before anything is sealed with another key
    is_new = not connection.execute(sa.text('SELECT EXISTS (SELECT FROM person)')).scalar()
    made = secrets.token_bytes(32) if is_new else settings().encryption_keys()[0]
    connection.execute(sa.text(
        "INSERT INTO lookup_key (id, sealed, plain_until)"
        " VALUES (1, :sealed, CASE WHEN :is_new THEN NULL ELSE now() + interval '1 day' END)"
        " ON CONFLICT DO NOTHING"
    ), {'sealed': encrypt(base64.b64encode(made).decode()), 'is_new': is_new})
    sealed = connection.execute(sa.text('SELECT sealed FROM lookup_key')).scalar_one()
    return base64.b64decode(decrypt(bytes(sealed)))


def digest(key: bytes, purpose: str, text: str) -> bytes:
    return hmac.digest(
        hmac.digest(key, f'openchair {purpose}'.encode(), 'sha256'), text.encode(), 'sha256'
    )


def fill(key: bytes) -> None:
    connection = op.get_bind()
    after = '00000000-0000-0000-0000-000000000000'
    while rows := connection.execute(sa.text(READ), {'after': after, 'most': BATCH}).all():
        after = str(rows[-1].id)
        connection.execute(sa.text(FILL), {
            'ids': [row.id for row in rows],
            'emails': [row.email for row in rows],
            'sealed': [encrypt(row.email) for row in rows],
            'hashes': [digest(key, 'email', row.email) for row in rows],
        })


def digest_anew(key: bytes) -> None:
    """What was digested under older keys of SECRET_KEYS, where there are any."""
    if len(settings().encryption_keys()) == 1:
        return
    from directory.rules.numbers import normalise_licence_number

    for table, sealed, column, purpose, normal in (
        ('search_alert', 'email', 'email_digest', 'alert', str),
        ('credential', 'number', 'number_digest', 'credential number', normalise_licence_number),
    ):
        read = f'SELECT id, {sealed} AS sealed, {column} AS digest FROM {table} ' \
               'WHERE id > :after ORDER BY id LIMIT :most'
        write = f'UPDATE {table} t SET {column} = n.digest FROM ' \
                'unnest(CAST(:ids AS uuid[]), CAST(:digests AS bytea[])) AS n (id, digest) ' \
                'WHERE t.id = n.id'
        connection = op.get_bind()
        after = '00000000-0000-0000-0000-000000000000'
        while rows := connection.execute(sa.text(read), {'after': after, 'most': BATCH}).all():
            after = str(rows[-1].id)
            now = {row.id: digest(key, purpose, normal(decrypt(bytes(row.sealed))))
                   for row in rows}
            other = [row.id for row in rows if bytes(row.digest) != now[row.id]]
            connection.execute(sa.text(write), {
                'ids': other, 'digests': [now[one] for one in other],
            })


def forget_names() -> None:
    """In batches, each a transaction of its own in which nobody else writes to the log."""
    connection = op.get_bind()
    last = connection.execute(sa.text('SELECT coalesce(max(id), 0) FROM audit_entry')).scalar_one()
    for after in range(0, last, BATCH):
        connection.execute(sa.text('BEGIN'))
        connection.execute(sa.text('ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only'))
        connection.execute(sa.text(NAMES), {'after': after, 'most': BATCH})
        connection.execute(sa.text('ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only'))
        connection.execute(sa.text('COMMIT'))
