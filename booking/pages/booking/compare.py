"""Up to three providers side by side: how they work, what they cost, when they have time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Response

from booking.calendar.openings import next_openings, read_openings
from booking.calendar.queries import get_calendar
from booking.pages import presenters
from booking.pages.search_context import SearchContext, search_context, zone_of
from core.errors import NotFound
from core.web import formats
from core.web.caller import public
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Reading, Visit
from core.web.zones import zone_line
from directory.addresses import address_from
from directory.listings.openings import Opening
from directory.models import Listing
from directory.presenters import times_words
from directory.provider_cards import licensed_line, soon_short
from directory.queries import credentials_of, get_listing_by_slug, get_provider, services_of
from directory.search.day_times import AskedTimes
from directory.search.listing_rows import entry_of
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    STATES,
)

router = Router(include_in_schema=False)

MOST = 3
TIMES = 4
"""How many of the next times are shown of each."""


@router.get("/compare")
@public
def compare(visit: Reading, provider: Annotated[list[str] | None, Query()] = None) -> Response:
    """The providers of these slugs in the order given, each once. Those that are not shown now
    are left out, and the page says so; 404 only where nobody is left of those asked for."""
    asked = list(dict.fromkeys(provider or ()))
    found = [one for slug in asked[:MOST] if (one := _find(visit, slug)) is not None]
    brought = search_context(visit)
    there = STATES.get(brought.state)
    zone = zone_of(visit, there.zone if there else None)
    chosen = _Chosen([one.slug for one in found], zone, brought)
    people = [_person(visit, listing, chosen) for listing in found]
    differing, same = differences([one["lists"] for one in people])
    return render(
        visit,
        "booking/public/compare.html",
        status=200 if found or not asked else 404,
        people=people,
        differing=differing,
        same=same,
        state=there.name if there else "",
        zone_line=zone_line(zone, visit.now),
        asked_words=times_words(chosen.times),
        all_url=chosen.all_times_url,
        missing=len(asked[:MOST]) - len(found),
        too_many=len(asked) > MOST,
        most=MOST,
        results=brought.results or address_from([("state", there.code)] if there else []),
    )


def _find(visit: Visit, slug: str) -> Listing | None:
    try:
        listing = get_listing_by_slug(visit.session, slug)
    except NotFound:
        return None
    return listing if visit.now < listing.due_at else None


@dataclass(frozen=True)
class _Chosen:
    """Who is compared, and what the reader has said so far."""

    slugs: list[str]
    zone: str
    brought: SearchContext

    @property
    def times(self) -> AskedTimes:
        return self.brought.asked_times(self.zone)

    def without(self, slug: str) -> str:
        pairs = [("provider", other) for other in self.slugs if other != slug]
        return f"/compare?{urlencode([*pairs, *self.brought.pairs(self.zone)])}"

    @property
    def all_times_url(self) -> str:
        """The same people without the times of the week that were asked for."""
        pairs = [("provider", slug) for slug in self.slugs]
        return f"/compare?{urlencode([*pairs, *self.brought.parameters.items()])}"

    def profile(self, slug: str) -> str:
        asked = urlencode(self.brought.pairs(self.zone))
        return f"/providers/{slug}?{asked}" if asked else f"/providers/{slug}"


def _person(visit: Visit, listing: Listing, chosen: _Chosen) -> dict[str, Any]:
    """One column, in ready words."""
    provider = get_provider(visit.session, listing.provider_id)
    services = services_of(visit.session, provider.id)
    state = chosen.brought.state
    return {
        "url": chosen.profile(listing.slug),
        "name": provider.display_name,
        "letters": provider.letters,
        "pronouns": provider.pronouns,
        "card": listing.card,
        "licensed": licensed_line(listing.card["states"], (state,)),
        "may_see": not state or state in listing.states,
        "accepts_new": provider.accepts_new,
        "times": _times(visit, listing, chosen),
        "facts": presenters.provider_facts(provider, services),
        "lists": {
            "Insurance": presenters.titles(provider.insurance, INSURANCE),
            "Help with": presenters.titles(provider.conditions, CONDITIONS),
            "How they work": presenters.titles(provider.modalities, MODALITIES),
            "Ages": presenters.titles(provider.ages, AGE_GROUPS),
            "Languages": presenters.titles(provider.languages, LANGUAGES),
            "May see you in": [one["name"] for one in listing.card["states"]],
        },
        "verified": presenters.verified_rows(credentials_of(visit.session, provider.id), visit.now),
        "without_url": chosen.without(listing.slug),
    }


def differences(
    people: Sequence[Mapping[str, Sequence[str]]],
) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """What each says that not all of them say, and what all say: rows of (label, a text for each
    person) and of (label, text). Rows in which nobody says anything are left out."""
    differing, same = [], []
    for label in people[0] if people else ():
        lists = [one[label] for one in people]
        shared = [item for item in lists[0] if all(item in other for other in lists[1:])]
        if len(people) == 1:
            shared = []
        own = [[item for item in items if item not in shared] for items in lists]
        if any(own):
            differing.append((label, [formats.listed(items) for items in own]))
        if shared:
            same.append((label, formats.listed(shared)))
    return differing, same


def _times(visit: Visit, listing: Listing, chosen: _Chosen) -> list[dict[str, str]]:
    """The next times for someone new, as they are this moment: those asked for."""
    today = formats.local_date(visit.now, chosen.zone)
    until = entry_of(listing).lawful_until([chosen.brought.state])
    return [
        {
            "url": presenters.book_url(one.service_id, one.starts_at, chosen.brought.parameters),
            "label": soon_short(one.starts_at, chosen.zone, today),
        }
        for one in islice(_openings(visit, listing.provider_id, chosen.times), TIMES)
        if one.starts_at.timestamp() < until
    ]


def _openings(visit: Visit, provider_id: UUID, asked: AskedTimes) -> Iterator[Opening]:
    """Soonest first. All that are known are read only where some are asked for."""
    if asked.is_any:
        calendar = get_calendar(visit.session, provider_id)
        return iter(next_openings(visit.session, calendar, visit.now))
    found = read_openings(visit.session, [provider_id], visit.now)[provider_id]
    return (one for one in found if one.starts in asked)
