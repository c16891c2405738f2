"""Search results."""

from datetime import date
from functools import lru_cache

from fastapi import APIRouter, Response
from markupsafe import Markup

from core.web import words
from core.web.routing import HouseRoute, Visiting, public
from core.web.templates import render, text
from core.web.zones import DEFAULT, reader_zone
from directory import presenters
from directory.search import SearchAnswer, pairs_of, read_kindly, search
from directory.search.entries import Shown
from directory.search.query import SORTS
from directory.taxonomy import STATES

router = APIRouter(route_class=HouseRoute, include_in_schema=False)

_STATES = [("", "Any state"), *((code, state.name) for code, state in STATES.items())]


@router.get("/find")
@public
def find(visit: Visiting) -> Response:
    """Who matches, first those with time soonest. Takes the API's parameters, and `care`
    (therapy or psychiatry) for all professions of that kind. What it does not understand it
    leaves out, and says so."""
    query, problems = read_kindly(_pairs(visit.request.query_params.multi_items()))
    found = search(visit.request.app.state, visit.session, query)
    states = query.choices.get("state", ())
    zone = reader_zone(visit.request, STATES[states[0]].zone if states else DEFAULT)
    today, letters = words.local_date(visit.now, zone), words.zone_name(visit.now, zone)
    body = _body(found, zone, letters, today, bool(problems))
    return render(visit, "directory/results.html", body=body)


def _pairs(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A form sends its empty fields, too; and `care` stands for professions."""
    pairs = [(name, value) for name, value in given if value and name not in ("zone", "notice")]
    for kind, professions in presenters.OF_CARE.items():
        if ("care", kind) in pairs:
            pairs += [("profession", key) for key in sorted(professions)]
    return [pair for pair in pairs if pair[0] != "care"]


@lru_cache(maxsize=500)
def _body(found: SearchAnswer, zone: str, zone_letters: str, today: date, left_out: bool) -> Markup:
    """All of the page that does not depend on who looks; the same answer makes it once."""
    query, counted = found.query, found.counted
    pairs = pairs_of(query)
    states = query.choices.get("state", ())
    chips = presenters.chips(query)
    keep = [pair for pair in pairs if pair[0] in ("state", "sort")]
    following = [*pairs, ("cursor", found.next_cursor)] if found.next_cursor else []
    html = text(
        "directory/_find.html",
        query=query,
        total=words.count(found.total, "person", "people"),
        headline=presenters.headline(query, found),
        cards=[_card(shown, states, zone, today) for shown in found.items],
        zone_line=f"Times are in {zone_words(zone)} ({zone_letters}).",
        groups=presenters.groups(query, found),
        state_field=_state_field(states[0] if states else ""),
        more_states=states[1:],
        sorts=[(sort, presenters.SORT_TITLES[sort]) for sort in SORTS],
        chips=chips,
        chosen=len(chips),
        clear_url=presenters.find_url(keep) if len(chips) > len(states) else "",
        next_url=presenters.find_url(following) if following else "",
        first_url=presenters.find_url(pairs) if query.after else "",
        suggestions=[presenters.suggestion(step, query) for step in counted.loosen[:6]],
        left_out=left_out,
    )
    return Markup(html)  # noqa: S704  # made by a template that escapes


@lru_cache(maxsize=100)
def _state_field(state: str) -> Markup:
    html = text("directory/_state.html", states=_STATES, state=state)
    return Markup(html)  # noqa: S704  # made by a template that escapes


@lru_cache(maxsize=10_000)
def _card(shown: Shown, states: tuple[str, ...], zone: str, today: date) -> Markup:
    """A listing's card stays the same until the listing changes, or the day."""
    html = text("directory/_card.html", card=presenters.card(shown, states, zone, today))
    return Markup(html)  # noqa: S704  # made by a template that escapes


def zone_words(zone: str) -> str:
    """Los Angeles time"""
    return zone.rsplit("/", 1)[-1].replace("_", " ") + " time"
