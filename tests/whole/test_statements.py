"""How many SQL statements each request sends is written down, and does not grow with the rows.

After a change that is meant: `STATEMENTS=write make test ARGS=tests/whole/test_statements.py`, and
read the difference of `statements.txt` before you commit it.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from booking.calendar.free_times import free_starts
from booking.calendar.slot_cache import rebuild_slots
from core import clock
from core.database import engine
from core.mail import Letter, post
from directory import alerts
from directory.listings.listing import refresh_listing
from directory.models import Credential, Provider
from directory.queries import credentials_of, get_provider, services_of
from directory.search import SearchQuery
from directory.search.listing_rows import read_changes
from main import create_app
from tests.factories import (
    add_audit_line,
    add_decision,
    make_appointment,
    make_patient,
    make_provider,
    make_service,
)
from tests.whole.statements import (
    Counting,
    Counts,
    count_bookings,
    count_ends,
    count_practice,
    count_reads,
)
from tests.whole.world import World, build_world, empty_database, speak_for

FILE = Path(__file__).with_name("statements.txt")
NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)  # Monday, 8:00 am in Washington
MORE = 4
RECORD = "`STATEMENTS=write make test ARGS=tests/whole/test_statements.py` writes it down."

pytestmark = pytest.mark.xdist_group("statements")


@dataclass(frozen=True)
class House:
    app: FastAPI
    client: TestClient
    world: World
    database_url: str

    def count(self) -> Counts:
        """Every route and flow once."""
        counting = Counting(self.client, self.world)
        self._wait_for_search()
        count_reads(self.app, counting)
        count_bookings(counting)
        count_ends(counting)
        count_practice(counting)
        return counting.counts

    def _wait_for_search(self) -> None:
        """Until the index has read every change."""
        deadline = time.monotonic() + 10
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while any(
                len(some) for some in self.app.state.search.index.stale(*read_changes(connection))
            ):
                assert time.monotonic() < deadline, "the index does not catch up"
                time.sleep(0.02)


@pytest.fixture(scope="module")
def house(database_url: str) -> Iterator[House]:
    app = create_app()
    with clock.at(NOW):
        with Session(engine(), expire_on_commit=False) as session:
            world = build_world(session)
        with TestClient(
            app, "http://localhost", follow_redirects=False, client=("127.0.0.1", 50000)
        ) as client:
            yield House(app, client, world, database_url)
    empty_database()


@pytest.fixture(scope="module")
def counts(house: House) -> Counts:
    """In a small world, counted twice: one's first booking also writes who one is."""
    house.count()
    return house.count()


@pytest.fixture(scope="module")
def grown(house: House, counts: Counts) -> Counts:
    """The same, when there is more of everything."""
    with Session(engine(), expire_on_commit=False) as session:
        add_more(session, house.world)
    return house.count()


def add_more(session: Session, world: World) -> None:
    """Commits: of each kind of thing that people leave behind, several more."""
    now = clock.now()
    provider = get_provider(session, UUID(world.ids["provider_id"]))
    patient = session.get_one(Person, world.people["patient A"])
    for number in range(MORE):
        make_service(session, provider.id, "individual", f"Talk {number}", 50, 10000, number + 1)
        post(session, f"more {number}", Letter("a@example.com", "Hello", "Hello", "<p>Hello</p>"))
        speak_for(session, patient.id)
        _add_alert(session, f"more{number}@example.com", now)
        add_audit_line(session, provider)
    _add_credentials(session, provider, world.people["admin"])
    rebuild_slots(session, provider.id, now)
    session.commit()
    for _ in range(MORE):
        make_provider(session, now=now)
        service = services_of(session, provider.id)[0]
        free = free_starts(session, service, now, now + timedelta(days=30), now)
        make_appointment(session, service, patient, free[0])
        make_appointment(session, service, make_patient(session), free[-1])
    refresh_listing(session, provider.id, now)
    session.commit()


def _add_alert(session: Session, email: str, now: datetime) -> None:
    query = SearchQuery(choices={"state": ("WA",)})
    alerts.request_alert(session, email, query, "America/Los_Angeles", "127.0.0.2", now)


def _add_credentials(session: Session, provider: Provider, admin: UUID) -> None:
    """Licences of other states, decided about."""
    licence = next(one for one in credentials_of(session, provider.id) if one.state)
    for state in ("NY", "CA", "ID", "NV")[:MORE]:
        more = Credential(**{**licence.model_dump(exclude={"id"}), "state": state})
        session.add(more)
        session.flush()
        add_decision(session, more, admin)


def test_each_request_sends_as_many_statements_as_are_written_down(counts: Counts) -> None:
    if os.environ.get("STATEMENTS") == "write":
        lines = [f"{len(sent)}\t{asked}\n" for asked, sent in counts.items()]
        FILE.write_text("".join(lines))
    told = list(_differences(_written(), counts))
    assert not told, "\n\n".join(told)


def test_no_request_sends_more_statements_where_there_are_more_rows(
    counts: Counts, grown: Counts
) -> None:
    told = [
        f"{asked}: {len(sent)} statements, {len(more)} with more rows:\n{_as_lines(more)}"
        for asked, sent in counts.items()
        if len(sent) != len(more := grown[asked])
    ]
    assert not told, "\n\n".join(told)


def _written() -> dict[str, int]:
    """What was asked, and as whom → how many statements that may send."""
    lines = (line.split("\t", 1) for line in FILE.read_text().splitlines())
    return {asked: int(number) for number, asked in lines}


def _differences(written: dict[str, int], counts: Counts) -> Iterator[str]:
    for asked in written.keys() - counts.keys():
        yield f"{asked}: is written down, and nobody asks it. {RECORD}"
    for asked, sent in counts.items():
        known = written.get(asked)
        if known is None:
            yield f"{asked}: sends {len(sent)}, and is not written down. {RECORD}"
        elif len(sent) > known:
            yield f"{asked}: {known} are written down, it sends {len(sent)}:\n{_as_lines(sent)}"
        elif len(sent) < known:
            yield f"{asked}: {known} are written down, it sends only {len(sent)}. {RECORD}"


def _as_lines(sent: list[str]) -> str:
    return "\n".join(f"    {statement}" for statement in sent)
