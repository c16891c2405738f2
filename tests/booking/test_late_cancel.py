"""What was agreed stays agreed: when calling off is late, who says so, and on whose terms."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import Person
from booking.appointments import bookings
from booking.appointments.moves import Actor
from booking.models import Appointment, Patient
from booking.rules.transitions import ActorKind
from core import clock
from core.mail import Mail, is_to
from directory.models import Provider, Service
from directory.queries import services_of
from tests.booking.test_patient_pages import Browser
from tests.factories import NOW, make_appointment, make_patient, make_provider, sign_in
from tests.jobs import run_jobs
from tests.markup import page

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECONDS = timedelta(seconds=30)
START = datetime(2026, 11, 24, 23, tzinfo=UTC)
"""Tuesday, 3:00 pm in Washington."""
DAY_BEFORE = START - 24 * HOUR
EARLIER = NOW - 9 * HOUR
WRITTEN = "%Y-%m-%dT%H:%M:%SZ"

pytestmark = pytest.mark.usefixtures("monday_at_ten")
Headers = dict[str, str]


@pytest.fixture
def service(session: Session, dana: Provider) -> Service:
    return services_of(session, dana.id)[0]


@pytest.fixture
def provider_headers(session: Session, dana: Provider) -> Headers:
    return sign_in(None, session, session.get_one(Person, dana.person_id))


@pytest.fixture
def patient(session: Session) -> Person:
    return make_patient(session)


@pytest.fixture
def browser(client: TestClient, session: Session, patient: Person) -> Browser:
    """The patient's."""
    sign_in(client, session, patient)
    return Browser(client)


def letters(session: Session, to: str) -> list[str]:
    session.expire_all()
    found = session.exec(select(Mail).where(is_to(to)).order_by(col(Mail.created_at)))
    return [f"{one.subject}\n{one.text}" for one in found]


# ---------------------------------------------------------------------- late, or not

FREE_UNTIL_MONDAY = "Until Monday, November 23, 3:00 pm PST, cancelling does not count as late."
FREE = "Until it starts, cancelling does not count as late."
LATE = "This counts as a late cancellation."


def nothing(client: TestClient, url: str, headers: Headers) -> None:
    pass


def moves(client: TestClient, url: str, headers: Headers) -> None:
    """The provider, half an hour earlier."""
    body = {"starts_at": (START - HOUR / 2).isoformat()}
    assert client.post(f"{url}/reschedule", json=body, headers=headers).status_code == 200


def excuses(client: TestClient, url: str, headers: Headers) -> None:
    page = f"/provider{url.removeprefix('/api/v1')}/excuse"
    assert client.post(page, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("notice", "booked", "change", "at", "says", "is_late", "until"),
    [
        (
            24 * 60,
            EARLIER,
            nothing,
            DAY_BEFORE - MINUTE,
            FREE_UNTIL_MONDAY,
            False,
            DAY_BEFORE,
        ),
        (24 * 60, EARLIER, nothing, DAY_BEFORE - SECONDS, FREE_UNTIL_MONDAY, False, DAY_BEFORE),
        (24 * 60, EARLIER, nothing, DAY_BEFORE + MINUTE, LATE, True, DAY_BEFORE),
        (24 * 60, EARLIER, nothing, START - MINUTE, LATE, True, DAY_BEFORE),
        (
            48 * 60,
            NOW,
            nothing,
            NOW + HOUR - SECONDS,
            "Until Monday, November 23, 11:00 am PST, cancelling does not count as late.",
            False,
            NOW + HOUR,
        ),
        (48 * 60, NOW, nothing, NOW + HOUR + MINUTE, LATE, True, NOW + HOUR),
        (48 * 60, EARLIER, moves, START - HOUR, FREE, False, START - HOUR / 2),
        (48 * 60, EARLIER, excuses, START - HOUR, FREE, False, START),
        (0, EARLIER, nothing, START - MINUTE, FREE, False, START),
    ],
    ids=[
        "outside the notice",
        "at the edge of it",
        "inside it",
        "a minute before the start",
        "within an hour of booking",
        "after that hour",
        "moved by the provider",
        "excused in advance",
        "no notice",
    ],
)
def test_when_calling_off_is_late(
    browser: Browser,
    session: Session,
    service: Service,
    patient: Person,
    provider_headers: Headers,
    notice: int,
    booked: datetime,
    change: Callable[[TestClient, str, Headers], None],
    at: datetime,
    says: str,
    is_late: bool,
    until: datetime,
) -> None:
    one = make_appointment(session, service, patient, START)
    one.cancel_notice_minutes, one.booked_at = notice, booked
    session.add(one)
    session.commit()
    client, url = browser.client, f"/api/v1/appointments/{one.id}"
    cookies = dict(client.cookies)
    client.cookies.clear()
    change(client, url, provider_headers)
    client.cookies.update(cookies)
    with clock.at(at):
        browser.open(f"/appointments/{one.id}/cancel")
        assert says in browser.words
        assert (LATE in browser.words) == is_late
        browser.press("Cancel late" if is_late else "Cancel the appointment")
        assert "Cancelled." in browser.words
        assert ("It counts as late." in browser.words) == is_late
        answer = client.get(url).json()
    assert (answer["status"], answer["is_late"]) == ("cancelled", is_late)
    assert answer["cancel_until"] == until.strftime(WRITTEN)
    client.cookies.clear()
    seen = client.get(f"/provider/appointments/{one.id}", headers=provider_headers).text
    assert ("cancelled late" in seen) == is_late


