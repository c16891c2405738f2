"""Finding a name in spite of a typo or an accent, with pg_trgm."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

ALIKE: Final = 0.45
"""Share of the asked name's letter triples that a name must have: "Jonson" finds "Johnson"."""

_SET_LIMIT = text(
    f"SELECT set_config('pg_trgm.word_similarity_threshold', '{ALIKE}', true)"  # a constant
)
_FIND = text(
    """
    SELECT provider_id, strpos(' ' || plain(name), ' ' || plain(:q)) > 0 AS literal
    FROM listing
    WHERE published_at IS NOT NULL AND plain(name) %> plain(:q)
    """
)


def find_named(session: Session, q: str) -> list[UUID]:
    """Providers whose name has a part that begins like `q`; where none does, those alike."""
    connection = session.connection()
    connection.execute(_SET_LIMIT)
    rows = connection.execute(_FIND, {"q": q}).all()
    return [row.provider_id for row in rows if row.literal] or [row.provider_id for row in rows]
