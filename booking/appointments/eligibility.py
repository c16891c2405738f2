"""Whether a provider may see a patient: the licence where the patient will be, and the audience of
the service."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import Calendar
from core.errors import Conflict, Invalid
from directory.queries import authorities_of
from directory.rules.licensure import PracticeAuthority, may_practise


class LicenceRefused(Invalid):
    """The provider may not see someone there and then; the code says why (licence_expired …)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__([("state", reason)], reason)
        self.code = f"licence_{code}"


class WrongAudience(Conflict):
    code = "wrong_audience"


def check_licence(session: Session, provider_id: UUID, state: str, at: datetime) -> None:
    """Whether the provider may see someone in `state` at that instant. Raises LicenceRefused."""
    check_authorities(authorities_of(session, provider_id), state, at)


def check_authorities(authorities: Iterable[PracticeAuthority], state: str, at: datetime) -> None:
    """As `check_licence`, where the authorities are at hand."""
    verdict = may_practise(authorities, state, at)
    if not verdict.allowed:
        raise LicenceRefused(verdict.code, verdict.reason)


def check_audience(calendar: Calendar, service_id: UUID, is_known: bool) -> None:
    offer = calendar.offer(service_id)
    if is_known:
        if offer is not None and not offer.for_returning:
            raise WrongAudience("This session is for people who come for the first time.")
        return
    if not calendar.accepts_new:
        raise WrongAudience("This provider takes no new patients at the moment.")
    if offer is not None and not offer.for_new:
        raise WrongAudience("This session is for people who have been here before.")
