"""What the search index reads of a listing, as packed bytes: a million rows load in seconds.

`marks`: one CRC-32 for each facet value ("state=WA"). It is the same in every process and every
version, whatever else the taxonomy learns; a test proves that no two values share one.
`starts`: the next bookable starts in minutes of the epoch. Both are unsigned, four bytes each,
most significant first, ascending. `hours`: a day (UTC, since the epoch, two bytes), and from its
midnight on a bit for each hour in which something can be booked, least significant bit first.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np

MOST_STARTS = 12
"""As many openings as booking publishes."""
HOUR_DAYS = 15
"""For so many days the hours are kept: two weeks, and what is left of today."""
HOURS = 24 * HOUR_DAYS
HOURS_BYTES = 2 + HOURS // 8


def mark(group: str, key: str) -> int:
    """The number of one facet value."""
    return zlib.crc32(f"{group}={key}".encode())


def pack_marks(facets: Mapping[str, Iterable[str]], states: Iterable[str]) -> bytes:
    """All facet values of a listing, with the states where it may see people."""
    everything = {**facets, "state": states}
    return _packed({mark(group, key) for group, keys in everything.items() for key in keys})


def pack_starts(openings: Iterable[Mapping[str, str]]) -> bytes:
    """The distinct starts of [{"starts_at": ISO}], the soonest `MOST_STARTS`."""
    starts = {int(datetime.fromisoformat(one["starts_at"]).timestamp()) // 60 for one in openings}
    return _packed(sorted(starts)[:MOST_STARTS])


def pack_hours(starts: Iterable[int], today: int) -> bytes:
    """In which hours some of these starts (minutes of the epoch) lie; empty where in none.

    `today`: day of the epoch. What lies before it, or beyond what is kept, is passed over.
    """
    bits = 0
    for hour in {start // 60 - 24 * today for start in starts}:
        if 0 <= hour < HOURS:
            bits |= 1 << hour
    return struct.pack(">H", today) + bits.to_bytes(HOURS // 8, "little") if bits else b""


def repack_hours(hours: bytes, starts: Iterable[int], anew: Iterable[int]) -> bytes:
    """The same, but each of the hours `anew` (of the epoch) open only if one of `starts` lies in
    it. Raises ValueError of empty ones, which have no first day."""
    if not hours:
        raise ValueError("nothing says from which day on these hours are")
    first = end_of_hours(hours) - HOURS
    bits = int.from_bytes(hours[2:], "little")
    is_open = {start // 60 for start in starts}
    for hour in anew:
        if 0 <= hour - first < HOURS:
            bit = 1 << (hour - first)
            bits = bits | bit if hour in is_open else bits & ~bit
    return hours[:2] + bits.to_bytes(HOURS // 8, "little") if bits else b""


def unpack_hours(hours: bytes) -> list[int]:
    """The hours of the epoch that were packed, ascending."""
    if not hours:
        return []
    bits = np.unpackbits(np.frombuffer(hours, np.uint8, offset=2), bitorder="little")
    found: list[int] = (np.flatnonzero(bits) + end_of_hours(hours) - HOURS).tolist()
    return found


def end_of_hours(hours: bytes) -> int:
    """The hour of the epoch up to which they were noted; 0 where none were."""
    return 24 * int.from_bytes(hours[:2], "big") + HOURS if hours else 0


def _packed(numbers: Iterable[int]) -> bytes:
    ordered = sorted(numbers)
    return struct.pack(f">{len(ordered)}I", *ordered)
