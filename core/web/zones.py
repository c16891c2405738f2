"""Which time zone the reader thinks in (asked for, told by the browser, or their state's), and how
pages call it."""

from datetime import datetime

from fastapi import Request

from core.times import known_zones
from core.web.formats import zone_name

DEFAULT = "America/New_York"
ZONES = {
    "America/New_York": "Eastern Time",
    "America/Chicago": "Central Time",
    "America/Denver": "Mountain Time",
    "America/Phoenix": "Arizona Time",
    "America/Los_Angeles": "Pacific Time",
    "America/Anchorage": "Alaska Time",
    "Pacific/Honolulu": "Hawaii Time",
    "America/Puerto_Rico": "Atlantic Time",
    "Pacific/Guam": "Guam Time",
    "Pacific/Pago_Pago": "Samoa Time",
}
"""What to choose from; other zones are named after their city."""
_ALIKE = {
    "America/Detroit": "America/New_York",
    "America/Indiana/Indianapolis": "America/New_York",
    "America/Boise": "America/Denver",
    "America/St_Thomas": "America/Puerto_Rico",
}


def is_zone(name: str) -> bool:
    return name in known_zones()


def reader_zone(request: Request, fallback: str = DEFAULT) -> str:
    """The one that is told, else `fallback` (the state's zone)."""
    return told_zone(request) or fallback


def told_zone(request: Request) -> str:
    """`?zone=`, else the browser's cookie; empty where neither says one."""
    for name in (request.query_params.get("zone"), request.cookies.get("zone")):
        name = (name or "").replace("%2F", "/")
        if is_zone(name):
            return name
    return ""


def zone_words(zone: str) -> str:
    """Pacific Time; Kathmandu time"""
    known = ZONES.get(_ALIKE.get(zone, zone))
    return known or zone.rsplit("/", 1)[-1].replace("_", " ") + " time"


def zone_line(zone: str, at: datetime) -> str:
    return f"Times are in {zone_words(zone)} ({zone_name(at, zone)})."


def zone_choices(zone: str) -> list[tuple[str, str]]:
    """(value, label) for a select; the reader's own zone is always among them."""
    own = [] if zone in ZONES else [(zone, f"{zone_words(zone)} (yours)")]
    return own + list(ZONES.items())