def test_late_is_seen_by_the_provider_who_may_excuse_it(
    browser: Browser,
    session: Session,
    dana: Provider,
    service: Service,
    patient: Person,
    provider_headers: Headers,
) -> None:
    one = make_appointment(session, service, patient, START)
    one.late_fee_cents = 4000
    session.add(one)
    session.commit()
    with clock.at(START - HOUR):
        browser.open(f"/appointments/{one.id}/cancel")
        assert "They ask $40 for that, between you and them" in browser.words
        assert "Move it instead" not in browser.words
        browser.press("Cancel late")
        run_jobs()
        email = session.get_one(Person, dana.person_id).email
        assert "Late, inside your notice" in letters(session, email)[-1]
        assert "so it counts as late" in letters(session, patient.email)[-1]
        browser.client.cookies.clear()
        excuses(browser.client, f"/api/v1/appointments/{one.id}", provider_headers)
        sign_in(browser.client, session, patient)
        assert "late" not in browser.open(f"/appointments/{one.id}").words
        answer = browser.client.get(f"/api/v1/appointments/{one.id}").json()
        assert (answer["is_late"], answer["status"]) == (False, "cancelled")


@pytest.mark.parametrize(
    ("notice", "ahead", "is_said"),
    [
        (24 * 60, 2, True),
        (24 * 60, 30, False),
        (24 * 60, 1, False),  # it starts before the hour is over
        (0, 2, False),
        (0, 1, False),
    ],
)
def test_a_session_booked_inside_the_notice_says_so_at_the_hold_and_by_letter(
    client: TestClient, session: Session, notice: int, ahead: int, is_said: bool
) -> None:
    provider = make_provider(session, now=NOW, cancel_notice_minutes=notice)
    service, patient = services_of(session, provider.id)[0], make_patient(session)
    start = NOW + ahead * HOUR
    sign_in(client, session, patient)
    browser = Browser(client).open(f"/book?service={service.id}&start={start:{WRITTEN}}")
    assert ("from an hour after you book, cancelling it counts as late" in browser.words) == is_said
    browser.press("Hold").press(
        "Check my answers", name="Sam Sample", date_of_birth="1990-04-12", state="WA"
    )
    browser.press("Book")
    assert browser.path.endswith("/booked")
    run_jobs()
    said = letters(session, patient.email)[0]
    assert ("cancelling it counts as late an hour after booking" in said) == is_said


# ---------------------------------------------------------------------- as it was agreed


def book_by_api(client: TestClient, service: Service, start: datetime, headers: Headers) -> Any:
    held = client.post(
        "/api/v1/holds",
        json={"service_id": str(service.id), "starts_at": start.isoformat()},
        headers=headers,
    )
    assert held.status_code == 201, held.text
    body = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}
    url = f"/api/v1/holds/{held.json()['id']}/confirm"
    booked = client.post(url, json=body, headers=headers)
    assert booked.status_code == 201, booked.text
    return booked.json()


def terms(answer: Any) -> tuple[Any, ...]:
    begins = datetime.fromisoformat(answer["starts_at"])
    notice = begins - datetime.fromisoformat(answer["cancel_until"])
    names = ("service_title", "kind", "minutes", "fee_cents")
    return (*(answer[name] for name in names), notice)


