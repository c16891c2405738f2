"""Every few minutes: what listings have new since the last look, for whom, and the letters.

One statement takes the listings that changed, with what they were like before, and one reads what
they are now; every alert is then asked of those few, in memory. So a look costs as much as has
changed, whatever the size of the directory. What is new is remembered with the alert in the same
transaction, so that a crash loses nothing; each letter has a transaction of its own.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, text
from sqlmodel import Session, col, select

from core import clock
from core.database import driver_connection, transaction
from core.jobs import jobs
from core.mail import post
from directory.alerts.letters import Opened, Time, opening_letter
from directory.alerts.memory import Memory, News, read_memory, write_memory
from directory.alerts.news import HIDDEN, Changes, Facts, Picture
from directory.alerts.subscriptions import read_search
from directory.models import SearchAlert
from directory.search import SearchQuery
from directory.search.entries import Entry
from directory.search.listing_rows import read_whole
from directory.search.names import find_named

APART: Final = timedelta(hours=24)
NAMED: Final = 5
TIMES: Final = 3
AT_ONCE: Final = 20_000
"""Changed listings that are looked at together."""


@jobs.periodic(cron="*/3 * * * *")
@jobs.task(name="directory.alerts.looking.look_for_news", queueing_lock="look_for_news")
def look_for_news(timestamp: int) -> None:  # noqa: ARG001  # when it was due
    """Look at all that has changed, then write the letters that may be written."""
    more = True
    while more:
        with transaction() as session:
            more = take_note(session, clock.now())
    with transaction() as session:
        due = find_due(session, clock.now())
    failed: list[Exception] = []
    for alert_id in due:
        try:
            with transaction() as session:
                tell(session, alert_id, clock.now())
        except Exception as error:  # the others hear of theirs all the same
            failed.append(error)
    if failed:
        raise ExceptionGroup("some alerts could not be told of", failed)


_TAKE = text(
    """
    WITH taken AS (SELECT DISTINCT number FROM listing_before ORDER BY number LIMIT :most),
    gone AS (DELETE FROM listing_before b USING taken WHERE b.number = taken.number RETURNING b.*)
    SELECT DISTINCT ON (g.number) g.number, g.is_published, g.min_fee_cents, g.marks, g.starts,
           g.hours, coalesce(l.notice_minutes, 0) AS notice_minutes
    FROM gone g LEFT JOIN listing l ON l.number = g.number ORDER BY g.number, g.change
    """
)
_NOW = text(
    """
    SELECT number, min_fee_cents, marks, starts, hours, notice_minutes,
           CASE WHEN published_at IS NOT NULL THEN due_at END AS due_at
    FROM listing WHERE number = ANY(:numbers)
    """
)


def take_note(session: Session, now: datetime) -> bool:
    """Take up to AT_ONCE changed listings and note with each alert what is new for it. Returns
    whether any were taken."""
    rows = session.connection().execute(_TAKE, {"most": AT_ONCE}).all()
    if not rows:
        return False
    shown = int((now + APART).timestamp())
    before = {row.number: _facts(row, shown if row.is_published else 0) for row in rows}
    after = dict.fromkeys(before, HIDDEN) | _read(session, list(before))
    for alert_id, news in _find_news(session, before, after, now).items():
        alert = session.get(SearchAlert, alert_id, with_for_update=True)
        if alert is not None:
            _keep(session, alert, read_memory(alert.memory).noting(news), now)
    return True


def find_due(session: Session, now: datetime) -> list[UUID]:
    """Alerts with something to tell that have been silent for long enough."""
    return list(session.exec(select(SearchAlert.id).where(_is_due(now))).all())


def tell(session: Session, alert_id: UUID, now: datetime) -> None:
    """Write the letter, if what is new is still there and the alert still due. Once a day."""
    mine = select(SearchAlert).where(SearchAlert.id == alert_id, _is_due(now)).with_for_update()
    alert = session.exec(mine).first()
    if alert is None:
        return
    query, memory = read_search(alert.search, alert.zone), read_memory(alert.memory)
    news = _still_there(session, query, memory.fresh, now) if query is not None else {}
    opened = _open(session, news, now)
    if opened:
        letter = opening_letter(alert, opened, len(news) - len(opened))
        post(session, f"alert:{alert.id}:{now.date().isoformat()}", letter)
        alert.told_at = now
    _keep(session, alert, memory.having_told(news, int(now.timestamp()) // 3600), now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(SearchAlert.news_at).is_not(None),
        col(SearchAlert.ends_at) > now,
        or_(col(SearchAlert.told_at).is_(None), col(SearchAlert.told_at) <= now - APART),
    )


def _find_news(
    session: Session, before: Mapping[int, Facts], after: Mapping[int, Facts], now: datetime
) -> dict[UUID, News]:
    """Alert → what is new for it, in one order for the locks that follow."""
    running = (
        select(SearchAlert.id, SearchAlert.search, SearchAlert.zone)
        .where(col(SearchAlert.confirmed_at).is_not(None), SearchAlert.ends_at > now)
        .order_by(col(SearchAlert.zone), col(SearchAlert.id))
    )
    changes = Changes(Picture(before, now), Picture(after, now))
    found = {}
    for alert_id, search, zone in session.exec(running).all():
        query = read_search(search, zone)
        news = _named(session, query, changes.news_of(query)) if query is not None else {}
        if news:
            found[alert_id] = news
    return dict(sorted(found.items()))


def _named(session: Session, query: SearchQuery, news: News) -> News:
    """Those whose name is asked for, where one is."""
    if not query.q or not news:
        return news
    named = set(find_named(session, query.q))
    return {number: hours for number, hours in news.items() if number in named}


def _still_there(session: Session, query: SearchQuery, fresh: News, now: datetime) -> News:
    """Of these openings those that can be had now, of listings that match now."""
    there = Picture(_read(session, list(fresh)), now)
    matching = _named(session, query, {one: fresh[one] for one in there.matching(query)})
    left = {}
    for number, hours in matching.items():
        free = set(there.ahead(number))
        if hours := tuple(one for one in hours if one in free):
            left[number] = hours
    return left


def _read(session: Session, numbers: list[int]) -> dict[int, Facts]:
    rows = session.connection().execute(_NOW, {"numbers": numbers}).all()
    return {
        row.number: _facts(row, int(row.due_at.timestamp()) if row.due_at else 0) for row in rows
    }


def _facts(row: Any, due: int) -> Facts:
    packed = (bytes(row.marks), bytes(row.starts), bytes(row.hours))
    return Facts(due, row.min_fee_cents, *packed, row.notice_minutes)


def _open(session: Session, news: News, now: datetime) -> list[Opened]:
    """As a letter names them, soonest first."""
    named = sorted(news, key=lambda number: (news[number][0], number))[:NAMED]
    entries = {one.number: one for one in read_whole(driver_connection(session), named)}
    return [_opened(entries[number], news[number], now) for number in named if number in entries]


def _opened(entry: Entry, hours: tuple[int, ...], now: datetime) -> Opened:
    soonest = int(now.timestamp()) + entry.notice
    starts = {
        one.starts // 3600: one.starts_at
        for one in reversed(entry.openings)
        if one.starts > soonest
    }
    times = [
        Time(starts.get(hour, datetime.fromtimestamp(hour * 3600, UTC)), hour in starts)
        for hour in hours[:TIMES]
    ]
    return Opened(entry.name, entry.slug, tuple(times))


def _keep(session: Session, alert: SearchAlert, memory: Memory, now: datetime) -> None:
    alert.memory = write_memory(memory)
    alert.news_at = (alert.news_at or now) if memory.fresh else None
    session.add(alert)
    session.flush()
