"""A provider's own change: what it does is shown before it is saved, and nothing is dropped or kept
silently."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.free_times import free_starts
from booking.models import Appointment
from core.times import write_instant
from directory.models import Provider, Service
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider, sign_in
from tests.markup import markup, page
from tests.reviews import save

DAY = timedelta(days=1)
START = datetime(2026, 11, 24, 23, tzinfo=UTC)
"""Tuesday, 3:00 pm in Washington."""
URL = "/api/v1/me/availability"

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def service(session: Session, dana: Provider) -> Service:
    return services_of(session, dana.id)[0]


@pytest.fixture
def booked(session: Session, service: Service) -> list[Appointment]:
    """Two sessions, on Tuesday and Wednesday afternoon."""
    return [
        make_appointment(session, service, make_patient(session), START + n * DAY) for n in (0, 1)
    ]


def document(session: Session, dana: Provider, **changes: Any) -> dict[str, Any]:
    return {**load_availability(session, dana.id).model_dump(mode="json"), **changes}


def off(days: int) -> list[dict[str, str]]:
    """Time off from Tuesday noon on."""
    first = START - timedelta(hours=3)
    return [{"starts_at": write_instant(first), "ends_at": write_instant(first + days * DAY)}]


def standing(session: Session, booked: list[Appointment]) -> list[str]:
    session.expire_all()
    return [session.get_one(Appointment, one.id).status for one in booked]


def test_the_preview_says_what_appears_vanishes_and_lies_outside(
    client: TestClient,
    session: Session,
    dana: Provider,
    service: Service,
    booked: list[Appointment],
) -> None:
    headers = sign_in(None, session, session.get_one(Person, dana.person_id))
    before = free_starts(session, service, NOW, NOW + 62 * DAY, NOW)
    saturday = {"weekday": 5, "start": "10:00", "end": "12:00"}
    changed = document(session, dana, time_off=off(1))
    changed["weekly"] = [*changed["weekly"], saturday]
    answer = client.post(f"{URL}/preview", json=changed, headers=headers)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert load_availability(session, dana.id).time_off == []  # nothing is saved
    (outside,) = found["outside"]
    assert (outside["appointment_id"], outside["reason"]) == (str(booked[0].id), "time_off")
    assert outside["is_new"] is True
    # and it is just what saving does
    put = client.put(URL, json=changed, headers=headers)
    assert put.status_code == 200, put.text
    session.rollback()
    after = free_starts(session, service, NOW, NOW + 62 * DAY, NOW)
    assert {one["starts_at"] for one in found["appear"]} == {
        write_instant(at) for at in set(after) - set(before)
    }
    assert {one["starts_at"] for one in found["vanish"]} == {
        write_instant(at) for at in set(before) - set(after)
    }
    assert found["appear"]
    assert found["vanish"]
    again = client.post(f"{URL}/preview", json=changed, headers=headers).json()
    assert (again["appear"], again["vanish"]) == ([], [])
    assert [one["is_new"] for one in again["outside"]] == [False]
    assert standing(session, booked) == ["booked", "booked"]


def test_time_off_over_two_sessions_asks_what_becomes_of_each(
    speaks: TestClient, session: Session, dana: Provider, booked: list[Appointment]
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {
        "off_from": ["2026-11-24"],
        "off_start": ["12:00"],
        "off_to": ["2026-11-27"],
        "off_end": ["12:00"],
    }
    review = speaks.post("/provider/hours", data=form)
    words = page(review)
    assert "2 booked sessions lie outside this. Nothing is saved yet." in words
    assert "can no longer be booked" in words
    assert load_availability(session, dana.id).time_off == []
    first, second = (str(one.id) for one in booked)
    chosen = markup(review.text).values
    chosen |= {f"act_{first}": ["call_off"], f"act_{second}": ["move"]}
    wrong = speaks.post("/provider/hours", data=chosen)
    words = page(wrong, 422)
    assert "Say why; your patient reads this." in words
    assert "Choose a time to move it to." in words
    assert load_availability(session, dana.id).time_off == []
    assert standing(session, booked) == ["booked", "booked"]
    chosen = markup(wrong.text).values
    assert chosen[f"act_{first}"] == ["call_off"]  # what was chosen is kept
    to = "2026-11-30T17:00:00Z"
    assert f'value="{to}"' in wrong.text
    chosen |= {f"reason_{first}": ["I am ill. I am sorry."], f"to_{second}": [to]}
    assert speaks.post("/provider/hours", data=chosen).status_code == 303
    session.rollback()
    assert len(load_availability(session, dana.id).time_off) == 1
    assert standing(session, booked) == ["cancelled", "booked"]
    moved = session.get_one(Appointment, booked[1].id)
    assert (moved.starts_at, moved.is_excused) == (datetime.fromisoformat(to), True)


def test_forty_patients_and_one_press(
    speaks: TestClient, session: Session, dana: Provider, booked: list[Appointment]
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {
        "off_from": ["2026-11-24"],
        "off_start": ["12:00"],
        "off_to": ["2026-11-27"],
        "off_end": ["12:00"],
    }
    chosen = markup(speaks.post("/provider/hours", data=form).text).values
    chosen |= {"act_all": ["call_off"], "reason_all": ["I am ill."]}
    assert speaks.post("/provider/hours", data=chosen).status_code == 303
    assert standing(session, booked) == ["cancelled", "cancelled"]


def test_an_own_choice_stands_before_that_for_all_and_none_is_made_for_anybody(
    speaks: TestClient, session: Session, dana: Provider, booked: list[Appointment]
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {
        "off_from": ["2026-11-24"],
        "off_start": ["12:00"],
        "off_to": ["2026-11-27"],
        "off_end": ["12:00"],
    }
    chosen = markup(speaks.post("/provider/hours", data=form).text).values
    untouched = speaks.post("/provider/hours", data=chosen)
    assert "Choose what becomes of this session." in page(untouched, 422)
    chosen |= {"act_all": ["call_off"], "reason_all": ["I am ill."]}
    chosen |= {f"act_{booked[1].id}": ["keep"]}
    assert speaks.post("/provider/hours", data=chosen).status_code == 303
    assert standing(session, booked) == ["cancelled", "booked"]


def test_what_is_kept_outside_is_said_on_every_page_of_the_practice(
    speaks: TestClient, session: Session, dana: Provider, booked: list[Appointment]
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {
        "off_from": ["2026-11-24"],
        "off_start": ["12:00"],
        "off_to": ["2026-11-25"],
        "off_end": ["12:00"],
    }
    assert save(speaks, "/provider/hours", form).status_code == 303
    assert standing(session, booked) == ["booked", "booked"]
    assert "Outside your hours: Tue, Nov 24, 3:00 pm" in page(speaks.get("/provider"))
    words = page(speaks.get(f"/provider/appointments/{booked[0].id}"))
    assert "lies outside your hours" in words


def test_somebody_who_books_while_it_is_read_is_shown_too(
    speaks: TestClient, session: Session, service: Service, booked: list[Appointment]
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {
        "off_from": ["2026-11-24"],
        "off_start": ["12:00"],
        "off_to": ["2026-11-27"],
        "off_end": ["12:00"],
    }
    seen = markup(speaks.post("/provider/hours", data=form).text).values
    third = make_appointment(session, service, make_patient(session), START + timedelta(hours=1))
    answer = speaks.post("/provider/hours", data=seen)
    assert "3 booked sessions lie outside this." in page(answer)
    assert standing(session, [*booked, third]) == ["booked"] * 3


def test_a_change_that_moves_nothing_is_saved_at_once(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {"late_fee": ["75"], "moves_late": ["yes"], "cancel_notice_hours": ["48"]}
    assert speaks.post("/provider/hours", data=form).status_code == 303
    session.rollback()
    saved = load_availability(session, dana.id)
    assert (saved.late_fee_cents, saved.moves_late) == (7500, True)
    again = markup(speaks.get("/provider/hours").text).values
    assert (again["late_fee"], again["moves_late"]) == (["75"], ["yes"])
    again.pop("moves_late")
    assert speaks.post("/provider/hours", data=again).status_code == 303
    session.rollback()
    assert load_availability(session, dana.id).moves_late is False


def test_retiring_a_service_asks_about_its_sessions_and_a_new_length_does_not(
    speaks: TestClient, session: Session, service: Service, booked: list[Appointment]
) -> None:
    url = f"/provider/services/{service.id}"
    form = markup(speaks.get(url).text).values
    words = page(speaks.post(url, data={**form, "minutes": ["90"]}))
    assert "No booked session is touched. Nothing is saved yet." in words
    assert save(speaks, url, {**form, "minutes": ["90"]}).status_code == 303
    session.expire_all()
    assert [session.get_one(Appointment, one.id).ends_at - one.starts_at for one in booked] == [
        timedelta(minutes=50)
    ] * 2
    review = speaks.post(url, data={"retire": "yes"})
    assert "2 booked sessions lie outside this." in page(review)
    chosen = markup(review.text).values | {"act_all": ["keep"]}
    assert speaks.post(url, data=chosen).status_code == 303
    assert standing(session, booked) == ["booked", "booked"]


def test_a_closed_day_into_which_the_night_before_runs_says_so(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    late = [{"weekday": 4, "start": "22:00", "end": "26:00"}]
    hours = load_availability(session, dana.id).model_copy(update={})
    changed = type(hours).model_validate({**hours.model_dump(mode="json"), "weekly": late})
    save_availability(session, dana.id, changed, NOW)
    session.commit()
    form = markup(speaks.get("/provider/hours").text).values
    form |= {"override_date": ["2026-11-28"], "override_start": [""], "override_end": [""]}
    words = page(speaks.post("/provider/hours", data=form))
    assert "Saturday, November 28 is closed, but Friday’s hours run past midnight into it." in words
    assert "12:00 am, 12:30 am and 1:00 am can still be booked." in words


@pytest.mark.parametrize(
    ("start", "end", "ranges"),
    [("00:00", "00:00", 0), ("", "", 0), ("09:00", "12:00", 1), ("12:00", "00:00", 1)],
)
def test_an_exception_from_midnight_to_midnight_is_closed(
    speaks: TestClient, session: Session, dana: Provider, start: str, end: str, ranges: int
) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {"override_date": ["2026-12-01"], "override_start": [start], "override_end": [end]}
    assert save(speaks, "/provider/hours", form).status_code == 303
    session.rollback()
    (saved,) = load_availability(session, dana.id).overrides
    assert len(saved.ranges) == ranges


def test_a_whole_day_kept_elsewhere_stays_open_when_it_is_saved_here(
    speaks: TestClient, session: Session
) -> None:
    provider = make_provider(
        session, now=NOW, weekly=[{"weekday": 0, "start": "00:00", "end": "24:00"}]
    )
    sign_in(speaks, session, session.get_one(Person, provider.person_id))
    form = markup(speaks.get("/provider/hours").text).values
    assert save(speaks, "/provider/hours", form).status_code == 303
    session.rollback()
    saved = load_availability(session, provider.id)
    assert saved.spans(datetime(2026, 11, 30).date())[0][:2] == (0, 24 * 60)  # noqa: DTZ001
