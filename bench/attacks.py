"""Attacks on the running service: how long others wait meanwhile.

`python -m bench.attacks` starts a PostgreSQL of its own and `main.py serve` on it, and does each of
these, one after the other: bodies of a million keys, twelve pictures at once, a table that somebody
else has locked, and five hundred connections that say nothing. It prints what was answered, the
slowest answer that the attacker had, the slowest that anybody else had meanwhile (home, search,
health, a style; asked all the time, each on a connection of its own), and how much memory the
server took at most. It knows nothing of how the service defends itself, so it can be run against
an older version.
"""

import base64
import io
import os
import secrets
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread, Timer

import httpx2
import psycopg
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core import clock
from core.database import engine
from core.migrations import migrate
from core.settings import settings
from core.web.templates import asset
from tests.factories import make_provider, sign_in
from tests.whole.servers import Cluster, Server

OTHERS = ("/", "/find", "/api/v1/providers", "/healthz", asset("css/base.css"))
PATIENCE = 60.0  # seconds
HALF_OPEN = 500
HELD = 12.0  # seconds for which the table is locked, and half-open connections are watched

Answer = tuple[str, float]
"""A status, or the kind of error, and seconds."""


class Bystander:
    """Somebody else, who asks all the time."""

    def __init__(self, url: str) -> None:
        self.answers: list[Answer] = []
        self._url, self._stopping = url, Event()
        self._thread = Thread(target=self._ask)

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stopping.is_set():
            for path in OTHERS:
                ask = partial(httpx2.get, self._url + path, timeout=PATIENCE)
                self.answers.append(timed(ask))
            time.sleep(0.02)


def timed(ask: Callable[[], httpx2.Response]) -> Answer:
    started = time.perf_counter()
    try:
        said = str(ask().status_code)
    except httpx2.HTTPError as error:
        said = type(error).__name__
    return said, time.perf_counter() - started


def at_once(count: int, ask: Callable[[], httpx2.Response]) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: timed(ask), range(count)))


def memory(server: Server) -> float:
    """MB that the server's process held at most until now (Linux)."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith("VmHWM")).split()[1]) / 1024


def keys(server: Server) -> list[Answer]:
    body = b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}"
    url, headers = f"{server.url}/api/v1/auth/code", {"Content-Type": "application/json"}
    return at_once(2, lambda: httpx2.post(url, content=body, headers=headers, timeout=PATIENCE))


def pictures(server: Server, size: tuple[int, int], headers: dict[str, str]) -> list[Answer]:
    out = io.BytesIO()
    Image.new("L", size).save(out, "PNG")
    url, files = f"{server.url}/api/v1/me/photo", {"photo": ("me.png", out.getvalue())}
    return at_once(12, lambda: httpx2.put(url, files=files, headers=headers, timeout=PATIENCE))


def locked_table(server: Server, database: str) -> list[Answer]:
    url, body = f"{server.url}/api/v1/auth/code", {"email": "stranger@example.com"}
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE rate_counter")
        ends = Timer(HELD, other.rollback)
        ends.start()
        answers = at_once(24, lambda: httpx2.post(url, json=body, timeout=PATIENCE))
        ends.join()
    return answers


def half_open(server: Server) -> list[Answer]:
    """How many were cut within the time, and when the last one was."""
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(HALF_OPEN)]
    started = time.perf_counter()
    answers = []
    for one in opened:
        one.sendall(b"GET / HTTP/1.1\r\nX")
    for one in opened:
        one.settimeout(max(0.001, HELD - (time.perf_counter() - started)))
        try:
            said = one.recv(16).decode().partition(" ")[2][:3] or "closed"
        except TimeoutError:
            said = "still open"
        answers.append((said, time.perf_counter() - started))
        one.close()
    return answers


def show(name: str, server: Server, attack: Callable[[], list[Answer]]) -> None:
    for path in OTHERS:
        httpx2.get(server.url + path, timeout=PATIENCE)
    with Bystander(server.url) as bystander:
        answers = attack()
    said = ", ".join(f"{count} × {one}" for one, count in Counter(a for a, _ in answers).items())
    others = Counter(one for one, _ in bystander.answers if one != "200")
    print(
        f"{name:30} {said:32} slowest {max(s for _, s in answers):5.1f} s"
        f" · others: {len(bystander.answers):4} asked, {others.total()} not answered,"
        f" slowest {max(s for _, s in bystander.answers):5.2f} s · {memory(server):5.0f} MB",
        flush=True,
    )


@contextmanager
def attacked(folder: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server, and what speaks for a provider on it."""
    cluster = Cluster(folder)
    cluster.start()
    os.environ.update(
        DATABASE_URL=cluster.url,
        DATA_DIR=str(folder),
        RUN_WORKER="false",
        DEMO="false",
        SMTP_URL="smtp+plain://127.0.0.1:1",
        SECRET_KEYS=base64.b64encode(secrets.token_bytes(32)).decode(),
    )
    settings.cache_clear()
    migrate()
    with Session(engine(), expire_on_commit=False) as session:
        provider = make_provider(session, now=clock.now())
        headers = sign_in(None, session, session.get_one(Person, provider.person_id))
    engine().dispose()
    server = Server(RATE_LIMITS="true")
    server.start()
    try:
        yield server, headers
    finally:
        server.stop()
        cluster.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, attacked(Path(folder)) as (server, headers):
        database = settings().database_url
        show("2 bodies of a million keys", server, lambda: keys(server))
        large, largest = (7000, 7000), (5700, 4200)
        show("12 pictures of 49 Mpx", server, lambda: pictures(server, large, headers))
        show("12 pictures of 24 Mpx", server, lambda: pictures(server, largest, headers))
        show("a locked table", server, lambda: locked_table(server, database))
        show(f"{HALF_OPEN} half-open connections", server, lambda: half_open(server))


if __name__ == "__main__":
    main()
