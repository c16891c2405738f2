"""A provider's availability: when they can be booked, as they say it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from booking.calendar.queries import calendar_of_provider, read_calendar
from booking.calendar.slot_cache import write_all_slots
from booking.models import Schedule
from booking.rules.availability import Availability, change_problems
from core.database import Statement, lock, run_together
from core.errors import Invalid
from core.versions import ANY_VERSION, Expected, version_of
from directory.listings.listing import refresh_listing
from directory.listings.openings import note_hours
from directory.models import Credential, CredentialKind
from directory.taxonomy import STATES

TERMS: Final = {"late_fee_cents", "moves_late"}
"""Fields that are kept beside the document, for yesterday's code refuses what it does not know."""
_ZONE_WITHOUT_LICENCE = "America/New_York"


def load_availability(session: Session, provider_id: UUID) -> Availability:
    """What was saved; before that, no hours, in the zone of the first licence."""
    saved = session.exec(
        select(Schedule.document, Schedule.terms).where(col(Schedule.provider_id) == provider_id)
    ).first()
    if saved is not None:
        document, terms = saved
        return Availability.model_validate({**document, **terms})
    state = session.exec(
        select(Credential.state)
        .where(
            col(Credential.provider_id) == provider_id,
            col(Credential.kind) == CredentialKind.STATE_LICENSE,
        )
        .order_by(col(Credential.submitted_at))
    ).first()
    zone = STATES[state].zone if state in STATES else _ZONE_WITHOUT_LICENCE
    return Availability.empty(zone)


def availability_version(availability: Availability) -> str:
    """Which availability this is."""
    return version_of(availability.model_dump(mode="json"))


def save_availability(
    session: Session,
    provider_id: UUID,
    availability: Availability,
    now: datetime,
    expected: Expected = ANY_VERSION,
) -> None:
    """Replace the availability; slots and the listing follow. What is booked stays booked.

    Raises VersionChanged where what stands is not as expected, and Invalid (by the fields of the
    document) for what is over already or a step that nobody can keep in mind.
    """
    lock(session, provider_id)
    before = load_availability(session, provider_id)
    expected.check(availability_version(before))
    if problems := change_problems(availability, before, now):
        raise Invalid(problems)
    saved = Statement(
        """
        INSERT INTO schedule (provider_id, document, terms, changed_at)
        VALUES (%(provider)s, %(document)s::jsonb, %(terms)s::jsonb, %(now)s)
        ON CONFLICT (provider_id) DO UPDATE
        SET document = excluded.document, terms = excluded.terms, changed_at = excluded.changed_at
        """,
        {
            "provider": provider_id,
            "document": availability.model_dump_json(exclude=TERMS),
            "terms": availability.model_dump_json(include=TERMS),
            "now": now,
        },
    )
    _, calendars = run_together(session, saved, calendar_of_provider(provider_id))
    openings = write_all_slots(session, read_calendar(calendars), now)
    note_hours(session, provider_id, availability.has_hours)
    refresh_listing(session, provider_id, now, openings)
