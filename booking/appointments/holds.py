"""Holds: a time kept for someone for ten minutes while they say who they are.

Everything that takes or gives back a provider's time holds the provider's lock, so that what
the validator sees stays true until the commit. The database's constraints stand behind it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from booking.appointments.eligibility import check_ground, check_person
from booking.appointments.hold_caps import Asker, check_hold_caps, held_by_unknown
from booking.appointments.hold_ends import actor_of, by_provider, giving_back
from booking.appointments.locks import (
    is_taken_in,
    locking_calendar_of,
    locking_calendars,
    locking_holder,
)
from booking.appointments.moves import beginning
from booking.appointments.queries import (
    AppointmentDetails,
    details_of,
    get_held,
    is_held_by,
    read_details,
    standing_of,
)
from booking.appointments.refusals import (
    FARTHEST,
    AlreadyBooked,
    AlreadyExtended,
    HoldOver,
    NotListed,
    refusal_of,
    refused,
)
from booking.appointments.terms import agreed
from booking.calendar.free_times import Viewer
from booking.calendar.openings import publish_openings
from booking.calendar.queries import (
    Calendar,
    Offer,
    busy_of,
    calendar_of_service,
    read_busy,
    read_calendar,
)
from booking.calendar.slot_cache import (
    changes_of,
    next_slots_before,
    refresh_spans,
    touched,
)
from booking.models import COLUMNS, AppointmentRow, Holder
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.hold_caps import Networks
from booking.rules.slots import Interval
from booking.rules.transitions import Status, hold_until, is_expired
from core.database import Statement, run, run_together, uuid7
from core.errors import NotFound
from core.limits import Limit, hit

PER_HOLDER = Limit(
    "hold-holder", 20, timedelta(hours=1), "You held many times. Please wait before the next."
)
PER_ADDRESS = Limit(
    "hold-address",
    60,
    timedelta(hours=1),
    "Many times were held from your network. Please wait before the next.",
)


def hold_slot(
    session: Session,
    *,
    service_id: UUID,
    starts_at: datetime,
    holder: Holder,
    asker: Asker,
    now: datetime,
    state: str = "",
) -> AppointmentRow:
    """Keep a time for ten minutes, though never past its start; what its holder held before is
    given back. `state`: where they will be, if they said so.

    Raises NotFound or NotListed, SlotTaken or SlotRefused with alternatives, LicenceRefused,
    WrongAudience, PatientBusy, TooManySessions, TooMany; CodeNeeded or Crowded where they are
    unknown and prove first who they are.
    """
    hit(session, (PER_HOLDER, _name_of(holder)), (PER_ADDRESS, asker.address))
    _, concerned, calendars = run_together(
        session,
        locking_holder(holder),
        locking_calendars(service_id, starts_at, holder, now),
        calendar_of_service(service_id),
    )
    is_taken = is_taken_in(concerned)
    calendar = read_calendar(calendars)
    offer, availability = _bookable(calendar, service_id, now)
    viewer = Viewer(holder, state)
    span = Interval(starts_at, min(starts_at, now + FARTHEST) + timedelta(minutes=offer.minutes))
    refusal = refusal_of(calendar, span.start, offer.minutes, [], now)
    if refusal is None and is_taken:
        refusal = slots.TAKEN
    if refusal is not None:
        raise refused(session, calendar, service_id, starts_at, refusal, now, viewer)
    if state:
        check_ground(calendar.ground, state, span.start, now)
    hold, given_back = _take(session, calendar, availability, offer, span, viewer, asker, now)
    for provider_id, freed in given_back.items():
        refresh_spans(session, provider_id, freed, now)
    return hold


def _take(
    session: Session,
    calendar: Calendar,
    availability: Availability,
    offer: Offer,
    span: Interval,
    viewer: Viewer,
    asker: Asker,
    now: datetime,
) -> tuple[AppointmentRow, dict[UUID, list[Interval]]]:
    """The hold, if what is booked allows it, and what its holder gave back for it."""
    days, person_id = touched(availability, [span]), viewer.holder.person_id
    asked = next_slots_before(calendar, days, now)
    expired, released, busy_rows, standing, held_by_others, *next_slots = run_together(
        session,
        *giving_back(calendar.provider_id, viewer.holder, now),
        busy_of(calendar.provider_id, slots.reach(availability, days)),
        standing_of(person_id, calendar.provider_id, span, now),
        held_by_unknown(calendar.provider_id, now),
        *([] if asked is None else [asked]),
    )
    busy = read_busy(busy_rows)
    refusal = refusal_of(calendar, span.start, offer.minutes, busy, now)
    if refusal is not None:
        raise refused(session, calendar, offer.id, span.start, refusal, now, viewer)
    if person_id is not None:
        check_person(calendar, offer.id, person_id, standing[0])
    is_known = standing[0].is_seen
    if not is_known:
        is_signed_in = person_id is not None
        check_hold_caps(session, calendar, offer, span, held_by_others, asker, is_signed_in, now)
    changes, is_listed_right = changes_of(
        calendar, days, [*busy, span], next_slots[0] if next_slots else None, now
    )
    networks = None if is_known else asker.networks
    holding = _holding(calendar, availability, offer, span, viewer.holder, networks, now)
    held = run_together(session, holding, *changes)[0]
    if not held:
        raise refused(session, calendar, offer.id, span.start, slots.TAKEN, now, viewer)
    if not is_listed_right:
        publish_openings(session, calendar, now)
    return AppointmentRow(*held[0]), by_provider([*expired, *released])


def extend_hold(session: Session, hold_id: UUID, holder: Holder, now: datetime) -> AppointmentRow:
    """Ten minutes from now, once, by the rules for a new hold. What is refused stays as it is.

    Raises NotFound, HoldOver, AlreadyExtended, NotListed, SlotRefused with alternatives.
    """
    found = locked_hold(session, hold_id, holder, now)
    hold = found.appointment
    if hold.extended:
        raise AlreadyExtended
    check_hold(session, found, Viewer(holder), now, is_held=False)
    longer = Statement(
        "UPDATE appointment SET expires_at = %(until)s, extended = true"
        f" WHERE id = %(id)s AND expires_at > %(now)s AND NOT extended RETURNING {COLUMNS}",
        {"id": hold_id, "until": hold_until(hold.starts_at, now), "now": now},
    )
    rows = run(session, longer)
    if not rows:
        raise HoldOver
    return AppointmentRow(*rows[0])


def locked_hold(
    session: Session, hold_id: UUID, holder: Holder, now: datetime
) -> AppointmentDetails:
    """The caller's live hold while nobody else changes what they or the provider have booked, nor
    the provider's rules. Raises NotFound, AlreadyBooked, HoldOver."""
    _, _, *read = run_together(
        session, locking_holder(holder), locking_calendar_of(hold_id), *details_of(hold_id)
    )
    found = read_details(*read)
    if not is_held_by(found.appointment, holder):
        raise NotFound
    if found.appointment.status == Status.BOOKED:
        raise AlreadyBooked
    return _live(found, now)


