"""Openings of a page of results that answer the search: at the times of the week it asks for, and
while a licence in the state it names is good."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session

from core.database import AWAY
from directory.listings import openings as listed
from directory.search.day_times import AskedTimes
from directory.search.entries import Entry, Opening, Shown
from directory.search.query import SearchQuery
from directory.search.results import SearchResults

log = structlog.get_logger("openchair.search")


def lawful(items: Sequence[Shown], query: SearchQuery) -> tuple[Shown, ...]:
    """The same, without openings that lie after the licences in the states asked for."""
    states = query.choices.get("state", ())
    return tuple(one.with_openings(one.openings, states) for one in items)


def at_asked_times(
    read: listed.OpeningsReader, session: Session, found: SearchResults, now: datetime
) -> SearchResults:
    """The same page, each listing with its openings at the times asked for, as they are now. One
    round trip. While they stay the same, the answer is the same object."""
    items = narrowed(read, session, found.items, found.query, now)
    last = found.at_times
    if last is None or [one.openings for one in last.items] != [one.openings for one in items]:
        last = found.at_times = replace(found, items=items, at_times=None)
    return last


def narrowed(
    read: listed.OpeningsReader,
    session: Session,
    items: Sequence[Shown],
    query: SearchQuery,
    now: datetime,
) -> tuple[Shown, ...]:
    """Some listings with the openings that the query asks for. Without a database: of those that
    are known of them."""
    asked, states = query.asked_times, query.choices.get("state", ())
    try:
        openings = read(session, [one.entry.provider_id for one in items], now)
    except AWAY as error:
        log.warning("search_openings_missing", kind=type(error).__name__)
        return tuple(one.with_openings(_known(one.entry, asked, now), states) for one in items)
    return tuple(
        one.with_openings(_fitting(openings.get(one.entry.provider_id, ()), asked), states)
        for one in items
    )


def _known(entry: Entry, asked: AskedTimes, now: datetime) -> Iterator[Opening]:
    ahead = entry.ahead(int(now.timestamp()))
    return (one for one in ahead if one.starts // 60 in asked)


def _fitting(openings: Sequence[listed.Opening], asked: AskedTimes) -> Iterator[Opening]:
    """Those that a card is made of; `openings` ascend, each start once."""
    fitting = {one.starts: one.service_id for one in openings if one.starts in asked}
    chosen = listed.first_of_days(list(fitting), asked.zone)
    return (Opening(fitting[at], 60 * at) for at in chosen)
