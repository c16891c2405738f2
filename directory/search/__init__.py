"""Search: who may see you, what each further choice would give, and who has time first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from core import clock
from directory.search.asked_openings import at_asked_times, lawful, narrowed
from directory.search.entries import Shown
from directory.search.feed import feeding, source_of
from directory.search.names import find_named
from directory.search.query import GROUPS, SearchQuery, pairs_of, read_kindly, read_query
from directory.search.results import Loosening, SearchResults, find_results

__all__ = [
    "GROUPS",
    "Loosening",
    "SearchQuery",
    "SearchResults",
    "answering",
    "count",
    "feeding",
    "pairs_of",
    "read_kindly",
    "read_query",
    "search",
]


def search(state: Any, session: Session, query: SearchQuery) -> SearchResults:
    """Answer a search now. `state` is the application's, which may keep an index, and reads
    openings (`directory.listings.openings.OpeningsReader`).

    The database is asked for names, for those cards of the page that are not at hand, and for
    the openings at a time of the week. Raises Loading while a large index is being read.
    """
    source = source_of(state, session)
    named = find_named(session, query.q) if query.q else None
    now = clock.now()
    found = find_results(source.index, query, now, named)
    if found.listed and not found.items:
        shown = source.cards.shown(session, found.listed, source.index.now)
        found.items = lawful(shown, query)
    if found.items and not query.asked_times.is_any:
        found = at_asked_times(state.read_openings, session, found, now)
    return replace(found, as_of=source.as_of) if source.as_of is not None else found


def count(state: Any, session: Session, query: SearchQuery) -> SearchResults:
    """How many a search finds now, without a name; no listing is read. Raises Loading."""
    return find_results(source_of(state, session).index, query, clock.now(), None)


def answering(
    state: Any, session: Session, items: Sequence[Shown], query: SearchQuery, now: datetime
) -> tuple[Shown, ...]:
    """Listings found otherwise, with those of their openings that the query asks for."""
    if query.asked_times.is_any:
        return lawful(items, query)
    return narrowed(state.read_openings, session, items, query, now)
