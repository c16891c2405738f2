"""Searches while others book: two workers, and no slot listed that has been gone for a second.

    python -m bench.live --listings 100000 --folder /var/tmp/openchair-bench

Searchers ask five hundred questions again and again at a steady rate, first alone, then while
bookers take (hold and confirm) times that the searchers have just seen. An answer that lists a
slot whose hold was answered more than a second before the question was sent is counted as late.
"""

import argparse
import http.client
import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from threading import Event, Thread
from typing import Any

from bench import servers
from bench.booking import DETAILS, sign_in_people
from bench.country import country, kept_folder
from bench.questions import in_json, repeated
from core.postgres import ensure_database

Slot = tuple[str, str]
"""Its service and its start, as the API writes them."""
Seen = tuple[Slot, str, float]
"""A slot, a state where it may be taken, and when it was asked for."""
SEARCHERS, BOOKERS = 4, 4
LATE = 1.0  # seconds


@dataclass
class Run:
    """What happened in one phase. Threads only append, or set a key of their own."""

    taken: dict[Slot, float]
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=500))
    busy: dict[str, float] = field(default_factory=dict)  # service → when it was last taken
    times: list[float] = field(default_factory=list)
    late: list[Slot] = field(default_factory=list)
    booked: int = 0
    refused: int = 0
    over: Event = field(default_factory=Event)


def search(run: Run, connection: http.client.HTTPConnection, asked: list[str]) -> None:
    """One question; what its answer shows."""
    path = asked[len(run.times) % len(asked)]
    sent = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    run.times.append(time.perf_counter() - sent)
    assert answer.status == 200, body
    for item in json.loads(body)["items"]:
        state = item["states"][0]["code"]
        for one in item["next_slots"]:
            slot = one["service_id"], one["starts_at"]
            if run.taken.get(slot, sent) < sent - LATE:
                run.late.append(slot)
            run.seen.append((slot, state, sent))


def book(run: Run, connection: http.client.HTTPConnection, secrets: list[str]) -> None:
    """Hold and confirm one of the times just seen; while others have it by now, another. What
    was seen before the last booking with the same person is not tried: it may overlap."""
    headers = {"Authorization": f"Bearer {secrets.pop()}", "Content-Type": "application/json"}

    def post(path: str, **values: str) -> tuple[int, Any]:
        connection.request("POST", path, json.dumps(values), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    status = 0
    while run.seen and status != 201:
        (service, start), state, sent = run.seen.pop()
        if sent <= run.busy.get(service, 0):
            continue
        run.busy[service] = time.perf_counter()
        status, hold = post("/api/v1/holds", service_id=service, starts_at=start)
        if status == 201:
            run.taken[service, start] = run.busy[service] = time.perf_counter()
            details = {**DETAILS, "state": state}
            status, answer = post(f"/api/v1/holds/{hold['id']}/confirm", **details)
            assert status == 201, answer
            run.booked += 1
        else:
            run.refused += 1


def steadily(run: Run, rate: float, do: Callable[[http.client.HTTPConnection], None]) -> Thread:
    """A thread that does it so many times a second until the run is over."""

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", servers.PORTS["app"])
        due = time.perf_counter()
        while not run.over.is_set():
            do(connection)
            due = max(due + 1 / rate, time.perf_counter() - 0.1)
            time.sleep(max(0.0, due - time.perf_counter()))

    thread = Thread(target=work)
    thread.start()
    return thread


def phase(
    taken: dict[Slot, float],
    asked: list[str],
    secrets: list[str],
    seconds: float,
    searches: float,
    bookings: float,
) -> Run:
    run = Run(taken)
    threads = [
        steadily(run, searches / SEARCHERS, lambda link: search(run, link, asked))
        for _ in range(SEARCHERS)
    ]
    if bookings:
        threads += [
            steadily(run, bookings / BOOKERS, lambda link: book(run, link, secrets))
            for _ in range(BOOKERS)
        ]
    time.sleep(seconds)
    run.over.set()
    for thread in threads:
        thread.join()
    run.times.sort()
    return run


def show(name: str, run: Run, seconds: float) -> float:
    count = len(run.times)
    p50, p99 = run.times[count // 2] * 1000, run.times[count * 99 // 100] * 1000
    print(
        f"  {name:10} {count / seconds:5.0f} searches/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms"
        f"  {run.booked / seconds:4.1f} bookings/s ({run.refused} refused)"
        f"  {len(run.late)} slots listed late",
        flush=True,
    )
    return p99


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--listings", type=int, default=100_000)
    options.add_argument("--folder", help="where databases are kept; else a temporary one")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--searches", type=float, default=60, help="a second")
    options.add_argument("--bookings", type=float, default=50, help="a second")
    chosen = options.parse_args()
    os.umask(0o022)  # the embedded server may run as another user, who must reach its folder
    with kept_folder(chosen.folder) as folder:
        url = country(ensure_database(folder), chosen.listings, folder)
        people = sign_in_people(url, int(chosen.bookings * chosen.seconds * 1.5))
        secrets = [secret for _, secret in people]
        asked = [in_json(one) for one in islice(repeated(Random(2), 500), 2000)]
        print(f"\n{chosen.listings:,} listings, two workers")
        with servers.app(servers.environment(url, folder, WORKERS="2")):
            taken: dict[Slot, float] = {}
            phase(taken, asked, secrets, 3, chosen.searches, 0)
            steady = (asked, secrets, chosen.seconds, chosen.searches)
            idle = show("idle", phase(taken, *steady, 0), chosen.seconds)
            busy = show("booking", phase(taken, *steady, chosen.bookings), chosen.seconds)
            print(f"  p99 while others book: {busy / idle:.1f} × idle")


if __name__ == "__main__":
    main()
