"""A provider's calendar as the database has it, and a full week in it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from booking.rules.availability import Availability

LENGTHS = (15, 20, 30, 45, 50, 60)
KINDS = ("individual", "consultation", "couples", "medication_management", "psychiatric_evaluation")

_DANA = """
    SELECT p.id, s.document->>'time_zone' FROM provider p JOIN schedule s ON s.provider_id = p.id
    WHERE p.slug LIKE 'dana-whitaker-%'
"""


class Calendar:
    """Dana's, as the database has it."""

    def __init__(self, address: str) -> None:
        self.address = address
        with psycopg.connect(address) as connection:
            row = connection.execute(_DANA).fetchone()
        assert row is not None
        self.provider_id: UUID = row[0]
        self.zone = ZoneInfo(row[1])

    def availability(self) -> Availability:
        with psycopg.connect(self.address) as connection:
            row = connection.execute(
                "SELECT document, terms FROM schedule WHERE provider_id = %s", [self.provider_id]
            ).fetchone()
        assert row is not None
        return Availability.model_validate({**row[0], **row[1]})

    def monday(self, ahead: int = 0) -> date:
        today = datetime.now(self.zone).date()
        return today - timedelta(days=today.weekday() - ahead)

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)

    def fill(self, monday: date) -> None:
        """A week of sessions of 15 to 60 minutes, back to back, of all kinds; most patients have
        been before. Nothing where it is full already."""
        with psycopg.connect(self.address) as connection:
            for day in range(5):
                at = self.at(monday + timedelta(days=day), 8)
                for n in range(12):
                    minutes = LENGTHS[(n + day) % len(LENGTHS)]
                    connection.execute(
                        _COPY,
                        {
                            "provider": self.provider_id,
                            "start": at,
                            "end": at + timedelta(minutes=minutes),
                            "kind": KINDS[n % len(KINDS)],
                            "patient": n,
                            "late": n == 3,
                        },
                    )
                    at += timedelta(minutes=minutes)

    def numbers(self, monday: date) -> dict[str, str]:
        """The four numbers of a week that has not begun, counted in SQL and from the hours."""
        start, end = self.at(monday, 0), self.at(monday + timedelta(days=7), 0)
        with psycopg.connect(self.address) as connection:
            row = connection.execute(_NUMBERS, [self.provider_id, start, end]).fetchone()
            assert row is not None
            taken = connection.execute(
                "SELECT starts_at, ends_at FROM appointment WHERE provider_id = %s AND takes_time"
                " AND starts_at < %s AND ends_at > %s",
                [self.provider_id, end, start],
            ).fetchall()
        left = 5 * round(self._free_minutes(monday, taken) / 5)
        hours, rest = divmod(left, 60)
        said = " ".join([*([f"{hours} h"] if hours or not rest else []),
                         *([f"{rest} min"] if rest else [])])  # fmt: skip
        return {"booked": str(row[0]), "open": said, "first": str(row[1]), "late": str(row[2])}

    def _free_minutes(self, monday: date, taken: list[Any]) -> int:
        """Minute by minute, so that it is another way than the page's."""
        hours, found = self.availability(), 0
        off = [(one.starts_at, one.ends_at) for one in hours.time_off]
        for day in (monday + timedelta(days=n) for n in range(7)):
            for span in hours.spans(day):
                at = self.at(day, 0) + timedelta(minutes=span.start)
                for _ in range(span.end - span.start):
                    found += not any(a <= at < b for a, b in [*taken, *off])
                    at += timedelta(minutes=1)
        return found


_COPY = """
    INSERT INTO appointment (id, meeting_id, provider_id, service_id, patient_id, starts_at,
        ends_at, extended, version, status, takes_time, title, kind, fee_cents,
        cancel_notice_minutes, zone, created_at, patient_state, patient_zone, is_late)
    SELECT gen_random_uuid(), gen_random_uuid(), %(provider)s,
        (SELECT id FROM service WHERE provider_id = %(provider)s LIMIT 1), person_id,
        %(start)s, %(end)s, false, 0,
        CASE WHEN %(late)s THEN 'cancelled' ELSE 'booked' END, NOT %(late)s,
        'Session', %(kind)s, 15000, 1440, 'America/Los_Angeles', now(), 'WA',
        'America/Los_Angeles', %(late)s
    FROM (SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS n FROM patient) AS p
    WHERE n = %(patient)s %% (SELECT count(*) FROM patient)
    ON CONFLICT DO NOTHING
"""
_NUMBERS = """
    SELECT count(*) FILTER (WHERE status IN ('booked', 'completed', 'no_show')),
           count(*) FILTER (WHERE status IN ('booked', 'completed') AND NOT EXISTS (
               SELECT FROM appointment b WHERE b.provider_id = a.provider_id
               AND b.patient_id = a.patient_id AND b.status IN ('booked', 'completed')
               AND b.starts_at < a.starts_at)),
           count(*) FILTER (WHERE status = 'cancelled' AND is_late AND NOT is_excused)
    FROM appointment a WHERE provider_id = %s AND starts_at >= %s AND starts_at < %s
"""
