"""A provider between two sessions: the week, each appointment, hours and services, as pages."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import Person
from booking.calendar.availability import load_availability, save_availability
from booking.models import Appointment, Patient
from booking.rules.availability import Availability
from core import clock
from core.database import transaction, uuid7
from directory.listings.listing import refresh_listing
from directory.models import Provider, Service
from directory.queries import services_of
from tests.factories import (
    NOW,
    agreed_on,
    make_appointment,
    make_patient,
    make_provider,
    sign_in,
)
from tests.markup import markup, page, said
from tests.reviews import save

pytestmark = pytest.mark.usefixtures("monday_at_ten")

TUESDAY_3PM = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
RULES = {
    "step_minutes": "30",
    "notice_hours": "4",
    "horizon_days": "60",
    "cancel_notice_hours": "24",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "10",
    "daily_limit": "",
}


@pytest.fixture
def robin(session: Session) -> Person:
    """A patient who has said who they are."""
    person = make_patient(session)
    session.add(
        Patient(
            person_id=person.id,
            name="Robin van Example",
            date_of_birth="1990-11-24",
            state="NY",
            time_zone="America/New_York",
            changed_at=NOW,
        )
    )
    session.commit()
    return person


@pytest.fixture
def booked(session: Session, dana: Provider, robin: Person) -> Appointment:
    return make_appointment(session, first_service(session, dana), robin, TUESDAY_3PM)


def first_service(session: Session, provider: Provider) -> Service:
    return services_of(session, provider.id)[0]


def status_of(appointment: Appointment) -> tuple[str, str | None]:
    with transaction() as session:
        row = session.get_one(Appointment, appointment.id)
        return row.status, row.reason


def availability_of(provider: Provider) -> Availability:
    with transaction() as session:
        return load_availability(session, provider.id)


# ------------------------------------------------------------------------- the week


def test_the_week_shows_what_is_booked_by_initials_only(
    speaks: TestClient, booked: Appointment
) -> None:
    answer = speaks.get("/provider")
    words = page(answer)
    assert "Nov 23–29" in words
    assert "3:00 pm R.E." in words
    assert "Robin" not in words
    assert f'href="/provider/appointments/{booked.id}"' in answer.text
    assert "week-item is-booked is-long r-28 s-3" in answer.text  # 3:00 pm, first hour 8 am
    assert "Next Tue, Nov 24, 3:00 pm R.E." in words
    assert 'rel="next"' in answer.text


def test_what_was_cancelled_takes_no_place_and_counts_where_it_was_late(
    speaks: TestClient, session: Session, dana: Provider, robin: Person
) -> None:
    make_appointment(session, first_service(session, dana), robin, TUESDAY_3PM, "cancelled")
    words = page(speaks.get("/provider"))
    assert "R.E." not in words
    assert "0 booked 39 h open 0 first visits 0 late cancels" in words  # Monday from ten on


def test_a_hold_shows_its_minutes_and_goes_when_they_are_over(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    service = first_service(session, dana)
    session.add(
        Appointment(
            provider_id=dana.id,
            service_id=service.id,
            starts_at=TUESDAY_3PM,
            ends_at=TUESDAY_3PM + timedelta(minutes=50),
            status="held",
            takes_time=True,
            meeting_id=uuid7(),
            expires_at=NOW + timedelta(minutes=7),
            visitor=b"v" * 32,
            created_at=NOW,
            **agreed_on(session, service, TUESDAY_3PM),
        )
    )
    session.commit()
    assert "3:00 pm Held 7 min left" in page(speaks.get("/provider"))
    with clock.at(NOW + timedelta(minutes=8)):
        assert "Held" not in page(speaks.get("/provider"))


def test_four_numbers_say_how_the_week_stands(
    speaks: TestClient, session: Session, dana: Provider, robin: Person
) -> None:
    service = first_service(session, dana)
    at = TUESDAY_3PM
    make_appointment(session, service, robin, at)  # their first
    make_appointment(session, service, robin, at + timedelta(days=1))
    late = make_appointment(session, service, robin, at + timedelta(days=2), "cancelled")
    excused = make_appointment(session, service, robin, at + timedelta(days=3), "cancelled")
    late.is_late = excused.is_late = excused.is_excused = True
    session.add_all([late, excused])
    session.commit()
    words = page(speaks.get("/provider"))
    assert "2 booked 37 h 20 min open 1 first visit 1 late cancel" in words
    assert words.count("First visit") == 1
    assert "0 booked" in page(speaks.get("/provider?week=2026-12-07"))


def test_no_box_says_what_is_free(speaks: TestClient) -> None:
    answer = speaks.get("/provider")
    assert "Free" not in page(answer)
    assert "is-slot" not in answer.text


def test_other_weeks_are_a_link_away(speaks: TestClient) -> None:
    answer = speaks.get("/provider?week=2026-12-03")
    assert "Nov 30 – Dec 6" in page(answer)
    assert 'href="/provider?week=2026-12-07"' in answer.text
    assert 'href="/provider"' in answer.text
    for nonsense in ("", "soon", "1066-10-14", "9999-12-31"):
        assert "Nov 23" in page(speaks.get("/provider", params={"week": nonsense}))


@pytest.mark.parametrize("day", ["2026-11-01", "2027-03-14"])
def test_a_week_in_which_the_clocks_change_is_drawn(speaks: TestClient, day: str) -> None:
    answer = speaks.get("/provider", params={"week": day})
    page(answer)
    assert answer.text.count("week-open r-4 s-32") == 5  # 9 to 5 on each working day


def test_the_week_is_in_the_providers_own_zone(
    client: TestClient, session: Session, robin: Person
) -> None:
    hana = make_provider(session, now=NOW, state="HI", email="hana@example.com")
    make_appointment(session, first_service(session, hana), robin, TUESDAY_3PM)
    sign_in(client, session, session.get_one(Person, hana.person_id))
    words = page(client.get("/provider"))
    assert "1:00 pm R.E." in words
    assert "Pacific/Honolulu" in words


def test_what_soon_needs_a_minute_stands_beside(
    client: TestClient, session: Session, robin: Person
) -> None:
    dana = make_provider(session, now=NOW, expires_on=NOW.date() + timedelta(days=30))
    dana.attested_at = NOW - timedelta(days=80)
    session.add(dana)
    refresh_listing(session, dana.id, NOW)
    past = NOW - timedelta(days=3)
    over = make_appointment(session, first_service(session, dana), robin, past)
    sign_in(client, session, session.get_one(Person, dana.person_id))
    answer = client.get("/provider")
    words = page(answer)
    assert "Confirm your listing by Thu, Dec 3" in words
    assert "State licence, WA expires December 23, 2026" in words
    assert "Did it take place? Fri, Nov 20" in words
    assert f"/provider/appointments/{over.id}" in markup(answer.text).hrefs


def test_someone_not_listed_yet_reads_what_is_left(client: TestClient, session: Session) -> None:
    dana = make_provider(session, now=NOW, verified=False, weekly=[], services=[])
    dana.meeting_url = dana.attested_at = None
    session.add(dana)
    session.commit()
    sign_in(client, session, session.get_one(Person, dana.person_id))
    answer = client.get("/provider")
    words = page(answer)
    assert "What is left before patients can find you" in words
    assert "State licence: waiting to be checked." in words
    assert words.count("Waiting for review") == 2
    links = markup(answer.text).hrefs
    for mend in ("services", "hours", "profile#meeting_url", "attest"):
        assert f"/provider/{mend}" in links
    assert "Next session" not in words
    assert "week-day" not in answer.text


def test_whoever_has_no_practice_is_led_to_apply(client: TestClient, session: Session) -> None:
    sign_in(client, session, make_patient(session))
    answer = client.get("/provider", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/provider/apply")


# -------------------------------------------------------------------- appointments


def test_an_appointment_says_who_where_and_what_became_of_it(
    speaks: TestClient, booked: Appointment
) -> None:
    words = page(speaks.get(f"/provider/appointments/{booked.id}"))
    assert "Tuesday, November 24, 3:00 pm PST" in words
    assert "Robin van Example" in words
    assert "Age 36" in words  # on the day, which is their birthday
    assert "Will be in Washington" in words
    assert "Individual session" in words
    assert "Your patient can join from 2:50 pm." in words
    assert "Booked for Tue, Nov 24, 3:00 pm, by your patient" in words
    assert "How did it go?" not in words


def test_a_cancellation_needs_a_reason_that_the_patient_reads(
    speaks: TestClient, booked: Appointment
) -> None:
    url = f"/provider/appointments/{booked.id}"
    refused = speaks.post(f"{url}/cancel", data={"reason": "  "})
    assert "Say why; your patient reads this." in page(refused, 422)
    long = "sorry " * 1000
    answer = speaks.post(f"{url}/cancel", data={"reason": long})
    page(answer, 422)
    assert markup(answer.text).values["reason"] == [long]
    assert status_of(booked) == ("booked", None)
    done = speaks.post(f"{url}/cancel", data={"reason": "I am ill, and sorry."})
    assert done.status_code == 303
    assert status_of(booked) == ("cancelled", "I am ill, and sorry.")
    words = page(speaks.get(url))
    assert "You told your patient: I am ill, and sorry." in words
    assert "Call off this session" not in words


def test_a_session_is_moved_to_one_of_the_times_that_are_free(
    speaks: TestClient, booked: Appointment
) -> None:
    url = f"/provider/appointments/{booked.id}"
    html = speaks.get(url).text
    assert "Move it" in said(html)
    assert '<option value="2026-11-24T23:00:00Z"' not in html  # where it is
    assert '<option value="2026-11-25T18:00:00Z"' in html
    for nonsense in ("", "soon"):
        assert "Choose a time to move it to." in page(
            speaks.post(f"{url}/move", data={"to": nonsense}), 422
        )
    refused = speaks.post(f"{url}/move", data={"to": "2026-11-25T03:00:00Z"})  # at night
    page(refused, refused.status_code)
    assert 400 <= refused.status_code < 500
    for _ in range(2):  # pressed twice
        moved = speaks.post(f"{url}/move", data={"to": "2026-11-25T18:00:00Z"})
        assert moved.status_code == 303
    words = page(speaks.get(url))
    assert "Wednesday, November 25, 10:00 am PST" in words
    assert words.count("Booked for Wed, Nov 25, 10:00 am, by you") == 1


def test_a_second_cancellation_is_told_what_happened_meanwhile(
    speaks: TestClient, booked: Appointment
) -> None:
    url = f"/provider/appointments/{booked.id}/cancel"
    speaks.post(url, data={"reason": "Ill."})
    words = page(speaks.post(url, data={"reason": "Ill again."}), 409)
    assert "Cancelled for Tue, Nov 24, 3:00 pm, by you" in words
    assert status_of(booked) == ("cancelled", "Ill.")


def test_an_outcome_is_said_only_after_the_start_and_can_be_put_right(
    speaks: TestClient, booked: Appointment
) -> None:
    url = f"/provider/appointments/{booked.id}"
    early = speaks.post(f"{url}/outcome", data={"outcome": "completed"})
    assert 400 <= early.status_code < 500
    page(early, early.status_code)
    assert status_of(booked)[0] == "booked"
    with clock.at(TUESDAY_3PM + timedelta(minutes=5)):
        words = page(speaks.get(url))
        assert "How did it go?" in words
        assert "Your patient can join now." in words
        page(speaks.post(f"{url}/outcome", data={"outcome": "adjourned"}), 422)
        assert speaks.post(f"{url}/outcome", data={"outcome": "no_show"}).status_code == 303
        assert status_of(booked)[0] == "no_show"
        assert "R.E. Not attended" in page(speaks.get("/provider"))
        assert speaks.post(f"{url}/outcome", data={"outcome": "completed"}).status_code == 303
    assert status_of(booked)[0] == "completed"


def test_without_a_link_to_the_room_the_page_says_where_to_add_it(
    speaks: TestClient, session: Session, dana: Provider, booked: Appointment
) -> None:
    dana.meeting_url = None
    session.add(dana)
    session.commit()
    answer = speaks.get(f"/provider/appointments/{booked.id}")
    assert "there is no link to your room" in page(answer)
    assert "/provider/profile#meeting_url" in markup(answer.text).hrefs


@pytest.mark.parametrize("path", ["", "/cancel", "/move", "/outcome"])
def test_another_providers_appointment_is_not_there(
    client: TestClient, session: Session, booked: Appointment, path: str
) -> None:
    other = make_provider(session, now=NOW, name=("Ola", "Other"))
    sign_in(client, session, session.get_one(Person, other.person_id))
    url = f"/provider/appointments/{booked.id}{path}"
    typed = {"reason": "Mine.", "outcome": "completed", "to": "2026-11-25T18:00:00Z"}
    answer = client.post(url, data=typed) if path else client.get(url)
    assert answer.status_code == 404
    assert status_of(booked) == ("booked", None)


# ------------------------------------------------------------------------ one day


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"day": "soon", "start": "09:00", "end": "10:00"}, "day", "Enter the day."),
        ({"start": "", "end": "10:00"}, "start", "Enter when it starts"),
        ({"start": "9", "end": "10"}, "end", "Enter when it ends"),
        ({"start": "", "end": ""}, "start", "Enter when it starts"),  # no hours are a whole day
        ({"start": "20:00", "end": "07:00"}, "end", "no later than 6:00 am"),
        ({"day": "2026-11-20", "start": "09:00", "end": "10:00"}, "day", "That time is over."),
    ],
)
def test_wrong_times_of_a_day_are_named_and_kept(
    speaks: TestClient, dana: Provider, typed: dict[str, str], field: str, says: str
) -> None:
    before = availability_of(dana)
    sent = {"day": "2026-11-24", "act": "add", **typed}
    answer = speaks.post("/provider/hours/day", data=sent)
    assert says in page(answer, 422)
    shown = markup(answer.text)
    assert f"#{field}" in shown.hrefs
    assert [shown.values[name][0] for name in ("day", "start", "end")] == [
        sent["day"],
        sent["start"],
        sent["end"],
    ]
    assert availability_of(dana) == before


def test_what_nobody_is_booked_in_is_changed_at_once(speaks: TestClient, dana: Provider) -> None:
    sent = {"day": "2026-11-24", "start": "10:00", "end": "11:00", "act": "block"}
    answer = speaks.post("/provider/hours/day", data=sent)
    assert answer.headers["location"] == "/provider?notice=time-blocked&week=2026-11-23"
    (off,) = availability_of(dana).time_off
    assert off.starts_at == datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert "Time off" in page(speaks.get("/provider"))
    added = speaks.post("/provider/hours/day", data={**sent, "act": "add"})
    assert added.headers["location"] == "/provider?notice=hours-added&week=2026-11-23"
    assert availability_of(dana).time_off == []


def test_a_booked_session_in_blocked_time_is_asked_about(
    speaks: TestClient, dana: Provider, booked: Appointment
) -> None:
    before = availability_of(dana)
    sent = {"day": "2026-11-24", "start": "14:00", "end": "16:00", "act": "block"}
    words = page(speaks.post("/provider/hours/day", data=sent))
    assert "1 booked session lies outside this. Nothing is saved yet." in words
    assert availability_of(dana) == before
    assert save(speaks, "/provider/hours/day", sent).status_code == 303
    assert len(availability_of(dana).time_off) == 1
    assert status_of(booked) == ("booked", None)


# --------------------------------------------------------------------------- hours


def typed(**changes: Any) -> dict[str, Any]:
    """The hours' form as filled in: Monday nine to five."""
    days = {f"{end}_{day}": [""] for day in range(7) for end in ("start", "end")}
    monday = {"start_0": ["09:00"], "end_0": ["17:00"]}
    return {"time_zone": "America/Chicago", **days, **monday, **RULES, **changes}


