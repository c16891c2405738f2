"""An admin suspends a provider for a time, apart from credentials, and reinstates them.

While it lasts the listing is hidden, nothing within it can be booked, and sessions within it are
called off; what lies outside stays.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from accounts.models import Person
from core import mail
from core.errors import Conflict, Invalid, NotFound
from core.settings import settings
from core.times import is_in_reach
from core.web import formats, templates
from core.web.caller import Caller
from directory.credentials.follow_through import ground_changed
from directory.listings.listing import lock_provider
from directory.models import Provider, Suspension, SuspensionKind
from directory.queries import credentials_of, suspensions_of
from directory.rules import grounds
from directory.taxonomy import STATES

LONGEST_REASON: Final = 1000


def _in_words(detail: audit.Detail) -> str:
    since, until = detail.get("from", ""), detail.get("until", "")
    return (
        f"suspended {{}} from {since} until {until or 'further notice'}."
        if since
        else "suspended {}."
    )


SUSPENDED: Final = audit.declare("provider.suspended", "Provider suspended", _in_words)
REINSTATED: Final = audit.declare("provider.reinstated", "Provider reinstated", "reinstated {}.")
_BACKDATED: Final = timedelta(minutes=5)


def suspend(
    session: Session,
    provider_id: UUID,
    admin: Caller,
    reason: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
) -> Suspension:
    """From `starts_at` (None: now) up to `ends_at` (None: until further notice). Raises Invalid
    with every problem, NotFound, Conflict where they are suspended then already."""
    provider = lock_provider(session, provider_id)
    asked = checked_suspension(reason, starts_at, ends_at, now)
    if admin.person_id is None or admin.person_id == provider.person_id:
        raise Conflict("Nobody decides about their own practice.")
    if any(_overlap(one.span, asked) for one in _by_admins(session, provider_id)):
        raise Conflict("They are suspended at that time already. Reinstate them first.")
    suspension = Suspension(
        provider_id=provider_id,
        reason=reason.strip(),
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        suspended_by=admin.person_id,
        suspended_at=now,
    )
    session.add(suspension)
    _record(session, provider, admin, SUSPENDED, now, _dates(asked))
    _tell(session, provider, suspension, "suspended")
    ground_changed(session, provider_id, now)
    return suspension


def checked_suspension(
    reason: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> grounds.Suspension:
    """When it lasts. Raises Invalid with every problem."""
    wrong = []
    starts_at = starts_at or now
    if not reason.strip() or len(reason.strip()) > LONGEST_REASON:
        wrong.append(("reason", f"Say why, in at most {LONGEST_REASON:,} characters."))
    if starts_at < now - _BACKDATED or not is_in_reach(starts_at.date()):
        wrong.append(("from", "It begins now or later."))
    if ends_at is not None and (ends_at <= starts_at or not is_in_reach(ends_at.date())):
        wrong.append(("until", "It ends after it begins."))
    if wrong:
        raise Invalid(wrong)
    return grounds.Suspension(max(starts_at, now), ends_at)


def reinstate(session: Session, provider_id: UUID, admin: Caller, now: datetime) -> None:
    """End every suspension that lasts or is to come. Raises NotFound where there is none."""
    provider = lock_provider(session, provider_id)
    open_ones = open_suspensions(session, provider_id, now)
    if not open_ones:
        raise NotFound("They are not suspended.")
    if admin.person_id is None or admin.person_id == provider.person_id:
        raise Conflict("Nobody decides about their own practice.")
    for one in open_ones:
        one.ends_at = max(one.starts_at, now)
        one.reinstated_by, one.reinstated_at = admin.person_id, now
        session.add(one)
        _tell(session, provider, one, "reinstated")
    _record(session, provider, admin, REINSTATED, now, {})
    ground_changed(session, provider_id, now)


def open_suspensions(session: Session, provider_id: UUID, now: datetime) -> list[Suspension]:
    """Those that last or are to come."""
    return [
        one
        for one in _by_admins(session, provider_id)
        if one.reinstated_at is None and (one.ends_at is None or one.ends_at > now)
    ]


def _by_admins(session: Session, provider_id: UUID) -> list[Suspension]:
    """Without what the provider closed themselves."""
    found = suspensions_of(session, provider_id)
    return [one for one in found if one.kind == SuspensionKind.SUSPENSION]


def _overlap(one: grounds.Suspension, other: grounds.Suspension) -> bool:
    ends = one.ends_at or grounds.END, other.ends_at or grounds.END
    return max(one.starts_at, other.starts_at) < min(ends)


def _dates(asked: grounds.Suspension) -> dict[str, str]:
    return {
        "from": f"{asked.starts_at:%Y-%m-%d %H:%M} UTC",
        "until": f"{asked.ends_at:%Y-%m-%d %H:%M} UTC" if asked.ends_at else "",
    }


def _record(
    session: Session,
    provider: Provider,
    admin: Caller,
    action: str,
    now: datetime,
    detail: dict[str, str],
) -> None:
    audit.record(
        session,
        actor=admin.person_id,
        action=action,
        subject_kind="provider",
        subject_id=provider.id,
        detail=detail,
        now=now,
    )


def _tell(session: Session, provider: Provider, suspension: Suspension, what: str) -> None:
    person = session.get_one(Person, provider.person_id)
    zone = zone_of_provider(session, provider)
    words = {
        "is_suspended": what == "suspended",
        "since": formats.when(suspension.starts_at, zone),
        "until": formats.when(suspension.ends_at, zone) if suspension.ends_at else "",
        "reason": suspension.reason,
        "url": f"{settings().public_url}/provider",
    }
    letter = mail.Letter(
        recipient=person.email,
        subject="News about your Openchair listing",
        text=templates.text("mail/suspension.txt", **words),
        html=templates.text("mail/suspension.html", **words),
    )
    mail.post(session, f"suspension:{suspension.id}:{what}", letter)


def zone_of_provider(session: Session, provider: Provider) -> str:
    """The zone to speak in: of the first state that a licence of theirs is for."""
    states = (one.state for one in credentials_of(session, provider.id))
    return next((STATES[one].zone for one in states if one in STATES), "UTC")
