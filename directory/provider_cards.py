"""A provider as search shows one: who they are, why they fit, when they have time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from core.web import formats
from core.web.formats import clock_time, zoned_time
from directory.models import Listing
from directory.presenters import times_words, value_title
from directory.search import SearchQuery
from directory.search.entries import NEVER, Opening, Shown, instant
from directory.search.listing_rows import entry_of
from directory.taxonomy import INSURANCE, STATES

DAYS: Final = 4
OF_A_DAY: Final = 3
IN_A_ROW: Final = 3
"""A card shows so many days, so many times of each; a narrow one so many times in all."""
_FIT_GROUPS: Final = ("condition", "modality", "time", "language", "insurance", "ages", "kind")
_WEEK: Final = timedelta(days=7)


class CardTime(NamedTuple):
    """`day` stands before the time where no heading tells it; `is_more` leaves a narrow card."""

    url: str
    day: str
    label: str
    is_more: bool


class CardDay(NamedTuple):
    heading: str
    times: list[CardTime]


@dataclass(frozen=True, slots=True)
class Card:
    """What `provider_card` shows (templates/components/cards.html). `times_url` leads to the times
    of the session that the first one is of. Templates read attributes much quicker than keys."""

    slug: str
    url: str
    name: str
    letters: str
    profession: str
    price: str
    times_url: str
    fits: str
    helps_with: str
    licensed: str
    voice: str
    portrait_url: str | None
    monogram: str
    tint: int
    days: list[CardDay]
    accepts_new: bool


def card(shown: Shown, query: SearchQuery, zone: str, today: date) -> Card:
    """A provider in the results of `query`. Times are in `zone`; where none is known, in the
    listing's own, and each says so."""
    entry, facts = shown.entry, shown.entry.card
    asked = query.asked_times
    clock = (zone, clock_time) if zone else (own_zone(shown), zoned_time)
    first = [("service", one.service_id) for one in shown.openings[:1]]
    profile = f"/providers/{entry.slug}"
    return Card(
        slug=entry.slug,
        url=f"{profile}{'?' if asked.pairs else ''}{urlencode(asked.pairs)}",
        times_url=f"{profile}?{urlencode([*first, *asked.pairs])}#times",
        name=entry.name,
        letters=facts["letters"],
        profession=facts["profession"],
        price=" · ".join(filter(None, (fee_line(facts), _plans_line(shown, query)))),
        fits=", ".join(fits(entry.facets, query)),
        helps_with=", ".join(facts["focus"]),
        licensed=licensed_line(shown.public_states, query.choices.get("state", ())),
        voice=facts["headline"],
        portrait_url=facts["photo"],
        monogram=facts["monogram"],
        tint=facts["tint"],
        days=list(_days(shown.openings, *clock, today)),
        accepts_new=facts["accepts_new"],
    )


def preview(listing: Listing, zone: str, now: datetime) -> Card:
    """The card as patients meet it in search, from what is saved; without times while the listing
    is hidden. Nobody compares by it."""
    entry = entry_of(listing)
    shown = entry.at(int(now.timestamp())) or Shown(entry, tuple(entry.states), (), 0, NEVER)
    made = card(shown, SearchQuery(), zone, formats.local_date(now, zone))
    url = made.url if entry.is_published else "#preview"
    return replace(made, slug="", url=url)


def own_zone(shown: Shown) -> str:
    """That of the first state in which a listing may see people."""
    return STATES[shown.states[0]].zone


# ---------------------------------------------------------------------- why


def fits(facets: Mapping[str, Sequence[str]], query: SearchQuery) -> list[str]:
    """What of the search a listing with these facets answers, in words, besides place and
    profession."""
    found: list[str] = []
    for group in _FIT_GROUPS:
        if group == "time":
            found += [words] if (words := times_words(query.asked_times)) else []
            continue
        has = facets.get(group, ())
        found += [value_title(group, key) for key in query.choices.get(group, ()) if key in has]
    return found


