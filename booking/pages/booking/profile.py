"""A provider's public profile with their times."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Response

from booking.calendar.free_times import Viewer
from booking.calendar.queries import Calendar, get_calendar
from booking.calendar.requested_time import times_from
from booking.pages import presenters
from booking.pages.search_context import SearchContext, search_context, zone_of
from booking.rules.minutes import minute_of
from booking.rules.notice import notice_rule
from booking.visitors import known_holder
from core.errors import NotFound
from core.times import read_day_in_reach
from core.web import formats
from core.web.caller import public
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Reading, Visit
from core.web.zones import zone_choices, zone_line
from directory.addresses import address_from
from directory.models import Listing, Provider, Service
from directory.presenters import times_words
from directory.provider_cards import licensed_line
from directory.queries import credentials_of, get_listing_by_slug, get_provider, services_of
from directory.search.day_times import AskedTimes
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

DAYS = 4
"""How many days with times one page shows."""


class NotShown(NotFound):
    code = "not_shown"
    message = (
        "This profile is not shown just now. A practice may be closed for a while, or its details"
        " are being confirmed anew."
    )


@router.get("/providers/{slug}")
@public
def profile(
    visit: Reading,
    slug: str,
    service: str = "",
    start: Annotated[str, Query(alias="from")] = "",
) -> Response:
    """Who they are, what was verified, and the next times of one service. What the address asks
    for that does not exist is left out."""
    listing = _shown(visit, slug)
    provider = get_provider(visit.session, listing.provider_id)
    services = services_of(visit.session, provider.id)
    calendar = get_calendar(visit.session, provider.id)
    if not calendar.is_listed(visit.now) or calendar.availability is None:
        raise NotShown
    brought = search_context(visit)
    there = STATES.get(brought.state)
    zone = zone_of(visit, there.zone if there else calendar.availability.time_zone)
    chosen = _chosen(provider, services, service)
    asked = chosen and _Asked(listing.slug, chosen, read_day_in_reach(start), zone, brought)
    return render(
        visit,
        "booking/public/profile.html",
        name=provider.display_name,
        letters=provider.letters,
        pronouns=provider.pronouns,
        card=listing.card,
        licensed=licensed_line(listing.card["states"], (brought.state,)),
        not_in=there.name if there and not _may_see(calendar, there.code, visit.now) else "",
        facts=presenters.provider_facts(provider, services),
        verified=presenters.verified_rows(credentials_of(visit.session, provider.id), visit.now),
        rule=notice_rule(
            calendar.availability.cancel_notice_minutes, calendar.availability.moves_late
        ),
        accepts_new=provider.accepts_new,
        results=brought.results,
        comparison=brought.comparison,
        others=brought.results
        or _others(provider, brought.state or next(iter(listing.states), "")),
        let_go=visit.request.query_params.get("notice") == "released",
        times=_panel(visit, calendar, services, asked) if asked else None,
    )


def _may_see(calendar: Calendar, state: str, now: datetime) -> bool:
    return calendar.ground.verdict(state, now).allowed


def _shown(visit: Visit, slug: str) -> Listing:
    try:
        return get_listing_by_slug(visit.session, slug)
    except NotFound:
        raise NotShown from None


def _chosen(provider: Provider, services: list[Service], asked: str) -> Service | None:
    """The one asked for; else the first that someone new may book."""
    fitting = [one for one in services if str(one.id) == asked]
    fitting += [one for one in services if one.for_new == provider.accepts_new] + services
    return next(iter(fitting), None)


def _others(provider: Provider, state: str) -> str:
    """A search for people like this one."""
    pairs = [("state", state)] if state else []
    pairs += [("condition", key) for key in provider.conditions[:3]]
    return address_from([*pairs, ("profession", provider.profession)])


@dataclass(frozen=True)
class _Asked:
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

    def slot(self, start: datetime) -> dict[str, str]:
        return {"url": presenters.book_url(self.service.id, start, self.brought.parameters)}


def _panel(
    visit: Visit, calendar: Calendar, services: list[Service], asked: _Asked
) -> dict[str, Any]:
    """The panel of times: a few days, ways to others, other sessions, other zones."""
    zone, chosen = asked.zone, asked.service
    today = formats.local_date(visit.now, zone)
    first = max(asked.start or today, today)
    free = times_from(
        visit.session,
        calendar,
        chosen.id,
        presenters.midnight(first, zone),
        visit.now,
        Viewer(known_holder(visit), asked.brought.state),
    )
    found = (at for at in free if minute_of(at) in asked.times)
    shown, later = presenters.days(found, zone, today, asked.slot, DAYS)
    seen = presenters.local_noon(shown[0].day, zone) if shown else visit.now
    is_later = first > today
    hidden: dict[str, Any] = {"service": str(chosen.id)}
    hidden |= {"weekday": asked.brought.weekdays, "time": asked.brought.times}
    if asked.brought.state:
        hidden["state"] = asked.brought.state
    if is_later:
        hidden["from"] = first.isoformat()
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
        "days": shown,
        "later_url": asked.url(**{"from": later.isoformat()}) if later else "",
        "first_url": asked.url() if is_later else "",
        "from_words": formats.day(first) if is_later else "",
        "through": formats.day(today + timedelta(days=_horizon(calendar))),
        "zone": zone,
        "zone_line": zone_line(zone, seen),
        "zones": zone_choices(zone),
        "hidden": hidden,
        "only_known": not chosen.for_new,
        "asked_words": times_words(asked.times),
        "all_url": asked.all_times_url,
    }


def _horizon(calendar: Calendar) -> int:
    return calendar.availability.horizon_days if calendar.availability else 0
