"""Two tabs, two presses, two tries: nothing saved is written over unseen, nothing is done twice."""

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from accounts.models import Person
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.services import ServiceForm, update
from booking.rules.availability import Availability
from core import clock
from core.database import transaction
from core.versions import ANY_VERSION
from directory.listings.profile import form_of, save_profile
from directory.models import Provider, Service
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, sign_in
from tests.markup import markup, page
from tests.reviews import save

pytestmark = pytest.mark.usefixtures("monday_at_ten")

HOURS, OWN = "/api/v1/me/availability", "/api/v1/me/provider"
CHANGED = "This was changed after you opened it"


@pytest.fixture
def as_dana(client: TestClient, session: Session, dana: Provider) -> dict[str, str]:
    return sign_in(None, session, session.get_one(Person, dana.person_id))


def hours_of(provider: Provider) -> Availability:
    with transaction() as session:
        return load_availability(session, provider.id)


def service_of(provider: Provider) -> Service:
    with transaction() as session:
        return services_of(session, provider.id)[0]


def opened(answer: Response) -> dict[str, list[str]]:
    """The form of a page as a browser would send it."""
    assert answer.status_code in (200, 412), answer.text
    return {name: list(values) for name, values in markup(answer.text).values.items()}


# ------------------------------------------------------------------------------ API


def test_hours_and_profile_carry_an_etag_that_follows_each_change(
    client: TestClient, as_dana: dict[str, str]
) -> None:
    for url, part in ((HOURS, None), (OWN, "profile")):
        first = client.get(url, headers=as_dana)
        assert client.get(url, headers=as_dana).headers["etag"] == first.headers["etag"]
        body = first.json()[part] if part else first.json()
        change = {"pronouns": "she/her"} if part else {"daily_limit": 3}
        with_tag = {**as_dana, "If-Match": first.headers["etag"]}
        saved = client.put(url, json={**body, **change}, headers=with_tag)
        assert saved.status_code == 200, saved.text
        assert saved.headers["etag"] != first.headers["etag"]
        assert client.get(url, headers=as_dana).headers["etag"] == saved.headers["etag"]
        refused = client.put(url, json=body, headers=with_tag)
        assert (refused.status_code, refused.json()["code"]) == (412, "version_changed")
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.get(url, headers=as_dana).headers["etag"] == saved.headers["etag"]
        listed = {**as_dana, "If-Match": f'"older", {saved.headers["etag"]}'}
        assert client.put(url, json={**body, **change}, headers=listed).status_code == 200
        weak = {**as_dana, "If-Match": f"W/{saved.headers['etag']}"}
        assert client.put(url, json=body, headers=weak).status_code == 412
        whatever = {**as_dana, "If-Match": "*"}
        assert client.put(url, json={**body, **change}, headers=whatever).status_code == 200
        assert client.put(url, json=body, headers=as_dana).status_code == 200  # without: as ever


def test_hours_written_in_other_ways_keep_their_etag_in_the_database(
    client: TestClient, as_dana: dict[str, str]
) -> None:
    body = {
        "time_zone": "America/Chicago",
        "weekly": [{"weekday": day, "start": "09:00", "end": "17:00"} for day in (4, 0)],
        "time_off": [{"starts_at": "2027-01-04T00:00-06:00", "ends_at": "2027-01-05T06:00Z"}],
    }
    saved = client.put(HOURS, json=body, headers=as_dana)
    assert client.get(HOURS, headers=as_dana).headers["etag"] == saved.headers["etag"]


@pytest.mark.race
def test_of_two_saves_at_once_the_later_is_told(
    client: TestClient, as_dana: dict[str, str], dana: Provider
) -> None:
    """The second arrives while the first is not yet committed: it waits, and then looks."""
    first = client.get(HOURS, headers=as_dana)
    hours = Availability.model_validate(first.json())
    headers = {**as_dana, "If-Match": first.headers["etag"]}
    answers: list[Response] = []

    def save() -> None:
        answers.append(client.put(HOURS, json={**first.json(), "daily_limit": 9}, headers=headers))

    other = threading.Thread(target=save)
    with transaction() as session:
        mine = hours.model_copy(update={"daily_limit": 2})
        save_availability(session, dana.id, mine, NOW)
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join(30)
    assert [one.status_code for one in answers] == [412]
    assert hours_of(dana).daily_limit == 2


@pytest.mark.race
def test_of_two_profiles_saved_at_once_the_later_is_told(
    client: TestClient, as_dana: dict[str, str], dana: Provider
) -> None:
    first = client.get(OWN, headers=as_dana)
    headers = {**as_dana, "If-Match": first.headers["etag"]}
    body = {**first.json()["profile"], "headline": "From the API."}
    answers: list[Response] = []
    other = threading.Thread(
        target=lambda: answers.append(client.put(OWN, json=body, headers=headers))
    )
    with transaction() as session:
        own = session.get_one(Provider, dana.id)
        form = form_of(own).model_copy(update={"headline": "From a tab."})
        save_profile(session, own, form, NOW, ANY_VERSION)
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join(30)
    assert [one.status_code for one in answers] == [412]
    with transaction() as session:
        assert session.get_one(Provider, dana.id).headline == "From a tab."


# ---------------------------------------------------------------------------- pages


