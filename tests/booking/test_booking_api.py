"""Booking over JSON, as a client sees it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import Person
from booking.calendar.free_times import free_starts
from booking.models import Appointment, AppointmentEvent
from core import clock
from directory.models import Provider, Service
from directory.queries import credentials_of, services_of
from tests.factories import make_appointment, make_patient, make_provider, sign_in

DAY = timedelta(days=1)
DETAILS = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}


@pytest.fixture
def provider(session: Session) -> Provider:
    return make_provider(session, now=clock.now())


def first_service(session: Session, provider: Provider) -> Service:
    return session.exec(select(Service).where(col(Service.provider_id) == provider.id)).one()


def free(session: Session, provider: Provider, days: int = 14) -> list[datetime]:
    """The free starts of whole days from three days on: no start goes by during a test."""
    now = clock.now()
    session.rollback()
    zone = ZoneInfo("America/Los_Angeles")
    midnight = datetime.combine((now + 3 * DAY).astimezone(zone).date(), time(), zone)
    service = first_service(session, provider)
    return free_starts(session, service, midnight, midnight + days * DAY, now)


def hold(
    client: TestClient, service: Service, start: datetime, headers: dict[str, str] | None = None
) -> Any:
    body = {"service_id": str(service.id), "starts_at": start.isoformat()}
    return client.post("/api/v1/holds", json=body, headers=headers or {})


def confirm(client: TestClient, hold_id: str, headers: dict[str, str], **details: str) -> Any:
    body = {**DETAILS, **details}
    return client.post(f"/api/v1/holds/{hold_id}/confirm", json=body, headers=headers)


def test_a_listed_slot_is_held_confirmed_and_gone(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service = first_service(session, provider)
    patient = sign_in(None, session, make_patient(session))
    listed = client.get(f"/api/v1/providers/{provider.id}/slots?service={service.id}").json()
    assert listed["time_zone"] == "America/Los_Angeles"
    start = listed["slots"][3]["starts_at"]
    held = client.post(
        "/api/v1/holds", json={"service_id": str(service.id), "starts_at": start}, headers=patient
    )
    assert held.status_code == 201, held.text
    assert held.json()["can_extend"] is True
    booked = confirm(client, held.json()["id"], patient)
    assert booked.status_code == 201, booked.text
    assert booked.json()["status"] == "booked"
    assert booked.json()["starts_at"] == start
    again = client.get(f"/api/v1/providers/{provider.id}/slots?service={service.id}").json()
    assert start not in [slot["starts_at"] for slot in again["slots"]]
    mine = client.get("/api/v1/appointments", headers=patient).json()["items"]
    assert [(one["id"], one["role"]) for one in mine] == [(booked.json()["id"], "patient")]


def test_a_visitor_holds_one_slot_at_a_time(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    first = hold(client, service, starts[0]).json()
    assert starts[0] not in free(session, provider)
    second = hold(client, service, starts[5])
    assert second.status_code == 201
    assert starts[0] in free(session, provider)
    assert client.get(f"/api/v1/holds/{first['id']}").status_code == 410
    assert client.get(f"/api/v1/holds/{second.json()['id']}").status_code == 200


def test_a_hold_is_nobody_elses(client: TestClient, session: Session, provider: Provider) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    held = hold(client, service, starts[0]).json()
    client.cookies.clear()
    stranger = sign_in(None, session, make_patient(session))
    for answer in (
        client.get(f"/api/v1/holds/{held['id']}", headers=stranger),
        client.post(f"/api/v1/holds/{held['id']}/extend", headers=stranger),
        client.delete(f"/api/v1/holds/{held['id']}", headers=stranger),
        confirm(client, held["id"], stranger),
    ):
        assert answer.status_code == 404, answer.text
    assert starts[0] not in free(session, provider)


def test_a_visitor_who_signs_in_keeps_their_hold(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    held = hold(client, service, starts[0]).json()
    person = make_patient(session)
    assert confirm(client, held["id"], sign_in(client, session, person)).status_code == 201


def test_a_hold_is_extended_once_and_then_runs_out(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    held = hold(client, service, starts[0]).json()
    now = clock.now()
    with clock.at(now + timedelta(minutes=9)):
        longer = client.post(f"/api/v1/holds/{held['id']}/extend")
        assert longer.status_code == 200
        assert longer.json()["can_extend"] is False
        assert longer.json()["expires_at"] > held["expires_at"]
        twice = client.post(f"/api/v1/holds/{held['id']}/extend")
        assert (twice.status_code, twice.json()["code"]) == (409, "already_extended")
    with clock.at(now + timedelta(minutes=20)):
        assert client.get(f"/api/v1/holds/{held['id']}").status_code == 410
        patient = sign_in(client, session, make_patient(session))
        late = confirm(client, held["id"], patient)
        assert (late.status_code, late.json()["code"]) == (410, "hold_over")
        # whoever wants the time next need not wait for the sweep
        assert hold(client, service, starts[0], patient).status_code == 201


def test_a_hold_given_back_frees_the_time(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    held = hold(client, service, starts[0]).json()
    assert client.delete(f"/api/v1/holds/{held['id']}").status_code == 204
    assert client.delete(f"/api/v1/holds/{held['id']}").status_code == 204
    assert free(session, provider) == starts


def test_a_taken_time_names_alternatives(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    hold(client, service, starts[4])
    client.cookies.clear()
    refused = hold(client, service, starts[4])
    problem = refused.json()
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["reason"]) == ("slot_taken", "taken")
    assert len(problem["alternatives"]) == 3
    nearest = datetime.fromisoformat(problem["alternatives"][0]["starts_at"])
    assert hold(client, service, nearest).status_code == 201


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2020-01-01T00:00:00Z", "too_soon"),  # gone by
        ("2199-12-31T23:59:59Z", "too_far"),
        ("9999-12-31T23:59:59Z", "too_far"),  # past what dates can be added to
        ("0001-01-01T00:00:00Z", "too_soon"),
    ],
)
def test_a_start_beyond_the_calendar_is_refused(
    client: TestClient, session: Session, provider: Provider, start: str, reason: str
) -> None:
    service = first_service(session, provider)
    body = {"service_id": str(service.id), "starts_at": start}
    answer = client.post("/api/v1/holds", json=body)
    assert answer.status_code == 409, answer.text
    assert answer.json()["reason"] == reason


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"state": "OR"}, 422, "licence_no_authority"),
        ({"state": "ZZ"}, 422, "invalid"),
        ({"date_of_birth": "2015-01-01"}, 422, "invalid"),
        ({"date_of_birth": "2999-01-01"}, 422, "invalid"),
        ({"name": "   "}, 422, "invalid"),
        ({"time_zone": "Mars/Base"}, 422, "invalid"),
    ],
)
def test_confirming_asks_who_and_where(
    client: TestClient,
    session: Session,
    provider: Provider,
    change: dict[str, str],
    status: int,
    code: str,
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    patient = sign_in(client, session, make_patient(session))
    held = hold(client, service, starts[0]).json()
    answer = confirm(client, held["id"], patient, **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert confirm(client, held["id"], patient).status_code == 201


def test_a_licence_must_reach_the_day_of_the_session(client: TestClient, session: Session) -> None:
    now = clock.now()
    provider = make_provider(session, now=now, expires_on=(now + timedelta(days=5)).date())
    service, starts = first_service(session, provider), free(session, provider, 20)
    patient = sign_in(client, session, make_patient(session))
    assert starts[-1] < now + timedelta(days=7)  # what no state allows is not listed
    beyond = hold(client, service, starts[-1] + timedelta(days=7), patient)
    assert (beyond.status_code, beyond.json()["reason"]) == (409, "no_ground")
    assert beyond.json()["alternatives"]
    held = hold(client, service, starts[-1], patient).json()
    for one in credentials_of(session, provider.id):  # the register says otherwise meanwhile
        one.expires_on = now.date() if one.kind == "state_license" else one.expires_on
        session.add(one)
    session.commit()
    answer = confirm(client, held["id"], patient)
    assert (answer.status_code, answer.json()["code"]) == (422, "licence_expired")


def test_a_patient_is_in_one_place_at_a_time(client: TestClient, session: Session) -> None:
    now = clock.now()
    one, other = make_provider(session, now=now), make_provider(session, now=now)
    start = free(session, one)[0]
    patient = sign_in(client, session, make_patient(session))
    first = hold(client, first_service(session, one), start).json()
    assert confirm(client, first["id"], patient).status_code == 201
    answer = hold(client, first_service(session, other), start)  # heard at once
    assert (answer.status_code, answer.json()["code"]) == (409, "patient_busy")
    client.cookies.clear()
    second = hold(client, first_service(session, other), start).json()  # before signing in
    answer = confirm(client, second["id"], patient)
    assert (answer.status_code, answer.json()["code"]) == (409, "patient_busy")


def test_a_session_moves_in_place_and_the_old_time_is_free(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    patient = sign_in(client, session, make_patient(session))
    held = hold(client, service, starts[0]).json()
    booked = confirm(client, held["id"], patient).json()
    # half an hour later overlaps its own old time, which does not count
    move = client.post(
        f"/api/v1/appointments/{booked['id']}/reschedule",
        json={"starts_at": (starts[0] + timedelta(minutes=30)).isoformat()},
    )
    assert move.status_code == 200, move.text
    assert move.json()["version"] == 1
    taken = hold(client, service, starts[0] + timedelta(minutes=30))
    assert taken.status_code == 409
    history = session.exec(
        select(AppointmentEvent.status, AppointmentEvent.actor_kind).order_by(
            col(AppointmentEvent.id)
        )
    ).all()
    assert [tuple(one) for one in history] == [
        ("held", "patient"),
        ("booked", "patient"),
        ("booked", "patient"),
    ]


def test_moving_to_a_taken_time_changes_nothing(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    someone = sign_in(None, session, make_patient(session))
    assert hold(client, service, starts[4], someone).status_code == 201
    patient = sign_in(None, session, make_patient(session))
    held = hold(client, service, starts[0], patient).json()
    booked = confirm(client, held["id"], patient).json()
    url = f"/api/v1/appointments/{booked['id']}"
    body = {"starts_at": starts[4].isoformat()}
    moved = client.post(f"{url}/reschedule", json=body, headers=patient)
    assert (moved.status_code, moved.json()["code"]) == (409, "slot_taken")
    assert moved.json()["alternatives"]
    assert client.get(url, headers=patient).json() == booked


def test_the_notice_binds_the_patients_moves_and_not_the_provider(
    client: TestClient, session: Session
) -> None:
    provider = make_provider(session, now=clock.now(), cancel_notice_minutes=7 * 24 * 60)
    service, starts = first_service(session, provider), free(session, provider)
    patient = sign_in(None, session, make_patient(session))
    held = hold(client, service, starts[0], patient).json()
    booked = confirm(client, held["id"], patient).json()
    url = f"/api/v1/appointments/{booked['id']}/cancel"
    with clock.at(clock.now() + timedelta(minutes=61)):
        late = client.post(
            f"/api/v1/appointments/{booked['id']}/reschedule",
            headers=patient,
            json={"starts_at": starts[4].isoformat()},
        )
        assert (late.status_code, late.json()["code"]) == (409, "too_late")
    person = session.get_one(Person, provider.person_id)
    headers = sign_in(None, session, person)
    assert client.post(url, headers=headers).status_code == 422  # says no reason
    off = client.post(url, headers=headers, json={"reason": "The office is flooded."})
    assert (off.status_code, off.json()["status"]) == (200, "cancelled")
    seen = client.get(f"/api/v1/appointments/{booked['id']}", headers=patient).json()
    assert seen["reason"] == "The office is flooded."
    again = client.post(url, headers=headers, json={"reason": "Again."})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_status")
    assert free(session, provider) == starts


def test_only_the_provider_closes_a_session_and_only_once_it_began(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    patient = sign_in(None, session, make_patient(session))
    held = hold(client, service, starts[0], patient).json()
    booked = confirm(client, held["id"], patient).json()
    url = f"/api/v1/appointments/{booked['id']}"
    person = session.get_one(Person, provider.person_id)
    headers = sign_in(None, session, person)
    assert client.post(f"{url}/complete", headers=patient).status_code == 403
    assert client.post(f"{url}/complete", headers=headers).json()["code"] == "too_late"
    with clock.at(starts[0] + timedelta(hours=1)):
        done = client.post(f"{url}/complete", headers=headers)
        assert (done.status_code, done.json()["status"]) == (200, "completed")
        mistaken = client.post(f"{url}/no-show", headers=headers)
        assert (mistaken.status_code, mistaken.json()["status"]) == (200, "no_show")


def test_the_same_key_gives_the_same_answer(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    body = {"service_id": str(service.id), "starts_at": starts[0].isoformat()}
    key = {"Idempotency-Key": "a-key-of-the-client"}
    hold(client, service, starts[1])  # which brings the visitor's cookie
    one = client.post("/api/v1/holds", json=body, headers=key)
    other = client.post("/api/v1/holds", json=body, headers=key)
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json() == other.json()
    assert "set-cookie" not in other.headers
    assert client.get(f"/api/v1/holds/{one.json()['id']}").status_code == 200
    changed = {**body, "starts_at": starts[3].isoformat()}
    refused = client.post("/api/v1/holds", json=changed, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    patient = sign_in(client, session, make_patient(session))
    held = client.post("/api/v1/holds", json=changed, headers=key).json()
    url = f"/api/v1/holds/{held['id']}/confirm"
    booked = client.post(url, json=DETAILS, headers={**key, **patient})
    replayed = client.post(url, json=DETAILS, headers={**key, **patient})
    assert booked.status_code == 201, booked.text
    assert (replayed.status_code, replayed.json()) == (201, booked.json())
    assert (
        len(session.exec(select(Appointment.id).where(Appointment.status == "booked")).all()) == 1
    )


def test_a_key_answers_nobody_else(
    client: TestClient, session: Session, provider: Provider
) -> None:
    """All of them at one network address, as behind a carrier or in an office."""
    service, starts = first_service(session, provider), free(session, provider)
    key = {"Idempotency-Key": "1"}

    def ask(start: datetime) -> Any:
        body = {"service_id": str(service.id), "starts_at": start.isoformat()}
        return client.post("/api/v1/holds", json=body, headers=key)

    first = ask(starts[0])
    assert first.status_code == 201
    client.cookies.clear()
    nobody = ask(starts[0])  # who could be anybody is refused, as without a key
    assert (nobody.status_code, nobody.json()["code"]) == (409, "slot_taken")
    assert "set-cookie" not in nobody.headers
    known = ask(starts[3])
    assert known.status_code == 201
    assert known.cookies["visitor"] != first.cookies["visitor"]
    other = ask(starts[0])  # another visitor, the same key and body
    assert (other.status_code, other.json()["code"]) == (409, "slot_taken")
    patient = sign_in(client, session, make_patient(session))
    body = {"service_id": str(service.id), "starts_at": starts[0].isoformat()}
    signed_in = client.post("/api/v1/holds", json=body, headers={**key, **patient})
    assert signed_in.status_code == 409


def test_holds_are_limited_per_visitor(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    answers = [hold(client, service, starts[n % 2]).status_code for n in range(21)]
    assert answers == [201] * 20 + [429]


def test_services_for_new_patients_are_not_for_returning_ones(
    client: TestClient, session: Session, provider: Provider
) -> None:
    service, starts = first_service(session, provider), free(session, provider)
    service.for_returning = False
    session.add(service)
    session.commit()
    patient = sign_in(client, session, make_patient(session))
    first = hold(client, service, starts[0]).json()
    assert confirm(client, first["id"], patient).status_code == 201
    answer = hold(client, service, starts[4])
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_audience")
    client.cookies.clear()
    second = hold(client, service, starts[4]).json()
    answer = confirm(client, second["id"], patient)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_audience")


def test_hours_and_services_are_kept_by_the_provider_alone(
    client: TestClient, session: Session, provider: Provider
) -> None:
    person = session.get_one(Person, provider.person_id)
    headers = sign_in(None, session, person)
    hours = client.get("/api/v1/me/availability", headers=headers).json()
    hours["weekly"] = [{"weekday": 0, "start": "22:00", "end": "26:00"}]
    put = client.put("/api/v1/me/availability", json=hours, headers=headers)
    assert put.status_code == 200, put.text
    assert client.get("/api/v1/me/availability", headers=headers).json() == put.json()
    hours["weekly"] = [{"weekday": 0, "start": "22:00", "end": "31:00"}]
    assert client.put("/api/v1/me/availability", json=hours, headers=headers).status_code == 422
    body = {"title": "First talk", "kind": "consultation", "minutes": 20, "fee_cents": 0}
    added = client.post("/api/v1/me/services", json=body, headers=headers)
    assert added.status_code == 201, added.text
    url = f"/api/v1/me/services/{added.json()['id']}"
    assert client.patch(url, json={"minutes": 25}, headers=headers).json()["minutes"] == 25
    slots = f"/api/v1/providers/{provider.id}/slots?service={added.json()['id']}"
    assert client.get(slots).json()["slots"]
    impossible = client.post(
        "/api/v1/me/services", json={**body, "kind": "medication_management"}, headers=headers
    )
    assert impossible.status_code == 422
    assert client.delete(url, headers=headers).status_code == 204
    assert client.get(slots).status_code == 404
    patient = sign_in(None, session, make_patient(session))
    assert client.get("/api/v1/me/availability", headers=patient).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-11-24&to=2026-11-30", 200),
        ("from=2026-11-24T10:00:00%2B02:00", 200),
        ("from=2026-11-24T10:00:00+02:00", 200),
        ("from=2026-11-24T10:00:00", 422),  # an instant without offset is no instant
        ("from=2026-11-24&to=2026-12-24", 200),
        ("from=2026-11-24&to=2026-12-25", 422),
        ("from=2026-11-24&to=2026-11-20", 422),
        ("from=soon", 422),
        ("from=0001-01-01", 422),
    ],
)
def test_slots_are_asked_for_by_dates_or_instants(
    client: TestClient, session: Session, provider: Provider, query: str, status: int
) -> None:
    service = first_service(session, provider)
    url = f"/api/v1/providers/{provider.id}/slots?service={service.id}&{query}"
    assert client.get(url).status_code == status


def test_an_instant_and_a_date_may_bound_the_same_evening(
    client: TestClient, session: Session, provider: Provider
) -> None:
    """4 pm to the end of that day in Seattle: in UTC it begins on the next day."""
    service = first_service(session, provider)
    seattle = ZoneInfo("America/Los_Angeles")
    today = clock.now().astimezone(seattle).date()
    friday = today + timedelta(days=14 + (4 - today.weekday()) % 7)
    four = datetime(friday.year, friday.month, friday.day, 16, tzinfo=seattle).astimezone(UTC)
    asked = f"/api/v1/providers/{provider.id}/slots?service={service.id}"
    url = f"{asked}&from={four:%Y-%m-%dT%H:%MZ}"
    midnight = four + timedelta(hours=8)
    by_date = client.get(f"{url}&to={friday}").json()["slots"]
    by_instant = client.get(f"{url}&to={midnight:%Y-%m-%dT%H:%MZ}").json()["slots"]
    assert by_date == by_instant != []


def test_an_unverified_provider_has_no_slots_to_show(client: TestClient, session: Session) -> None:
    provider = make_provider(session, now=clock.now(), verified=False)
    service = first_service(session, provider)
    url = f"/api/v1/providers/{provider.id}/slots?service={service.id}"
    assert client.get(url).status_code == 404
    assert free(session, provider) == []
    assert hold(client, service, clock.now() + DAY).status_code == 404


def test_nobody_is_offered_a_time_at_which_they_are_elsewhere(
    client: TestClient, session: Session, monday_at_ten: None
) -> None:
    here, elsewhere, third = (
        services_of(session, make_provider(session, now=clock.now()).id)[0] for _ in range(3)
    )
    patient, start = make_patient(session), datetime(2026, 11, 24, 18, tzinfo=UTC)
    make_appointment(session, elsewhere, patient, start)
    other = make_appointment(session, third, patient, start + timedelta(days=1))
    headers = sign_in(None, session, patient)

    def listed(url: str, headers: dict[str, str]) -> set[str]:
        answer = client.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        return {one["starts_at"] for one in answer.json()["slots"]}

    around = {f"2026-11-24T{at}:00Z" for at in ("17:30", "18:00", "18:30")}
    slots = f"/api/v1/providers/{here.provider_id}/slots?service={here.id}&from=2026-11-24"
    assert around <= listed(slots, {})
    assert not around & listed(slots, headers)
    assert {"2026-11-24T17:00:00Z", "2026-11-24T19:00:00Z"} <= listed(slots, headers)
    times = listed(f"/api/v1/appointments/{other.id}/slots", headers)
    assert not around & times
    assert "2026-11-24T19:00:00Z" in times
