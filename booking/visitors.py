"""Whose hold it is: who a request speaks for, signed in or not."""

from dataclasses import dataclass
from uuid import UUID

from core.crypto import digest
from core.web.visit import Visit


@dataclass(frozen=True)
class Holder:
    """Whose hold it is: this browser's, this person's, or both."""

    visitor: bytes | None
    person_id: UUID | None


def known_holder(visit: Visit) -> Holder:
    """Who asks, as far as they are known already."""
    secret = visit.cookie("visitor")
    return Holder(None if secret is None else digest(secret), visit.caller.person_id)


def new_holder(visit: Visit) -> Holder:
    """Who asks; a browser that nobody knows gets a cookie."""
    if visit.caller.is_signed_in:
        return known_holder(visit)
    return Holder(visit.visitor(), None)
