"""Which browser or person a request speaks for when it holds a time."""

from datetime import timedelta
from typing import Final

from booking.appointments.hold_caps import Asker
from booking.models import Holder
from core.crypto import digest, token
from core.web.visit import Visit, personal_cookie

_COOKIE: Final = personal_cookie("visitor")
_LASTS: Final = timedelta(days=1)


def known_holder(visit: Visit) -> Holder:
    """Who asks, as far as they are known already."""
    secret = visit.cookie(_COOKIE)
    return Holder(None if secret is None else digest(secret), visit.caller.person_id)


def asker_of(visit: Visit) -> Asker:
    """Where a request for a hold comes from."""
    return Asker(visit.address, visit.wide_network, visit.caller.is_confirmed)


def new_holder(visit: Visit) -> Holder:
    """Who asks; a browser that nobody knows gets a cookie."""
    if visit.caller.is_signed_in or visit.cookie(_COOKIE) is not None:
        return known_holder(visit)
    secret = token()
    visit.set_cookie(_COOKIE, secret, _LASTS)
    return Holder(digest(secret), None)
