"""What a patient brings along from page to page: the search they came from, their state, their
zone."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from core.web.visit import Visit
from core.web.zones import DEFAULT, is_zone, reader_zone
from directory.addresses import address_of_page, search_at
from directory.taxonomy import STATES


@dataclass(frozen=True)
class SearchContext:
    """`state`: where they will be, if they said so. `results` or `comparison`: the address they
    came from, if it was one of these."""

    state: str
    zone: str
    results: str = ""
    comparison: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """To add to an address or a form, so that the next page knows it too."""
        return {name: value for name in ("state", "zone") if (value := getattr(self, name))}


def search_context(visit: Visit) -> SearchContext:
    """From this page's address; the search from the page that linked here, if it was ours."""
    asked = visit.request.query_params
    came_from = urlsplit(visit.request.headers.get("referer", ""))
    state, zone = clean_state(asked.get("state", "")), clean_zone(asked.get("zone", ""))
    if came_from.netloc != visit.request.url.netloc:
        return SearchContext(state, zone)
    if came_from.path == "/compare":
        return SearchContext(state, zone, comparison=f"/compare?{came_from.query}")
    query = search_at(came_from.path, came_from.query)
    if query is None:
        return SearchContext(state, zone)
    states = query.choices.get("state", ())
    return SearchContext(state or next(iter(states), ""), zone, address_of_page(query))


def clean_state(state: str) -> str:
    return state if state in STATES else ""


def clean_zone(zone: str) -> str:
    return zone if is_zone(zone) else ""


def zone_of(visit: Visit, *known: str | None) -> str:
    """The zone to speak in: asked for, then the browser's, then the first one known."""
    return reader_zone(visit.request, next((zone for zone in known if zone), DEFAULT))
