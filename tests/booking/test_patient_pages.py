"""From a profile to a booked session and out of it again, in a browser without JavaScript."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from booking.appointments import bookings, confirmation, hold_ends, holds
from booking.appointments.hold_caps import Asker
from booking.appointments.moves import Actor
from booking.appointments.refusals import HoldOver
from booking.models import Appointment, Holder, Patient
from booking.rules.transitions import ActorKind
from core import clock
from core.crypto import digest
from core.database import transaction
from core.mail import Mail, is_to
from directory.models import Provider
from directory.queries import credentials_of, services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider, sign_in
from tests.jobs import run_jobs

pytestmark = pytest.mark.usefixtures("monday_at_ten")

SLOT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Tuesday 3:00 pm there
SAM = {
    "name": "Sam Sample",
    "email": "Sam@Example.com",
    "date_of_birth": "1990-04-12",
    "state": "WA",
}


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    button: str = ""


class _Forms(HTMLParser):
    """The POST forms of a page with what they would send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._in: Form | None = None
        self._select = ""
        self._is_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._in = Form(given.get("action", "")) if given.get("method") == "post" else None
            if self._in:
                self.found.append(self._in)
        if self._in is None:
            return
        if tag == "input" and given.get("type") not in ("radio", "checkbox"):
            self._in.fields[given["name"]] = given.get("value", "")
        if tag in ("select", "textarea"):
            self._select = given["name"]
            self._in.fields[self._select] = ""
        if tag == "option" and "selected" in given:
            self._in.fields[self._select] = given["value"]
        self._is_button = self._is_button or tag == "button"

    def handle_data(self, text: str) -> None:
        if self._in and self._is_button:
            self._in.button += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._is_button = False
        if tag == "form":
            self._in = None


