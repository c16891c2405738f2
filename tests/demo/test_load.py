"""The demo directory, written by COPY, is what the use cases would make of the same people."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from accounts.models import Person, PersonRole
from accounts.people import ensure_person
from accounts.queries import is_of_person
from booking.calendar.slot_cache import rebuild_slots
from booking.models import Appointment, AppointmentEvent, Patient
from booking.rules.transitions import Status
from core.web.caller import ADMIN
from demo.load import load_demo
from demo.made import CLOSED, EXPIRED, FULL, OPEN, OVERDUE, WAITING
from demo.people import ADMIN_EMAIL, PATIENT_EMAIL, PATIENTS, PROVIDER_EMAIL
from demo.portraits.photos import no_photos
from directory.listings.listing import refresh_listing
from directory.listings.listing_count import HOW_MANY
from directory.models import Listing, Provider
from tests.demo.stored import listings_as_stored, slots_as_stored
from tests.whole.servers import Server, database_beside

NOW = datetime.now(UTC).replace(microsecond=0)
PROVIDERS, SEED = 60, 1


@pytest.fixture
def demo(session: Session) -> Session:
    list(load_demo(PROVIDERS, SEED, NOW, no_photos))
    return session


def test_slots_computed_anew_are_those_that_were_copied(demo: Session) -> None:
    before = slots_as_stored(demo, date.max), listings_as_stored(demo)
    for provider_id in demo.exec(select(Provider.id)).all():
        rebuild_slots(demo, provider_id, NOW)
    assert (slots_as_stored(demo, date.max), listings_as_stored(demo)) == before
    assert len(before[0]) > 1000


def test_a_refresh_changes_nothing_but_the_change_number(demo: Session) -> None:
    before = listings_as_stored(demo, "change")
    for provider_id in demo.exec(select(Provider.id)).all():
        refresh_listing(demo, provider_id, NOW)
    assert listings_as_stored(demo, "change") == before
    assert len(before) == PROVIDERS
    assert demo.connection().execute(text(HOW_MANY)).scalar() == PROVIDERS


def test_numbers_go_on_after_the_copied_ones(demo: Session) -> None:
    for following, last in (
        ("nextval('listing_number')", func.max(Listing.number)),
        ("nextval('listing_change')", func.max(Listing.change)),
        (
            "nextval(pg_get_serial_sequence('appointment_event', 'id'))",
            func.max(AppointmentEvent.id),
        ),
    ):
        copied = demo.exec(select(last)).one()
        assert copied is not None
        assert demo.connection().execute(text(f"SELECT {following}")).scalar() == copied + 1


def test_every_session_is_booked_with_its_event_and_its_patient(demo: Session) -> None:
    sessions = demo.exec(select(Appointment)).all()
    events = {one.appointment_id: one for one in demo.exec(select(AppointmentEvent)).all()}
    patients = set(demo.exec(select(Patient.person_id)).all())
    assert len(sessions) == len(events) > 300
    for one in sessions:
        event = events[one.id]
        assert (one.status, event.status) == (Status.BOOKED, Status.BOOKED)
        assert (one.meeting_id, one.takes_time, one.expires_at) == (one.id, True, None)
        assert (event.actor_id, event.starts_at) == (one.patient_id, one.starts_at)
        assert one.patient_id in patients


def test_the_people_of_the_sign_ins_are_there(demo: Session) -> None:
    admins = select(Person).join(PersonRole).where(PersonRole.role == ADMIN)
    assert [one.email for one in demo.exec(admins)] == [ADMIN_EMAIL]
    own = select(Provider, Listing).join(Person).join(Listing)
    provider, listing = demo.exec(own.where(is_of_person(PROVIDER_EMAIL))).one()
    assert provider.display_name == "Dana Whitaker"
    assert listing.published_at == NOW
    assert list(listing.states) == ["WA"]
    patient = demo.exec(select(Patient).join(Person).where(is_of_person(PATIENT_EMAIL))).one()
    assert patient.name == "Robin Example"
    booked = select(Appointment).where(Appointment.patient_id == patient.person_id)
    assert demo.exec(booked).all() == []
    assert len(demo.exec(select(Patient)).all()) == PATIENTS


@pytest.mark.parametrize(
    ("number", "fate", "is_listed", "has_openings"),
    [
        (0, OPEN, True, True),
        (5, WAITING, False, False),  # nothing is verified yet
        (11, EXPIRED, False, False),  # the licence ran out
        (17, FULL, True, False),  # all of it is booked
        (23, OVERDUE, False, True),  # not confirmed for 90 days
        (13, CLOSED, True, False),  # takes no new people
    ],
)
def test_each_fate_shows_in_its_listing(
    demo: Session, number: int, fate: str, is_listed: bool, has_openings: bool
) -> None:
    found = demo.exec(select(Listing).where(Listing.number == number + 1)).one()
    shown = found.published_at is not None, bool(found.openings)
    assert shown == (is_listed, has_openings), fate


def test_a_copied_time_can_be_held_and_is_then_gone(demo: Session, client: TestClient) -> None:
    page = client.get("/api/v1/providers?within_days=14").json()
    slot = page["items"][0]["next_slots"][-1]
    body = {"service_id": slot["service_id"], "starts_at": slot["starts_at"]}
    assert client.post("/api/v1/holds", json=body).status_code == 201
    client.cookies.clear()
    assert client.post("/api/v1/holds", json=body).status_code == 409


def test_a_database_with_providers_is_left_alone(demo: Session) -> None:
    assert list(load_demo(PROVIDERS, SEED + 1, NOW, no_photos)) == []
    assert providers_in(demo) == PROVIDERS


def test_two_that_load_at_once_make_one_directory(session: Session) -> None:
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(lambda: list(load_demo(20, SEED, NOW, no_photos))) for _ in range(2)]
    assert sorted(load.result() for load in loads) == [[], [20]]
    assert providers_in(session) == 20


def test_a_load_that_is_broken_off_leaves_nothing(session: Session) -> None:
    loading = load_demo(PROVIDERS, SEED, NOW, no_photos)
    next(loading)
    loading.close()
    assert session.exec(select(func.count(col(Person.id)))).one() == 0


def test_who_signed_in_before_stays_who_they_are(session: Session) -> None:
    known = ensure_person(session, PROVIDER_EMAIL, NOW).id
    session.commit()
    list(load_demo(20, SEED, NOW, no_photos))
    own = select(Provider.person_id).join(Person).where(is_of_person(PROVIDER_EMAIL))
    assert session.exec(own).one() == known


def test_the_command_says_what_it_does_and_does_it_once(owner_url: str, tmp_path: Path) -> None:
    with database_beside(owner_url, "made_demo") as url:
        server = Server(DATABASE_URL=url, DATA_DIR=str(tmp_path))
        first, second = (server.run("demo", "--providers", "20") for _ in range(2))
        with psycopg.connect(url) as connection:
            made = connection.execute("SELECT count(*) FROM listing").fetchone()
    assert first == f"Loading the demo directory …\n{second}"  # and no bar outside a terminal
    assert PROVIDER_EMAIL in second
    assert made == (20,)


def providers_in(session: Session) -> int:
    return session.exec(select(func.count(col(Provider.id)))).one()