def test_an_old_tab_of_hours_shows_both_and_saves_only_when_asked(
    speaks: TestClient, dana: Provider
) -> None:
    old, new = (opened(speaks.get("/provider/hours")) for _ in range(2))
    new |= {"start_5": ["10:00"], "end_5": ["12:00"]}
    assert save(speaks, "/provider/hours", new).status_code == 303
    old |= {"daily_limit": ["4"]}
    answer = speaks.post("/provider/hours", data=old)
    words = page(answer, 412)
    assert CHANGED in words
    assert "Saturday 10:00 to 12:00 Closed" in words
    assert "Sessions a day No limit 4" in words
    assert hours_of(dana).daily_limit is None
    assert '<a href="/provider/hours">Take what is saved</a>' in answer.text
    again = opened(answer)
    assert again["daily_limit"] == ["4"]  # what was typed is kept
    assert save(speaks, "/provider/hours", again).status_code == 303  # save mine anyway
    assert hours_of(dana).daily_limit == 4
    assert not any(one.weekday == 5 for one in hours_of(dana).weekly)


def test_another_row_and_an_error_do_not_make_an_old_tab_new(
    speaks: TestClient, dana: Provider
) -> None:
    old, new = (opened(speaks.get("/provider/hours")) for _ in range(2))
    speaks.post("/provider/hours", data={**new, "daily_limit": ["2"]})
    longer = opened(speaks.post("/provider/hours", data={**old, "add": "5"}))
    assert longer["version"] == old["version"]
    wrong = speaks.post("/provider/hours", data={**longer, "horizon_days": ["soon"]})
    page(wrong, 422)
    mended = {**markup(wrong.text).values, "horizon_days": ["30"]}
    page(speaks.post("/provider/hours", data=mended), 412)
    assert hours_of(dana).daily_limit == 2


@pytest.mark.parametrize("path", ["hours", "profile", "services"])
def test_pressing_save_twice_is_saving_once(speaks: TestClient, dana: Provider, path: str) -> None:
    change: dict[str, Any] = {
        "hours": {"daily_limit": ["3"]},
        "profile": {"headline": ["New words."]},
        "services": {"fee": ["99"]},
    }[path]
    url = f"/provider/{path}" + (f"/{service_of(dana).id}" if path == "services" else "")
    form = opened(speaks.get(url)) | change
    assert [speaks.post(url, data=form).status_code for _ in range(2)] == [303, 303]


def test_an_old_tab_of_the_profile_shows_both(speaks: TestClient, dana: Provider) -> None:
    old, new = (opened(speaks.get("/provider/profile")) for _ in range(2))
    new |= {"headline": ["From the new tab."], "languages": ["en", "es"]}
    assert speaks.post("/provider/profile", data=new).status_code == 303
    old |= {"approach": ["Line one\r\nline two"], "pronouns": ["she/her"]}
    answer = speaks.post("/provider/profile", data=old)
    words = page(answer, 412)
    assert "Two lines in your own voice From the new tab. Calm and practical." in words
    assert "Languages you work in English, Spanish English" in words
    assert "Letters" not in words.split("What you typed")[1].split("Save mine")[0]  # the same
    again = opened(answer)
    assert speaks.post("/provider/profile", data=again).status_code == 303
    with transaction() as session:
        row = session.get_one(Provider, dana.id)
        assert (row.pronouns, row.approach) == ("she/her", "Line one\nline two")
        assert row.headline == "Calm and practical."


def test_an_old_tab_of_a_service_shows_both(speaks: TestClient, dana: Provider) -> None:
    url = f"/provider/services/{service_of(dana).id}"
    old = opened(speaks.get(url)) | {"minutes": ["45"]}
    with transaction() as session:
        own = session.get_one(Provider, dana.id)
        form = ServiceForm("Renamed", "individual", 50, 17500, True, True)
        update(session, own, service_of(dana).id, form, clock.now())
    answer = speaks.post(url, data=old)
    words = page(answer, 412)
    assert "Length 50 minutes 45 minutes" in words
    assert "Fee $175 $150" in words
    assert service_of(dana).minutes == 50
    assert speaks.post(url, data=opened(answer)).status_code == 303
    assert (service_of(dana).minutes, service_of(dana).title) == (45, "Individual session")


# ------------------------------------------------------------------------ two tries


def test_a_repeated_move_and_cancel_are_answered_as_the_first_was(
    client: TestClient, session: Session, dana: Provider
) -> None:
    patient = make_patient(session)
    start = NOW
    booked = make_appointment(session, service_of(dana), patient, start.replace(day=25))
    headers = {**sign_in(None, session, patient), "Idempotency-Key": "one-press"}
    url = f"/api/v1/appointments/{booked.id}"
    move = {"starts_at": start.replace(day=26).isoformat()}
    moved = client.post(f"{url}/reschedule", json=move, headers=headers)
    again = client.post(f"{url}/reschedule", json=move, headers=headers)
    assert (moved.status_code, again.status_code) == (200, 200), moved.text
    assert again.json() == moved.json()
    other = {"starts_at": start.replace(day=27).isoformat()}
    refused = client.post(f"{url}/reschedule", json=other, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    gone = client.post(f"{url}/cancel", headers=headers)
    twice = client.post(f"{url}/cancel", headers=headers)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    assert (twice.status_code, twice.json()) == (200, gone.json())
    late = client.post(f"{url}/reschedule", json=move, headers=headers)
    assert late.json() == moved.json()  # what was answered, whatever came after
