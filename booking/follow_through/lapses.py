"""Licences that run out before booked sessions: people are warned, an admin is told what presses,
and a day before its start a session that nobody renewed for is called off."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments.queries import booked_ahead
from booking.calendar.queries import Calendar, get_calendar
from booking.follow_through.grounds import call_off_stranded
from booking.letters import endings
from booking.models import AppointmentRow
from booking.rules.lapses import (
    PATIENT_TOLD_BEFORE,
    RENEWAL_URGENT_BEFORE,
    WARNINGS,
    is_lapse,
    warning_due,
)
from core.database import Statement, lock, run
from directory.models import Provider
from directory.rules.days import local_day

_OVERDUE_AT_MOST: Final = timedelta(days=90)
"""No session is booked so long after its licence ran out."""
_DAY: Final = timedelta(days=1)

_AT_RISK: Final = """
    SELECT a.provider_id
    FROM credential c
    JOIN appointment a ON a.provider_id = c.provider_id AND a.patient_state = c.state
    WHERE c.kind = 'state_license' AND c.status = 'verified' AND c.withdrawn_at IS NULL
      AND c.expires_on BETWEEN %(first)s AND %(last)s
      AND a.status = 'booked' AND a.starts_at > %(now)s AND a.starts_at <= %(until)s
      AND a.starts_at::date >= c.expires_on
    UNION SELECT provider_id FROM renewal_due
    ORDER BY provider_id
"""


def find_at_risk(session: Session, now: datetime) -> list[UUID]:
    """Providers with a session in the coming days that may have no licence by then, and those of
    whom the desk was told so. (By days, in whatever zone; the rules decide.)"""
    until = now + PATIENT_TOLD_BEFORE
    values = {
        "now": now,
        "until": until,
        "first": (now - _OVERDUE_AT_MOST).date(),
        "last": (until + _DAY).date(),
    }
    return [row.provider_id for row in run(session, Statement(_AT_RISK, values))]


def follow_lapses(session: Session, provider_id: UUID, now: datetime) -> None:
    """What is due for a provider now: sessions called off, patients warned, an alarm raised where
    a renewal waits for an admin, or lifted. Safe to repeat."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    call_off_stranded(session, calendar, now)
    provider = session.get_one(Provider, provider_id)
    lapsing = [
        one
        for one in _lapsing(calendar, booked_ahead(session, provider_id, now))
        if one.starts_at - now <= PATIENT_TOLD_BEFORE
    ]
    for one in lapsing:
        endings.warn_patient(session, one, provider)
    urgent = [one for one in lapsing if one.starts_at - now <= RENEWAL_URGENT_BEFORE]
    run(session, _alarm(provider_id, urgent))


def _lapsing(calendar: Calendar, booked: list[AppointmentRow]) -> list[AppointmentRow]:
    return [
        one for one in booked if is_lapse(calendar.ground, one.patient_state or "", one.starts_at)
    ]


def _alarm(provider_id: UUID, urgent: list[AppointmentRow]) -> Statement:
    """Tells the desk, while a renewal waits to be checked."""
    if not urgent:
        return Statement(
            "DELETE FROM renewal_due WHERE provider_id = %(provider)s", {"provider": provider_id}
        )
    return Statement(
        """
        INSERT INTO renewal_due (provider_id, session_at)
        SELECT %(provider)s, %(at)s WHERE EXISTS (
            SELECT FROM credential WHERE provider_id = %(provider)s AND status = 'pending'
            AND kind = 'state_license' AND withdrawn_at IS NULL)
        ON CONFLICT (provider_id) DO UPDATE SET session_at = excluded.session_at
        """,
        {"provider": provider_id, "at": urgent[0].starts_at},
    )


def find_expiring(session: Session, now: datetime, after: UUID, most: int) -> list[UUID]:
    """Verified licences that run out within the first of the warnings, in order of their ids."""
    expiring = """
        SELECT c.id FROM credential c
        WHERE c.kind = 'state_license' AND c.status = 'verified' AND c.withdrawn_at IS NULL
          AND c.expires_on BETWEEN %(first)s AND %(last)s AND c.id > %(after)s
        ORDER BY c.id LIMIT %(most)s
    """
    values = {
        "first": (now - _DAY).date(),
        "last": (now + (max(WARNINGS) + 1) * _DAY).date(),
        "after": after,
        "most": most,
    }
    return [row.id for row in run(session, Statement(expiring, values))]


_LICENCE: Final = """
    SELECT c.provider_id, c.state, c.expires_on, EXISTS (
        SELECT FROM credential r WHERE r.provider_id = c.provider_id AND r.kind = c.kind
        AND r.state = c.state AND r.status = 'pending' AND r.withdrawn_at IS NULL) AS is_renewed
    FROM credential c
    WHERE c.id = %(id)s AND c.status = 'verified' AND c.withdrawn_at IS NULL
"""


def warn_of_expiry(session: Session, credential_id: UUID, now: datetime) -> None:
    """Warn the provider if that is due; each warning comes once, and none once the renewal has
    been entered."""
    rows = run(session, Statement(_LICENCE, {"id": credential_id}))
    if not rows or rows[0].is_renewed:
        return
    (row,) = rows
    last_day: date = row.expires_on
    days = warning_due(last_day, local_day(row.state, now))
    if days is None:
        return
    calendar = get_calendar(session, row.provider_id)
    sessions = [
        one
        for one in _lapsing(calendar, booked_ahead(session, row.provider_id, now))
        if one.patient_state == row.state
    ]
    provider = session.get_one(Provider, row.provider_id)
    endings.warn_provider(session, provider, credential_id, row.state, last_day, days, sessions)
