"""A made country is the same from the same seed, and is what the rules themselves would write."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from booking.calendar.slot_cache import rebuild_slots
from core.errors import Invalid
from demo.bulk import Rows
from demo.country import Country, load_country, made_rows, write_chunk
from directory.listings.listing import refresh_listing
from directory.models import Listing, Provider
from tests.demo.stored import listings_as_stored, slots_as_stored
from tests.whole.servers import Server, database_beside

SMALL = Country(listings=150, seed=7, days=61, now=datetime.now(UTC).replace(microsecond=0))
LAST = (SMALL.now + timedelta(days=58)).date()


@pytest.fixture
def small(session: Session) -> Session:
    write_chunk(SMALL, 0)
    return session


def said(rows: Rows) -> list[list[dict[str, Any]]]:
    return [
        [{key: value for key, value in row.items() if key[0] != "_"} for row in of_table]
        for of_table in rows.values()
    ]


@pytest.mark.usefixtures("database_url")  # whose key seals the addresses
def test_the_same_seed_makes_the_same_and_another_does_not() -> None:
    few = replace(SMALL, listings=20, days=14)
    assert said(made_rows(few, 0)) == said(made_rows(few, 0))
    assert said(made_rows(few, 0)) != said(made_rows(replace(few, seed=8), 0))


def test_a_refresh_of_any_listing_changes_nothing_but_its_change_number(small: Session) -> None:
    before = listings_as_stored(small, "change", "published_at")
    for provider_id in small.exec(select(Provider.id)).all():
        refresh_listing(small, provider_id, SMALL.now)
    assert listings_as_stored(small, "change", "published_at") == before
    found = small.exec(select(Listing)).all()
    assert len(found) == SMALL.listings
    assert len([one for one in found if one.published_at and one.openings]) > 60


def test_slots_computed_anew_are_those_that_were_made(small: Session) -> None:
    before = slots_as_stored(small, LAST), listings_as_stored(small, "change", "published_at")
    for provider_id in small.exec(select(Provider.id)).all():
        rebuild_slots(small, provider_id, SMALL.now)
    assert (
        slots_as_stored(small, LAST),
        listings_as_stored(small, "change", "published_at"),
    ) == before
    assert len(before[0]) > 1000


def test_a_made_slot_can_be_held_and_is_then_gone(small: Session, client: TestClient) -> None:
    small.commit()
    page = client.get("/api/v1/providers?within_days=14").json()
    slot = page["items"][0]["next_slots"][-1]
    body = {"service_id": slot["service_id"], "starts_at": slot["starts_at"]}
    assert client.post("/api/v1/holds", json=body).status_code == 201
    client.cookies.clear()
    assert client.post("/api/v1/holds", json=body).status_code == 409


def test_a_database_with_providers_is_left_alone(small: Session) -> None:
    small.commit()
    with pytest.raises(Invalid, match="check"):
        next(load_country(SMALL))


def test_the_command_makes_a_directory_that_serves(owner_url: str, tmp_path: Path) -> None:
    with database_beside(owner_url, f"made_country_{os.getpid()}") as url:
        server = Server(DATABASE_URL=url, DATA_DIR=str(tmp_path), RUN_WORKER="false")
        assert "provider@example.com" in server.run("country", "--listings", "1200", "--days", "7")
        server.start()
        try:
            with urlopen(f"{server.url}/api/v1/providers") as answer:  # noqa: S310  # our own
                assert 900 < json.load(answer)["total"] <= 1200
        finally:
            server.stop()
        with psycopg.connect(url) as connection:
            following = "SELECT nextval('listing_number'), nextval('listing_change')"
            assert connection.execute(following).fetchone() == (1201, 1201)