def test_hours_are_saved_and_shown_again(speaks: TestClient, dana: Provider) -> None:
    changes = typed(
        start_4=["09:00", "20:00"],
        end_4=["12:00", "01:00"],
        override_date=["2026-12-24", "2026-12-31", "2026-12-31"],
        override_start=["", "09:00", "13:00"],
        override_end=["", "10:00", "14:00"],
        off_from=["2027-01-04", "2027-02-01"],
        off_to=["2027-01-08", "2027-02-02"],
        off_start=["", "12:00"],
        off_end=["", "13:30"],
        notice_hours="1.5",
    )
    assert save(speaks, "/provider/hours", changes).status_code == 303
    saved = availability_of(dana)
    assert [str(one) for one in saved.weekly] == [
        "Monday 09:00–17:00",
        "Friday 09:00–12:00",
        "Friday 20:00–25:00",
    ]
    assert saved.overrides[0].ranges == []
    assert len(saved.overrides[1].ranges) == 2
    assert [(one.starts_at, one.ends_at) for one in saved.time_off] == [
        (datetime(2027, 1, 4, 6, tzinfo=UTC), datetime(2027, 1, 9, 6, tzinfo=UTC)),  # whole days
        (datetime(2027, 2, 1, 18, tzinfo=UTC), datetime(2027, 2, 2, 19, 30, tzinfo=UTC)),
    ]
    assert saved.notice_minutes == 90
    assert saved.daily_limit is None
    answer = speaks.get("/provider/hours")
    page(answer)
    values = markup(answer.text).values
    assert values["end_4"][:2] == ["12:00", "01:00"]
    assert values["override_date"] == ["2026-12-24", "2026-12-31", "2026-12-31", ""]
    assert values["off_from"] == ["2027-01-04", "2027-02-01", ""]
    assert values["off_to"] == ["2027-01-08", "2027-02-02", ""]
    assert values["off_start"] == ["", "12:00", ""]
    assert values["off_end"] == ["", "13:30", ""]
    assert values["notice_hours"] == ["1.5"]
    assert 'data-from="7" data-to="24"' in answer.text  # all that is typed is on the grid


