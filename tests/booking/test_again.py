"""My appointments: who looks after one, and a return booking in three presses."""

from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from booking.calendar.slot_cache import rebuild_slots
from booking.models import Appointment, Patient
from core import clock
from directory.listings.listing import refresh_listing
from directory.models import Provider
from directory.queries import services_of
from tests.booking.test_patient_pages import Browser, appointments_in
from tests.factories import (
    NOW,
    make_appointment,
    make_patient,
    make_provider,
    make_service,
    sign_in,
)

pytestmark = pytest.mark.usefixtures("monday_at_ten")

SLOT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Tuesday 3:00 pm there
NEXT = "2026-12-01T23:00:00Z"


@pytest.fixture
def browser(client: TestClient) -> Browser:
    return Browser(client)


@pytest.fixture
def seen(session: Session, client: TestClient, dana: Provider) -> Appointment:
    """Of Sam, who is signed in, known, and was with Dana last week."""
    sam = make_patient(session, "sam@example.com")
    session.add(
        Patient(
            person_id=sam.id,
            name="Sam Sample",
            date_of_birth="1990-04-12",
            state="WA",
            time_zone="America/Los_Angeles",
            changed_at=NOW,
        )
    )
    sign_in(client, session, sam)
    service = services_of(session, dana.id)[0]
    return make_appointment(session, service, sam, SLOT - timedelta(days=7), "completed")


def times_of(browser: Browser) -> int:
    return browser.html.count('name="start"')


def test_three_presses_lead_from_my_appointments_to_booked(
    browser: Browser, session: Session, seen: Appointment
) -> None:
    browser.open("/appointments").follow("/again")
    assert browser.title == "Book again – Openchair"
    assert "Individual session, 50 minutes · $150 · online, while you are in Washington" in (
        browser.words
    )
    browser.press("Hold", start=NEXT)
    assert browser.path.endswith("/check")
    for words in ("Sam Sample", "April 12, 1990", "Where you will be Washington", "24 hours"):
        assert words in browser.words, words
    browser.press("Book Tuesday 3:00 pm")
    assert browser.path.endswith("/booked")
    booked = appointments_in(session)[-1]
    assert (booked.status, booked.patient_state) == ("booked", "WA")
    assert booked.service_id == seen.service_id


def test_looking_holds_nothing_and_two_presses_hold_one_time(
    browser: Browser, session: Session, seen: Appointment
) -> None:
    at = f"/appointments/{seen.id}/again"
    browser.open(at)
    assert len(appointments_in(session)) == 1
    for _ in range(2):
        browser.open(at).press("Hold", start=NEXT)
        assert browser.path.endswith("/check")
    assert len(appointments_in(session)) == 2


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"state": "OR"}, 409, "Not while you are in Oregon"),  # no licence there
        ({"start": "2026-11-29T23:00:00Z"}, 409, "That time cannot be booked"),  # a Sunday
        ({"start": ""}, 422, "Which time did you mean?"),
        ({"service": "no-service"}, 422, "Which time did you mean?"),
        # of no state, the one they usually are in is asked about
        ({"state": "XX"}, 200, "Where you will be Washington"),
    ],
)
def test_what_the_law_and_the_provider_ask_is_asked_as_of_anyone(
    browser: Browser, seen: Appointment, sent: dict[str, str], status: int, words: str
) -> None:
    browser.open(f"/appointments/{seen.id}/again").press("Hold", **{"start": NEXT, **sent})
    assert (browser.status, words in browser.words) == (status, True), browser.words


def test_a_licence_that_ends_before_the_session_is_noticed_at_the_hold(
    browser: Browser, session: Session, client: TestClient
) -> None:
    ends = date(2026, 11, 30)
    hugo = make_provider(session, now=NOW, name=("Hugo", "Marsh"), expires_on=ends)
    sam = make_patient(session)
    sign_in(client, session, sam)
    service = services_of(session, hugo.id)[0]
    was = make_appointment(session, service, sam, SLOT - timedelta(days=7), "completed")
    browser.open(f"/appointments/{was.id}/again")
    assert NEXT not in browser.html
    browser.press("Hold", start=NEXT)
    assert browser.status == 409


