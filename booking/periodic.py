"""What keeps booking true while nobody clicks: holds end, days come in sight, listings follow."""

from typing import Final
from uuid import UUID

from booking import idempotency
from booking.appointments import hold_ends
from booking.calendar.slot_cache import advance_slots
from booking.follow_through import lapses
from core import clock
from core.database import Statement, run, transaction
from core.jobs import jobs
from directory.listings.listing import find_due_listings, refresh_listing

_AT_ONCE = 100


@jobs.periodic(cron="* * * * * */30")
@jobs.task(name="booking.upkeep.expire_holds", queueing_lock="expire_holds")
def expire_holds(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """End the holds that ran out. Nothing waits for this: whoever wants the time does it too."""
    while True:
        with transaction() as session:
            if hold_ends.expire_holds(session, clock.now()) == 0:
                return


@jobs.periodic(cron="* * * * *")
@jobs.task(name="booking.upkeep.follow_the_clock", queueing_lock="follow_the_clock")
def follow_the_clock(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Calendars that the clock changes, and listings that are due for another look."""
    _advance_due()
    _refresh_due_listings()


@jobs.periodic(cron="7 * * * *")
@jobs.task(name="booking.upkeep.advance_calendars", queueing_lock="advance_calendars")
def advance_calendars(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Each provider's calendar opens one more day when their day ends, so every hour for some."""
    _advance_due()
    with transaction() as session:
        idempotency.forget_old(session, clock.now())


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="booking.periodic.follow_lapses", queueing_lock="follow_lapses")
def follow_lapses(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Sessions whose licence runs out before them: warn, raise the alarm, call off."""
    now = clock.now()
    with transaction() as session:
        found = lapses.find_at_risk(session, now)
    for provider_id in found:
        with transaction() as session:
            lapses.follow_lapses(session, provider_id, now)


@jobs.periodic(cron="31 13 * * *")  # UTC: the morning in the United States
@jobs.task(name="booking.periodic.warn_of_expiry", queueing_lock="warn_of_expiry")
def warn_of_expiry(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Providers whose licences run out within 60, 30 or 7 days."""
    now, after = clock.now(), UUID(int=0)
    while True:
        with transaction() as session:
            found = lapses.find_expiring(session, now, after, _AT_ONCE)
        for credential_id in found:
            with transaction() as session:
                lapses.warn_of_expiry(session, credential_id, now)
        if len(found) < _AT_ONCE:
            return
        after = found[-1]


_DUE: Final = "SELECT provider_id FROM calendar_due WHERE at <= %(now)s ORDER BY at LIMIT %(most)s"


def _advance_due() -> None:
    """Advance every calendar that is due, each in a transaction of its own."""
    now = clock.now()
    while True:
        with transaction() as session:
            found = run(session, Statement(_DUE, {"now": now, "most": _AT_ONCE}))
        for row in found:
            with transaction() as session:
                advance_slots(session, row.provider_id, now)
        if len(found) < _AT_ONCE:
            return


def _refresh_due_listings() -> None:
    """Each in a transaction of its own, for it holds the provider's calendar."""
    now = clock.now()
    with transaction() as session:
        due = find_due_listings(session, now)
    for provider_id in due:
        with transaction() as session:
            refresh_listing(session, provider_id, now)