def test_wrong_hours_are_all_named_and_nothing_typed_is_lost(
    speaks: TestClient, dana: Provider
) -> None:
    before = availability_of(dana)
    changes = typed(
        time_zone="Mars/Olympus",
        start_1=["09:00", "11:00"],
        end_1=["12:00", "14:00"],
        start_3=["09:00"],
        start_5=["09:00"],
        end_5=["08:00"],
        override_date=[""],
        override_start=["10:00"],
        override_end=["11:00"],
        off_from=["2027-01-09"],
        off_to=["2027-01-04"],
        step_minutes="1",
        notice_hours="soon",
    )
    answer = speaks.post("/provider/hours", data=changes)
    words = page(answer, 422)
    assert "Choose the time zone you work in." in words
    assert "Thursday: Enter both a start and an end, like 09:00." in words
    assert "can be no later than 6:00 am" in words
    assert "Enter the date of the exception." in words
    assert "Minutes from one start to the next: enter a number from 5 to 120." in words
    assert "Hours of notice: enter a number from 0 to 336." in words
    shown = markup(answer.text)
    assert shown.values["start_1"] == ["09:00", "11:00"]
    assert shown.values["override_start"][0] == "10:00"
    assert shown.values["off_from"][0] == "2027-01-09"
    assert shown.values["notice_hours"] == ["soon"]
    assert "#start_3" in shown.hrefs
    assert availability_of(dana) == before
    with_zone = {**changes, "time_zone": "America/Chicago", "start_3": [""], "start_5": [""]}
    again = speaks.post("/provider/hours", data={**with_zone, "end_5": [""]})
    words = page(again, 422)
    assert "Tuesday 09:00–12:00 and Tuesday 11:00–14:00 overlap." in words
    assert "Time off from Sat, Jan 9 must end later." in words
    assert "#start_1" in markup(again.text).hrefs


