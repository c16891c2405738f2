"""A provider keeps their credentials: pages as a person meets them."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from directory.models import Credential, Listing, Provider
from directory.queries import credentials_of
from directory.rules.numbers import make_npi
from tests.factories import LICENCE, NOW, make_patient, make_person, make_provider, sign_in
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

URL = "/provider/credentials"


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, email="dana@example.com")


@pytest.fixture
def speaks(client: TestClient, session: Session, dana: Provider) -> TestClient:
    sign_in(client, session, session.get_one(Person, dana.person_id))
    return client


def licence(**changes: str) -> dict[str, str]:
    return {**LICENCE, **changes}


def test_each_credential_stands_with_its_status(speaks: TestClient, dana: Provider) -> None:
    answer = speaks.get(URL)
    assert answer.status_code == 200
    words = said(answer.text)
    assert "All that your profession needs is verified." in words
    assert "State licence, Washington Verified" in words
    assert "Checked August 25, 2026, Primary source" in words
    assert "Add another state licence" in words
    assert "DEA" not in words  # a social worker has none
    assert "LCSW" not in re.findall("<title>(.*?)</title>", answer.text)[0]


def test_a_claim_is_added_and_waits(speaks: TestClient, session: Session, dana: Provider) -> None:
    form = speaks.get(f"{URL}/add?kind=state_license")
    assert 'value="Dana Lee"' in form.text
    assert 'name="expires_on"' in form.text
    answer = speaks.post(URL, data=licence())
    assert answer.url.path == URL
    assert "Sent for review." in said(answer.text)
    assert "State licence, Oregon Waiting for review" in said(answer.text)
    assert any(one.state == "OR" for one in credentials_of(session, dana.id))


def test_only_what_the_kind_has_is_asked(speaks: TestClient) -> None:
    npi = speaks.get(f"{URL}/add?kind=npi").text
    assert 'name="state"' not in npi
    assert 'name="expires_on"' not in npi
    choice = speaks.get(f"{URL}/add").text
    assert "What do you want to add?" in choice
    assert 'value="dea"' not in choice
    assert "What do you want to add?" in speaks.get(f"{URL}/add?kind=dea").text


def test_what_was_typed_stays_with_its_errors(speaks: TestClient) -> None:
    answer = speaks.post(URL, data=licence(state="", number="<b>", expires_on="soon"))
    assert answer.status_code == 422
    assert 'value="&lt;b&gt;"' in answer.text
    assert 'value="soon"' in answer.text
    for field in ("state", "expires_on"):
        assert f'href="#{field}"' in answer.text


def test_a_refused_one_says_why_and_can_be_corrected(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    one = next(c for c in credentials_of(session, dana.id) if c.kind == "npi")
    one.status, one.reason = "rejected", "This NPI belongs to another person."
    session.add(one)
    session.commit()
    words = said(speaks.get(URL).text)
    assert "This NPI belongs to another person." in words
    assert "it could not be accepted" in words
    form = speaks.get(f"{URL}/add?kind=npi&replace={one.id}").text
    assert f'value="{one.number}"' in form
    number = make_npi("199999999")
    words = said(speaks.post(URL, data={"kind": "npi", "number": number, "name": "Dana Lee"}).text)
    assert "This NPI belongs to another person." not in words
    assert number in words


def test_withdrawing_says_first_what_follows(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    one = next(c for c in credentials_of(session, dana.id) if c.kind == "state_license")
    asked = speaks.get(f"{URL}/{one.id}/withdraw")
    assert "patients find you no longer" in said(asked.text)
    answer = speaks.post(f"{URL}/{one.id}/withdraw")
    assert "State licence: not given yet." in said(answer.text)
    assert session.get_one(Listing, dana.id, populate_existing=True).published_at is None
    assert speaks.post(f"{URL}/{one.id}/withdraw").status_code == 404


def test_nobody_sees_or_withdraws_anothers(
    client: TestClient, session: Session, dana: Provider
) -> None:
    one = credentials_of(session, dana.id)[0]
    stranger = make_provider(session, now=NOW)
    for person, refused in (
        (None, 401),
        (make_patient(session), 403),
        (session.get_one(Person, stranger.person_id), 404),
    ):
        client.cookies.clear()
        if person:
            sign_in(client, session, person)
        answer = client.post(f"{URL}/{one.id}/withdraw", follow_redirects=False)
        if refused == 401:
            assert answer.headers["location"].startswith("/sign-in")
        else:
            assert answer.status_code == refused
        assert client.get(f"{URL}/add?kind=npi&replace={one.id}").text.count(one.number) == 0
    assert session.get_one(Credential, one.id, populate_existing=True).withdrawn_at is None


def test_who_has_not_applied_is_told(client: TestClient, session: Session) -> None:
    sign_in(client, session, make_person(session, "new@example.com", ["provider"]))
    assert client.get(URL).status_code == 404
