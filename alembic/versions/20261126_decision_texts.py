"""What admins wrote of decisions moves out of the table that nobody may change, sealed, so that it
can be sealed anew and erased; that table keeps a digest of it. Yesterday's code writes it where it
did, and is not shown there any more."""

import base64
import hmac
import json

import sqlalchemy as sa
from alembic import op

from core.crypto import decrypt, encrypt

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

BATCH = 1_000
STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS decision_text (
        decision_id uuid CONSTRAINT pk_decision_text PRIMARY KEY
            CONSTRAINT fk_decision_text_decision_id_credential_decision
            REFERENCES credential_decision (id),
        source bytea NOT NULL,
        seen bytea NOT NULL,
        reason bytea NOT NULL
    )
    """,
    """
    ALTER TABLE credential_decision
        ADD COLUMN IF NOT EXISTS text_digest bytea,
        ALTER COLUMN source SET DEFAULT '',
        ALTER COLUMN seen SET DEFAULT '',
        ALTER COLUMN reason SET DEFAULT ''
    """,
)
READ = """
    SELECT id, source, seen, reason FROM credential_decision
    WHERE text_digest IS NULL ORDER BY id LIMIT :most
"""
WRITE = """
    INSERT INTO decision_text (decision_id, source, seen, reason)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:sources AS bytea[]), CAST(:seens AS bytea[]),
                         CAST(:reasons AS bytea[]))
    ON CONFLICT DO NOTHING
"""
EMPTY = """
    UPDATE credential_decision d SET source = '', seen = '', reason = '', text_digest = n.digest
    FROM unnest(CAST(:ids AS uuid[]), CAST(:digests AS bytea[])) AS n (id, digest)
    WHERE d.id = n.id
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)
        move_texts()


def move_texts() -> None:
    """In batches, each a transaction of its own."""
    connection = op.get_bind()
    sealed = connection.execute(sa.text('SELECT sealed FROM lookup_key')).scalar_one()
    key = hmac.digest(
        base64.b64decode(decrypt(bytes(sealed))), b'openchair decision text', 'sha256'
    )
    while rows := connection.execute(sa.text(READ), {'most': BATCH}).all():
        ids = [row.id for row in rows]
        texts = [[row.source, row.seen, row.reason] for row in rows]
        digests = [hmac.digest(key, json.dumps(text).encode(), 'sha256') for text in texts]
        sources, seens, reasons = (
            [encrypt(text[place]) for text in texts] for place in range(3)
        )
        connection.execute(sa.text('BEGIN'))
        connection.execute(sa.text(
            'ALTER TABLE credential_decision DISABLE TRIGGER credential_decision_append_only'
        ))
        connection.execute(sa.text(WRITE), {
            'ids': ids, 'sources': sources, 'seens': seens, 'reasons': reasons,
        })
        connection.execute(sa.text(EMPTY), {'ids': ids, 'digests': digests})
        connection.execute(sa.text(
            'ALTER TABLE credential_decision ENABLE TRIGGER credential_decision_append_only'
        ))
        connection.execute(sa.text('COMMIT'))