def test_one_more_row_keeps_what_is_typed_and_saves_nothing(
    speaks: TestClient, dana: Provider
) -> None:
    before = availability_of(dana)
    first = speaks.get("/provider/hours")
    assert len(markup(first.text).values["start_6"]) == 2
    changes = typed(start_6=["08:00", ""], end_6=["", ""])
    for add, field, rows in (("6", "start_6", 3), ("overrides", "override_date", 2),
                             ("time_off", "off_from", 2), ("all", "start_6", 2)):  # fmt: skip
        answer = speaks.post("/provider/hours", data={**changes, "add": add})
        page(answer)
        values = markup(answer.text).values
        assert len(values[field]) == rows
        assert values["start_6"][0] == "08:00"
    assert availability_of(dana) == before


def test_a_day_is_copied_to_others_and_nothing_is_saved_yet(
    speaks: TestClient, dana: Provider
) -> None:
    before = availability_of(dana)
    changes = typed(start_0=["09:00", "13:00"], end_0=["12:00", "17:00"], start_6=["10:00"])
    copied = {**changes, "copy": "yes", "copy_from": "0", "copy_to": ["1", "6"]}
    answer = speaks.post("/provider/hours", data=copied)
    assert "Not saved yet" in page(answer)
    values = markup(answer.text).values
    for day in (0, 1, 6):
        assert (values[f"start_{day}"], values[f"end_{day}"]) == (
            ["09:00", "13:00"],
            ["12:00", "17:00"],
        )
    assert values["start_2"] == ["", ""]
    assert availability_of(dana) == before
    nonsense = {**changes, "copy": "yes", "copy_from": "9", "copy_to": ["0"]}
    values = markup(speaks.post("/provider/hours", data=nonsense).text).values
    assert values["start_0"] == ["09:00", "13:00"]


