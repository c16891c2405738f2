"""Results at clean addresses, which may be shared and found by search engines.

The same page as /find, which stays discreet: here the title, the description and the structured
data say in public who can be booked and where, because the address says so already.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Response
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from starlette.convertors import Convertor, register_url_convertor

from core.errors import NotFound
from core.settings import settings
from core.web import formats
from core.web.caller import public
from core.web.lanes import from_memory
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.addresses import WHO, Place, find_place
from directory.pages.results import next_page, show
from directory.search import SearchResults
from directory.search.entries import Shown
from directory.taxonomy import PROFESSIONS, STATES

router = Router(include_in_schema=False)

_SCRIPT: Final = Markup('<script type="application/ld+json">{}</script>')


class _Who(Convertor[str]):
    """The first word of a clean address; any other is left to the other routes."""

    regex = "|".join(WHO)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("who", _Who())


@router.get("/{who:who}")
@public
@from_memory
def everywhere(visit: Visiting, who: str) -> Response:
    """One profession or kind of care, in all states."""
    return _show(visit, find_place(who))


@router.get("/{who:who}/{where}")
@public
@from_memory
def in_a_state(visit: Visiting, who: str, where: str) -> Response:
    """One profession or kind of care in one state."""
    return _show(visit, find_place(who, where))


@router.get("/{who:who}/{where}/{topic}")
@public
@from_memory
def for_a_topic(visit: Visiting, who: str, where: str, topic: str) -> Response:
    """Those who help with one thing, or in one way; `anywhere` stands for all states."""
    return _show(visit, find_place(who, where, topic))


def _show(visit: Visit, place: Place | None) -> Response:
    """Raises NotFound for a word that names nothing."""
    if place is None:
        raise NotFound
    return show(visit, place.pairs, partial(_head, place))


@dataclass(frozen=True)
class Head:
    """What a page tells search engines. `canonical` and `data` are empty where they may not
    keep it: a page beyond the first holds others tomorrow, and an empty one nobody."""

    title: str
    description: str
    canonical: str
    next_url: str
    data: Markup


def _head(place: Place, found: SearchResults, zone: str) -> Head:
    kept = found.query.after is None and found.total > 0
    return Head(
        title=f"{place.title()} you can book online",
        description=_description(place, found, zone),
        canonical=_public(place.path) if kept else "",
        next_url=next_page(found),
        data=_data(place, found) if kept else Markup(""),
    )


def _description(place: Place, found: SearchResults, zone: str) -> str:
    """12 psychiatrists in Washington, every licence checked at its source. 9 have time …"""
    if not found.total:
        return f"{place.title()}: nobody is listed just now."
    title = place.title(found.total)
    week = found.counted.this_week
    first = found.items[0].openings[:1] if found.items and not found.query.after else ()
    parts = [
        f"{found.total:,} {title[:1].lower()}{title[1:]}, every licence checked at its source.",
        f"{week:,} {'has' if week == 1 else 'have'} time this week.",
        *(f"The first opening is {formats.when(one.starts_at, zone)}." for one in first),
        "See times and fees, and book online.",
    ]
    return " ".join(parts)


# ---------------------------------------------------------------------- structured data


def _data(place: Place, found: SearchResults) -> Markup:
    """The list and the way to it in the words of schema.org. Data, not a script: browsers run
    nothing of this type, and `<` cannot end it early."""
    graph = [_list_of(place, found), _way_to(place)]
    return _SCRIPT.format(htmlsafe_json_dumps({"@context": "https://schema.org", "@graph": graph}))


def _list_of(place: Place, found: SearchResults) -> dict[str, Any]:
    return {
        "@type": "ItemList",
        "name": place.title(),
        "url": _public(place.path),
        "numberOfItems": found.total,
        "itemListElement": [
            {"@type": "ListItem", "position": position, "item": _item(shown)}
            for position, shown in enumerate(found.items, 1)
        ],
    }


def _item(shown: Shown) -> dict[str, Any]:
    """A person, or, of a medical doctor, the practice of one. Money in dollars, without cents."""
    entry, card = shown.entry, shown.entry.card
    profession = PROFESSIONS.get(entry.profession)
    is_physician = profession is not None and profession.is_physician
    item: dict[str, Any] = {"name": entry.name, "url": _public(f"/providers/{entry.slug}")}
    if is_physician:
        item |= {"@type": "Physician", "medicalSpecialty": "https://schema.org/Psychiatric"}
    else:
        item |= {"@type": "Person", "jobTitle": card["profession"]}
    if card["photo"]:
        item["image"] = _public(card["photo"])
    offer: dict[str, Any] = {
        "@type": "Offer",
        "areaServed": [{"@type": "State", "name": STATES[code].name} for code in shown.states],
    }
    if card["fee_cents"]:
        offer |= {"price": f"{card['fee_cents'] / 100:.2f}", "priceCurrency": "USD"}
    return {**item, "makesOffer": offer}


def _way_to(place: Place) -> dict[str, Any]:
    steps = [("Openchair", "/")]
    steps += [(one.last_word, one.path) for one in (*place.parents, place)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": _public(path)}
            for number, (name, path) in enumerate(steps, 1)
        ],
    }


def _public(path: str) -> str:
    return settings().public_url + path
