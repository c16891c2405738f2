"""Asks someone unknown who they are before they hold yet another of a provider's times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.free_times import days_around, free_within
from booking.calendar.queries import Calendar, Offer, slot_days_of
from booking.rules.hold_caps import DAYS, Networks, is_crowded, leaves_half
from booking.rules.minutes import starts_apart
from booking.rules.slots import Interval
from core.database import Statement, run
from core.errors import ConfirmationNeeded, SignInNeeded, TooMany
from core.lookup import keyed_digest
from core.settings import settings

_CROWDED: Final = (
    "Many times of this provider are being held just now, so we ask who you are first. "
    "Your email address is enough; then this time can be held."
)


@dataclass(frozen=True)
class Asker:
    """Where somebody asks from, and whether they proved a short while ago who they are. Of the
    addresses (see `core.web.visit.Visit`) only keyed hashes are kept, while the hold lasts."""

    address: str
    wide_network: str = "unknown"
    is_confirmed: bool = False

    @property
    def networks(self) -> Networks:
        return Networks(
            keyed_digest("hold address", self.address),
            keyed_digest("hold network", self.wide_network),
        )


class CodeNeeded(SignInNeeded):
    """A visitor signs in first; then the hold is theirs to take."""

    code = "code_needed"
    message = _CROWDED


class Crowded(ConfirmationNeeded):
    """Somebody new, who signed in a while ago, proves once more who they are."""

    message = _CROWDED


class TooManyHeld(TooMany):
    message = "Many times of this provider are being held just now. They are free again soon."


def held_by_unknown(provider_id: UUID, now: datetime) -> Statement:
    """The live holds of a provider that count: only they keep their networks."""
    return Statement(
        """
        SELECT starts_at, ends_at, expires_at, network, wide_network FROM appointment
        WHERE provider_id = %(provider)s AND expires_at > %(now)s AND network IS NOT NULL
        """,
        {"provider": provider_id, "now": now},
    )


def check_hold_caps(
    session: Session,
    calendar: Calendar,
    offer: Offer,
    span: Interval,
    held: Sequence[Any],
    asker: Asker,
    is_signed_in: bool,
    now: datetime,
) -> None:
    """Whether someone unknown may hold `span`, too, beside what is `held` (rows of
    `held_by_unknown`). Raises CodeNeeded, Crowded, TooManyHeld."""
    if not held or not settings().rate_limits:
        return
    ahead = Interval(now, now + timedelta(days=DAYS))
    slot_days = run(session, slot_days_of(offer.id, *days_around(ahead)))
    free, free_now = (
        free_within(session, calendar, offer.id, slot_days, [idle], ahead, now)
        for idle in (held, [])
    )
    others = [Networks(bytes(row.network), bytes(row.wide_network)) for row in held]
    if not is_crowded(others, asker.networks, len(free)):
        return
    if not is_signed_in:
        raise CodeNeeded
    if not asker.is_confirmed:
        raise Crowded
    if not leaves_half(len(free), len(starts_apart(free_now, offer.minutes, [span]))):
        soonest = min(row.expires_at for row in held)
        raise TooManyHeld(retry_after=max(1, int((soonest - now).total_seconds())))
