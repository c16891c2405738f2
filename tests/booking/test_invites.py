"""Calendar entries as calendars read them: addresses that can be written to, and an organizer."""

from urllib.parse import unquote, urlsplit

import icalendar
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from booking.letters.invites import CANCEL, PUBLISH, REQUEST, invite, mailto
from core import clock
from directory.models import Provider
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, sign_in


@pytest.mark.parametrize(
    ("email", "uri"),
    [
        ("robin@example.com", "mailto:robin@example.com"),
        ("robin+news@example.com", "mailto:robin+news@example.com"),
        ("100%sure@example.com", "mailto:100%25sure@example.com"),
        ("a?b@example.com", "mailto:a%3Fb@example.com"),
        ("a#b&c=d@example.com", "mailto:a%23b%26c%3Dd@example.com"),
        ("a/b@example.com", "mailto:a%2Fb@example.com"),
        ("o'brien@example.com", "mailto:o'brien@example.com"),
        ("josé@example.com", "mailto:jos%C3%A9@example.com"),
        ("{a|b}^`@example.com", "mailto:%7Ba%7Cb%7D%5E%60@example.com"),
    ],
)
def test_an_address_is_a_uri(email: str, uri: str) -> None:
    assert mailto(email) == uri


@given(st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=1))
def test_every_address_comes_back_as_it_was(local: str) -> None:
    parts = urlsplit(mailto(f"{local}@example.com"))
    assert (parts.scheme, parts.query, parts.fragment) == ("mailto", "", "")
    assert unquote(parts.path) == f"{local}@example.com"


@pytest.mark.parametrize("method", [REQUEST, CANCEL, PUBLISH])
def test_every_entry_names_its_organizer_and_only_invitations_whom_they_are_for(
    session: Session, dana: Provider, method: str
) -> None:
    service = services_of(session, dana.id)[0]
    booked = make_appointment(session, service, make_patient(session), NOW)
    text = invite(booked, "a#b&c=d@example.com", method, clock.now())
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert str(event["ORGANIZER"]) == "mailto:hello@openchair.example.com"
    assert event["ORGANIZER"].params["CN"] == "Openchair"
    expected = None if method == PUBLISH else "mailto:a%23b%26c%3Dd@example.com"
    assert event.get("ATTENDEE") == expected


@pytest.mark.usefixtures("monday_at_ten")
def test_the_download_has_an_organizer(
    client: TestClient, session: Session, dana: Provider
) -> None:
    patient = make_patient(session)
    booked = make_appointment(
        session, services_of(session, dana.id)[0], patient, NOW.replace(day=25)
    )
    sign_in(client, session, patient)
    answer = client.get(f"/appointments/{booked.id}/calendar.ics")
    assert "METHOD:PUBLISH" in answer.text
    (event,) = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert str(event["ORGANIZER"]).startswith("mailto:")
    assert "ATTENDEE" not in event
