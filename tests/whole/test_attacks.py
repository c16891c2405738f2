"""What a stranger can do to the running service: one slow answer, for themselves.

Real sockets and a real server, with its rate limits. Nothing here is timed: others are answered
while the attack goes on, and within bounds of bytes and memory.
"""

import base64
import io
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2
import psycopg
import pytest
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core import clock
from core.settings import settings
from core.web.templates import STATIC, asset
from tests.factories import make_provider, sign_in
from tests.whole.servers import Server

MB = 1024 * 1024
OTHERS = ("/healthz", "/", "/find", "/api/v1/providers", "/crisis")
STYLE = asset(next(STATIC.rglob("*.css")).relative_to(STATIC).as_posix())
PATIENCE = 30.0
"""Seconds after which an answer counts as none."""


@pytest.fixture(scope="module")
def server(owner_url: str) -> Iterator[Server]:
    running = Server(
        DATABASE_URL=owner_url,
        RATE_LIMITS="true",
        RUN_WORKER="false",
        DEMO="false",
        SMTP_URL="smtp+plain://127.0.0.1:1",
        SECRET_KEYS=base64.b64encode(settings().encryption_keys()[0]).decode(),
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def provider_headers(session: Session) -> dict[str, str]:
    provider = make_provider(session, now=clock.now())
    return sign_in(None, session, session.get_one(Person, provider.person_id))


def others_are_answered(server: Server) -> None:
    """Each on a connection of its own, as others come."""
    for path in (*OTHERS, STYLE):
        answer = httpx2.get(f"{server.url}{path}", timeout=PATIENCE)
        assert answer.status_code == 200, path


def peak_memory(server: Server) -> int:
    """Bytes that the server's process held at most until now (Linux)."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def test_a_locked_table_stops_only_what_needs_it(server: Server, database: str) -> None:
    others_are_answered(server)

    def ask_for_code(n: int) -> httpx2.Response:
        body = {"email": f"stranger{n}@example.com"}
        return httpx2.post(f"{server.url}/api/v1/auth/code", json=body, timeout=PATIENCE)

    with psycopg.connect(database.replace("+psycopg", "")) as other, ThreadPoolExecutor(24) as pool:
        other.execute("LOCK TABLE rate_counter")
        hanging = [pool.submit(ask_for_code, n) for n in range(24)]
        others_are_answered(server)
        ready = httpx2.get(f"{server.url}/readyz", timeout=PATIENCE)
        answers = [one.result() for one in hanging]
        others_are_answered(server)
        other.rollback()
    assert ready.status_code == 200
    assert {one.status_code for one in answers} == {503}
    assert all(int(one.headers["retry-after"]) > 0 for one in answers)
    assert {one.headers["content-type"] for one in answers} == {"application/problem+json"}
    assert ask_for_code(24).status_code in (200, 202, 204)


def test_search_is_answered_while_every_thread_that_reads_hangs(
    server: Server, database: str
) -> None:
    others_are_answered(server)

    def look(_: int) -> httpx2.Response:
        headers = {"Cookie": "session=anything"}
        return httpx2.get(f"{server.url}/appointments", headers=headers, timeout=PATIENCE)

    with psycopg.connect(database.replace("+psycopg", "")) as other, ThreadPoolExecutor(24) as pool:
        other.execute("LOCK TABLE sign_in_session")
        hanging = [pool.submit(look, n) for n in range(24)]
        others_are_answered(server)
        answers = [one.result() for one in hanging]
        other.rollback()
    assert {one.status_code for one in answers} == {503}
    assert all(int(one.headers["retry-after"]) > 0 for one in answers)
    assert {one.headers["content-type"] for one in answers} == {"text/html; charset=utf-8"}


def test_a_million_keys_cost_nothing(server: Server) -> None:
    body = b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}"
    before = peak_memory(server)
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(_send_json, server, body) for _ in range(4)]
        others_are_answered(server)
        said = [one.result() for one in tries]
    for one in said:
        assert one.startswith(b"HTTP/1.1 413 ")
        assert len(one) < 4096
    assert peak_memory(server) - before < 20 * MB


def _send_json(server: Server, body: bytes) -> bytes:
    head = b"POST /api/v1/auth/code HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with closing(socket.create_connection(("127.0.0.1", server.port), PATIENCE)) as opened:
        opened.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        opened.sendall(body)
        return opened.recv(65536)


def picture(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "blue").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "allowed"),
    [
        ((7000, 7000), {422}),  # refused by the header
        ((5712, 4284), {200, 429, 503}),  # as large as may be: one by one
    ],
)
def test_twelve_pictures_at_once(
    server: Server, provider_headers: dict[str, str], size: tuple[int, int], allowed: set[int]
) -> None:
    others_are_answered(server)
    data, before = picture(size), peak_memory(server)

    def upload(_: int) -> httpx2.Response:
        return httpx2.put(
            f"{server.url}/api/v1/me/photo",
            files={"photo": ("me.png", data)},
            headers=provider_headers,
            timeout=PATIENCE,
        )

    with ThreadPoolExecutor(12) as pool:
        tries = [pool.submit(upload, n) for n in range(12)]
        others_are_answered(server)
        answers = [one.result() for one in tries]
    assert {one.status_code for one in answers} <= allowed
    assert 200 not in allowed or Counter(one.status_code for one in answers)[200] >= 1
    assert all("retry-after" in one.headers for one in answers if one.status_code in (429, 503))
    assert peak_memory(server) - before < 60 * MB


@pytest.mark.long
def test_five_hundred_half_open_connections_are_cut(server: Server) -> None:
    with ExitStack() as stack:
        opened = [
            stack.enter_context(
                closing(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
            )
            for _ in range(500)
        ]
        for n, one in enumerate(opened):
            one.sendall((b"", b"GET / HTTP/1.1\r\nX-A", b"GET / HTTP/1.1\r\n")[n % 3])
        others_are_answered(server)
        for one in opened:
            while one.recv(4096):  # until it is closed; a timeout fails
                pass


@pytest.mark.long
def test_slow_bodies_are_cut(server: Server) -> None:
    head = b"POST /api/v1/auth/code HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with ExitStack() as stack:
        opened = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", server.port), 60)))
            for _ in range(50)
        ]
        for one in opened:
            one.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        others_are_answered(server)
        said = [one.recv(4096) for one in opened]
    assert all(one.startswith(b"HTTP/1.1 408 ") for one in said)