def test_what_was_agreed_stays_agreed_whatever_the_provider_changes(
    client: TestClient,
    session: Session,
    dana: Provider,
    service: Service,
    patient: Person,
    provider_headers: Headers,
) -> None:
    headers = sign_in(None, session, patient)
    later = START + timedelta(days=7)
    old = book_by_api(client, service, later, headers)
    change = {"title": "Deep talk", "minutes": 80, "fee_cents": 22200}
    url = f"/api/v1/me/services/{service.id}"
    assert client.patch(url, json=change, headers=provider_headers).status_code == 200
    document = client.get("/api/v1/me/availability", headers=provider_headers).json()
    hours = {**document, "cancel_notice_minutes": 72 * 60}
    answer = client.put("/api/v1/me/availability", json=hours, headers=provider_headers)
    assert answer.status_code == 200, answer.text
    new = book_by_api(client, service, later + timedelta(days=1), headers)

    agreed = ("Individual session", "individual", 50, 15000, timedelta(hours=24))
    assert terms(old) == agreed
    assert terms(client.get(f"/api/v1/appointments/{old['id']}", headers=headers).json()) == agreed
    assert terms(new) == ("Deep talk", "individual", 80, 22200, timedelta(hours=72))

    run_jobs()  # letters are written after the change
    of_old, of_new = letters(session, patient.email)
    assert ("50 minutes" in of_old, "$150" in of_old, "24 hours before" in of_old) == (True,) * 3
    assert ("1 hour 20 minutes" in of_new, "$222" in of_new, "3 days before" in of_new) == (
        True,
    ) * 3
    told = letters(session, session.get_one(Person, dana.person_id).email)
    assert ["Individual session" in told[0], "Deep talk" in told[1]] == [True, True]

    sign_in(client, session, patient)
    pages = [f"/appointments/{old['id']}{rest}" for rest in ("", "/booked", "/cancel")]
    for path in pages:
        words = Browser(client).open(path).words
        assert "Individual session, 50 minutes" in words, path
        assert "$150" in words, path
        assert "Deep talk" not in words, path
    assert "Individual session, 50 minutes" in Browser(client).open("/appointments").words
    entry = icalendar.Calendar.from_ical(
        client.get(f"/appointments/{old['id']}/calendar.ics").content
    )
    (event,) = entry.walk("VEVENT")
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=50)
    export = json.loads(client.get("/account/data/export").text)
    assert [(one["service"], one["fee_cents"]) for one in export["appointments"]] == [
        ("Individual session", 15000),
        ("Deep talk", 22200),
    ]

    client.cookies.clear()
    seen = client.get(f"/provider/appointments/{old['id']}", headers=provider_headers).text
    for words in ("Individual session", "50 minutes", "$150"):
        assert words in seen
    assert "Deep talk" not in seen


def test_a_hold_keeps_the_kind_of_the_service(
    client: TestClient, session: Session, service: Service
) -> None:
    """Anybody's, signed in or not."""
    for at, headers in (
        (START, {}),
        (START + HOUR, sign_in(None, session, make_patient(session))),
    ):
        body = {"service_id": str(service.id), "starts_at": at.isoformat()}
        assert client.post("/api/v1/holds", json=body, headers=headers).status_code == 201
    session.rollback()
    assert session.exec(select(Appointment.kind)).all() == ["individual"] * 2


# ---------------------------------------------------------------------- another state


def put_state(client: TestClient, one: Appointment, headers: Headers, state: str) -> Any:
    url = f"/api/v1/appointments/{one.id}/state"
    return client.put(url, json={"state": state}, headers=headers)


def test_the_state_of_a_session_is_checked_at_once(client: TestClient, session: Session) -> None:
    provider = make_provider(session, now=NOW, licences=["TX"])
    patient = make_patient(session)
    one = make_appointment(session, services_of(session, provider.id)[0], patient, START)
    mine = sign_in(None, session, patient)
    theirs = sign_in(None, session, session.get_one(Person, provider.person_id))
    strangers = sign_in(None, session, make_patient(session))

    refused = put_state(client, one, mine, "OR")
    assert refused.status_code == 422
    assert refused.json()["code"].startswith("licence_")
    assert put_state(client, one, mine, "Oregon").status_code == 422
    assert put_state(client, one, strangers, "TX").status_code == 404
    assert put_state(client, one, {}, "TX").status_code == 401
    assert put_state(client, one, theirs, "TX").status_code == 409  # the patient's to say
    session.refresh(one)
    assert one.patient_state == "WA"
    answer = put_state(client, one, mine, "TX")
    assert (answer.status_code, answer.json()["state"]) == (200, "TX")
    assert answer.json()["time_zone"] == "America/Chicago"  # by whose clock they will read it
    with clock.at(START):
        begun = put_state(client, one, mine, "WA")
    assert (begun.status_code, begun.json()["code"]) == (409, "too_late")


def test_who_will_be_elsewhere_is_shown_who_may_see_them_there(
    browser: Browser, session: Session, service: Service, patient: Person
) -> None:
    away = make_provider(session, now=NOW, state="OR", name=("Olive", "Ng"))
    one = make_appointment(session, service, patient, START)
    browser.open(f"/appointments/{one.id}").follow("/state")
    assert browser.press("Check this state", state="OR").status == 422
    assert "not licensed for people who are in Oregon" in browser.words
    browser.follow("/alternatives?state=OR")
    assert "Who can see you in Oregon" in browser.words
    assert "Call 988" in browser.words
    assert "Dana Lee, at another time" not in browser.words
    form = next(one for one in browser.forms() if one.fields.get("service"))
    browser.open(browser.client.post("/book", data=form.fields).url.path)
    assert browser.path.endswith("/you")
    (held,) = session.exec(select(Appointment).where(Appointment.provider_id == away.id)).all()
    assert (held.status, held.kind) == ("held", "individual")
    session.refresh(one)
    assert (one.status, one.patient_state) == ("booked", "WA")


