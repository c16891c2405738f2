"""One question at every door: what lists a time is asked again at hold, extend, confirm and move,
with the same answer for all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.calendar import services
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.free_times import free_starts
from booking.rules.availability import Availability
from core import clock
from core.times import write_instant
from directory.models import Provider, Service
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider, sign_in
from tests.markup import page

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 24, 23, tzinfo=UTC)
"""Tuesday, 3:00 pm in Washington."""
DETAILS = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def service(session: Session, dana: Provider) -> Service:
    return services_of(session, dana.id)[0]


@pytest.fixture
def robin(client: TestClient, session: Session) -> dict[str, str]:
    return sign_in(client, session, make_patient(session))


def change(session: Session, dana: Provider, **changes: Any) -> None:
    """Other hours, saved by the provider."""
    session.rollback()
    hours = load_availability(session, dana.id).model_dump(mode="json")
    save_availability(
        session, dana.id, Availability.model_validate({**hours, **changes}), clock.now()
    )
    session.commit()


def hold(client: TestClient, service: Service, start: datetime) -> Any:
    body = {"service_id": str(service.id), "starts_at": write_instant(start)}
    return client.post("/api/v1/holds", json=body)


def confirm(client: TestClient, hold_id: str) -> Any:
    return client.post(f"/api/v1/holds/{hold_id}/confirm", json=DETAILS)


def book(client: TestClient, service: Service, start: datetime) -> str:
    held = hold(client, service, start)
    assert held.status_code == 201, held.text
    assert confirm(client, held.json()["id"]).status_code == 201
    return str(held.json()["id"])


# ---------------------------------------------------------------------- the clock


def test_a_hold_never_outlives_its_start(
    client: TestClient, service: Service, robin: dict[str, str]
) -> None:
    with clock.at(START - 2 * MINUTE):
        held = hold(client, service, START)
        assert held.status_code == 201, held.text
        assert held.json()["expires_at"] == write_instant(START)
    with clock.at(START):
        assert confirm(client, held.json()["id"]).status_code == 410
        late = hold(client, service, START)
        assert (late.status_code, late.json()["detail"]) == (409, "That time has passed.")


def test_an_extension_is_judged_like_a_new_hold(
    client: TestClient, session: Session, dana: Provider, service: Service, robin: dict[str, str]
) -> None:
    change(session, dana, notice_minutes=60)
    session.commit()
    with clock.at(START - 61 * MINUTE):
        held = hold(client, service, START).json()
    with clock.at(START - 55 * MINUTE):
        longer = client.post(f"/api/v1/holds/{held['id']}/extend")
        assert (longer.status_code, longer.json()["reason"]) == (409, "too_soon")
        assert longer.json()["alternatives"]
        # a hold made in time may be confirmed within its first ten minutes
        assert confirm(client, held["id"]).status_code == 201


# ---------------------------------------------------------------------- changed meanwhile


def _away(session: Session, dana: Provider, service: Service) -> None:
    off = [{"starts_at": write_instant(START - DAY), "ends_at": write_instant(START + DAY)}]
    change(session, dana, time_off=off)


def _no_tuesdays(session: Session, dana: Provider, service: Service) -> None:
    hours = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in (0, 2, 3, 4)]
    change(session, dana, weekly=hours)


def _closed(session: Session, dana: Provider, service: Service) -> None:
    change(session, dana, overrides=[{"date": "2026-11-24", "ranges": []}])


def _retired(session: Session, dana: Provider, service: Service) -> None:
    session.rollback()
    services.retire(session, session.get_one(Provider, dana.id), service.id, clock.now())
    session.commit()


Change = Callable[[Session, Provider, Service], None]


@pytest.mark.parametrize(
    ("happens", "reason", "offers"),
    [
        (_away, "time_off", True),
        (_no_tuesdays, "outside_hours", True),
        (_closed, "closed_day", True),
        (_retired, "not_offered", False),  # it was the only one
    ],
)
def test_what_changed_while_it_was_held_is_named(
    client: TestClient,
    session: Session,
    dana: Provider,
    service: Service,
    robin: dict[str, str],
    happens: Change,
    reason: str,
    offers: bool,
) -> None:
    held = hold(client, service, START).json()
    happens(session, dana, service)
    for answer in (
        client.post(f"/api/v1/holds/{held['id']}/extend"),
        confirm(client, held["id"]),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (409, reason), answer.text
        assert bool(answer.json()["alternatives"]) is offers
    assert client.get(f"/api/v1/holds/{held['id']}").status_code == 200  # nothing is lost


# ---------------------------------------------------------------------- listed


def listed(client: TestClient, dana: Provider, service: Service, more: str = "") -> list[str]:
    url = f"/api/v1/providers/{dana.id}/slots?service={service.id}&from=2026-11-24&to=2026-11-24"
    return [one["starts_at"] for one in client.get(f"{url}{more}").json()["slots"]]


def test_ones_own_held_start_is_listed_to_oneself_alone(
    client: TestClient, dana: Provider, service: Service
) -> None:
    assert hold(client, service, START).status_code == 201
    assert write_instant(START) in listed(client, dana, service)
    client.cookies.clear()
    assert write_instant(START) not in listed(client, dana, service)


def test_a_hold_that_ran_out_hides_nothing_until_it_is_swept(
    client: TestClient, dana: Provider, service: Service
) -> None:
    assert hold(client, service, START).status_code == 201
    client.cookies.clear()
    with clock.at(NOW + 11 * MINUTE):
        assert write_instant(START) in listed(client, dana, service)
        assert hold(client, service, START).status_code == 201


def test_slots_of_a_state_are_lawful_there(
    client: TestClient, dana: Provider, service: Service
) -> None:
    assert listed(client, dana, service, "&state=WA") == listed(client, dana, service)
    assert listed(client, dana, service, "&state=TX") == []
    body = {"service_id": str(service.id), "starts_at": write_instant(START), "state": "TX"}
    answer = client.post("/api/v1/holds", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "licence_no_authority")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("2026-11-28T18:00:00Z", "That is outside the provider's hours."),  # a Saturday
        ("2026-11-24T23:10:00Z", "Sessions do not begin at that minute."),  # 3:10 pm
        ("2026-11-23T17:00:00Z", "That time has passed."),
        ("2027-06-01T18:00:00Z", "further ahead than the provider's calendar"),
        ("2026-11-25T00:30:00Z", "would run past the end of the hours"),  # 4:30 pm
    ],
)
def test_the_page_names_the_true_rule(
    client: TestClient, service: Service, start: str, words: str
) -> None:
    answer = client.get("/book", params={"service": str(service.id), "start": start})
    assert words in page(answer, 409)
    assert "Taken, or it is too late" not in answer.text


# ---------------------------------------------------------------------- moving


def to_move(client: TestClient, key: str, day: str = "2026-11-24") -> list[str]:
    """The hours of one day in Washington to which the API lists that it may be moved."""
    slots = client.get(f"/api/v1/appointments/{key}/slots").json()["slots"]
    found = [datetime.fromisoformat(one["starts_at"]) - timedelta(hours=8) for one in slots]
    return [f"{at:%H:%M}" for at in found if f"{at:%Y-%m-%d}" == day]


def move(client: TestClient, key: str, start: datetime) -> Any:
    body = {"starts_at": write_instant(start)}
    return client.post(f"/api/v1/appointments/{key}/reschedule", json=body)


@pytest.mark.parametrize("minutes", [20, 90])
def test_a_move_goes_by_the_appointments_own_length(
    client: TestClient,
    session: Session,
    dana: Provider,
    service: Service,
    robin: dict[str, str],
    minutes: int,
) -> None:
    key = book(client, service, START)
    change(session, dana, weekly=[{"weekday": 1, "start": "09:00", "end": "10:00"}])
    form = services.form_of(session.get_one(Service, service.id))
    shorter = services.ServiceForm(**{**vars(form), "minutes": minutes})
    provider = session.get_one(Provider, dana.id)
    services.update(session, provider, service.id, shorter, clock.now())
    session.commit()
    day = "2026-12-01"
    assert to_move(client, key, day) == ["09:00"]  # 50 minutes, neither at 9:30 nor nowhere
    words = page(client.get(f"/appointments/{key}/move?from={day}"))
    assert "9:00 am" in words
    assert "9:30 am" not in words
    nine = datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert move(client, key, nine + timedelta(minutes=30)).status_code == 409
    moved = move(client, key, nine)
    assert (moved.status_code, moved.json()["minutes"]) == (200, 50)


def test_a_move_counts_its_own_time_and_day_as_free(
    client: TestClient, session: Session, dana: Provider, service: Service, robin: dict[str, str]
) -> None:
    change(session, dana, daily_limit=1, step_minutes=15)
    ten = datetime(2026, 11, 24, 18, tzinfo=UTC)
    key = book(client, service, ten)
    day = to_move(client, key)
    assert [one for one in day if "09:15" <= one <= "10:45"] == [
        "09:15",
        "09:30",
        "09:45",
        "10:15",  # all around its own 10:00, but not that itself
        "10:30",
        "10:45",
    ]
    assert move(client, key, ten + 15 * MINUTE).status_code == 200


def test_a_session_of_a_retired_service_can_still_be_moved(
    client: TestClient, session: Session, dana: Provider, service: Service, robin: dict[str, str]
) -> None:
    key = book(client, service, START)
    _retired(session, dana, service)
    assert to_move(client, key)
    assert move(client, key, START - timedelta(hours=2)).status_code == 200


def test_no_day_after_the_licences_end_is_offered(client: TestClient, session: Session) -> None:
    provider = make_provider(session, now=NOW, expires_on=(NOW + 3 * DAY).date(), licences=["OR"])
    own = services_of(session, provider.id)[0]
    patient = make_patient(session)
    one = make_appointment(session, own, patient, START)
    sign_in(client, session, patient)
    slots = client.get(f"/api/v1/appointments/{one.id}/slots").json()["slots"]
    assert slots
    assert max(slot["starts_at"] for slot in slots) < "2026-11-27T08:00"
    refused = move(client, str(one.id), START + 7 * DAY)
    assert refused.status_code in (409, 422)
    assert len(free_starts(session, own, NOW, NOW + 2 * DAY, NOW)) > 0
