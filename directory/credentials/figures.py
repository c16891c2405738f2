"""How the desk does: how long what waits has waited, and how much is decided a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from directory.rules.days import working_days_after

DAYS: Final = 14
"""Of decisions, today included."""

AGES: Final = ((0, 1), (2, 3), (4, 7), (8, 14), (15, None))
"""Days waited, from and to; the last has no end."""


@dataclass(frozen=True)
class Figures:
    """`waiting`: how many have waited so long, for each of `AGES`; `late`: how many of them longer
    than they should; `decided`: decisions a day (UTC), the oldest first, today last."""

    waiting: Sequence[int]
    late: int
    decided: Sequence[tuple[date, int]]


# Who waits, by the day of their oldest claim; as many rows as days.
_WAITING: Final = """
    SELECT first, count(*) AS number FROM (
        SELECT CAST(min(submitted_at) AT TIME ZONE 'UTC' AS date) AS first FROM credential
        WHERE status = 'pending' AND withdrawn_at IS NULL GROUP BY provider_id) AS claims
    GROUP BY first
"""
_DECIDED: Final = """
    SELECT CAST(decided_at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS number
    FROM credential_decision WHERE decided_at >= :since GROUP BY day
"""


def find_figures(session: Session, now: datetime, working_days: int) -> Figures:
    """Two statements. `working_days`: within how many a claim is to be decided."""
    connection = session.connection()
    today = now.astimezone(UTC).date()
    since = {row.first: row.number for row in connection.execute(text(_WAITING))}
    first = today - timedelta(days=DAYS - 1)
    rows = connection.execute(text(_DECIDED), {"since": datetime.combine(first, time(), UTC)})
    return Figures(
        waiting=by_age(since, today),
        late=sum(n for day, n in since.items() if working_days_after(day, working_days) < today),
        decided=by_day({row.day: row.number for row in rows}, first),
    )


def by_age(since: Mapping[date, int], today: date) -> list[int]:
    """How many fall into each of `AGES`."""
    return [
        sum(
            number
            for day, number in since.items()
            if least <= (today - day).days and (most is None or (today - day).days <= most)
        )
        for least, most in AGES
    ]


def by_day(decided: Mapping[date, int], first: date) -> list[tuple[date, int]]:
    """Of each of `DAYS`, those without any too."""
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [(day, decided.get(day, 0)) for day in days]