def asked_of(shown: Shown, query: SearchQuery) -> tuple[tuple[str, str], ...]:
    """The choices that a card of this listing speaks of."""
    return tuple(
        (group, key)
        for group in _FIT_GROUPS
        for key in query.choices.get(group, ())
        if key in shown.entry.facets.get(group, ())
    )


def licensed_line(licensed: Sequence[dict[str, Any]], chosen: tuple[str, ...]) -> str:
    """Where, and when that was last checked at the source: the states asked for; without one,
    two of all."""
    asked = [state for state in licensed if state["code"] in chosen] or list(licensed)
    names = [state["name"] for state in asked[:2]]
    more = len(asked) - len(names)
    if more:
        names.append(formats.count(more, "more state"))
    days = [state["verified_on"] for state in asked if state["verified_on"]]
    checked = f", checked {_month_day(min(days))}" if days else ""
    return f"Licensed in {formats.listed(names)}{checked}"


@lru_cache(maxsize=1_000)
def _month_day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day:%b} {day.day}"


def fee_line(facts: Mapping[str, Any]) -> str:
    """$150; $110–$220 · sliding scale"""
    low, high = facts["fee_cents"], facts["fee_max_cents"]
    if low is None:
        return ""
    line = formats.money(low)
    if high not in (None, low):
        line += f"–{formats.money(high)}"
    return f"{line} · sliding scale" if facts["sliding_scale"] else line


def _plans_line(shown: Shown, query: SearchQuery) -> str:
    """The plans asked for; else how many are accepted."""
    plans = shown.entry.facets.get("insurance", ())
    asked = [INSURANCE[key].title for key in query.choices.get("insurance", ()) if key in plans]
    if asked:
        return formats.listed(asked)
    return formats.count(len(plans), "plan") if plans else ""


# ---------------------------------------------------------------------- when


def _days(
    openings: Sequence[Opening], zone: str, time: Callable[[datetime, str], str], today: date
) -> Iterator[CardDay]:
    """The first days with openings, and the first openings of each."""
    row = 0
    by_day = groupby(openings, lambda one: formats.local_date(one.starts_at, zone))
    for day, some in islice(by_day, DAYS):
        times = []
        for one in islice(some, OF_A_DAY):
            start, label = _said(one.starts, zone, time)
            url = f"/book?service={one.service_id}&start={start}"
            times.append(CardTime(url, _near(day, today), label, row >= IN_A_ROW))
            row += 1
        yield CardDay(_heading(day, today), times)


@lru_cache(maxsize=10_000)
def _said(starts: int, zone: str, time: Callable[[datetime, str], str]) -> tuple[str, str]:
    """A start (seconds of the epoch) for an address and in words. Most listings share theirs."""
    return quote(instant(starts)), time(datetime.fromtimestamp(starts, UTC), zone)


@lru_cache(maxsize=1_000)
def _heading(day: date, today: date) -> str:
    """Today, Fri 27, Dec 4"""
    if day == today:
        return "Today"
    return f"{day:%a} {day.day}" if day - today < _WEEK else f"{day:%b} {day.day}"


@lru_cache(maxsize=1_000)
def _near(day: date, today: date) -> str:
    """Today, Fri; Dec 4, where the day of the week alone could be two days."""
    if day == today:
        return "Today"
    return f"{day:%a}" if day - today < _WEEK else f"{day:%b} {day.day},"


def soon_short(at: datetime, zone: str, today: date) -> str:
    """Today 3:00 pm; Fri 9:00 am; Dec 4, 9:00 am"""
    return f"{_near(formats.local_date(at, zone), today)} {clock_time(at, zone)}"


def soon(
    at: datetime, zone: str, today: date, time: Callable[[datetime, str], str] = clock_time
) -> str:
    """Today, 3:00 pm; Tomorrow, 9:00 am; Thu, Nov 26, 3:00 pm. `time` says the time of day."""
    day = formats.local_date(at, zone)
    if day == today:
        return f"Today, {time(at, zone)}"
    if day == today + timedelta(days=1):
        return f"Tomorrow, {time(at, zone)}"
    return f"{formats.short_day(day)}, {time(at, zone)}"
