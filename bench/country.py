"""Search in directories of 1,000 to 1,000,000 listings, beside SQL, tantivy and bare answers.

    make bench                                       # python -m bench.country
    python -m bench.country --sizes 1000 100000 --folder /var/tmp/openchair-bench

Each size is a database that `main.py country` makes (kept in `--folder`, if one is given). Then:

- one worker of the app on it: how long until it is ready, its memory, and its answers to
  searches of two to four filters with all counts, as JSON and as pages: from one client and from
  four who ask again as soon as they are answered, beside a bare FastAPI endpoint that answers as
  many bytes; and from four who together ask `--rate` times a second, as four hundred people would
  who look at each page for four seconds;
- in this process, one question after another: the index, the same in SQL, the same in tantivy;
- `--check` questions whose totals, counts and first pages must be those of SQL.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import psycopg
from sqlmodel import Session

from bench import servers
from bench.client import Measured, measure
from bench.in_sql import InSql
from bench.in_tantivy import InTantivy
from bench.questions import in_json, questions, repeated
from core import clock
from core.database import engine
from core.postgres import ensure_database
from core.settings import settings
from directory.addresses import address_of
from directory.search import SearchQuery, SearchResults, feeding, search
from directory.search.query import WHEN

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ADDRESSES = {"JSON": in_json, "page": address_of}
Ask = Callable[[SearchQuery], object]


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--requests", type=int, default=2000, help="of each kind")
    options.add_argument("--rate", type=float, default=100, help="a second, by four clients")
    options.add_argument("--questions", type=int, default=40, help="put to SQL and to tantivy")
    options.add_argument("--check", type=int, default=0, help="questions to compare with SQL")
    chosen = options.parse_args()
    for size, url, folder in directories(chosen.sizes, chosen.folder):
        with servers.beside("bench.servers:bare", "/1"):
            _measure_app(url, folder, chosen.requests, chosen.rate)
        _compare(url, folder / f"tantivy-{size}", chosen.questions, chosen.check)


def options_of(doc: str | None) -> argparse.ArgumentParser:
    """Those of every measurement of directories; `doc` is the module's."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else "")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options.add_argument("--folder", help="where databases are kept; else a temporary")
    return options


def directories(sizes: list[int], kept: str | None) -> Iterator[tuple[int, str, Path]]:
    """For each size a directory of that many listings, at its address, and the server's folder."""
    os.umask(0o022)  # the embedded server may run as another user, who must reach its folder
    with kept_folder(kept) as folder:
        server = ensure_database(folder)
        for size in sizes:
            print(f"\n{size:,} listings", flush=True)
            yield size, country(server, size, folder), folder


@contextmanager
def kept_folder(kept: str | None) -> Iterator[Path]:
    """A folder by its name, or one that is gone afterwards."""
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="openchair-bench-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def country(server: str, size: int, folder: Path) -> str:
    """The address of a database with so many listings, made if it is not there."""
    url = server.replace("/openchair?", f"/country_{size}?")
    name = f"country_{size}"
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {name}")
    if found is None:
        started = time.perf_counter()
        servers.run(["country", "--listings", str(size)], servers.environment(url, folder))
        seconds = time.perf_counter() - started
        print(f"  made in {seconds:.0f} s, {size / seconds:,.0f} listings a second")
    else:
        servers.run(["migrate"], servers.environment(url, folder))
    return url


