"""Every letter as it goes out, held against a file beside its template.

After a change that is meant: `GOLDEN=write make test ARGS=tests/whole/test_golden_letters.py`, and
read the difference before you commit it. Keys, tokens and codes, which are new each time, stand as
<id>, <token> and <code>.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from accounts.address_changes import ask_address_change
from accounts.browsers import Browser
from accounts.codes import request_code
from accounts.factors import news, resets
from accounts.models import Person, Totp
from booking.appointments.bookings import cancel, reschedule
from booking.appointments.moves import Actor
from booking.letters.announcements import announce
from booking.letters.reminders import remind
from booking.models import Appointment
from booking.rules.transitions import ActorKind
from core import clock
from core.mail import Mail, post
from core.web.caller import ADMIN, Caller
from directory import alerts
from directory.alerts.letters import Opened, Time, opening_letter
from directory.credentials.decisions import DecisionForm, decide
from directory.credentials.identity import IdentityDecision, decide_identity
from directory.listings.identity import change_identity, identity_of
from directory.models import IdentityRequest, Provider, SearchAlert
from directory.queries import credentials_of, services_of
from directory.search import SearchQuery
from tests.factories import make_appointment, make_patient, make_person, make_provider

FILES = Path(__file__).parents[2] / "templates" / "mail" / "golden"
NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)  # Monday, 8:00 am in Washington
START = datetime(2026, 11, 25, 18, tzinfo=UTC)  # Wednesday, 10:00 am
LATER = START + timedelta(days=1)
PATIENT, PROVIDER = "robin@example.com", "dana@example.com"


def booked(session: Session) -> Appointment:
    provider = make_provider(session, now=NOW, email=PROVIDER, cancel_notice_minutes=60)
    patient = make_patient(session, PATIENT)
    made = make_appointment(session, services_of(session, provider.id)[0], patient, START)
    made.patient_zone = "America/New_York"
    session.add(made)
    session.commit()
    return made


def announced(session: Session, one: Appointment) -> None:
    session.commit()
    session.refresh(one)
    announce(str(one.id), one.version)


def appointment_booked(session: Session) -> None:
    announced(session, booked(session))


def appointment_moved(session: Session) -> None:
    one = booked(session)
    later = START + timedelta(hours=2)
    reschedule(session, one.id, later, Actor(ActorKind.PATIENT, one.patient_id), NOW)
    announced(session, one)


def cancelled_by_patient(session: Session) -> None:
    one = booked(session)
    cancel(session, one.id, Actor(ActorKind.PATIENT, one.patient_id), "A cold.", NOW)
    announced(session, one)


def cancelled_by_provider(session: Session) -> None:
    one = booked(session)
    person = session.get_one(Provider, one.provider_id).person_id
    cancel(session, one.id, Actor(ActorKind.PROVIDER, person), "I am ill.", NOW)
    announced(session, one)


def reminder_of_tomorrow(session: Session) -> None:
    remind(str(booked(session).id), 0, 24)


def reminder_of_the_hour(session: Session) -> None:
    remind(str(booked(session).id), 0, 1)


def sign_in_code(session: Session) -> None:
    request_code(session, PATIENT, Browser("", "192.0.2.1"), NOW)


def _decided(session: Session, form: DecisionForm, verified: bool) -> None:
    provider = make_provider(session, now=NOW, email=PROVIDER, verified=verified)
    desk: Person = make_person(session, "desk@example.com", [ADMIN])
    admin = Caller(desk.id, desk.email, frozenset({ADMIN}))
    licence = next(one for one in credentials_of(session, provider.id) if one.state)
    decide(session, licence.id, admin, form, None, NOW)


SEEN = {"source": "State board", "seen": "As claimed.", "expires_on": "2028-01-31"}


def credential_verified(session: Session) -> None:
    _decided(session, DecisionForm(outcome="verified", **SEEN), verified=False)


def credential_rejected(session: Session) -> None:
    form = DecisionForm(outcome="rejected", **SEEN, reason="The number is another person's.")
    _decided(session, form, verified=False)


def credential_revoked(session: Session) -> None:
    form = DecisionForm(outcome="revoked", **SEEN, reason="The board lists it as surrendered.")
    _decided(session, form, verified=True)


def _name_decided(session: Session, form: IdentityDecision) -> None:
    provider = make_provider(session, now=NOW, email=PROVIDER)
    desk: Person = make_person(session, "desk@example.com", [ADMIN])
    admin = Caller(desk.id, desk.email, frozenset({ADMIN}))
    wanted = replace(identity_of(provider), display_name="Sky Lee", letters="LCSW, PhD")
    change_identity(session, provider, wanted, NOW)
    request = session.exec(select(IdentityRequest)).one()
    decide_identity(session, request.id, admin, form, NOW)


def name_accepted(session: Session) -> None:
    _name_decided(session, IdentityDecision(outcome="accepted", reason="Kept private."))


def name_declined(session: Session) -> None:
    form = IdentityDecision(outcome="declined", reason="We did not find this degree.")
    _name_decided(session, form)


def _alert(session: Session) -> SearchAlert:
    query = SearchQuery(choices={"state": ("WA",), "condition": ("anxiety",)})
    alerts.request_alert(session, PATIENT, query, "America/Los_Angeles", "192.0.2.1", NOW)
    return session.exec(select(SearchAlert)).one()


def alert_to_confirm(session: Session) -> None:
    _alert(session)


def alert_with_openings(session: Session) -> None:
    alert = _alert(session)
    opened = [
        Opened(
            "Dana Lee", "dana-lee-1", (Time(START, True), Time(START + timedelta(days=1), False))
        ),
        Opened("Sam O'Brien", "sam-obrien-2", (Time(START, True),)),
    ]
    post(session, "openings", opening_letter(alert, opened, 3))
    session.flush()
    session.delete(session.exec(select(Mail).where(col(Mail.subject).startswith("Please"))).one())


def factor_added(session: Session) -> None:
    news.tell_of_factor(session, make_patient(session, PATIENT), "added", "passkey")


def factors_to_be_removed(session: Session) -> None:
    person = make_patient(session, PATIENT)
    session.add(Totp(person_id=person.id, secret="A", created_at=NOW, confirmed_at=NOW))
    resets.ask_reset(session, person, NOW)


def address_to_change(session: Session) -> None:
    person = make_patient(session, PATIENT)
    ask_address_change(session, person, "new@example.com", "192.0.2.1", NOW)


LETTERS: dict[str, Callable[[Session], None]] = {
    made.__name__: made
    for made in (
        appointment_booked,
        appointment_moved,
        cancelled_by_patient,
        cancelled_by_provider,
        reminder_of_tomorrow,
        reminder_of_the_hour,
        sign_in_code,
        credential_verified,
        credential_rejected,
        credential_revoked,
        name_accepted,
        name_declined,
        alert_to_confirm,
        alert_with_openings,
        factor_added,
        factors_to_be_removed,
        address_to_change,
    )
}
_NEW_EACH_TIME = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"/alerts/[\w-]{43}", "/alerts/<token>"),
    (r"/factor-reset/[\w-]{43}", "/factor-reset/<token>"),
    (r"\b\d{6}\b", "<code>"),
    (r"DTSTAMP:\w+", "DTSTAMP:<now>"),
    (r"/providers/dana-lee-[0-9a-f]{4}\b", "/providers/dana-lee-<number>"),
)


def written(mail: Mail) -> str:
    calendar = (mail.calendar or "").replace("\r\n ", "").replace("\r\n", "\n")
    parts = [f"To: {mail.recipient}", f"Subject: {mail.subject}", "", mail.text.rstrip(), ""]
    parts += [f"--- calendar: {mail.calendar_method}", calendar] if calendar else []
    text = "\n".join(parts)
    for pattern, instead in _NEW_EACH_TIME:
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_what_was_agreed(session: Session, name: str) -> None:
    with clock.at(NOW):
        LETTERS[name](session)
        session.commit()
    sent = sorted(session.exec(select(Mail)), key=lambda mail: mail.recipient, reverse=True)
    said = "\n==========\n\n".join(written(mail) for mail in sent)
    file = FILES / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(said)
    assert said == file.read_text()


def test_each_letter_has_a_file_and_each_file_a_letter() -> None:
    assert {path.stem for path in FILES.glob("*.txt")} == set(LETTERS)
