"""A provider's public profile, as a visitor meets it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from core import clock
from directory.listings.listing import refresh_listing
from directory.models import Provider, Service
from directory.queries import credentials_of, services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def dana(session: Session) -> Provider:
    services = [
        ("individual", "Individual session", 50, 15000),
        ("couples", "Couples session", 60, 18000),
    ]
    return make_provider(session, now=NOW, services=services)


def page(client: TestClient, url: str, **headers: str) -> str:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def links(html: str, start: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="([^"]+)"', html) if url.startswith(start)]


def test_all_public_facts_and_how_each_was_verified(client: TestClient, dana: Provider) -> None:
    html = page(client, f"/providers/{dana.slug}")
    words = said(html)
    assert "<title>Dana Lee</title>" in html
    assert "Clinical social worker" in words
    assert "Licensed in Washington, checked Aug 25" in words
    assert "Individual session 50 minutes $150" in words
    assert "State licence, Washington" in words
    assert "Primary source Aug 25, 2026" in words
    assert "You can move this up to 24 hours before, and cancel it until it starts" in words


def test_numbers_of_credentials_are_never_shown(
    client: TestClient, session: Session, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}")
    for credential in credentials_of(session, dana.id):
        assert credential.number not in html


def test_times_are_links_in_the_readers_zone_which_is_named(
    client: TestClient, session: Session, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}")
    first = services_of(session, dana.id)[0]
    assert "Times are in Pacific Time (PST)." in html
    assert "Today, Monday, November 23" in html
    assert f"/book?service={first.id}&start=2026-11-23T18%3A30%3A00Z" in links(html, "/book")
    east = page(client, f"/providers/{dana.slug}?zone=America/New_York")
    assert "Times are in Eastern Time (EST)." in east
    assert all("zone=America%2FNew_York" in url for url in links(east, "/book"))
    client.cookies.set("zone", "America/Denver")
    assert "Mountain Time (MST)" in page(client, f"/providers/{dana.slug}")


def test_another_session_and_later_days_by_plain_links(
    client: TestClient, session: Session, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}")
    second = services_of(session, dana.id)[1]
    other = next(url for url in links(html, "/providers/") if str(second.id) in url)
    html = page(client, other)
    assert all(str(second.id) in url for url in links(html, "/book"))
    later = next(url for url in links(html, "/providers/") if "from=2026-11-27" in url)
    html = page(client, later)
    assert "Friday, November 27" in html
    assert all("start=2026-11-27" in url or "28T0" in url for url in links(html, "/book")[1:-1])
    assert str(second.id) in next(url for url in links(html, "/providers/") if "from=" in url)
    december = next(url for url in links(html, "/providers/") if "from=2026-12-01" in url)
    assert "December 2026" in page(client, december)


def test_a_day_without_times_says_so_and_shows_which_days_have_some(
    client: TestClient, dana: Provider
) -> None:
    html = page(client, f"/providers/{dana.slug}?from=2026-11-28")
    assert "Saturday, November 28" in html
    assert "No open time on this day." in html
    assert any("from=2026-11-27" in url for url in links(html, "/providers/"))


def test_what_of_the_search_they_answer_stays_while_one_looks_at_days(
    client: TestClient, session: Session, dana: Provider
) -> None:
    search = "/find?state=WA&condition=anxiety&condition=ocd&time=morning"
    card = f"/providers/{dana.slug}?time=morning&zone=America/Los_Angeles"
    html = page(client, card, Referer=f"http://testserver{search}")
    assert "Fits your search Anxiety Mornings" in said(html)
    assert "OCD" not in said(html)[: said(html).index("In their own words")]
    day = next(url for url in links(html, "/providers/") if "from=" in url)
    html = page(client, day, Referer=f"http://testserver/providers/{dana.slug}")
    assert "Fits your search Anxiety Mornings" in said(html)
    assert search in links(html, "/find")


@pytest.mark.parametrize(
    "query", ["service=x", "from=x", "from=9999-12-31", "zone=Mars", "state=X"]
)
def test_what_it_does_not_understand_it_leaves_out(
    client: TestClient, dana: Provider, query: str
) -> None:
    assert links(page(client, f"/providers/{dana.slug}?{query}"), "/book")


def test_from_the_results_one_can_go_back_and_the_state_is_remembered(
    client: TestClient, dana: Provider
) -> None:
    search = "/find?state=WA&condition=anxiety"
    html = page(client, f"/providers/{dana.slug}", Referer=f"http://testserver{search}")
    assert search in links(html, "/find")
    assert all("state=WA" in url for url in links(html, "/book"))
    elsewhere = page(
        client, f"/providers/{dana.slug}", Referer="https://elsewhere.example.com/find?state=WA"
    )
    assert "Back to the results" not in elsewhere


def test_a_state_where_they_may_not_practise_is_said_at_once(
    client: TestClient, dana: Provider
) -> None:
    words = said(page(client, f"/providers/{dana.slug}?state=OR"))
    assert "Dana Lee may not see people who are in Oregon." in words


def test_fully_booked_offers_others(client: TestClient, session: Session) -> None:
    monday = [{"weekday": 0, "start": "13:00", "end": "14:00"}]
    dana = make_provider(session, now=NOW, weekly=monday, horizon_days=5)
    service: Service = services_of(session, dana.id)[0]
    make_appointment(session, service, make_patient(session), NOW + timedelta(hours=3))
    html = page(client, f"/providers/{dana.slug}")
    assert "Dana Lee is fully booked" in said(html)
    assert "/clinical-social-workers/washington/anxiety" in links(html, "/clinical")


def test_who_takes_no_new_patients_says_so_and_keeps_times_for_the_others(
    client: TestClient, session: Session, dana: Provider
) -> None:
    dana.accepts_new = False
    session.add(dana)
    session.flush()
    refresh_listing(session, dana.id, NOW)
    session.commit()
    html = page(client, f"/providers/{dana.slug}")
    assert "takes no new patients just now" in html
    assert links(html, "/book")


def test_nobody_sees_a_profile_that_is_not_published(client: TestClient, session: Session) -> None:
    waiting = make_provider(session, now=NOW, verified=False)
    ended = make_provider(session, now=NOW, expires_on=NOW.date() + timedelta(days=2))
    with clock.at(NOW + timedelta(days=4)):  # before any job noticed
        for slug in (waiting.slug, ended.slug, "nobody-at-all"):
            answer = client.get(f"/providers/{slug}")
            assert answer.status_code == 404
            assert "This profile is not shown just now" in answer.text