@pytest.mark.parametrize(
    ("row", "starts", "ends"),
    [
        (("2027-01-04", "", "", ""), (4, 6, 0), (5, 6, 0)),  # one day, wholly
        (("2027-01-04", "2027-01-04", "10:00", "11:30"), (4, 16, 0), (4, 17, 30)),
        (("2027-01-04", "2027-01-05", "10:00", ""), (4, 16, 0), (6, 6, 0)),  # to the day's end
        (("2027-01-04", "2027-01-05", "", "10:00"), (4, 6, 0), (5, 16, 0)),
    ],
)
def test_time_off_goes_from_day_to_day_with_times_where_they_are_said(
    speaks: TestClient,
    dana: Provider,
    row: tuple[str, str, str, str],
    starts: tuple[int, int, int],
    ends: tuple[int, int, int],
) -> None:
    names = ("off_from", "off_to", "off_start", "off_end")
    off = {name: [value] for name, value in zip(names, row, strict=True)}
    assert save(speaks, "/provider/hours", typed(**off)).status_code == 303
    (saved,) = availability_of(dana).time_off
    assert saved.starts_at == datetime(2027, 1, *starts, tzinfo=UTC)
    assert saved.ends_at == datetime(2027, 1, *ends, tzinfo=UTC)


@pytest.mark.parametrize(
    ("off", "says"),
    [
        ({"off_to": ["2027-01-04"]}, "Enter the first and the last day"),
        ({"off_from": ["soon"]}, "Enter the first and the last day"),
        ({"off_from": ["2027-01-04"], "off_start": ["9"]}, "Enter times like 09:00, or none"),
    ],
)
def test_wrong_time_off_is_named_and_kept(
    speaks: TestClient, off: dict[str, list[str]], says: str
) -> None:
    answer = speaks.post("/provider/hours", data=typed(**off))
    assert says in page(answer, 422)
    name, value = next(iter(off.items()))
    assert markup(answer.text).values[name][0] == value[0]


