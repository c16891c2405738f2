"""Who connects and says nothing, or says it too slowly, is cut; who is merely slow is not."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.web import connections

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = 8 * 1024 * 1024


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with how many bytes it was sent; /large with much, /early before it has read."""
    request = Request(scope, receive)
    if scope["path"] == "/large":
        await Response(b"x" * LARGE)(scope, receive, send)
        return
    try:
        size = 0 if scope["path"] == "/early" else len(await request.body())
    except ClientDisconnect:
        return
    await Response(f"got {size}")(scope, receive, send)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        application, port=0, http=connections.Connection, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join()


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("HEAD_SECONDS", 1.0),
        ("PAUSE_SECONDS", 0.8),
        ("GRACE_SECONDS", 0.6),
        ("LOOK_EVERY", 0.05),
    ):
        monkeypatch.setattr(connections, name, value)


@contextmanager
def connected(address: tuple[str, int], *said: bytes) -> Iterator[socket.socket]:
    with closing(socket.create_connection(address, timeout=10)) as opened:
        for one in said:
            opened.sendall(one)
        yield opened


def heard(opened: socket.socket) -> bytes:
    """All that comes until it is closed."""
    said = b""
    try:
        while piece := opened.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said


def send_on(opened: socket.socket) -> None:
    for _ in range(500):
        opened.sendall(b"x" * 1024)
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"HTTP/1.1 408 "),
        (HEAD % 5 + b"abc", b"HTTP/1.1 408 "),  # a body that stops
        (b"\r\n", b"HTTP/1.1 408 "),
    ],
)
def test_what_does_not_go_on_is_cut(address: tuple[str, int], said: bytes, answer: bytes) -> None:
    with connected(address, said) as opened:
        assert heard(opened).startswith(answer)


def test_hundreds_of_them_are_cut_and_others_answered_meanwhile(
    address: tuple[str, int],
) -> None:
    half_open = [socket.create_connection(address, timeout=10) for _ in range(300)]
    for one in half_open:
        one.sendall(b"GET / HTTP/1.1\r\nX")
    with connected(address, GET.replace(b"Host", b"Connection: close\r\nHost")) as opened:
        assert heard(opened).endswith(b"got 0")
    for one in half_open:
        with closing(one):
            assert heard(one).startswith(b"HTTP/1.1 408 ")


def test_a_trickle_is_cut_though_it_never_stops(address: tuple[str, int]) -> None:
    with connected(address, HEAD % 100_000) as opened:
        answer = b""
        opened.settimeout(0.02)
        for _ in range(200):
            opened.sendall(b"x")
            try:
                answer = opened.recv(1000)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_who_is_slow_but_goes_on_is_answered(address: tuple[str, int]) -> None:
    pieces = 12  # 12 × 0.1 s is twice the grace, at 5 kB a second
    with connected(address, HEAD % (pieces * 512)) as opened:
        for _ in range(pieces):
            time.sleep(0.1)
            opened.sendall(b"x" * 512)
        assert opened.recv(1000).endswith(b"got 6144")


def test_the_next_request_has_its_own_time(address: tuple[str, int]) -> None:
    with connected(address) as opened:
        for _ in range(3):
            time.sleep(0.5)
            opened.sendall(GET)
            assert opened.recv(1000).endswith(b"got 0")
        opened.sendall(b"GET /")
        assert heard(opened).startswith(b"HTTP/1.1 408 ")


def test_a_body_after_the_answer_is_let_go_for_a_while(address: tuple[str, int]) -> None:
    with connected(address, (HEAD % 10_000_000).replace(b"/ ", b"/early ")) as opened:
        assert opened.recv(1000).endswith(b"got 0")
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
            send_on(opened)


def test_a_head_has_bounds(address: tuple[str, int]) -> None:
    long = b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 70_000
    with connected(address, long) as opened:
        assert heard(opened).startswith(b"HTTP/1.1 431 ")


def test_an_answer_that_nobody_takes_is_given_up(address: tuple[str, int]) -> None:
    with connected(address, GET.replace(b"/ ", b"/large ")) as opened:
        time.sleep(1.5)
        assert len(heard(opened)) < LARGE


def test_the_longest_waiting_makes_room(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    with connected(address) as first, connected(address) as second, connected(address) as third:
        time.sleep(0.1)
        with connected(address, GET) as fourth:
            assert fourth.recv(1000).endswith(b"got 0")
            assert heard(first) == b""
            for one in (second, third):
                one.sendall(GET)
                assert one.recv(1000).endswith(b"got 0")


def test_where_all_are_at_work_another_is_refused(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    monkeypatch.setattr(connections, "PAUSE_SECONDS", 60)
    monkeypatch.setattr(connections, "GRACE_SECONDS", 60)
    with connected(address, HEAD % 5) as first:
        time.sleep(0.1)
        with connected(address) as second:
            answer = heard(second)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in answer
        first.sendall(b"12345")
        assert first.recv(1000).endswith(b"got 5")
