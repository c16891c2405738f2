"""Search: who may see you, what each further choice would give, and who has time first."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session

from core import clock
from directory.search.feed import feeding, source_of
from directory.search.names import find_named
from directory.search.query import GROUPS, SearchQuery, pairs_of, read_kindly, read_query
from directory.search.results import Loosening, SearchResults, find_results

__all__ = [
    "GROUPS",
    "Loosening",
    "SearchQuery",
    "SearchResults",
    "feeding",
    "pairs_of",
    "read_kindly",
    "read_query",
    "search",
]


def search(state: Any, session: Session, query: SearchQuery) -> SearchResults:
    """Answer a search now. `state` is the application's, which may keep an index.

    The database is asked for names, and for those cards of the page that are not at hand. Raises
    Loading while a large index is being read.
    """
    source = source_of(state, session)
    named = find_named(session, query.q) if query.q else None
    found = find_results(source.index, query, clock.now(), named)
    if found.listed and not found.items:
        found.items = source.cards.shown(session, found.listed, source.index.now)
    return replace(found, as_of=source.as_of) if source.as_of is not None else found
