"""kill -9 of the application or of PostgreSQL in the middle of bookings: what was promised is kept,
and search goes on."""

import time
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from tests.whole.stage import (
    PROVIDERS,
    Stage,
    check_promises,
    crowd,
    staged,
    wait_for,
    wait_for_more,
)

BEFORE = 20  # bookings acknowledged before the blow
AFTER = 10  # and after it

pytestmark = [pytest.mark.race, pytest.mark.xdist_group("race")]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def test_the_application_dies_while_people_book(stage: Stage) -> None:
    with crowd(stage) as booked:
        wait_for_more(booked, BEFORE)
        stage.server.kill()
        time.sleep(0.3)
        stage.server.start()
        wait_for_more(booked, AFTER)
    check_promises(stage, booked)


def test_postgresql_dies_while_people_book(stage: Stage) -> None:
    with crowd(stage) as booked:
        wait_for_more(booked, BEFORE)
        stage.cluster.kill()
        time.sleep(0.3)
        stage.cluster.start()
        stage.server.wait_until_ready()
        wait_for_more(booked, AFTER)
    check_promises(stage, booked)


def test_search_goes_on_while_postgresql_is_dead_and_then_catches_up(stage: Stage) -> None:
    """Marked as of when; what changes before the feed listens again is not missed."""
    with httpx2.Client(base_url=stage.server.url, timeout=5) as client:

        def found() -> tuple[int, bool]:
            answer = client.get("/api/v1/providers?state=WA&sort=fee")
            assert answer.status_code == 200, answer.text
            return answer.json()["total"], answer.json()["as_of"] is not None

        assert client.get("/find?state=WA").status_code == 200  # its cards are at hand from now on
        assert found() == (PROVIDERS, False)
        stage.cluster.kill()
        wait_for(lambda: found() == (PROVIDERS, True), "the answer to say as of when")
        page = client.get("/find?state=WA")
        assert page.status_code == 200
        assert "Openings as of" in page.text
        assert page.text.count('class="provider-card"') == PROVIDERS
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        stage.cluster.start()
        with psycopg.connect(stage.cluster.url, autocommit=True) as connection:
            connection.execute(_HIDE_ONE)
        wait_for(lambda: found() == (PROVIDERS - 1, False), "the change made meanwhile")
        assert "Openings as of" not in client.get("/find?state=WA").text


_HIDE_ONE = """
    UPDATE listing SET published_at = NULL, change = nextval('listing_change')
    WHERE number = (SELECT min(number) FROM listing)
"""
