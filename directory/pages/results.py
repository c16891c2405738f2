"""Search results."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from core.web import formats
from core.web.caller import public
from core.web.lanes import from_memory
from core.web.templates import render, text
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import DEFAULT, told_zone, zone_line
from directory import presenters
from directory.addresses import Place, address_from, address_of, place_of
from directory.alerts import search_text
from directory.pages.ready_text import card_text, choices_text
from directory.search import SearchQuery, SearchResults, pairs_of, read_kindly, search
from directory.search.names import find_alike, find_begun, find_by_npi
from directory.search.query import SORTS
from directory.search.results import Counted, Loosening
from directory.taxonomy import STATES
from directory.typed_search import Reading, read_words

router = Router(include_in_schema=False)

_STATES = [("", "Any state"), *((code, state.name) for code, state in STATES.items())]
_GO_ALONG = ("zone", "notice")
"""Parameters of the page that narrow nothing; they go along to a clean address."""
_NOT_ASKED = (*_GO_ALONG, "q", "typed")
_OWN_ZONES = "Times are by the clock of the state each person is licensed in, with its letters."
Pairs = Iterable[tuple[str, str]]
HeadOf = Callable[[SearchResults, str], object]
"""From what was found and the zone of its times."""


@router.get("/find")
@public
@from_memory
def find(visit: Visiting) -> Response:
    """Who matches, first those with time soonest. Takes the API's parameters, but `name` for a
    name; `care` (therapy or psychiatry) for all professions of that kind; and `q`, the words of
    the one box, for any of these. What it does not understand it leaves out, and says so."""
    return show(visit)


def show(visit: Visit, pairs: Pairs = (), head_of: HeadOf | None = None) -> Response:
    """The results of `pairs` and of what the address asks besides; or, where another address
    answers that, the way there. `head_of` makes what search engines are told."""
    reading = _settled(visit, read_words(_typed(visit)))
    query, problems = read_kindly(_with_words([*pairs, *_asked(visit)], reading))
    is_elsewhere = address_of(query).partition("?")[0] != visit.request.url.path
    if (is_elsewhere or reading.pairs) and not (problems or reading.is_urgent):
        return _see(visit, query, _typed(visit))
    found, zone = _look(visit, query)
    minute = visit.now.replace(second=0, microsecond=0)
    typed = _typed(visit) or visit.request.query_params.get("typed", "")
    return render(
        visit,
        "directory/results.html",
        chips=presenters.chips(query),
        results=_results(found, zone, minute, bool(problems)),
        filters=_filters(found),
        head=head_of(found, zone or DEFAULT) if head_of and not is_elsewhere else None,
        box=typed or query.q,
        other=_other(typed, query),
        unknown=_unknown(typed, query),
        urgent=reading.urgent,
    )


def _settled(visit: Visit, reading: Reading) -> Reading:
    """Without words that are neither ours nor anybody's name. Whoever's name it could be is looked
    for by its beginning alone where the words can be read otherwise."""
    if not reading.rest:
        return reading
    session, rest, other = visit.session, reading.rest, reading.other
    if find_by_npi(session, rest) or find_begun(session, rest, 1):
        return reading
    if other is not None:
        return replace(_settled(visit, other), urgent=reading.urgent)
    return reading if find_alike(session, rest) else replace(reading, rest="")


def _unknown(typed: str, query: SearchQuery) -> str:
    """Which of the words typed this search leaves out."""
    reading = read_words(typed)
    if query.q or reading.is_urgent or not reading.rest:
        return ""
    return reading.other.rest if reading.other is not None else reading.rest


def _asked(visit: Visit) -> list[tuple[str, str]]:
    """What this address asks of the search, in its parameters. A form sends its empty fields,
    too; and `care` stands for professions."""
    given = visit.request.query_params.multi_items()
    pairs = [(name, value) for name, value in given if value and name not in _NOT_ASKED]
    for kind, professions in presenters.OF_CARE.items():
        if ("care", kind) in pairs:
            pairs += [("profession", key) for key in sorted(professions)]
    return [("q" if name == "name" else name, value) for name, value in pairs if name != "care"]


def _typed(visit: Visit) -> str:
    """What was typed into the box on the page before."""
    return visit.request.query_params.get("q", "")


def _with_words(pairs: Pairs, reading: Reading) -> list[tuple[str, str]]:
    """What was chosen before, but what the words speak of is as they say: who types "Oregon"
    where Washington is chosen means Oregon. A name that is typed replaces the one before."""
    said = [*reading.pairs, *([("q", reading.rest)] if reading.rest else [])]
    about = {name for name, _ in said}
    return [pair for pair in pairs if pair[0] not in about] + said


def _see(visit: Visit, query: SearchQuery, typed: str) -> Response:
    """The way to the address at which this search is answered, to the same page of it. `typed`
    goes along: it stays in the box, and the page says what else it could mean, and what of it is
    left out."""
    address = address_of(query)
    asked = {**visit.request.query_params, "typed": typed}
    kept = (*_GO_ALONG, "typed", *(("cursor",) if query.after else ()))
    more = urlencode([(name, asked[name]) for name in kept if asked.get(name)])
    joint = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{joint}{more}" if more else address, 303)


def _other(typed: str, shown: SearchQuery) -> dict[str, str] | None:
    """The other way to read words, as a link to its search; nearly always there is none, and none
    where words could be a name that nobody has."""
    reading = read_words(typed)
    other = reading.other
    if other is None or (reading.rest and not shown.q):
        return None
    query, _ = read_kindly(_with_words([], other))
    chosen = [chip["label"] for chip in presenters.chips(query.without("q"))]
    named = [f"the name “{other.rest}”"] if other.rest else []
    label = formats.listed([*chosen, *named])
    return {"typed": typed, "label": label, "url": address_of(query)}


def _look(visit: Visit, query: SearchQuery) -> tuple[SearchResults, str]:
    """What the search finds now, and the zone in which the reader thinks of times; empty where
    nothing tells it, and no time of the week is asked for, which is always by some clock."""
    states = query.choices.get("state", ())
    zone = told_zone(visit.request) or (STATES[states[0]].zone if states else "")
    if not (zone or query.asked_times.is_any):
        zone = DEFAULT
    asked = replace(query, zone=zone or DEFAULT)
    return search(visit.request.app.state, visit.session, asked), zone


@lru_cache(maxsize=300)
def _results(found: SearchResults, zone: str, now: datetime, left_out: bool) -> Markup:
    """Who was found: nothing of it depends on who looks, and the same answer makes it once.
    Without a `zone`, each card's times are by the clock of its own state."""
    query, counted = found.query, found.counted
    pairs = pairs_of(query)
    states = query.choices.get("state", ())
    html = text(
        "directory/_found.html",
        query=query,
        crumbs=_crumbs(place_of(pairs)),
        also=[pair for pair in pairs if pair[0] != "q"],
        total=formats.count(found.total, "person", "people"),
        who=formats.count(found.total, "person", "people") if found.total else "",
        where=presenters.where_line(query),
        week=f"{counted.this_week:,}",
        have="has" if counted.this_week == 1 else "have",
        as_of=formats.zoned_time(found.as_of, zone or DEFAULT) if found.as_of else "",
        cards=[card_text(shown, query, zone, now) for shown in found.items],
        zone_line=zone_line(zone, now) if zone else _OWN_ZONES,
        next_url=next_page(found),
        first_url=address_from(pairs) if query.after else "",
        suggestions=[presenters.suggestion(step, query) for step in _ways(counted)],
        left_out=left_out,
        alert_search=search_text(query) if states else "",
    )
    return Markup(html)  # noqa: S704  # made by a template that escapes


