"""Very many made providers, written by COPY: a directory of a whole country in minutes.

Work is cut into chunks, each made from the seed and its own number alone, so that processes can
share it and the same seed makes the same directory, however many they are. Each chunk is one
transaction.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from uuid import UUID

import psycopg

from accounts.models import Person, PersonRole
from accounts.people import address_of
from booking.models import Schedule
from core import clock
from core.database import transaction
from core.errors import Invalid
from core.settings import settings
from core.web.caller import PROVIDER
from demo import population
from demo.bulk import (
    Record,
    Rows,
    continue_numbers,
    copy_rows,
    hold_triggers_back,
    rows_of,
)
from demo.calendars import VARIANTS, calendar_of
from demo.generate import make_provider
from demo.load import has_providers
from demo.people import write_admin_and_patients
from demo.records import credential_records, practice_records, provider_record, service_records
from directory.models import Listing

CHUNK = 1_000


@dataclass(frozen=True)
class Country:
    """What is to be made. `days`: how many days of each calendar are written."""

    listings: int
    seed: int
    days: int
    now: datetime = field(default_factory=clock.now)

    @property
    def chunks(self) -> range:
        return range((self.listings + CHUNK - 1) // CHUNK)


def load_country(country: Country, processes: int | None = None) -> Iterator[int]:
    """Write it into a database without providers; gives, now and again, how many are written.

    Raises Invalid where there are providers, or where the database's user may not hold back its
    triggers (a superuser may, and whoever was granted SET ON session_replication_role).
    """
    with transaction() as session:
        if has_providers(session):
            message = "This database has providers already; give an empty one (DATA_DIR=…)."
            raise Invalid([("listings", message)])
    with psycopg.connect(settings().owner_url, autocommit=True) as connection:
        hold_triggers_back(connection)
    with transaction() as session:
        write_admin_and_patients(session, country.now)
    write = partial(write_chunk, country)
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=spawning) as pool:
        yield from _sums(pool.map(write, country.chunks))
    _finish(country)


_DUE = """
    INSERT INTO calendar_due (provider_id, at)
    SELECT provider_id, now() + random() * interval '1 day' FROM unnest(%s::uuid[]) AS provider_id
"""


def write_chunk(country: Country, chunk: int) -> int:
    """Make one chunk and write it, in one transaction. Returns how many listings it has."""
    rows = made_rows(country, chunk)
    with psycopg.connect(settings().owner_url) as connection:
        hold_triggers_back(connection)
        for model, of_table in rows.items():
            copy_rows(connection, model, of_table)
        # As the triggers would have it, but that not all calendars are due at once.
        counted = "INSERT INTO listing_count (change) VALUES (%s)"
        connection.execute(counted, [len(rows[Listing])])
        connection.execute(_DUE, [[row["provider_id"] for row in rows[Schedule]]])
    return len(rows[Listing])


def made_rows(country: Country, chunk: int) -> Rows:
    """All rows of one chunk by table."""
    rng = Random(f"{country.seed}/{chunk}")  # nosec B311  # reproducible, not secret
    numbers = range(chunk * CHUNK, min((chunk + 1) * CHUNK, country.listings))
    return rows_of(row for number in numbers for row in _records(rng, number, country))


def _records(rng: Random, number: int, country: Country) -> Iterator[Record]:
    """Everything that is stored of one provider."""
    now = country.now
    made = make_provider(rng, number, population.outline(rng, number), now.date())
    key = _keys(rng, number)
    person = key()
    provider = provider_record(made, person, f"{number:04x}", None, rng, now, key)
    services = service_records(made, provider, key)
    credentials = credential_records(made, provider, rng, now, key)
    calendar = calendar_of(made, rng.randrange(VARIANTS), now, country.days)
    address = address_of(made.email)
    yield Person, {"id": person, "created_at": now, "deleted_at": None, **address}
    yield PersonRole, {"person_id": person, "role": PROVIDER}
    yield from practice_records(provider, services, credentials, calendar, number + 1, now)


def _keys(rng: Random, number: int) -> Callable[[], UUID]:
    """Ids that sort by `number`, in the form of version 7."""

    def key() -> UUID:
        chance = rng.getrandbits(74)
        high, low = chance >> 62, chance & ((1 << 62) - 1)
        return UUID(int=(number << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)

    return key


def _sums(counts: Iterable[int]) -> Iterator[int]:
    total = 0
    for count in counts:
        total += count
        yield total


def _finish(country: Country) -> None:
    """The numbers go on after these; the planner knows what is there."""
    with psycopg.connect(settings().owner_url, autocommit=True) as connection:
        continue_numbers(connection, country.listings)
        connection.execute("VACUUM (ANALYZE)")