# ---------------------------------------------------------------------- where one usually is


@pytest.fixture
def known(session: Session, patient: Person) -> Person:
    """A patient who gave their details once."""
    facts = {"name": "Sam Sample", "date_of_birth": "1990-04-12", "state": "WA"}
    zone = "America/Los_Angeles"
    session.add(Patient(person_id=patient.id, **facts, time_zone=zone, changed_at=NOW))
    session.commit()
    return patient


def test_where_one_is_is_changed_in_the_account_and_checked_against_what_is_booked(
    browser: Browser, session: Session, service: Service, known: Person
) -> None:
    both = make_provider(session, now=NOW, licences=["OR"], name=("Olive", "Ng"))
    here = make_appointment(session, service, known, START)
    there = make_appointment(session, services_of(session, both.id)[0], known, START + 24 * HOUR)
    browser.open("/appointments").follow("/account/where")
    assert browser.title == "Where you are – Openchair"
    assert "usually in Washington" in browser.words
    browser.press("Save", state="OR", time_zone="America/Los_Angeles")
    assert browser.path == "/account/where"
    assert "Saved." in browser.words
    assert "1 session cannot take place while you are in Oregon" in browser.words
    assert "Tuesday, November 24, 3:00 pm PST" in browser.words
    refused, others = browser.words.split("Booked for another state")
    assert "November 25" not in refused
    assert "Wednesday, November 25, 3:00 pm PST, with Olive Ng: you said Washington." in others
    assert f"/appointments/{here.id}/state" in browser.links()
    assert f"/appointments/{here.id}/alternatives?state=OR" in browser.links()
    assert f"/appointments/{there.id}/state" in browser.links()
    assert f"/appointments/{there.id}/alternatives?state=OR" not in browser.links()
    for one in (here, there):
        session.refresh(one)
        assert (one.status, one.patient_state) == ("booked", "WA")  # nothing changes silently
    export = json.loads(browser.client.get("/account/data/export").text)
    assert export["about_you"]["state"] == "OR"
    browser.press("Save", state="WA")
    assert "cannot take place" not in browser.words
    assert "another state" not in browser.words


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"state": "XX"}, "Choose the state where you usually are."),
        ({"time_zone": "Mars/Base"}, "Choose a time zone such as America/Chicago."),
    ],
)
def test_where_one_is_says_how_to_mend_it(
    browser: Browser, session: Session, known: Person, typed: dict[str, str], message: str
) -> None:
    browser.open("/account/where").press("Save", **typed)
    assert browser.status == 422
    assert message in browser.words


def test_who_has_told_us_nothing_is_told_that_nothing_is_kept(browser: Browser) -> None:
    browser.open("/account/where")
    assert "when you book" in browser.words
    assert browser.forms() == [one for one in browser.forms() if "sign-out" in one.action]
    sent = browser.client.post("/account/where", data={"state": "WA"})
    assert sent.status_code == 404


def test_a_page_opened_before_it_was_late_says_so_first(
    client: TestClient, session: Session, dana: Provider
) -> None:
    patient = make_patient(session)
    service = services_of(session, dana.id)[0]
    one = make_appointment(session, service, patient, NOW + timedelta(hours=29))
    sign_in(client, session, patient)
    url = f"/appointments/{one.id}/cancel"
    with clock.at(NOW + timedelta(hours=6)):  # opened an hour ago, when it was not late
        words = page(client.post(url, data={"reason": ""}))
        assert "This counts as a late cancellation." in words
        session.refresh(one)
        assert one.status == "booked"
        client.post(url, data={"reason": "", "shown_late": "yes"})
        session.refresh(one)
    assert (one.status, one.is_late) == ("cancelled", True)


def test_what_the_provider_moved_is_said_to_be_never_late(session: Session, dana: Provider) -> None:
    patient = make_patient(session)
    service = services_of(session, dana.id)[0]
    one = make_appointment(session, service, patient, NOW + timedelta(hours=29))
    actor = Actor(ActorKind.PROVIDER, dana.person_id)
    bookings.reschedule(session, one.id, NOW + timedelta(hours=23), actor, NOW)
    session.commit()
    run_jobs()
    sent = session.exec(select(Mail).where(is_to(patient.email))).all()
    (letter,) = [one for one in sent if "is now on" in one.subject]
    assert "That does not count as late." in letter.text
    assert "is late" not in letter.text
