"""Days, instants and zones as text, read and written in one way everywhere. Knows no clock."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import tzdata


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every IANA zone of the pinned tzdata."""
    return frozenset(available_timezones())


def tzdata_release() -> str:
    """The release of the time zones in use, as IANA names it: 2026f."""
    return str(tzdata.IANA_VERSION)


def write_wall_time(at: datetime, zone: str) -> str:
    """2026-11-24T15:00: what a clock in `zone` shows at that instant."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")


def is_in_reach(value: date) -> bool:
    """Whether a day or an instant lies in this century; no calendar goes further."""
    return 2000 <= value.year < 2100


def read_day(text: str) -> date | None:
    """2026-11-24; None for what is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_day_in_reach(text: str) -> date | None:
    """As `read_day`; None too for a day that no calendar reaches."""
    day = read_day(text)
    return day if day is not None and is_in_reach(day) else None


def read_instant(text: str) -> datetime | None:
    """An instant with its offset, as an address says it, in UTC; None for what is none, or lies
    centuries away. A plus sign that was not escaped arrives as a space."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return None
    if at.tzinfo is None or not 2000 <= at.year < 2200:
        return None
    return at.astimezone(UTC)


def write_instant(at: datetime) -> str:
    """2026-11-24T23:00:00Z: RFC 3339, in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
