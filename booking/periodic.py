"""What keeps booking true while nobody clicks: holds end, days come in sight, listings follow."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from booking import idempotency
from booking.appointments import holds
from booking.calendar.openings import republish_openings
from booking.calendar.slot_cache import CACHED_DAYS, advance_slots
from core import clock
from core.database import transaction
from core.jobs import jobs
from directory.listings.listing import refresh_due_listings

_AT_ONCE = 100


@jobs.periodic(cron="* * * * * */30")
@jobs.task(name="booking.upkeep.expire_holds", queueing_lock="expire_holds")
def expire_holds(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """End the holds that ran out. Nothing waits for this: whoever wants the time does it too."""
    while True:
        with transaction() as session:
            if holds.expire_holds(session, clock.now()) == 0:
                return


@jobs.periodic(cron="* * * * *")
@jobs.task(name="booking.upkeep.follow_the_clock", queueing_lock="follow_the_clock")
def follow_the_clock(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Listings whose next opening went by, or that are due for another look."""
    _for_each(_GONE_BY, republish_openings)
    with transaction() as session:
        refresh_due_listings(session, clock.now())


@jobs.periodic(cron="7 * * * *")
@jobs.task(name="booking.upkeep.advance_calendars", queueing_lock="advance_calendars")
def advance_calendars(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Each provider's calendar opens one more day when their day ends, so every hour for some."""
    _for_each(_BEHIND, advance_slots)
    with transaction() as session:
        idempotency.forget_old(session, clock.now())


_GONE_BY = text(
    """
    SELECT l.provider_id FROM listing l
    JOIN provider p ON p.id = l.provider_id
    JOIN schedule s ON s.provider_id = l.provider_id
    WHERE l.next_opening IS NOT NULL AND l.provider_id > :after AND (
        NOT p.accepts_new
        OR l.next_opening < :now + make_interval(mins => (s.document->>'notice_minutes')::int))
    ORDER BY l.provider_id LIMIT :most
    """
)
# A calendar's last day is told in its own zone, at most a day from UTC's; the service knows.
_BEHIND = text(
    """
    SELECT s.provider_id FROM schedule s
    JOIN provider p ON p.id = s.provider_id
    LEFT JOIN listing l ON l.provider_id = s.provider_id
    WHERE s.provider_id > :after AND (
        s.published_through IS NULL OR s.published_through <= :last
        OR (p.accepts_new AND l.next_opening IS NULL))
    ORDER BY s.provider_id LIMIT :most
    """
)


def _for_each(query: TextClause, change: Callable[[Session, UUID, datetime], None]) -> None:
    """Change every provider that `query` finds, each in a transaction of its own."""
    after = UUID(int=0)
    while True:
        now = clock.now()
        last = (now + timedelta(days=CACHED_DAYS)).date()
        values = {"after": after, "now": now, "last": last, "most": _AT_ONCE}
        with transaction() as session:
            found = session.connection().execute(query, values).scalars().all()
        for provider_id in found:
            with transaction() as session:
                change(session, provider_id, now)
        if len(found) < _AT_ONCE:
            return
        after = found[-1]
