"""Which browser or person a request speaks for when it holds a time."""

from booking.models import Holder
from core.crypto import digest
from core.web.visit import Visit


def known_holder(visit: Visit) -> Holder:
    """Who asks, as far as they are known already."""
    secret = visit.cookie("visitor")
    return Holder(None if secret is None else digest(secret), visit.caller.person_id)


def new_holder(visit: Visit) -> Holder:
    """Who asks; a browser that nobody knows gets a cookie."""
    if visit.caller.is_signed_in:
        return known_holder(visit)
    return Holder(visit.visitor(), None)
