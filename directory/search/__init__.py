"""Search: who may see you, what each further choice would give, and who has time first."""

from typing import Any

from sqlmodel import Session

from core import clock
from directory.search.answer import Loosening, SearchAnswer, answer
from directory.search.feed import current_index, feeding
from directory.search.names import find_named
from directory.search.query import GROUPS, SearchQuery, pairs_of, read_kindly, read_query

__all__ = [
    "GROUPS",
    "Loosening",
    "SearchAnswer",
    "SearchQuery",
    "feeding",
    "pairs_of",
    "read_kindly",
    "read_query",
    "search",
]


def search(state: Any, session: Session, query: SearchQuery) -> SearchAnswer:
    """Answer a search now. `state` is the application's, which may keep an index.

    Only a name search asks the database.
    """
    named = find_named(session, query.q) if query.q else None
    return answer(current_index(state, session), query, clock.now(), named)
