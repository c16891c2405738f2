"""Whose calendars a hold concerns, and their locks."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from booking.appointments.refusals import FARTHEST
from booking.calendar.queries import LONGEST
from booking.models import Holder
from core.database import Statement
from core.errors import NotFound

# One statement finds whose calendars are concerned and locks them with the caller, in the order
# and with the keys of `core.database.lock`. Where somebody else visibly has the time, nothing is
# locked: those who come too late need not queue for the calendar to be told so.
_LOCK_CONCERNED: Final = """
    SELECT id, is_wanted, is_taken,
           CASE WHEN NOT is_taken THEN pg_advisory_xact_lock(
               ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint) END
    FROM (
        SELECT id, bool_or(is_wanted) AS is_wanted FROM (
            SELECT provider_id AS id, true AS is_wanted FROM service WHERE id = %(service)s
            UNION ALL
            SELECT provider_id, false FROM appointment
            WHERE expires_at IS NOT NULL AND (visitor = %(visitor)s OR held_by = %(person)s)
            UNION ALL
            SELECT unnest(%(holder)s::uuid[]), false
        ) AS found GROUP BY id ORDER BY id
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


def locking_concerned(
    service_id: UUID, starts_at: datetime, holder: Holder, now: datetime
) -> Statement:
    """Tells whether somebody else has that time; where not, locks the service's provider, the
    holder, and those whose time they hold."""
    browser = [] if holder.visitor is None else [UUID(bytes=holder.visitor[:16])]
    start = min(max(starts_at, now), now + FARTHEST)
    return Statement(
        _LOCK_CONCERNED,
        {
            "service": service_id,
            "start": start,
            "earliest": start - LONGEST,
            "visitor": holder.visitor,
            "person": holder.person_id,
            "holder": [*browser, *([] if holder.person_id is None else [holder.person_id])],
            "now": now,
        },
    )


def is_taken_in(concerned: list[Any]) -> bool:
    """What `locking_concerned` tells. Raises NotFound where there is no such service."""
    for row in concerned:
        if row.is_wanted:
            return bool(row.is_taken)
    raise NotFound
