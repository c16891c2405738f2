"""A listing says in which hours of the next two weeks it has an opening, so that search finds every
Tuesday evening and not only those among the next twelve openings."""

import struct

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_AT_ONCE = 20_000
_DAYS = 15
_OPEN = sa.text("""
    SELECT l.provider_id, array_agg(DISTINCT start / 60) AS hours
    FROM listing l
    JOIN provider p ON p.id = l.provider_id AND p.accepts_new
    JOIN service v ON v.provider_id = l.provider_id AND v.for_new AND v.retired_at IS NULL
    JOIN slot_day d ON d.service_id = v.id AND d.day < :last, unnest(d.starts) AS start
    WHERE l.number >= :first AND l.number < :end AND start > :now + l.notice_minutes
    GROUP BY l.provider_id
""")


# As before, with the hours.
_KEEP = """
    CREATE OR REPLACE FUNCTION keep_listing_before() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM search_alert WHERE confirmed_at IS NOT NULL) THEN
            INSERT INTO listing_before
                (number, change, is_published, min_fee_cents, marks, starts{hours})
            VALUES (OLD.number, OLD.change, OLD.published_at IS NOT NULL, OLD.min_fee_cents,
                    OLD.marks, OLD.starts{old_hours})
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
"""
_ON_CHANGE = """
    CREATE OR REPLACE TRIGGER listing_keep_before AFTER UPDATE ON listing FOR EACH ROW
    WHEN (OLD.starts IS DISTINCT FROM NEW.starts OR OLD.marks IS DISTINCT FROM NEW.marks
          OR OLD.min_fee_cents <> NEW.min_fee_cents{hours}
          OR (OLD.published_at IS NULL) <> (NEW.published_at IS NULL))
    EXECUTE FUNCTION keep_listing_before()
"""


def upgrade() -> None:
    for table in ('listing', 'listing_before'):
        op.add_column(table, sa.Column('hours', sa.LargeBinary(), nullable=False,
                                       server_default=''))
    _fill()
    op.execute(_KEEP.format(hours=", hours", old_hours=", OLD.hours"))
    op.execute(_ON_CHANGE.format(hours=" OR OLD.hours IS DISTINCT FROM NEW.hours"))


def _fill() -> None:
    """As `directory.packing` does it; written out, for migrations do not change with the code."""
    connection = op.get_bind()
    now, last = connection.execute(sa.text(
        "SELECT extract(epoch FROM now())::bigint / 60, max(number) FROM listing"
    )).one()
    today = now // (24 * 60)
    end_day = connection.execute(sa.text("SELECT (now() + interval '16 days')::date")).scalar()
    for first in range(0, (last or -1) + 1, _AT_ONCE):
        asked = {"first": first, "end": first + _AT_ONCE, "now": now, "last": end_day}
        rows = connection.execute(_OPEN, asked).all()
        if rows:
            connection.execute(
                sa.text("UPDATE listing SET hours = :hours WHERE provider_id = :id"),
                [{"id": row.provider_id, "hours": _packed(row.hours, today)} for row in rows],
            )


def _packed(hours: list[int], today: int) -> bytes:
    bits = 0
    for hour in hours:
        if 0 <= hour - today * 24 < _DAYS * 24:
            bits |= 1 << (hour - today * 24)
    return struct.pack(">H", today) + bits.to_bytes(_DAYS * 3, "little") if bits else b""
