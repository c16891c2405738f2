"""What a patient carries from page to page while nothing is booked yet.

The search they came from, the state and zone they chose, and what they typed. The latter is kept
for an hour in a cookie that only the server can read: so it outlives a hold that ran out, and of
someone who does not book nothing is kept here.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag

from core.crypto import decrypt, encrypt
from core.web.routing import Visit
from core.web.zones import DEFAULT, is_zone, reader_zone
from directory.addresses import address_of_page, search_at
from directory.taxonomy import STATES

_COOKIE = "draft"
_KEPT = timedelta(hours=1)
_LONGEST = 400  # characters of a field, so that the cookie stays one that browsers take


@dataclass(frozen=True)
class Draft:
    """What was typed, as it was typed. `zone` only where it was chosen by hand."""

    name: str = ""
    email: str = ""
    date_of_birth: str = ""
    state: str = ""
    zone: str = ""


def read_draft(visit: Visit) -> Draft:
    """An empty one where there is none, or none that we made."""
    try:
        sealed = base64.urlsafe_b64decode(visit.cookie(_COOKIE) or "")
        return Draft(**json.loads(decrypt(sealed)))
    except (binascii.Error, InvalidTag, KeyError, TypeError, ValueError):
        return Draft()


def keep_draft(visit: Visit, draft: Draft) -> None:
    short = {name: value[:_LONGEST] for name, value in asdict(draft).items()}
    sealed = encrypt(json.dumps(short))
    visit.set_cookie(_COOKIE, base64.urlsafe_b64encode(sealed).decode(), _KEPT)


def drop_draft(visit: Visit) -> None:
    if visit.cookie(_COOKIE) is not None:
        visit.drop_cookie(_COOKIE)


@dataclass(frozen=True)
class Carried:
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


def carried(visit: Visit) -> Carried:
    """From this page's address; the search from the page that linked here, if it was ours."""
    asked = visit.request.query_params
    came_from = urlsplit(visit.request.headers.get("referer", ""))
    state, zone = clean_state(asked.get("state", "")), clean_zone(asked.get("zone", ""))
    if came_from.netloc != visit.request.url.netloc:
        return Carried(state, zone)
    if came_from.path == "/compare":
        return Carried(state, zone, comparison=f"/compare?{came_from.query}")
    query = search_at(came_from.path, came_from.query)
    if query is None:
        return Carried(state, zone)
    states = query.choices.get("state", ())
    return Carried(state or next(iter(states), ""), zone, address_of_page(query))


def clean_state(state: str) -> str:
    return state if state in STATES else ""


def clean_zone(zone: str) -> str:
    return zone if is_zone(zone) else ""


def zone_of(visit: Visit, *known: str | None) -> str:
    """The zone to speak in: asked for, then the browser's, then the first one known."""
    return reader_zone(visit.request, next((zone for zone in known if zone), DEFAULT))
