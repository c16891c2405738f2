"""A provider's public profile with their times."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response

from booking.calendar.queries import Calendar, get_calendar
from booking.pages import presenters
from booking.pages.booking.times_panel import TimesAsked, times_panel
from booking.pages.search_context import search_context, zone_of
from booking.rules.notice import notice_rule
from core.errors import NotFound
from core.times import read_day_in_reach
from core.web import formats
from core.web.caller import public
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Reading, Visit
from directory.addresses import address_from
from directory.models import Listing, Provider, Service
from directory.provider_cards import fee_line, fits, licensed_line
from directory.queries import credentials_of, get_listing_by_slug, get_provider, services_of
from directory.taxonomy import INSURANCE, STATES

router = Router(include_in_schema=False)

FEW_PLANS = 3


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
    asked = chosen and TimesAsked(listing.slug, chosen, read_day_in_reach(start), zone, brought)
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
        price=" · ".join(filter(None, (fee_line(listing.card), _plans(provider)))),
        fits=fits(listing.facets, brought.query(zone)),
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
        times=times_panel(visit, calendar, services, asked) if asked else None,
    )


def _plans(provider: Provider) -> str:
    """Aetna, Cigna and 2 more plans"""
    titles = presenters.titles(provider.insurance, INSURANCE)
    more = len(titles) - FEW_PLANS
    if more > 1:
        titles = [*titles[:FEW_PLANS], formats.count(more, "more plan")]
    return formats.listed(titles)


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
