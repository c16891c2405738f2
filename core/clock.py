"""What time it is. The only place that asks the machine; tests travel by `at`."""

import os
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

# Zones come from the pinned tzdata package: a system's copy may be years older.
os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(to=())

_offset = timedelta(0)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let the process believe that it is `instant` (and let time run on from there)."""
    global _offset
    before = _offset
    _offset = instant - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before
