"""What a provider's own change does, before it is saved: which times appear and vanish, and which
booked sessions would lie outside the hours, each with a choice: keep, move or call off."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments import bookings
from booking.appointments.moves import Actor
from booking.appointments.queries import booked_ahead
from booking.calendar.queries import Calendar, Offer, find_busy, get_calendar
from booking.calendar.slot_cache import cached_days, free_of_days
from booking.models import AppointmentRow
from booking.rules import slots
from booking.rules.availability import DAY, Availability
from booking.rules.minutes import instant_of, starts_within_any
from booking.rules.slots import Interval, Refusal
from core.errors import Conflict, DomainError

OFFERED_TIMES: Final = 24
OFFERED_A_DAY: Final = 4
"""To how many of the nearest times the review offers to move a session, and of how many a day."""

Times = dict[UUID, list[datetime]]
"""By service, in order."""


@dataclass(frozen=True)
class OutsideSession:
    """A booked session outside the hours. `is_new`: it lies within them as they are now.
    `could_move_to`: the nearest times by the new hours."""

    appointment: AppointmentRow
    refusal: Refusal
    is_new: bool
    could_move_to: list[datetime]


@dataclass(frozen=True)
class ChangePreview:
    """What a change would do. `nights`: days that are closed although the hours of the day before
    run into them, with what can be booked there."""

    appear: Times
    vanish: Times
    outside: list[OutsideSession]
    nights: list[tuple[date, list[datetime]]]

    @property
    def changes_nothing(self) -> bool:
        return not (self.appear or self.vanish or self.nights or self.newly_outside)

    @property
    def newly_outside(self) -> list[OutsideSession]:
        return [one for one in self.outside if one.is_new]


class ChoiceRefused(Conflict):
    """A session cannot be moved there, or called off any more."""

    code = "choice_refused"


@dataclass(frozen=True)
class Choice:
    """What becomes of a session outside: `keep`, `call_off` with a `reason`, or `move` to a
    start."""

    act: str
    reason: str = ""
    starts_at: datetime | None = None


def preview_hours(
    session: Session, provider_id: UUID, after: Availability, now: datetime
) -> ChangePreview:
    """What these hours would do."""
    calendar = get_calendar(session, provider_id)
    return _preview(session, calendar, replace(calendar, availability=after), now)


def preview_offers(
    session: Session, provider_id: UUID, after: Iterable[Offer], now: datetime
) -> ChangePreview:
    """What it would do if these were the services. What is booked stays as it was agreed."""
    calendar = get_calendar(session, provider_id)
    return _preview(session, calendar, replace(calendar, offers=tuple(after)), now)


def find_outside(
    session: Session, provider_id: UUID, availability: Availability, now: datetime
) -> list[AppointmentRow]:
    """The booked sessions that lie outside the hours as they are."""
    return [
        one
        for one in booked_ahead(session, provider_id, now)
        if slots.hours_refusal(availability, one.starts_at, one.minutes)
    ]


def apply_choices(
    session: Session,
    choices: Mapping[UUID, Choice],
    actor: Actor,
    now: datetime,
) -> None:
    """After the change is saved: move and call off what the provider chose to. Raises
    ChoiceRefused; the caller undoes all of it then."""
    for appointment_id, choice in sorted(choices.items()):
        try:
            if choice.act == "call_off":
                bookings.cancel(session, appointment_id, actor, choice.reason, now)
            elif choice.act == "move" and choice.starts_at is not None:
                bookings.reschedule(session, appointment_id, choice.starts_at, actor, now)
        except DomainError as error:
            raise ChoiceRefused(error.message) from error


def _preview(session: Session, before: Calendar, after: Calendar, now: datetime) -> ChangePreview:
    booked = booked_ahead(session, before.provider_id, now)
    busy = find_busy(
        session, before.provider_id, Interval(now - 2 * slots.ONE_DAY, now + 70 * slots.ONE_DAY)
    )
    was, will_be = _times(before, busy, now), _times(after, busy, now)
    return ChangePreview(
        appear=_less(will_be, was),
        vanish=_less(was, will_be),
        outside=_outside(before, after, booked, busy, now),
        nights=_nights(before.availability, after.availability, will_be),
    )


def _times(calendar: Calendar, busy: Sequence[Interval], now: datetime) -> Times:
    """All that may be booked, by the rules alone."""
    if calendar.availability is None:
        return {}
    found: dict[UUID, list[int]] = {}
    spans = calendar.bookable_spans(now)
    days = cached_days(calendar.availability, now)
    for offer, _, starts in free_of_days(calendar, days, busy):
        found.setdefault(offer.id, []).extend(starts)
    return {
        service_id: [instant_of(minute) for minute in starts_within_any(sorted(starts), spans)]
        for service_id, starts in found.items()
    }


def _less(some: Times, others: Times) -> Times:
    found = {
        service_id: sorted(set(starts) - set(others.get(service_id, ())))
        for service_id, starts in some.items()
    }
    return {service_id: starts for service_id, starts in found.items() if starts}


def _outside(
    before: Calendar,
    after: Calendar,
    booked: Sequence[AppointmentRow],
    busy: Sequence[Interval],
    now: datetime,
) -> list[OutsideSession]:
    found = []
    for one in booked:
        refusal = _refusal(after, one)
        if refusal is not None:
            is_new = _refusal(before, one) is None
            found.append(OutsideSession(one, refusal, is_new, _near(after, one, busy, now)))
    return found


def _refusal(calendar: Calendar, one: AppointmentRow) -> Refusal | None:
    """Why a booked session would not be offered by these hours and services."""
    if calendar.availability is None:
        return None
    found = slots.hours_refusal(calendar.availability, one.starts_at, one.minutes)
    if found is None and calendar.offer(one.service_id) is None:
        return slots.NOT_OFFERED
    return found


def _near(
    calendar: Calendar, one: AppointmentRow, busy: Sequence[Interval], now: datetime
) -> list[datetime]:
    """The nearest times by the new hours to which the session could be moved."""
    availability = calendar.availability
    if availability is None:
        return []
    others = [span for span in busy if span != Interval(one.starts_at, one.ends_at)]
    booked = slots.count_by_day(others, availability.time_zone)
    spans = calendar.bookable_spans(now, one.patient_state or "")
    starts = [
        at
        for day in cached_days(availability, now)
        for at in slots.day_starts(availability, day, one.minutes, others, booked)
        if any(at in span for span in spans) and at != one.starts_at
    ]
    offered: list[datetime] = []
    a_day: Counter[date] = Counter()
    for at in sorted(starts, key=lambda at: abs(at - one.starts_at)):
        day = slots.local_day(at, availability.time_zone)
        if a_day[day] < OFFERED_A_DAY:
            a_day[day] += 1
            offered.append(at)
    return sorted(offered[:OFFERED_TIMES])


def _nights(
    was: Availability | None, availability: Availability | None, times: Times
) -> list[tuple[date, list[datetime]]]:
    """Days that are newly closed although the hours of the day before run into them."""
    if availability is None:
        return []
    known = {one.date for one in was.overrides if not one.ranges} if was else set()
    every = sorted({at for starts in times.values() for at in starts})
    found = []
    for override in availability.overrides:
        before = override.date - timedelta(days=1)
        if (
            override.ranges
            or override.date in known
            or not any(span.end > DAY for span in availability.spans(before))
        ):
            continue
        zone = availability.time_zone
        left = [at for at in every if slots.local_day(at, zone) == override.date]
        if left:
            found.append((override.date, left))
    return found
