"""What happens by itself: holds end, days come in sight, listings follow the clock."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from booking import periodic
from booking.appointments import holds
from booking.appointments.hold_caps import Asker
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.free_times import free_starts
from booking.calendar.slot_cache import rebuild_slots
from booking.models import Appointment, AppointmentEvent, CalendarDue, Holder, Schedule, SlotDay
from booking.rules.availability import TimeOff
from core import clock
from directory.listings.openings import MOST_OPENINGS
from directory.models import Listing, Provider, Service
from directory.search import SearchQuery, search
from tests.factories import make_provider

DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2026-11-24T16:00:00Z")  # Tuesday, 8 am in Washington


@pytest.fixture
def provider(session: Session) -> Provider:
    with clock.at(NOW):
        return make_provider(session, now=NOW, step_minutes=60)


def listing(session: Session, provider: Provider) -> Listing:
    session.rollback()
    query = select(Listing).where(col(Listing.provider_id) == provider.id)
    return session.exec(query.execution_options(populate_existing=True)).one()


def test_a_hold_that_ran_out_ends_with_its_history(session: Session, provider: Provider) -> None:
    service = session.exec(select(Service).where(col(Service.provider_id) == provider.id)).one()
    start = free_starts(session, service, NOW, NOW + 9 * DAY, NOW)[0]
    hold = holds.hold_slot(
        session,
        service_id=service.id,
        starts_at=start,
        holder=Holder(b"v" * 32, None),
        asker=Asker("192.0.2.1"),
        now=NOW,
    )
    session.commit()
    assert listing(session, provider).next_opening != start
    with clock.at(NOW + timedelta(minutes=9)):
        periodic.expire_holds(timestamp=0)
    assert free_starts(session, service, start, start + DAY, NOW)[0] != start
    with clock.at(NOW + timedelta(minutes=10)):
        periodic.expire_holds(timestamp=0)
    assert listing(session, provider).next_opening == start
    assert free_starts(session, service, start, start + DAY, NOW)[0] == start
    ended = session.get_one(Appointment, hold.id, populate_existing=True)
    assert (ended.status, ended.expires_at) == ("expired", None)
    told = select(AppointmentEvent.status, AppointmentEvent.actor_kind)
    history = session.exec(told.order_by(col(AppointmentEvent.id))).all()
    assert [tuple(one) for one in history] == [("held", "visitor"), ("expired", "system")]


def test_an_opening_that_went_by_leaves_the_listing(session: Session, provider: Provider) -> None:
    first = listing(session, provider).next_opening
    assert first == NOW + timedelta(hours=1)
    with clock.at(first + timedelta(minutes=1)):
        periodic.follow_the_clock(timestamp=0)
    after = listing(session, provider)
    assert after.next_opening == first + timedelta(hours=1)
    assert len(after.openings) >= MOST_OPENINGS


def test_search_shows_only_times_that_can_be_booked_though_nothing_moved_the_listing(
    session: Session,
) -> None:
    with clock.at(NOW):
        provider = make_provider(session, now=NOW, step_minutes=60, notice_minutes=12 * 60)
    service = session.exec(select(Service).where(col(Service.provider_id) == provider.id)).one()
    search_of_its_own = object()
    half_a_day = timedelta(hours=12)
    free = free_starts(session, service, NOW, NOW + 9 * DAY, NOW)
    soonest = [start for start in free if start > NOW + half_a_day][:MOST_OPENINGS]
    for hours in (0, 1, 8, 12, 13, 30):
        for seconds in (0, 59):
            now = NOW + timedelta(hours=hours, seconds=seconds)
            with clock.at(now):
                found = search(search_of_its_own, session, SearchQuery()).items
            free = free_starts(session, service, now, now + 9 * DAY, now)
            shown = [opening.starts_at for one in found for opening in one.openings]
            bookable = [start for start in free if start > now + half_a_day]
            left = [start for start in soonest if start > now + half_a_day]
            assert len(shown) >= 3
            assert shown[: len(left)] == bookable[: len(left)] == left
            assert set(shown) <= set(bookable)


def test_another_notice_alone_is_told_to_the_listing(session: Session, provider: Provider) -> None:
    """The openings stay as they are: the first is far ahead."""
    away = TimeOff(starts_at=NOW, ends_at=NOW + 3 * DAY)
    hours = load_availability(session, provider.id).model_copy(update={"time_off": [away]})
    save_availability(session, provider.id, hours, NOW)
    session.commit()
    before = listing(session, provider)
    openings, change = before.openings, before.change
    longer = hours.model_copy(update={"notice_minutes": 90})
    save_availability(session, provider.id, longer, NOW)
    session.commit()
    after = listing(session, provider)
    assert after.openings == openings
    assert after.notice_minutes == 90
    assert after.change > change


def test_a_provider_closed_to_new_patients_shows_no_opening(
    session: Session, provider: Provider
) -> None:
    provider.accepts_new = False
    session.add(provider)
    session.commit()
    with clock.at(NOW):
        periodic.follow_the_clock(timestamp=0)
    assert listing(session, provider).openings == []
    provider.accepts_new = True
    session.add(provider)
    session.commit()
    with clock.at(NOW):
        periodic.advance_calendars(timestamp=0)
    assert listing(session, provider).next_opening == NOW + timedelta(hours=1)


def test_a_calendar_is_looked_at_only_when_the_clock_changes_it(
    session: Session, provider: Provider
) -> None:
    def change_at(at: datetime) -> int:
        with clock.at(at):
            periodic.follow_the_clock(timestamp=0)
        return listing(session, provider).change

    first = listing(session, provider).next_opening
    assert first is not None
    before = change_at(NOW)
    assert change_at(first - timedelta(minutes=5)) == before
    assert change_at(first + timedelta(minutes=5)) > before


def test_a_calendar_that_yesterdays_code_writes_is_looked_at(
    session: Session, provider: Provider
) -> None:
    """It knows nothing of the list; a trigger puts the calendar there."""
    schedule = session.get_one(Schedule, provider.id)
    document = schedule.document
    session.delete(session.get_one(CalendarDue, provider.id))
    session.delete(schedule)
    session.flush()
    session.add(Schedule(provider_id=provider.id, document=document, changed_at=NOW))
    session.commit()
    with clock.at(NOW):
        periodic.follow_the_clock(timestamp=0)
    session.expire_all()
    assert session.get_one(Schedule, provider.id).published_through is not None
    assert session.get_one(CalendarDue, provider.id).at > NOW


def test_the_calendar_moves_on_with_the_days(session: Session, provider: Provider) -> None:
    through = select(Schedule)
    before = session.exec(through).one().published_through
    session.rollback()
    later = NOW + 7 * DAY
    with clock.at(later):
        periodic.advance_calendars(timestamp=0)
        assert before is not None
        session.expire_all()
        assert session.exec(through).one().published_through == before + 7 * DAY
        session.rollback()
        moved = _cache(session)
        rebuild_slots(session, provider.id, later)
        assert moved == _cache(session)
    first = session.exec(select(func.min(SlotDay.day))).one()
    assert first is not None
    assert first >= later.date() - DAY


def _cache(session: Session) -> list[tuple[date, list[int]]]:
    rows = session.exec(select(SlotDay).order_by(col(SlotDay.day))).all()
    return [(row.day, row.starts) for row in rows if row.starts]


def test_what_is_booked_just_after_midnight_does_not_put_off_the_new_day(
    session: Session, provider: Provider
) -> None:
    """Of a hold that ends in the minute in which the day does, the listing is told at once; the
    calendar is brought up to the clock all the same."""
    service = session.exec(select(Service).where(col(Service.provider_id) == provider.id)).one()
    midnight = datetime.fromisoformat("2026-11-25T08:00:00Z")
    before = midnight - timedelta(minutes=5)
    holds.hold_slot(
        session,
        service_id=service.id,
        starts_at=free_starts(session, service, before, before + 9 * DAY, before)[0],
        holder=Holder(b"v" * 32, None),
        asker=Asker("192.0.2.1"),
        now=before,
    )
    session.commit()
    days = select(func.min(SlotDay.day)).where(col(SlotDay.provider_id) == provider.id)
    with clock.at(midnight + timedelta(minutes=6)):
        periodic.expire_holds(timestamp=0)
        periodic.follow_the_clock(timestamp=0)
    assert session.exec(days).one() == date(2026, 11, 24)
