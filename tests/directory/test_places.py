"""Results at clean addresses, as people share them and search engines read them."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from core.settings import settings
from directory.pages import results, sitemap
from directory.search import SearchResults, search
from tests.directory.search.listings import add_listing
from tests.factories import NOW
from tests.markup import markup, said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

PEOPLE: list[Mapping[str, Any]] = [
    {"name": "Dana Lee", "profession": "clinical_social_worker", "condition": ["anxiety", "grief"]},
    {"name": "Noor Haddad", "profession": "psychiatrist", "condition": ["anxiety"]},
    {"name": "Mei Price", "profession": "psychiatrist", "modality": ["medication_management"]},
]
VIRGINIA = "Virginia Woods"


@pytest.fixture
def few(session: Session) -> None:
    for hours, person in enumerate(PEOPLE, 5):
        facets = {group: keys for group, keys in person.items() if group != "name"}
        facets["profession"] = [person["profession"]]
        openings = [NOW + timedelta(hours=hours)]
        add_listing(session, name=person["name"], facets=facets, openings=openings)
    session.commit()


@pytest.fixture
def a_page_and_a_bit(session: Session) -> None:
    for number in range(25):
        add_listing(session, name=f"Person Nr{number:02}", facets={"profession": ["psychologist"]})
    session.commit()


def page(client: TestClient, url: str) -> str:
    answer = client.get(url, follow_redirects=False)
    assert answer.status_code == 200, answer.headers.get("location", answer.text)
    return answer.text


def leads_to(client: TestClient, url: str) -> str:
    answer = client.get(url, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def data_of(html: str) -> dict[str, dict[str, Any]]:
    """The structured data by its types."""
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert len(blocks) == 1
    return {one["@type"]: one for one in json.loads(blocks[0])["@graph"]}


# ---------------------------------------------------------------------- addresses


@pytest.mark.usefixtures("few")
def test_a_place_shows_what_the_same_search_shows(client: TestClient) -> None:
    html = page(client, "/psychiatrists/washington")
    markup(html)
    assert "2 people may see you in Washington · 2 have time this week" in said(html)
    assert "Noor Haddad" in html
    assert "Dana Lee" not in html
    assert "Times are in Pacific Time (PST)." in said(html)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/find?profession=psychiatrist&state=WA", "/psychiatrists/washington"),
        (
            "/find?state=&care=therapy&condition=anxiety&sort=soonest",
            "/therapists/anywhere/anxiety",
        ),
        ("/find?care=therapy&zone=America/Denver", "/therapists?zone=America%2FDenver"),
        ("/find?care=psychiatry&state=OR&notice=sent", "/prescribers/oregon?notice=sent"),
        ("/therapists/anywhere", "/therapists"),
        (
            "/psychiatrists/washington?condition=anxiety&condition=grief&zone=America/Denver",
            "/find?state=WA&condition=anxiety&condition=grief&profession=psychiatrist"
            "&zone=America%2FDenver",
        ),
        ("/psychologists/oregon?condition=ocd", "/psychologists/oregon/ocd"),
    ],
)
def test_a_search_is_answered_at_one_address(client: TestClient, asked: str, address: str) -> None:
    assert leads_to(client, asked) == address
    page(client, address)


@pytest.mark.usefixtures("few")
def test_what_was_not_understood_is_said_where_it_was_asked(client: TestClient) -> None:
    for url in ("/find?profession=psychiatrist&utm_source=x", "/psychiatrists?utm_source=x"):
        assert "was left out" in page(client, url)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    "url",
    [
        "/dentists",
        "/psychiatrists/atlantis",
        "/psychiatrists/washington/magic",
        "/psychiatrists/washington/anxiety/more",
    ],
)
def test_an_unknown_word_leads_to_the_search(client: TestClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 404
    assert 'href="/find"' in answer.text


@pytest.mark.usefixtures("a_page_and_a_bit")
def test_pages_of_a_place_stay_there_and_are_not_kept(client: TestClient) -> None:
    first = page(client, "/psychologists/washington")
    following = re.search(r'<link rel="next" href="([^"]+)"', first)
    assert following
    assert following[1].startswith("/psychologists/washington?cursor=")
    assert f'<a class="button is-quiet" href="{following[1]}" rel="next"' in first
    second = page(client, following[1])
    assert len(re.findall(r"Person Nr\d\d(?=</a>)", second)) == 5
    assert '<meta name="robots" content="noindex">' in second
    assert "canonical" not in second
    assert "ld+json" not in second
    assert 'href="/psychologists/washington">Back to the first page' in second
    old = following[1].replace(
        "/psychologists/washington?", "/find?state=WA&profession=psychologist&"
    )
    assert leads_to(client, old) == following[1]


@pytest.mark.usefixtures("few")
def test_openings_that_may_be_old_say_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "reconnecting" not in page(client, "/psychiatrists/washington")

    def search_unheard(*asked: Any) -> SearchResults:
        return replace(search(*asked), as_of=NOW + timedelta(minutes=5))

    monkeypatch.setattr(results, "search", search_unheard)
    text = said(page(client, "/psychiatrists/washington"))
    assert "Openings as of 10:05 am PST; we are reconnecting." in text


# ---------------------------------------------------------------------- the one box


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("q=psychiatrist in washington", "/psychiatrists/washington"),
        ("q=therapist&state=WA&condition=grief", "/therapists/washington/grief-and-loss"),
        ("q=oregon&state=WA&profession=psychiatrist&typed=x", "/psychiatrists/oregon"),
        ("q=anxiety&zone=America/Denver", "/find?condition=anxiety&zone=America%2FDenver"),
        ("q=cbt dana lee&name=noor", "/find?modality=cbt&name=dana+lee"),
        ("q=please&profession=psychiatrist", "/psychiatrists"),
    ],
)
def test_words_of_care_become_choices(client: TestClient, asked: str, address: str) -> None:
    """And the box keeps what was typed."""
    typed = dict(parse_qsl(asked))["q"]
    found, _, kept = leads_to(client, f"/find?{asked}").rpartition("typed=")
    assert (found.rstrip("?&"), unquote_plus(kept.partition("&")[0])) == (address, typed)
    assert markup(page(client, f"{found}typed={kept}")).values["q"] == [typed]


@pytest.mark.usefixtures("few")
def test_a_name_is_found_where_it_was_typed_and_stays_when_filters_change(
    client: TestClient,
) -> None:
    html = page(client, "/find?q=Dr. Dana Lee&state=WA")
    assert "1 person may see you in Washington" in said(html)
    found = markup(html)
    assert found.values["q"] == ["Dr. Dana Lee"]
    assert found.values["name"] == ["Dana Lee"]
    assert '<input type="hidden" form="search" name="state" value="WA">' in html
    assert "instead" not in said(html)
    assert page(client, "/find?state=WA&name=Dana+Lee").count("Dana Lee</a>") == 1


@pytest.fixture
def virginia(session: Session) -> None:
    add_listing(session, name=VIRGINIA)
    session.commit()


@pytest.mark.usefixtures("few", "virginia")
def test_what_could_be_a_name_as_well_can_be_looked_for_as_one(client: TestClient) -> None:
    found = leads_to(client, "/find?q=Washington&profession=psychiatrist")
    assert found == "/psychiatrists/washington?typed=Washington"
    html = page(client, found)
    assert "You typed “Washington”. Look for the name “Washington” instead" in said(html)
    assert 'href="/find?name=Washington"' in html
    assert "Nobody matches" in page(client, "/find?name=Washington")
    html = page(client, "/find?q=Virginia Wood")  # a name, because somebody has it
    assert "Look for Virginia and the name “Wood” instead" in said(html)
    assert 'href="/find?state=VA&amp;name=Wood"' in html


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("typed", "address", "left_out"),
    [
        ("anxiety zyxwv", "/find?condition=anxiety", "zyxwv"),
        ("xyzzy houston", "/find?state=TX", "xyzzy"),  # nobody is called that
        ("Virginia Smithers", "/find?state=VA", "Smithers"),
        ("psychiatrist under 18 washington", "/psychiatrists/washington", "18"),
        ("Yakima", "/find?state=WA", ""),  # nobody is: the city
        ("Dana", None, ""),
        ("zyxwv", None, "zyxwv"),  # everybody is shown
    ],
)
def test_what_is_unknown_is_said_and_set_aside(
    client: TestClient, typed: str, address: str | None, left_out: str
) -> None:
    answer = client.get("/find", params={"q": typed}, follow_redirects=False)
    if address is not None:
        found, _, _ = answer.headers["location"].rpartition("typed=")
        assert found.rstrip("?&") == address
        answer = client.get(answer.headers["location"])
    assert answer.status_code == 200
    assert markup(answer.text).values["q"] == [typed]
    told = f"We did not understand “{left_out}”" in said(answer.text)
    assert told is bool(left_out)
    if address is None:
        assert "may see you" in said(answer.text)


def test_who_may_be_in_danger_sees_first_whom_to_call(client: TestClient) -> None:
    html = page(client, "/find?q=suicidal psychiatrist")
    main = html[html.index("<main") :]
    assert main.index('href="tel:988"') < main.index('id="search"')


# ---------------------------------------------------------------------- for search engines


@pytest.mark.usefixtures("few")
def test_a_place_says_in_public_what_it_holds(client: TestClient) -> None:
    html = page(client, "/psychiatrists/washington")
    base = settings().public_url
    assert "<title>Psychiatrists in Washington you can book online – Openchair</title>" in html
    assert (
        '<meta name="description" content="2 psychiatrists in Washington, every licence checked at'
        " its source. 2 have time this week. The first opening is Monday, November 23, 4:00 pm PST."
        ' See times and fees, and book online.">' in html
    )
    assert f'<link rel="canonical" href="{base}/psychiatrists/washington">' in html
    assert "noindex" not in html


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("url", "title", "description"),
    [
        (
            "/therapists/washington/grief-and-loss",
            "Therapists for grief and loss in Washington",
            "1 therapist for grief and loss in Washington, every",
        ),
        (
            "/psychiatrists/anywhere/medication-management",
            "Psychiatrists offering medication management",
            "1 psychiatrist offering medication management, every",
        ),
        (
            "/prescribers/oregon",
            "Psychiatrists and other prescribers in Oregon",
            "Psychiatrists and other prescribers in Oregon: nobody is listed just now.",
        ),
    ],
)
def test_titles_read_well(client: TestClient, url: str, title: str, description: str) -> None:
    html = page(client, url)
    assert f"<title>{title} you can book online – Openchair</title>" in html
    assert f'<meta name="description" content="{description}' in html


@pytest.mark.usefixtures("few")
def test_structured_data_lists_people_and_the_way_there(client: TestClient) -> None:
    base = settings().public_url
    data = data_of(page(client, "/psychiatrists/washington/anxiety"))
    assert data["ItemList"]["numberOfItems"] == 1
    item = data["ItemList"]["itemListElement"][0]["item"]
    assert item["@type"] == "Physician"
    assert item["name"] == "Noor Haddad"
    assert item["url"].startswith(f"{base}/providers/noor-haddad-")
    assert item["makesOffer"]["price"] == "150.00"
    assert item["makesOffer"]["areaServed"] == [{"@type": "State", "name": "Washington"}]
    steps = data["BreadcrumbList"]["itemListElement"]
    assert [one["name"] for one in steps] == ["Openchair", "Psychiatrists", "Washington", "Anxiety"]
    assert steps[2]["item"] == f"{base}/psychiatrists/washington"
    person = data_of(page(client, "/therapists"))["ItemList"]["itemListElement"][0]["item"]
    assert person["@type"] == "Person"
    assert person["jobTitle"] == "Clinical social worker"


def test_a_name_cannot_end_the_data(session: Session, app: Any) -> None:
    name = "Eve </script><script>alert(1)</script>"
    add_listing(session, name=name, facets={"profession": ["psychologist"]})
    session.commit()
    with TestClient(app) as client:
        html = page(client, "/psychologists")
    assert "<script>alert" not in html
    items = data_of(html)["ItemList"]["itemListElement"]
    assert items[0]["item"]["name"] == name


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("url", ["/find?condition=anxiety", "/prescribers/oregon", "/find"])
def test_other_searches_and_empty_places_are_not_kept(client: TestClient, url: str) -> None:
    html = page(client, url)
    assert '<meta name="robots" content="noindex">' in html
    assert "canonical" not in html
    assert "ld+json" not in html


# ---------------------------------------------------------------------- the sitemap


def locations(xml: str) -> list[str]:
    base = settings().public_url
    tree = ElementTree.fromstring(xml)  # noqa: S314  # our own
    found = [one.text or "" for one in tree.iter() if one.tag.endswith("}loc")]
    assert all(one.startswith(base) for one in found)
    return [one.removeprefix(base) for one in found]


@pytest.mark.usefixtures("few")
def test_the_sitemap_names_every_place_where_someone_is(client: TestClient) -> None:
    parts = locations(page(client, "/sitemap.xml"))
    assert parts == [
        "/sitemap/places/anywhere.xml",
        "/sitemap/places/washington.xml",
        "/sitemap/providers-1.xml",
    ]
    assert locations(page(client, "/sitemap/places/washington.xml")) == [
        "/therapists/washington",
        "/therapists/washington/anxiety",
        "/therapists/washington/grief-and-loss",
        "/prescribers/washington",
        "/prescribers/washington/anxiety",
        "/prescribers/washington/medication-management",
        "/psychiatrists/washington",
        "/psychiatrists/washington/anxiety",
        "/psychiatrists/washington/medication-management",
        "/clinical-social-workers/washington",
        "/clinical-social-workers/washington/anxiety",
        "/clinical-social-workers/washington/grief-and-loss",
    ]
    for url in (url for part in parts for url in locations(page(client, part))):
        if not url.startswith("/providers/"):
            assert "noindex" not in page(client, url), url


@pytest.mark.usefixtures("few")
def test_the_sitemap_names_every_profile_that_is_shown(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_listing(session, name="Gone Away", published=False)
    add_listing(session, name="Run Out", due_at=NOW)
    session.commit()
    monkeypatch.setattr(sitemap, "PER_PART", 2)
    parts = [one for one in locations(page(client, "/sitemap.xml")) if "providers" in one]
    found = [url for part in parts for url in locations(page(client, part))]
    assert len(parts) > 1
    assert sorted(re.sub("-[0-9a-f]{6}$", "", url) for url in found) == [
        "/providers/dana-lee",
        "/providers/mei-price",
        "/providers/noor-haddad",
    ]


def test_a_sitemap_of_nobody_is_empty_and_its_parts_are_not_there(client: TestClient) -> None:
    assert locations(page(client, "/sitemap.xml")) == []
    for url in ("/sitemap/providers-1.xml", "/sitemap/providers-0.xml", "/sitemap/places/x.xml"):
        assert client.get(url).status_code == 404
    assert client.get(f"/sitemap/providers-{'9' * 40}.xml").status_code == 404


def test_robots_find_the_sitemap_and_keep_out_of_what_is_private(client: TestClient) -> None:
    text = page(client, "/robots.txt")
    assert f"Sitemap: {settings().public_url}/sitemap.xml" in text
    for path in ("/find", "/compare", "/alerts"):
        assert f"Disallow: {path}\n" in text
