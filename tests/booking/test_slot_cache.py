"""The cache of slots says what the rules say, whatever happened before."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, col, select

from booking.appointments import bookings, confirmation, hold_ends, holds
from booking.appointments.hold_caps import Asker
from booking.appointments.moves import Actor
from booking.appointments.patient_details import PatientDetails
from booking.appointments.refusals import SlotRefused
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.free_times import days_around, free_starts, free_within
from booking.calendar.queries import find_busy, get_calendar, slot_days_of
from booking.calendar.slot_cache import advance_slots, rebuild_slots
from booking.models import Appointment, AppointmentRow, CalendarDue, Holder
from booking.rules.availability import Availability, DateOverride, Range, TimeOff, WeeklyRange
from booking.rules.slots import Interval, count_by_day, day_starts, local_day, refusal, window
from booking.rules.transitions import ActorKind
from core import clock
from core.database import run
from core.errors import DomainError
from core.settings import settings as app_settings
from directory.listings.packed_columns import HOUR_DAYS, unpack_hours
from directory.models import Listing, Provider, Service
from tests.factories import make_patient, make_provider

DAY = timedelta(days=1)
SERVICES = (
    ("individual", "Individual session", 50, 15000),
    ("consultation", "First talk", 20, 0),
    ("family", "Family session", 90, 20000),
)
# a Friday before the clocks go back in the United States
NOW = datetime.fromisoformat("2026-10-30T15:10:00Z")


@pytest.fixture(autouse=True)
def _no_limits(database: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATE_LIMITS", "false")
        app_settings.cache_clear()
        yield
    app_settings.cache_clear()


def services_of(session: Session, provider: Provider) -> list[Service]:
    query = select(Service).where(col(Service.provider_id) == provider.id)
    return list(session.exec(query.order_by(col(Service.position))))


def cached(session: Session) -> dict[tuple[UUID, str], list[int]]:
    rows = session.connection().execute(text("SELECT service_id, day, starts FROM slot_day"))
    return {(row.service_id, str(row.day)): row.starts for row in rows if row.starts}


def openings(session: Session, provider: Provider) -> object:
    query = select(Listing.openings, Listing.next_opening, Listing.notice_minutes, Listing.hours)
    return session.exec(query.where(col(Listing.provider_id) == provider.id)).one()


def listed_hours(session: Session, provider: Provider) -> list[int]:
    query = select(Listing.hours).where(col(Listing.provider_id) == provider.id)
    return unpack_hours(session.exec(query).one())


def free_hours(session: Session, provider: Provider, now: datetime) -> list[int]:
    """In which hours of the days that a listing tells of someone new can book something. Holds last
    until they are swept."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    span = Interval(now, today + HOUR_DAYS * DAY)
    calendar = get_calendar(session, provider.id)
    starts = [
        minute
        for service in services_of(session, provider)
        if service.for_new
        for rows in [run(session, slot_days_of(service.id, *days_around(span)))]
        for minute in free_within(session, calendar, service.id, rows, [()], span, now)
    ]
    return sorted({minute // 60 for minute in starts})


HOURS: list[dict[str, Any]] = [
    {"buffer_after_minutes": 10},
    {"buffer_before_minutes": 30, "notice_minutes": 24 * 60},
    {"daily_limit": 2},
    {"weekly": [WeeklyRange(weekday=d, start="18:00", end="26:00") for d in range(7)]},
    {"step_minutes": 15, "horizon_days": 20},
    {"time_off": [TimeOff(starts_at=NOW + 3 * DAY, ends_at=NOW + 6 * DAY)]},
    {
        "overrides": [
            DateOverride(date=(NOW + 4 * DAY).date(), ranges=[]),
            DateOverride(date=(NOW + 8 * DAY).date(), ranges=[Range(start="06:00", end="12:00")]),
        ]
    },
]


@pytest.mark.parametrize("seed", range(6))
def test_the_cache_equals_a_fresh_rebuild_after_anything(session: Session, seed: int) -> None:
    rng = random.Random(seed)
    with clock.at(NOW):
        provider = make_provider(session, now=NOW, services=SERVICES)
        walk = _Walk(session, provider, rng)
        for _ in range(60):
            walk.step()
            before = cached(session), openings(session, provider)
            rebuild_slots(session, provider.id, walk.now)
            assert before == (cached(session), openings(session, provider)), walk.done
            told = listed_hours(session, provider)
            assert told == free_hours(session, provider, walk.now), walk.done
        assert {"hold", "confirm", "release", "cancel", "move", "edit"} <= set(walk.done)


class _Walk:
    """A random life of one calendar, through the services that people use."""

    def __init__(self, session: Session, provider: Provider, rng: random.Random) -> None:
        self.session, self.provider, self.rng, self.now = session, provider, rng, NOW
        self.services = services_of(session, provider)
        self.patients = [make_patient(session).id for _ in range(4)]
        self.done: list[str] = []

    def step(self) -> None:
        self.now += timedelta(minutes=self.rng.choice([0, 0, 1, 4, 4, 11]))
        due = self.session.get_one(CalendarDue, self.provider.id, populate_existing=True)
        if due.at <= self.now:  # as the job does it
            advance_slots(self.session, self.provider.id, self.now)
        names = "hold hold confirm confirm release sweep cancel move edit"
        name = self.rng.choice(names.split())
        try:
            with self.session.begin_nested():
                getattr(self, name)()
                self.done.append(name)
        except (DomainError, IndexError):
            pass  # refused, or nothing there to do it to: the cache must still be right
        self.session.flush()

    def _start(self) -> datetime:
        service = self.rng.choice(self.services)
        end = self.now + 14 * DAY
        return self.rng.choice(free_starts(self.session, service, self.now, end, self.now))

    def _some(self, status: str) -> Appointment:
        query = select(Appointment).where(col(Appointment.status) == status)
        query = query.order_by(col(Appointment.id)).execution_options(populate_existing=True)
        return self.rng.choice(list(self.session.exec(query)))

    def hold(self) -> None:
        holds.hold_slot(
            self.session,
            service_id=self.rng.choice(self.services).id,
            starts_at=self._start(),
            holder=Holder(None, self.rng.choice(self.patients)),
            asker=Asker("192.0.2.1"),
            now=self.now,
        )

    def confirm(self) -> None:
        hold = self._some("held")
        assert hold.held_by is not None
        born = datetime(1980, 1, 1).date()  # noqa: DTZ001  # a date
        details = PatientDetails("Robin Example", born, "WA", None)
        confirmation.confirm(
            self.session,
            hold.id,
            details=details,
            holder=Holder(None, hold.held_by),
            now=self.now,
        )

    def release(self) -> None:
        hold = self._some("held")
        hold_ends.release_hold(self.session, hold.id, Holder(None, hold.held_by), self.now)

    def sweep(self) -> None:
        hold_ends.expire_holds(self.session, self.now)

    def _provider(self) -> Actor:
        return Actor(ActorKind.PROVIDER, self.provider.person_id)

    def cancel(self) -> None:
        booked = self._some("booked")
        bookings.cancel(self.session, booked.id, self._provider(), "Ill.", self.now)

    def move(self) -> None:
        booked = self._some("booked")
        bookings.reschedule(self.session, booked.id, self._start(), self._provider(), self.now)

    def edit(self) -> None:
        hours = load_availability(self.session, self.provider.id)
        changed = Availability.model_validate({**dict(hours), **self.rng.choice(HOURS)})
        save_availability(self.session, self.provider.id, changed, self.now)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_listed_slot_can_be_held_and_every_other_start_is_refused(
    session: Session, data: st.DataObject
) -> None:
    hours = data.draw(st.sampled_from(HOURS))
    now = NOW + timedelta(minutes=data.draw(st.integers(0, 3 * 24 * 60)))
    with clock.at(now):
        provider = make_provider(session, now=now, services=SERVICES, **hours)
        services = services_of(session, provider)
        end = now + 9 * DAY
        for _ in range(data.draw(st.integers(0, 3))):
            service = data.draw(st.sampled_from(services))
            listed = free_starts(session, service, now, end, now)
            if listed:
                _hold(session, service, data.draw(st.sampled_from(listed)), now)
        service = data.draw(st.sampled_from(services))
        listed = free_starts(session, service, now, end, now)
        every = [now.replace(minute=0) + timedelta(minutes=5 * n) for n in range(12 * 24 * 8)]
        others = sorted(set(every) - set(listed))
        for start in data.draw(st.lists(st.sampled_from(others), min_size=8, max_size=8)):
            with pytest.raises(SlotRefused) as refused, session.begin_nested():
                _hold(session, service, start, now)
            assert refused.value.extra["reason"]
            assert refused.value.message.endswith(".")
        if listed:
            some = data.draw(st.lists(st.sampled_from(listed), min_size=1, max_size=8))
            for start in some:
                with session.begin_nested() as attempt:
                    assert _hold(session, service, start, now).starts_at == start
                    attempt.rollback()
        _agrees_with_the_rules(session, provider, service, listed, now, end)


def _hold(session: Session, service: Service, start: datetime, now: datetime) -> AppointmentRow:
    return holds.hold_slot(
        session,
        service_id=service.id,
        starts_at=start,
        holder=Holder(random.Random(str(start)).randbytes(32), None),
        asker=Asker("192.0.2.1"),
        now=now,
    )


def _agrees_with_the_rules(
    session: Session,
    provider: Provider,
    service: Service,
    listed: list[datetime],
    now: datetime,
    end: datetime,
) -> None:
    """The list, worked out without any cache."""
    hours = load_availability(session, provider.id)
    busy = find_busy(session, provider.id, Interval(now - 3 * DAY, end + 3 * DAY))
    booked = count_by_day(busy, hours.time_zone)
    first = local_day(now, hours.time_zone) - DAY
    starts = {
        start
        for n in range(12)
        for start in day_starts(hours, first + n * DAY, service.minutes, busy, booked)
    }
    right = [one for one in sorted(starts) if one in window(hours, now) and now <= one < end]
    assert listed == right
    for start in listed[:20]:
        assert refusal(hours, start, service.minutes, busy, booked, window(hours, now), now) is None
