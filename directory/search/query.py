"""What a search asks for, read from the parameters of an address; and those parameters again.

The same names serve the API and the pages. Repeating a parameter means "any of these".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from core.errors import Invalid
from core.numbers import read_whole
from core.web.zones import DEFAULT, is_zone
from directory.search.cursor import BadCursor, Position, Sort, read_cursor
from directory.search.day_times import TIMES, WEEKDAYS, AskedTimes
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
    SERVICE_KINDS,
    STATES,
)

GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "state": {key: entry.name for key, entry in STATES.items()},
    "condition": {key: entry.title for key, entry in CONDITIONS.items()},
    "modality": {key: entry.title for key, entry in MODALITIES.items()},
    "profession": {key: entry.title for key, entry in PROFESSIONS.items()},
    "kind": {key: entry.title for key, entry in SERVICE_KINDS.items()},
    "language": {key: entry.title for key, entry in LANGUAGES.items()},
    "insurance": {key: entry.title for key, entry in INSURANCE.items()},
    "ages": {key: entry.title for key, entry in AGE_GROUPS.items()},
    "accepts_new": {"yes": "Takes new patients"},
    "weekday": WEEKDAYS,
    "time": TIMES,
}
"""Parameters of which several values may be chosen: name → key → title."""

WHEN: Final = ("weekday", "time")
"""Groups of the next openings, by the clock of `SearchQuery.zone`."""
RANGES: Final = ("within_days", "max_fee", "q")
"""Parameters that narrow, too, and take one value."""
DAY_STEPS: Final = (3, 7, 14)
FEE_STEPS: Final = (50, 100, 150, 200, 300)
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
MAX_DAYS, MAX_FEE, MAX_LIMIT, MAX_NAME = 60, 10_000, 100, 80


@dataclass(frozen=True)
class SearchQuery:
    """`choices`: group → keys, any of which will do; groups without a choice are absent.

    `zone`: by whose clock weekdays and times of day are meant.
    `max_fee` in whole dollars, `within_days` in days of 24 hours from now, None for no limit.
    """

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_fee: int | None = None
    within_days: int | None = None
    q: str = ""
    zone: str = DEFAULT
    sort: Sort = "soonest"
    after: Position | None = None
    limit: int = 20

    @property
    def asked_times(self) -> AskedTimes:
        """When there has to be an opening."""
        weekdays, times = (self.choices.get(group, ()) for group in WHEN)
        return AskedTimes(self.zone, weekdays, times)

    def without(self, name: str) -> "SearchQuery":
        """The same search, first page, without one parameter."""
        if name in GROUPS:
            kept = {group: keys for group, keys in self.choices.items() if group != name}
            return replace(self, choices=kept, after=None)
        match name:
            case "max_fee":
                return replace(self, max_fee=None, after=None)
            case "within_days":
                return replace(self, within_days=None, after=None)
            case "q":
                return replace(self, q="", after=None)
        raise ValueError(f"not a filter: {name}")

    @property
    def filters(self) -> list[str]:
        """Names of the parameters that narrow this search, the order of the page."""
        chosen = [group for group in GROUPS if group in self.choices]
        return chosen + [name for name in RANGES if getattr(self, name) not in (None, "")]


def pairs_of(query: SearchQuery) -> list[tuple[str, str]]:
    """The parameters of an address that asks this (without the cursor)."""
    pairs = [(group, key) for group in GROUPS for key in query.choices.get(group, ())]
    for name in RANGES:
        value = getattr(query, name)
        if value not in (None, ""):
            pairs.append((name, str(value)))
    if query.sort != "soonest":
        pairs.append(("sort", query.sort))
    if query.limit != SearchQuery.limit:
        pairs.append(("limit", str(query.limit)))
    return pairs


def read_query(pairs: Iterable[tuple[str, str]]) -> SearchQuery:
    """Strictly: raises Invalid naming every parameter or value that does not exist."""
    query, problems = read_kindly(pairs)
    if problems:
        raise Invalid(problems)
    return query


def read_kindly(pairs: Iterable[tuple[str, str]]) -> tuple[SearchQuery, list[tuple[str, str]]]:
    """The search as far as it can be understood, and what could not: (parameter, message)."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    choices: dict[str, tuple[str, ...]] = {}
    single: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for name, values in given.items():
        try:
            if name in GROUPS:
                choices[name] = _keys(name, values, problems)
            elif name in _READERS:
                if len(values) > 1:
                    raise ValueError("may be given only once")
                single["after" if name == "cursor" else name] = _READERS[name](values[0])
            else:
                problems.append((_shown(name), "There is no such parameter."))
        except ValueError as error:
            problems.append((name, f"“{name}” {error}."))
    after = single.get("after")
    if after is not None and after.sort != single.get("sort", "soonest"):
        problems.append(("cursor", "“cursor” belongs to another order."))
        single["after"] = None
    choices = {group: keys for group, keys in choices.items() if keys}
    if "state" in choices:
        single.setdefault("zone", STATES[choices["state"][0]].zone)
    return SearchQuery(choices, **single), problems


def _keys(group: str, values: list[str], problems: list[tuple[str, str]]) -> tuple[str, ...]:
    known = GROUPS[group]
    for value in values:
        if value not in known:
            problems.append((group, f"“{group}” has no value “{_shown(value)}”."))
    return tuple(key for key in dict.fromkeys(values) if key in known)


def _shown(text: str) -> str:
    """What someone sent, fit to be said back."""
    return "".join(letter for letter in text if letter.isprintable())[:40]


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError("must be a whole number")
        number = read_whole(text, highest)
        if number is None or number < lowest:
            raise ValueError(f"must be from {lowest} to {highest}")
        return number

    return read


def _name(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that cannot be part of a name")
    if len(text) > MAX_NAME:
        raise ValueError(f"must be at most {MAX_NAME} characters")
    return " ".join(text.split())


def _sort(text: str) -> Sort:
    for sort in SORTS:
        if sort == text:
            return sort
    raise ValueError(f"must be one of {', '.join(SORTS)}")


def _zone(text: str) -> str:
    if not is_zone(text):
        raise ValueError("must be a time zone such as America/Chicago")
    return text


def _cursor(text: str) -> Position:
    try:
        return read_cursor(text)
    except BadCursor as error:
        raise ValueError("is not one that we gave") from error


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "max_fee": _number(0, MAX_FEE),
    "within_days": _number(1, MAX_DAYS),
    "q": _name,
    "sort": _sort,
    "cursor": _cursor,
    "limit": _number(1, MAX_LIMIT),
    "zone": _zone,
}
