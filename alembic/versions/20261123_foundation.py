"""The foundation: people, providers, credentials, listings, appointments, jobs."""

import sqlalchemy as sa
from procrastinate.schema import SchemaManager

from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")

BY_HAND = (
    # Two sessions of one provider, or of one patient, never overlap: the database says so.
    """
    ALTER TABLE appointment ADD CONSTRAINT ex_appointment_provider
    EXCLUDE USING gist (provider_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (status IN ('held', 'booked'))
    """,
    """
    ALTER TABLE appointment ADD CONSTRAINT ex_appointment_patient
    EXCLUDE USING gist (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (status IN ('held', 'booked') AND patient_id IS NOT NULL)
    """,
    "ALTER TABLE appointment ADD CONSTRAINT ck_appointment_ends_after_start"
    " CHECK (ends_at > starts_at)",
    # History is append-only; the database refuses anything else.
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
        for table in ("audit_entry", "credential_decision", "appointment_event")
    ),
    # Names are found in spite of a typo or an accent.
    """
    CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
    $$ SELECT lower(public.unaccent('public.unaccent', $1)) $$
    """,
    "CREATE INDEX ix_listing_name_trgm ON listing USING gin (plain(name) gin_trgm_ops)",
    # Every booking rewrites a listing's openings. No index holds what changes then, and pages keep
    # room, so that PostgreSQL need not touch the indexes (a "heap-only" update).
    "ALTER TABLE listing SET (fillfactor = 70)",
    # Dense numbers for the bitmaps, and a change number so that no process misses a change.
    "CREATE SEQUENCE listing_number MINVALUE 0",
    "CREATE SEQUENCE listing_change",
    """
    CREATE FUNCTION tell_listing() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('listing', coalesce(NEW.provider_id, OLD.provider_id)::text);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER listing_tell AFTER INSERT OR UPDATE OR DELETE ON listing
    FOR EACH ROW EXECUTE FUNCTION tell_listing()
    """,
)


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject_kind', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    op.create_index(op.f('ix_audit_entry_action'), 'audit_entry', ['action'], unique=False)
    op.create_index(op.f('ix_audit_entry_actor_id'), 'audit_entry', ['actor_id'], unique=False)
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'], unique=False)
    op.create_index(op.f('ix_audit_entry_subject_id'), 'audit_entry', ['subject_id'], unique=False)
    op.create_table('idempotency_key',
    sa.Column('scope', sa.LargeBinary(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('body_hash', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('answer', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_index(op.f('ix_idempotency_key_created_at'), 'idempotency_key', ['created_at'], unique=False)
    op.create_table('mail',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('html', sa.LargeBinary(), nullable=False),
    sa.Column('calendar', sa.LargeBinary(), nullable=True),
    sa.Column('calendar_method', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
    sa.UniqueConstraint('key', name=op.f('uq_mail_key'))
    )
    op.create_index(op.f('ix_mail_recipient'), 'mail', ['recipient'], unique=False)
    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name=op.f('uq_person_email'))
    )
    op.create_table('rate_counter',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('window_start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hits', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'window_start', name=op.f('pk_rate_counter'))
    )
    op.create_index(op.f('ix_rate_counter_window_start'), 'rate_counter', ['window_start'], unique=False)
    op.create_table('sign_in_code',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_code'))
    )
    op.create_index(op.f('ix_sign_in_code_email'), 'sign_in_code', ['email'], unique=False)
    op.create_table('evidence_file',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('content_type', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=False),
    sa.Column('uploaded_by', sa.Uuid(), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['uploaded_by'], ['person.id'], name=op.f('fk_evidence_file_uploaded_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_file'))
    )
    op.create_table('patient',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('date_of_birth', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('time_zone', sa.String(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_patient_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_patient'))
    )
    op.create_table('person_role',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_person_role_person_id_person'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'role', name=op.f('pk_person_role'))
    )
    op.create_table('provider',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('profession', sa.String(), nullable=False),
    sa.Column('legal_first_name', sa.String(), nullable=False),
    sa.Column('legal_last_name', sa.String(), nullable=False),
    sa.Column('display_name', sa.String(), nullable=False),
    sa.Column('letters', sa.String(), nullable=False),
    sa.Column('pronouns', sa.String(), nullable=False),
    sa.Column('headline', sa.String(), nullable=False),
    sa.Column('approach', sa.String(), nullable=False),
    sa.Column('conditions', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('modalities', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('ages', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('languages', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('insurance', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('sliding_scale', sa.Boolean(), nullable=False),
    sa.Column('accepts_new', sa.Boolean(), nullable=False),
    sa.Column('photo', sa.String(), nullable=True),
    sa.Column('meeting_url', sa.LargeBinary(), nullable=True),
    sa.Column('keeps_hours', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attested_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_provider_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider')),
    sa.UniqueConstraint('person_id', name=op.f('uq_provider_person_id')),
    sa.UniqueConstraint('slug', name=op.f('uq_provider_slug'))
    )
    op.create_index(op.f('ix_provider_profession'), 'provider', ['profession'], unique=False)
    op.create_index(op.f('ix_provider_submitted_at'), 'provider', ['submitted_at'], unique=False)
    op.create_table('sign_in_session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('device', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_sign_in_session_person_id_person'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_session_token_hash'))
    )
    op.create_index(op.f('ix_sign_in_session_person_id'), 'sign_in_session', ['person_id'], unique=False)
    op.create_table('credential',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('license_type', sa.String(), nullable=False),
    sa.Column('number', sa.LargeBinary(), nullable=False),
    sa.Column('number_digest', sa.LargeBinary(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_credential_provider_id_provider')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential'))
    )
    op.create_index(op.f('ix_credential_number_digest'), 'credential', ['number_digest'], unique=False)
    op.create_index(op.f('ix_credential_provider_id'), 'credential', ['provider_id'], unique=False)
    op.create_index(op.f('ix_credential_status'), 'credential', ['status'], unique=False)
    op.create_table('listing',
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('change', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('sort_name', sa.String(), nullable=False),
    sa.Column('facets', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('states', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('card', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('min_fee_cents', sa.Integer(), nullable=False),
    sa.Column('next_opening', sa.DateTime(timezone=True), nullable=True),
    sa.Column('openings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_listing_provider_id_provider')),
    sa.PrimaryKeyConstraint('provider_id', name=op.f('pk_listing')),
    sa.UniqueConstraint('number', name=op.f('uq_listing_number'))
    )
    op.create_index(op.f('ix_listing_due_at'), 'listing', ['due_at'], unique=False)
    op.create_index(op.f('ix_listing_published_at'), 'listing', ['published_at'], unique=False)
    op.create_index(op.f('ix_listing_sort_name'), 'listing', ['sort_name'], unique=False)
    op.create_table('schedule',
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_through', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_schedule_provider_id_provider')),
    sa.PrimaryKeyConstraint('provider_id', name=op.f('pk_schedule'))
    )
    op.create_table('service',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('fee_cents', sa.Integer(), nullable=False),
    sa.Column('for_new', sa.Boolean(), nullable=False),
    sa.Column('for_returning', sa.Boolean(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_service_provider_id_provider')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service'))
    )
    op.create_index(op.f('ix_service_provider_id'), 'service', ['provider_id'], unique=False)
    op.create_table('appointment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('service_id', sa.Uuid(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('extended', sa.Boolean(), nullable=False),
    sa.Column('visitor', sa.LargeBinary(), nullable=True),
    sa.Column('held_by', sa.Uuid(), nullable=True),
    sa.Column('patient_state', sa.String(), nullable=True),
    sa.Column('patient_zone', sa.String(), nullable=True),
    sa.Column('fee_cents', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('booked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'held') = (expires_at IS NOT NULL)", name=op.f('ck_appointment_hold_expires')),
    sa.CheckConstraint("status IN ('held', 'booked', 'expired', 'released', 'cancelled', 'completed', 'no_show')", name=op.f('ck_appointment_status')),
    sa.CheckConstraint("status NOT IN ('booked', 'cancelled', 'completed', 'no_show') OR patient_id IS NOT NULL", name=op.f('ck_appointment_booked_for_someone')),
    sa.ForeignKeyConstraint(['held_by'], ['person.id'], name=op.f('fk_appointment_held_by_person')),
    sa.ForeignKeyConstraint(['patient_id'], ['person.id'], name=op.f('fk_appointment_patient_id_person')),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_appointment_provider_id_provider')),
    sa.ForeignKeyConstraint(['service_id'], ['service.id'], name=op.f('fk_appointment_service_id_service')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment'))
    )
    op.create_index(op.f('ix_appointment_held_by'), 'appointment', ['held_by'], unique=False)
    op.create_index('ix_appointment_held_expires_at', 'appointment', ['expires_at'], unique=False, postgresql_where=sa.text("status = 'held'"))
    op.create_index(op.f('ix_appointment_patient_id'), 'appointment', ['patient_id'], unique=False)
    op.create_index('ix_appointment_provider_starts_at', 'appointment', ['provider_id', 'starts_at'], unique=False)
    op.create_index(op.f('ix_appointment_service_id'), 'appointment', ['service_id'], unique=False)
    op.create_index(op.f('ix_appointment_visitor'), 'appointment', ['visitor'], unique=False)
    op.create_table('credential_decision',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('admin_id', sa.Uuid(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('seen', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('evidence_id', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['admin_id'], ['person.id'], name=op.f('fk_credential_decision_admin_id_person')),
    sa.ForeignKeyConstraint(['credential_id'], ['credential.id'], name=op.f('fk_credential_decision_credential_id_credential')),
    sa.ForeignKeyConstraint(['evidence_id'], ['evidence_file.id'], name=op.f('fk_credential_decision_evidence_id_evidence_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential_decision'))
    )
    op.create_index(op.f('ix_credential_decision_credential_id'), 'credential_decision', ['credential_id'], unique=False)
    op.create_table('slot_day',
    sa.Column('service_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('starts', postgresql.ARRAY(sa.BigInteger()), nullable=False),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_slot_day_provider_id_provider')),
    sa.ForeignKeyConstraint(['service_id'], ['service.id'], name=op.f('fk_slot_day_service_id_service')),
    sa.PrimaryKeyConstraint('service_id', 'day', name=op.f('pk_slot_day'))
    )
    op.create_index('ix_slot_day_provider_id_day', 'slot_day', ['provider_id', 'day'], unique=False)
    op.create_table('appointment_event',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_appointment_event_appointment_id_appointment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment_event'))
    )
    op.create_index(op.f('ix_appointment_event_appointment_id'), 'appointment_event', ['appointment_id'], unique=False)
    for statement in BY_HAND:
        op.execute(statement)
    # The job queue's own schema, as its library ships it.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
