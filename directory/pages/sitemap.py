"""What search engines may read: places where someone is listed now, and every profile.

/sitemap.xml names the parts: places state by state, and profiles by ranges of their numbers, so
that a part of a million listings costs what one of a thousand does. No part says when a page was
last changed: times are booked by the minute, and of the rest no honest day is kept.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from fastapi import Response

from core.errors import NotFound
from core.numbers import read_whole
from core.settings import settings
from core.web.caller import public
from core.web.lanes import from_memory
from core.web.transactions import Router
from core.web.visit import Reading, Visit, Visiting
from directory.addresses import ANYWHERE, TOPICS, WHERE, WHO, Place
from directory.queries import find_shown_slugs, last_number
from directory.search import SearchQuery, count

router = Router(include_in_schema=False)

PER_PART: Final = 50_000
"""As many addresses as the protocol allows in one file (sitemaps.org)."""


@router.get("/sitemap.xml")
@public
@from_memory
def sitemap(visit: Visiting) -> Response:
    """The parts: one for each state where someone is listed, and those of the profiles."""
    found = count(visit.request.app.state, visit.session, SearchQuery(limit=1))
    states = found.counted.facets["state"]
    parts = [f"/sitemap/places/{slug}.xml" for slug, code in WHERE.items() if states[code]]
    if found.total:
        parts.insert(0, f"/sitemap/places/{ANYWHERE}.xml")
    pages = range(1, _parts(visit) + 1)
    return _xml(
        "sitemapindex", "sitemap", [*parts, *(f"/sitemap/providers-{n}.xml" for n in pages)]
    )


@router.get("/sitemap/places/{where}.xml")
@public
@from_memory
def places(visit: Visiting, where: str) -> Response:
    """The clean addresses of one state (or of all) at which someone is found now."""
    if where != ANYWHERE and where not in WHERE:
        raise NotFound
    return _xml("urlset", "url", list(_taken(visit, WHERE.get(where, ""))))


@router.get("/sitemap/providers-{part}.xml")
@public
def providers(visit: Reading, part: str) -> Response:
    """Profiles that are shown now, by the numbers of their listings."""
    number = read_whole(part, _parts(visit))
    if not number:
        raise NotFound
    slugs = find_shown_slugs(visit.session, (number - 1) * PER_PART, PER_PART, visit.now)
    return _xml("urlset", "url", [f"/providers/{slug}" for slug in slugs])


def _parts(visit: Visit) -> int:
    return (last_number(visit.session) + PER_PART) // PER_PART


def _taken(visit: Visit, state: str) -> Iterator[str]:
    """One search for each word of who; its counts tell which topics have someone."""
    for who in WHO:
        place = Place(who, state)
        found = count(visit.request.app.state, visit.session, _asked(place))
        if found.total:
            yield place.path
        facets = found.counted.facets
        for group, key in TOPICS.values():
            if facets[group][key]:
                yield Place(who, state, (group, key)).path


def _asked(place: Place) -> SearchQuery:
    choices: dict[str, tuple[str, ...]] = {"profession": WHO[place.who]}
    if place.state:
        choices["state"] = (place.state,)
    return SearchQuery(choices, limit=1)


def _xml(root: str, entry: str, paths: Iterable[str]) -> Response:
    """A file of the protocol; addresses are absolute."""
    base = escape(settings().public_url)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *(f"<{entry}><loc>{base}{escape(path)}</loc></{entry}>" for path in paths),
        f"</{root}>\n",
    ]
    return Response("\n".join(lines), media_type="application/xml")