class Browser:
    """Follows links and sends forms; knows one page at a time."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.html = ""
        self.status = 0
        self.path = ""

    def open(self, url: str) -> "Browser":
        return self._took(self.client.get(url))

    def press(self, button: str, **typed: str) -> "Browser":
        """Press the one button that says so."""
        form = next(one for one in self.forms() if button in one.button)
        return self._took(self.client.post(form.action, data={**form.fields, **typed}))

    def follow(self, part: str) -> "Browser":
        return self.open(next(url for url in self.links() if part in url))

    def forms(self) -> list[Form]:
        reader = _Forms()
        reader.feed(self.html)
        return reader.found

    def links(self) -> list[str]:
        return [unescape(url) for url in re.findall(r'href="([^"]+)"', self.html)]

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.html)
        return unescape(found[1]) if found else ""

    @property
    def words(self) -> str:
        main = self.html[self.html.index("<main") : self.html.index("</main>")]
        words = " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
        return re.sub(r" (?=[,.])", "", words)

    @property
    def hold_id(self) -> str:
        return self.path.split("/")[2]

    def _took(self, answer: Any) -> "Browser":
        self.html, self.status = answer.text, answer.status_code
        self.path = urlsplit(str(answer.url)).path
        assert self.status < 500, self.html
        return self


@pytest.fixture
def browser(client: TestClient) -> Browser:
    return Browser(client)


def code_for(session: Session, email: str) -> str:
    session.rollback()
    newest = select(Mail).where(is_to(email)).order_by(col(Mail.created_at).desc())
    found = session.exec(newest).first()
    assert found is not None, f"nothing was sent to {email}"
    code = re.search(r"\b\d{6}\b", found.text)
    assert code
    return code[0]


def start_at(browser: Browser, session: Session, dana: Provider, slot: datetime = SLOT) -> Browser:
    service = services_of(session, dana.id)[0]
    session.rollback()
    return browser.open(f"/book?service={service.id}&start={slot:%Y-%m-%dT%H:%M:%SZ}")


def go_to_check(browser: Browser, session: Session, dana: Provider) -> Browser:
    start_at(browser, session, dana).press("Hold").press("Send me a code", **SAM)
    return browser.press("This is me", code=code_for(session, "sam@example.com"))


def appointments_in(session: Session) -> list[Appointment]:
    session.rollback()
    every = select(Appointment).order_by(col(Appointment.created_at))
    return list(session.exec(every.execution_options(populate_existing=True)))


# ---------------------------------------------------------------------- the whole path


def test_from_the_profile_to_booked_moved_and_cancelled(
    browser: Browser, session: Session, dana: Provider
) -> None:
    browser.open(f"/providers/{dana.slug}?from=2026-11-24").follow("2026-11-24T23%3A00")
    assert browser.title == "Your time – Openchair"
    assert "Tuesday, November 24, 3:00 pm PST" in browser.words
    assert "You can move this up to 24 hours before, and cancel it until it starts" in browser.words
    assert "may see you if you will be in Washington" in browser.words

    browser.press("Hold Tuesday 3:00 pm")
    assert browser.path.endswith("/you")
    assert "held, 10 minutes left" in browser.words

    browser.press("Send me a code", **SAM)
    assert browser.path.endswith("/code")
    assert "sam@example.com" in browser.words.lower()
    browser.press("This is me", code=code_for(session, "sam@example.com"))
    assert browser.path.endswith("/check")
    assert "Sam Sample" in browser.words
    assert "April 12, 1990" in browser.words

    browser.press("Book Tuesday 3:00 pm")
    assert browser.path.endswith("/booked")
    assert browser.title == "Booked – Openchair"
    assert "Tuesday, November 24, 3:00 pm PST" in browser.words
    assert "Call 988" in browser.words
    calendar = browser.client.get(next(u for u in browser.links() if u.endswith(".ics")))
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert "SUMMARY:Online appointment" in calendar.text

    browser.open("/appointments")
    assert "Next Tuesday, November 24, 3:00 pm PST" in browser.words
    browser.follow("/move").press("Move to the chosen time", starts_at="2026-11-25T18:00:00Z")
    assert "Moved to the new time." in browser.words
    assert "Wednesday, November 25, 10:00 am PST" in browser.words

    browser.follow("/cancel").press("Cancel the appointment", reason="Away that day")
    assert "Cancelled." in browser.words
    assert "You cancelled this session: “Away that day”" in browser.words
    (booked,) = appointments_in(session)
    assert (booked.status, booked.version) == ("cancelled", 2)
    assert "Nothing is booked" in browser.open("/appointments").words


def test_who_is_known_needs_no_code_and_types_nothing_again(
    browser: Browser, session: Session, dana: Provider
) -> None:
    go_to_check(browser, session, dana).press("Book")
    start_at(browser, session, dana, SLOT + timedelta(days=1)).press("Hold")
    assert 'value="Sam Sample"' in browser.html
    assert not any("email" in form.fields for form in browser.forms())
    browser.press("Check my answers").press("Book Wednesday 3:00 pm")
    assert browser.path.endswith("/booked")


def test_looking_changes_nothing(browser: Browser, session: Session, dana: Provider) -> None:
    start_at(browser, session, dana)
    assert appointments_in(session) == []
    assert "visitor" not in browser.client.cookies


def test_private_pages_are_not_kept_and_say_nothing_in_the_title(
    browser: Browser, session: Session, dana: Provider
) -> None:
    go_to_check(browser, session, dana).press("Book")
    at = browser.path.removesuffix("/booked")
    for path in ("", "/booked", "/join", "/move", "/cancel"):
        answer = browser.client.get(at + path)
        assert answer.headers["cache-control"] == "no-store"
        title = browser.open(at + path).title
        assert title in {
            f"{w} – Openchair" for w in ("Appointment", "Booked", "Join", "Move", "Cancel")
        }


# ---------------------------------------------------------------------- what was typed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": " "}, "Enter your name"),
        ({"email": "sam@"}, "Enter an email address"),
        ({"date_of_birth": ""}, "Enter your date of birth"),
        ({"date_of_birth": "12 April"}, "Enter your date of birth"),
        ({"date_of_birth": "2009-04-12"}, "18 or older"),
        ({"date_of_birth": "2030-01-01"}, "Enter your date of birth"),
        ({"state": ""}, "Choose the state where you will be"),
        ({"state": "XX"}, "Choose the state where you will be"),
        ({"state": "OR"}, "not licensed for people who are in Oregon"),
    ],
)
def test_errors_keep_what_was_typed(
    browser: Browser, session: Session, dana: Provider, wrong: dict[str, str], message: str
) -> None:
    typed = {**SAM, **wrong}
    start_at(browser, session, dana).press("Hold").press("Send me a code", **typed)
    assert browser.status == 422
    assert browser.path.endswith("/you")
    assert message in browser.words
    kept = next(form.fields for form in browser.forms() if "name" in form.fields)
    assert kept["name"] == typed["name"].strip()
    assert kept["email"] == typed["email"]
    assert kept["date_of_birth"] == typed["date_of_birth"]
    assert session.exec(select(Mail)).all() == []


def test_a_state_that_is_not_covered_leads_to_people_who_may(
    browser: Browser, session: Session, dana: Provider
) -> None:
    browser = start_at(browser, session, dana).press("Hold")
    browser.press("Send me a code", **{**SAM, "state": "OR"})
    assert any("/find?state=OR&condition=anxiety" in url for url in browser.links())


def test_all_errors_come_at_once_in_the_order_of_the_form(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold").press("Send me a code")
    summary = browser.html[browser.html.index('id="error-summary"') :]
    found = re.findall(r'<a href="#(\w+)">', summary[: summary.index("</div>")])
    assert found == ["name", "email", "date_of_birth", "state"]


def test_a_wrong_code_can_be_tried_again_sent_again_or_the_address_changed(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold").press("Send me a code", **SAM)
    first = code_for(session, "sam@example.com")
    browser.press("This is me", code="000000" if first != "000000" else "000001")
    assert browser.status == 422
    assert "This code is not right" in browser.words
    browser.press("Send it again")
    assert "Sent." in browser.words
    browser.open(f"/book/{browser.hold_id}/you")
    browser.press("Send me a code", email="other@example.com")
    browser.press("This is me", code=code_for(session, "other@example.com"))
    assert browser.path.endswith("/check")
    assert "Sam Sample" in browser.words


def test_a_date_may_be_typed_as_people_write_it(
    browser: Browser, session: Session, dana: Provider
) -> None:
    browser = start_at(browser, session, dana).press("Hold")
    assert browser.press("Send me a code", **{**SAM, "date_of_birth": "4/12/1990"}).path.endswith(
        "/code"
    )


def test_what_is_typed_is_stored_nowhere_before_booking(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold").press("Send me a code", **SAM)
    session.rollback()
    assert session.exec(select(Patient)).all() == []
    assert "Sam" not in browser.client.cookies["draft"]


@pytest.mark.parametrize("broken", ["x", "AAAA", "e30=", "é".encode().hex()])
def test_a_broken_cookie_is_no_draft(
    browser: Browser, session: Session, dana: Provider, broken: str
) -> None:
    start_at(browser, session, dana).press("Hold")
    browser.client.cookies.clear()
    browser.client.cookies.set("draft", broken)
    assert start_at(browser, session, dana, SLOT + timedelta(days=1)).status == 200


def test_steps_cannot_be_skipped(browser: Browser, session: Session, dana: Provider) -> None:
    start_at(browser, session, dana).press("Hold")
    at = f"/book/{browser.hold_id}"
    assert browser.open(f"{at}/check").path.endswith("/you")
    assert browser.open(f"{at}/code").path.endswith("/you")
    browser.press("Send me a code", **SAM)
    assert browser.open(f"{at}/check").path.endswith("/code")
    assert browser.client.post(f"{at}/check", follow_redirects=False).status_code == 303
    assert appointments_in(session)[0].status == "held"


# ---------------------------------------------------------------------- the held time


def test_the_time_can_be_kept_longer_once(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold")
    with clock.at(NOW + timedelta(minutes=6)):
        browser.press("Keep it 10 more minutes")
        assert "until 10:16 am" in browser.words
        assert "Keep it 10 more" not in browser.words
        again = browser.client.post(f"/book/{browser.hold_id}/extend", data={"step": "you"})
        assert again.status_code == 200  # pressed twice: the same page


def test_letting_it_go_gives_the_time_back_and_forgets(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold").press("Send me a code", **SAM)
    hold = browser.hold_id
    browser.press("Release")
    assert browser.path == f"/providers/{dana.slug}"
    assert "You hold no time now" in browser.words
    assert "draft" not in browser.client.cookies
    assert appointments_in(session)[0].status == "released"
    browser.open(f"/book/{hold}/you")
    assert browser.status == 410
    assert "You released this time" in browser.words


def test_after_ten_minutes_one_press_takes_the_same_time_and_nothing_is_lost(
    browser: Browser, session: Session, dana: Provider
) -> None:
    go_to_check(browser, session, dana)
    with clock.at(NOW + timedelta(minutes=11)):
        hold_ends.expire_holds(session, clock.now())  # as the job does
        session.commit()
        browser.press("Book Tuesday 3:00 pm")
        assert browser.status == 410
        assert "The ten minutes are over" in browser.words
        assert "What you typed is still here" in browser.words
        browser.press("Hold Tuesday 3:00 pm again")
        assert 'value="Sam Sample"' in browser.html
        browser.press("Check my answers").press("Book Tuesday 3:00 pm")
        assert browser.path.endswith("/booked")


def test_a_form_sent_too_late_keeps_what_it_said(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold")
    with clock.at(NOW + timedelta(minutes=11)):
        browser.press("Send me a code", **SAM)
        assert browser.status == 410
        browser.press("Hold Tuesday 3:00 pm again")
        assert 'value="Sam Sample"' in browser.html


def test_when_it_ran_out_and_somebody_took_it_the_nearest_times_are_offered(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold")
    with clock.at(NOW + timedelta(minutes=11)):
        _hold_by_another(session, dana)
        browser.open(browser.path)
        assert browser.status == 410
        assert "Somebody else has taken this time" in browser.words
        assert not any("again" in form.button for form in browser.forms())
        assert len([url for url in browser.links() if url.startswith("/book?")]) == 3


def test_a_time_that_is_gone_leads_to_the_three_nearest(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana)
    _hold_by_another(session, dana)
    for look in ("pressed too late", "opened again"):
        if look == "pressed too late":
            browser.press("Hold")
        else:
            start_at(browser, session, dana)
        assert browser.status == 409, look
        assert "That time is not free any more" in browser.words
        near = [url for url in browser.links() if url.startswith("/book?")]
        assert len(near) == 3
    assert browser.open(near[0]).status == 200


def _hold_by_another(session: Session, dana: Provider) -> None:
    holds.hold_slot(
        session,
        service_id=services_of(session, dana.id)[0].id,
        starts_at=SLOT,
        holder=Holder(digest("somebody else"), None),
        asker=Asker("192.0.2.1"),
        now=clock.now(),
    )
    session.commit()


def test_two_tabs_hold_one_time_and_the_older_says_which(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana).press("Hold")
    older = browser.path
    start_at(browser, session, dana, SLOT + timedelta(days=1))
    assert "You hold Tuesday 3:00 pm now" in browser.words
    browser.press("Hold")
    newer = browser.path
    browser.open(older)
    assert browser.status == 410
    assert "You chose another time since" in browser.words
    assert newer in browser.links()


def test_holding_twice_holds_once_and_does_not_start_the_time_again(
    browser: Browser, session: Session, dana: Provider
) -> None:
    start_at(browser, session, dana)
    form = browser.forms()[-1]
    browser.press("Hold")
    first = browser.path
    with clock.at(NOW + timedelta(minutes=3)):
        again = browser.client.post(form.action, data=form.fields)
        assert urlsplit(str(again.url)).path == first
        assert start_at(browser, session, dana).path == first
    assert len(appointments_in(session)) == 1


def test_booking_twice_books_once_and_back_leads_to_what_was_booked(
    browser: Browser, session: Session, dana: Provider
) -> None:
    check = go_to_check(browser, session, dana).path
    form = next(one for one in browser.forms() if "Book" in one.button)
    browser.press("Book")
    booked = browser.path
    again = browser.client.post(form.action, data=form.fields)
    assert urlsplit(str(again.url)).path == booked
    for step in ("you", "code", "check"):
        assert browser.open(check.replace("/check", f"/{step}")).path == booked
    assert [one.status for one in appointments_in(session)] == ["booked"]


def test_of_two_presses_at_once_both_arrive_at_the_booking(
    browser: Browser, session: Session, dana: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_to_check(browser, session, dana)
    confirm = confirmation.confirm

    def lose_the_race(_: Session, hold_id: UUID, **given: Any) -> None:
        with transaction() as other:
            confirm(other, hold_id, **given)
        raise HoldOver

    monkeypatch.setattr(confirmation, "confirm", lose_the_race)
    assert browser.press("Book").path.endswith("/booked")


def test_too_many_holds_are_told_when_to_come_back(
    browser: Browser, session: Session, dana: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    none_left = holds.PER_HOLDER.__class__("hold-holder", 0, timedelta(hours=1), "You held many.")
    monkeypatch.setattr(holds, "PER_HOLDER", none_left)
    start_at(browser, session, dana).press("Hold")
    assert browser.status == 429
    assert "Please wait a little" in browser.words
    assert "60 minutes" in browser.words


@pytest.mark.parametrize("query", ["", "?service=x&start=y", "?start=2026-11-24T23:00:00"])
def test_an_address_that_was_cut_asks_which_time(browser: Browser, query: str) -> None:
    browser.open(f"/book{query}")
    assert browser.status == 422
    assert "Which time did you mean?" in browser.words


# ---------------------------------------------------------------------- what stands in the way


def test_another_session_at_that_time_is_said_and_nothing_lost(
    browser: Browser, session: Session, dana: Provider
) -> None:
    sam = make_patient(session, "sam@example.com")
    other = make_provider(session, now=NOW, name=("Kim", "Ito"))
    make_appointment(session, services_of(session, other.id)[0], sam, SLOT)
    go_to_check(browser, session, dana).press("Book")
    assert browser.status == 409
    assert "You have another session then" in browser.words
    assert "/appointments" in browser.links()
    assert f"/providers/{dana.slug}" in browser.links()
    assert len([one for one in appointments_in(session) if one.status == "held"]) == 1


def test_a_licence_that_ended_meanwhile_is_asked_again_at_booking(
    browser: Browser, session: Session, dana: Provider
) -> None:
    go_to_check(browser, session, dana)
    _revoke(session, dana)
    browser.press("Book")
    assert browser.status == 422
    assert "may no longer see people in Washington" in browser.words
    assert 'value="Sam Sample"' in browser.html
    assert [one.status for one in appointments_in(session)] == ["held"]


def _revoke(session: Session, dana: Provider) -> None:
    for credential in credentials_of(session, dana.id):
        if credential.kind == "state_license":
            credential.status = "revoked"
            session.add(credential)
    session.commit()


def test_only_new_or_only_known_is_explained(
    browser: Browser, session: Session, dana: Provider
) -> None:
    service = services_of(session, dana.id)[0]
    service.for_new = False
    session.add(service)
    session.commit()
    start_at(browser, session, dana)
    assert "for people who have been with Dana Lee before" in browser.words
    browser.press("Hold").press("Send me a code", **SAM)
    browser.press("This is me", code=code_for(session, "sam@example.com")).press("Book")
    assert browser.status == 409
    assert "This session is for people who have been here before." in browser.words


# ---------------------------------------------------------------------- afterwards


@pytest.fixture
def booked(session: Session, client: TestClient, dana: Provider) -> Appointment:
    """Of Sam, who is signed in."""
    sam = make_patient(session, "sam@example.com")
    sign_in(client, session, sam)
    return make_appointment(session, services_of(session, dana.id)[0], sam, SLOT)


def test_others_find_nothing_there(
    app: FastAPI, browser: Browser, session: Session, dana: Provider, booked: Appointment
) -> None:
    start_at(browser, session, dana, SLOT + timedelta(days=1)).press("Hold")
    hold = browser.hold_id
    other = TestClient(app, "http://testserver", raise_server_exceptions=False)
    for step in ("you", "code", "check"):
        assert other.get(f"/book/{hold}/{step}").status_code == 404
        assert other.post(f"/book/{hold}/{step}").status_code == 404
    for act in ("extend", "release", "code/again"):
        assert other.post(f"/book/{hold}/{act}").status_code == 404
    sign_in(other, session, make_patient(session))
    at = f"/appointments/{booked.id}"
    for path in ("", "/booked", "/join", "/move", "/cancel", "/calendar.ics"):
        assert other.get(at + path).status_code == 404, path
    for path in ("/move", "/cancel"):
        assert other.post(at + path).status_code == 404
    assert {one.status for one in appointments_in(session)} == {"booked", "held"}


def test_the_link_is_shown_when_the_door_opens_and_not_before(
    browser: Browser, booked: Appointment
) -> None:
    room, at = "https://meet.example.com/room", f"/appointments/{booked.id}/join"
    browser.open(at)
    assert room not in browser.html
    assert "You can join from Tuesday, November 24, 2:50 pm PST." in browser.words
    with clock.at(SLOT - timedelta(minutes=10)):
        assert f'href="{room}" rel="noreferrer"' in browser.open(at).html
        assert at in browser.open("/appointments").links()
    with clock.at(SLOT + timedelta(hours=2)):
        assert room not in browser.open(at).html
        assert "This session is over." in browser.words
        assert "Past" in browser.open(f"/appointments/{booked.id}").words


def test_the_provider_joins_by_the_same_door_and_has_pages_of_their_own(
    browser: Browser, session: Session, dana: Provider, booked: Appointment
) -> None:
    from accounts.models import Person

    sign_in(browser.client, session, session.get_one(Person, dana.person_id))
    with clock.at(SLOT):
        browser.open(f"/appointments/{booked.id}/join")
        assert "https://meet.example.com/room" in browser.links()
    answer = browser.client.get(f"/appointments/{booked.id}", follow_redirects=False)
    assert answer.headers["location"] == f"/provider/appointments/{booked.id}"


def test_the_licence_is_asked_once_more_at_the_door(
    browser: Browser, session: Session, dana: Provider, booked: Appointment
) -> None:
    _revoke(session, dana)
    with clock.at(SLOT):
        browser.open(f"/appointments/{booked.id}/join")
    assert browser.status == 409
    assert "https://meet.example.com/room" not in browser.html
    assert "This session cannot take place" in browser.words


def test_too_late_to_move_says_the_rule(browser: Browser, booked: Appointment) -> None:
    with clock.at(SLOT - timedelta(hours=3)):
        browser.open(f"/appointments/{booked.id}/move")
        assert "this provider asks for that much notice" in browser.words
        answer = browser.client.post(
            f"/appointments/{booked.id}/move", data={"starts_at": "2026-11-25T18:00:00Z"}
        )
        assert answer.status_code == 409


def test_cancelling_twice_cancels_once(
    browser: Browser, session: Session, booked: Appointment
) -> None:
    browser.open(f"/appointments/{booked.id}/cancel")
    for _ in "ab":
        answer = browser.client.post(f"/appointments/{booked.id}/cancel", data={"reason": ""})
        assert "You cancelled this session." in answer.text
    assert appointments_in(session)[0].version == 1


def test_a_reason_that_is_too_long_is_kept(browser: Browser, booked: Appointment) -> None:
    long = "so " * 400
    browser.open(f"/appointments/{booked.id}/cancel").press("Cancel the", reason=long)
    assert browser.status == 422
    assert long.strip() in browser.html


def test_what_the_provider_wrote_is_read(
    browser: Browser, session: Session, dana: Provider, booked: Appointment
) -> None:
    actor = Actor(ActorKind.PROVIDER, dana.person_id)
    bookings.cancel(session, booked.id, actor, "I am ill. I am sorry.", NOW)
    session.commit()
    browser.open(f"/appointments/{booked.id}")
    assert "Dana Lee cancelled this session: “I am ill. I am sorry.”" in browser.words


def test_moving_needs_a_time_that_is_free(
    browser: Browser, session: Session, dana: Provider, booked: Appointment
) -> None:
    browser.open(f"/appointments/{booked.id}/move")
    assert "2026-11-24T23:00:00Z" not in browser.html  # where it is already
    browser.press("Move to the chosen time")
    assert browser.status == 422
    assert "Choose a time." in browser.words
    make_appointment(
        session,
        services_of(session, dana.id)[0],
        make_patient(session),
        SLOT + timedelta(days=1),
    )
    browser.press("Move to the chosen time", starts_at="2026-11-25T23:00:00Z")
    assert browser.status == 409
    assert "That time has just been taken." in browser.words
    assert appointments_in(session)[0].starts_at == SLOT


def test_my_data_can_be_taken_along_and_deleted(
    browser: Browser, session: Session, dana: Provider
) -> None:
    go_to_check(browser, session, dana).press("Book")
    run_jobs()  # letters are written after the change
    copy = browser.client.get("/account/data/export")
    assert copy.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert copy.json()["about_you"]["name"] == "Sam Sample"
    texts = {one["subject"]: one["text"] for one in copy.json()["letters"]}
    assert texts.pop("Your Openchair code") is None
    assert texts
    assert all(texts.values())
    browser.open("/account/data").follow("/delete")
    assert "You have 1 upcoming session." in browser.words
    browser.press("Delete my data")
    assert browser.status == 422
    browser.press("Delete my data", sure="yes")
    assert browser.path == "/"
    assert "Your data was deleted." in browser.words
    assert "session" not in browser.client.cookies
    session.rollback()
    assert session.exec(select(Patient)).all() == []
    assert [one.status for one in appointments_in(session)] == ["cancelled"]


def test_a_practice_is_closed_before_its_person_is_deleted(
    browser: Browser, session: Session, dana: Provider
) -> None:
    from accounts.models import Person

    sign_in(browser.client, session, session.get_one(Person, dana.person_id))
    assert "Close the practice first" in browser.open("/account/data/delete").words
    answer = browser.client.post("/account/data/delete", data={"sure": "yes"})
    assert answer.status_code == 409
