"""Calendars are looked at when the clock changes them, not all of them every minute."""

from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE calendar_due (
        provider_id uuid CONSTRAINT pk_calendar_due PRIMARY KEY
            CONSTRAINT fk_calendar_due_provider_id_provider REFERENCES provider (id),
        at timestamptz NOT NULL
    )
    """,
    # Yesterday's code writes calendars without a word to the list.
    """
    CREATE FUNCTION calendar_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO calendar_due (provider_id, at) VALUES (NEW.provider_id, 'epoch')
        ON CONFLICT (provider_id) DO UPDATE SET at = excluded.at;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER schedule_is_due AFTER INSERT ON schedule
    FOR EACH ROW EXECUTE FUNCTION calendar_is_due()
    """,
    # Whoever closes for new patients, or opens again, has other openings at once.
    """
    CREATE FUNCTION provider_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE calendar_due SET at = 'epoch' WHERE provider_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER provider_is_due AFTER UPDATE OF accepts_new ON provider
    FOR EACH ROW WHEN (OLD.accepts_new IS DISTINCT FROM NEW.accepts_new)
    EXECUTE FUNCTION provider_is_due()
    """,
    # Spread over a day, so that not all are looked at in the first minute.
    """
    INSERT INTO calendar_due (provider_id, at)
    SELECT s.provider_id, least(l.next_opening - make_interval(mins => l.notice_minutes),
                                now() + random() * interval '1 day')
    FROM schedule s LEFT JOIN listing l ON l.provider_id = s.provider_id
    ON CONFLICT DO NOTHING
    """,
    "CREATE INDEX ix_calendar_due_at ON calendar_due (at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
