"""Whether a provider may see a patient: the licence where the patient will be, and the audience of
the service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from booking.appointments.refusals import PatientBusy
from booking.calendar.queries import Calendar
from booking.rules.hold_caps import most_sessions
from core.errors import Conflict, Invalid, NotAllowed
from core.web import formats
from directory.rules.grounds import Ground


class LicenceRefused(Invalid):
    """The provider may not see someone there and then; the code says why (licence_expired …)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__([("state", reason)], reason)
        self.code = f"licence_{code}"


class WrongAudience(Conflict):
    code = "wrong_audience"


class TooManySessions(Conflict):
    """A patient has as many sessions ahead with this provider as they may."""

    code = "too_many_sessions"

    def __init__(self, ahead: int, has_been: bool) -> None:
        wait = "As they pass you can" if has_been else "After the first of them you can"
        super().__init__(
            f"You have {formats.count(ahead, 'session')} ahead with this provider already. {wait}"
            " book more, and your provider can let you have more at once."
        )


def check_ground(ground: Ground, state: str, at: datetime, now: datetime) -> None:
    """Whether the provider may see someone in `state` at that instant. Raises LicenceRefused."""
    verdict = ground.verdict(state, at, now)
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


def check_person(calendar: Calendar, service_id: UUID, person_id: UUID, standing: Any) -> None:
    """Whether this person may have a session of the service; `standing`: the row of `standing_of`.
    Raises NotAllowed, WrongAudience, PatientBusy, TooManySessions."""
    if calendar.provider.person_id == person_id:
        raise NotAllowed("You cannot book a session with yourself.")
    check_audience(calendar, service_id, standing.is_known)
    if standing.is_busy:
        raise PatientBusy
    if standing.ahead >= most_sessions(standing.has_been, standing.allowed):
        raise TooManySessions(standing.ahead, standing.has_been)
