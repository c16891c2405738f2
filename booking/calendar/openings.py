"""What a listing says of a calendar: the first openings for new patients, and all their hours.

The directory keeps it (`directory.listings.openings`); this finds it, from the slots in the cache.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import (
    Calendar,
    Offer,
    calendars_of_providers,
    first_slots_of,
    read_calendar,
    slot_days_of_providers,
)
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import minute_of, starts_within_any
from booking.rules.slots import Interval
from core.database import Statement, run, run_together
from directory.listings.listing import refresh_listing
from directory.listings.openings import (
    DAYS_OF_HOURS,
    MOST_OPENINGS,
    NO_OPENINGS,
    Opening,
    Openings,
    first_of_days,
    is_full,
    writing_openings,
)
from directory.rules.grounds import ends_within

Starts = tuple[UUID, list[int]]
"""A service and some of its free starts, in minutes of the epoch, sorted."""
_HORIZON: Final = timedelta(days=62)
"""No calendar reaches further."""
DAY_MINUTES: Final = 24 * 60
_NEXT_DAYS: Final = MOST_OPENINGS + 4
"""Of so many days with free starts the first openings are: on two notice may leave nothing, and
the last is read whole, with the next, whose hours can begin before the last one's are over."""


def find_openings(session: Session, calendar: Calendar, now: datetime) -> Openings:
    """All that a listing says of the calendar. One query."""
    rows = (
        []
        if (asked := _first_slots(calendar, now, DAYS_OF_HOURS + 4)) is None
        else run(session, asked)
    )
    return openings_in([(row.service_id, row.starts) for row in rows], calendar, now)


def next_openings(session: Session, calendar: Calendar, now: datetime) -> list[Opening]:
    """The first starts for new patients, each once, with the first service that may begin then.
    One query."""
    asked = next_slots_of(calendar, now)
    rows = [] if asked is None else run(session, asked)
    return list(openings_in([(row.service_id, row.starts) for row in rows], calendar, now).first)


def next_slots_of(calendar: Calendar, now: datetime, changing: int = 0) -> Statement | None:
    """The cached days of which the next openings are, even if so many of them lose their starts;
    None where there can be none."""
    return _first_slots(calendar, now, _NEXT_DAYS + changing)


def openings_in(found: Iterable[Starts], calendar: Calendar, now: datetime) -> Openings:
    """As `openings_of`, of those services that someone new may book, anywhere."""
    if calendar.availability is None:
        return NO_OPENINGS
    services = [offer.id for offer in _for_new(calendar)]
    return openings_of(found, services, calendar.bookable_spans(now), calendar.availability, now)


def openings_of(
    found: Iterable[Starts],
    services: Sequence[UUID],
    spans: Sequence[Interval],
    availability: Availability,
    now: datetime,
) -> Openings:
    """What a listing says where these are the free starts, in any order. `spans`: when a session
    may begin, as seen from `now`.

    Where several services may begin at once, the first of `services` has it; others are left out.
    """
    service_at = _service_at(found, services, spans)
    chosen = first_of_days(sorted(service_at), availability.time_zone)
    first = [Opening(str(service_at[at]), at) for at in chosen]
    return Openings.of(first, service_at, availability.lead_minutes, now)


def read_openings(
    session: Session, provider_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[Opening]]:
    """All openings for new patients of these providers that a listing's hours speak of
    (`directory.listings.openings.OpeningsReader`). One round trip."""
    first = now.date() - 2 * slots.ONE_DAY  # local days differ, and hours may pass midnight
    last = now.date() + (DAYS_OF_HOURS + 1) * slots.ONE_DAY
    rows, found = run_together(
        session,
        calendars_of_providers(provider_ids),
        slot_days_of_providers(provider_ids, first, last),
    )
    starts: dict[UUID, list[Starts]] = {}
    for row in found:
        starts.setdefault(row.provider_id, []).append((row.service_id, row.starts))
    calendars = [read_calendar([row]) for row in rows]
    return {
        one.provider_id: _all_openings(one, starts.get(one.provider_id, ()), now)
        for one in calendars
    }


