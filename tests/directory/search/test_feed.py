"""The index follows the database: other connections' commits, lost connections, time."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database import transaction
from directory.search import SearchQuery, feed, feeding, listing_rows, search
from directory.search.columns import Batch
from directory.search.listing_rows import Connection
from tests.directory.search.listings import add_listing, change_listing
from tests.factories import NOW


@pytest.fixture
def state() -> SimpleNamespace:
    return SimpleNamespace(readiness={})


@pytest.fixture
def _noon() -> Iterator[None]:
    with clock.at(NOW):
        yield


def eventually(is_so: Callable[[], bool], within: float = 1.0) -> bool:
    ends = time.monotonic() + within
    while not is_so():
        if time.monotonic() > ends:
            return False
        time.sleep(0.005)
    return True


def total(state: SimpleNamespace, session: Session) -> int:
    return search(state, session, SearchQuery()).total


def cut_off(session: Session) -> None:
    """End the feed's connection from the server's side."""
    session.connection().execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'openchair search'"
        )
    )


@pytest.mark.usefixtures("_noon")
def test_another_connections_commit_is_seen_within_a_second(
    database: str, session: Session, state: SimpleNamespace
) -> None:
    with feeding(state, database):
        assert state.readiness["search"]()
        with transaction() as other:
            provider = add_listing(other, openings=[NOW + timedelta(days=1)])
            assert total(state, session) == 0  # not before it is committed
        assert eventually(lambda: total(state, session) == 1)
        with transaction() as other:
            change_listing(other, provider, published_at=None)
        assert eventually(lambda: total(state, session) == 0)
        with transaction() as other:
            change_listing(other, provider, published_at=NOW)
        assert eventually(lambda: total(state, session) == 1)
        with transaction() as other:
            other.connection().execute(text("DELETE FROM listing"))
        assert eventually(lambda: total(state, session) == 0)
    assert "search" not in state.readiness


@pytest.mark.usefixtures("_noon")
def test_changes_in_quick_succession_are_read_together(
    database: str, session: Session, state: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as other:
        provider = add_listing(other)
    reads: list[int] = []

    def read_some(connection: Connection, provider_ids: Collection[UUID]) -> Batch:
        reads.append(len(provider_ids))
        return listing_rows.read_some(connection, provider_ids)

    monkeypatch.setattr(feed, "read_some", read_some)
    with feeding(state, database):
        for fee in range(40, 0, -1):
            with transaction() as other:
                change_listing(other, provider, min_fee_cents=fee * 100)
        assert eventually(lambda: search(state, session, SearchQuery(max_fee=1)).total == 1)
    assert len(reads) <= 20


@pytest.mark.usefixtures("_noon")
def test_nothing_is_missed_while_the_connection_is_lost(
    database: str, session: Session, state: SimpleNamespace
) -> None:
    with transaction() as other:
        stays = add_listing(other, name="Dana Lee")
        goes = add_listing(other, name="Noor Price")
    with feeding(state, database) as feed:
        assert total(state, session) == 2
        address = feed._address
        feed._address = "postgresql://nobody@127.0.0.1:1/none"
        cut_off(session)
        assert eventually(lambda: not feed.is_fresh(), within=3)
        with transaction() as other:
            add_listing(other, name="Mei Haddad")
            change_listing(other, stays, min_fee_cents=1)
            other.connection().execute(
                text("DELETE FROM listing WHERE provider_id = :id"), {"id": goes}
            )
        assert total(state, session) == 2  # as it was: search goes on without the database
        feed._address = address
        assert eventually(feed.is_fresh, within=8)
        found = search(state, session, SearchQuery(sort="fee"))
        assert [item.entry.name for item in found.items] == ["Dana Lee", "Mei Haddad"]


def test_a_late_commit_with_an_early_number_is_caught_up_on(
    database: str, session: Session, state: SimpleNamespace
) -> None:
    with clock.at(NOW), feeding(state, database):
        with Session(session.get_bind()) as slow, transaction() as quick:
            add_listing(slow, name="Dana Lee")  # takes the lower change number
            add_listing(quick, name="Noor Price")
            quick.commit()
            assert eventually(lambda: total(state, session) == 1)
            cut_off(session)
            slow.commit()
        assert eventually(lambda: total(state, session) == 2, within=8)


def test_an_app_starts_without_its_database_and_says_so(state: SimpleNamespace) -> None:
    with feeding(state, "postgresql://nobody@127.0.0.1:1/none", patience=0.1) as feed:
        assert not feed.is_fresh()
        assert not feed.is_loaded
        assert not state.readiness["search"]()


def test_a_listing_is_hidden_the_moment_it_is_due(
    database: str, session: Session, state: SimpleNamespace
) -> None:
    with transaction() as other:
        add_listing(other, due_at=NOW + timedelta(hours=1))
        add_listing(other, due_at=NOW + timedelta(hours=1, seconds=1))
    with clock.at(NOW), feeding(state, database):
        assert total(state, session) == 2
        with clock.at(NOW + timedelta(hours=1)):
            found = search(state, session, SearchQuery())
            assert (found.total, found.counted.facets["state"]["WA"]) == (1, 1)
            assert len(found.items) == 1


def test_openings_that_have_gone_by_make_room_for_the_next(
    database: str, session: Session, state: SimpleNamespace
) -> None:
    hours = [NOW + timedelta(hours=n) for n in (1, 2, 30)]
    with transaction() as other:
        add_listing(other, openings=hours)
        add_listing(other, openings=[NOW + timedelta(hours=3)])
    with clock.at(NOW), feeding(state, database):
        first = search(state, session, SearchQuery()).items[0]
        assert [one.starts_at for one in first.openings] == hours
        with clock.at(NOW + timedelta(hours=2)):
            found = search(state, session, SearchQuery(within_days=1))
            assert found.total == 1
            assert found.items[0].openings[0].starts_at == NOW + timedelta(hours=3)
            everyone = search(state, session, SearchQuery()).items
            assert [one.starts_at for one in everyone[1].openings] == hours[2:]


def test_without_a_feed_the_listings_are_read_for_each_question(
    session: Session, state: SimpleNamespace
) -> None:
    with clock.at(NOW):
        add_listing(session)
        assert total(state, session) == 1  # even before it is committed
        assert not hasattr(state, "search")
