"""The public pages, as a person meets them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from tests.directory.search.listings import add_listing
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def dana(session: Session) -> None:
    add_listing(
        session,
        name="Dana Lee",
        facets={"condition": ["anxiety"], "profession": ["clinical_social_worker"]},
        openings=[NOW + timedelta(hours=n) for n in (5, 28, 100)],
    )
    session.commit()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page(client: TestClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.usefixtures("dana")
def test_home_is_a_sentence_that_leads_to_the_search(client: TestClient) -> None:
    html = page(client, "/")
    assert 'action="/find"' in html
    assert re.findall(r'<select name="(\w+)"', html) == ["state", "condition", "care"]
    assert "verified and listed today" in text_of(html)
    assert "Call 988" in html


@pytest.mark.usefixtures("dana")
def test_results_answer_first_and_show_real_times_in_the_readers_zone(client: TestClient) -> None:
    html = page(client, "/find?state=WA&condition=anxiety")
    assert "1 person may see you in Washington · 1 has time this week" in text_of(html)
    assert "Licensed in WA, checked Nov 12" in text_of(html)
    assert "Today 3:00 pm" in text_of(html)  # 23:00 UTC, in Washington's zone
    assert "Tue 2:00 pm" in text_of(html)
    assert re.search(r'href="/book\?service=[\w-]+&amp;start=2026-11-23T23%3A00%3A00Z"', html)
    assert "Today 6:00 pm" in text_of(page(client, "/find?state=WA&zone=America/New_York"))


@pytest.mark.usefixtures("dana")
def test_the_title_tells_nothing(client: TestClient) -> None:
    html = page(client, "/find?condition=anxiety")
    assert "<title>Find care – Openchair</title>" in html


@pytest.mark.usefixtures("dana")
def test_empty_fields_of_the_form_narrow_nothing(client: TestClient) -> None:
    html = page(client, "/find?state=&condition=&care=&within_days=&max_fee=&q=&sort=soonest")
    assert "1 person may see you ·" in text_of(html)
    assert 'class="chip"' not in html


@pytest.mark.usefixtures("dana")
def test_a_kind_of_care_stands_for_its_professions(client: TestClient) -> None:
    html = page(client, "/find?care=therapy")
    assert "1 person may see you ·" in text_of(html)
    chips = re.findall(r'<a class="chip"[^>]*>.*?</span>(.*?) <svg', html)
    assert chips == ["A therapist"]
    assert "Nobody matches" in page(client, "/find?care=psychiatry")


@pytest.mark.usefixtures("dana")
def test_a_chip_leads_to_the_search_without_it(client: TestClient) -> None:
    html = page(client, "/find?state=WA&condition=anxiety&sort=fee")
    assert 'href="/find?state=WA&amp;sort=fee"' in html
    assert 'href="/find?condition=anxiety&amp;sort=fee"' in html


@pytest.mark.usefixtures("dana")
def test_nothing_found_offers_steps_that_find_someone(client: TestClient) -> None:
    html = page(client, "/find?state=OR&condition=anxiety")
    assert "Any state, if you can be there : 1 person" in text_of(html)
    assert 'href="/find?condition=anxiety"' in html


@pytest.mark.usefixtures("dana")
def test_an_old_or_mistyped_address_still_finds(client: TestClient) -> None:
    html = page(client, "/find?state=WA&state=XX&utm_source=mail&cursor=zzz")
    assert "1 person may see you in Washington" in text_of(html)
    assert "was left out" in html


@pytest.fixture
def a_page_and_a_bit(session: Session) -> None:
    """Before the client starts, whose search reads all there is."""
    for number in range(25):
        add_listing(session, name=f"Person Nr{number:02}")
    session.commit()


@pytest.mark.usefixtures("a_page_and_a_bit")
def test_results_go_on_page_by_page(client: TestClient) -> None:
    first = page(client, "/find?sort=name")
    following = re.search(r'href="(/find\?[^"]*cursor=[^"]+)"', first)
    assert following
    second = page(client, following[1].replace("&amp;", "&"))
    names = [re.findall(r"Person Nr\d\d(?=</a>)", html) for html in (first, second)]
    assert [len(some) for some in names] == [20, 5]
    assert not set(names[0]) & set(names[1])


def test_what_is_typed_cannot_become_markup(client: TestClient) -> None:
    html = page(client, "/find?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in html


@pytest.fixture
def in_two_states(session: Session) -> None:
    add_listing(session, states={"OR": None, "WA": None}, openings=[NOW + timedelta(hours=5)])
    session.commit()


@pytest.mark.usefixtures("in_two_states")
def test_a_card_names_the_states_asked_for_and_times_in_the_readers_zone(
    client: TestClient,
) -> None:
    for query, licensed, time in (
        ("", "OR and WA", "Today 3:00 pm PST"),  # nothing tells the zone
        ("?state=WA", "WA", "Today 3:00 pm"),
        ("?state=OR", "OR", "Today 3:00 pm"),
        ("?state=OR&zone=America/Chicago", "OR", "Today 5:00 pm"),
        ("?state=OR&state=WA", "OR and WA", "Today 3:00 pm"),
        ("?limit=21", "OR and WA", "Today 3:00 pm PST"),
    ):
        text = text_of(page(client, f"/find{query}"))
        assert f"Licensed in {licensed}, checked Nov 12" in text
        assert time in text


@pytest.fixture
def far_apart(session: Session) -> None:
    add_listing(session, name="Keanu Akana", states={"HI": None}, openings=[NOW])
    add_listing(session, name="Mae Cole", states={"ME": None}, openings=[NOW + timedelta(hours=8)])
    add_listing(session, name="Ana Leota", states={"HI": None}, openings=[NOW + timedelta(hours=1)])
    session.commit()


@pytest.mark.usefixtures("far_apart")
def test_where_nothing_tells_a_zone_each_card_is_in_that_of_its_state(client: TestClient) -> None:
    """Until the browser or a state tells it; a time of the week is asked for by a named clock."""
    text = text_of(page(client, "/find"))
    assert "Today 9:00 am HST" in text
    assert "Today 9:00 pm EST" in text
    assert "Times are by the clock of the state each person is licensed in" in text
    assert "Times are in Eastern Time (EST)." in text_of(page(client, "/find?time=evening"))
    client.cookies.set("zone", "America/Chicago")
    text = text_of(page(client, "/find"))
    assert "Times are in Central Time (CST)." in text
    assert "Today 8:00 pm" in text
    assert "Today 1:00 pm" in text


ODD_NAME = "<b>O'Brien & Søn</b>"


@pytest.fixture
def odd_name(session: Session) -> None:
    add_listing(session, name=ODD_NAME, openings=[NOW + timedelta(hours=5)])
    session.commit()


@pytest.mark.usefixtures("odd_name")
@pytest.mark.parametrize("zone", ["America/New_York", "America/Chicago"])
def test_a_name_is_shown_as_it_is_written_and_cannot_become_markup(
    client: TestClient, zone: str
) -> None:
    for limit in (20, 21):  # the second time, what was written of it is at hand
        html = page(client, f"/find?zone={zone}&limit={limit}")
        assert ODD_NAME not in html
        places = (
            r'<h2><a href="[^"]*">([^<]*)</a>',
            r'aria-label="Next times with ([^"]*)"',
            r'data-name="([^"]*)"',
            r'Compare<span class="visually-hidden"> ([^<]*)</span>',
        )
        for place in places:
            assert [unescape(one) for one in re.findall(place, html)] == [ODD_NAME]


@pytest.mark.parametrize("url", ["/how-we-verify", "/crisis", "/privacy"])
def test_plain_pages_answer(client: TestClient, url: str) -> None:
    assert "<h1" in page(client, url)


def test_robots_may_not_read_what_is_private(client: TestClient) -> None:
    text = page(client, "/robots.txt")
    assert "Disallow: /appointments" in text
    assert "Disallow: /providers" not in text