def test_who_never_gave_details_gives_them_first(
    browser: Browser, session: Session, client: TestClient, dana: Provider
) -> None:
    someone = make_patient(session)
    sign_in(client, session, someone)
    service = services_of(session, dana.id)[0]
    was = make_appointment(session, service, someone, SLOT - timedelta(days=7), "completed")
    browser.open(f"/appointments/{was.id}/again").press("Hold", start=NEXT)
    assert browser.path.endswith("/you")


def test_a_first_visit_is_followed_by_a_session_for_those_who_return(
    browser: Browser, session: Session, dana: Provider, seen: Appointment
) -> None:
    first = services_of(session, dana.id)[0]
    first.for_returning = False
    session.add(first)
    make_service(session, dana.id, "individual", "Follow-up", 30, 9000, 1)
    rebuild_slots(session, dana.id, clock.now())
    session.commit()
    browser.open(f"/appointments/{seen.id}/again")
    assert "Follow-up, 30 minutes · $90" in browser.words
    browser.press("Hold", start=NEXT, service=str(first.id))
    assert "This session is for people who come for the first time." in browser.words


def test_who_cannot_be_booked_any_more_is_said(
    browser: Browser, session: Session, dana: Provider, seen: Appointment
) -> None:
    dana.attested_at = NOW - timedelta(days=200)
    session.add(dana)
    refresh_listing(session, dana.id, clock.now())
    session.commit()
    browser.open(f"/appointments/{seen.id}/again")
    assert "Dana Lee cannot be booked here at the moment." in browser.words
    assert times_of(browser) == 0


def test_another_persons_appointment_is_not_there(
    session: Session, client: TestClient, seen: Appointment
) -> None:
    sign_in(client, session, make_patient(session))
    at = f"/appointments/{seen.id}/again"
    assert client.get(at).status_code == 404
    assert client.post(at, data={"start": NEXT}).status_code == 404


def test_my_providers_are_those_with_a_session_last_and_next(
    browser: Browser, session: Session, seen: Appointment
) -> None:
    owner = session.get_one(Person, seen.patient_id)
    hugo = make_provider(session, now=NOW, name=("Hugo", "Marsh"))
    service = services_of(session, hugo.id)[0]
    make_appointment(session, service, owner, SLOT)
    make_appointment(session, service, owner, SLOT + timedelta(days=7))
    ada = make_provider(session, now=NOW, name=("Ada", "Park"))
    off = services_of(session, ada.id)[0]
    make_appointment(session, off, owner, SLOT - timedelta(days=3), "cancelled")
    words = browser.open("/appointments").words
    listed = words[words.index("My providers") : words.index("Past and cancelled")]
    assert listed.index("Hugo Marsh Next: Tue, Nov 24, 3:00 pm") < listed.index(
        "Dana Lee Last: November 17, 2026"
    )
    assert "Ada Park" not in listed  # nothing took place
    assert listed.count("Book again") == 2


def test_join_sleeps_until_it_opens_and_says_when(
    browser: Browser, session: Session, client: TestClient, dana: Provider
) -> None:
    sam = make_patient(session)
    sign_in(client, session, sam)
    one = make_appointment(session, services_of(session, dana.id)[0], sam, SLOT)
    join = f"/appointments/{one.id}/join"
    for ahead, words in (
        (timedelta(days=1), "Opens Tuesday 2:50 pm"),
        (timedelta(hours=3), "Opens today 2:50 pm"),
        (timedelta(minutes=30), "Opens today 2:50 pm, in 20 minutes"),
    ):
        with clock.at(SLOT - ahead):
            browser.client.cookies.set("zone", "America/Los_Angeles")
            assert words in browser.open("/appointments").words
            asleep = '<span class="button is-asleep" role="link" aria-disabled="true"'
            assert asleep in browser.html
    with clock.at(SLOT - timedelta(minutes=10)):
        browser.open("/appointments")
        assert f'<a class="button is-large" href="{join}"' in browser.html
        assert "is-asleep" not in browser.html