def test_a_row_is_removed_with_one_press(speaks: TestClient, dana: Provider) -> None:
    changes = typed(
        override_date=["", "2026-12-24", "2026-12-31"],
        override_start=["", "", ""],
        override_end=["", "", ""],
        off_from=["2027-01-04"],
        off_to=["2027-01-08"],
    )
    save(speaks, "/provider/hours", {**changes, "remove": "overrides-1"})
    saved = availability_of(dana)
    assert [one.date for one in saved.overrides] == [date(2026, 12, 31)]
    assert len(saved.time_off) == 1
    save(speaks, "/provider/hours", {**changes, "remove": "time_off-0"})
    saved = availability_of(dana)
    assert (len(saved.overrides), len(saved.time_off)) == (2, 0)


def test_enter_saves_for_the_first_button_of_the_form_is_save(speaks: TestClient) -> None:
    html = speaks.get("/provider/hours").text
    form = html[html.index('action="/provider/hours"') :]
    assert form[form.index("<button") :].split(">")[1].startswith("Save the hours")


def test_hours_kept_elsewhere_to_the_minute_can_be_saved_here_unchanged(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    """100 minutes are no round number of hours."""
    kept = availability_of(dana).model_copy(
        update={"notice_minutes": 100, "cancel_notice_minutes": 20159}
    )
    save_availability(session, dana.id, kept, NOW)
    session.commit()
    values = markup(speaks.get("/provider/hours").text).values
    hours = {name: values[name] for name in ("notice_hours", "cancel_notice_hours")}
    assert save(speaks, "/provider/hours", typed(**hours)).status_code == 303
    saved = availability_of(dana)
    assert (saved.notice_minutes, saved.cancel_notice_minutes) == (100, 20159)


@pytest.mark.parametrize("clock_text", ["\u00b2\u00b2:00", "0\u0669:00", "24:00", "9", "nine"])
def test_what_is_no_time_is_refused_and_kept(
    speaks: TestClient, dana: Provider, clock_text: str
) -> None:
    before = availability_of(dana)
    answer = speaks.post("/provider/hours", data=typed(start_2=[clock_text], end_2=["20:00"]))
    assert "Wednesday: Enter both a start and an end" in page(answer, 422)
    assert markup(answer.text).values["start_2"][0] == clock_text
    assert availability_of(dana) == before


# ------------------------------------------------------------------------ services


def offer(**changes: str) -> dict[str, str]:
    new = {"kind": "couples", "title": "Two of you", "minutes": "80", "fee": "$1,250.50"}
    return {**new, "for_new": "yes", **changes}


def test_a_service_is_added_changed_and_retired(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    assert speaks.post("/provider/services", data=offer()).status_code == 303
    words = page(speaks.get("/provider/services"))
    assert "Two of you" in words
    assert "1 hour 20 minutes" in words
    assert "$1,250.50" in words
    assert "New patients" in words
    made = services_of(session, dana.id)[1]
    url = f"/provider/services/{made.id}"
    assert markup(speaks.get(url).text).values["fee"] == ["1250.5"]
    assert speaks.post(url, data=offer(title="Couples", fee="0")).status_code == 303
    assert "Couples 1 hour 20 minutes Free" in page(speaks.get("/provider/services"))
    assert save(speaks, url, {"retire": "yes"}).status_code == 303
    assert "Couples" not in page(speaks.get("/provider/services")).split("Add a service")[0]
    assert speaks.get(url).status_code == 404


@pytest.mark.parametrize(("fee", "cents"), [("19.99", 1999), ("1.10", 110), ("$1,017.35", 101735)])
def test_a_fee_counts_to_the_cent(
    speaks: TestClient, session: Session, dana: Provider, fee: str, cents: int
) -> None:
    assert speaks.post("/provider/services", data=offer(fee=fee)).status_code == 303
    assert services_of(session, dana.id)[1].fee_cents == cents


@pytest.mark.parametrize("fee", ["19.995", "nan", "inf", "-5", "1e99"])
def test_what_is_no_fee_is_refused(
    speaks: TestClient, session: Session, dana: Provider, fee: str
) -> None:
    answer = speaks.post("/provider/services", data=offer(fee=fee))
    page(answer, 422)
    assert "#fee" in markup(answer.text).hrefs
    assert len(services_of(session, dana.id)) == 1


def test_what_the_profession_may_not_offer_is_refused_with_the_reason(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    words = page(speaks.get("/provider/services"))
    assert "What your profession cannot offer here, and why" in words
    assert "Medication management needs a prescriber" in words
    answer = speaks.post("/provider/services", data=offer(kind="medication_management"))
    assert "Medication management needs a prescriber" in page(answer, 422)
    assert markup(answer.text).values["title"] == ["Two of you"]
    assert len(services_of(session, dana.id)) == 1


def test_a_wrong_service_keeps_what_was_typed(speaks: TestClient) -> None:
    answer = speaks.post("/provider/services", data=offer(minutes="long", fee="much"))
    words = page(answer, 422)
    assert "Enter how many minutes it lasts." in words
    assert "Enter the fee in dollars" in words
    values = markup(answer.text).values
    assert (values["minutes"], values["fee"]) == (["long"], ["much"])
    assert values["kind"] == ["couples"]
    dear = speaks.post("/provider/services", data=offer(fee="140000"))
    page(dear, 422)
    assert "#fee" in markup(dear.text).hrefs


def test_an_empty_service_says_all_that_is_missing_in_the_forms_order(speaks: TestClient) -> None:
    answer = speaks.post("/provider/services", data={})
    words = page(answer, 422)
    said_of = [
        "Choose the kind of session.",
        "Give it a title, at most 80 characters.",
        "Enter how many minutes it lasts.",
        "Enter the fee in dollars, like 150; 0 if it is free.",
        "Say who may book it: new patients, returning ones, or both.",
    ]
    places = [words.index(one) for one in said_of]
    assert places == sorted(places)


def test_another_providers_service_is_not_there(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    other = make_provider(session, now=NOW, name=("Ola", "Other"))
    theirs = first_service(session, other)
    for url in (f"/provider/services/{theirs.id}",):
        assert speaks.get(url).status_code == 404
        assert speaks.post(url, data=offer()).status_code == 404
        assert speaks.post(url, data={"retire": "yes"}).status_code == 404
    with transaction() as fresh:
        row = fresh.exec(select(Service).where(col(Service.id) == theirs.id)).one()
        assert (row.title, row.retired_at) == (theirs.title, None)


@pytest.mark.parametrize("path", ["hours", "services", "profile", "attest"])
def test_the_practice_is_for_providers(client: TestClient, session: Session, path: str) -> None:
    sign_in(client, session, make_patient(session))
    assert client.get(f"/provider/{path}").status_code in (403, 404)
