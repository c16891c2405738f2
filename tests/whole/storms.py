"""Storms: everybody wants one time, or everything dies again and again; what tests and
bench/storms.py share."""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2

from tests.whole.servers import is_taken
from tests.whole.stage import (
    PATIENCE,
    Booked,
    Stage,
    check_promises,
    crowd,
    wait_for,
    wait_for_more,
)


@dataclass(frozen=True)
class Rush:
    """`answers`: how many of each status; `slowest`: seconds until one of them came."""

    answers: Counter[int]
    slowest: float


def rush(stage: Stage, clients: int, wanted: tuple[str, datetime]) -> Rush:
    """So many visitors ask for one of the stage's times in the same moment, each on a connection
    that is open already."""
    service, start = wanted
    body = {"service_id": service, "starts_at": start.isoformat()}
    gate = threading.Barrier(clients)

    def ask(client: httpx2.Client) -> tuple[int, float]:
        gate.wait()
        started = time.perf_counter()
        status = client.post("/api/v1/holds", json=body).status_code
        return status, time.perf_counter() - started

    with ExitStack() as stack:
        visitors = [
            stack.enter_context(httpx2.Client(base_url=stage.server.url, timeout=PATIENCE))
            for _ in range(clients)
        ]
        for visitor in visitors:
            visitor.get("/healthz")
        with ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(ask, visitors))
    return Rush(Counter(status for status, _ in answers), max(took for _, took in answers))


def kill_a_web_process(stage: Stage) -> None:
    """One of several that answer; the one that started it starts another."""
    task = Path(f"/proc/{stage.server.pid}/task/{stage.server.pid}/children")
    children = [int(one) for one in task.read_text().split()]
    is_web = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(is_web[0], signal.SIGKILL)


def kill_all_web_processes(stage: Stage) -> None:
    """The first, whose children end with it; then it is started again."""
    stage.server.kill()
    wait_for(lambda: not is_taken(stage.server.port), "the port to be free")
    stage.server.start()


def kill_the_database(stage: Stage) -> None:
    stage.cluster.kill()
    time.sleep(0.3)
    stage.cluster.start()
    stage.server.wait_until_ready()


KILLS = (kill_a_web_process, kill_the_database, kill_all_web_processes)


def survive(stage: Stage, blows: int, bookings: int) -> Booked:
    """So many blows while people book, each after so many more bookings; then all promises are
    looked at. Raises AssertionError where one was broken."""
    with crowd(stage) as booked:
        for blow in range(blows):
            wait_for_more(booked, bookings)
            KILLS[blow % len(KILLS)](stage)
        wait_for_more(booked, bookings)
    check_promises(stage, booked)
    return booked
