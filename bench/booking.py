"""Hold and confirm, and a month of slots, beside the same without Openchair.

`python -m bench.booking` starts a PostgreSQL of its own in a temporary folder (fsync as it
comes), fills a database with providers and signed-in patients, and prints complete bookings
(hold + confirm, two requests) a second with p50 and p99 of the pair, from one client and from
eight; beside them, in the same run, `bench.plain`: bare answers of the same bytes, and the same
SQL writes without any rule. Rate limits are on; each booking comes from another address.
"""

import argparse
import json
import os
import random
import socket
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from sqlmodel import Session, col, select

from bench import servers
from bench.client import Measured, measure
from booking.calendar.free_times import free_starts
from core import clock
from core.crypto import digest, token
from core.database import engine, uuid7
from core.migrations import migrate
from core.postgres import ensure_database
from core.roles import grant
from core.settings import settings

DETAILS = {"name": "Robin Example", "date_of_birth": "1990-02-03", "state": "WA"}
PROVIDERS = 40


@dataclass(frozen=True)
class Booking:
    """One to make: whose time, when, for whom."""

    provider_id: UUID
    service_id: UUID
    start: datetime
    patient_id: UUID
    secret: str
    address: str


class Client:
    """One keep-alive connection, as little Python as possible."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: object, booking: Booking) -> bytes:
        """The body of a 201."""
        text = json.dumps(body)
        self._socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {booking.secret}\r\nX-Forwarded-For: {booking.address}\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._socket.recv(65536)
        head = bytes(data[:end]).lower()
        size = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        while len(data) < end + 4 + size:
            data += self._socket.recv(65536)
        assert b" 201 " in head[:16], bytes(data)
        return bytes(data[end + 4 :])


Make = Callable[[Client, Booking], None]


def book(client: Client, one: Booking) -> None:
    """With Openchair."""
    body = {"service_id": str(one.service_id), "starts_at": one.start.isoformat()}
    hold = json.loads(client.post("/api/v1/holds", body, one))
    client.post(f"/api/v1/holds/{hold['id']}/confirm", DETAILS, one)


def book_plainly(client: Client, one: Booking) -> None:
    """The same writes, no rules."""
    body = {"service_id": str(one.service_id), "starts_at": one.start.isoformat()}
    hold = json.loads(client.post(f"/plain/holds?provider={one.provider_id}", body, one))
    client.post(f"/plain/holds/{hold['id']}/confirm?patient={one.patient_id}", DETAILS, one)


def answer_barely(client: Client, one: Booking) -> None:
    """Two answers of the same bytes."""
    body = {"service_id": str(one.service_id), "starts_at": one.start.isoformat()}
    client.post("/bare/hold", body, one)
    client.post("/bare/appointment", DETAILS, one)


def run(port: int, make: Make, work: list[Booking], clients: int) -> Measured:
    """Make every booking of `work`, shared by so many clients."""
    times: list[float] = []

    def one_client(share: list[Booking]) -> None:
        client = Client(port)
        for booking in share:
            started = time.perf_counter()
            make(client, booking)
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one_client, [work[n::clients] for n in range(clients)]))
    seconds = time.perf_counter() - started
    times.sort()
    return Measured(len(work) / seconds, times[len(work) // 2], times[len(work) * 99 // 100], 0)


def fill(count: int) -> list[Booking]:
    """Providers with hours, patients who are signed in, and `count` bookings to make."""
    from directory.models import Service
    from tests.factories import make_provider

    now = clock.now()
    wanted: list[tuple[UUID, UUID, datetime]] = []
    with Session(engine(), expire_on_commit=False) as session:  # the factories commit
        services = []
        for _ in range(PROVIDERS):
            provider = make_provider(session, now=now, step_minutes=60)
            query = select(Service).where(col(Service.provider_id) == provider.id)
            services.append(session.exec(query).one())
        for service in services:
            days = timedelta(days=21)
            for start in free_starts(session, service, now, now + days, now):
                wanted.append((service.provider_id, service.id, start))
    random.Random(1).shuffle(wanted)
    assert len(wanted) >= count, len(wanted)
    people = sign_in_people(settings().database_url, count)
    with psycopg.connect(settings().owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return [
        Booking(*what, *someone, f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
        for n, (what, someone) in enumerate(zip(wanted, people, strict=False))
    ]


def sign_in_people(url: str, count: int) -> list[tuple[UUID, str]]:
    """So many new people, each with the secret of a sign-in that lasts."""
    now = clock.now()
    people = [(uuid7(), token()) for _ in range(count)]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY person (id, email, created_at) FROM STDIN") as copy:
            for person, _ in people:
                copy.write_row((person, f"{person}@example.com", now))
        columns = "id, token_hash, person_id, created_at, last_seen_at, expires_at, device"
        with cursor.copy(f"COPY sign_in_session ({columns}) FROM STDIN") as copy:
            later = now + timedelta(days=60)
            for person, secret in people:
                copy.write_row((uuid7(), digest(secret), person, now, now, later, ""))
    return people


def show(name: str, clients: int, found: Measured, bare: Measured) -> None:
    print(
        f"{name:28} {clients} client{'s' if clients > 1 else ' '}  {found.rate:7.0f}/s"
        f"  p50 {found.p50 * 1000:6.2f} ms  p99 {found.p99 * 1000:6.2f} ms"
        f"  {found.rate / bare.rate:4.0%} of bare",
        flush=True,
    )


def compare(bookings: list[Booking], each: int) -> None:
    """Serve, warm up, measure, print."""
    work = iter(bookings)

    def some(count: int) -> list[Booking]:
        return [next(work) for _ in range(count)]

    one = some(1)[0]
    slots = f"/api/v1/providers/{one.provider_id}/slots?service={one.service_id}"
    now = clock.now()
    month = f"{slots}&from={now:%Y-%m-%d}&to={now + timedelta(days=30):%Y-%m-%d}"
    port = servers.PORTS["app"]
    with servers.app({"PORT": str(port)}):
        client = Client(port)
        body = {"service_id": str(one.service_id), "starts_at": one.start.isoformat()}
        hold = client.post("/api/v1/holds", body, one)
        path = f"/api/v1/holds/{json.loads(hold)['id']}/confirm"
        appointment = client.post(path, DETAILS, one)
        run(port, book, some(each // 4), 1)
        ours = {n: run(port, book, some(each), n) for n in (1, 8)}
        measure(port, [month], 1, 50)
        months = {n: measure(port, [month], n, 1000) for n in (1, 8)}
    bodies = {"hold": hold.decode(), "appointment": appointment.decode()}
    bodies["slots"] = "x" * months[1].size
    port = servers.PORTS["beside"]
    with servers.beside("bench.plain:app", "/bare/slots", BENCH_BODIES=json.dumps(bodies)):
        run(port, book_plainly, some(each // 4), 1)
        plain = {n: run(port, book_plainly, some(each), n) for n in (1, 8)}
        bare = {n: run(port, answer_barely, bookings[:each], n) for n in (1, 8)}
        bare_slots = {n: measure(port, ["/bare/slots"], n, 1000) for n in (1, 8)}
    for n in (1, 8):
        show("hold + confirm, Openchair", n, ours[n], bare[n])
        show("hold + confirm, same writes", n, plain[n], bare[n])
        show("hold + confirm, bare", n, bare[n], bare[n])
        print(f"    Openchair makes {ours[n].rate / plain[n].rate:.0%} of the same writes without")
    for n in (1, 8):
        show(f"a month of slots ({months[n].size / 1000:.0f} kB)", n, months[n], bare_slots[n])
        show("a bare answer of that size", n, bare_slots[n], bare_slots[n])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bookings", type=int, default=600, help="in each measurement")
    each = parser.parse_args().bookings
    with tempfile.TemporaryDirectory(prefix="openchair-bench-") as folder:
        server = ensure_database(Path(folder))
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench_booking")
            print("fsync is", *connection.execute("SHOW fsync").fetchone() or ())
        url = server.replace("/openchair?", "/bench_booking?")
        limited = servers.environment(url, Path(folder), RATE_LIMITS="true")
        os.environ.update(limited, LOG_LEVEL="WARNING")
        settings.cache_clear()
        migrate()
        grant(url, settings().database_url)
        compare(fill(5 * each + 10), each)
        engine().dispose()


if __name__ == "__main__":
    main()