def _all_openings(calendar: Calendar, found: Iterable[Starts], now: datetime) -> list[Opening]:
    if calendar.availability is None or not calendar.is_listed(now):
        return []
    services = [offer.id for offer in _for_new(calendar)]
    service_at = _service_at(found, services, calendar.bookable_spans(now))
    end = (minute_of(now) // DAY_MINUTES + DAYS_OF_HOURS) * DAY_MINUTES
    return [Opening(str(service_at[at]), at) for at in sorted(service_at) if at < end]


def _service_at(
    found: Iterable[Starts], services: Sequence[UUID], spans: Sequence[Interval]
) -> dict[int, UUID]:
    """Which of `services` may begin at each start that can be booked now, the first where several
    may."""
    order = {service_id: place for place, service_id in enumerate(services)}
    service_at: dict[int, UUID] = {}
    for service_id, starts in found:
        if service_id not in order:
            continue
        for start in starts_within_any(starts, spans):
            known = service_at.setdefault(start, service_id)
            if order[service_id] < order[known]:
                service_at[start] = service_id
    return service_at


def reaches(published: Openings, day: date, availability: Availability) -> bool:
    """Whether the openings of local `day` may be among the first ones."""
    days = [slots.local_day(one.starts_at, availability.time_zone) for one in published.first]
    return not is_full(days) or days[-1] >= day


def openings_after(
    calendar: Calendar,
    days: Sequence[date],
    free: Sequence[tuple[Offer, date, list[int]]],
    next_slots: list[Any] | None,
    now: datetime,
) -> Openings | None:
    """What the listing says once `free` are the starts of `days`, each service's of each day.

    `next_slots`: rows of `next_slots_of` from before that; None where the days are beyond the
    first openings. None where all must be found anew: nothing was open, the day has changed,
    hours pass midnight, or what the listing says of states depends on the first opening.
    """
    published, availability = calendar.published, calendar.availability
    if published is None or availability is None or not calendar.accepts_new:
        return None
    if states_depend_on_openings(calendar, now):
        return None
    spans = [slots.whole_day(availability, day) for day in days]
    if any(one is None or one.start.minute or one.end.minute for one in spans):
        return None
    allowed = calendar.bookable_spans(now)
    minutes = [
        (int(one.start.timestamp()) // 60, int(one.end.timestamp()) // 60)
        for one in spans
        if one is not None
    ]
    starts = [
        at for offer, _, some in free if offer.for_new for at in starts_within_any(some, allowed)
    ]
    hours = published.hours_after(starts, minutes, now)
    if hours is None:
        return None
    first = published.first
    if next_slots is not None:
        rest = [(row.service_id, row.starts) for row in next_slots if row.day not in days]
        anew = [(offer.id, some) for offer, _, some in free]
        first = openings_in([*rest, *anew], calendar, now).first
    return Openings(first, hours, availability.lead_minutes)


def publishing(calendar: Calendar, found: Openings, now: datetime) -> list[Statement]:
    """Tells the listing, where that is not what it has."""
    known = calendar.published
    if known is None or known == found:
        return []
    telling = [writing_openings(calendar.provider_id, found)]
    if (known.first[:1], known.notice_minutes) != (found.first[:1], found.notice_minutes):
        telling.append(noting_due(calendar, found, now))
    return telling


def noting_due(
    calendar: Calendar, found: Openings, now: datetime, *, is_advanced: bool = False
) -> Statement:
    """Puts the calendar on the list of those that the clock changes (`CalendarDue`). What is due
    there stays so until the calendar `is_advanced`: its days, too, are up to the clock."""
    if calendar.availability is None:
        return Statement(
            "DELETE FROM calendar_due WHERE provider_id = %(provider)s",
            {"provider": calendar.provider_id},
        )
    first = found.first[0].starts_at if found.first else None
    return Statement(
        """
        INSERT INTO calendar_due (provider_id, at) VALUES (%(provider)s, %(at)s)
        ON CONFLICT (provider_id) DO UPDATE SET at = excluded.at
        WHERE %(is_advanced)s OR calendar_due.at > %(now)s
        """,
        {
            "provider": calendar.provider_id,
            "is_advanced": is_advanced,
            "now": now,
            "at": slots.changes_at(calendar.availability, first, now),
        },
    )


def states_depend_on_openings(calendar: Calendar, now: datetime) -> bool:
    """Whether the ground in some state ends before the calendar does: the listing names that state
    only while something can be booked from there."""
    return ends_within(calendar.ground, now, _HORIZON)


def publish_openings(session: Session, calendar: Calendar, now: datetime) -> None:
    """Find what is open for new patients, and tell the listing."""
    if calendar.published is not None:
        tell_listing(session, calendar, find_openings(session, calendar, now), now)


def tell_listing(session: Session, calendar: Calendar, found: Openings, now: datetime) -> None:
    """Tell the listing what is open, where that is not what it has."""
    telling = publishing(calendar, found, now)
    if telling and states_depend_on_openings(calendar, now):
        refresh_listing(session, calendar.provider_id, now, found)
        telling = [noting_due(calendar, found, now)]
    run_together(session, *telling)


def _for_new(calendar: Calendar) -> list[Offer]:
    return [one for one in calendar.offers if one.for_new] if calendar.accepts_new else []


def _first_slots(calendar: Calendar, now: datetime, days: int) -> Statement | None:
    """Each service has a row a day at most."""
    availability, offers = calendar.availability, _for_new(calendar)
    if availability is None or not offers:
        return None
    window = slots.window(availability, now)
    first = slots.local_day(window.start, availability.time_zone) - slots.ONE_DAY
    services = [offer.id for offer in offers]
    return first_slots_of(calendar.provider_id, services, first, days * len(offers))