def check_hold(
    session: Session,
    found: AppointmentDetails,
    viewer: Viewer,
    now: datetime,
    *,
    is_held: bool = True,
) -> None:
    """Whether what is held may be held still, as the world is now. `is_held`: without asking for
    notice again. Raises SlotRefused with alternatives, NotListed."""
    hold, calendar = found.appointment, found.time.calendar
    refusal = None
    if calendar.offer(hold.service_id) is None:
        refusal = slots.NOT_OFFERED
    elif calendar.availability is None:
        raise NotListed
    else:
        days = touched(calendar.availability, [Interval(hold.starts_at, hold.ends_at)])
        reach = slots.reach(calendar.availability, days)
        busy = read_busy(run(session, busy_of(hold.provider_id, reach, hold.id)), now)
        refusal = refusal_of(calendar, hold.starts_at, hold.minutes, busy, now, is_held=is_held)
        if refusal is None and not calendar.is_listed(now):
            raise NotListed
    if refusal is not None:
        raise refused(session, calendar, hold.service_id, hold.starts_at, refusal, now, viewer)


def get_live_hold(
    session: Session, hold_id: UUID, holder: Holder, now: datetime
) -> AppointmentDetails:
    """The caller's hold. Raises NotFound, and HoldOver where it no longer keeps the time."""
    return _live(get_held(session, hold_id, holder), now)


def _live(found: AppointmentDetails, now: datetime) -> AppointmentDetails:
    until = found.appointment.expires_at
    if until is None or is_expired(until, now):
        raise HoldOver
    return found


def _name_of(holder: Holder) -> str:
    return str(holder.person_id) if holder.person_id else (holder.visitor or b"").hex()


def _bookable(calendar: Calendar, service_id: UUID, now: datetime) -> tuple[Offer, Availability]:
    offer = calendar.offer(service_id)
    if offer is None:
        raise NotFound
    if calendar.availability is None or not calendar.is_listed(now):
        raise NotListed
    return offer, calendar.availability


def _holding(
    calendar: Calendar,
    availability: Availability,
    offer: Offer,
    span: Interval,
    holder: Holder,
    networks: Networks | None,
    now: datetime,
) -> Statement:
    """The new hold; no row where the database's constraint knows of something in its way."""
    return beginning(
        Status.HELD,
        actor_of(holder),
        now,
        id=uuid7(),
        provider_id=calendar.provider_id,
        service_id=offer.id,
        starts_at=span.start,
        ends_at=span.end,
        expires_at=hold_until(span.start, now),
        extended=False,
        visitor=holder.visitor,
        held_by=holder.person_id,
        network=networks and networks.address,
        wide_network=networks and networks.wide,
        created_at=now,
        **agreed(offer.title, offer.kind, offer.fee_cents, availability, span.start),
    )
