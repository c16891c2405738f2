"""Looks of admins at accounts, as they are recorded."""

from typing import Final
from uuid import UUID

from accounts import audit
from core.web.visit import Visit

LOOKED_UP: Final = audit.declare(
    "person.opened",
    "Account looked up",
    "looked up the account of {}.",
    told="looked up your account",
)


def looked_up(visit: Visit, person_id: UUID) -> None:
    """The caller sees someone's account."""
    audit.record_look(visit, LOOKED_UP, "person", {person_id})
