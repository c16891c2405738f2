"""Time off between the form and the document: from one day to another, whole days unless times are
said. A row: {first, last (ISO dates), start, end ("HH:MM", or empty)}."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.rules.availability import TimeOff
from core.times import is_in_reach, known_zones, read_day
from core.web import formats

FIELDS = ("off_from", "off_to", "off_start", "off_end")
"""The form's names of a row's first and last day, and of its times."""

Row = dict[str, str]
Problems = list[tuple[str, str]]

_DAY = timedelta(days=1)


def is_clock(text: str) -> bool:
    return re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text) is not None


def blank() -> Row:
    return {"first": "", "last": "", "start": "", "end": ""}


def as_row(off: TimeOff, zone: ZoneInfo) -> Row:
    """Up to midnight is the whole of the day before."""
    starts, ends = off.starts_at.astimezone(zone), off.ends_at.astimezone(zone)
    is_whole = ends.time() == time()
    last = ends.date() - _DAY if is_whole else ends.date()
    return {
        "first": starts.date().isoformat(),
        "last": last.isoformat(),
        "start": "" if starts.time() == time() else f"{starts:%H:%M}",
        "end": "" if is_whole else f"{ends:%H:%M}",
    }


def in_document(rows: Sequence[Row], zone: str, problems: Problems) -> list[dict[str, str]]:
    """As the document has it; what is wrong is added to `problems`."""
    found = []
    for row in rows:
        first, last = read_day(row["first"]), read_day(row["last"] or row["first"])
        if first is None or last is None or not (is_in_reach(first) and is_in_reach(last)):
            problems.append(("off_from", "Enter the first and the last day of the time off."))
            continue
        if not all(is_clock(row[name]) for name in ("start", "end") if row[name]):
            problems.append(("off_from", "Enter times like 09:00, or none for whole days."))
            continue
        if zone not in known_zones():
            continue  # said at the zone
        starts = _instant(first, row["start"], zone)
        ends = _instant(last if row["end"] else last + _DAY, row["end"], zone)
        if ends <= starts:
            said = formats.short_day(first)
            problems.append(("off_from", f"Time off from {said} must end later."))
            continue
        found.append({"starts_at": starts.isoformat(), "ends_at": ends.isoformat()})
    return found


def in_words(row: Row) -> str:
    """November 24, 2026 to November 27, 2026; with times where they are said."""
    first, last = (date.fromisoformat(row[name]) for name in ("first", "last"))
    start = formats.full_date(first) + (f", {row['start']}" if row["start"] else "")
    if row["first"] == row["last"]:
        return f"{start} to {row['end']}" if row["end"] else start
    end = formats.full_date(last) + (f", {row['end']}" if row["end"] else "")
    return f"{start} to {end}"


def _instant(day: date, clock: str, zone: str) -> datetime:
    at = time.fromisoformat(clock or "00:00")
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
