"""The desk's queues page by page, and the number of listings as triggers keep it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from core.database import engine
from directory.credentials import cases, queues
from directory.credentials.queues import Asker
from directory.listings.listing import refresh_listing
from directory.listings.listing_count import fold_changes
from directory.models import Listing, ListingCount, Provider
from directory.queries import credentials_of
from tests.factories import NOW, make_provider

VIEWS = ("ours", "theirs", "expiring", "overdue", "everyone")


@pytest.fixture
def crowd(session: Session) -> Sequence[Provider]:
    """Two of each: claims wait, refused and not shown, runs out, overdue, all done. One whose
    claims wait has another that came later; one who is shown has claimed again."""
    made = [make_provider(session, now=NOW, verified=number > 1) for number in range(10)]
    for number, provider in enumerate(made):
        for one in credentials_of(session, provider.id):
            if number in (2, 3):
                one.status = "rejected"
            if number in (4, 5):
                one.expires_on = (NOW + timedelta(days=number)).date()
            if number == 9 and one.kind == "npi":
                one.status = "pending"
                one.submitted_at = NOW - timedelta(days=200)
            if number == 1 and one.kind == "npi":
                one.submitted_at = NOW - timedelta(days=1)
            session.add(one)
        if number in (6, 7):
            provider.attested_at = NOW - timedelta(days=91 + number)
        session.add(provider)
        session.flush()
        if number in (2, 3):
            refresh_listing(session, provider.id, NOW)
    session.commit()
    return made


def whole(session: Session, view: str) -> list[UUID]:
    return [case.provider_id for case in cases.find_cases(session, view, NOW, 0, 50).cases]


def test_what_waits_for_us_stands_apart_from_who_has_the_next_step_to_do(
    session: Session, crowd: Sequence[Provider]
) -> None:
    assert whole(session, "ours") == [crowd[number].id for number in (9, 0, 1)]
    assert whole(session, "waiting") == [crowd[number].id for number in (9, 0, 1, 2, 3)]
    assert whole(session, "theirs") == [crowd[number].id for number in (2, 3)]
    assert whole(session, "expiring") == [crowd[4].id, crowd[5].id]
    assert whole(session, "overdue") == [crowd[7].id, crowd[6].id]


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("view", VIEWS)
def test_pages_of_any_size_make_the_whole(
    session: Session, crowd: Sequence[Provider], view: str, most: int
) -> None:
    everyone = whole(session, view)
    pages = [
        cases.find_cases(session, view, NOW, at, most) for at in range(0, len(everyone) + 1, most)
    ]
    assert [case.provider_id for page in pages for case in page.cases] == everyone
    assert {page.total for page in pages} == {len(everyone)}
    assert cases.count_cases(session, Asker(NOW))[view] == len(everyone)


def test_who_is_shown_again_waits_no_more(session: Session, crowd: Sequence[Provider]) -> None:
    for one in credentials_of(session, crowd[2].id):
        one.status = "verified"
        session.add(one)
    session.flush()
    refresh_listing(session, crowd[2].id, NOW)
    assert crowd[2].id not in whole(session, "theirs")


def counted(session: Session) -> int:
    return queues.count(session, [queues.EVERYONE], Asker(NOW))[0]


def test_the_number_of_listings_follows_what_is_added_and_removed(session: Session) -> None:
    made = [make_provider(session, now=NOW) for _ in range(3)]
    refresh_listing(session, made[0].id, NOW)  # again: it is not another
    assert counted(session) == 3
    session.connection().execute(
        text("DELETE FROM listing WHERE provider_id <> :id"), {"id": made[0].id}
    )
    assert counted(session) == 1
    session.rollback()
    assert counted(session) == 3


def test_every_night_the_changes_become_one_and_nobody_sees_it(session: Session) -> None:
    for _ in range(2):
        make_provider(session, now=NOW)
    with Session(engine()) as nightly:
        fold_changes(nightly)
        assert counted(session) == 2  # not committed yet
        nightly.commit()
    assert counted(session) == 2
    rows = session.exec(select(ListingCount).order_by(col(ListingCount.id))).all()
    assert [row.change for row in rows] == [2]
    fold_changes(session)
    assert counted(session) == len(session.exec(select(Listing)).all())


def test_an_empty_directory_has_none_also_at_night(session: Session) -> None:
    fold_changes(session)
    assert counted(session) == 0
    assert session.exec(select(ListingCount)).all() == []
