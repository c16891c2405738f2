"""How many sessions ahead a provider lets one of their patients have."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.models import AppointmentRow
from booking.rules.hold_caps import MOST_SESSIONS, most_sessions
from core.database import Statement, run
from core.errors import Invalid, NotFound

_ALLOW: Final = """
    INSERT INTO session_allowance (provider_id, patient_id, most, changed_at)
    VALUES (%(provider)s, %(patient)s, %(most)s, %(now)s)
    ON CONFLICT (provider_id, patient_id)
    DO UPDATE SET most = EXCLUDED.most, changed_at = EXCLUDED.changed_at
"""
_READ: Final = """
    SELECT
      EXISTS (SELECT 1 FROM appointment
              WHERE patient_id = %(patient)s AND provider_id = %(provider)s
                AND starts_at <= %(now)s AND status IN ('booked', 'completed')) AS has_been,
      (SELECT most FROM session_allowance
       WHERE patient_id = %(patient)s AND provider_id = %(provider)s) AS allowed
"""


def sessions_allowed(session: Session, provider_id: UUID, patient_id: UUID, now: datetime) -> int:
    """How many this patient may have ahead with this provider."""
    values = {"provider": provider_id, "patient": patient_id, "now": now}
    (row,) = run(session, Statement(_READ, values))
    return most_sessions(row.has_been, row.allowed)


def allow_sessions(session: Session, one: AppointmentRow, most: int, now: datetime) -> None:
    """Let the patient of this appointment have up to `most` sessions ahead with its provider.
    Raises Invalid, and NotFound where there is no patient (any more)."""
    if not 1 <= most <= MOST_SESSIONS:
        raise Invalid([("most", f"Enter a number from 1 to {MOST_SESSIONS}.")])
    if one.patient_id is None:
        raise NotFound
    values = {"provider": one.provider_id, "patient": one.patient_id, "most": most, "now": now}
    run(session, Statement(_ALLOW, values))
