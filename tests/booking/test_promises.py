"""A promise made is a promise kept, whatever happens: a state machine over all that people do.

Everything happens in one transaction, which is rolled back; the periodic jobs run in it as the
clock goes. `STEPS` in the environment says how many steps to take (400 unless it does); they are
the same steps each time.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from booking import periodic, web
from booking.appointments import bookings, confirmation, hold_ends, holds
from booking.appointments.eligibility import LicenceRefused, TooManySessions
from booking.appointments.hold_caps import Asker
from booking.appointments.moves import Actor
from booking.appointments.patient_details import PatientDetails
from booking.appointments.queries import get_details
from booking.appointments.refusals import HoldOver, NotListed, PatientBusy, SlotRefused
from booking.calendar import services
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.free_times import Viewer, free_starts
from booking.calendar.queries import get_calendar
from booking.calendar.services import ServiceForm
from booking.calendar.slot_cache import rebuild_slots
from booking.models import COLUMNS, AppointmentRow, Holder
from booking.rules.availability import Availability, DateOverride, Range, TimeOff, WeeklyRange
from booking.rules.hold_caps import SESSIONS_BEFORE_THE_FIRST
from booking.rules.lapses import must_end
from booking.rules.transitions import ActorKind
from core import clock
from core.database import Statement, engine, run
from core.errors import DomainError
from core.settings import settings as app_settings
from core.web.caller import ADMIN, Caller
from directory.credentials.claims import CredentialForm, submit_credential, withdraw_credential
from directory.credentials.decisions import DecisionForm, decide
from directory.credentials.suspensions import reinstate, suspend
from directory.listings.profile import attest
from directory.models import Credential, Provider, Service
from directory.queries import credentials_of, services_of
from tests.booking.test_slot_cache import cached
from tests.factories import make_patient, make_person, make_provider

_ = web  # booking says what follows
STEPS = int(os.environ.get("STEPS", "400"))
STEPS_AT_ONCE = 50
STEPS_IN_ONE_WORLD = 250  # what was rolled back lies in the tables until the world's end
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NOW = datetime.fromisoformat("2026-10-30T15:10:00Z")
"""A Friday before the clocks go back in the United States."""
STATES = ("WA", "OR")
SERVICES = (
    ("individual", "Individual session", 50, 15000),
    ("family", "Family session", 90, 20000),
)
BORN = date(1980, 1, 1)

some = st.integers(0, 10**6)
"""Which of the things that are there then."""


def hours_at(now: datetime) -> list[dict[str, Any]]:
    """Changes that a provider may make of their availability."""
    today = now.date()
    return [
        {"time_off": [TimeOff(starts_at=now + DAY, ends_at=now + 3 * DAY)]},
        {"time_off": []},
        {"weekly": [WeeklyRange(weekday=d, start="09:00", end="17:00") for d in range(5)]},
        {"weekly": [WeeklyRange(weekday=d, start="18:00", end="26:00") for d in range(7)]},
        {"weekly": [WeeklyRange(weekday=d, start="00:00", end="24:00") for d in range(7)]},
        {"weekly": [WeeklyRange(weekday=2, start="09:00", end="12:00")]},
        {"buffer_after_minutes": 10},
        {"buffer_before_minutes": 30},
        {"buffer_before_minutes": 0, "buffer_after_minutes": 0},
        {"daily_limit": 1},
        {"daily_limit": 3},
        {"daily_limit": None},
        {"notice_minutes": 24 * 60},
        {"notice_minutes": 0},
        {"step_minutes": 15, "horizon_days": 20},
        {"step_minutes": 60, "horizon_days": 60},
        {"cancel_notice_minutes": 0, "late_fee_cents": 5000, "moves_late": True},
        {"cancel_notice_minutes": 14 * 24 * 60, "moves_late": False},
        {"time_zone": "America/New_York"},
        {"time_zone": "America/Los_Angeles"},
        {"overrides": [DateOverride(date=today + 2 * DAY, ranges=[])]},
        {
            "overrides": [
                DateOverride(date=today + DAY, ranges=[Range(start="06:00", end="12:00")])
            ],
        },
        {"overrides": []},
    ]


class World:
    """Two providers with calendars, three patients, an admin; made once, and rolled back to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        with clock.at(NOW):
            make: dict[str, Any] = {"now": NOW, "services": SERVICES, "licences": ["OR"]}
            self.providers = [
                make_provider(session, **make, expires_on=date(2026, 11, 10)),
                make_provider(session, **make, weekly=ALL_DAY, step_minutes=60),
            ]
            self.patients = [make_patient(session).id for _ in range(3)]
            admin = make_person(session, "admin@example.com", [ADMIN])
            self.admin = Caller(admin.id, admin.email, frozenset({ADMIN}))


