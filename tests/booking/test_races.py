"""Races over HTTP: many real connections against a real server and the real database.

Nothing here asserts a time (machines differ); the slowest answer is printed.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from booking.calendar.free_times import free_starts
from booking.models import Appointment, AppointmentEvent
from core import clock
from directory.models import Provider, Service
from tests.factories import make_appointment, make_patient, make_provider, sign_in

pytestmark = pytest.mark.race
two_processes = pytest.mark.parametrize("running_server", [2], indirect=True)

CROWD, ROUNDS = 50, 20
DAY = timedelta(days=1)
DETAILS = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}
Call = Callable[[], httpx2.Response]


class Crowd:
    """Connections that are open already, and calls that begin together."""

    def __init__(self, url: str, size: int) -> None:
        self._stack = ExitStack()
        self.clients = [
            self._stack.enter_context(httpx2.Client(base_url=url, timeout=60)) for _ in range(size)
        ]
        self._pool = self._stack.enter_context(ThreadPoolExecutor(size))
        self.slowest = 0.0

    def __enter__(self) -> "Crowd":
        for client in self.clients:
            client.get("/healthz")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rush(self, calls: Sequence[Call]) -> list[httpx2.Response]:
        """All calls at once; none may be a 500."""
        gate = threading.Barrier(len(calls))

        def run(call: Call) -> httpx2.Response:
            gate.wait()
            started = time.perf_counter()
            answer = call()
            self.slowest = max(self.slowest, time.perf_counter() - started)
            return answer

        answers = list(self._pool.map(run, calls))
        assert all(answer.status_code < 500 for answer in answers), [a.text for a in answers]
        return answers


def service_of(session: Session, provider: Provider) -> Service:
    return session.exec(select(Service).where(col(Service.provider_id) == provider.id)).one()


def free(session: Session, provider: Provider) -> list[datetime]:
    now = clock.now()
    session.rollback()
    service = service_of(session, provider)
    return free_starts(session, service, now + 2 * DAY, now + 50 * DAY, now)


def holding(
    client: httpx2.Client, service: Service, start: datetime, headers: dict[str, str] | None = None
) -> Call:
    body = {"service_id": str(service.id), "starts_at": start.isoformat()}

    def call() -> httpx2.Response:
        client.cookies.clear()  # each call is another visitor
        return client.post("/api/v1/holds", json=body, headers=headers)

    return call


def confirming(client: httpx2.Client, hold_id: str, headers: dict[str, str]) -> Call:
    url = f"/api/v1/holds/{hold_id}/confirm"
    return lambda: client.post(url, json=DETAILS, headers=headers)


def overlaps(session: Session) -> int:
    session.rollback()
    query = text(
        "SELECT count(*) FROM appointment a JOIN appointment b ON a.id < b.id"
        " AND (a.provider_id = b.provider_id OR a.patient_id = b.patient_id)"
        " AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"
        " WHERE a.status IN ('held', 'booked') AND b.status IN ('held', 'booked')"
    )
    return int(session.connection().execute(query).scalar_one())


@two_processes
def test_of_fifty_who_want_one_start_one_gets_it(running_server: str, session: Session) -> None:
    provider = make_provider(session, now=clock.now())
    service, starts = service_of(session, provider), free(session, provider)
    with Crowd(running_server, CROWD) as crowd:
        for start in starts[: ROUNDS * 2 : 2]:
            answers = crowd.rush([holding(client, service, start) for client in crowd.clients])
            assert Counter(a.status_code for a in answers) == {201: 1, 409: CROWD - 1}
            assert all(a.json()["alternatives"] for a in answers if a.status_code == 409)
        print(f"\n{ROUNDS} rounds of {CROWD} on one start: slowest {crowd.slowest * 1000:.0f} ms")
    assert overlaps(session) == 0


@two_processes
def test_of_fifty_staggered_starts_that_overlap_one_is_kept(
    running_server: str, session: Session
) -> None:
    provider = make_provider(session, now=clock.now(), step_minutes=5)
    service, starts = service_of(session, provider), free(session, provider)
    with Crowd(running_server, CROWD) as crowd:
        for some in _windows(starts, 10)[:ROUNDS]:
            answers = crowd.rush(
                [holding(c, service, some[k % 10]) for k, c in enumerate(crowd.clients)]
            )
            assert Counter(a.status_code for a in answers) == {201: 1, 409: CROWD - 1}
            assert all(a.json()["alternatives"] for a in answers if a.status_code == 409)
        print(f"\n{ROUNDS} rounds of {CROWD} staggered: slowest {crowd.slowest * 1000:.0f} ms")
    assert overlaps(session) == 0


def _windows(starts: list[datetime], size: int) -> list[list[datetime]]:
    """Runs of starts five minutes apart: sessions of 50 minutes at any two of a run overlap.

    Between runs lie two hours, so that what one keeps does not narrow the next.
    """
    runs: list[list[datetime]] = []
    for n, start in enumerate(starts[: -size + 1]):
        is_whole = starts[n + size - 1] - start == timedelta(minutes=5 * (size - 1))
        if is_whole and (not runs or start >= runs[-1][-1] + timedelta(hours=2)):
            runs.append(starts[n : n + size])
    assert len(runs) >= ROUNDS
    return runs


@two_processes
def test_a_patient_who_books_two_providers_at_once_gets_one(
    running_server: str, session: Session
) -> None:
    pair = [make_provider(session, now=clock.now()) for _ in range(2)]
    services = [service_of(session, one) for one in pair]
    starts = free(session, pair[0])
    with Crowd(running_server, 2) as crowd:
        for start in starts[: ROUNDS * 2 : 2]:
            headers = sign_in(None, session, make_patient(session))
            calls = []
            for client, service in zip(crowd.clients, services, strict=True):
                # held as two visitors, confirmed as one person
                held = holding(client, service, start)().json()
                calls.append(confirming(client, held["id"], headers))
            answers = crowd.rush(calls)
            assert sorted(a.status_code for a in answers) == [201, 409]
            refused = next(a for a in answers if a.status_code == 409)
            assert refused.json()["code"] == "patient_busy"
        print(f"\n{ROUNDS} rounds of one patient twice: slowest {crowd.slowest * 1000:.0f} ms")
    assert overlaps(session) == 0


@two_processes
def test_two_confirms_make_one_booking(running_server: str, session: Session) -> None:
    provider = make_provider(session, now=clock.now())
    service, starts = service_of(session, provider), free(session, provider)
    with Crowd(running_server, 4) as crowd:
        for start in starts[: ROUNDS * 2 : 2]:
            headers = sign_in(None, session, make_patient(session))
            held = holding(crowd.clients[0], service, start, headers)().json()
            answers = crowd.rush([confirming(c, held["id"], headers) for c in crowd.clients])
            assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
            session.rollback()
            events = select(AppointmentEvent.status).where(
                col(AppointmentEvent.appointment_id) == held["id"]
            )
            assert sorted(session.exec(events)) == ["booked", "held"]
        print(f"\n{ROUNDS} rounds of four confirms: slowest {crowd.slowest * 1000:.0f} ms")


@two_processes
def test_a_hold_that_runs_out_while_confirmed_is_one_or_the_other(
    running_server: str, session: Session
) -> None:
    provider = make_provider(session, now=clock.now())
    service, starts = service_of(session, provider), free(session, provider)
    seen: Counter[tuple[int, int]] = Counter()
    with Crowd(running_server, 2) as crowd:
        for n, start in enumerate(starts[: ROUNDS * 2 : 2]):
            headers = sign_in(None, session, make_patient(session))
            held = holding(crowd.clients[0], service, start, headers)().json()
            _let_run_out(session, held["id"], timedelta(milliseconds=n - 6))
            late = holding(crowd.clients[1], service, start)
            answers = crowd.rush([confirming(crowd.clients[0], held["id"], headers), late])
            codes = (answers[0].status_code, answers[1].status_code)
            # booked and refused, or run out and held by the other; or run out between the two
            assert codes in {(201, 409), (410, 201), (410, 409)}, [a.text for a in answers]
            seen[codes] += 1
        print(f"\nconfirm against expiry: {dict(seen)}, slowest {crowd.slowest * 1000:.0f} ms")
    assert overlaps(session) == 0


def _let_run_out(session: Session, hold_id: str, left: timedelta) -> None:
    session.rollback()
    session.connection().execute(
        text("UPDATE appointment SET expires_at = :at WHERE id = :id"),
        {"at": clock.now() + left, "id": hold_id},
    )
    session.commit()


@two_processes
def test_cancel_against_reschedule_leaves_one_truth(running_server: str, session: Session) -> None:
    provider = make_provider(session, now=clock.now())
    service = service_of(session, provider)
    seen: Counter[tuple[int, int]] = Counter()
    with Crowd(running_server, 2) as crowd:
        for _ in range(ROUNDS):
            starts = free(session, provider)
            headers = sign_in(None, session, make_patient(session))
            held = holding(crowd.clients[0], service, starts[0], headers)().json()
            booked: Any = confirming(crowd.clients[0], held["id"], headers)().json()
            url = f"/api/v1/appointments/{booked['id']}"
            body = {"starts_at": starts[6].isoformat()}
            one, other = crowd.clients
            calls = [
                partial(one.post, f"{url}/cancel", headers=headers),
                partial(other.post, f"{url}/reschedule", json=body, headers=headers),
            ]
            cancel, move = crowd.rush(calls)
            assert cancel.status_code == 200
            assert move.status_code in (200, 409)
            seen[cancel.status_code, move.status_code] += 1
            final = crowd.clients[0].get(url, headers=headers).json()
            assert final["status"] == "cancelled"
            assert final["version"] == (2 if move.status_code == 200 else 1)
            assert {starts[0], starts[6]} <= set(free(session, provider))
        print(f"\ncancel against reschedule: {dict(seen)}, slowest {crowd.slowest * 1000:.0f} ms")


@two_processes
def test_one_key_sent_twice_at_once_is_done_once(running_server: str, session: Session) -> None:
    provider = make_provider(session, now=clock.now())
    service, starts = service_of(session, provider), free(session, provider)
    with Crowd(running_server, 4) as crowd:
        for n, start in enumerate(starts[: ROUNDS * 2 : 2]):
            headers = sign_in(None, session, make_patient(session))
            keyed = {**headers, "Idempotency-Key": f"round {n}"}
            held = crowd.rush([holding(c, service, start, keyed) for c in crowd.clients])
            assert {a.status_code for a in held} == {201}
            assert len({a.text for a in held}) == 1
            hold_id = held[0].json()["id"]
            booked = crowd.rush([confirming(c, hold_id, keyed) for c in crowd.clients])
            assert {a.status_code for a in booked} == {201}
            assert len({a.text for a in booked}) == 1
        print(f"\none key four times: slowest {crowd.slowest * 1000:.0f} ms")
    made = select(Appointment.id).where(col(Appointment.provider_id) == provider.id)
    session.rollback()
    assert len(session.exec(made).all()) == ROUNDS


@two_processes
def test_one_patients_holds_and_moves_at_once_wait_for_each_other_in_one_order(
    running_server: str, session: Session
) -> None:
    """People are locked before calendars, and calendars in one order: nobody is told of a conflict
    that is only two requests of ours in each other's way."""
    now = clock.now()
    providers = [make_provider(session, now=now) for _ in range(3)]
    patient = make_patient(session)
    speaks = sign_in(None, session, patient)
    booked = []
    for place, provider in enumerate(providers):
        service, start = service_of(session, provider), free(session, provider)[20 * place]
        booked.append(make_appointment(session, service, patient, start))
    starts = [free(session, provider)[100:] for provider in providers]
    services = [service_of(session, provider) for provider in providers]

    def moving(client: httpx2.Client, place: int, turn: int) -> Call:
        url = f"/api/v1/appointments/{booked[place].id}/reschedule"
        body = {"starts_at": starts[place][10 * place + turn % 5].isoformat()}
        return lambda: client.post(url, json=body, headers=speaks)

    with Crowd(running_server, 6) as crowd:
        for turn in range(ROUNDS):
            calls = [
                call
                for place in range(3)
                for call in (
                    moving(crowd.clients[place], place, turn),
                    holding(
                        crowd.clients[3 + place],
                        services[place],
                        starts[place][40 + 10 * place + turn],
                        speaks,
                    ),
                )
            ]
            codes = {answer.json().get("code") for answer in crowd.rush(calls)}
            assert "conflict" not in codes
        print(f"\nholds and moves of one patient: slowest {crowd.slowest * 1000:.0f} ms")
    assert overlaps(session) == 0
