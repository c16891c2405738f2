"""What a patient brings along from page to page: the search they came from, their state, their
zone, the times of the week they asked for."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from core.web.visit import Visit
from core.web.zones import DEFAULT, is_zone, reader_zone
from directory.addresses import address_of, address_of_page, search_at
from directory.search.day_times import TIMES, WEEKDAYS, AskedTimes
from directory.search.query import SearchQuery, pairs_of, read_kindly
from directory.taxonomy import STATES

_SAID_APART = ("state", "weekday", "time", "q", "sort", "limit")


@dataclass(frozen=True)
class SearchContext:
    """`state`: where they will be, if they said so. `weekdays` and `times`: which times of the
    week they asked for. `filters`: what else their search asks, as its parameters. `results` or
    `comparison`: the address to go back to, where they came from one of these."""

    state: str
    zone: str
    weekdays: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    results: str = ""
    comparison: str = ""
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """To add to an address or a form, so that the next page knows it too."""
        return {name: value for name in ("state", "zone") if (value := getattr(self, name))}

    def asked_times(self, zone: str) -> AskedTimes:
        """By the clock of `zone`."""
        return AskedTimes(zone, self.weekdays, self.times)

    def pairs(self, zone: str) -> list[tuple[str, str]]:
        """All of it as parameters, for pages that show times by the clock of `zone`."""
        asked = self.asked_times(zone).pairs
        known = [pair for pair in self.parameters.items() if pair not in asked]
        return [*known, *asked, *self.filters]

    def query(self, zone: str) -> SearchQuery:
        """The search they come with, by the clock of `zone`."""
        pairs = [pair for pair in self.pairs(zone) if pair[0] != "zone"]
        return read_kindly([*pairs, ("zone", zone)])[0]


def search_context(visit: Visit) -> SearchContext:
    """From this page's address; the search from the page that linked here, if it was ours."""
    asked = visit.request.query_params
    came_from = urlsplit(visit.request.headers.get("referer", ""))
    given = read_kindly(asked.multi_items())[0]
    said = SearchContext(
        clean_state(asked.get("state", "")),
        clean_zone(asked.get("zone", "")),
        _known("weekday", WEEKDAYS, visit),
        _known("time", TIMES, visit),
        results=address_of(given) if _filters_of(given) else "",
        filters=_filters_of(given),
    )
    if came_from.netloc != visit.request.url.netloc:
        return said
    if came_from.path == "/compare":
        return replace(said, comparison=f"/compare?{came_from.query}")
    query = search_at(came_from.path, came_from.query)
    if query is None:
        return said
    states = query.choices.get("state", ())
    return replace(
        said,
        state=said.state or next(iter(states), ""),
        results=address_of_page(query),
        filters=_filters_of(query),
    )


def _filters_of(query: SearchQuery) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs_of(query) if pair[0] not in _SAID_APART)


def _known(name: str, keys: Collection[str], visit: Visit) -> tuple[str, ...]:
    given = visit.request.query_params.getlist(name)
    return tuple(key for key in keys if key in given)


def clean_state(state: str) -> str:
    return state if state in STATES else ""


def clean_zone(zone: str) -> str:
    return zone if is_zone(zone) else ""


def zone_of(visit: Visit, *known: str | None) -> str:
    """The zone to speak in: asked for, then the browser's, then the first one known."""
    return reader_zone(visit.request, next((zone for zone in known if zone), DEFAULT))
