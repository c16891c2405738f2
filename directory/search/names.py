"""Finding a person by NPI or by name, in spite of a typo or an accent.

A name is found where each asked word begins one of its words, alone or joined with those behind
it, so that O'Brien, O Brien and OBrien find each other. Where none is, pg_trgm brings the
candidates from its index, and whether two words are really alike is judged letter by letter,
because in a short name one wrong letter spoils half of the triples.
"""

from itertools import count
from typing import Final

import numpy as np
from rapidfuzz.distance import Indel
from sqlalchemy import TextClause, text
from sqlmodel import Session, col, select

from core.database import Statement, run_together
from directory.credentials.claims import number_digest
from directory.models import Credential, CredentialKind, CredentialStatus, Listing
from directory.rules.names import sought_words
from directory.rules.numbers import is_valid_npi, normalise_npi

CANDIDATE: Final = 0.3
"""Share of the asked name's letter triples that a candidate has."""
ALIKE: Final = 0.75
"""Share of letters in the same order: "Pryce" and "Price", "Jonson" and "Johnson"."""
MOST_ALIKE: Final = 300
_MOST_WORDS: Final = 6

# For the transaction alone, which is as long as what travels together.
_LIMIT: Final = Statement(
    "SELECT set_config('pg_trgm.word_similarity_threshold', %(limit)s, true)",
    {"limit": str(CANDIDATE)},
)
_ALIKE: Final = """
    SELECT number, plain(name) AS name, plain(%(q)s) AS asked FROM listing
    WHERE published_at IS NOT NULL AND plain(name) %%> plain(%(q)s)
    ORDER BY word_similarity(plain(%(q)s), plain(name)) DESC LIMIT %(most)s
"""


def find_named(session: Session, q: str) -> list[int]:
    """All listings that `q` can mean, by their numbers: the one with this NPI, or those whose
    name begins like it; where there are none, those whose name is alike."""
    return find_by_npi(session, q) or find_begun(session, q) or find_alike(session, q)


def find_begun(session: Session, q: str, most: int | None = None) -> list[int]:
    """Listings of which each word of `q` begins a word of the name, in no order. `most`: enough;
    then a common beginning is as quick as a rare one."""
    return _find_begun(session, q, most, "published_at IS NOT NULL")


def find_begun_anywhere(session: Session, q: str, most: int) -> list[int]:
    """As `find_begun`, of listings that are not shown as well."""
    return _find_begun(session, q, most, "true")


def _find_begun(session: Session, q: str, most: int | None, which: str) -> list[int]:
    ways = sought_words(q)
    if not ways:
        return []
    asked = [[_escaped(word) for word in way[:_MOST_WORDS]] for way in ways]
    values = {
        f"word{place}": word for place, word in enumerate(word for way in asked for word in way)
    }
    statement = _begun([len(way) for way in asked], which)
    row = session.connection().execute(statement, {**values, "most": most}).scalar_one()
    numbers: list[int] = np.frombuffer(row or b"", ">u4").tolist()
    return numbers


def find_alike(session: Session, q: str) -> list[int]:
    """Listings whose name is `q` but for a slip in each word, the most alike first."""
    ways = sought_words(q)
    if not ways:
        return []
    asked = {"q": " ".join(ways[0]), "most": MOST_ALIKE}
    _, rows = run_together(session, _LIMIT, Statement(_ALIKE, asked))
    return [row.number for row in rows if is_alike(row.asked, row.name)]


def find_by_npi(session: Session, npi: str) -> list[int]:
    """The listing of the provider to whom this NPI was verified, if `npi` is one."""
    if not is_valid_npi(npi):
        return []
    asked = (
        select(Listing.number)
        .join(Credential, col(Credential.provider_id) == col(Listing.provider_id))
        .where(
            col(Listing.published_at).is_not(None),
            col(Credential.number_digest) == number_digest(normalise_npi(npi)),
            Credential.kind == CredentialKind.NPI,
            Credential.status == CredentialStatus.VERIFIED,
            col(Credential.withdrawn_at).is_(None),
        )
    )
    return list(session.exec(asked))


def is_alike(asked: str, name: str) -> bool:
    """Whether each asked word is, but for a slip, a word of the name. Both plain lower case."""
    parts = name.replace("-", " ").split()
    return all(
        any(Indel.normalized_similarity(word, part) >= ALIKE for part in parts)
        for word in asked.replace("-", " ").split()
    )


def _begun(ways: list[int], which: str) -> TextClause:
    """The numbers as packed bytes: a common name has thousands. `ways`: how many words each of
    the alternatives has; the words themselves are counted through. `which`: of which listings."""
    places = count()
    begins = " OR ".join(
        " AND ".join(
            f"name_beginnings(name) LIKE '% ' || plain(:word{next(places)}) || '%'"
            for _ in range(words)
        )
        for words in ways
    )
    return text(
        "SELECT string_agg(int4send(number), '') FROM (SELECT number FROM listing"  # noqa: S608  # no values in it
        f" WHERE {which} AND ({begins}) LIMIT :most) AS found"
    )


def _escaped(word: str) -> str:
    """As it stands in a pattern of LIKE."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
