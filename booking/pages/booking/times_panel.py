"""The times of one provider on their profile: a month, the times of a day, ways to others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from booking.calendar.free_times import Viewer
from booking.calendar.queries import Calendar
from booking.calendar.requested_time import times_from
from booking.pages import presenters
from booking.pages.booking.month import month_of
from booking.pages.search_context import SearchContext
from booking.rules.minutes import minute_of
from booking.visitors import known_holder
from core.web import formats
from core.web.formats import local_date
from core.web.visit import Visit
from core.web.zones import zone_choices, zone_line
from directory.models import Service
from directory.presenters import times_words
from directory.provider_cards import soon
from directory.search.day_times import AskedTimes


@dataclass(frozen=True)
class TimesAsked:
    """Which times to show; `start` is a local day, None for now."""

    slug: str
    service: Service
    start: date | None
    zone: str
    brought: SearchContext

    @property
    def times(self) -> AskedTimes:
        return self.brought.asked_times(self.zone)

    def url(self, **other: str) -> str:
        """This profile with the same choices, but for `other`."""
        asked = [pair for pair in self.brought.pairs(self.zone) if pair[0] not in other]
        return self._url(asked, other)

    @property
    def all_times_url(self) -> str:
        """The same without the times of the week that were asked for."""
        return self._url(list(self.brought.parameters.items()), {})

    def _url(self, pairs: list[tuple[str, str]], other: dict[str, str]) -> str:
        service = [] if "service" in other else [("service", str(self.service.id))]
        return f"/providers/{self.slug}?{urlencode([*service, *pairs, *other.items()])}#times"

    def day_url(self, day: date) -> str:
        return self.url(**{"from": day.isoformat()})

    @property
    def hidden(self) -> dict[str, Any]:
        """What a form says again that asks for another zone."""
        shown = {"from": self.start.isoformat()} if self.start else {}
        kept: dict[str, list[str]] = {}
        for name, value in (*self.brought.pairs(self.zone), *shown.items()):
            if name != "zone":
                kept.setdefault(name, []).append(value)
        return {"service": str(self.service.id), **kept}

    def slot(self, start: datetime, today: date) -> dict[str, str]:
        return {
            "url": presenters.book_url(self.service.id, start, self.brought.parameters),
            "label": formats.clock_time(start, self.zone),
            "words": soon(start, self.zone, today),
        }


def times_panel(
    visit: Visit, calendar: Calendar, services: list[Service], asked: TimesAsked
) -> dict[str, Any]:
    """The panel of times: a month to choose a day, the day's times, other sessions, other zones."""
    zone, chosen = asked.zone, asked.service
    today = local_date(visit.now, zone)
    free = times_from(
        visit.session,
        calendar,
        chosen.id,
        visit.now,
        visit.now,
        Viewer(known_holder(visit), asked.brought.state),
    )
    found = (at for at in free if minute_of(at) in asked.times)
    by_day = {day: list(some) for day, some in groupby(found, lambda at: local_date(at, zone))}
    day = _day_to_show(asked.start, by_day, today)
    starts = by_day.get(day, [])
    first = next((some[0] for some in by_day.values()), None)
    return {
        "chosen": {"title": chosen.title, "line": presenters.service_line(chosen)},
        "others": [
            {
                "title": one.title,
                "line": presenters.service_line(one),
                "url": asked.url(service=str(one.id)),
            }
            for one in services
            if one.id != chosen.id
        ],
        "next": asked.slot(first, today) if first else None,
        "month": month_of(day, list(by_day), today, asked.day_url) if by_day else None,
        "day": presenters.day_heading(day, today),
        "slots": [asked.slot(one, today) for one in starts],
        "through": formats.day(today + timedelta(days=_horizon(calendar))),
        "zone": zone,
        "zone_line": zone_line(zone, presenters.local_noon(day, zone)),
        "zones": zone_choices(zone),
        "hidden": asked.hidden,
        "only_known": not chosen.for_new,
        "asked_words": times_words(asked.times),
        "all_url": asked.all_times_url,
    }


def _day_to_show(asked: date | None, free: Collection[date], today: date) -> date:
    """The one asked for, with times or without; else the first with times."""
    if asked is not None and asked >= today:
        return asked
    return next(iter(free), today)


def _horizon(calendar: Calendar) -> int:
    return calendar.availability.horizon_days if calendar.availability else 0
