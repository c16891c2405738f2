"""A listing keeps what the search index reads as packed bytes, too."""

import struct
import zlib
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("marks", "starts"):
        column = sa.Column(name, sa.LargeBinary(), nullable=False, server_default="")
        op.add_column("listing", column)
    _pack_what_is_there()


def _pack_what_is_there() -> None:
    """As `directory.packing` does it; written out, for migrations do not change with the code."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT provider_id, facets, states, card, openings FROM listing")
    ).all()
    for row in rows:
        facets = {**row.facets, "state": list(row.states)}
        if row.card.get("accepts_new"):
            facets["accepts_new"] = ["yes"]
        marks = {zlib.crc32(f"{g}={key}".encode()) for g, keys in facets.items() for key in keys}
        starts = {
            int(datetime.fromisoformat(one["starts_at"]).timestamp()) // 60
            for one in row.openings
        }
        connection.execute(
            sa.text(
                "UPDATE listing SET marks = :marks, starts = :starts WHERE provider_id = :id"
            ),
            {
                "id": row.provider_id,
                "marks": struct.pack(f">{len(marks)}I", *sorted(marks)),
                "starts": struct.pack(f">{len(starts)}I", *sorted(starts)),
            },
        )