def _measure_app(url: str, folder: Path, count: int, rate: float) -> None:
    started = time.perf_counter()
    with servers.app(servers.environment(url, folder)) as process:
        print(f"  ready in {time.perf_counter() - started:.1f} s", flush=True)
        for name, address in ADDRESSES.items():
            for how in ("new", "repeated"):
                dice = Random(f"{name}{how}")
                asking = questions(dice) if how == "new" else repeated(dice, 500)
                for clients in (1, 4):
                    paths = [address(one) for one in islice(asking, count)]
                    measure(servers.PORTS["app"], paths[:50], clients, 50)
                    before = servers.spent()
                    found = measure(servers.PORTS["app"], paths, clients, count)
                    within = servers.spent() - before
                    size = [f"/{found.size}"]
                    bare = measure(servers.PORTS["beside"], size, clients, count)
                    title = f"{name}, {how}, {clients} client{'s' * (clients > 1)}"
                    _show(title, found, within, f"{found.rate / bare.rate:4.0%} of bare")
                paths = [address(one) for one in islice(asking, count)]
                before = servers.spent()
                found = measure(servers.PORTS["app"], paths, 4, count, rate)
                _show(f"{name}, {how}, 4 at {rate:g}/s", found, servers.spent() - before)
        print(f"  memory of the process: {servers.memory(process):.0f} MB", flush=True)


def _show(name: str, found: Measured, within: Counter[str], beside: str = "") -> None:
    """`within`: how many the server has answered in so many seconds, by its own clock."""
    shares = [within[step] / within["+Inf"] for step in ("0.005", "0.025")]
    print(
        f"  {name:28} p50 {found.p50 * 1000:6.2f} ms  p99 {found.p99 * 1000:6.2f} ms"
        f"  {found.rate:5.0f}/s {beside:12} {found.size / 1000:5.1f} kB"
        f"  in the server {shares[0]:6.1%} ≤ 5 ms, {shares[1]:6.1%} ≤ 25 ms",
        flush=True,
    )


def _compare(url: str, folder: Path, count: int, check: int) -> None:
    """The index, SQL and tantivy in one process, in turns, one question each."""
    os.environ["DATABASE_URL"] = url
    settings.cache_clear()
    engine.cache_clear()
    state: Any = SimpleNamespace(readiness={})
    with (
        feeding(state, url, patience=120),
        psycopg.connect(url, autocommit=True) as connection,
        Session(engine()) as session,
    ):
        in_sql = InSql(connection)
        in_tantivy = InTantivy(connection, folder)
        asking = questions(Random("compared"))
        if check:
            _check(state, session, in_sql, in_tantivy, list(islice(asking, check)))
        ways: dict[str, Ask] = {
            "index": lambda query: search(state, session, query),
            "SQL": lambda query: in_sql.answer(query, clock.now()),
            "tantivy": lambda query: in_tantivy.answer(query, clock.now()),
        }
        for query in islice(asking, 10):
            ways["index"](query)  # each time zone is read once
        times: dict[str, list[float]] = {name: [] for name in ways}
        for query in islice(asking, count):
            for name, ask in ways.items():
                started = time.perf_counter()
                ask(query)
                times[name].append((time.perf_counter() - started) * 1000)
    ours = statistics.median(times["index"])
    for name, taken in times.items():
        taken.sort()
        p50, p99 = statistics.median(taken), taken[len(taken) * 99 // 100]
        print(
            f"  in process, {name:16} p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  {p50 / ours:7.1f} ×",
            flush=True,
        )
    engine().dispose()


def _check(
    state: Any, session: Session, in_sql: InSql, in_tantivy: InTantivy, asked: list[SearchQuery]
) -> None:
    """Exits with the first question that SQL answers otherwise; or tantivy, as far as it does not
    depend on the hour: no opening goes by in its index."""
    for query in asked:
        theirs, ours = in_sql.answer(query, clock.now()), _ours(search(state, session, query))
        if ours != theirs:  # a minute may have ended between the two
            theirs, ours = in_sql.answer(query, clock.now()), _ours(search(state, session, query))
        if ours != theirs:
            sys.exit(f"SQL answers otherwise: {query}\n{ours}\n{theirs}")
        stands_still = query.within_days is None and not query.choices.keys() & set(WHEN)
        if stands_still and in_tantivy.answer(query, clock.now())[0] != ours[0]:
            sys.exit(f"tantivy finds not {ours[0]}: {query}")
    print(f"  {len(asked)} questions: every total, count and first page is that of SQL", flush=True)


def _ours(found: SearchResults) -> tuple[int, object, list[int]]:
    return found.total, found.counted.facets, [number for number, _ in found.listed]


if __name__ == "__main__":
    main()
