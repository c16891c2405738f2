"""Times of the week that a search asks for: on cards, in the API, on the profile, side by side."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from directory.listings.listing import refresh_listing
from directory.listings.openings import Opening
from directory.models import Provider
from directory.queries import credentials_of, services_of
from tests.booking.test_compare import columns
from tests.factories import NOW, make_appointment, make_patient, make_provider
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

LONG_DAYS = [{"weekday": day, "start": "08:00", "end": "21:00"} for day in range(5)]
"""So long that of a week the first twelve starts are all of one day."""
PACIFIC, EASTERN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def search_reads_now(app: FastAPI, client: TestClient) -> None:
    """Instead of hearing of what was committed a moment later."""
    app.state.search = None


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, weekly=LONG_DAYS)


def starts_in(html: str) -> list[datetime]:
    """The instants of all links that book."""
    found = re.findall(r'href="/book\?[^"]*start=([^"&]+)', html)
    return [datetime.fromisoformat(unescape(one).replace("%3A", ":")) for one in found]


def days_in(html: str) -> list[date]:
    """The days of a profile's month that have times."""
    return [
        date.fromisoformat(day) for day in re.findall(r'href="/providers/[^"]*from=([\d-]+)', html)
    ]


def page(client: TestClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.text


ASKED = [  # parameters, weekdays (Monday is 0), from and before which hour, by whose clock
    ("weekday=thu&time=evening", {3}, 17, 24, PACIFIC),
    ("weekday=mon&time=evening", {0}, 17, 24, PACIFIC),
    ("weekday=fri", {4}, 0, 24, PACIFIC),
    ("time=morning", {0, 1, 2, 3, 4}, 0, 12, PACIFIC),
    ("weekday=tue&weekday=wed&time=afternoon", {1, 2}, 12, 17, PACIFIC),
    ("weekday=thu&time=evening&zone=America/New_York", {3}, 17, 24, EASTERN),
]


@pytest.mark.parametrize(("asked", "weekdays", "first", "end", "zone"), ASKED)
def test_all_times_shown_are_those_asked_for(
    client: TestClient,
    dana: Provider,
    asked: str,
    weekdays: set[int],
    first: int,
    end: int,
    zone: ZoneInfo,
) -> None:
    cards = page(client, f"/find?state=WA&{asked}")
    (way,) = re.findall(r'<h2><a href="(/providers/[^"]+)"', cards)
    listed = client.get(f"/api/v1/providers?state=WA&{asked}").json()["items"][0]
    detail = client.get(f"/api/v1/providers/{dana.id}?state=WA&{asked}").json()
    shown = {
        "card": starts_in(cards),
        "search": [datetime.fromisoformat(one["starts_at"]) for one in listed["next_slots"]],
        "detail": [datetime.fromisoformat(one["starts_at"]) for one in detail["next_slots"]],
        "profile": sorted(set(starts_in(page(client, unescape(way) + "&state=WA")))),
        "compare": starts_in(page(client, f"/compare?provider={dana.slug}&state=WA&{asked}")),
    }
    for where, starts in shown.items():
        assert len(starts) >= 3, where
        for start in starts:
            local = start.astimezone(zone)
            assert local.weekday() in weekdays, (where, local)
            assert first <= local.hour < end, (where, local)
    soonest = [starts[:3] for starts in shown.values()]
    assert soonest.count(soonest[0]) == len(soonest)
    assert listed["next_opening"] == listed["next_slots"][0]["starts_at"]


def test_the_profile_says_what_is_asked_and_leads_to_all_times(
    client: TestClient, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}?state=WA&weekday=mon&time=evening")
    assert "Monday evenings · show all times" in said(html)
    days = re.findall(r'href="(/providers/[^"]+from=[^"]+)"', html)
    assert days
    for day in days:
        assert "weekday=mon" in day
        assert "time=evening" in day
        assert date.fromisoformat(day.partition("from=")[2][:10]).weekday() == 0
    (lifted,) = re.findall(r'href="([^"#]+)[^"]*">show all times', html)
    everything = page(client, unescape(lifted))
    assert "show all times" not in everything
    assert starts_in(everything)[0] == NOW + timedelta(minutes=30)
    assert "state=WA" in lifted


def test_none_of_the_times_asked_for_is_said_and_is_no_dead_end(
    client: TestClient, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}?weekday=sun")
    assert "No open time of these." in said(html)
    assert "Sundays · show all times" in said(html)
    side = page(client, f"/compare?provider={dana.slug}&weekday=sun&time=morning")
    assert columns(side, "Next times") == ["No open time of these just now. See the profile"]
    assert "Sunday mornings · show all times" in said(side)


def test_a_time_that_is_taken_is_not_shown_though_its_hour_has_others(
    client: TestClient, session: Session, dana: Provider
) -> None:
    find = "/find?state=WA&weekday=mon&time=evening"
    first = starts_in(page(client, find))[0]
    (service,) = services_of(session, dana.id)
    make_appointment(session, service, make_patient(session), first)
    assert first not in starts_in(page(client, find))


def test_notice_horizon_and_services_for_new_people_hold_for_them_too(
    client: TestClient, session: Session
) -> None:
    ines = make_provider(session, now=NOW, weekly=LONG_DAYS, notice_minutes=30 * 60)
    soon = client.get("/api/v1/providers?weekday=mon&weekday=tue&zone=America/Los_Angeles").json()
    first = datetime.fromisoformat(soon["items"][0]["next_slots"][0]["starts_at"])
    assert first == NOW + timedelta(hours=30, minutes=30)  # 30 hours are over by a moment
    for service in services_of(session, ines.id):
        service.for_new = False
        session.add(service)
    session.commit()
    detail = client.get(f"/api/v1/providers/{ines.id}?weekday=tue").json()
    assert detail["next_slots"] == []


def test_times_after_a_licence_ends_are_not_shown_where_it_is_needed(
    client: TestClient, session: Session, dana: Provider
) -> None:
    """Oregon's licence goes on; Washington's ends on Wednesday."""
    ends = date(2026, 11, 25)
    make = make_provider(session, now=NOW, weekly=LONG_DAYS, licences=["OR"], name=("Noor", "Ito"))
    for one in credentials_of(session, make.id):
        if one.state == "WA" and one.kind == "state_license":
            one.expires_on = ends
            session.add(one)
    refresh_listing(session, make.id, NOW)
    session.commit()
    midnight = datetime(2026, 11, 26, tzinfo=PACIFIC).astimezone(UTC)
    for asked in ("", "&weekday=wed&weekday=thu", "&time=evening"):
        here = page(client, f"/providers/{make.slug}?state=WA{asked}")
        assert starts_in(here), asked
        assert max(starts_in(here)) < midnight
        assert max(days_in(here)) == ends
        assert max(days_in(page(client, f"/providers/{make.slug}?state=OR{asked}"))) > ends
    thursday = f"/api/v1/providers/{make.id}?weekday=thu&state="
    assert client.get(f"{thursday}WA").json()["next_slots"] == []
    assert len(client.get(f"{thursday}OR").json()["next_slots"]) == 3


def test_without_a_database_those_that_are_known_are_shown(
    app: FastAPI, client: TestClient, dana: Provider
) -> None:
    """Of those that the listing keeps: better few than wrong ones."""

    def unreachable(*_: object) -> dict[UUID, list[Opening]]:
        raise OperationalError("SELECT", {}, Exception())

    assert starts_in(page(client, "/find?state=WA&weekday=mon&time=evening"))
    app.state.read_openings = unreachable
    for start in starts_in(page(client, "/find?state=WA&weekday=mon")):
        assert start.astimezone(PACIFIC).weekday() == 0
    for start in starts_in(page(client, "/find?state=WA&weekday=thu")):
        assert start.astimezone(PACIFIC).weekday() == 3
    assert starts_in(page(client, "/find?state=WA&weekday=sun")) == []
