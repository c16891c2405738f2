"""The index answers as PostgreSQL does, which reads what listings say and nothing packed."""

import random
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from sqlmodel import Session

from bench.in_sql import InSql
from core import clock
from core.database import driver_connection, make_engine
from directory.search import SearchQuery, search
from directory.search.query import GROUPS
from tests.directory.search.listings import add_listing, random_name
from tests.factories import NOW

GROUPS_HERE = ("state", "condition", "profession", "language", "accepts_new")
VALUES = {group: list(GROUPS[group])[:4] for group in GROUPS_HERE}


@pytest.fixture
def session(database: str, owner_url: str) -> Iterator[Session]:
    """As the owner: the comparison makes tables of its own, and takes them back."""
    owner = make_engine(owner_url)
    with Session(owner, expire_on_commit=False) as opened:
        yield opened
    owner.dispose()


@pytest.fixture
def in_sql(session: Session, monkeypatch: pytest.MonkeyPatch) -> InSql:
    dice = random.Random(7)
    for _ in range(120):
        picked = {
            group: dice.sample(keys, dice.randint(0, len(keys))) for group, keys in VALUES.items()
        }
        add_listing(
            session,
            name=random_name(dice),
            states=dict.fromkeys(picked.pop("state") or ["GU"]),
            facets=picked,
            fee_cents=dice.choice((0, 5000, 9900, 15_000, 40_000)),
            openings=[
                NOW + timedelta(minutes=15 * dice.randint(-300, 2000))
                for _ in range(dice.choice((0, 1, 5, 12)))
            ],
            notice_minutes=dice.choice((0, 0, 90, 720)),
            due_at=NOW + timedelta(days=dice.choice((-1, 3, 60))),
            published=dice.random() < 0.9,
        )
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=10))
    connection: psycopg.Connection[object] = driver_connection(session)
    return InSql(connection)


def questions(count: int) -> Iterator[SearchQuery]:
    dice = random.Random(8)
    values = {**VALUES, "weekday": list(GROUPS["weekday"]), "time": list(GROUPS["time"])}
    for _ in range(count):
        chosen = {
            group: tuple(dice.sample(keys, dice.randint(1, len(keys))))
            for group, keys in values.items()
            if dice.random() < 0.3
        }
        yield SearchQuery(
            choices=chosen,
            max_fee=dice.choice((None, None, 99, 150)),
            within_days=dice.choice((None, None, 1, 7)),
            zone=dice.choice(("America/Denver", "Pacific/Guam")),
            sort=dice.choice(("soonest", "fee", "name")),
            limit=10,
        )


def test_totals_counts_and_first_pages_are_those_of_sql(session: Session, in_sql: InSql) -> None:
    state = SimpleNamespace(read_openings=lambda *_: {})
    for query in questions(60):
        found = search(state, session, query)
        total, counts, numbers = in_sql.answer(query, clock.now())
        assert found.total == total
        assert found.counted.facets == counts
        assert [number for number, _ in found.listed] == numbers
