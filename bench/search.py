"""Search at 10,000 listings: JSON and the results page, beside a bare FastAPI answer.

`python -m bench.search` makes a database of its own in a temporary folder, fills it with made-up
listings, starts one worker, and prints requests a second, p50 and p99, one client and eight.
The bare endpoint answers as many bytes, from memory, in a plain `def`, in the same run.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from fastapi import FastAPI, Response

from bench.client import Measured, measure
from core.database import uuid7
from core.postgres import ensure_database
from directory.packing import pack_marks, pack_starts
from directory.search.query import GROUPS, WHEN
from directory.taxonomy import PROFESSIONS

FIRST = "Dana Noor Luis Mei Amara Jonas Ines Tove Sam Ana Ravi Lena Omar Yuki Ada Ben".split()
LAST = "Lee Johnson Garcia Okafor Lindqvist Haddad Nguyen Price Novak Silva Park Ortiz".split()
PORTS = {"app": 8391, "bare": 8392}


def fill(url: str, count: int, seed: int = 1) -> None:
    """Made-up listings over all states and facets, by COPY."""
    dice = random.Random(seed)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [_listing(number, dice, now) for number in range(count)]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY person (id, email, created_at) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((row["provider_id"], f"{row['slug']}@example.com", now))
        provider = "id, person_id, slug, profession, legal_first_name, legal_last_name, "
        provider += "display_name, letters, pronouns, headline, approach, conditions, modalities, "
        provider += (
            "ages, languages, insurance, sliding_scale, accepts_new, keeps_hours, created_at"
        )
        with cursor.copy(f"COPY provider ({provider}) FROM STDIN") as copy:
            for row in rows:
                key, slug, name = row["provider_id"], row["slug"], row["name"]
                texts = (slug, "counselor", *name.split(), name, "", "", "", "")
                copy.write_row((key, key, *texts, *["{}"] * 5, False, True, True, now))
        with cursor.copy(f"COPY listing ({', '.join(rows[0])}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    [json.dumps(v) if isinstance(v, dict | list) else v for v in row.values()]
                )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _listing(number: int, dice: random.Random, now: datetime) -> dict[str, Any]:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    facets = {
        group: dice.sample(list(keys), dice.randint(1, min(6, len(keys))))
        for group, keys in GROUPS.items()
        if group not in ("state", "profession", "accepts_new", *WHEN)
    }
    profession = dice.choice(list(PROFESSIONS))
    facets |= {"profession": [profession], "accepts_new": ["yes"]}
    states = dict.fromkeys(
        dice.sample(list(GROUPS["state"]), dice.choice((*[1] * 10, *[2] * 5, 3, 4, 5, 30)))
    )
    hours = sorted(dice.sample(range(2, 24 * 30), dice.choice((0, 4, 12, 12))))
    opens = [{"service_id": str(uuid7()), "starts_at": _at(now, n)} for n in hours]
    fee = dice.randrange(6000, 30000, 500)
    return {
        "provider_id": uuid7(),
        "number": number,
        "change": number,
        "slug": f"{name.lower().replace(' ', '-')}-{number}",
        "name": name,
        "sort_name": " ".join(reversed(name.lower().split())),
        "facets": facets,
        "marks": pack_marks(facets, states),
        "states": states,
        "card": _card(name, profession, list(states), facets["condition"], fee),
        "min_fee_cents": fee,
        "next_opening": opens[0]["starts_at"] if opens else None,
        "openings": opens,
        "starts": pack_starts(opens),
        "due_at": now + timedelta(days=dice.randint(20, 90)),
        "published_at": now,
    }


def _at(now: datetime, hours: int) -> str:
    return (now + timedelta(hours=hours)).isoformat()


def _card(
    name: str, profession: str, states: list[str], conditions: list[str], fee: int
) -> dict[str, Any]:
    return {
        "name": name,
        "letters": "PhD",
        "profession": PROFESSIONS[profession].title,
        "headline": "I listen first. Then we find the one small thing that can change this week, "
        "and we keep what helps.",
        "states": [
            {
                "code": code,
                "name": GROUPS["state"][code],
                "verified_on": "2026-11-12",
                "expires_on": None,
            }
            for code in states
        ],
        "focus": [GROUPS["condition"][key] for key in conditions[:4]],
        "fee_cents": fee,
        "fee_max_cents": fee + 5000,
        "sliding_scale": fee < 10000,
        "photo": None,
        "monogram": "".join(part[0] for part in name.split()),
        "tint": len(name) % 6,
        "accepts_new": True,
        "pronouns": "they/them",
    }


def questions(dice: random.Random, count: int) -> list[str]:
    """Searches as people make them: a state, often a condition, now and then much more."""
    asked = []
    for _ in range(count):
        pairs = [f"state={dice.choice(list(GROUPS['state']))}"]
        for group, chance in (("condition", 0.7), ("profession", 0.3), ("insurance", 0.3)):
            if dice.random() < chance:
                pairs.append(f"{group}={dice.choice(list(GROUPS[group]))}")
        pairs += ["within_days=7"] * (dice.random() < 0.2) + ["sort=fee"] * (dice.random() < 0.2)
        asked.append("&".join(pairs[1:] if dice.random() < 0.2 else pairs))
    return asked


def bare() -> FastAPI:
    """What one worker can do at best: the framework, and bytes that are ready."""
    app = FastAPI(openapi_url=None)

    @app.get("/{size}")
    def same_size(size: int) -> Response:
        return Response(b"x" * size, media_type="application/json")

    return app


@contextmanager
def running(command: list[str], ready: str, environment: dict[str, str]) -> Iterator[None]:
    """A server process; what it prints is let go."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(ready)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url).close()  # noqa: S310  # our own server
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def report(name: str, clients: int, found: Measured, best: Measured) -> None:
    print(
        f"{name:<14} {clients:>2} client{'s' if clients > 1 else ' '}  {found.rate:7.0f}/s  "
        f"p50 {found.p50 * 1000:6.2f} ms  p99 {found.p99 * 1000:6.2f} ms  {found.size:>7,} B   "
        f"bare {best.rate:6.0f}/s  ratio {found.rate / best.rate:4.0%}",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=10_000)
    options.add_argument("--requests", type=int, default=2_000)
    chosen = options.parse_args()
    asked = questions(random.Random(2), 200)
    once = questions(random.Random(3), 20_000)
    kinds = {
        "JSON": [f"/api/v1/providers?{words}" for words in asked],
        "JSON, all new": [f"/api/v1/providers?{words}" for words in once],
        "results page": [f"/find?{words}" for words in asked],
    }
    with tempfile.TemporaryDirectory() as folder:
        url = ensure_database(Path(folder))
        settings = {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "RUN_WORKER": "false",
            "DEMO": "false",
            "PORT": str(PORTS["app"]),
        }
        bare_command = ["-m", "uvicorn", "bench.search:bare", "--factory", "--no-access-log"]
        bare_command += ["--log-level", "warning", "--port", str(PORTS["bare"])]
        subprocess.run(
            [sys.executable, "main.py", "migrate"],
            check=True,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
        )
        fill(url, chosen.listings)
        with (
            running(["main.py", "serve"], f"http://127.0.0.1:{PORTS['app']}/readyz", settings),
            running(bare_command, f"http://127.0.0.1:{PORTS['bare']}/1", {}),
        ):
            for name, paths in kinds.items():
                size = measure(PORTS["app"], paths, 4, 400).size  # and warm
                measure(PORTS["bare"], [f"/{size}"], 4, 400)
                for clients in (1, 8):
                    best = measure(PORTS["bare"], [f"/{size}"], clients, chosen.requests)
                    found = measure(PORTS["app"], paths, clients, chosen.requests)
                    report(name, clients, found, best)


if __name__ == "__main__":
    main()
