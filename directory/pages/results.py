"""Search results."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from core.web import words
from core.web.routing import HouseRoute, Visiting, public
from core.web.templates import render
from core.web.zones import DEFAULT, reader_zone
from directory import presenters
from directory.search import SearchAnswer, SearchQuery, pairs_of, read_kindly, search
from directory.search.query import SORTS
from directory.taxonomy import STATES

router = APIRouter(route_class=HouseRoute, include_in_schema=False)


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
    return render(
        visit,
        "directory/results.html",
        **_page(query, found, zone, visit.now),
        left_out=bool(problems),
    )


def _pairs(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A form sends its empty fields, too; and `care` stands for professions."""
    pairs = [(name, value) for name, value in given if value and name not in ("zone", "notice")]
    for kind, professions in presenters.OF_CARE.items():
        if ("care", kind) in pairs:
            pairs += [("profession", key) for key in sorted(professions)]
    return [pair for pair in pairs if pair[0] != "care"]


def _page(query: SearchQuery, found: SearchAnswer, zone: str, now: datetime) -> dict[str, Any]:
    pairs = pairs_of(query)
    states = query.choices.get("state", ())
    today = words.local_date(now, zone)
    chips = presenters.chips(query)
    keep = [pair for pair in pairs if pair[0] in ("state", "sort")]
    return {
        "query": query,
        "total": words.count(found.total, "person", "people"),
        "headline": presenters.headline(query, found),
        "cards": [presenters.card(shown, states, zone, today) for shown in found.items],
        "zone_line": f"Times are in {zone_words(zone)} ({words.zone_name(now, zone)}).",
        "groups": presenters.groups(query, found),
        "states": [("", "Any state"), *((code, state.name) for code, state in STATES.items())],
        "state": states[0] if states else "",
        "more_states": states[1:],
        "sorts": [(sort, presenters.SORT_TITLES[sort]) for sort in SORTS],
        "chips": chips,
        "chosen": len(chips),
        "clear_url": presenters.find_url(keep) if len(chips) > len(states) else "",
        "next_url": (
            presenters.find_url([*pairs, ("cursor", found.next_cursor)])
            if found.next_cursor
            else ""
        ),
        "first_url": presenters.find_url(pairs) if query.after else "",
        "suggestions": [presenters.suggestion(step, query) for step in found.counted.loosen[:6]],
    }


def zone_words(zone: str) -> str:
    """Los Angeles time"""
    return zone.rsplit("/", 1)[-1].replace("_", " ") + " time"