ALL_DAY = [{"weekday": day, "start": "00:00", "end": "24:00"} for day in range(7)]


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with (
        pytest.MonkeyPatch.context() as patch,
        engine().connect() as connection,
        connection.begin() as outer,
        Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session,
    ):
        patch.setenv("RATE_LIMITS", "false")
        app_settings.cache_clear()

        @contextmanager
        def transaction() -> Iterator[Session]:
            with session.begin_nested():
                yield session

        patch.setattr(periodic, "transaction", transaction)
        yield World(session)
        outer.rollback()
    app_settings.cache_clear()


@pytest.mark.parametrize("part", range(-(-STEPS // STEPS_IN_ONE_WORLD)))
def test_promises_are_kept_whatever_happens(world: World, part: int) -> None:
    steps = min(STEPS_IN_ONE_WORLD, STEPS - part * STEPS_IN_ONE_WORLD)
    taken, walks = 0, 0

    class Machine(Promises):
        def __init__(self) -> None:
            super().__init__(world)

        def teardown(self) -> None:
            nonlocal taken
            taken += self.steps
            super().teardown()

    while taken < steps:  # some walks end sooner
        walks += 1
        run_state_machine_as_test(
            seed(part * 1000 + walks)(Machine),
            settings=settings(
                max_examples=max(1, steps // STEPS_AT_ONCE),
                stateful_step_count=STEPS_AT_ONCE,
                database=None,
                derandomize=False,  # the seed does it
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class Promises(RuleBasedStateMachine):
    """What people do, in any order; after each step everything promised must still be so."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.session, self.now = world, world.session, NOW
        self.providers, self.patients = world.providers, world.patients
        self.admin = world.admin
        self.agreed: dict[UUID, tuple[Any, ...]] = {}
        self.starts: dict[UUID, Any] = {}
        self.steps, self.seed = 0, 0
        self.known: list[AppointmentRow] = []
        self.point = self.session.begin_nested()

    def teardown(self) -> None:
        self.point.rollback()
        self.session.expire_all()

    # ------------------------------------------------------------------ patients

    @initialize(seed=some)
    def begin(self, seed: int) -> None:
        """`seed` decides which of the many times each look at the world tries."""
        self.seed = seed

    @rule(whose=some, service=some, who=some, state=st.sampled_from(["", *STATES]), at=some)
    def hold(self, whose: int, service: int, who: int, state: str, at: int) -> None:
        offered = self.services(pick(self.providers, whose))
        starts = [] if not offered else self.listed(pick(offered, service), Viewer(state=state))
        if not starts:
            return
        at = at % min(len(starts), 60) if at % 2 else at  # rather soon than late
        with self.trying():
            self.hold_slot(pick(offered, service), pick(starts, at), self.viewer(who, state))

    @rule(whose=some, service=some, who=some, state=st.sampled_from(STATES), at=some)
    def hold_and_confirm(self, whose: int, service: int, who: int, state: str, at: int) -> None:
        self.hold(whose, service, who % 3, state, at)
        viewer = self.viewer(who % 3, state)
        for one in self.all():
            if one.held_by == viewer.holder.person_id and one.status == "held":
                with self.trying():
                    self.book(one.id, viewer, self.now)

    @precondition(lambda self: self.has("held"))
    @rule(which=some, state=st.sampled_from(STATES))
    def confirm(self, which: int, state: str) -> None:
        for one in self.some("held", which):
            if one.held_by is not None:
                with self.trying():
                    self.book(one.id, Viewer(Holder(None, one.held_by), state), self.now)

    @precondition(lambda self: self.has("held"))
    @rule(which=some)
    def extend(self, which: int) -> None:
        for one in self.some("held", which):
            with self.trying():
                holds.extend_hold(self.session, one.id, holder_of(one), self.now)

    @precondition(lambda self: self.has("held"))
    @rule(which=some)
    def release(self, which: int) -> None:
        for one in self.some("held", which):
            hold_ends.release_hold(self.session, one.id, holder_of(one), self.now)

    @precondition(lambda self: self.has("booked"))
    @rule(which=some, at=some, is_patient=st.booleans())
    def move(self, which: int, at: int, is_patient: bool) -> None:
        for one in self.some("booked", which):
            starts = bookings.times_to_move(
                self.session, get_details(self.session, one.id), self.now
            )
            if starts:
                with self.trying():
                    bookings.reschedule(
                        self.session, one.id, pick(starts, at), self.part(one, is_patient), self.now
                    )

    @precondition(lambda self: self.has("booked"))
    @rule(which=some, is_patient=st.booleans())
    def cancel(self, which: int, is_patient: bool) -> None:
        for one in self.some("booked", which):
            actor = self.part(one, is_patient)
            if one.starts_at > self.now:  # always, until it starts
                bookings.cancel(self.session, one.id, actor, "Ill.", self.now)

    @precondition(lambda self: self.has("booked"))
    @rule(which=some, state=st.sampled_from([*STATES, "TX"]))
    def be_elsewhere(self, which: int, state: str) -> None:
        for one in self.some("booked", which):
            with self.trying():
                bookings.change_state(self.session, one.id, state, self.part(one, True), self.now)

    # ------------------------------------------------------------------ providers

    @rule(whose=some, which=some)
    def change_hours(self, whose: int, which: int) -> None:
        provider = pick(self.providers, whose)
        known = load_availability(self.session, provider.id)
        change = pick(hours_at(self.now), which)
        try:
            changed = Availability.model_validate({**dict(known), **change})
        except ValueError:
            return  # hours that overlap
        with self.trying():
            save_availability(self.session, provider.id, changed, self.now)

    @rule(whose=some, which=some, minutes=st.sampled_from([20, 50, 90]), is_new=st.booleans())
    def change_service(self, whose: int, which: int, minutes: int, is_new: bool) -> None:
        provider = pick(self.providers, whose)
        offered = self.services(provider)
        form = ServiceForm(f"A talk of {minutes}", "individual", minutes, 9000, True, True)
        with self.trying():
            if is_new or not offered:
                if len(offered) < 3:
                    services.create(self.session, provider, form, self.now)
            else:
                one = pick(offered, which)
                services.update(self.session, provider, one.id, form, self.now)

    @rule(whose=some, which=some)
    def retire_service(self, whose: int, which: int) -> None:
        provider = pick(self.providers, whose)
        offered = self.services(provider)
        if offered:
            services.retire(self.session, provider, pick(offered, which).id, self.now)

    @rule(whose=some, state=st.sampled_from(STATES))
    def withdraw_licence(self, whose: int, state: str) -> None:
        provider = pick(self.providers, whose)
        for one in self.licences(provider, state)[:1]:
            withdraw_credential(self.session, provider, one.id, self.now)

    @rule(whose=some, state=st.sampled_from(STATES), days=st.sampled_from([0, 2, 9, 40, 400]))
    def claim_licence(self, whose: int, state: str, days: int) -> None:
        provider = pick(self.providers, whose)
        form = CredentialForm(
            kind="state_license",
            state=state,
            license_type="LCSW",
            number=f"LX {whose}",
            name="Dana Lee",
            expires_on=str((self.now + days * DAY).date()),
        )
        with self.trying():
            submit_credential(self.session, provider, form, self.now)

    # ------------------------------------------------------------------ admins

    @rule(
        whose=some,
        which=some,
        outcome=st.sampled_from(["verified", "verified", "rejected", "revoked"]),
        days=st.sampled_from([None, 0, 1, 2, 5, 9, 40]),
    )
    def decide(self, whose: int, which: int, outcome: str, days: int | None) -> None:
        licences = self.licences(pick(self.providers, whose))
        if not licences:
            return
        form = DecisionForm(
            outcome=outcome,
            source="State board",
            seen="As decided.",
            reason="" if outcome == "verified" else "As the board said.",
            expires_on="" if days is None else str((self.now + days * DAY).date()),
        )
        with self.trying():
            decide(self.session, pick(licences, which).id, self.admin, form, None, self.now)

    @rule(
        whose=some,
        hours=st.sampled_from([None, 0, 20, 60]),
        length=st.sampled_from([None, 1, 30, 90]),
    )
    def suspend(self, whose: int, hours: int | None, length: int | None) -> None:
        start = None if hours is None else self.now + timedelta(hours=hours)
        end = None if length is None else (start or self.now) + timedelta(hours=length)
        provider = pick(self.providers, whose)
        with self.trying():
            suspend(self.session, provider.id, self.admin, "A complaint.", start, end, self.now)

    @rule(whose=some)
    def reinstate(self, whose: int) -> None:
        with self.trying():
            reinstate(self.session, pick(self.providers, whose).id, self.admin, self.now)

    # ------------------------------------------------------------------ the clock

    @rule(minutes=st.sampled_from([1, 4, 9, 10, 11, 31, 60, 300]))
    def wait(self, minutes: int) -> None:
        self.go_to(self.now + minutes * MINUTE)

    @rule(days=st.sampled_from([1, 2, 5]))
    def wait_days(self, days: int) -> None:
        self.go_to(self.now + days * DAY)

    @rule(which=some, minutes=st.sampled_from([-24 * 60, -11, -5, 0, 1]))
    def wait_for_a_session(self, which: int, minutes: int) -> None:
        for status in ("held", "booked"):
            for one in self.some(status, which):
                self.go_to(one.starts_at + minutes * MINUTE)

    @rule(whose=some, minutes=st.sampled_from([-5, 0, 1]))
    def wait_for_a_ground_to_end(self, whose: int, minutes: int) -> None:
        calendar = get_calendar(self.session, pick(self.providers, whose).id)
        ends = [end for _, end in calendar.ground.spans() if self.now < end < self.now + 20 * DAY]
        if ends:
            self.go_to(min(ends) + minutes * MINUTE)

    def go_to(self, then: datetime) -> None:
        """The periodic jobs run on the way, twice a day at least."""
        while self.now < then:
            before = [one for one in self.booked() if one.starts_at > self.now]
            self.now = min(then, self.now + DAY / 2) if before else then
            with clock.at(self.now):
                periodic.expire_holds(0)
                periodic.follow_lapses(0)
                periodic.follow_the_clock(0)
            for one in before:
                self.had_its_ground(one)
        for provider in self.providers:
            if provider.attested_at is None or provider.attested_at < self.now - 60 * DAY:
                with self.trying():
                    attest(self.session, provider, self.now)

    def had_its_ground(self, before: AppointmentRow) -> None:
        """A session that has begun by now had one at its start, or was called off before."""
        one = get_details(self.session, before.id)
        if one.appointment.status != "booked" or one.appointment.starts_at > self.now:
            return
        verdict = one.time.calendar.ground.verdict(before.patient_state or "", before.starts_at)
        assert verdict.allowed, f"{verdict.reason} It began all the same."

    # ------------------------------------------------------------------ what must be so

    @invariant()
    def promises_are_kept(self) -> None:
        self.steps += 1
        self.rng = random.Random(f"{self.seed} {self.now}")  # the same however the rest shrinks
        self.known = appointments = self.all()
        self.a_hold_never_outlives_its_start(appointments)
        self.nobody_is_in_two_places(appointments)
        self.what_was_agreed_stays_so(appointments)
        self.no_session_stands_without_its_ground()
        if self.steps % 12 == 0:
            self.what_is_listed_can_be_held_and_booked_and_nothing_else()
        if self.steps % 16 == 1:
            self.what_is_listed_to_move_to_can_be_moved_to_and_nothing_else()
        if self.steps % 40 == 0:
            self.the_cache_equals_a_rebuild_and_openings_are_lawful()

    def what_is_listed_can_be_held_and_booked_and_nothing_else(self) -> None:
        provider = self.rng.choice(self.providers)
        offered = self.services(provider)
        if not offered:
            return
        service = self.rng.choice(offered)
        own = self.rng.choice([None, *self.known[-5:]])  # somebody who has something, perhaps
        who = self.rng.randrange(4) if own is None or own.patient_id is None else own.patient_id
        viewer = self.viewer(who, self.rng.choice(["", *STATES]))
        listed = self.listed(service, viewer)
        if listed:
            near_own = [] if own is None else sorted(listed, key=lambda at: abs(at - own.starts_at))
            start = self.rng.choice([listed[0], self.rng.choice(listed), *near_own[:1]])
            with self.undone():
                try:
                    hold = self.hold_slot(service, start, viewer)
                except TooManySessions:
                    assert self.has_many_ahead(provider, viewer)
                else:
                    self.can_be_booked(hold, viewer)
        near = self.rng.choice([self.now, *([own.starts_at] if own else []), *listed[:9]])
        near = near.replace(minute=near.minute // 15 * 15)
        steps = (-7, 15, 30, 60, 7, -60, -30, -15, -24 * 60, 5 * 60)
        for minutes in self.rng.sample(steps, 2):
            start = near + minutes * MINUTE
            if start not in listed:
                self.is_refused(service, start, viewer)

    def what_is_listed_to_move_to_can_be_moved_to_and_nothing_else(self) -> None:
        ahead = [one for one in self.booked() if one.starts_at > self.now]
        if not ahead:
            return
        one = self.rng.choice(ahead)
        listed = bookings.times_to_move(self.session, get_details(self.session, one.id), self.now)
        actor = self.part(one, is_patient=False)
        for start in self.rng.sample(listed, min(1, len(listed))):
            with self.undone():
                bookings.reschedule(self.session, one.id, start, actor, self.now)
        start = one.starts_at + self.rng.choice([-60, -30, 15, 30, 60, 24 * 60]) * MINUTE
        if start not in listed:
            with pytest.raises((SlotRefused, LicenceRefused, PatientBusy)), self.undone():
                bookings.reschedule(self.session, one.id, start, actor, self.now)

    def no_session_stands_without_its_ground(self) -> None:
        for provider in self.providers:
            ground = get_calendar(self.session, provider.id).ground
            for one in self.ahead(provider):
                assert not must_end(ground, one.patient_state or "", one.starts_at, self.now), (
                    ground.verdict(one.patient_state or "", one.starts_at).reason
                )

    def a_hold_never_outlives_its_start(self, appointments: list[AppointmentRow]) -> None:
        for one in appointments:
            assert (one.expires_at is not None) == (one.status == "held")
            if one.expires_at is not None:
                assert one.expires_at <= one.starts_at

    def what_was_agreed_stays_so(self, appointments: list[AppointmentRow]) -> None:
        for one in appointments:
            terms = (
                *(one.title, one.kind, one.minutes, one.fee_cents),
                *(one.cancel_notice_minutes, one.late_fee_cents, one.moves_late),
            )
            assert self.agreed.setdefault(one.id, terms) == terms
        query = "SELECT id, starts_at, zone, local_start, tzdata_release FROM appointment"
        for row in run(self.session, Statement(query, {})):
            known = self.starts.get(row.id, row)
            assert row == known or row.starts_at != known.starts_at  # unless it was moved
            self.starts[row.id] = row

    def nobody_is_in_two_places(self, appointments: list[AppointmentRow]) -> None:
        standing = [one for one in appointments if one.status in ("held", "booked")]
        standing = [one for one in standing if one.status == "booked" or self.is_live(one)]
        standing.sort(key=lambda one: one.starts_at)
        for n, one in enumerate(standing):
            for other in standing[n + 1 :]:
                if other.starts_at < one.ends_at:
                    assert one.provider_id != other.provider_id
                    assert one.patient_id is None or one.patient_id != other.patient_id

    def the_cache_equals_a_rebuild_and_openings_are_lawful(self) -> None:
        provider = self.rng.choice(self.providers)
        calendar = get_calendar(self.session, provider.id)
        before = cached(self.session)
        with self.undone():
            # A moment later, as the jobs ran a moment after this instant: of a start whose last
            # minute begins just now, one would still be listed by the one and not by the other.
            rebuild_slots(self.session, provider.id, self.now + timedelta(seconds=1))
            after = cached(self.session)
        assert differing(before, after) == {}
        free = {start for one in self.services(provider) for start in self.listed(one, Viewer())}
        for opening in calendar.published.first if calendar.published else ():
            assert calendar.ground.allows(opening.starts_at)
            if calendar.is_listed(self.now):
                assert opening.starts_at in free

    # ------------------------------------------------------------------ how

    def hold_slot(self, service: Service, start: datetime, viewer: Viewer) -> AppointmentRow:
        return holds.hold_slot(
            self.session,
            service_id=service.id,
            starts_at=start,
            holder=viewer.holder,
            asker=Asker("192.0.2.1"),
            now=self.now,
            state=viewer.state,
        )

    def book(self, hold_id: UUID, viewer: Viewer, now: datetime) -> AppointmentRow:
        details = PatientDetails("Robin Example", BORN, viewer.state, None)
        return confirmation.confirm(
            self.session, hold_id, details=details, holder=viewer.holder, now=now
        ).appointment

    def can_be_booked(self, hold: AppointmentRow, viewer: Viewer) -> None:
        """Until it runs out, at the start at the latest; then no more."""
        assert hold.expires_at is not None
        left = int((hold.expires_at - self.now).total_seconds())
        then = self.now + timedelta(seconds=self.rng.randrange(left))
        with clock.at(then):
            periodic.follow_the_clock(0)
        calendar = get_calendar(self.session, hold.provider_id)
        assert calendar.ground.allows(hold.starts_at, viewer.state)
        if viewer.holder.person_id is None or not calendar.is_listed(then):
            return  # who they are is asked first; a listing may end by the clock
        states = [one for one in STATES if calendar.ground.allows(hold.starts_at, one)]
        named = Viewer(viewer.holder, viewer.state or self.rng.choice(states))
        match self.rng.choice(["booked", "extended", "too late"]):
            case "booked":
                assert self.book(hold.id, named, then).starts_at == hold.starts_at
            case "extended" if hold.starts_at in self.listed_of(hold, viewer, then):
                holds.extend_hold(self.session, hold.id, viewer.holder, then)
            case "extended":
                with pytest.raises(SlotRefused):
                    holds.extend_hold(self.session, hold.id, viewer.holder, then)
            case _:
                with pytest.raises(HoldOver):
                    self.book(hold.id, named, hold.expires_at)

    def is_refused(self, service: Service, start: datetime, viewer: Viewer) -> None:
        with (
            pytest.raises((SlotRefused, LicenceRefused, NotListed, PatientBusy)) as found,
            self.undone(),
        ):
            self.hold_slot(service, start, viewer)
        assert found.value.message.endswith(".")
        if isinstance(found.value, SlotRefused):
            assert found.value.extra["reason"]
            for other in found.value.extra["alternatives"]:
                assert other["starts_at"]
        if isinstance(found.value, NotListed):
            calendar = get_calendar(self.session, service.provider_id)
            assert not calendar.is_listed(self.now)

    def listed(self, service: Service, viewer: Viewer) -> list[datetime]:
        """All that `viewer` sees of a service."""
        calendar = get_calendar(self.session, service.provider_id)
        if not calendar.is_listed(self.now):
            return []
        end = self.now + 62 * DAY
        return free_starts(self.session, service, self.now, end, self.now, viewer)

    def listed_of(self, hold: AppointmentRow, viewer: Viewer, now: datetime) -> list[datetime]:
        service = self.session.get_one(Service, hold.service_id)
        end = hold.starts_at + MINUTE
        return free_starts(self.session, service, hold.starts_at, end, now, viewer)

    def viewer(self, who: int | UUID, state: str = "") -> Viewer:
        """A visitor, or one of the patients."""
        if isinstance(who, UUID):
            return Viewer(Holder(None, who), state)
        who %= 4
        if who == 3:
            return Viewer(Holder(b"v" * 32, None), state)
        return Viewer(Holder(None, self.patients[who]), state)

    def part(self, one: AppointmentRow, is_patient: bool) -> Actor:
        if is_patient:
            return Actor(ActorKind.PATIENT, one.patient_id)
        (provider,) = (each for each in self.providers if each.id == one.provider_id)
        return Actor(ActorKind.PROVIDER, provider.person_id)

    def services(self, provider: Provider) -> list[Service]:
        return services_of(self.session, provider.id)

    def licences(self, provider: Provider, state: str = "") -> list[Credential]:
        return [
            one
            for one in credentials_of(self.session, provider.id)
            if one.kind == "state_license" and state in ("", one.state)
        ]

    def all(self) -> list[AppointmentRow]:
        query = f"SELECT {COLUMNS} FROM appointment ORDER BY starts_at, id"  # noqa: S608  # ours
        return [AppointmentRow(*row) for row in run(self.session, Statement(query, {}))]

    def booked(self) -> list[AppointmentRow]:
        return [one for one in self.all() if one.status == "booked"]

    def ahead(self, provider: Provider) -> list[AppointmentRow]:
        return [
            one
            for one in self.known
            if one.status == "booked"
            and one.provider_id == provider.id
            and one.starts_at > self.now
        ]

    def has_many_ahead(self, provider: Provider, viewer: Viewer) -> bool:
        """As many sessions as a patient may have before the first took place, at least."""
        own = [one for one in self.ahead(provider) if one.patient_id == viewer.holder.person_id]
        return len(own) >= SESSIONS_BEFORE_THE_FIRST

    def is_live(self, one: AppointmentRow) -> bool:
        return one.expires_at is not None and one.expires_at > self.now

    def has(self, status: str) -> bool:
        return any(one.status == status for one in self.known)

    def some(self, status: str, which: int) -> list[AppointmentRow]:
        """One of those, if there is any."""
        found = [one for one in self.all() if one.status == status]
        return [pick(found, which)] if found else []

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What is refused changes nothing."""
        try:
            with self.session.begin_nested():
                yield
        except DomainError:
            pass

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is tried and then taken back."""
        with self.session.begin_nested() as point:
            try:
                yield
            finally:
                point.rollback()


def pick(found: Any, which: int) -> Any:
    return found[which % len(found)]


def holder_of(one: AppointmentRow) -> Holder:
    return Holder(one.visitor, one.held_by)


def differing(one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    return {
        key: (one.get(key), other.get(key))
        for key in {*one, *other}
        if one.get(key) != other.get(key)
    }
