"""Finding a name in spite of a typo or an accent.

pg_trgm brings the candidates from its index; whether two words are really alike is then judged
letter by letter, because in a short name one wrong letter spoils half of the triples.
"""

from difflib import SequenceMatcher
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

CANDIDATE: Final = 0.3
"""Share of the asked name's letter triples that a candidate has."""
ALIKE: Final = 0.75
"""Share of letters in the same order: "Pryce" and "Price", "Jonson" and "Johnson"."""
MOST: Final = 300

_SET_LIMIT = text(
    f"SELECT set_config('pg_trgm.word_similarity_threshold', '{CANDIDATE}', true)"  # a constant
)
_FIND = text(
    """
    SELECT number, plain(name) AS name, plain(:q) AS asked,
           strpos(' ' || plain(name), ' ' || plain(:q)) > 0 AS is_literal
    FROM listing
    WHERE published_at IS NOT NULL AND plain(name) %> plain(:q)
    ORDER BY word_similarity(plain(:q), plain(name)) DESC
    """
)


def find_named(session: Session, q: str) -> list[int]:
    """Listings whose name has a part that begins like `q`; where none does, those alike."""
    connection = session.connection()
    connection.execute(_SET_LIMIT)
    rows = connection.execute(_FIND, {"q": q}).all()
    literal = [row.number for row in rows if row.is_literal]
    return literal or [row.number for row in rows[:MOST] if is_alike(row.asked, row.name)]


def is_alike(asked: str, name: str) -> bool:
    """Whether each asked word is, but for a slip, a word of the name. Both plain lower case."""
    parts = name.replace("-", " ").split()
    return all(
        any(SequenceMatcher(None, word, part).ratio() >= ALIKE for part in parts)
        for word in asked.replace("-", " ").split()
    )
