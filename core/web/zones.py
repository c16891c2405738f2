"""Which time zone the reader thinks in: asked for, told by the browser, or their state's."""

from functools import lru_cache
from zoneinfo import available_timezones

from fastapi import Request

DEFAULT = "America/New_York"


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every IANA zone of the pinned tzdata."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    return name in known_zones()


def reader_zone(request: Request, fallback: str = DEFAULT) -> str:
    """`?zone=`, else the browser's cookie, else `fallback` (the state's zone)."""
    for name in (request.query_params.get("zone"), request.cookies.get("zone")):
        name = (name or "").replace("%2F", "/")
        if is_zone(name):
            return name
    return fallback
