"""Figures in a typed text that mean something: money, a time of day, a ZIP code.

Found in the text as typed, because what is a sum is told by a sign or a word beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from directory.search.day_times import TIMES, time_of
from directory.search.query import MAX_FEE
from directory.typed_search.lexicon import Meaning
from directory.typed_search.places import state_of_zip


@dataclass(frozen=True)
class Figure:
    """What stands in a text from `start` to `end`."""

    start: int
    end: int
    meaning: Meaning


_SUM: Final = r"\d{1,3}(?:,\d{3})+|\d{1,5}"
_UNIT: Final = r"(?:\s*(?:dollars?|bucks|usd|d[oó]lares))"
_PER: Final = r"(?:\s*(?:/|per|an?|por)\s*(?:session|hour|visit|hr|sesi[oó]n|hora))?"
_MOST: Final = (
    r"(?:under|below|less than|cheaper than|up to|at most|no more than|not more than|max(?:imum)?"
    r"|menos de|hasta|m[aá]ximo(?: de)?)"
)
_MONEY: Final = re.compile(
    rf"(?<!\w)(?:{_MOST}\s+|between\s+|entre\s+)?\$?\s?(?:{_SUM})\s*(?:-|–|to|and|y|a)\s*\$\s?(?P<high>{_SUM})"
    rf"|(?<!\w)(?:between\s+|entre\s+)?\$\s?(?:{_SUM})\s*(?:-|–|to|and|y|a)\s*(?P<top>{_SUM})\b"
    rf"|(?<!\w)(?:{_SUM})\s*(?:-|–|to|and|y|a)\s*(?P<upper>{_SUM}){_UNIT}\b"
    rf"|(?<!\w)(?:{_MOST}\s+)?\$\s?(?P<sum>{_SUM})\b{_UNIT}?"
    rf"|(?<!\w)(?:{_MOST}\s+)?(?P<units>{_SUM}){_UNIT}\b"
    rf"|\b{_MOST}\s+(?P<bare>\d{{2,4}})\b(?!\s*(?:years?|yrs?|yo\b|a[nñ]os|miles?|minutes?|days?|%))",
    re.IGNORECASE,
)
_FROM: Final = re.compile(
    rf"(?<!\w)(?:over|above|more than|at least|m[aá]s de)\s+\$?\s?(?:{_SUM}){_UNIT}?", re.IGNORECASE
)
"""A least fee, which no search asks for."""
_LEAST_BARE: Final = 40
"""A figure that no word calls money is a sum from here on; below, it may be an age."""

_CLOCK: Final = r"(\d{1,2})(?!\d)(?::(\d\d))?\s*([ap]\.?\s?m\b\.?)?"
_TIME: Final = re.compile(
    rf"\b(?:(?P<how>after|from|past|before|until|by|at|around|between|despu[eé]s de las?"
    rf"|antes de las?|desde las?|a las?)\s+)?{_CLOCK}(?:\s*(?:-|–|to|and|until|a)\s*{_CLOCK})?"
    r"(?:\s*o[’']?clock)?"
    r"(?!\s*(?:years?|months?|weeks?|days?|hours?|minutes?|times|kids|sessions?|a[nñ]os|meses|%))",
    re.IGNORECASE,
)
_OPEN: Final = ("after", "from", "past", "después de", "despues de", "desde")
_CLOSED: Final = ("before", "until", "by", "antes de")
_SAYS_TIME: Final = ("after", "before", "at", "despu", "antes", "desde", "a la")
"""After these a figure is a time though nothing else says so."""
_ZIP: Final = re.compile(r"(?<![\w$-])(\d{5})(?:-\d{4})?(?![\w-])")


def find_figures(text: str) -> list[Figure]:
    """In order; none overlaps another."""
    found: list[Figure] = []
    taken = [one.span() for one in _FROM.finditer(text)]
    for one in (*_money(text), *_zips(text), *_times(text)):
        if all(one.end <= start or end <= one.start for start, end in taken):
            taken.append((one.start, one.end))
            found.append(one)
    return sorted(found, key=lambda one: one.start)


def _money(text: str) -> Iterator[Figure]:
    for match in _MONEY.finditer(text):
        sums = [int(one.replace(",", "")) for one in match.groupdict().values() if one]
        is_bare = match["bare"] is not None and sums[0] < _LEAST_BARE
        per = re.compile(_PER, re.IGNORECASE).match(text, match.end())
        end = per.end() if per else match.end()
        if sums and not is_bare:
            meaning = Meaning("max_fee", (str(min(sums[0], MAX_FEE)),))
            yield Figure(match.start(), end, meaning)


def _zips(text: str) -> Iterator[Figure]:
    for match in _ZIP.finditer(text):
        state = state_of_zip(match[1])
        if state is not None:
            yield Figure(*match.span(), Meaning("state", (state,)))


def _times(text: str) -> Iterator[Figure]:
    """Nothing else says that a figure is a time but `am`, `pm`, a colon, or a word before it."""
    for match in _TIME.finditer(text):
        how, hour, minute, half, end_hour, end_minute, end_half = match.groups()
        said = (how or "").lower()
        is_time = half or minute or end_half or end_minute or "clock" in match[0].lower()
        if not (is_time or said.startswith(_SAYS_TIME)):
            continue
        last = _hour(end_hour, end_half) if end_hour else None
        first = _hour(hour, half or end_half)
        if first is not None and last is not None and first > last:
            first = _hour(hour, half)  # 11 to 1 pm
        if first is None or (end_hour and last is None):
            continue
        if said.startswith(_OPEN) and last is None:
            last = 23
        elif said.startswith(_CLOSED):
            first, last = 0, first - 1
        last = first if last is None else last
        times = tuple(key for key in TIMES if key in {time_of(h) for h in range(first, last + 1)})
        if times:
            end = match.start() + len(match[0].rstrip())
            yield Figure(match.start(), end, Meaning("time", times))


def _hour(text: str, half: str | None) -> int | None:
    """0 to 23. Without am or pm, one to seven are in the afternoon, as sessions are."""
    hour = int(text)
    if half is None:
        return hour + 12 if 1 <= hour <= 7 else hour if hour < 24 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half[:1].lower() == "p" else 0)