def _ways(counted: Counted) -> list[Loosening]:
    """To more people; being in another state comes last, for few can choose that."""
    return sorted(counted.loosen[:6], key=lambda step: step.name == "state")


@lru_cache(maxsize=300)
def _filters(found: SearchResults) -> Markup:
    """What is chosen, and what else could be with its counts; likewise."""
    query = found.query
    states = query.choices.get("state", ())
    chips = presenters.chips(query)
    keep = [pair for pair in pairs_of(query) if pair[0] in ("state", "sort")]
    html = text(
        "directory/_filters.html",
        query=query,
        total=formats.count(found.total, "person", "people"),
        chips=chips,
        clear_url=address_from(keep) if len(chips) > len(states) else "",
        state_field=_state_field(states[0] if states else ""),
        more_states=states[1:],
        sorts=[(sort, presenters.SORT_TITLES[sort]) for sort in SORTS],
        groups=[_group(one) for one in presenters.groups(query, found)],
    )
    return Markup(html)  # noqa: S704  # made by a template that escapes


def next_page(found: SearchResults) -> str:
    """The address of the following page; empty on the last."""
    if not found.next_cursor:
        return ""
    return address_from([*pairs_of(found.query), ("cursor", found.next_cursor)])


def _crumbs(place: Place | None) -> list[dict[str, str]]:
    """The way to a place from wider ones; the last is the place itself."""
    steps = [*place.parents, place] if place else []
    return [{"label": one.last_word, "url": one.path} for one in steps]


def _group(group: presenters.Group) -> dict[str, Any]:
    """A group of filters, its choices as ready text."""
    return {
        "name": group.name,
        "title": group.title,
        "kind": group.kind,
        "chosen": sum(option.checked for option in group.options),
        "choices": choices_text(group.name, group.kind, group.options),
    }


@lru_cache(maxsize=100)
def _state_field(state: str) -> Markup:
    html = text("directory/_state.html", states=_STATES, state=state)
    return Markup(html)  # noqa: S704  # made by a template that escapes
