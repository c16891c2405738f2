"""Whose calendars a hold concerns, and their locks."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from booking.appointments.refusals import FARTHEST
from booking.calendar.queries import LONGEST
from booking.models import Holder
from core.database import Statement, lock_statement
from core.errors import NotFound

# One statement finds whose calendars are concerned and locks them, in the order and with the keys
# of `core.database.lock`. Where somebody else visibly has the time, no calendar is locked: who
# comes too late need not queue for it to be told so.
_LOCK_CALENDARS: Final = """
    SELECT is_wanted, is_taken, CASE WHEN NOT is_taken THEN pg_advisory_xact_lock(key) END
    FROM (
        SELECT ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint AS key,
               bool_or(is_wanted) AS is_wanted
        FROM (
            SELECT provider_id AS id, true AS is_wanted FROM service WHERE id = %(service)s
            UNION ALL
            SELECT provider_id, false FROM appointment
            WHERE expires_at IS NOT NULL AND (visitor = %(visitor)s OR held_by = %(person)s)
        ) AS found GROUP BY key ORDER BY key
    ) AS concerned,
    (
        SELECT EXISTS (
            SELECT 1 FROM service s
            JOIN appointment a ON a.provider_id = s.provider_id
            WHERE s.id = %(service)s AND a.starts_at <= %(start)s AND a.ends_at > %(start)s
              AND a.starts_at > %(earliest)s AND a.takes_time
              AND (a.expires_at IS NULL OR a.expires_at > %(now)s
                   AND NOT coalesce(a.visitor = %(visitor)s, false)
                   AND NOT coalesce(a.held_by = %(person)s::uuid, false))
        ) AS is_taken
    ) AS others
"""


def locking_holder(holder: Holder) -> Statement:
    """People are locked before calendars, everywhere: what someone holds then stays as it is while
    it is found whose calendars that concerns."""
    browser = [] if holder.visitor is None else [UUID(bytes=holder.visitor[:16])]
    return lock_statement(*browser, *([] if holder.person_id is None else [holder.person_id]))


def locking_calendars(
    service_id: UUID, starts_at: datetime, holder: Holder, now: datetime
) -> Statement:
    """Tells whether somebody else has that time; where not, locks the calendar of the service's
    provider and of those whose time the holder, who is locked, has now."""
    start = min(max(starts_at, now), now + FARTHEST)
    return Statement(
        _LOCK_CALENDARS,
        {
            "service": service_id,
            "start": start,
            "earliest": start - LONGEST,
            "visitor": holder.visitor,
            "person": holder.person_id,
            "now": now,
        },
    )


def locking_calendar_of(appointment_id: UUID) -> Statement:
    """Locks the calendar that an appointment is in."""
    return Statement(
        "SELECT pg_advisory_xact_lock("
        "('x' || right(replace(provider_id::text, '-', ''), 16))::bit(64)::bigint)"
        " FROM appointment WHERE id = %(id)s",
        {"id": appointment_id},
    )


def is_taken_in(concerned: list[Any]) -> bool:
    """What `locking_calendars` tells. Raises NotFound where there is no such service."""
    for row in concerned:
        if row.is_wanted:
            return bool(row.is_taken)
    raise NotFound
